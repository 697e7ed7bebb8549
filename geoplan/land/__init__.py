"""Land: rules, constraints, buildable land and plots."""

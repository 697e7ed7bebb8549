"""What plans let properties and plots build, and what of it is unused."""

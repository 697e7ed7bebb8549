"""Where a layer comes from: reading files, mapping their columns, and checking what they hold."""

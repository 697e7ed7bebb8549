"""Everything about a layer: what it is, which law it carries, where it comes from and how it is kept."""

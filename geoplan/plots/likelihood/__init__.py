"""How likely homes are to be built, and how good that guess would have been."""

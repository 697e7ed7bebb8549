"""Plots: from what is left of a parcel to what a household or a builder asks."""

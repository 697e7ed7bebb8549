"""Homes: population, households, need and stock."""

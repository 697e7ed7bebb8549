"""Benchmarks: programs that time geoplan side by side with named alternatives, in one run."""

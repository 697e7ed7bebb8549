"""Almskär, a made-up municipality by the sea: data for demonstrations and tests that belong to no one."""

from layers.synthetic.generate import generate
from layers.synthetic.writing import write_demo

__all__ = ["generate", "write_demo"]

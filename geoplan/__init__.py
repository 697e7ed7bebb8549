"""geoplan: find land for attractive homes, and balance housing supply and demand."""

__version__ = "0.1.0"

"""The two areas that stand beside a municipality's own."""

__all__ = ["UNASSIGNED", "WHOLE"]

WHOLE = "*"
"""The area that stands for the whole municipality."""

UNASSIGNED = ""
"""The area of what lies in none."""

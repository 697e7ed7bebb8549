"""Supply against demand: what is short, who is served by what, what the gates allow, and when."""

from geoplan.balance.subtraction import BALANCE_COLUMNS, balance
from geoplan.places import UNASSIGNED

__all__ = ["BALANCE_COLUMNS", "UNASSIGNED", "balance"]

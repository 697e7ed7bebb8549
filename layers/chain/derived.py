"""What goes into the chain and what comes out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd

from geoplan.text import Text
from layers.assumptions import assumption_values
from layers.progress import Progress, silent
from layers.workspace import Workspace

__all__ = ["DERIVED", "Derived", "Frame", "Given"]

Frame: TypeAlias = pd.DataFrame

DERIVED: dict[str, str | None] = {
    "constraints": None,
    "buildable": "id",
    "reasons": "parcel",
    "remainders": "parcel",
    "plots": "id",
    "dropped": "parcel",
    "waterfall": "step",
    "accesses": "id",
    "rights": "parcel",
    "gaps": "parcel",
    "reach": "plot",
    "islands": "plot",
    "costs": "plot",
    "likely": "plot",
    "capacity": "area",
    "backtest": "id",
    "parts": "plot",
    "ranking": "plot",
    "stability": "group",
    "households_by_type": "area",
    "households_by_group": "area",
    "need": "area",
    "need_by_type": "area",
    "need_by_density": "area",
    "mismatch": "area",
    "need_range": "area",
    "need_chances": "area",
    "need_scenarios": "scenario",
    "sensitivity": "input",
    "stock_account": "area",
    "land_ledger": "area",
    "supply": "id",
    "supply_left_out": "id",
    "balance": "area",
    "crossings": "from_area",
    "gates": "area",
    "allocation_served": "area",
    "allocation_left": "area",
    "allocation_unused": "area",
    "allocation_summary": "area",
    "trajectory": "area",
    "queue_check": "area",
    "programme_measures": "id",
    "programme_left_out": "id",
    "programme_needs": "area",
    "programme_releases": "id",
    "programme_served": "area",
    "programme_left": "area",
    "programme_usage": "limit",
    "programme_result": "status",
    "programme_supply": "area",
    "programme_gap": "id",
    "programme_gap_targets": "area",
    "figures": "id",
}
"""The derived layers, each with the column that identifies its rows."""


@dataclass(frozen=True)
class Given:
    """What every step is given.

    Attributes
    ----------
    layers
        Imported layers by catalogue id.
    spatial
        Those with geometry; a step may add what stands in for a missing one.
    workspace
        The settings; no file of it is read.
    as_of
        The day whose law holds.
    """

    layers: Mapping[str, Frame]
    spatial: dict[str, gpd.GeoDataFrame]
    workspace: Workspace
    as_of: dt.date
    progress: Progress = silent

    @cached_property
    def assumptions(self) -> dict[str, dict[str, Any]]:
        """Every assumption's value, by subject and name."""
        return assumption_values(self.workspace.assumptions)

    @cached_property
    def base_stock(self) -> Frame | None:
        """The dwelling stock of the base year; ``None`` where there is no stock, or no ``[demand]``."""
        stock, demand = self.layers.get("dwelling_stock"), self.workspace.demand
        return None if stock is None or demand is None else stock[stock["year"] == demand.base_year]


@dataclass
class Derived:
    """What the chain derives: tables by layer id, and notes on what it lacked or assumed."""

    tables: dict[str, Frame] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)

    def note(self, *, sv: str, en: str) -> None:
        """Add a note."""
        self.notes.append(Text(sv=sv, en=en))

    def add_notes(self, notes: Iterable[Text]) -> None:
        """Add notes that are not there yet."""
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

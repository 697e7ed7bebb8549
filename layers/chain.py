"""The chain: from imported layers to plots, need and balance, as one run that can be recomputed.

:func:`derive` is the chain itself, a pure function from layers, a rule set and parameters to derived layers.
:func:`plan` feeds it from the store and keeps what comes out; :func:`layers.verifying.verify` feeds it again
from what a run recorded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geoplan.balance import balance
from geoplan.errors import InputError
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.plots import find_plots
from geoplan.land.rules import RuleSet
from geoplan.land.waterfall import waterfall
from layers.hashing import content_hash
from layers.progress import Progress, silent
from layers.provenance import code_version, snapshot_address
from layers.rules import load_rule_set
from layers.workspace import Workspace

if TYPE_CHECKING:
    from layers.store import LayerVersion, Store

__all__ = ["DERIVED", "Derived", "Note", "PlanResult", "derive", "plan"]

DERIVED = ("constraints", "buildable", "reasons", "plots", "waterfall", "need", "balance", "figures")

Frame = pd.DataFrame | gpd.GeoDataFrame


@dataclass(frozen=True)
class Note:
    """What a run lacked or assumed, in both languages."""

    sv: str
    en: str


@dataclass
class Derived:
    """What the chain derives: tables by layer id, and notes on what it lacked."""

    tables: dict[str, Frame] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

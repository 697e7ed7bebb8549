"""Renewal actions: what is kept, renovated, converted, densified, demolished, built anew or sold, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.stock import UNKNOWN

__all__ = ["ACTIONS", "LAND_KINDS", "STATUSES", "RenewalStandards", "check_actions"]

ACTIONS = ("keep", "renovate", "convert", "densify", "demolish", "reuse_plot", "sell")
"""What may be done with a place."""

STATUSES = ("proposed", "decided", "under_way", "done", "cancelled")
"""How far an action has come."""

LAND_KINDS = ("new", "reused")
"""Land that had no building before, and land that has or had one."""

_TEXT = ("area", "parcel", "object", "type", "from_type", "tenure", "land_kind", "currency", "status", "source")
_NUMBERS = ("net_dwellings", "land_m2", "cost_low", "cost_high")


@dataclass(frozen=True)
class RenewalStandards:
    """How actions and plots are counted.

    Attributes
    ----------
    counted_statuses
        The statuses of actions that count in the account of the stock and in the land ledger.
    land_kind
        Whether a kind of plot or gap takes ``new`` or ``reused`` land.
    """

    counted_statuses: tuple[str, ...]
    land_kind: Mapping[str, str]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RenewalStandards:
        """Read the values of ``layers/assumptions/renewal.toml``.

        Raises
        ------
        InputError
            A value is missing or wrong.
        """
        missing = [name for name in ("counted_statuses", "land_kind") if name not in values]
        if missing:
            raise InputError(f"The assumptions on renewal lack {', '.join(missing)}.")
        statuses, kinds = tuple(values["counted_statuses"]), dict(values["land_kind"])
        wrong = [status for status in statuses if status not in STATUSES]
        wrong += [f"{plot} = {kind}" for plot, kind in kinds.items() if kind not in LAND_KINDS]
        if wrong:
            raise InputError(
                f"The assumptions on renewal have unknown values: {', '.join(map(str, wrong))}.",
                hint=f"Statuses are {', '.join(STATUSES)}; kinds of land {', '.join(LAND_KINDS)}.",
            )
        return cls(counted_statuses=statuses, land_kind=kinds)


def check_actions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the actions with every column there and checked, sorted by id.

    Parameters
    ----------
    actions
        The ``renewal_actions`` layer: ``id``, ``area``, ``action``, ``year``, ``net_dwellings``, and where known
        ``parcel``, ``object``, ``type``, ``from_type``, ``tenure``, ``land_m2``, ``land_kind``, ``cost_low`` and
        ``cost_high`` (in ``currency``), ``status``, ``source``.

    Returns
    -------
    DataFrame
        The same rows: text that is missing is ``None`` (``unknown`` for ``type`` and ``tenure``, ``proposed`` for
        ``status``), ``object`` the place that the action is on: the object, else the parcel, else the action's own id.

    Raises
    ------
    FrameError
        Columns are missing, an id is there twice, a value is none of those allowed, ``net_dwellings`` is missing or
        has a sign that the action cannot have, land has no kind, a cost has no currency or its low end is above its
        high one, or the same action is there twice on one object in a year; every fault with its id.
    """
    check_frame(actions, name="renewal_actions", columns=["id", "area", "action", "year", "net_dwellings"], unique="id")
    table = pd.DataFrame(actions.drop(columns="geometry", errors="ignore")).reset_index(drop=True)
    table["id"] = table["id"].astype(str)
    for name in _TEXT:
        given = table[name].astype(object) if name in table else pd.Series(None, index=table.index, dtype=object)
        table[name] = given.where(given.notna() & given.ne(""), None)
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name]).astype(float) if name in table else np.nan
    for name in ("type", "tenure"):
        table[name] = table[name].where(table[name].notna(), UNKNOWN)
    table["status"] = table["status"].where(table["status"].notna(), "proposed")
    place = table["object"].where(table["object"].notna(), table["parcel"])
    table["object"] = place.where(place.notna(), table["id"])
    faults = [f"{id_}: {words}" for words, hit in _tests(table) for id_ in table.loc[hit, "id"]]
    if faults:
        raise FrameError("renewal_actions", faults, hint="Mend the rows; docs/method-stock.md has the rules.")
    table["year"] = table["year"].astype(int)
    return table.sort_values("id", kind="stable").reset_index(drop=True)


def _tests(table: pd.DataFrame) -> list[tuple[str, pd.Series[bool]]]:
    action, net = table["action"], table["net_dwellings"]
    leisure = table["type"].eq("leisure") | table["from_type"].eq("leisure")
    fixed, built = action.isin(["keep", "sell"]), action.isin(["densify", "reuse_plot"])
    moved = table["from_type"].notna()
    twice = table.duplicated(["object", "action", "year"], keep="first")
    kindless = table["land_m2"].gt(0) & ~table["land_kind"].isin(LAND_KINDS) & action.ne("demolish")
    cost = table["cost_low"].notna() | table["cost_high"].notna()
    return [
        (f"the action is none of {', '.join(ACTIONS)}", ~action.isin(ACTIONS)),
        (f"the status is none of {', '.join(STATUSES)}", ~table["status"].isin(STATUSES)),
        ("has no area", table["area"].isna()),
        ("has no year", table["year"].isna()),
        ("net_dwellings is missing; 0 says that no home is won or lost", net.isna()),
        ("a place that is kept or sold wins and loses no homes; net_dwellings must be 0", fixed & net.ne(0)),
        ("demolition takes homes away; write net_dwellings as a negative number", action.eq("demolish") & net.gt(0)),
        ("building adds homes; net_dwellings may not be negative", built & net.lt(0)),
        ("only a conversion has a from_type", moved & action.ne("convert")),
        ("homes that change type are counted once, as a positive number", moved & net.lt(0)),
        ("from_type and type are the same", moved & table["from_type"].eq(table["type"])),
        ("a leisure home that changes use needs both from_type and type", action.eq("convert") & leisure & ~moved),
        ("the area of land is negative", table["land_m2"].lt(0)),
        (f"land needs a land_kind: {' or '.join(LAND_KINDS)}", kindless),
        ("a cost is negative", table["cost_low"].lt(0) | table["cost_high"].lt(0)),
        ("cost_low is above cost_high", table["cost_low"].gt(table["cost_high"])),
        ("a cost needs a currency", cost & table["currency"].isna()),
        ("the same action is there twice on this object in this year", twice),
    ]

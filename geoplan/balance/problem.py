"""The choice of one year as a problem: wishes, options, and what each option would be to each wish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.choice import NEW_KINDS, ChoiceStandards
from geoplan.balance.seekers import CELL
from geoplan.balance.whole import Floats, Whole

__all__ = ["Problem", "build_problem"]

Flags = npt.NDArray[np.bool_]

# Disutilities are rounded, so that the last bit of a sum decides nothing.
_DIGITS = 6
_OPEN = ("all", "unknown")


@dataclass(frozen=True, eq=False)
class Problem:
    """What the solvers get.

    Attributes
    ----------
    seekers
        ``area``, ``group``, :data:`~geoplan.balance.seekers.CELL`, ``households``, ``wish`` (row of ``wishes``),
        ``rank``; ordered.
    wishes
        ``area``, :data:`~geoplan.balance.seekers.CELL`, ``income``: what seekers have in common that decides what an
        option is to them.
    options
        :data:`~geoplan.balance.options.OPTION_COLUMNS` but the year, ordered, and ``gate``: the row of ``room`` that
        the home must pass, −1 where none.
    disutility
        [wish, option]; infinite where it is not taken.
    right_type, in_reach, payable
        [wish, option]: what it takes for an option to be taken.
    room
        New homes that the gates of each gated area allow; ``gated`` their ids.
    """

    seekers: pd.DataFrame
    wishes: pd.DataFrame
    options: pd.DataFrame
    disutility: Floats
    right_type: Flags
    in_reach: Flags
    payable: Flags
    room: Whole
    gated: tuple[str, ...]


def build_problem(
    seekers: pd.DataFrame,
    options: pd.DataFrame,
    *,
    standards: ChoiceStandards,
    reach: pd.DataFrame | None = None,
    room: Mapping[str, int] | None = None,
    incomes: Mapping[str, float] | None = None,
) -> Problem:
    """Return the problem of one year.

    Parameters
    ----------
    seekers
        ``area``, ``group``, :data:`~geoplan.balance.seekers.CELL`, ``households`` (whole).
    options
        :data:`~geoplan.balance.options.OPTION_COLUMNS` but the year.
    standards
        Disutilities.
    reach
        ``from_area``, ``to_area``, ``minutes`` (:func:`geoplan.balance.reaching.reachable`); ``None``: every area
        reaches every other over land.
    room
        New homes that the gates of an area allow, by area; areas that are not named have no gates.
    incomes
        Disposable income a year, by group; a group that is not named finds nothing too costly.

    Notes
    -----
    disutility = other type + other tenure + fewer rooms + (other area + crossing minutes + kind of area, outside one's
    own) + source of the home + cost / income. What the option or the wish does not tell of is no disutility; a
    dwelling type that is not known has its own.
    """
    mine = _ordered(seekers, ["area", "group", *CELL], "households")
    theirs = _ordered(options, ["area", "kind", *CELL, "area_kind", "cost"], "homes")
    for name in ("tenure", "size"):
        # What no option tells of divides no wish.
        if theirs[name].isin(_OPEN).all():
            mine[name] = "all"
    mine = _ordered(mine, ["area", "group", *CELL], "households")
    mine["income"] = mine["group"].map(dict(incomes or {})).astype(float)
    mine["rank"] = [standards.rank(group) for group in mine["group"]]
    keys = ["area", *CELL, "income"]
    mine["wish"] = mine.groupby(keys, dropna=False, sort=True).ngroup()
    wishes = mine.drop_duplicates("wish").sort_values("wish")[keys].reset_index(drop=True)
    gated = tuple(sorted(room or {}))
    gate = theirs["area"].map({area: n for n, area in enumerate(gated)})
    theirs["gate"] = gate.where(theirs["kind"].isin(NEW_KINDS)).fillna(-1).astype(int)
    other = wishes["area"].to_numpy()[:, None] != theirs["area"].to_numpy()[None, :]
    minutes = _minutes(wishes["area"], theirs["area"], reach)
    types = _types(wishes, theirs, standards)
    burden = _burden(wishes, theirs)
    total = (
        np.where(types < 0, 0.0, types)
        + standards.other_tenure * _differs(wishes["tenure"], theirs["tenure"])
        + standards.smaller * _smaller(wishes["size"], theirs["size"], standards.sizes)
        + np.where(other, standards.other_area + _area_kind(theirs, standards)[None, :], 0.0)
        + standards.crossing_minute * np.where(np.isnan(minutes), 0.0, minutes)
        + theirs["kind"].map(dict(standards.kind)).to_numpy(dtype=float)[None, :]
        + standards.burden * np.where(np.isnan(burden), 0.0, burden)
    )
    right, near = types >= 0, ~np.isnan(minutes)
    payable = ~(burden > standards.highest_burden)
    return Problem(
        seekers=mine,
        wishes=wishes,
        options=theirs,
        disutility=np.where(right & near & payable, np.round(total, _DIGITS), np.inf),
        right_type=right,
        in_reach=near,
        payable=payable,
        room=np.array([max(int((room or {})[area]), 0) for area in gated], dtype=np.int64),
        gated=gated,
    )


def _ordered(table: pd.DataFrame, keys: list[str], count: str) -> pd.DataFrame:
    """Put equal rows together, in an order that is that of the values and not of the rows."""
    sums = table.groupby(keys, as_index=False, dropna=False, sort=True)[[count]].sum()
    return sums[sums[count] > 0].reset_index(drop=True)


def _minutes(home: pd.Series[str], there: pd.Series[str], reach: pd.DataFrame | None) -> Floats:
    """Return minutes over water by [wish, option]; NaN where it is not reached."""
    same = home.to_numpy()[:, None] == there.to_numpy()[None, :]
    if reach is None:
        return np.zeros(same.shape)
    areas = pd.Index(sorted({*reach["from_area"], *reach["to_area"]}))
    table = np.full((len(areas) + 1,) * 2, np.nan)
    table[areas.get_indexer(reach["from_area"]), areas.get_indexer(reach["to_area"])] = reach["minutes"]
    # An area that the table does not know is -1: the last row and column, which reach nothing.
    minutes = table[areas.get_indexer(home)[:, None], areas.get_indexer(there)[None, :]]
    return np.where(same, 0.0, minutes)


def _types(wishes: pd.DataFrame, options: pd.DataFrame, standards: ChoiceStandards) -> Floats:
    """Return the disutility of the dwelling type by [wish, option]; below 0 where it is not taken."""
    wanted, got = sorted(wishes["dwelling_type"].unique()), sorted(options["dwelling_type"].unique())
    table = np.array([[standards.instead.get(one, {}).get(other, -1.0) for other in got] for one in wanted])
    table = table.reshape(len(wanted), len(got))
    return table[
        np.searchsorted(wanted, wishes["dwelling_type"])[:, None], np.searchsorted(got, options["dwelling_type"])[None]
    ]


def _differs(wanted: pd.Series[str], got: pd.Series[str]) -> Flags:
    asked = ~wanted.isin(_OPEN).to_numpy()[:, None] & ~got.isin(_OPEN).to_numpy()[None, :]
    different: Flags = wanted.to_numpy()[:, None] != got.to_numpy()[None, :]
    return asked & different


def _smaller(wanted: pd.Series[str], got: pd.Series[str], sizes: tuple[str, ...]) -> Floats:
    """Return by how many classes an option is too small, [wish, option]."""
    place = {size: float(n) for n, size in enumerate(sizes)}
    short = wanted.map(place).to_numpy(dtype=float)[:, None] - got.map(place).to_numpy(dtype=float)[None, :]
    return np.maximum(np.where(np.isnan(short), 0.0, short), 0.0)


def _area_kind(options: pd.DataFrame, standards: ChoiceStandards) -> Floats:
    """Return the disutility of each option's kind of area; homes that stand have none."""
    new = options["kind"].isin(NEW_KINDS).to_numpy()
    kinds = options["area_kind"].map(dict(standards.area_kind)).astype(float).fillna(0.0)
    return np.where(new, kinds.to_numpy(), 0.0)


def _burden(wishes: pd.DataFrame, options: pd.DataFrame) -> Floats:
    """Return cost / income by [wish, option]; NaN where either is unknown."""
    income = wishes["income"].to_numpy(dtype=float)[:, None]
    cost = options["cost"].to_numpy(dtype=float)[None, :]
    share: Floats = np.divide(cost, income, out=np.full((len(wishes), len(options)), np.nan), where=income > 0)
    return share

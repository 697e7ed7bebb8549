"""Who seeks a home, which homes they leave behind, and what stands empty: the need, in households and homes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.balance.whole import Floats, Whole, nearest, whole_parts
from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import AgeBand
from geoplan.homes.preferences import CELL, Preferences
from geoplan.homes.smallareas import rake
from geoplan.places import UNASSIGNED, WHOLE

__all__ = ["CELL", "Seekers", "household_groups", "seekers"]

_UNKNOWN = "unknown"
_SAME = 1e-6


@dataclass(frozen=True)
class Seekers:
    """The need as those who seek and what they may take; all numbers are whole.

    Attributes
    ----------
    table
        ``area``, ``year``, ``group``, :data:`CELL` that is wanted, ``households``.
    homes
        ``area``, ``year``, ``kind`` (``freed``, ``vacant``), :data:`CELL`, ``homes``: those that growing and moving
        leave behind, and the vacant above the reserve.
    parts
        ``area``, ``year``, ``need`` (dwellings), ``seekers`` (households), ``freed``, ``vacant``, ``reserve_short``
        (dwellings that should stand empty and do not), ``lost`` (dwellings that actions take away beyond the exits
        that the need has already). What is lost where the need has no area stands in
        :data:`~geoplan.places.UNASSIGNED`.

    Notes
    -----
    In every area and year ``seekers − freed − vacant + reserve_short = need + lost``.
    """

    table: pd.DataFrame
    homes: pd.DataFrame
    parts: pd.DataFrame


def household_groups(
    by_type: pd.DataFrame, preferences: Preferences, *, old_from: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put households of one type together, the old apart, and say what they want.

    Parameters
    ----------
    by_type
        ``area``, ``year``, ``age``, ``household_type``, ``persons``, ``households``: see
        :func:`geoplan.homes.householdtypes.households_by_type`.
    preferences
        What they want.
    old_from
        Households whose reference person's band begins at this age or later, years, are ``TYPE_old``.

    Returns
    -------
    households
        ``area``, ``year``, ``group``, ``households``.
    wanted
        ``group``, :data:`CELL`, ``share``; those of a group add up to 1. A group's members count by their households,
        all areas and years together.
    """
    keys = ["household_type", "age", "persons"]
    check_frame(by_type, name="households", columns=["area", "year", *keys, "households"])
    kinds = by_type[keys].drop_duplicates().sort_values(keys, kind="stable").reset_index(drop=True)
    old = pd.Series(False, index=kinds.index)
    if old_from is not None:
        old = kinds["age"].map(lambda age: AgeBand.parse(age).low >= old_from).astype(bool)
    kinds["group"] = kinds["household_type"].where(~old, kinds["household_type"] + "_old")
    rows = by_type.merge(kinds.assign(kind=kinds.index), on=keys)
    households = rows.groupby(["area", "year", "group"], as_index=False)[["households"]].sum()
    weights = rows.groupby("kind")["households"].sum().reindex(kinds.index).fillna(0.0)
    shares = preferences.shares(kinds[keys])
    # A trace, so that a group without households wants something too.
    weighted = shares.mul(weights + _SAME, axis=0).groupby(kinds["group"]).sum()
    wanted = weighted.div(weighted.sum(axis=1), axis=0).T.reset_index().melt(list(CELL), var_name="group")
    wanted = wanted.rename(columns={"value": "share"}).query("share > 0")
    return households, wanted[["group", *CELL, "share"]].sort_values(["group", *CELL], ignore_index=True)


def seekers(
    households: pd.DataFrame,
    need: pd.DataFrame,
    wanted: pd.DataFrame,
    *,
    base_year: int,
    stock: pd.DataFrame | None = None,
    lost: pd.DataFrame | None = None,
) -> Seekers:
    """Return the need of each area and year as households that seek and homes that are there for them.

    Parameters
    ----------
    households
        ``area``, ``year``, ``group``, ``households``; the base year included. The groups are a partition.
    need
        The ``need`` layer: ``area``, ``year``, ``households``, ``exits``, ``reserve``, ``vacant``, ``deficit``,
        ``need`` (dwellings, from the base year to the year).
    wanted
        ``group``, :data:`CELL`, ``share``.
    base_year
        The year that need counts from.
    stock
        The ``dwelling_stock`` layer of the base year: ``area``, ``dwellings``; where known ``type``, ``tenure``,
        ``size``, ``vacant``. Leisure homes are left out. ``None``: what is freed or vacant is of unknown kind.
    lost
        ``area``, ``year``, ``homes``: dwellings that actions take away to the year
        (:func:`geoplan.balance.options.options_of`).

    Raises
    ------
    FrameError
        Columns are missing.
    InputError
        The groups do not add up to the households of the need, or one of them wants nothing.

    Notes
    -----
    Seek: those that a group grows by, those whose homes leave the stock, and those without a home in the base year.
    The need's exits are demolition, conversion and the rest, so a home that an action names is one of them: of exits
    and lost homes the larger one counts, by area and year.
    Freed: the homes of those that a group shrinks by, and an initial surplus. The group's members live in the stock
    as they want to, raked to the occupied stock. The vacant above the reserve takes up the rounding of the others, at
    most 2 homes in an area and year, so that the whole numbers give the need to the unit. See docs/method-balance.md.
    """
    check_frame(households, name="households", columns=["area", "year", "group", "households"])
    parts = ("households", "exits", "reserve", "vacant", "deficit", "need")
    check_frame(need, name="need", columns=["area", "year", *parts])
    check_frame(wanted, name="wants", columns=["group", *CELL, "share"])
    gone = _placed(lost, need["area"])
    areas = sorted({*need["area"], *gone["area"]})
    years = sorted(int(year) for year in need["year"].unique())
    groups = sorted(households["group"].unique())
    lacking = sorted(set(groups) - set(wanted["group"]))
    if lacking:
        raise InputError(f"Nothing tells what {', '.join(lacking)} want.", hint="Add their shares.")
    index = pd.MultiIndex.from_product([areas, years])
    given = {name: _by_year(need, name, index) for name in parts}
    by_group = _groups(households, areas, [base_year, *years], groups)
    if not np.allclose(by_group[:, 1:].sum(axis=2), given["households"], rtol=_SAME, atol=_SAME):
        raise InputError("The groups do not add up to the households of the need.", hint="Use the same quotas.")
    beyond = nearest(np.maximum(_by_year(gone, "homes", index) - given["exits"], 0.0))
    change, share = by_group[:, 1:] - by_group[:, :1], _shares(by_group)
    uprooted = given["exits"] + np.maximum(given["deficit"], 0.0) + beyond
    seek = np.maximum(change, 0.0) + uprooted[:, :, None] * share[:, None]
    leave = np.maximum(-change, 0.0) + np.maximum(-given["deficit"], 0.0)[:, :, None] * share[:, None]
    cells, lived, empty = _stock(stock, areas, by_group[:, 0], groups, wanted)
    freed = whole_parts(np.einsum("ayg,agc->ayc", leave, lived), nearest(leave.sum(axis=2)))
    whole = whole_parts(seek)
    spare = whole.sum(axis=2) - freed.sum(axis=2) - nearest(given["need"]) - beyond
    vacant = whole_parts(np.broadcast_to(empty[:, None], freed.shape), np.maximum(spare, 0))
    told = pd.DataFrame(
        {
            "area": np.repeat(areas, len(years)),
            "year": np.tile(years, len(areas)),
            "need": nearest(given["need"]).ravel(),
            "seekers": whole.sum(axis=2).ravel(),
            "freed": freed.sum(axis=2).ravel(),
            "vacant": vacant.sum(axis=2).ravel(),
            "reserve_short": np.maximum(-spare, 0).ravel(),
            "lost": beyond.ravel(),
        }
    )
    homes = [_homes(freed, "freed", areas, years, cells), _homes(vacant, "vacant", areas, years, cells)]
    return Seekers(
        _wishes(whole, wanted, areas, years, groups),
        pd.concat(homes, ignore_index=True),
        told,
    )


def _placed(lost: pd.DataFrame | None, known: pd.Series[str]) -> pd.DataFrame:
    """Return lost homes where the need can tell of them: of the whole where that is all it knows, else by area."""
    if lost is None or lost.empty:
        return pd.DataFrame(
            {"area": pd.Series(dtype=object), "year": pd.Series(dtype=int), "homes": pd.Series(dtype=float)}
        )
    check_frame(lost, name="lost homes", columns=["area", "year", "homes"])
    if set(known) == {WHOLE}:
        return lost.assign(area=WHOLE)
    return lost.assign(area=lost["area"].where(lost["area"].isin(set(known)), UNASSIGNED))


def _by_year(table: pd.DataFrame, name: str, index: pd.MultiIndex) -> Floats:
    """Return a column by [area, year], 0 where there is no row."""
    values = table.groupby(["area", "year"])[name].sum().reindex(index).fillna(0.0)
    return values.to_numpy(dtype=float).reshape(len(index.levels[0]), len(index.levels[1]))


def _groups(households: pd.DataFrame, areas: Sequence[str], years: Sequence[int], groups: Sequence[str]) -> Floats:
    """Return households by [area, year, group]."""
    wide = households.pivot_table(index=["area", "year"], columns="group", values="households", aggfunc="sum")
    wide = wide.reindex(pd.MultiIndex.from_product([areas, years])).reindex(columns=list(groups)).fillna(0.0)
    return wide.to_numpy(dtype=float).reshape(len(areas), len(years), len(groups))


def _shares(by_group: Floats) -> Floats:
    """Return each group's share of an area's base-year households, [area, group].

    Of later ones where it had none; where it never has any, those of all areas.
    """
    base, ever = by_group[:, 0], by_group.sum(axis=1)
    used = np.where(base.sum(axis=1, keepdims=True) > 0, base, ever)
    used = np.where(used.sum(axis=1, keepdims=True) > 0, used, used.sum(axis=0))
    sums = used.sum(axis=1, keepdims=True)
    even = np.full(used.shape, 1 / used.shape[1])
    shares: Floats = np.divide(used, sums, out=even, where=sums > 0)
    return shares


def _stock(
    stock: pd.DataFrame | None, areas: Sequence[str], base: Floats, groups: Sequence[str], wanted: pd.DataFrame
) -> tuple[list[tuple[str, ...]], Floats, Floats]:
    """Return kinds of dwelling, who lives in which by [area, group, kind], and the vacant by [area, kind]."""
    if stock is None or stock.empty:
        shape = (len(areas), len(groups), 1)
        return [(_UNKNOWN,) * len(CELL)], np.ones(shape), np.ones((len(areas), 1))
    check_frame(stock, name="dwelling_stock", columns=["area", "dwellings"])
    table = stock.rename(columns={"type": "dwelling_type"}).reindex(columns=["area", *CELL, "dwellings", "vacant"])
    table = table[table["dwelling_type"].ne("leisure")].reset_index(drop=True)
    for name in CELL:
        table[name] = table[name].astype(object).where(table[name].notna() & table[name].ne(""), _UNKNOWN)
    table["vacant"] = pd.to_numeric(table["vacant"]).astype(float).fillna(0.0)
    sums = table.groupby(["area", *CELL])[["dwellings", "vacant"]].sum()
    cells = sorted(set(zip(*(table[name] for name in CELL), strict=True)))
    index = pd.MultiIndex.from_tuples([(area, *cell) for area in areas for cell in cells])
    counts = sums.reindex(index).fillna(0.0).to_numpy(dtype=float).reshape(len(areas), len(cells), 2)
    dwellings, vacant = counts[..., 0], counts[..., 1]
    wants = _wants(wanted, groups, cells)
    lived = np.stack([_lived(row, homes, wants) for row, homes in zip(base, dwellings - vacant, strict=True)])
    return cells, lived, np.where(vacant.sum(axis=1, keepdims=True) > 0, vacant, dwellings)


def _wants(wanted: pd.DataFrame, groups: Sequence[str], cells: Sequence[tuple[str, ...]]) -> Floats:
    """Return shares by [group, kind of the stock]; what the stock does not tell of does not divide."""
    kinds = pd.DataFrame(cells, columns=list(CELL))
    known = [name for name in CELL if set(kinds[name]) != {_UNKNOWN}]
    if not known:
        return np.ones((len(groups), len(cells)))
    sums = wanted.groupby(["group", *known])["share"].sum()
    index = pd.MultiIndex.from_tuples([(group, *cell) for group in groups for cell in kinds[known].to_numpy()])
    return sums.reindex(index).fillna(0.0).to_numpy(dtype=float).reshape(len(groups), len(cells))


def _lived(households: Floats, occupied: Floats, wants: Floats) -> Floats:
    """Return the shares of an area's kinds of dwelling that each group lives in, [group, kind]."""
    total = occupied.sum()
    shares = occupied / total if total > 0 else np.full(len(occupied), 1 / len(occupied))
    result = np.tile(shares, (len(households), 1))
    there = households > 0
    if total <= 0 or not there.any():
        return result
    # A trace of everything in every group, so that homes that nobody prefers are lived in too.
    seed = households[there, None] * (np.where(occupied > 0, wants[there], 0.0) + 1e-3 * shares)
    raked = rake(seed.T, shares * households.sum(), households[there]).T
    result[there] = raked / raked.sum(axis=1, keepdims=True)
    return result


def _wishes(
    whole: Whole, wanted: pd.DataFrame, areas: Sequence[str], years: Sequence[int], groups: Sequence[str]
) -> pd.DataFrame:
    """Divide each group's seekers by what they want."""
    parts = []
    for number, group in enumerate(groups):
        mine = wanted[wanted["group"] == group].sort_values(list(CELL), kind="stable")
        counts = whole_parts(np.broadcast_to(mine["share"], (*whole.shape[:2], len(mine))), whole[:, :, number])
        cells = list(zip(*(mine[name] for name in CELL), strict=True))
        parts.append(_rows(counts, areas, years, cells, "households").assign(group=group))
    table = pd.concat(parts, ignore_index=True)[["area", "year", "group", *CELL, "households"]]
    return table.sort_values(["area", "year", "group", *CELL], kind="stable", ignore_index=True)


def _homes(
    counts: Whole, kind: str, areas: Sequence[str], years: Sequence[int], cells: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    return _rows(counts, areas, years, cells, "homes").assign(kind=kind)[["area", "year", "kind", *CELL, "homes"]]


def _rows(
    counts: Whole, areas: Sequence[str], years: Sequence[int], cells: Sequence[tuple[str, ...]], name: str
) -> pd.DataFrame:
    """Return what is there of [area, year, kind], a row each."""
    area, year, cell = np.nonzero(counts)
    kinds = pd.DataFrame(list(cells), columns=list(CELL), dtype=object).iloc[cell].reset_index(drop=True)
    kinds.insert(0, "area", np.asarray(areas, dtype=object)[area])
    kinds.insert(1, "year", np.asarray(years, dtype=int)[year])
    return kinds.assign(**{name: counts[area, year, cell]})

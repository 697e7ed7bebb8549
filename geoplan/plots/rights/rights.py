"""The building right of each property: what a plan lets it build, what stands there, and what is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.frames import area_m2, same_crs
from geoplan.plots.planning import deciding_ground, main_plan, plans_in_force
from geoplan.plots.rights.dwellings import DwellingAssumptions, allowed_types, dwellings_held, storeys
from geoplan.plots.rights.existing import existing_buildings
from geoplan.plots.rights.limits import limit, property_names, whole_parts
from geoplan.plots.rights.provisions import stated_provisions
from geoplan.plots.rights.readings import Reading

__all__ = ["RIGHT_COLUMNS", "building_rights"]

RIGHT_COLUMNS: Final = (
    "parcel", "area_m2", "plan_id", "plan_use", "plan_homes", "plan_status", "in_force", "period_end",
    "homes_one_or_two", "homes_multi", "max_building_area_m2", "max_gross_floor_area_m2", "max_height_m",
    "height_reference", "min_plot_m2", "max_plot_m2", "right_code", "right_basis", "unread",
    "existing_building_area_m2", "existing_gross_floor_area_m2", "existing_dwellings", "remaining_building_area_m2",
    "remaining_gross_floor_area_m2", "dwellings_max", "dwellings_one_or_two", "dwellings_multi", "dwellings_basis",
    "dwellings_remaining",
)  # fmt: skip
"""The columns of :func:`building_rights`, in order; docs/method-rights.md explains each."""

_BASIS: Final = ("code", "quantity", "value", "unit", "of", "per", "height_reference", "area_m2", "gives", "counts")
_MORE: Final = ("remains", "binds")


def building_rights(
    parcels: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    readings: Mapping[str, Reading],
    dwellings: DwellingAssumptions,
    as_of: dt.date | None = None,
    buildable: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Return the building right of each property that a plan in force covers.

    Parameters
    ----------
    parcels
        ``id``; ``property`` tells which areas are one property, ``improvement_value`` that something stands there.
    layers
        Layers by catalogue id, in the same projected CRS; ``plans``, ``plan_provisions`` and ``buildings`` are used
        where present.
    readings
        How the codes of provisions are read (``layers.readings``).
    dwellings
        What turns areas into dwellings (``layers/assumptions/dwellings.toml``).
    as_of
        The day on which plans must be in force; without one no date is asked.
    buildable
        The same rows with what may be built on; with it a parcel is read by the plan that its plots lie in
        (:func:`geoplan.plots.planning.deciding_ground`).

    Returns
    -------
    pandas.DataFrame
        One row a parcel that half of its land that decides or more lies in a plan, in the parcels' order, with
        :data:`RIGHT_COLUMNS`. Areas are m², heights m; NaN where nothing is stated, or nobody knows.

    Raises
    ------
    CRSError
        Layers differ in CRS, or it is not projected.

    Notes
    -----
    Of several numbers on the same quantity the tightest binds. Each is a number for the land that the parcel has in
    the area that it names. What existing houses have used of a gross floor area is their footprint × the storeys that
    the plan allows, or that are assumed: their storeys are in no layer, and a right must not come out too large.
    """
    same_crs(parcels, *layers.values())
    plans = plans_in_force(layers.get("plans"), as_of=as_of)
    if plans is None or not len(plans) or not len(parcels):
        return pd.DataFrame(columns=list(RIGHT_COLUMNS))
    plan = main_plan(deciding_ground(parcels, buildable), plans)
    has = plan["position"].notna().to_numpy()
    own, plan = parcels[has].reset_index(drop=True), plan[has].reset_index(drop=True)
    if not len(own):
        return pd.DataFrame(columns=list(RIGHT_COLUMNS))
    stated = stated_provisions(
        own, plan, plans, layers.get("plan_provisions"), readings=readings, reaching_share=dwellings.reaching_share
    )
    existing = existing_buildings(own, layers.get("buildings"))
    return _table(own, plan, stated.entries, stated.unread, existing, dwellings)


def _table(
    own: gpd.GeoDataFrame,
    plan: pd.DataFrame,
    entries: pd.DataFrame,
    unread: list[list[str]],
    existing: pd.DataFrame,
    assumptions: DwellingAssumptions,
) -> pd.DataFrame:
    count = len(own)
    ground, height, reference, height_code = _heights(entries, count)
    allowed = allowed_types(plan)
    built = existing["area_m2"].to_numpy(dtype=float)
    used = {
        "building_area": built,
        "gross_floor_area": _used_floor_area(existing, allowed, ground, assumptions),
        "dwellings": existing["dwellings"].to_numpy(dtype=float),
    }
    entries = _remaining(entries, used, property_names(own))
    most = {name: limit(entries, name, count) for name in used}
    left = {
        name: np.fmax(limit(entries, name, count, column="remains")["value"].to_numpy() - used[name], 0.0)
        for name in used
    }
    # fmax would turn what nobody knows into nothing left.
    left = {name: np.where(np.isnan(used[name]), np.nan, left[name]) for name in used}
    left = {name: np.where(most[name]["value"].isna(), np.nan, left[name]) for name in used}
    held = dwellings_held(
        most["building_area"]["value"].to_numpy(),
        most["gross_floor_area"]["value"].to_numpy(),
        ground,
        most["dwellings"]["value"].to_numpy(),
        allowed,
        assumptions=assumptions,
        cap_code=most["dwellings"]["code"].to_numpy(dtype=object),
    )
    more = _dwellings_left(left, most, ground, allowed, held, used["dwellings"], assumptions)
    smallest, largest = limit(_negative(entries), "plot_min", count), limit(entries, "plot_max", count)
    binding = [each["code"] for each in most.values()] + [height_code, smallest["code"], largest["code"]]
    columns: dict[str, Any] = {
        "parcel": own["id"].to_numpy(dtype=object),
        "area_m2": area_m2(own).to_numpy(),
        "plan_id": _said(plan, "id"),
        "plan_use": _said(plan, "use_code"),
        "plan_homes": _said(plan, "homes"),
        "plan_status": _said(plan, "status"),
        "in_force": _said(plan, "in_force"),
        "period_end": _said(plan, "period_end"),
        "homes_one_or_two": allowed["one_or_two"].to_numpy(dtype=object),
        "homes_multi": allowed["multi"].to_numpy(dtype=object),
        "max_building_area_m2": most["building_area"]["value"].to_numpy(),
        "max_gross_floor_area_m2": most["gross_floor_area"]["value"].to_numpy(),
        "max_height_m": height,
        "height_reference": reference,
        "min_plot_m2": -smallest["value"].to_numpy(),
        "max_plot_m2": largest["value"].to_numpy(),
        "right_code": _codes(binding),
        "right_basis": _basis(entries, binding, count),
        "unread": unread,
        "existing_building_area_m2": built,
        "existing_gross_floor_area_m2": used["gross_floor_area"],
        "existing_dwellings": used["dwellings"],
        "remaining_building_area_m2": left["building_area"],
        "remaining_gross_floor_area_m2": left["gross_floor_area"],
        "dwellings_max": held["most"].to_numpy(),
        "dwellings_one_or_two": held["one_or_two"].to_numpy(),
        "dwellings_multi": held["multi"].to_numpy(),
        "dwellings_basis": held["basis"].to_numpy(dtype=object),
        "dwellings_remaining": more,
    }
    return pd.DataFrame(columns)[list(RIGHT_COLUMNS)]


def _heights(
    entries: pd.DataFrame, count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[Any], pd.Series[Any]]:
    """Return the height above the ground, the height that is told, what that is above, and its code.

    Heights above the ground and above a datum cannot be compared without the ground's own height; the one above the
    ground is told where there is one.
    """
    above = {name: limit(entries[entries["height_reference"] == name], "height", count) for name in ("ground", "datum")}
    ground, datum = (above[name]["value"].to_numpy() for name in ("ground", "datum"))
    known = ~np.isnan(ground)
    reference = np.full(count, None, dtype=object)
    reference[~np.isnan(datum)] = "datum"
    reference[known] = "ground"
    code = above["ground"]["code"].where(known, above["datum"]["code"])
    return ground, np.where(known, ground, datum), reference, code


def _used_floor_area(
    existing: pd.DataFrame, allowed: pd.DataFrame, ground: npt.NDArray[np.float64], assumptions: DwellingAssumptions
) -> npt.NDArray[np.float64]:
    flats = (allowed["multi"] == "allowed") & (existing["dwellings"] >= assumptions.smallest_multi)
    height = np.where(flats, storeys("multi", ground, assumptions), storeys("one_or_two", ground, assumptions))
    sheds = existing["area_m2"] - existing["main_m2"]
    return np.asarray(existing["main_m2"] * height + sheds, dtype=float)


def _remaining(
    entries: pd.DataFrame, used: Mapping[str, npt.NDArray[np.float64]], names: npt.NDArray[Any]
) -> pd.DataFrame:
    """Add ``remains``: what counts, or less where others have used more of what is shared than their part.

    Properties share what an area gives, and the areas of a property what it may build. What is left of that is what
    it gives less all that is built of it, and what is left of the parts is cut to that in proportion; dwellings of a
    property stay whole.
    """
    result = entries.assign(remains=entries["counts"])
    shared = result[result["quantity"].isin(list(used))].copy()
    by_property = shared["per"] != "area"
    shared["owner"] = pd.Series(names[shared["row"].to_numpy(dtype=int)], index=shared.index).where(by_property)
    key = ["quantity", "feature", "code", "owner"]
    shared = shared[~by_property | shared.duplicated(key, keep=False)]
    if not len(shared):
        return result
    shared["built"] = np.nan
    for name, table in used.items():
        mine = shared["quantity"] == name
        shared.loc[mine, "built"] = table[shared.loc[mine, "row"].to_numpy(dtype=int)]
    shared["own"] = (shared["counts"] - shared["built"]).clip(lower=0.0)
    total = shared.groupby(key, dropna=False)[["counts", "built", "own"]].transform("sum")
    # A neighbour of whom nobody knows may have used it all.
    unknown = shared["built"].isna().groupby([shared[name] for name in key], dropna=False).transform("any")
    left = (total["counts"] - total["built"]).clip(lower=0.0).mask(unknown)
    part = (left / total["own"].where(total["own"] > 0)).clip(upper=1.0)
    own = shared["own"] * part
    whole = (shared["quantity"] == "dwellings") & shared["owner"].notna() & shared["of"].isna()
    groups = shared.groupby(key, dropna=False).ngroup().to_numpy()
    own = own.mask(whole, whole_parts(own.to_numpy(dtype=float), groups, shared["row"].to_numpy()))
    result.loc[shared.index, "remains"] = shared["counts"].where(~(shared["own"] > 0), shared["built"] + own)
    return result


def _dwellings_left(
    left: Mapping[str, npt.NDArray[np.float64]],
    most: Mapping[str, pd.DataFrame],
    ground: npt.NDArray[np.float64],
    allowed: pd.DataFrame,
    held: pd.DataFrame,
    existing: npt.NDArray[np.float64],
    assumptions: DwellingAssumptions,
) -> npt.NDArray[np.float64]:
    """Return how many dwellings more fit: in the areas that are left, below the caps, and below the most in all."""
    more = dwellings_held(
        left["building_area"],
        left["gross_floor_area"],
        ground,
        left["dwellings"],
        allowed,
        assumptions=assumptions,
    )
    most_more = held["most"].to_numpy() - np.nan_to_num(existing)
    number = np.fmin(more["most"].to_numpy(), np.where(most_more < 0, 0.0, most_more))
    unknown = np.zeros(len(number), dtype=bool)
    for name, stated in most.items():
        unknown |= stated["value"].notna().to_numpy() & np.isnan(left[name])
    return np.where(unknown | np.isnan(held["most"]), np.nan, number)


def _negative(entries: pd.DataFrame) -> pd.DataFrame:
    """Turn the smallest plots around: of several, the largest binds."""
    mine = entries[entries["quantity"] == "plot_min"]
    return mine.assign(counts=-mine["counts"])


def _codes(binding: list[pd.Series[Any]]) -> list[str | None]:
    rows = zip(*(each.to_numpy(dtype=object) for each in binding), strict=True)
    named = [{part for code in row if code is not None for part in str(code).split(" + ")} for row in rows]
    return [", ".join(sorted(codes)) if codes else None for codes in named]


def _basis(entries: pd.DataFrame, binding: list[pd.Series[Any]], count: int) -> list[list[dict[str, Any]]]:
    """Return each parcel's entries as plain values, with whether they bind."""
    result: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    codes = [str(each).split(", ") if each is not None else [] for each in _codes(binding)]
    names = [*_BASIS, *_MORE]
    table = entries.assign(
        binds=[code in codes[row] for row, code in zip(entries["row"], entries["code"], strict=True)]
    )
    for row, *values in table[["row", *names]].itertuples(index=False, name=None):
        result[row].append({name: _plain(value) for name, value in zip(names, values, strict=True)})
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def _said(plan: pd.DataFrame, name: str) -> npt.NDArray[Any] | None:
    return plan[name].to_numpy(dtype=object) if name in plan else None

"""What plans and their provisions say of how much may be built on each property.

A provision whose code nobody has read is told, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit
from geoplan.plots.rights.limits import counted, split_among_parts
from geoplan.plots.rights.readings import PLAN_READINGS, SHARES, Reading

__all__ = ["Stated", "stated_provisions"]

_KINDS: Final = ("building_right", "other")
"""Kinds of provision that may say how much; the others are read by the rules."""


@dataclass(frozen=True)
class Stated:
    """What is said of each property.

    Attributes
    ----------
    entries
        One row a number and property: ``row`` (position of the property), ``feature`` (position of the provision, or
        -1 - position of the plan), ``code``, the reading's ``quantity``, ``unit``, ``of``, ``per`` and
        ``height_reference``, ``value`` in that unit, ``area_m2`` (the property's part of the area that is named; NaN
        where none is), ``gives`` (what it comes to on the property: m², m or dwellings) and ``counts`` (what of it
        counts, see Notes).
    unread
        For each property the codes of provisions on it that nobody has read, or that lack a number or its unit.

    Notes
    -----
    A right within provision areas is a sum over the areas. Where areas overlap, the one that gives the least by the
    square metre counts first, and the others count only for the land that is left.
    """

    entries: pd.DataFrame
    unread: list[list[str]]


def stated_provisions(
    parcels: gpd.GeoDataFrame,
    plan: pd.DataFrame,
    plans: gpd.GeoDataFrame,
    provisions: gpd.GeoDataFrame | None,
    *,
    readings: Mapping[str, Reading],
    reaching_share: float,
) -> Stated:
    """Read what the plans and their provisions say of each property.

    Parameters
    ----------
    parcels
        Properties, or parts of them: ``property`` tells which belong together, where it is known.
    plan
        The plan of each, as :func:`geoplan.plots.planning.main_plan` returns it, with ``position`` in ``plans``.
    plans, provisions
        The layers, in the same projected CRS.
    readings
        How provision codes are read.
    reaching_share
        A provision reaches a property where it has at least this share of it, or half of its own area lies there;
        less is a boundary that two sources draw differently.

    Returns
    -------
    Stated
    """
    unit = metres_per_unit(parcels.crs)
    shapes = parcels.geometry.to_numpy()
    position = plan["position"].to_numpy(dtype=int)
    use = plans.geometry.to_numpy()
    areas = {
        "property": shapely.area(shapes) * unit**2,
        "use_area": shapely.area(shapely.intersection(shapes, use[position])) * unit**2,
        "use_total": (shapely.area(use) * unit**2)[position],
    }
    tables = _by_columns(plan, position, areas)
    found, unread = _by_provisions(shapes, plan, provisions, readings, areas, reaching_share, unit)
    entries = pd.concat([*tables, *found], ignore_index=True) if tables or found else _NO_ENTRIES.copy()
    entries = split_among_parts(entries, parcels)
    entries = counted(entries.sort_values(["row", "quantity", "feature", "code"], kind="stable", ignore_index=True))
    return Stated(entries.drop(columns="shape"), unread)


_NO_ENTRIES: Final = pd.DataFrame(
    {
        "row": np.empty(0, dtype=int),
        "feature": np.empty(0, dtype=int),
        **dict.fromkeys(("code", "quantity", "unit", "of", "per", "height_reference", "shape"), np.empty(0, object)),
        **dict.fromkeys(("value", "area_m2", "gives"), np.empty(0)),
    }
)


def _by_columns(
    plan: pd.DataFrame, position: npt.NDArray[np.intp], areas: Mapping[str, npt.NDArray[np.float64]]
) -> list[pd.DataFrame]:
    tables = []
    for name, reading in PLAN_READINGS.items():
        if name not in plan:
            continue
        value = pd.to_numeric(plan[name], errors="coerce").to_numpy(dtype=float)
        row = np.flatnonzero(~np.isnan(value))
        inside = areas["use_area"][row]
        tables.append(_entries(name, reading, row, -1 - position[row], value[row], inside, inside, areas))
    return [table for table in tables if len(table)]


def _by_provisions(
    shapes: npt.NDArray[Any],
    plan: pd.DataFrame,
    provisions: gpd.GeoDataFrame | None,
    readings: Mapping[str, Reading],
    areas: Mapping[str, npt.NDArray[np.float64]],
    reaching_share: float,
    unit: float,
) -> tuple[list[pd.DataFrame], list[list[str]]]:
    unread: list[list[str]] = [[] for _ in shapes]
    if provisions is None or not len(provisions):
        return [], unread
    chosen = provisions[provisions["kind"].isin(_KINDS)]
    row, at = shapely.STRtree(shapes).query(chosen.geometry.to_numpy(), predicate="intersects")[::-1]
    plan_id = plan["id"].to_numpy(dtype=object) if "id" in plan else np.full(len(plan), None)
    named = chosen["plan"].to_numpy(dtype=object)[at] if "plan" in chosen else np.full(len(at), None)
    same = pd.isna(named) | pd.isna(plan_id[row]) | (named == plan_id[row])
    row, at = row[same], at[same]
    pieces = shapely.intersection(shapes[row], chosen.geometry.to_numpy()[at])
    inside = shapely.area(pieces) * unit**2
    whole = shapely.area(chosen.geometry.to_numpy())[at] * unit**2
    reaches = (inside > 0) & ((inside >= reaching_share * areas["property"][row]) | (inside >= whole / 2))
    row, at, pieces, inside, whole = (each[reaches] for each in (row, at, pieces, inside, whole))

    code, number, units = (
        chosen[name].to_numpy(dtype=object)[at] if name in chosen else np.full(len(at), None)
        for name in ("code", "value", "unit")
    )
    value = pd.to_numeric(pd.Series(number), errors="coerce").to_numpy(dtype=float)
    read = np.zeros(len(at), dtype=bool)
    tables = []
    for name in sorted({str(each) for each in code} & set(readings)):
        reading = readings[name]
        # A number in another unit than the code's is a number that nobody understands.
        mine = (code == name) & ~np.isnan(value) & (pd.isna(units) | (units == reading.unit))
        read |= mine
        table = _entries(name, reading, row[mine], at[mine], value[mine], inside[mine], whole[mine], areas)
        tables.append(table.assign(shape=pieces[mine]))
    for each in np.flatnonzero(~read):
        name = code[each] if not pd.isna(code[each]) else "?"
        if name not in unread[row[each]]:
            unread[row[each]].append(str(name))
    return [table for table in tables if len(table)], [sorted(codes) for codes in unread]


def _entries(
    code: str,
    reading: Reading,
    row: npt.NDArray[np.intp],
    feature: npt.NDArray[np.intp],
    value: npt.NDArray[np.float64],
    inside: npt.NDArray[np.float64],
    whole: npt.NDArray[np.float64],
    areas: Mapping[str, npt.NDArray[np.float64]],
) -> pd.DataFrame:
    """Say what each number comes to on each property."""
    area = np.full(len(row), np.nan)
    if reading.of is not None:
        area = inside if reading.of == "provision_area" else areas[reading.of][row]
    gives = value * SHARES[reading.unit] * area if reading.is_share else value.copy()
    if reading.per == "area":
        # What an area shares is shared by size; the parts never add up to more than the whole.
        total = whole if reading.of == "provision_area" else areas["use_total"][row]
        gives = gives * area / total if not reading.is_share else gives
    return pd.DataFrame(
        {
            "row": row,
            "feature": feature,
            "code": code,
            "quantity": reading.quantity,
            "unit": reading.unit,
            "of": reading.of,
            "per": reading.per,
            "height_reference": reading.height_reference,
            "value": value,
            "area_m2": area,
            "gives": gives,
            "shape": None,
        }
    ).astype({"of": object, "height_reference": object, "shape": object})

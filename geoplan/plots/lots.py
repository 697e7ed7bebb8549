"""Pieces of free land weighed: which make a plot, which are divided into several, and why the others make none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.land.areas import AreaKind
from geoplan.plots.fit import House, fits
from geoplan.plots.standards import PlotStandards
from geoplan.plots.subdivision.access import Roads
from geoplan.plots.subdivision.division import Divided, divide
from geoplan.plots.subdivision.shape import inscribed_widths

__all__ = ["ACCESS", "LEFT_OVER", "NO_HOUSE", "TOO_NARROW", "TOO_SMALL", "Lots", "weigh"]

# A fixed vocabulary of why buildable land gives no plot; docs/method-plots.md explains them.
TOO_SMALL, TOO_NARROW, NO_HOUSE, ACCESS, LEFT_OVER = "too_small", "too_narrow", "no_house", "access", "left_over"

_NOISE_M2 = 1e-7

Shapes = npt.NDArray[Any]
Numbers = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_Kept = tuple[Divided, list[Any], float]


@dataclass(frozen=True)
class Lots:
    """What became of pieces of free land.

    Attributes
    ----------
    table
        One row a piece of a plot, in order: ``row`` (place of the parcel), ``piece`` (of which free part),
        ``divided``, ``width_m``, ``front_m`` and ``access`` (place in ``accesses``, or -1) of divided ones, ``fits``
        and geometry.
    accesses
        ``row``, ``street`` and geometry: new access.
    losses
        ``row``, ``reason`` and ``area_m2``: free land that makes no plot.
    """

    table: gpd.GeoDataFrame
    accesses: gpd.GeoDataFrame
    losses: pd.DataFrame


def weigh(
    frame: gpd.GeoDataFrame,
    free: Shapes,
    parcels: Shapes,
    roads: Roads | None,
    *,
    rules: Mapping[AreaKind, PlotStandards],
    unit: float,
) -> Lots:
    """Weigh the free land of every parcel.

    Parameters
    ----------
    frame
        One row a parcel: ``kind_of_area``, ``built``, ``min_area`` (m²), ``min_width`` (m), ``homes`` (what its plan
        says of them).
    free
        Its buildable ground that nothing stands on; may be empty.
    parcels
        Its whole ground.
    roads
        Where access comes from; None where nobody knows: nothing is divided then.
    rules
        What makes a plot, by kind of area.
    unit
        Metres in a unit of the CRS.

    Returns
    -------
    Lots
        Its pieces and losses add up to the free land.

    Notes
    -----
    A vacant parcel that lies in a plan which allows homes is a lot already: its whole ground is weighed against the
    smallest plot, and the buildable part has to hold the house. Everywhere else the buildable piece itself is, and
    so are the other pieces of a parcel of which one is divided: the lot is no longer whole.
    """
    parts, row = shapely.get_parts(free, return_index=True)
    solid = shapely.area(parts) > 0
    parts, row = parts[solid], row[solid]
    standards = [rules[kind] for kind in frame["kind_of_area"].to_numpy()[row]]
    alone = frame["built"].to_numpy()[row]
    width, answers = _weighed(parts, row, parcels, alone, frame, standards, unit)
    divided = _divided(parts, row, parcels, answers[1], frame, standards, roads)
    kept = [None if cut is None else _kept(cut, own.house, unit) for cut, own in zip(divided, standards, strict=True)]
    cut = np.array([each is not None for each in kept], dtype=bool)
    others = np.flatnonzero(np.isin(row, row[cut]) & ~cut & ~alone)
    own = [standards[n] for n in others]
    again = _weighed(parts[others], row[others], parcels, np.ones(len(others), dtype=bool), frame, own, unit)
    width[others] = again[0]
    for answer, new in zip(answers, again[1], strict=True):
        answer[others] = new
    return _table(parts, row, width, answers, kept, standards, unit, frame.crs)


def _weighed(
    parts: Shapes,
    row: Numbers,
    parcels: Shapes,
    alone: Flags,
    frame: gpd.GeoDataFrame,
    standards: list[PlotStandards],
    unit: float,
) -> tuple[Floats, tuple[Flags, Flags, Flags]]:
    """Return each piece's own width, and whether it is large, wide and holds its house, alone or with its parcel."""
    min_area, min_width = frame["min_area"].to_numpy()[row], frame["min_width"].to_numpy()[row]
    is_lot = ~alone & (frame["homes"].to_numpy()[row] == "allowed")
    weighed = np.where(is_lot, parcels[row], parts)
    large = shapely.area(weighed) * unit**2 >= min_area
    # What no house stands on is too small, however large the lot around it.
    footprints = np.array([0.0 if s.house is None else s.house.house_width * s.house.house_depth for s in standards])
    large &= shapely.area(parts) * unit**2 >= footprints
    width, own_width = np.zeros(len(parts)), np.zeros(len(parts))
    width[large] = inscribed_widths(weighed[large], min_width[large], unit)
    own_width[large] = width[large]
    inner = large & is_lot
    own_width[inner] = inscribed_widths(parts[inner], min_width[inner], unit)
    wide = large & (width >= min_width)
    # Ground that rules took from a lot counts to its distances; a part of a parcel gets boundaries of its own.
    holds = wide.copy()
    holds[wide] = _hold(np.where(alone, parts, parcels[row])[wide], parts[wide], own_width[wide], standards, wide, unit)
    return own_width, (large, wide, holds)


def _hold(
    lots: Shapes, parts: Shapes, width: Floats, standards: list[PlotStandards], where: Flags, unit: float
) -> Flags:
    """Tell which lots hold their house; a circle as wide as its diagonal and two distances answers most."""
    answer = np.ones(len(lots), dtype=bool)
    chosen = [standards[n].house for n in np.flatnonzero(where)]
    for house in dict.fromkeys(house for house in chosen if house is not None):
        enough = np.hypot(house.house_width, house.house_depth) + 2 * house.setback
        doubtful = np.array([own == house for own in chosen], dtype=bool) & (width < enough)
        answer[doubtful] = fits(lots[doubtful], house=house, unit=unit, buildable=parts[doubtful])
    return answer


def _divided(
    parts: Shapes,
    row: Numbers,
    parcels: Shapes,
    wide: Flags,
    frame: gpd.GeoDataFrame,
    standards: list[PlotStandards],
    roads: Roads | None,
) -> list[Divided | None]:
    """Divide the pieces that the standards let be divided."""
    result: list[Divided | None] = [None] * len(parts)
    if roads is None:
        return result
    modes = np.array([own.subdivision.subdivide for own in standards], dtype=object)
    planned = frame["homes"].to_numpy()[row] == "allowed"
    chosen = np.flatnonzero(wide & ((modes == "all") | ((modes == "planned") & planned)))
    min_area, min_width = frame["min_area"].to_numpy()[row], frame["min_width"].to_numpy()[row]
    # No plot is cut that is narrower than its house with the distances on both sides.
    wide_m = [max(min_width[n], 0.0 if (own := standards[n].house) is None else own.least_width) for n in chosen]
    asked = [standards[n].subdivision.at_least(min_area[n], w) for n, w in zip(chosen, wide_m, strict=True)]
    for place, answer in zip(chosen, divide(parts[chosen], roads, asked, within=parcels[row[chosen]]), strict=True):
        result[place] = answer
    return result


def _table(
    parts: Shapes,
    row: Numbers,
    width: Floats,
    answers: tuple[Flags, Flags, Flags],
    divided: list[_Kept | None],
    standards: list[PlotStandards],
    unit: float,
    crs: object,
) -> Lots:
    large, wide, holds = answers
    area = shapely.area(parts) * unit**2
    pieces: list[tuple[Any, ...]] = []
    accesses: list[tuple[Any, ...]] = []
    losses: list[tuple[int, str, float]] = []
    for n, part in enumerate(parts):
        house = standards[n].house
        if (kept := divided[n]) is not None:
            cut, lots, refused = kept
            first = len(accesses)
            accesses += [(row[n], access.street, access.shape) for access in cut.accesses]
            lot_width = inscribed_widths(np.array([lot.shape for lot in lots]), np.full(len(lots), np.inf), unit)
            for lot, wide_m in zip(lots, lot_width, strict=True):
                access = -1 if lot.access is None else first + lot.access
                pieces.append((row[n], n, True, wide_m, lot.front * unit, access, house is not None, lot.shape))
            way = (sum(float(shapely.area(access.shape)) for access in cut.accesses) + cut.roadbed) * unit**2
            used = sum(lot.shape.area for lot in lots) * unit**2
            losses += [(row[n], ACCESS, way), (row[n], NO_HOUSE, refused * unit**2)]
            losses.append((row[n], LEFT_OVER, _not_noise(area[n] - used - way - refused * unit**2)))
        elif holds[n]:
            pieces.append((row[n], n, False, width[n], np.nan, -1, house is not None, part))
        else:
            losses.append((row[n], TOO_SMALL if not large[n] else TOO_NARROW if not wide[n] else NO_HOUSE, area[n]))
    names = ["row", "piece", "divided", "width_m", "front_m", "access", "fits"]
    table = gpd.GeoDataFrame(
        pd.DataFrame([piece[:-1] for piece in pieces], columns=names),
        geometry=np.array([piece[-1] for piece in pieces], dtype=object),
        crs=crs,
    ).astype({"row": np.intp, "piece": np.intp, "divided": bool, "width_m": float, "front_m": float, "access": np.intp})
    ways = gpd.GeoDataFrame(
        pd.DataFrame([access[:-1] for access in accesses], columns=["row", "street"]),
        geometry=np.array([access[-1] for access in accesses], dtype=object),
        crs=crs,
    ).astype({"row": np.intp, "street": bool})
    return Lots(table, ways, pd.DataFrame(losses, columns=["row", "reason", "area_m2"]))


def _not_noise(area: float) -> float:
    """Return an area that was found by taking others away; what rounding leaves of it is nothing."""
    return area if area > _NOISE_M2 else 0.0


def _kept(cut: Divided, house: House | None, unit: float) -> _Kept | None:
    """Return a division with the lots that hold the house and the area of the others; None where too few do."""
    shapes = np.array([lot.shape for lot in cut.lots], dtype=object)
    good = np.ones(len(shapes), dtype=bool) if house is None else fits(shapes, house=house, unit=unit)
    if good.sum() < 2:
        return None
    lots = [lot for lot, fine in zip(cut.lots, good, strict=True) if fine]
    return cut, lots, float(shapely.area(shapes[~good]).sum())

"""What it costs to make a plot ready for a house: water and sewer, an access road, fees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import InputError
from geoplan.frames import check_frame, metres_per_unit, optional, same_crs
from geoplan.land.pieces import chunk_lines, subdivide
from geoplan.plots.surroundings import served

__all__ = ["COST_COLUMNS", "UnitCosts", "ready_costs"]

COST_COLUMNS = (
    "plot",
    "connection",
    "connection_length_m",
    "water_sewer_low",
    "water_sewer_high",
    "access_length_m",
    "access_low",
    "access_high",
    "fees_low",
    "fees_high",
    "total_low",
    "total_high",
    "currency",
    "missing",
)

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_RANGES = ("public_connection", "line", "private_sewer", "private_water", "access_road")
_LENGTHS = ("connection_reach", "frontage", "road_width")
_FEE = "fee_"

# What no plot's total has; docs/method-costs.md says why.
_NEVER_COUNTED = ("land_price", "stamp_duty", "ground", "lines_on_plot", "electricity_beyond_reach")
_NO_ACCESS, _OVER_WATER, _MORE_HOMES = "access", "access_over_water", "further_homes"

# A line that starts on a shore only touches the water.
_TOUCHING_M = 1.0


@dataclass(frozen=True, kw_only=True)
class UnitCosts:
    """Unit costs, each a range from low to high in one currency.

    Attributes
    ----------
    currency
        Of every amount, such as ``SEK``.
    public_connection
        Fee to connect one plot to public water and sewer.
    line
        Water and sewer lines outside the plot, a metre.
    private_sewer, private_water
        A plot's own treatment and well.
    access_road
        An access road, a metre.
    connection_reach
        Longest line to an area with public service that counts as an option, metres.
    frontage
        A plot this near the edge of a road needs no access road, metres.
    road_width
        Width of a road where none is known, metres.
    fees
        Other fees a plot, by name.
    """

    currency: str
    public_connection: Range
    line: Range
    private_sewer: Range
    private_water: Range
    access_road: Range
    connection_reach: float
    frontage: float
    road_width: float
    fees: Mapping[str, Range]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> UnitCosts:
        """Take the values of the assumptions ``costs``.

        Parameters
        ----------
        values
            ``{name: value}``; every name that begins with ``fee_`` is a fee.

        Raises
        ------
        InputError
            With every value that is missing or wrong.
        """
        faults = [f"{name} is missing" for name in ("currency", *_RANGES, *_LENGTHS) if name not in values]
        fees = [name for name in values if name.startswith(_FEE)]
        faults += [
            f"{name} must be two amounts, low and high, not {values[name]!r}"
            for name in (*_RANGES, *fees)
            if name in values and not _is_range(values[name])
        ]
        faults += [
            f"{name} must be a length in metres, not {values[name]!r}"
            for name in _LENGTHS
            if name in values and not _is_amount(values[name])
        ]
        if faults:
            raise InputError(
                f"The unit costs have faults: {'; '.join(faults)}.", hint="See the costs in docs/assumptions.md."
            )
        return cls(
            currency=str(values["currency"]),
            public_connection=_range(values["public_connection"]),
            line=_range(values["line"]),
            private_sewer=_range(values["private_sewer"]),
            private_water=_range(values["private_water"]),
            access_road=_range(values["access_road"]),
            connection_reach=float(values["connection_reach"]),
            frontage=float(values["frontage"]),
            road_width=float(values["road_width"]),
            fees={name: _range(values[name]) for name in sorted(fees)},
        )


def ready_costs(
    plots: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame], *, unit_costs: UnitCosts
) -> pd.DataFrame:
    """Return what it costs to make each plot ready, as a range.

    Parameters
    ----------
    plots
        ``id``, ``utility`` (``public``, ``private`` or ``unknown``), ``homes``; polygons in a projected CRS.
    layers
        ``utility_areas``, ``roads`` and ``water`` are used where present, in the CRS of the plots.
    unit_costs
        Amounts and lengths.

    Returns
    -------
    DataFrame
        :data:`COST_COLUMNS`, one row a plot in their order. ``connection`` is the plot's ``utility``;
        ``connection_length_m`` the straight way from a private plot to the nearest land that has public water and
        sewer, 0 within it, NaN where it is farther than the reach, over water or unknown; ``access_length_m`` the
        straight way to the edge of the nearest road, 0 on frontage, NaN over water and where no road is known.
        Amounts are in ``currency``. ``missing`` lists what no amount counts.

    Raises
    ------
    FrameError, CRSError
        The plots lack columns, or layers differ in CRS.

    Notes
    -----
    Public: the fee; the municipality brings its lines to the plot's boundary. Private: the plot's own plant. A
    private plot within reach of public service may connect by agreement, but need not: that can lower the low end,
    fee plus lines, and never raises the high one. Unknown: from the cheaper to the dearer of the two. Paths are no
    roads. The method and its sources: ``docs/method-costs.md``.
    """
    check_frame(plots, name="plots", columns=["id", "utility", "homes"], geometry=["polygon"], unique="id")
    used = {name: layers[name] for name in ("utility_areas", "roads", "water") if layers.get(name) is not None}
    same_crs(plots, *used.values())
    water = _water(used.get("water"))
    connection = plots["utility"].to_numpy(dtype=object)
    line_m = _connection_length(plots, used.get("utility_areas"), water, unit_costs.connection_reach)
    line_m[connection == "public"] = 0.0
    line_m[connection == "unknown"] = np.nan
    low, high = _water_and_sewer(connection, line_m, unit_costs)
    access_m, wet = _access_length(plots, used.get("roads"), water, unit_costs)
    fees = [sum(fee[end] for fee in unit_costs.fees.values()) for end in (0, 1)]
    table = pd.DataFrame(
        {
            "plot": plots["id"].to_numpy(dtype=object),
            "connection": connection,
            "connection_length_m": line_m,
            "water_sewer_low": low,
            "water_sewer_high": high,
            "access_length_m": access_m,
            "access_low": access_m * unit_costs.access_road[0],
            "access_high": access_m * unit_costs.access_road[1],
            "fees_low": float(fees[0]),
            "fees_high": float(fees[1]),
            "currency": unit_costs.currency,
        }
    ).astype({"currency": object})
    for end in ("low", "high"):
        # What has no amount is told of as missing, and the rest still counts.
        table[f"total_{end}"] = table[[f"water_sewer_{end}", f"access_{end}", f"fees_{end}"]].sum(axis=1)
    more = plots["homes"].to_numpy() > 1
    table["missing"] = [
        [
            *_NEVER_COUNTED,
            *([_OVER_WATER] if over else [_NO_ACCESS] if np.isnan(length) else []),
            *([_MORE_HOMES] if several else []),
        ]
        for over, length, several in zip(wet, access_m, more, strict=True)
    ]
    return table[list(COST_COLUMNS)]


def _water_and_sewer(connection: npt.NDArray[Any], line_m: Floats, costs: UnitCosts) -> tuple[Floats, Floats]:
    """Return the low and the high end of water and sewer."""
    private = [costs.private_sewer[end] + costs.private_water[end] for end in (0, 1)]
    public = costs.public_connection
    unknown = connection == "unknown"
    low = np.where(unknown, min(private[0], public[0]), private[0])
    high = np.where(unknown, max(private[1], public[1]), private[1])
    # NaN, out of reach, is not less than anything.
    by_line = np.fmin(low, public[0] + line_m * costs.line[0])
    low = np.where(connection == "private", by_line, low)
    is_public = connection == "public"
    return np.where(is_public, public[0], low), np.where(is_public, public[1], high)


def _connection_length(
    plots: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None, water: npt.NDArray[Any], reach: float
) -> Floats:
    """Return the way to public water and to public sewer, the longer of the two, in metres; NaN beyond reach."""
    longest = np.zeros(len(plots))
    kinds: tuple[Literal["water", "sewer"], ...] = ("water", "sewer")
    for kind in kinds:
        places = np.empty(0, dtype=object) if areas is None else served(areas, kind).geometry.to_numpy()
        pieces = subdivide(places).shapes
        length, wet = _nearest(plots, pieces, np.zeros(len(pieces)), water)
        length[wet] = np.nan
        longest = np.maximum(longest, length)
    longest[~(longest <= reach)] = np.nan
    return longest


def _access_length(
    plots: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None, water: npt.NDArray[Any], costs: UnitCosts
) -> tuple[Floats, Flags]:
    """Return the way to the edge of the nearest road in metres, and whether it goes over water."""
    if roads is None:
        return np.full(len(plots), np.nan), np.zeros(len(plots), dtype=bool)
    driven = roads[optional(roads, "kind") != "path"]
    width = pd.to_numeric(optional(driven, "width_m"), errors="coerce").fillna(costs.road_width)
    half = width.to_numpy(dtype=float) / 2
    pieces, road = chunk_lines(driven.geometry.to_numpy())
    length, wet = _nearest(plots, pieces, half[road], water)
    length[length <= costs.frontage] = 0.0
    length[wet] = np.nan
    return length, wet


def _nearest(
    plots: gpd.GeoDataFrame, shapes: npt.NDArray[Any], half_width: Floats, water: npt.NDArray[Any]
) -> tuple[Floats, Flags]:
    """Return the straight way to the edge of the nearest shape in metres, and whether it goes over water.

    Shapes are small pieces: a way to one long road costs as much as to a thousand of them. Of several equally near
    the driest and widest counts, so that the order of rows says nothing.
    """
    unit = metres_per_unit(plots.crs)
    length, wet = np.full(len(plots), np.nan), np.zeros(len(plots), dtype=bool)
    if not len(shapes) or not len(plots):
        return length, wet
    places = plots.geometry.to_numpy()
    (plot, shape), distance = shapely.STRtree(shapes).query_nearest(places, return_distance=True, all_matches=True)
    ways = shapely.shortest_line(places[plot], shapes[shape])
    over = _over_water(ways, water, _TOUCHING_M / unit)
    edge = np.maximum(distance * unit - half_width[shape], 0.0)
    order = np.lexsort((edge, over, plot))
    first = order[np.unique(plot[order], return_index=True)[1]]
    length[plot[first]], wet[plot[first]] = edge[first], over[first]
    return length, wet


def _over_water(ways: npt.NDArray[Any], water: npt.NDArray[Any], touching: float) -> Flags:
    over = np.zeros(len(ways), dtype=bool)
    if len(water):
        way, piece = shapely.STRtree(water).query(ways, predicate="intersects")
        length = shapely.length(shapely.intersection(ways[way], water[piece]))
        over = np.bincount(way, weights=length, minlength=len(ways)) > touching
    return over


def _water(layer: gpd.GeoDataFrame | None) -> npt.NDArray[Any]:
    """Return the waters with an area, in small pieces: one predicate against a whole sea costs as much as thousands.

    A watercourse that is a line is crossed by a culvert.
    """
    if layer is None:
        return np.empty(0, dtype=object)
    shapes = layer.geometry.to_numpy()
    return subdivide(shapes[shapely.get_dimensions(shapes) == 2]).shapes


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_range(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_amount, value)) and value[0] <= value[1]


def _range(value: Any) -> Range:
    return float(value[0]), float(value[1])

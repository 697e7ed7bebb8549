"""What roads do not connect: how long it takes over water from one piece of land to another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.frames import check_frame, metres_per_unit, same_crs
from geoplan.plots.travel.approach import DryLand
from geoplan.plots.travel.network import Floats, Indices, Network, Shapes, build_network
from geoplan.plots.travel.routes import Routes, build_routes, cheapest, shortest
from geoplan.plots.travel.sailings import sailings
from geoplan.plots.travel.standards import Mode, Season, TravelStandards

__all__ = ["crossing_minutes", "crossings", "dry_land", "piece_names"]


def crossing_minutes(
    areas: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    ferries: gpd.GeoDataFrame | None = None,
    *,
    standards: TravelStandards,
    season: Season = "winter",
    water: gpd.GeoDataFrame | None = None,
    mode: Mode = "foot",
) -> pd.DataFrame:
    """Return how long it takes over water from each area to each other.

    Parameters
    ----------
    areas
        ``id`` and polygons or points, in the projected CRS of the layers. A polygon stands for the piece of network
        that has the most road within it (so that a coastal area with a few islands is mainland); where it has no
        road, for the piece that it meets as a plot does. A point is the place itself.
    roads, ferries, water
        The layers; ``None`` for ferries means that none sails.
    season
        ``winter`` or ``summer``.
    mode
        Who crosses: a car needs a ferry that carries cars.

    Returns
    -------
    pandas.DataFrame
        One row a pair of areas, each way, in the order of ``areas``: ``from_area``, ``to_area``, ``minutes``: waiting
        and sailing on the quickest way, 0 where roads connect them, NaN where nothing does. What is travelled on land
        does not count.

    Raises
    ------
    FrameError, CRSError
        A layer does not satisfy its contract, or layers differ in CRS.
    """
    check_frame(areas, name="areas", columns=["id"], geometry=["point", "polygon"], unique="id")
    same_crs(areas, roads, ferries, water)
    network = build_network(roads, snapping_m=standards.snapping)
    sails = sailings(ferries, season=season, standards=standards)
    land = dry_land(water, standards)
    routes = build_routes(network, sails, mode=mode, standards=standards, land=land)
    piece = _area_pieces(areas, routes)
    known = np.unique(piece[piece >= 0])
    table = np.full((int(routes.piece.max(initial=-1)) + 2,) * 2, np.inf)
    for number in known:
        table[number, :-1] = crossings(routes, int(number))
    minutes = table[piece[:, None], piece[None, :]]
    np.fill_diagonal(minutes, 0.0)
    ids = areas["id"].to_numpy()
    return pd.DataFrame({
        "from_area": np.repeat(ids, len(ids)),
        "to_area": np.tile(ids, len(ids)),
        "minutes": np.where(np.isinf(minutes), np.nan, minutes).ravel(),
    })  # fmt: skip


def crossings(routes: Routes, piece: int) -> Floats:
    """Return the minutes over water from one piece of network to each, infinite where no ferry goes."""
    count = int(routes.piece.max(initial=-1)) + 1
    ends = routes.piece[routes.ferries]
    return shortest(cheapest(ends[:, 0], ends[:, 1], routes.ferry_minutes, count), np.array([piece]))


def dry_land(water: gpd.GeoDataFrame | None, standards: TravelStandards) -> DryLand | None:
    """Return where ways to the network keep to, or ``None`` where nothing is known of water."""
    if water is None:
        return None
    check_frame(water, name="water", geometry=["line", "polygon"])
    return DryLand(water, standards.access_over_water / metres_per_unit(water.crs))


def piece_names(routes: Routes) -> Shapes:
    """Return a name for each piece of network: east and north of its south-western corner, units of the CRS.

    The name does not depend on any other piece.
    """
    corners = shapely.bounds(routes.network.shapes)[:, :2]
    low = np.full((int(routes.piece.max(initial=-1)) + 1, 2), np.inf)
    np.minimum.at(low, routes.piece[routes.shape_node], corners)
    return np.array([f"{x:.0f} {y:.0f}" for x, y in low], dtype=object)


def _area_pieces(areas: gpd.GeoDataFrame, routes: Routes) -> Indices:
    """Return the piece of network that stands for each area, -1 where none does."""
    shapes = areas.geometry.to_numpy()
    network, count = routes.network, int(routes.piece.max(initial=-1)) + 1
    length, middle, piece = _segments(network, routes.piece)
    area, segment = shapely.STRtree(middle).query(shapes, predicate="intersects")
    result = np.full(len(shapes), -1, dtype=np.intp)
    inside = np.bincount(area * count + piece[segment], length[segment], minlength=len(shapes) * count)
    inside = inside.reshape(len(shapes), count)
    polygon = shapely.get_dimensions(shapes) == 2
    held = polygon & (inside.max(axis=1, initial=0.0) > 0)
    result[held] = inside[held].argmax(axis=1) if count else -1
    rest = np.flatnonzero(~held)
    met = routes.meet(shapes[rest])
    result[rest[met.found]] = routes.piece[routes.shape_node[met.shape[met.found]]]
    return result


def _segments(network: Network, piece: Indices) -> tuple[Floats, Shapes, Indices]:
    """Return the length, m, the middle and the piece of each segment of road."""
    first = network.segments
    length = (network.at[first + 1] - network.at[first]) * network.metres
    middle = (network.at[first + 1] + network.at[first]) / 2
    points = shapely.line_interpolate_point(network.shapes[network.line[first]], middle)
    return length, points, piece[network.node[first]]

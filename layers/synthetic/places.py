"""Where the villages, the farms and the plots by the shore lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from layers.synthetic.noise import Floats
from layers.synthetic.size import Size
from layers.synthetic.terrain import Terrain

__all__ = ["Places", "find_places"]


@dataclass(frozen=True)
class Places:
    """Points, shape (n, 2), east and north in metres.

    Attributes
    ----------
    villages
        The villages' middles.
    farms
        Places on the mainland that a private road leads to.
    shores
        Places on the mainland's shore that are cut into plots.
    islands
        The same on the islands, by falling size of the island.
    """

    villages: Floats
    farms: Floats
    shores: Floats
    islands: Floats


def find_places(rng: np.random.Generator, terrain: Terrain, size: Size) -> Places:
    """Choose the places, far from each other and from the town."""
    (x0, y0), side = size.origin, size.extent_m
    inner = terrain.mainland.intersection(terrain.municipality.buffer(-side * 0.04))
    points = np.array([x0, y0]) + side * rng.uniform(size=(4000, 2))
    points = points[shapely.contains_xy(inner, points)]
    coast = shapely.LineString(terrain.mainland.exterior).intersection(terrain.municipality.buffer(-50))
    shore_m = shapely.distance(shapely.points(points), coast.simplify(20.0))
    town = shapely.get_coordinates(terrain.town)
    near = points[(shore_m > size.village_radius_m * 0.6) & (shore_m < 0.13 * side)]
    apart = side * 0.16
    villages = _spread(near, town, count=size.villages, apart_m=apart, far=True)
    farms = _spread(
        points,
        np.vstack([town, villages]),
        count=round(side / 400) if side > 20_000 else 12,
        apart_m=side * 0.03,
        far=False,
    )
    taken = np.vstack([town, villages])
    on_mainland = round(size.shore_clusters * 0.45)
    shores = _spread(
        shapely.get_coordinates(coast)[::7], taken, count=on_mainland, apart_m=side * 0.02, far=False, rng=rng
    )
    large = terrain.land[1:][shapely.area(terrain.land[1:]) > 40_000]
    rims = [shapely.get_coordinates(island.exterior)[::9] for island in large[:60]]
    rim = np.vstack(rims) if rims else np.empty((0, 2))
    rim = rim[shapely.contains_xy(terrain.municipality.buffer(-100), rim)]
    islands = _spread(rim, shores, count=size.shore_clusters - on_mainland, apart_m=side * 0.017, far=False, rng=rng)
    return Places(villages=villages, farms=farms, shores=shores, islands=islands)


def _spread(
    candidates: Floats,
    taken: Floats,
    *,
    count: int,
    apart_m: float,
    far: bool,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Choose points apart from each other: the farthest each time, or in the order given or of chance."""
    if rng is not None:
        candidates = candidates[rng.permutation(len(candidates))]
    gap = np.min(np.hypot(*(candidates[:, None] - taken[None]).transpose(2, 0, 1)), axis=1)
    chosen: list[npt.NDArray[np.float64]] = []
    while len(chosen) < count and (gap > apart_m).any():
        # Of those that are far enough, the nearest when places should cluster around the town.
        pick = int(np.argmax(gap)) if far else int(np.argmax(gap > apart_m))
        chosen.append(candidates[pick])
        gap = np.minimum(gap, np.hypot(*(candidates - candidates[pick]).T))
    return np.array(chosen).reshape(-1, 2)

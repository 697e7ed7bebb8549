"""Land that high water reaches: floods by return period, and land below levels of the sea."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.contours import faces_above
from layers.synthetic.frames import layer
from layers.synthetic.noise import Field
from layers.synthetic.terrain import Terrain

__all__ = ["flood_layer", "low_land", "sea_level_layer"]

Shapes = npt.NDArray[np.object_]

_FLOODS = ((100, 0.03, 45.0), (200, 0.055, 80.0))
"""Return period in years, height above the sea as the terrain counts it, reach beside the river in metres."""

_HIGHEST_FLOW = (10_000, 100.0)
"""The calculated highest flow: about its return period in years, and reach beside the river in metres."""

_LEVELS = ((1.5, 0.03), (2.5, 0.05))
"""Level of the sea in metres, and the height that the terrain counts for it."""


def low_land(terrain: Terrain) -> dict[float, Shapes]:
    """Return, for each height that the layers here ask for, the faces of low ground that open to the sea."""
    x0, y0 = terrain.height.origin
    side = terrain.height.cell_m * (len(terrain.height.values) - 1)
    east = shapely.LineString([(x0 + side - 1, y0), (x0 + side - 1, y0 + side)])
    found = {}
    for height in sorted({height for _, height, _ in _FLOODS} | {height for _, height in _LEVELS}):
        raised = Field(terrain.height.values - height, terrain.height.origin, terrain.height.cell_m)
        faces, above = faces_above(raised)
        found[height] = faces[~above & shapely.intersects(faces, east)]
    return found


def flood_layer(terrain: Terrain, low: Mapping[float, Shapes]) -> gpd.GeoDataFrame:
    """Return the low land that water reaches once in 100 and in 200 years, and what the highest flow reaches."""
    river = terrain.river_line.simplify(5.0)
    reached = [_on_land(terrain, [*low[height], river.buffer(reach)]) for _, height, reach in _FLOODS]
    period, reach = _HIGHEST_FLOW
    reached.append(_on_land(terrain, [river.buffer(reach)]))
    return layer("flood", reached, id=["F100", "F200", "BHF"], return_period=[*(f[0] for f in _FLOODS), period])


def sea_level_layer(terrain: Terrain, low: Mapping[float, Shapes]) -> gpd.GeoDataFrame:
    """Return the land below each level of the sea, the lower within the higher."""
    shapes = [_on_land(terrain, low[height]) for _, height in _LEVELS]
    levels = [level for level, _ in _LEVELS]
    return layer("sea_levels", shapes, id=[f"H{level:g}" for level in levels], level_m=levels)


def _on_land(terrain: Terrain, shapes: list[BaseGeometry] | Shapes) -> BaseGeometry:
    land = shapely.multipolygons(terrain.land)
    parts = shapely.get_parts(shapely.intersection(shapely.union_all(shapes), land))
    kept: BaseGeometry = shapely.multipolygons(parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 400)])
    return kept

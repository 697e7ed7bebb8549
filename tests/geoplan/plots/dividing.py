"""Helpers of the tests of subdivision: land with holes, bays and slivers, and a road past it."""

import geopandas as gpd
import numpy as np
import shapely
from place import frame, metres

from geoplan.frames import metres_per_unit
from geoplan.plots.subdivision.access import HAIR_M, Roads, find_roads, thin
from geoplan.plots.subdivision.layout import Ground
from geoplan.plots.subdivision.standards import SubdivisionStandards

STANDARDS = SubdivisionStandards(min_area=600, target_area=900, min_width=18, depth=32)


def road(*xy: tuple[float, float], crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    """A municipal road of 6 m; its edge reaches 9 m from the middle."""
    return frame([metres(shapely.LineString(xy), crs)], crs, **({"kind": "municipal", "width_m": 6.0} | columns))


def roads(*xy: tuple[float, float], crs: int = 3006) -> Roads:
    found = find_roads({"roads": road(*xy, crs=crs)}, STANDARDS, crs=crs)
    assert found is not None
    return found


def ground(shape: shapely.Polygon, along: Roads, standards: SubdivisionStandards = STANDARDS) -> Ground:
    front = along.fronts(np.array([shape], dtype=object))[0]
    return Ground(shape, thin(front, along.unit), front, standards.in_units(along.unit), HAIR_M / along.unit)


def rough_land(random: np.random.Generator) -> shapely.Geometry:
    """Land in metres, north of y = 0: a star with bays, holes, needles and loose bits."""
    count = int(random.integers(5, 14))
    angle = np.sort(random.uniform(0, 2 * np.pi, count))
    radius = random.uniform(15, 110, count)
    land = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])).buffer(0)
    for _ in range(int(random.integers(0, 4))):
        land = land.difference(shapely.Point(*random.uniform(-60, 60, 2)).buffer(random.uniform(2, 15)))
    for _ in range(int(random.integers(0, 3))):
        ends = random.uniform(-90, 90, (2, 2))
        land = land.difference(shapely.LineString(ends).buffer(random.uniform(0.05, 3)))
    south = land.bounds[1] if not land.is_empty else 0.0
    return shapely.affinity.translate(land, 0, -south)


def overlap(shapes: list[shapely.Geometry]) -> float:
    """The area that is covered more than once."""
    if not shapes:
        return 0.0
    return float(sum(shape.area for shape in shapes) - shapely.union_all(shapes).area)


def unit_of(crs: int) -> float:
    return metres_per_unit(crs)

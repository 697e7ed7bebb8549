"""Helpers of the land tests: rules and frames with everything filled in that a test does not care about."""

import geopandas as gpd
import numpy as np
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.rules import RuleSet

TEXT = {"sv": "sv", "en": "en"}


def make_rule(**given: object) -> dict[str, object]:
    """A rule with everything that a test does not care about filled in."""
    return {"title": TEXT, "severity": "forbidden", "legal_basis": TEXT, "source": "test"} | given


def make_rules(*rules: dict[str, object], settings: dict[str, object] | None = None) -> RuleSet:
    content = {
        "name": "test",
        "title": TEXT,
        "description": TEXT,
        "rules": list(rules),
        "settings": settings or {},
    }
    return RuleSet.from_mapping(content)


def frame(shapes: object, crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    shapes = np.asarray(shapes, dtype=object)
    return gpd.GeoDataFrame({"id": [f"f{n}" for n in range(len(shapes))]} | columns, geometry=shapes, crs=crs)


def metres(shape: shapely.Geometry, crs: int) -> shapely.Geometry:
    """Return a shape given in metres, in the unit of a CRS, moved into its area of use."""
    factor = 1 / metres_per_unit(crs)
    origin = {3006: (600_000.0, 6_800_000.0), 2284: (11_235_000.0, 3_790_000.0)}[crs]
    return shapely.transform(shape, lambda xy: xy * factor + np.array(origin))

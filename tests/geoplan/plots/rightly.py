"""Helpers of the tests of building rights: made-up codes, and assumptions with round numbers."""

import geopandas as gpd
import pandas as pd
import shapely
from place import frame, metres

from geoplan.plots.rights.dwellings import DwellingAssumptions
from geoplan.plots.rights.readings import Reading
from geoplan.plots.rights.rights import building_rights

READINGS = {
    "PART": Reading("building_area", "%", "provision_area", source="test"),
    "USE": Reading("building_area", "%", "use_area", source="test"),
    "LOT": Reading("building_area", "%", "property", source="test"),
    "EACH": Reading("building_area", "m²", source="test"),
    "SHARED": Reading("building_area", "m²", "provision_area", "area", source="test"),
    "SHARED-USE": Reading("building_area", "m²", "use_area", "area", source="test"),
    "FLOOR": Reading("gross_floor_area", "%", "use_area", source="test"),
    "RIDGE": Reading("height", "m", height_reference="ground", source="test"),
    "LEVEL": Reading("height", "m", height_reference="datum", source="test"),
    "SMALLEST": Reading("plot_min", "m²", source="test"),
}
DWELLINGS = DwellingAssumptions(
    dwelling_area_m2={"one_or_two": 100.0, "multi": 50.0},
    gross_per_dwelling_area={"one_or_two": 1.0, "multi": 1.0},
    smallest_floor_area_m2={"one_or_two": 50.0, "multi": 40.0},
    storeys={"one_or_two": 1, "multi": 2},
    metres_per_storey=3.0,
    roof_m=2.0,
    smallest_multi=3,
    reaching_share=0.1,
)


def boxes(*bounds: tuple[float, float, float, float], crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    """Boxes given in metres."""
    return frame([metres(shapely.box(*each), crs) for each in bounds], crs, **columns)


def plan(*bounds: tuple[float, float, float, float], crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    """Plans for homes that are in force."""
    count = len(bounds)
    return boxes(*bounds, crs=crs, **({"use_code": ["B"] * count, "homes": ["allowed"] * count} | columns))


def provision(
    code: str, value: float | None, *bounds: tuple[float, float, float, float], crs: int = 3006
) -> gpd.GeoDataFrame:
    """A provision on each box."""
    count = len(bounds)
    return boxes(*bounds, crs=crs, kind=["building_right"] * count, code=[code] * count, value=[value] * count)


def right(
    lots: gpd.GeoDataFrame, plans: gpd.GeoDataFrame, *provisions: gpd.GeoDataFrame, **layers: gpd.GeoDataFrame
) -> pd.DataFrame:
    """The rights with the readings and assumptions of the tests."""
    given: dict[str, gpd.GeoDataFrame] = {"plans": plans} | layers
    if provisions:
        given["plan_provisions"] = pd.concat(provisions, ignore_index=True)
    return building_rights(lots, given, readings=READINGS, dwellings=DWELLINGS)

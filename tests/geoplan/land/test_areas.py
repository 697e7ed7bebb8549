import geopandas as gpd
import shapely
from place import frame

from geoplan.land.areas import area_kinds, containing, islands

MUNICIPALITY = frame([shapely.box(0, 0, 1_000, 1_000)])
ISLE, OTHER = shapely.box(700, 700, 750, 750), shapely.box(800, 100, 900, 200)
SEA = shapely.box(500, 0, 1_000, 1_000).difference(shapely.union_all([ISLE, OTHER]))
WATER = frame([SEA, shapely.box(100, 100, 200, 200)], kind=["sea", "lake"])
SETTLEMENTS = frame([shapely.box(0, 0, 90, 90), shapely.box(0, 500, 90, 590), OTHER], kind=["urban", "small", "urban"])


def test_an_island_is_land_in_the_sea_away_from_the_mainland() -> None:
    found = islands({"municipality": MUNICIPALITY, "water": WATER})
    assert sorted(shapely.area(found)) == [2_500.0, 10_000.0]


def test_an_island_in_a_lake_and_land_without_a_sea_are_no_archipelago() -> None:
    lake = shapely.box(100, 100, 300, 300).difference(shapely.box(150, 150, 250, 250))
    assert len(islands({"municipality": MUNICIPALITY, "water": frame([lake], kind=["lake"])})) == 0
    assert len(islands({"municipality": MUNICIPALITY})) == 0


def test_a_town_on_an_island_is_a_town() -> None:
    places = gpd.GeoSeries(
        [shapely.Point(*xy) for xy in [(50, 50), (50, 550), (400, 400), (720, 720), (850, 150)]], crs=3006
    )
    layers = {"municipality": MUNICIPALITY, "water": WATER, "settlements": SETTLEMENTS}
    assert list(area_kinds(places, layers)) == ["town", "rural", "rural", "archipelago", "town"]
    assert set(area_kinds(places, {})) == {"rural"}


def test_a_place_in_two_areas_is_in_the_first_and_outside_all_in_none() -> None:
    areas = frame([shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)])
    places = gpd.GeoSeries([shapely.Point(7, 5), shapely.Point(12, 5), shapely.Point(99, 5)], crs=3006)
    assert list(containing(places, areas)) == ["f0", "f1", None]
    assert list(containing(places, None)) == [None, None, None]

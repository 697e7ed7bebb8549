import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from place import frame, metres

from geoplan.errors import CRSError
from geoplan.frames import area_m2
from geoplan.land.shoreline import ShoreRule, protected_waters, sea_from_land, shore_zone, unsure_waters

MUNICIPALITY = shapely.box(0, 0, 2_000, 1_000)
LAND = shapely.union_all([shapely.box(-500, -500, 1_000, 1_500), shapely.Point(1_500, 500).buffer(50)])


def place(crs: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    municipality = frame([metres(MUNICIPALITY, crs)], crs)
    land = frame([metres(shape, crs) for shape in shapely.get_parts(LAND)], crs)
    return sea_from_land(land, municipality), municipality


def test_the_sea_is_the_municipality_minus_land(crs: int) -> None:
    sea, municipality = place(crs)
    expected = MUNICIPALITY.difference(LAND).area
    assert area_m2(sea).sum() == pytest.approx(expected, rel=1e-9)
    assert set(sea["kind"]) == {"sea"}
    dry = frame([metres(shapely.box(-9, -9, 2_009, 1_009), crs)], crs)
    assert sea_from_land(dry, municipality).empty


def test_the_zone_lies_on_land_and_in_water_but_not_along_the_edge_of_the_data(crs: int) -> None:
    sea, municipality = place(crs)
    zone = shore_zone(sea, distance_m=100, extent=municipality)
    whole = shapely.intersection(shapely.union_all(zone.geometry.to_numpy()), municipality.geometry.iloc[0])
    # The straight coast has 100 m on either side over 1 000 m; the island of radius 50 m is all within 100 m of
    # its shore, with a ring of water 100 m wide around it.
    expected = 200 * 1_000 + np.pi * 150**2
    found = area_m2(gpd.GeoSeries([whole], crs=crs)).iloc[0]
    assert found == pytest.approx(expected, rel=2e-3)
    assert set(zone["basis"]) == {"computed_general"}
    far_out = metres(shapely.Point(1_990, 500), crs)
    assert not whole.intersects(far_out)


def test_waters_are_exempt_by_size_width_and_year() -> None:
    water = frame(
        [
            shapely.box(0, 0, 90, 100),
            shapely.box(0, 0, 100, 100),
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.box(0, 0, 500, 500),
            shapely.box(0, 0, 500, 500),
        ],
        kind=["lake", "lake", "stream", "stream", "stream", "constructed", "constructed"],
        width_m=[np.nan, np.nan, 1.9, 2.0, np.nan, np.nan, np.nan],
        constructed_after=pd.Series([None] * 5 + ["1975-06-30", "1975-07-01"], dtype=object),
    )
    rule = ShoreRule(lake_min_area_m2=10_000, stream_min_width_m=2, constructed_before=dt.date(1975, 7, 1))
    assert list(protected_waters(water, rule)["id"]) == ["f1", "f3", "f4", "f5"]
    assert len(protected_waters(water, ShoreRule())) == 7


def test_only_an_attribute_that_decides_makes_a_water_unsure() -> None:
    water = frame(
        [
            shapely.LineString([(0, 0), (1, 1)]),  # a stream of unknown width
            shapely.LineString([(0, 0), (1, 1)]),  # one that is wide enough
            shapely.box(0, 0, 1.9, 500),  # one mapped as an area, too narrow for a circle of 2 m
            shapely.box(0, 0, 2.1, 500),  # and one where it fits
            shapely.box(0, 0, 500, 500),  # constructed, nobody knows when
            shapely.box(0, 0, 500, 500),  # constructed in 1900
            shapely.box(0, 0, 500, 500),  # a lake: its day of construction is not asked for
            shapely.LineString([(0, 0), (1, 1)]),  # a lake without an area
            shapely.box(0, 0, 500, 500),  # the sea
        ],
        kind=["stream"] * 4 + ["constructed"] * 2 + ["lake"] * 2 + ["sea"],
        width_m=[np.nan, 2.0] + [np.nan] * 7,
        constructed_after=pd.Series([None] * 5 + ["1900-01-01"] + [None] * 3, dtype=object),
    )
    rule = ShoreRule(lake_min_area_m2=10_000, stream_min_width_m=2, constructed_before=dt.date(1975, 7, 1))
    chosen = protected_waters(water, rule)
    assert len(chosen) == len(water)
    assert list(chosen.loc[unsure_waters(chosen, rule), "id"]) == ["f0", "f2", "f4", "f7"]
    # A law that exempts nothing leaves nothing unsure.
    assert not unsure_waters(water, ShoreRule()).any()
    bare = water.drop(columns=["width_m", "constructed_after"])
    assert list(bare.loc[unsure_waters(bare, rule), "id"]) == ["f0", "f1", "f2", "f4", "f5", "f7"]


def test_a_lake_that_ends_small_with_the_data_may_be_larger(crs: int) -> None:
    municipality = frame([metres(shapely.box(0, 0, 1_000, 1_000), crs)], crs)
    shapes = [
        shapely.box(950, 0, 1_000, 90),  # ends with the data: 4 500 m² of who knows how much
        shapely.box(950, 200, 1_050, 290),  # goes on beyond the municipality, and is known whole
        shapely.box(500, 500, 590, 590),  # lies inside
        shapely.box(0, 500, 200, 700),  # ends with the data, but is large enough as it is
    ]
    lakes = frame([metres(shape, crs) for shape in shapes], crs, kind="lake")
    rule = ShoreRule(lake_min_area_m2=10_000)
    chosen = protected_waters(lakes, rule, extent=municipality)
    assert list(chosen["id"]) == ["f0", "f3"]
    assert list(unsure_waters(chosen, rule)) == [True, False]
    zone = shore_zone(lakes, distance_m=100, rule=rule, extent=municipality)
    assert zone.groupby("basis")["feature"].agg(set).to_dict() == {
        "computed_general": {"f3"},
        "computed_unsure": {"f0"},
    }


def test_the_unsure_zone_is_as_wide_as_the_sure_one_and_is_lifted_with_it() -> None:
    streams = frame([shapely.LineString([(0, 0), (1_000, 0)])], kind="stream", width_m=[np.nan])
    lifted = frame([shapely.box(-500, -500, 400, 500)], decision=["lifted"])
    rule = ShoreRule(stream_min_width_m=2)
    zone = shore_zone(streams, distance_m=100, rule=rule, decisions=lifted)
    area = {basis: shapely.union_all(part.geometry.to_numpy()).area for basis, part in zone.groupby("basis")}
    circle = 64 / 2 * np.sin(2 * np.pi / 64) * 100**2
    assert area["computed_unsure"] == pytest.approx(200 * 600 + circle / 2, rel=1e-9)
    assert area["lifted"] == 900 * 1_000
    sure = shore_zone(streams, distance_m=100, decisions=lifted)
    assert set(sure["basis"]) == {"computed_general", "lifted"}


def test_a_strip_with_a_width_of_its_own_takes_no_extension_but_is_lifted() -> None:
    sea, municipality = place(3006)
    decisions = frame(
        [metres(shapely.box(700, 0, 1_000, 200), 3006), metres(shapely.box(900, 400, 1_100, 600), 3006)],
        decision=["extended", "lifted"],
    )
    strip = shore_zone(sea, distance_m=25, rule=ShoreRule(extended=False), extent=municipality, decisions=decisions)
    assert set(strip["basis"]) == {"computed_general", "lifted"}
    general = shapely.union_all(strip.loc[strip["basis"] == "computed_general"].geometry.to_numpy())
    assert not general.intersects(metres(shapely.Point(950, 500), 3006))
    assert general.covers(metres(shapely.Point(980, 100), 3006))
    assert not general.intersects(metres(shapely.Point(720, 100), 3006))


def test_decisions_extend_and_lift_with_their_own_basis() -> None:
    sea, municipality = place(3006)
    decisions = frame(
        [metres(shapely.box(700, 0, 1_000, 200), 3006), metres(shapely.box(900, 400, 1_100, 600), 3006)],
        decision=["extended", "lifted"],
    )
    zone = shore_zone(sea, distance_m=100, extent=municipality, decisions=decisions)
    area = {basis: shapely.union_all(part.geometry.to_numpy()) for basis, part in zone.groupby("basis", sort=False)}
    assert set(area) == {"computed_general", "decided_extended", "lifted"}
    lifted = metres(shapely.Point(950, 500), 3006)
    assert area["lifted"].covers(lifted)
    assert not area["computed_general"].intersects(lifted)
    assert area["decided_extended"].covers(metres(shapely.Point(720, 100), 3006))
    assert area["computed_general"].intersection(area["lifted"]).area == pytest.approx(0, abs=1e-6)


def test_touching_waters_share_no_shore() -> None:
    water = frame([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)], kind=["lake", "lake"])
    zone = shapely.union_all(shore_zone(water, distance_m=10).geometry.to_numpy())
    assert not zone.intersects(shapely.Point(100, 50))


def test_layers_of_different_crs_are_refused() -> None:
    with pytest.raises(CRSError, match="different CRSs"):
        sea_from_land(frame([shapely.box(0, 0, 1, 1)]), frame([shapely.box(0, 0, 1, 1)], 3010))


def test_soderhamn(shared_data: object) -> None:
    """The zone of the real coast equals the same zone computed the plain way, by buffers of whole areas."""
    folder = f"{shared_data}/soderhamn"
    municipalities = gpd.read_file(f"{folder}/municipalities_gavleborg.gpkg")
    municipality = municipalities[municipalities["KOM_KOD"] == "2182"]
    land = gpd.read_file(f"{folder}/coast_gavleborg_osm.gpkg")
    sea = sea_from_land(land, municipality)
    whole = municipality.geometry.iloc[0]
    zone = shapely.union_all(shore_zone(sea, distance_m=100, extent=municipality).geometry.to_numpy())
    zone = zone.intersection(whole)
    wet = shapely.union_all(sea.geometry.to_numpy())
    on_land = wet.buffer(100, quad_segs=16).intersection(whole).difference(wet)
    in_water = whole.difference(wet).buffer(100, quad_segs=16).intersection(wet)
    assert zone.difference(wet).area == pytest.approx(on_land.area, rel=1e-4)
    assert zone.intersection(wet).area == pytest.approx(in_water.area, rel=1e-4)
    assert on_land.area / 1e6 == pytest.approx(20.4, abs=0.1)

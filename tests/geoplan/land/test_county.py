"""A made-up American county in feet: a rule set and layers that share nothing with the Swedish ones."""

import datetime as dt
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.errors import SettingsError
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import Constraints, build_constraints
from geoplan.land.rules import RuleSet

DAY = dt.date(2026, 1, 1)
EAST, NORTH = 11_235_000.0, 3_790_000.0
SQUARE_FOOT = (1200 / 3937) ** 2


def feet(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    """Shapes in US survey feet from a corner of EPSG:2284."""
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([EAST, NORTH]))
    return gpd.GeoDataFrame({"id": [f"{n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=2284)


@pytest.fixture
def rules() -> RuleSet:
    text = (Path(__file__).parent / "county.toml").read_text(encoding="utf-8")
    return RuleSet.from_mapping(tomllib.loads(text)).with_settings({"steepest_buildable_slope": 25})


@pytest.fixture
def layers() -> dict[str, gpd.GeoDataFrame]:
    """Five lots of 400 by 400 ft in a row, each with a trouble of its own."""
    lots = [shapely.box(n * 1_000, 0, n * 1_000 + 400, 400) for n in range(5)]
    return {
        "parcels": feet(lots),
        "street_centerlines": feet(
            [shapely.LineString([(-500, 0), (600, 0)]), shapely.LineString([(900, 0), (4_900, 0)])],
            functional_class=["arterial", "local"],
        ),
        "downtown_overlay": feet([shapely.box(3_900, -100, 4_500, 500)]),
        "fema_flood_zones": feet(
            [shapely.box(1_000, 300, 1_400, 400), shapely.box(1_000, 200, 1_400, 400)], zone=["FW", "AE"]
        ),
        "slope_classes": feet(
            [shapely.box(2_000, 0, 2_100, 400), shapely.box(2_100, 0, 2_200, 400), shapely.box(2_200, 0, 2_400, 400)],
            percent_from=[40, 25, 10],
        ),
        "creeks": feet(
            [shapely.LineString([(2_900, 400), (3_500, 400)]), shapely.LineString([(3_000, 200), (3_400, 200)])],
            kind="stream",
            width_m=[2.0, None],
        ),
        "brownfields": feet([shapely.Point(4_200, 200)]),
        "sewer_district": feet([shapely.box(-1_000, -1_000, 1_500, 1_000)]),
        "greenways": feet([shapely.box(3_000, 300, 3_400, 400)]),
    }


def left(layers: dict[str, gpd.GeoDataFrame], constraints: Constraints) -> list[float]:
    """Square feet that each lot has left."""
    found = buildable_land(layers["parcels"], constraints).parcels
    return [round(area / SQUARE_FOOT, 3) for area in found["buildable_m2"]]


def test_every_lot_has_left_what_the_county_s_rules_leave(rules: RuleSet, layers: dict[str, gpd.GeoDataFrame]) -> None:
    constraints = build_constraints(rules, layers, as_of=DAY)
    assert constraints.unknown == ()
    assert left(layers, constraints) == [
        400 * 350,  # 50 ft from an arterial
        400 * 175,  # 25 ft from a local street, and the floodplain from 200 ft
        200 * 375,  # slopes of 25 % and more, and the setback
        400 * 75,  # both creeks' buffers, 100 ft on either side, and the setback: what lies between 25 and 100 ft
        0,  # no setback downtown, but a brownfield: the whole lot
    ]


def test_each_word_of_the_rules_means_what_it_says(rules: RuleSet, layers: dict[str, gpd.GeoDataFrame]) -> None:
    constraints = build_constraints(rules, layers, as_of=DAY)
    found = buildable_land(layers["parcels"], constraints)
    feet_of = {
        (row.parcel, row.rule, row.severity): round(row.area_m2 / SQUARE_FOOT, 3) for row in found.reasons.itertuples()
    }
    assert feet_of == {
        ("0", "front_setback", "forbidden"): 400 * 50,
        ("1", "front_setback", "forbidden"): 400 * 25,
        ("1", "floodway", "forbidden"): 400 * 100,
        ("1", "flood_fringe", "needs_exemption"): 400 * 200,
        ("2", "front_setback", "forbidden"): 400 * 25,
        ("2", "steep_slope", "needs_exemption"): 200 * 400,
        ("2", "no_sewer", "costs"): 400 * 400,
        ("3", "front_setback", "forbidden"): 400 * 25,
        ("3", "riparian_buffer", "needs_exemption"): 400 * 100,
        # Nobody measured the second creek: its buffer has to be found out.
        ("3", "riparian_buffer", "investigate"): 400 * 200,
        ("3", "no_sewer", "costs"): 400 * 400,
        ("3", "greenway", "noted"): 400 * 100,
        ("4", "brownfield", "investigate"): 400 * 400,
        ("4", "no_sewer", "costs"): 400 * 400,
    }
    assert rules.rule("greenway").opens == ("riparian_buffer",)


def test_what_a_variance_could_open_is_told_apart(rules: RuleSet, layers: dict[str, gpd.GeoDataFrame]) -> None:
    found = buildable_land(layers["parcels"], build_constraints(rules, layers, as_of=DAY)).parcels
    only_forbidden = [round(area / SQUARE_FOOT, 3) for area in found["left_forbidden_m2"]]
    assert only_forbidden == [400 * 350, 400 * 275, 400 * 375, 400 * 375, 400 * 400]


def test_the_county_s_law_has_its_days_and_its_setting(rules: RuleSet, layers: dict[str, gpd.GeoDataFrame]) -> None:
    before = build_constraints(rules, layers, as_of=dt.date(2019, 12, 31))
    assert left(layers, before)[2] == 400 * 375
    stricter = build_constraints(rules.with_settings({"steepest_buildable_slope": 10}), layers, as_of=DAY)
    assert left(layers, stricter)[2] == 0
    with pytest.raises(SettingsError, match="percent_from is asked at 30"):
        build_constraints(rules.with_settings({"steepest_buildable_slope": 30}), layers, as_of=DAY)

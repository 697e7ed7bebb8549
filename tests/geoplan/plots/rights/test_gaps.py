import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from place import frame, metres
from rightly import boxes, plan, provision, right

from geoplan.errors import CRSError, InputError
from geoplan.homes.sources import of_gaps
from geoplan.plots.rights.gaps import GAP_COLUMNS, GapStandards, find_gaps

STANDARDS = GapStandards(
    road_distance_m=30.0, smallest_property_m2=300.0, smallest_buildable_m2=100.0, partly_used_share=0.5
)
DAY = dt.date(2026, 1, 1)
LOTS = [(n * 40.0, 0.0, n * 40.0 + 30.0, 30.0) for n in range(5)]
PLAN = (-10.0, -10.0, 300.0, 40.0)


def search(
    lots: gpd.GeoDataFrame,
    plans: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
    *provisions: gpd.GeoDataFrame,
    buildable: pd.DataFrame | None = None,
    street_uses: tuple[str, ...] = (),
    standards: GapStandards = STANDARDS,
    **layers: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    rights = right(lots, plans, *provisions, **({} if buildings is None else {"buildings": buildings}))
    return find_gaps(
        lots, rights, buildings, layers,
        standards=standards, as_of=DAY, buildable=buildable, street_uses=street_uses,
    )  # fmt: skip


def street(y: float, kind: str = "municipal", crs: int = 3006) -> gpd.GeoDataFrame:
    return frame([metres(shapely.LineString([(-50, y), (300, y)]), crs)], crs, kind=[kind])


def served(kind: str = "both", status: str = "existing", crs: int = 3006) -> gpd.GeoDataFrame:
    return boxes(PLAN, crs=crs, kind=[kind], status=[status])


def houses(*bounds: tuple[float, float, float, float], crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    count = len(bounds)
    return boxes(*bounds, crs=crs, **({"use": ["dwelling"] * count, "dwellings": [1] * count} | columns))


@pytest.mark.parametrize("crs", [3006, 2284])
def test_gaps_and_partly_used_rights_are_told_apart(crs):
    lots = boxes(*LOTS, crs=crs)
    # A house that has used its right; a small one; a shed; a house with little left; and nothing at all.
    stands = houses(
        (5, 5, 25, 15), (45, 5, 55, 11), (85, 5, 90, 10), (125, 5, 141, 15),
        crs=crs, use=["dwelling", "dwelling", "complement", "dwelling"], dwellings=[1, 1, 0, 1],
    )  # fmt: skip
    found = search(
        lots,
        plan(PLAN, crs=crs, max_bya_m2=[200.0], max_homes_per_plot=[1], period_end=["2030-01-01"]),
        stands,
        roads=street(-10, crs=crs),
        utility_areas=served(crs=crs),
    )
    assert dict(zip(found["parcel"], found["kind"], strict=True)) == {"f1": "partly_used", "f2": "gap", "f4": "gap"}
    assert found["remaining_building_area_m2"].tolist() == pytest.approx([140, 175, 200], abs=0.01)
    assert found["dwellings_remaining"].tolist() == [0, 1, 1]
    assert found["road_distance_m"].tolist() == pytest.approx([10] * 3, abs=0.01)
    assert found["services_at_hand"].tolist() == [True] * 3
    assert found["implementation"].tolist() == ["running"] * 3
    assert found["reasons_not"].tolist() == [[], [], []]
    assert [name for name in found if name != "geometry"] == list(GAP_COLUMNS)
    assert found.crs == lots.crs
    assert (found.geometry.to_wkb() == lots.geometry.iloc[[1, 2, 4]].reset_index(drop=True).to_wkb()).all()


def test_a_house_on_one_area_of_a_property_uses_the_right_of_all():
    lots = boxes((0, 0, 40, 40), (60, 0, 90, 40), (200, 0, 240, 40), property=["P", "P", None])
    stands = houses((65, 5, 80, 17))
    found = search(lots, plan(PLAN, max_bya_m2=[200.0], max_homes_per_plot=[1]), stands)
    # 20 of 200 m² are left of the property, and none of its one dwelling.
    assert found["parcel"].tolist() == ["f2"]
    with_room = search(lots, plan(PLAN, max_bya_m2=[500.0], max_homes_per_plot=[3]), stands)
    # What is left lies on the larger area, and the property is lived in.
    assert dict(zip(with_room["parcel"], with_room["kind"], strict=True)) == {"f0": "partly_used", "f2": "gap"}
    assert with_room["dwellings_remaining"].tolist() == [2, 3]
    # The house may stand outside the plan.
    outside = search(lots, plan((-10, -10, 50, 50), max_bya_m2=[500.0]), stands)
    assert outside["kind"].tolist() == ["partly_used"]
    # What nobody knows of one area, nobody knows of the property.
    unsure = search(lots.assign(improvement_value=[1, 1, 0]), plan(PLAN, max_bya_m2=[200.0]), houses((300, 0, 310, 10)))
    assert unsure["kind"].tolist() == ["unknown", "unknown", "gap"]


def test_room_for_one_more_dwelling_makes_a_right_partly_used():
    plans = plan(PLAN, max_bya_m2=[300.0], homes_multi=["prohibited"])
    found = search(boxes(LOTS[0]), plans, houses((5, 5, 25, 14)))
    # 180 of 300 m² are built: less than half is left, and it holds a house of 100 m².
    assert found.loc[0, ["kind", "dwellings_remaining"]].tolist() == ["partly_used", 1.0]


def test_what_is_not_known_is_unknown_and_no_gap():
    lots = boxes(*LOTS[:3], improvement_value=[250_000, 0, 0])
    points = gpd.GeoDataFrame(
        {"id": ["a", "b"], "use": [None, "dwelling"], "dwellings": [None, None]},
        geometry=[metres(shapely.Point(50, 10), 3006), metres(shapely.Point(90, 10), 3006)],
        crs=3006,
    )
    found = search(lots, plan(PLAN, max_bya_m2=[200.0]), points)
    # The first is taxed for a house that no map shows; the second may have a shed; in the third somebody lives.
    assert dict(zip(found["parcel"], found["kind"], strict=True)) == {"f0": "unknown", "f1": "unknown"}
    assert found["remaining_building_area_m2"].isna().all()
    assert all("nobody_knows_what_stands_there" in reasons for reasons in found["reasons_not"])
    everything = search(lots, plan(PLAN, max_bya_m2=[200.0]), None)
    # Without a layer of buildings, what is assessed at nothing has nothing on it.
    assert everything["kind"].tolist() == ["unknown", "gap", "gap"]
    untold = search(boxes(*LOTS[:3]), plan(PLAN, max_bya_m2=[200.0]), None)
    assert untold["kind"].tolist() == ["unknown"] * 3


def test_a_right_without_a_size_is_a_right_and_homes_after_a_trial_are_none():
    lots = boxes(LOTS[0])
    found = search(lots, plan(PLAN), houses((100, 5, 110, 15)))
    assert found["kind"].tolist() == ["gap"]
    assert np.isnan(found.loc[0, "remaining_building_area_m2"])
    assert found.loc[0, ["implementation", "utility", "services_at_hand"]].tolist() == ["unknown", "unknown", None]
    for homes in ("special", "prohibited", "unknown"):
        assert search(lots, plan(PLAN).assign(homes=homes), houses((100, 5, 110, 15))).empty


def test_reasons_say_why_a_gap_is_not_ready():
    lots = boxes((0, 0, 15, 15), LOTS[1], LOTS[2])
    stands = houses((85, 5, 95, 15), use=["business"], dwellings=[0])
    room = pd.DataFrame({"id": ["f0", "f1", "f2"], "buildable_m2": [150.0, 20.0, 500.0]})
    found = search(
        lots,
        plan(PLAN, max_bya_m2=[200.0], period_end=["2020-01-01"]),
        stands,
        provision("STRANGE", 1.0, LOTS[2]),
        buildable=room,
        roads=street(-100),
        utility_areas=served("water"),
    )
    assert found["reasons_not"].tolist() == [
        ["smaller_than_a_plot", "no_water_and_sewer", "no_road"],
        ["too_little_buildable_land", "no_water_and_sewer", "no_road"],
        ["another_building_stands_there", "no_water_and_sewer", "no_road", "provision_unread"],
    ]
    assert found["services_at_hand"].tolist() == [False] * 3
    assert found["implementation"].tolist() == ["ended"] * 3
    assert found["buildable_m2"].tolist() == [150, 20, 500]


def test_streets_and_what_the_municipality_says_are_no_lots():
    lots = boxes(*LOTS[:4], use=["street", "homes", None, "river"])
    none = houses((300, 5, 310, 15))
    assert search(lots, plan(PLAN), none)["parcel"].tolist() == ["f0", "f1", "f2", "f3"]
    assert search(lots, plan(PLAN), none, street_uses=("street",))["parcel"].tolist() == ["f1", "f2", "f3"]
    told = replace(STANDARDS, no_lots=("river",))
    assert search(lots, plan(PLAN), none, street_uses=("street",), standards=told)["parcel"].tolist() == ["f1", "f2"]
    assert len(search(lots.drop(columns="use"), plan(PLAN), none, street_uses=("street",))) == 4


def test_a_right_on_land_with_nothing_to_build_on_is_blocked_and_no_source_of_homes():
    lots = boxes(*LOTS[:4], improvement_value=[None, None, None, 90_000])
    room = pd.DataFrame({"id": ["f0", "f1", "f2", "f3"], "buildable_m2": [0.0, 0.0, 500.0, 0.0]})
    plans, stands = plan(PLAN, max_bya_m2=[400.0]), houses((45, 5, 55, 11))
    found = search(lots, plans, stands, buildable=room)
    assert found["kind"].tolist() == ["blocked", "blocked", "gap", "unknown"]
    assert found["buildable_m2"].tolist() == [0, 0, 500, 0]
    assert all("too_little_buildable_land" in reasons for reasons in found["reasons_not"][found["kind"] == "blocked"])
    rows = of_gaps(found)
    assert rows["reason"].tolist() == [
        "no_buildable_land", "no_buildable_land", None, "nobody_knows_what_stands_there"
    ]  # fmt: skip
    # Where the buildable land is not known, nothing is called blocked.
    assert search(lots, plans, stands)["kind"].tolist() == ["gap", "partly_used", "gap", "unknown"]


def test_a_right_to_build_nothing_is_no_gap():
    stands = houses((5, 5, 25, 15))
    assert search(boxes(*LOTS[:2]), plan(PLAN, max_bya_m2=[0.0]), stands).empty
    assert search(boxes(*LOTS[:2]), plan(PLAN, max_coverage=[0.0], max_floor_ratio=[0.0]), stands).empty


def test_a_path_is_no_road_and_a_planned_main_no_service():
    found = search(
        boxes(LOTS[0]),
        plan(PLAN),
        houses((100, 5, 110, 15)),
        roads=street(-10, "path"),
        utility_areas=served(status="planned"),
    )
    assert found.loc[0, ["utility", "services_at_hand"]].tolist() == ["private", False]
    assert found.loc[0, "reasons_not"] == ["no_water_and_sewer", "road_unknown"]


def test_a_gap_depends_on_nothing_far_away_and_order_is_that_of_the_parcels():
    lots, plans = boxes(*LOTS), plan(PLAN, max_bya_m2=[200.0])
    stands = houses((5, 5, 25, 15))
    whole = search(lots, plans, stands)
    turned = search(lots.iloc[::-1].reset_index(drop=True), plans, stands)
    assert turned["parcel"].tolist() == whole["parcel"].tolist()[::-1]
    pd.testing.assert_frame_equal(
        pd.DataFrame(turned.iloc[::-1].reset_index(drop=True)).drop(columns="geometry"),
        pd.DataFrame(whole).drop(columns="geometry"),
    )


def test_wrong_standards_and_systems_are_refused():
    good = {name: getattr(STANDARDS, name) for name in STANDARDS.__dataclass_fields__}
    assert GapStandards.from_values(good) == STANDARDS
    with pytest.raises(InputError, match="road_distance_m"):
        GapStandards.from_values(good | {"road_distance_m": -1})
    with pytest.raises(InputError, match="no_lots"):
        GapStandards.from_values(good | {"no_lots": "street"})
    with pytest.raises(InputError, match="partly_used_share"):
        GapStandards.from_values({name: value for name, value in good.items() if name != "partly_used_share"})
    lots = boxes(LOTS[0])
    with pytest.raises(CRSError):
        find_gaps(lots, right(lots, plan(PLAN)), houses(LOTS[0], crs=2284), {}, standards=STANDARDS)

"""Plots by what the lot is, what house it holds, what road it is on, and into what land is divided."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from place import frame, make_rule, make_rules, metres

from geoplan.homes.account import supply_account
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.plots.search import PlotSearch, PlotStandards, find_plots
from geoplan.plots.subdivision.standards import SubdivisionStandards
from geoplan.plots.waterfall import waterfall

RULES = make_rules(
    make_rule(id="reserve", layer="protected_nature", operation="inside", severity="needs_exemption"),
    make_rule(id="unbuilt", layer="plan_provisions", operation="inside"),
)
DIVIDING = PlotStandards(subdivision=SubdivisionStandards(target_area=900, depth=32, subdivide="planned"))


def search(
    shapes: list[shapely.Geometry],
    layers: dict[str, gpd.GeoDataFrame],
    standard: PlotStandards = DIVIDING,
    crs: int = 3006,
    **columns: object,
) -> tuple[PlotSearch, pd.DataFrame]:
    parcels = frame([metres(shape, crs) for shape in shapes], crs, **columns)
    constraints = build_constraints(RULES, layers | {"parcels": parcels})
    buildable = buildable_land(parcels, constraints)
    built = {"buildings": frame(np.empty(0, dtype=object), crs)} | layers
    found = find_plots(parcels, buildable, built, standards={"rural": standard}, unknown=constraints.unknown)
    return found, waterfall(buildable, constraints, found)


def plan(shape: shapely.Geometry, crs: int = 3006, **columns: object) -> gpd.GeoDataFrame:
    return frame([metres(shape, crs)], crs, **({"use_code": "B", "homes": "allowed", "min_plot_m2": None} | columns))


def way(*xy: tuple[float, float], crs: int = 3006) -> gpd.GeoDataFrame:
    return frame([metres(shapely.LineString(xy), crs)], crs, kind="municipal", width_m=6.0)


def unbuilt(shape: shapely.Geometry, crs: int = 3006) -> gpd.GeoDataFrame:
    return frame([metres(shape, crs)], crs, kind="no_building")


def test_ground_without_buildings_counts_to_the_lot_that_the_plan_asks_for(crs: int) -> None:
    lot, kept_free = shapely.box(0, 0, 30, 35), shapely.box(0, 0, 30, 17)
    layers = {"plans": plan(lot, crs, min_plot_m2=1_000.0), "plan_provisions": unbuilt(kept_free, crs)}
    found, _ = search([lot], layers, crs=crs)
    (plot,) = found.plots.to_dict("records")
    assert (plot["area_m2"], plot["lot_m2"]) == pytest.approx((540, 1_050))
    assert plot["house_fits"] == "yes"
    # Without a plan the buildable piece itself has to be large enough.
    found, _ = search([lot], {"plan_provisions": layers["plan_provisions"]}, crs=crs)
    assert found.dropped["reason"].tolist() == ["too_small"]


def test_a_lot_on_which_no_house_has_a_place_is_no_plot() -> None:
    lot, kept_free = shapely.box(0, 0, 30, 35), shapely.box(0, 0, 30, 24)
    layers = {"plans": plan(lot), "plan_provisions": unbuilt(kept_free)}
    found, table = search([lot], layers)
    assert found.plots.empty
    assert found.dropped["reason"].tolist() == ["no_house"]
    assert table.set_index("step")["area_m2"]["no_house"] == pytest.approx(-330)
    asked_nothing, _ = search([lot], layers, replace(DIVIDING, house=None))
    assert asked_nothing.plots["house_fits"].tolist() == ["unknown"]


def test_access_is_told_and_never_assumed() -> None:
    by_road, away = shapely.box(0, 0, 30, 30), shapely.box(0, 100, 30, 130)
    found, _ = search([by_road, away], {"roads": way((-50, -5), (90, -5))})
    plots = found.plots.set_index("id")
    assert plots["access"].to_dict() == {"f0": "road", "f1": "none"}
    assert plots["frontage_m"].tolist() == pytest.approx([30, 0], abs=0.01)
    found, _ = search([by_road, away], {})
    assert set(found.plots["access"]) == {"unknown"}
    assert found.plots["frontage_m"].isna().all()
    streets = replace(DIVIDING, subdivision=replace(DIVIDING.subdivision, street_uses=("street",)))
    # Streets among the parcels are not all roads there are.
    found, _ = search([by_road, away, shapely.box(0, -9, 90, 0)], {}, streets, use=[None, None, "street"])
    assert found.plots.set_index("id")["access"].to_dict() == {"f0": "road", "f1": "unknown"}


def test_whether_one_gets_past_a_house_nobody_knows() -> None:
    parcel = shapely.box(0, 0, 40, 120)
    house = frame([metres(shapely.box(12, 15, 28, 27), 3006)], use="dwelling")
    found, _ = search([parcel], {"roads": way((-50, -5), (90, -5)), "buildings": house})
    assert found.plots[["id", "kind", "access"]].to_numpy().tolist() == [["f0-1", "remainder", "unknown"]]


def test_planned_land_is_divided_and_other_land_is_not(crs: int) -> None:
    shapes = [shapely.box(0, 0, 30, 66), shapely.box(100, 0, 130, 66)]
    layers = {"plans": plan(shapes[0], crs), "roads": way((-50, -5), (250, -5), crs=crs)}
    found, table = search(shapes, layers, crs=crs)
    plots = found.plots.set_index("id")
    assert plots["kind"].to_dict() == {"f0-1": "subdivided", "f0-2": "subdivided", "f1": "vacant_parcel"}
    assert plots["access"].tolist() == ["road", "shared", "road"]
    assert plots["access_id"].tolist()[1] == "f0-a1"
    assert plots["lot_m2"].tolist() == pytest.approx([*plots["area_m2"][:2].tolist(), 30 * 66])
    assert found.accesses is not None
    (strip,) = found.accesses.to_dict("records")
    assert (strip["id"], strip["parcel"], strip["kind"], strip["plots"]) == ("f0-a1", "f0", "strip", 1)
    steps = table.set_index("step")["area_m2"]
    assert steps["access"] == pytest.approx(-strip["area_m2"])
    assert steps["plots"] + strip["area_m2"] == pytest.approx(2 * 30 * 66)
    for mode, count in (("all", 4), ("none", 2)):
        standard = replace(DIVIDING, subdivision=replace(DIVIDING.subdivision, subdivide=mode))
        assert len(search(shapes, layers, standard, crs=crs)[0].plots) == count


def test_what_is_left_beside_divided_land_stands_on_its_own_ground(crs: int) -> None:
    parcel = shapely.box(0, 0, 300, 100)
    # Land for many plots, a piece away from the road that is one itself, and one that only the whole lot makes large.
    pieces = [shapely.box(0, 0, 200, 100), shapely.box(250, 30, 280, 60), shapely.box(280, 75, 300, 95)]
    layers = {
        "plans": plan(parcel, crs),
        "roads": way((-50, -5), (350, -5), crs=crs),
        "plan_provisions": unbuilt(parcel.difference(shapely.union_all(pieces)), crs),
    }
    found, table = search([parcel], layers, crs=crs)
    plots = found.plots.set_index("id")
    kinds = plots["kind"].value_counts().to_dict()
    assert kinds == {"subdivided": len(plots) - 1, "remainder": 1}
    assert len(plots) > 2
    (own,) = plots[plots["kind"] == "remainder"].to_dict("records")
    assert (own["area_m2"], own["lot_m2"]) == pytest.approx((900, 900))
    assert (own["frontage_m"], own["access"]) == (0, "unknown")
    assert plots["lot_m2"].sum() < 30_000
    assert found.dropped.set_index("reason")["area_m2"]["too_small"] == pytest.approx(400)
    assert table["area_m2"].iloc[-1] == pytest.approx(plots["area_m2"].sum())
    # The account refuses what comes from land that stands in it itself.
    supply_account(plots=found.plots)


def test_land_is_not_divided_where_nobody_knows_the_roads() -> None:
    shape = shapely.box(0, 0, 30, 66)
    found, _ = search([shape], {"plans": plan(shape)})
    assert found.plots["id"].tolist() == ["f0"]
    assert found.accesses is not None
    assert found.accesses.empty


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_plots_are_the_same_whatever_lies_elsewhere_and_every_square_metre_is_accounted_for(seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = [shapely.box(x * 120, y * 80, x * 120 + 118, y * 80 + 78) for x in range(3) for y in range(2)]
    everything = shapely.box(-500, -500, 1_000, 1_000)
    roads = pd.concat([way((-50, -5), (400, -5)), way((-5, -50), (-5, 300))], ignore_index=True)
    reserve = frame([metres(shapely.Point(*xy).buffer(25), 3006) for xy in random.random((4, 2)) * (360, 160)])
    layers = {"plans": plan(everything), "roads": roads, "protected_nature": reserve}
    found, table = search(shapes, layers)
    plots, accesses = found.plots, found.accesses
    assert accesses is not None
    drawn = [*plots.geometry, *accesses.geometry]
    assert sum(shape.area for shape in drawn) == pytest.approx(shapely.union_all(drawn).area, rel=1e-6)
    assert not shapely.intersects(plots.geometry.buffer(-0.01), shapely.union_all(reserve.geometry.to_numpy())).any()
    divided = plots[plots["kind"] == "subdivided"]
    assert set(divided["access"]) <= {"road", "shared"}
    assert divided["access_id"].dropna().isin(accesses["id"]).all()
    assert (divided["frontage_m"] >= 4).all()
    totals = table[table["kind"] == "total"].set_index("step")["area_m2"]
    after = table.index > table.index[table["step"] == "buildable"][0]
    between = table[after & (table["kind"] == "loss")]["area_m2"].sum()
    assert totals["buildable"] + between == pytest.approx(totals["plots"], rel=1e-9)
    # Other parcels, and the same ones in another order, change no plot.
    names = [f"f{n}" for n in range(6)]
    more = [shapely.box(500, 0, 560, 60), *shapes[::-1]]
    again, _ = search(more, layers, id=["other", *names[::-1]])
    same = again.plots[again.plots["parcel"] != "other"].reset_index(drop=True)
    assert same["id"].tolist() == plots["id"].tolist()
    assert same.geometry.to_wkb().tolist() == plots.geometry.to_wkb().tolist()


def test_no_plot_shuts_a_house_in() -> None:
    parcel = shapely.box(0, 0, 100, 60)
    house = frame([metres(shapely.box(44, 44, 56, 54), 3006)], use="dwelling")
    layers = {"plans": plan(parcel), "roads": way((-50, -5), (150, -5)), "buildings": house}
    found, table = search([parcel], layers)
    assert len(found.plots) >= 2
    # Something as wide as a car is left between the house and the road.
    left = shapely.difference(metres(parcel, 3006), shapely.union_all(found.plots.geometry.to_numpy())).buffer(-1.5)
    front = metres(shapely.box(0, 0, 100, 2), 3006)
    assert any(part.intersects(house.geometry[0]) and part.intersects(front) for part in shapely.get_parts(left))
    assert table.set_index("step")["area_m2"]["built"] < -600

"""Other land than guarded land: a place by hand, and laws that hold whatever the place and the criteria."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from place import frame, make_rule, make_rules, metres

from geoplan.alternatives.criteria import criteria
from geoplan.alternatives.guarded import outside_guarded
from geoplan.alternatives.search import Alternatives, find_alternatives
from geoplan.alternatives.wanted import SearchArea, Wanted, check_guarded
from geoplan.errors import InputError
from geoplan.land.areas import AREA_KINDS
from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.plots.search import PlotStandards, find_plots
from geoplan.text import Text

DAY = dt.date(2026, 1, 1)
RULES = make_rules(
    make_rule(id="reserve", layer="reserves", operation="inside", severity="forbidden"),
    make_rule(id="meadow", layer="meadows", operation="inside", severity="needs_exemption"),
    make_rule(id="heritage", layer="heritage", operation="inside", severity="needs_exemption"),
    make_rule(id="clay", layer="clay", operation="inside", severity="investigate"),
)
STANDARDS = {kind: PlotStandards() for kind in AREA_KINDS}
box = shapely.box


def search(
    layers: dict[str, gpd.GeoDataFrame],
    *,
    wanted: str = "f0",
    area_m2: float = 5_000,
    width_m: float = 18,
    opened: str | None = None,
    require: dict[str, float | str] | None = None,
    within_m: float | None = None,
    together: bool = True,
    guard: str = "meadow",
) -> Alternatives:
    """Run the chain up to plots, and search."""
    parcels = layers["parcels"]
    constraints = build_constraints(RULES, layers, as_of=DAY)
    land = buildable_land(parcels, constraints)
    plots = find_plots(parcels, land, layers, standards=STANDARDS)
    rule = RULES.rule(guard)
    site = Wanted(wanted, parcels.geometry[parcels["id"] == wanted].iloc[0], wanted)
    where = SearchArea(within_m=within_m)
    inside = where.holds(parcels, site.shape)
    chosen = parcels[inside].reset_index(drop=True)
    ids = chosen["id"]
    land = type(land)(
        land.parcels[inside].reset_index(drop=True),
        land.reasons[land.reasons["parcel"].isin(ids)],
        land.remainders[land.remainders["parcel"].isin(ids)],
    )
    return find_alternatives(
        site,
        where,
        chosen,
        outside_guarded(chosen, land, constraints.pieces, rule),
        criteria=criteria(area_m2=area_m2, width_m=width_m, opened=opened, require=require),  # type: ignore[arg-type]
        layers=layers,
        standards=STANDARDS,
        plots=plots,
        opened=opened,  # type: ignore[arg-type]
        together=together,
        unknown=constraints.unknown,
    )


def place(crs: int = 3006) -> dict[str, gpd.GeoDataFrame]:
    """Parcels with a fate each, 1 km apart; what befalls them stands in the comments."""

    def at(n: int, width: float = 100, height: float = 100) -> shapely.Geometry:
        return box(1_000 * n, 0, 1_000 * n + width, height)

    shapes = [
        at(0),  # f0: wanted, all of it meadow but 10 m
        at(1),  # f1: meets
        at(2),  # f2: forbidden
        at(3),  # f3: needs an exemption
        at(4),  # f4: to be investigated
        at(5, 20, 20),  # f5: no plot
        at(6, 50, 60),  # f6 and f7: 3 000 m² each, side by side
        box(6_050, 0, 6_100, 60),
        at(8, 50, 60),  # f8: 3 000 m², alone
        at(9, 20, 400),  # f9: 8 000 m², 20 m wide
        at(10),  # f10: a plan prohibits homes
        at(11),  # f11: a plan of which nobody knows
        at(12, 25, 25),  # f12: a house on it
        at(13, 100, 48),  # f13: 4 800 m²
    ]
    layers = {
        "parcels": shapes,
        "meadows": [box(0, 0, 90, 100)],
        "reserves": [box(1_990, -10, 2_110, 110)],
        "heritage": [box(2_990, -10, 3_110, 110)],
        "clay": [box(3_990, -10, 4_110, 110)],
        "plans": [box(9_990, -10, 10_110, 110), box(10_990, -10, 11_110, 110)],
        "buildings": [box(12_008, 8, 12_018, 18)],
        "utility_areas": [box(-100, -100, 1_500, 500)],
        "settlements": [box(1_000, 300, 1_100, 400)],
        "roads": [shapely.LineString([(0, -50), (14_000, -50)])],
    }
    columns: dict[str, dict[str, object]] = {
        "parcels": {"owner_kind": ["municipality", "private"] * 7},
        "plans": {"use_code": ["J", "X"], "homes": ["prohibited", "unknown"]},
        "buildings": {"use": "dwelling"},
        "utility_areas": {"kind": "both", "status": "existing"},
        "settlements": {"name": "By", "kind": "small"},
        "roads": {"kind": "private"},
    }
    return {
        name: frame([metres(shape, crs) for shape in shapes], crs, **columns.get(name, {}))
        for name, shapes in layers.items()
    }


def fates(found: Alternatives) -> dict[str, str | None]:
    return dict(zip(found.candidates["id"], found.candidates["fell"], strict=True))


def accounted(found: Alternatives) -> None:
    """Every candidate and every square metre once."""
    steps = found.waterfall
    losses = steps[steps["kind"] == "loss"]
    first, last = steps.iloc[0], steps.iloc[-1]
    assert len(found.candidates) == first["parcels"]
    assert first["parcels"] + losses["parcels"].sum() == last["parcels"] == found.candidates["meets"].sum()
    assert first["area_m2"] + losses["area_m2"].sum() == pytest.approx(last["area_m2"], rel=1e-9, abs=1e-3)
    assert found.candidates["meets_m2"].sum() == pytest.approx(last["area_m2"], rel=1e-9, abs=1e-3)
    assert (losses["area_m2"] <= 1e-3).all()
    assert found.candidates["id"].is_unique
    assert (found.candidates["fell"].isna() == found.candidates["meets"]).all()
    assert set(found.sites.explode("parcels")["parcels"]) == set(found.candidates.loc[found.candidates["meets"], "id"])


def test_every_parcel_falls_where_it_should(crs: int) -> None:
    found = search(place(crs), width_m=25)
    accounted(found)
    assert fates(found) == {
        "f0": "plot",  # 10 m of it is outside the meadow: too narrow for a plot
        "f1": None,
        "f2": "forbidden",
        "f3": "needs_exemption",
        "f4": "investigate",
        "f5": "plot",
        "f6": None,
        "f7": None,
        "f8": "area",
        "f9": "width",
        "f10": "plan",
        "f11": "plan:unknown",
        "f12": "free",
        "f13": "area",
    }
    guarded = found.waterfall.set_index("step").loc["guarded"]
    assert guarded["area_m2"] == pytest.approx(-9_000)
    assert guarded["parcels"] == 0


def test_the_sites_say_all_that_was_asked(crs: int) -> None:
    sites = search(place(crs)).sites
    assert sites["parcels"].tolist() == [["f1"], ["f9"], ["f6", "f7"]]
    assert sites["number"].tolist() == [1, 2, 3]
    assert sites["together"].tolist() == [False, False, True]
    assert sites["area_m2"].to_numpy() == pytest.approx([10_000, 8_000, 6_000])
    assert sites["width_m"].to_numpy() == pytest.approx([100, 20, 60], abs=0.6)
    assert sites["distance_m"].to_numpy() == pytest.approx([900, 8_900, 5_900])
    assert sites["road_m"].to_numpy() == pytest.approx([50, 50, 50])
    assert sites["settlement_m"].iloc[0] == pytest.approx(200)
    assert sites["utility"].tolist() == ["public", "private", "private"]
    assert sites["owner_kind"].tolist() == ["private", "private", "municipality, private"]
    assert set(sites["class"]) == {"clear"}


def test_the_wanted_site_is_measured_the_same_way(crs: int) -> None:
    site = search(place(crs)).site
    assert site["area_m2"] == pytest.approx(10_000)
    assert site["width_m"] == pytest.approx(100, abs=0.6)
    assert site["utility"] == "public"
    assert site["plan_homes"] == "none"
    assert site["road_m"] == pytest.approx(50)
    assert site["settlement_m"] == pytest.approx(np.hypot(900, 200))


def test_near_misses_tell_what_is_lacking() -> None:
    near = search(place(), width_m=24).near.set_index("parcel")
    assert near.loc["f3", ["criterion", "has", "needs"]].tolist() == ["needs_exemption", pytest.approx(10_000), 5_000]
    assert near.loc["f4", ["criterion", "answer"]].tolist() == ["investigate", "unknown"]
    assert near.loc["f9", ["criterion", "has", "needs"]].tolist() == ["width", pytest.approx(20, abs=0.2), 24]
    assert near.loc["f10", ["criterion", "has"]].tolist() == ["plan", "prohibited"]
    assert near.loc["f11", ["criterion", "answer"]].tolist() == ["plan", "unknown"]
    assert near.loc["f13", ["criterion", "has"]].tolist() == ["area", pytest.approx(4_800)]
    assert set(near.index) == {"f3", "f4", "f9", "f10", "f11", "f13"}


@pytest.mark.parametrize(
    ("opened", "classes"),
    [
        (None, {}),
        ("investigate", {"f4": "investigate"}),
        ("needs_exemption", {"f3": "needs_exemption", "f4": "investigate"}),
    ],
)
def test_what_is_opened_is_a_class_of_its_own(opened: str | None, classes: dict[str, str]) -> None:
    found = search(place(), opened=opened)
    accounted(found)
    opened_ones = found.sites[found.sites["class"] != "clear"]
    assert dict(zip(opened_ones["parcels"].str[0], opened_ones["class"], strict=True)) == classes
    # The wanted site stays guarded: opening others does not open the rule that the search is about.
    assert fates(found)["f0"] == "plot"
    assert fates(found)["f2"] == "forbidden"


def test_what_is_required_excludes_and_unknown_is_told_apart() -> None:
    layers = place()
    assert fates(search(layers, require={"utility": "public"}))["f9"] == "utility"
    assert fates(search(layers, require={"settlement": 300}))["f9"] == "settlement"
    assert fates(search(layers, require={"settlement": 300}))["f1"] is None
    assert fates(search(layers, require={"road": 49}))["f1"] == "road"
    assert fates(search(layers, require={"owner": "municipality"}))["f1"] == "owner"
    for name, asked in (("utility_areas", "utility"), ("settlements", "settlement"), ("roads", "road")):
        without = {key: value for key, value in layers.items() if key != name}
        found = search(without, require={asked: 300})
        accounted(found)
        assert fates(found)["f1"] == f"{asked}:unknown"
    layers["parcels"]["owner_kind"] = None
    assert fates(search(layers, require={"owner": "private"}))["f1"] == "owner:unknown"


def test_the_search_ends_where_it_is_told_to() -> None:
    found = search(place(), within_m=1_900)
    assert found.candidates["id"].tolist() == ["f0", "f1", "f2"]
    accounted(found)
    assert found.search.text().sv == "inom 1,9 km från platsen"


def test_the_site_s_own_parcel_is_a_candidate_with_its_other_land() -> None:
    layers = place()
    layers["meadows"] = frame([metres(box(0, 0, 40, 100), 3006)])
    found = search(layers)
    assert fates(found)["f0"] is None
    first = found.sites.iloc[0]
    assert first["own"]
    assert first["area_m2"] == pytest.approx(6_000)


def test_neighbours_are_joined_only_where_they_meet_in_full_width() -> None:
    layers = place()
    shapes = [metres(shape, 3006) for shape in (box(0, 0, 100, 100), box(1_000, 0, 1_050, 60))]
    corner = metres(box(1_050, 60, 1_100, 120), 3006)
    front = metres(box(1_050, 45, 1_100, 105), 3006)
    for neighbour, joined in ((corner, False), (front, False), (metres(box(1_050, 30, 1_100, 90), 3006), True)):
        layers["parcels"] = frame([*shapes, neighbour])
        found = search(layers, width_m=18)
        accounted(found)
        assert len(found.sites) == int(joined)
        assert search(layers, together=False).sites.empty


def test_a_piece_that_suffices_lends_nothing_to_its_neighbour() -> None:
    layers = place()
    shapes = [box(0, 0, 100, 100), box(1_000, 0, 1_100, 100), box(1_100, 0, 1_140, 100)]
    layers["parcels"] = frame([metres(shape, 3006) for shape in shapes])
    found = search(layers)
    assert found.sites["parcels"].tolist() == [["f1"]]
    assert fates(found)["f2"] == "area"


def test_the_guarding_rule_may_take_no_land_itself() -> None:
    rules = make_rules(
        make_rule(id="meadow", layer="meadows", operation="inside", severity="noted"),
    )
    layers = place()
    constraints = build_constraints(rules, layers, as_of=DAY)
    land = buildable_land(layers["parcels"], constraints)
    unguarded = outside_guarded(layers["parcels"], land, constraints.pieces, rules.rule("meadow"))
    assert unguarded.areas["clear_m2"].iloc[0] == pytest.approx(1_000)
    found = find_alternatives(
        Wanted("f0", layers["parcels"].geometry.iloc[0], "f0"),
        SearchArea(),
        layers["parcels"],
        unguarded,
        criteria=criteria(area_m2=5_000, width_m=18),
        layers=layers,
        standards=STANDARDS,
    )
    accounted(found)
    assert fates(found)["f0"] == "plot"


def test_an_official_s_word_guards_a_parcel_or_lets_it_go() -> None:
    layers = place()
    constraints = build_constraints(RULES, layers, as_of=DAY)
    decided = pd.DataFrame({"parcel": ["f0", "f1"], "rule": ["meadow"] * 2, "holds": ["no", "yes"]})
    land = buildable_land(layers["parcels"], constraints, overrides=decided)
    areas = outside_guarded(layers["parcels"], land, constraints.pieces, RULES.rule("meadow")).areas
    assert areas["unguarded_m2"].iloc[:2].tolist() == [pytest.approx(10_000), pytest.approx(0)]
    assert areas["clear_m2"].iloc[:2].tolist() == [pytest.approx(10_000), pytest.approx(0)]


def test_a_site_off_guarded_land_is_refused() -> None:
    title = Text(sv="Äng", en="Meadow")
    check_guarded(1.0, [], title)
    with pytest.raises(InputError, match="not on land that is guarded by the rule 'Meadow'") as refused:
        check_guarded(0.5, [Text(sv="Reservat", en="Reserve")], title)
    assert refused.value.hint == "Rules that do hold there: Reserve."


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"area_m2": 0}, "area needed must be more than zero"),
        ({"area_m2": float("nan")}, "area"),
        ({"width_m": -1}, "width"),
        ({"opened": "forbidden"}, "cannot be opened"),
        ({"require": {"view": "sea"}}, "no criterion 'view'"),
        ({"require": {"road": "near"}}, "distance in metres"),
        ({"require": {"road": -5}}, "distance in metres"),
        ({"require": {"owner": ""}}, "needs a value"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        criteria(**({"area_m2": 5_000, "width_m": 18} | given))  # type: ignore[arg-type]


@st.composite
def places(draw: st.DrawFn) -> dict[str, gpd.GeoDataFrame]:
    """Rows of parcels that touch, with anything lying anywhere on them."""
    rows = draw(st.lists(st.lists(st.integers(20, 120), min_size=2, max_size=5), min_size=1, max_size=3))
    shapes = []
    for number, widths in enumerate(rows):
        edges = np.cumsum([0, *widths])
        shapes += [box(edges[k], number * 80, edges[k + 1], number * 80 + 80) for k in range(len(widths))]

    def areas(least: int) -> list[shapely.Geometry]:
        corner = st.tuples(st.integers(-50, 500), st.integers(-50, 200), st.integers(5, 200), st.integers(5, 120))
        found = draw(st.lists(corner, min_size=least, max_size=3))
        return [metres(box(x, y, x + width, y + height), 3006) for x, y, width, height in found]

    layers = {name: frame(areas(1 if name == "meadows" else 0)) for name in ("meadows", "reserves", "heritage", "clay")}
    layers["parcels"] = frame([metres(shape, 3006) for shape in shapes])
    houses = areas(0)
    layers["buildings"] = frame(houses, use=["dwelling"] * len(houses))
    plans = areas(0)
    layers["plans"] = frame(plans, use_code=["J"] * len(plans), homes=["prohibited"] * len(plans))
    return {name: layer for name, layer in layers.items() if len(layer)}


LAWS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ASKED = {"area_m2": st.integers(600, 9_000), "width_m": st.integers(18, 60)}


@LAWS
@given(layers=places(), **ASKED, opened=st.sampled_from([None, "investigate", "needs_exemption"]))
def test_every_candidate_is_accounted_for_once(
    layers: dict[str, gpd.GeoDataFrame], area_m2: int, width_m: int, opened: str | None
) -> None:
    accounted(search(layers, area_m2=area_m2, width_m=width_m, opened=opened))


@LAWS
@given(layers=places(), **ASKED, more_m2=st.integers(0, 3_000), more_m=st.integers(0, 20))
def test_asking_for_more_finds_nothing_where_there_was_nothing(
    layers: dict[str, gpd.GeoDataFrame], area_m2: int, width_m: int, more_m2: int, more_m: int
) -> None:
    """What suffices alone may serve to join others when more is asked; but only where something was found before."""
    loose = search(layers, area_m2=area_m2, width_m=width_m)
    strict = search(layers, area_m2=area_m2 + more_m2, width_m=width_m + more_m)
    before = shapely.union_all(loose.sites.geometry.to_numpy())
    for site in strict.sites.geometry:
        assert shapely.area(shapely.intersection(site, before)) > 0
    alone = search(layers, area_m2=area_m2, width_m=width_m, together=False)
    fewer = search(layers, area_m2=area_m2 + more_m2, width_m=width_m + more_m, together=False)
    assert not (fewer.candidates["meets"] & ~alone.candidates["meets"]).any()


@LAWS
@given(layers=places(), **ASKED)
def test_a_stricter_criterion_never_adds_a_candidate(
    layers: dict[str, gpd.GeoDataFrame], area_m2: int, width_m: int
) -> None:
    meets = {
        opened: search(layers, area_m2=area_m2, width_m=width_m, opened=opened).candidates["meets"]
        for opened in (None, "investigate", "needs_exemption")
    }
    assert not (meets[None] & ~meets["investigate"]).any()
    assert not (meets["investigate"] & ~meets["needs_exemption"]).any()
    required = search(layers, area_m2=area_m2, width_m=width_m, require={"road": 100})
    assert not (required.candidates["meets"] & ~meets[None]).any()


def test_the_same_question_has_the_same_answer() -> None:
    one, other = search(place(), opened="needs_exemption"), search(place(), opened="needs_exemption")
    pd.testing.assert_frame_equal(pd.DataFrame(one.sites), pd.DataFrame(other.sites))
    pd.testing.assert_frame_equal(one.waterfall, other.waterfall)
    pd.testing.assert_frame_equal(pd.DataFrame(one.near), pd.DataFrame(other.near))

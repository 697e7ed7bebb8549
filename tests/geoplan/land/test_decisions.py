"""Officials' decisions on single parcels, through the engine."""

import datetime as dt

import pandas as pd
import pytest
import shapely
from place import frame, make_rule, make_rules

from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.decisions import Decision

RULES = make_rules(
    make_rule(id="reserve", layer="protected_nature", operation="inside", severity="needs_exemption"),
    make_rule(
        id="shore",
        layer="water",
        operation="shore_zone",
        severity="needs_exemption",
        distance_m=50,
        parameters={"stream_min_width_m": 2},
    ),
)
PARCELS = frame([shapely.box(0, 10, 100, 110), shapely.box(100, 10, 200, 110), shapely.box(-100, 10, 0, 110)])
LAYERS = {
    "parcels": PARCELS,
    "protected_nature": frame([shapely.box(0, 0, 50, 200)]),
    "water": frame([shapely.LineString([(-500, 0), (500, 0)])], kind=["stream"], width_m=[float("nan")]),
}


def land(*decisions: tuple[str, str, str]) -> Buildable:
    overrides = pd.DataFrame(decisions, columns=["parcel", "rule", "holds"]) if decisions else None
    return buildable_land(PARCELS, build_constraints(RULES, LAYERS, as_of=dt.date(2026, 1, 1)), overrides=overrides)


def reasons(found: Buildable, parcel: str) -> set[tuple[str, str, str, float]]:
    mine = found.reasons[found.reasons["parcel"] == parcel]
    return {(row.rule, row.severity, row.basis, row.area_m2) for row in mine.itertuples()}


RESERVE = ("reserve", "needs_exemption", "computed", 5_000.0)
SHORE = ("shore", "investigate", "computed_unsure", 4_000.0)


@pytest.mark.parametrize(
    ("parcel", "rule", "holds", "expected"),
    [
        ("f0", "reserve", "no", {SHORE}),
        ("f0", "reserve", "yes", {RESERVE, SHORE}),
        ("f0", "reserve", "unknown", {("reserve", "investigate", "override", 5_000.0), SHORE}),
        ("f0", "reserve", "disputed", {("reserve", "investigate", "override", 5_000.0), SHORE}),
        ("f1", "reserve", "yes", {("reserve", "needs_exemption", "override", 10_000.0), SHORE}),
        ("f1", "reserve", "unknown", {("reserve", "investigate", "override", 10_000.0), SHORE}),
        ("f1", "reserve", "no", {SHORE}),
        # The reserve touches the parcel's edge, which is nothing of it.
        ("f2", "reserve", "yes", {("reserve", "needs_exemption", "override", 10_000.0), SHORE}),
        ("f2", "reserve", "disputed", {("reserve", "investigate", "override", 10_000.0), SHORE}),
        # Somebody measured the stream: it is wide enough, and the shore is protected for sure.
        ("f1", "shore", "yes", {("shore", "needs_exemption", "override", 4_000.0)}),
        ("f1", "shore", "no", set()),
    ],
)
def test_a_decision_counts_on_its_parcel_alone(
    parcel: str, rule: str, holds: str, expected: set[tuple[str, str, str, float]]
) -> None:
    found = land((parcel, rule, holds))
    assert reasons(found, parcel) == expected
    other = "f1" if parcel == "f0" else "f0"
    assert reasons(found, other) == reasons(land(), other)
    parcels = found.parcels
    assert (parcels["buildable_m2"] + parcels["taken_m2"]).tolist() == pytest.approx([10_000] * 3, rel=1e-9)


def test_the_last_decision_counts_and_one_that_is_withdrawn_does_not() -> None:
    twice = land(("f0", "reserve", "unknown"), ("f0", "reserve", "no"))
    assert reasons(twice, "f0") == {SHORE}
    withdrawn = land(("f0", "reserve", "no"), ("f0", "reserve", "computed"), ("f1", "reserve", "computed"))
    pd.testing.assert_frame_equal(withdrawn.reasons, land().reasons)
    again = land(("f0", "reserve", "computed"), ("f0", "reserve", "no"))
    assert reasons(again, "f0") == {SHORE}


def test_decisions_on_what_is_not_there_decide_nothing() -> None:
    found = land(("nowhere", "reserve", "no"), ("f0", "no_such_rule", "yes"))
    pd.testing.assert_frame_equal(found.reasons, land().reasons)


def test_a_decision_is_shown_without_names() -> None:
    told = Decision("reserve", "no", "2026-01-02", "Anna", "The owner Bo has shown it.", "yes", "computed")
    assert told.without_names() == Decision("reserve", "no", "2026-01-02", None, None, "yes", "computed")


def test_yes_where_the_rule_was_lifted_takes_the_whole_parcel() -> None:
    water = frame([shapely.box(0, -100, 100, 0)], kind="sea")
    lifted = frame([shapely.box(-200, -200, 300, 300)], decision="lifted")
    parcels = frame([shapely.box(0, 10, 20, 30)])
    shore = make_rule(id="shore", layer="water", operation="shore_zone", distance_m=100, severity="needs_exemption")
    layers = {"water": water, "shore_protection": lifted, "parcels": parcels}
    constraints = build_constraints(make_rules(shore), layers, as_of=dt.date(2026, 1, 1))
    assert buildable_land(parcels, constraints).parcels["buildable_m2"].tolist() == [400]
    decided = pd.DataFrame({"parcel": ["f0"], "rule": ["shore"], "holds": ["yes"]})
    found = buildable_land(parcels, constraints, overrides=decided)
    assert found.parcels["buildable_m2"].tolist() == [0]
    assert set(found.reasons["basis"]) == {"override", "lifted"}

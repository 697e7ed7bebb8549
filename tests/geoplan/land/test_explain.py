import datetime as dt
import json

import pandas as pd
import pytest
import shapely
from place import frame, make_rule, make_rules

from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.decisions import Decision
from geoplan.land.explain import Background, Explanation, explain_parcel, explain_point
from geoplan.land.facts import LayerNote
from geoplan.text import Text

RULES = make_rules(
    make_rule(
        id="rail",
        title={"sv": "Järnväg", "en": "Railway"},
        layer="railways",
        operation="within_distance",
        severity="needs_exemption",
        distance_m=30,
        exemption={"thinkable": True, "grounds": {"sv": "Riskutredning.", "en": "A risk assessment."}},
        change={"sv": "Spåret flyttas.", "en": "The track is moved."},
    ),
    make_rule(id="flood", title={"sv": "Översvämning", "en": "Flood"}, layer="flood", operation="inside"),
    make_rule(
        id="soil",
        title={"sv": "Ras", "en": "Landslide"},
        layer="soil",
        operation="inside",
        severity="investigate",
    ),
)
PARCELS = frame([shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)])
LAYERS = {
    "parcels": PARCELS,
    "railways": frame([shapely.LineString([(0, -10), (100, -10)])]),
    "soil": frame([shapely.box(200, 0, 300, 100)]),
}
BACKGROUND = Background(
    layers={
        "railways": LayerNote(Text(sv="Järnvägar", en="Railways"), "Trafikverket", 3, "2026-02-01", "2025-12-31"),
        "flood": LayerNote(Text(sv="Översvämning", en="Flood extent"), "MSB"),
    },
    as_of=dt.date(2026, 1, 1),
    reach_m=2_000,
)
CONSTRAINTS = build_constraints(RULES, LAYERS, as_of=dt.date(2026, 1, 1))


def parcel(name: str) -> Explanation:
    result = buildable_land(PARCELS, CONSTRAINTS)
    shape = PARCELS.set_index("id").geometry[name]
    return explain_parcel(
        name,
        result.parcels,
        result.reasons,
        CONSTRAINTS,
        layers=LAYERS,
        shape=shape,
        background=BACKGROUND,
    )


def test_every_rule_answers_yes_no_or_unknown() -> None:
    facts = {fact.rule.id: fact for fact in parcel("f0").facts}
    assert {name: fact.holds for name, fact in facts.items()} == {
        "rail": "yes",
        "flood": "unknown",
        "soil": "no",
    }
    rail = facts["rail"]
    assert (rail.area_m2, rail.share, rail.version, rail.distance_m) == (2_000.0, 0.2, 3, 10.0)
    assert facts["soil"].distance_m == 100.0


def test_what_rounding_makes_of_shapes_that_touch_is_nothing() -> None:
    result = buildable_land(PARCELS, CONSTRAINTS)
    noise = result.reasons.iloc[[0]].assign(parcel="f0", rule="soil", area_m2=1e-12, share=1e-16)
    reasons = pd.concat([result.reasons, noise])
    answer = explain_parcel("f0", result.parcels, reasons, CONSTRAINTS, background=BACKGROUND)
    assert {fact.rule.id: fact.holds for fact in answer.facts}["soil"] == "no"


def test_unknown_never_counts_as_buildable() -> None:
    assert parcel("f0").buildable == "unknown"  # never asked of flood
    assert parcel("f1").buildable == "unknown"  # all of it to be investigated
    clear = build_constraints(
        RULES, LAYERS | {"flood": frame([shapely.box(900, 0, 901, 1)])}, as_of=dt.date(2026, 1, 1)
    )
    assert explain_point(50, 80, clear).buildable == "yes"
    assert explain_point(50, 5, clear).buildable == "no"
    assert explain_point(250, 50, clear).buildable == "unknown"


def test_the_text_says_what_would_have_to_change_in_both_languages() -> None:
    swedish, english = parcel("f0").text("sv"), parcel("f0").text("en")
    for part in (
        "8\u202f000 m² byggbart av 10\u202f000 m²; om dispenser ges 10\u202f000 m².",
        "Lagen som den gällde 2026-01-01.",
        "Järnväg – kräver dispens",
        "Berör       2\u202f000 m² (20\u00a0%); 2\u202f000 m² som ingen annan regel tar",
        "Järnvägar (railways); version 3 inläst 2026-02-01; data från 2025-12-31",
        "avstånd 10 m",
        "Tänkbar: Riskutredning.",
        "Att ändra   Spåret flyttas.",
        "• Översvämning (flood): Läs in lagret Översvämning (flood) från MSB.",
        "Ras (100\u00a0m)",
    ):
        assert part in swedish
    for part in (
        "8\u202f000 m² buildable of 10\u202f000 m²; if exemptions are granted 10\u202f000 m².",
        "Railway – needs an exemption",
        "distance 10 m",
        "Thinkable: A risk assessment.",
        "To change   The track is moved.",
        "NEVER ASKED",
        "• Flood (flood): Import the layer Flood extent (flood) from MSB.",
    ):
        assert part in english
    assert "inte juridiskt bindande" in swedish
    assert max(map(len, swedish.splitlines())) <= 96


def test_a_place_is_explained_like_a_parcel_and_as_json() -> None:
    answer = explain_point(50, 15, CONSTRAINTS, parcel="f0", layers=LAYERS)
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["parcel"] == "f0"
    rail = next(fact for fact in plain["facts"] if fact["rule"] == "rail")
    assert (rail["holds"], rail["distance_m"], rail["feature"]) == ("yes", 25.0, "f0")
    assert plain["notice"]["en"]


def test_all_that_is_told_stands_as_json() -> None:
    plain = json.loads(json.dumps(parcel("f0").to_dict()))
    assert (plain["left_forbidden_m2"], plain["left_needs_exemption_m2"], plain["as_of"]) == (
        10_000,
        8_000,
        "2026-01-01",
    )
    facts = {fact["rule"]: fact for fact in plain["facts"]}
    assert (facts["rail"]["only_m2"], facts["rail"]["taken_m2"]) == (2_000, 2_000)
    assert (facts["rail"]["layer_version"], facts["rail"]["layer_imported"]) == (3, "2026-02-01")
    assert (facts["flood"]["unknown_because"], facts["flood"]["layer_version"]) == ("never_asked", None)
    assert "MSB" in facts["flood"]["settle"]["sv"]
    assert facts["soil"]["settle"] is None


def test_a_place_outside_the_data_is_clear_of_nothing_but_what_is_found_holds() -> None:
    answer = explain_point(50, 15, CONSTRAINTS, place="outside", layers=LAYERS)
    assert [(fact.holds, fact.why) for fact in answer.facts] == [
        ("yes", None),
        ("unknown", "never_asked"),
        ("unknown", "outside"),
    ]
    assert "utanför kommunen" in answer.text("sv")
    assert "OUTSIDE THE DATA" in answer.text("en")
    nowhere = explain_point(-900, -900, CONSTRAINTS, place="no_parcel")
    assert "lies on no parcel" in nowhere.text("en")


SHORE = make_rules(
    make_rule(
        id="shore",
        title={"sv": "Strand", "en": "Shore"},
        layer="water",
        operation="shore_zone",
        severity="needs_exemption",
        distance_m=50,
        parameters={"stream_min_width_m": 2},
        exemption={"thinkable": True},
        settle={"sv": "Bredden mäts.", "en": "The width is measured."},
    ),
    make_rule(
        id="rural",
        title={"sv": "Utvecklingsområde", "en": "Development area"},
        layer="rural",
        operation="inside",
        severity="noted",
        opens=["shore"],
    ),
)
WATER = frame(
    [shapely.LineString([(-500, 0), (500, 0)]), shapely.box(-500, 300, 500, 600)],
    kind=["stream", "sea"],
    width_m=[float("nan"), float("nan")],
)
BESIDE = frame([shapely.box(0, 10, 100, 110), shapely.box(0, 120, 100, 280)])
AREAS = frame([shapely.box(0, 200, 50, 280)])


def beside(name: str, *, rural: bool = True, **background: object) -> Explanation:
    layers = {"water": WATER, "parcels": BESIDE} | ({"rural": AREAS} if rural else {})
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    found = buildable_land(BESIDE, constraints)
    return explain_parcel(
        name,
        found.parcels,
        found.reasons,
        constraints,
        layers=layers,
        shape=BESIDE.set_index("id").geometry[name],
        background=Background(reach_m=2_000, **background),  # type: ignore[arg-type]
    )


def test_a_shore_that_nobody_can_tell_of_is_unknown_and_says_what_settles_it() -> None:
    answer = beside("f0")
    shore = answer.facts[0]
    assert (shore.holds, shore.why, shore.basis) == ("unknown", "unsure", "computed_unsure")
    assert (shore.area_m2, shore.distance_m) == (4_000, 10)  # to the stream, not to the sea
    assert answer.buildable == "yes"  # what is unsure is taken already
    assert (answer.left_needs_exemption_m2, answer.buildable_m2) == (10_000, 6_000)
    assert "Settled by  The width is measured." in answer.text("en")
    assert "if what is unknown turns out not to stand against it 10\u202f000 m²" in answer.text("en")
    assert answer.to_dict()["facts"][0]["settle"]["sv"] == "Bredden mäts."


def test_the_areas_that_open_an_exemption_are_told_with_it() -> None:
    shore = beside("f1").facts[0]
    assert (shore.holds, shore.basis, shore.distance_m) == ("yes", "computed_general", 20)
    assert [(opening.rule.id, opening.holds, opening.area_m2) for opening in shore.opened_by] == [
        ("rural", "yes", 4_000)
    ]
    assert "Opened by   Development area: 4\u202f000 m² (25%), f0" in beside("f1").text("en")
    unknown = beside("f1", rural=False)
    assert [opening.holds for opening in unknown.facts[0].opened_by] == ["unknown"]
    assert "Öppnas av   Utvecklingsområde: okänt om det finns här" in unknown.text("sv")
    assert not beside("f0").facts[0].opened_by


def test_far_shores_of_a_large_sea_are_measured_like_near_ones() -> None:
    layers = {"water": WATER, "parcels": BESIDE}
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    for reach in (100.0, 2_000.0, None):
        answer = explain_point(50, 240, constraints, layers=layers, background=Background(reach_m=reach))
        assert answer.facts[0].distance_m == 60
    close = explain_point(50, 240, constraints, layers=layers, background=Background(reach_m=30))
    assert close.facts[0].distance_m is None


def decision(holds: str) -> Decision:
    return Decision("shore", holds, "2026-03-01", "Anna", "Measured: 1.5 m.", "unknown", "computed_unsure")  # type: ignore[arg-type]


def test_a_decision_is_told_with_who_when_why_and_what_was_computed() -> None:
    layers = {"water": WATER, "parcels": BESIDE, "rural": AREAS}
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    rows = pd.DataFrame({"parcel": ["f0"], "rule": ["shore"], "holds": ["no"]})
    found = buildable_land(BESIDE, constraints, overrides=rows)
    known = Background(decided={"shore": decision("no")})
    answer = explain_parcel("f0", found.parcels, found.reasons, constraints, background=known)
    assert (answer.facts[0].holds, answer.buildable) == ("no", "yes")
    english = " ".join(answer.text("en").split())
    assert "DOES NOT HOLD, BY DECISION" in english
    assert "Anna decided on 2026-03-01 that it does not hold: Measured: 1.5 m. Computed was: unknown" in english
    hidden = answer.without_names()
    assert hidden.facts[0].decision == Decision("shore", "no", "2026-03-01", None, None, "unknown", "computed_unsure")
    assert "Anna" not in hidden.text("en") + json.dumps(hidden.to_dict())
    assert "En tjänsteman beslutade 2026-03-01 att det inte gäller." in hidden.text("sv")


@pytest.mark.parametrize(
    ("holds", "basis", "expected"),
    [("unknown", "override", "unknown"), ("disputed", "override", "disputed")],
)
def test_what_an_official_calls_open_is_open_on_a_parcel_and_at_its_places(
    holds: str, basis: str, expected: str
) -> None:
    layers = {"water": WATER, "parcels": BESIDE}
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    rows = pd.DataFrame({"parcel": ["f1"], "rule": ["shore"], "holds": [holds]})
    found = buildable_land(BESIDE, constraints, overrides=rows)
    known = Background(decided={"shore": decision(holds)})
    answer = explain_parcel("f1", found.parcels, found.reasons, constraints, background=known)
    assert (answer.facts[0].holds, answer.facts[0].basis, answer.facts[0].area_m2) == (expected, basis, 3_000)
    here = explain_point(50, 270, constraints, parcel="f1", reasons=found.reasons, background=known)
    assert (here.facts[0].holds, here.facts[0].basis, here.buildable) == (expected, basis, expected)
    elsewhere = explain_point(50, 130, constraints, parcel="f1", reasons=found.reasons, background=known)
    assert elsewhere.facts[0].holds == "no"


def test_a_decision_on_a_whole_parcel_holds_at_all_its_places() -> None:
    layers = {"water": WATER.iloc[1:], "parcels": BESIDE}
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    rows = pd.DataFrame({"parcel": ["f0"], "rule": ["shore"], "holds": ["yes"]})
    found = buildable_land(BESIDE, constraints, overrides=rows)
    known = Background(decided={"shore": decision("yes")})
    here = explain_point(50, 50, constraints, parcel="f0", reasons=found.reasons, background=known)
    assert (here.facts[0].holds, here.facts[0].basis, here.buildable) == ("yes", "override", "no")
    gone = Background(decided={"shore": decision("no")})
    assert explain_point(50, 270, constraints, parcel="f1", background=gone).buildable == "yes"


def test_that_an_unsure_shore_holds_settles_it() -> None:
    layers = {"water": WATER, "parcels": BESIDE}
    constraints = build_constraints(SHORE, layers, as_of=dt.date(2026, 1, 1))
    rows = pd.DataFrame({"parcel": ["f0"], "rule": ["shore"], "holds": ["yes"]})
    found = buildable_land(BESIDE, constraints, overrides=rows)
    known = Background(decided={"shore": decision("yes")})
    answer = explain_parcel("f0", found.parcels, found.reasons, constraints, background=known).facts[0]
    here = explain_point(50, 20, constraints, parcel="f0", reasons=found.reasons, background=known).facts[0]
    for fact in (answer, here):
        assert (fact.holds, fact.rule.severity, fact.basis) == ("yes", "needs_exemption", "override")
    away = explain_point(50, 90, constraints, parcel="f0", reasons=found.reasons, background=known).facts[0]
    assert away.holds == "no"


def test_a_pending_decision_changes_no_figure() -> None:
    waiting = beside("f1", pending={"shore": decision("no")})
    assert waiting.facts[0].holds == "yes"
    assert "Pending     Anna decided on 2026-03-01 that it does not hold" in waiting.text("en")
    withdrawn = beside("f1", pending={"shore": decision("computed")})
    assert "återkallade 2026-03-01 det tidigare beslutet" in withdrawn.text("sv")


def test_a_hostile_text_does_not_steer_a_terminal() -> None:
    nasty = Decision("shore", "no", "2026-03-01", "\x1b[2JEve", "\u202eevil\x07", None, None)
    text = beside("f1", pending={"shore": nasty}).text("en")
    assert not [letter for letter in text if ord(letter) < 32 and letter != "\n"]
    assert "\u202e" not in text

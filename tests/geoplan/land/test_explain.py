import datetime as dt
import json

import shapely
from place import frame, make_rule, make_rules

from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.explain import Explanation, explain_parcel, explain_point

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
        versions={"railways": 3},
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
        "Järnväg – kräver dispens",
        "lager railways v3",
        "avstånd 10 m",
        "Riskutredning.",
        "Spåret flyttas.",
    ):
        assert part in swedish
    for part in (
        "Railway – needs an exemption",
        "distance 10 m",
        "The track is moved.",
        "never asked",
        "Flood",
    ):
        assert part in english
    assert "inte juridiskt bindande" in swedish


def test_a_place_is_explained_like_a_parcel_and_as_json() -> None:
    answer = explain_point(50, 15, CONSTRAINTS, parcel="f0", layers=LAYERS)
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["parcel"] == "f0"
    rail = next(fact for fact in plain["facts"] if fact["rule"] == "rail")
    assert (rail["holds"], rail["distance_m"], rail["feature"]) == ("yes", 25.0, "f0")
    assert plain["notice"]["en"]

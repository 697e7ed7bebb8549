import datetime as dt

import pytest
from place import TEXT, make_rule, make_rules

from geoplan.errors import SettingsError
from geoplan.land.rules import RuleSet

ROAD = make_rule(id="road", layer="roads", operation="within_distance", distance_setting="clearance")
CLEARANCE = {"clearance": {"title": TEXT, "unit": "m", "source": "the municipality"}}


def test_a_rule_holds_from_its_first_day_up_to_its_last() -> None:
    old = make_rule(id="shore", layer="water", operation="inside", valid_to="2025-07-01")
    new = make_rule(id="shore", layer="water", operation="inside", valid_from="2025-07-01", severity="noted")
    rules = make_rules(old, new)
    assert [rule.severity for rule in rules.as_of(dt.date(2025, 6, 30)).rules] == ["forbidden"]
    assert [rule.severity for rule in rules.as_of(dt.date(2025, 7, 1)).rules] == ["noted"]


def test_a_stored_set_comes_back_the_same() -> None:
    rules = make_rules(
        make_rule(
            id="shore",
            layer="water",
            operation="shore_zone",
            distance_m=100,
            parameters={"constructed_before": dt.date(1975, 7, 1)},
            where=[{"field": "kind", "in": ["sea"]}, {"field": "date", "min": dt.date(2020, 1, 1)}],
        ),
        ROAD,
        settings=CLEARANCE,
    )
    assert RuleSet.from_mapping(rules.to_mapping()) == rules


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operation": "near"}, "operation"),
        ({"severity": "bad"}, "severity"),
        ({"distance_m": 5}, "needs distance_m or"),
        ({"distance_by": {"field": "width_m"}}, "either values or a scale"),
        ({"operation": "inside"}, "takes no distance"),
        ({"distance_setting": "nothing"}, "unknown setting 'nothing'"),
        ({"valid_from": "2025-01-02", "valid_to": "2025-01-01"}, "valid_from must be before"),
        ({"colour": "red"}, "colour"),
        ({"where": [{"field": "x"}]}, "needs in, min, max"),
        ({"where": [{"field": "x", "min": 1, "min_setting": "clearance"}]}, "a number or a setting, not both"),
        ({"where": [{"field": "x", "max_setting": "nothing"}]}, "unknown setting 'nothing'"),
        ({"where": [{"field": "x", "in": ["a"], "mapped": True}]}, "mapped is about a bound"),
        ({"where": [{"field": "x", "in": ["a"], "missing": True}]}, "has no value to compare"),
        ({"operation": "touches"}, "takes no distance"),
        ({"opens": ["road"]}, "only a rule that is noted"),
        ({"opens": ["shore"], "severity": "noted"}, "opens 'shore', which is no rule"),
        ({"source": ""}, "source"),
    ],
)
def test_a_wrong_rule_is_named_with_its_key(change: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make_rules(ROAD | change, settings=CLEARANCE)


def test_the_same_rule_cannot_stand_twice() -> None:
    with pytest.raises(SettingsError, match="holds twice on the same days"):
        make_rules(ROAD, ROAD, settings=CLEARANCE)


def test_a_rule_of_the_same_id_follows_when_the_one_before_ends() -> None:
    older, newer = ROAD | {"valid_to": "2025-07-01"}, ROAD | {"valid_from": "2025-07-01"}
    assert len(make_rules(older, newer, settings=CLEARANCE).rules) == 2
    with pytest.raises(SettingsError, match="give the older one a valid_to"):
        make_rules(ROAD, newer, settings=CLEARANCE)
    with pytest.raises(SettingsError, match="holds twice"):
        make_rules(older | {"valid_to": "2025-07-02"}, newer, settings=CLEARANCE)


def test_a_required_setting_is_asked_for_by_name() -> None:
    rules = make_rules(ROAD, settings=CLEARANCE)
    with pytest.raises(SettingsError, match=r"rules\.settings\.clearance .*Who decides: the municipality"):
        rules.setting("clearance")
    assert rules.with_settings({"clearance": 7}).setting("clearance") == 7.0


@pytest.mark.parametrize(("name", "value"), [("clearence", 7.0), ("clearance", -1), ("clearance", True)])
def test_a_wrong_setting_is_refused(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match="clearance"):
        make_rules(ROAD, settings=CLEARANCE).with_settings({name: value})

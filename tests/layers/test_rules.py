import datetime as dt
from pathlib import Path

import pytest

from geoplan.errors import SettingsError
from geoplan.land.rules import RuleSet
from layers.catalogue import catalogue
from layers.rules import load_rule_set, shipped_rule_sets
from layers.rules.page import rules_page

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", shipped_rule_sets())
def test_a_shipped_set_speaks_of_layers_fields_and_values_that_exist(name: str) -> None:
    rules = load_rule_set(name)
    assert rules.name == name
    for rule in rules.rules:
        layer = catalogue()[rule.layer]
        for condition in rule.where:
            field = layer.field(condition.field)
            assert field is not None, (rule.id, condition.field)
            if field.values and condition.one_of:
                assert set(condition.one_of) <= set(field.values), rule.id
        if rule.distance_by is not None:
            assert layer.field(rule.distance_by.field), rule.id
    assert RuleSet.from_mapping(rules.to_mapping()) == rules


@pytest.mark.parametrize("name", ["sweden", "gavleborg"])
def test_every_swedish_rule_names_its_source(name: str) -> None:
    for rule in load_rule_set(name).rules:
        assert rule.source
        assert rule.title.sv != rule.title.en
        if rule.severity in ("needs_exemption", "forbidden"):
            assert rule.change is not None, rule.id


def test_the_shore_reform_of_2025_is_data() -> None:
    rules = load_rule_set("sweden")

    def shore(day: dt.date) -> list[dict[str, object]]:
        return [rule.parameters for rule in rules.as_of(day).rules if rule.id == "shore_protection"]

    assert shore(dt.date(2025, 6, 30)) == [{}]
    assert shore(dt.date(2025, 7, 1)) == [
        {"lake_min_area_m2": 10_000, "stream_min_width_m": 2, "constructed_before": "1975-07-01"}
    ]


def test_a_supplement_replaces_rules_of_the_same_id() -> None:
    base, county = load_rule_set("sweden"), load_rule_set("gavleborg")
    assert {rule.id for rule in base.rules} == {rule.id for rule in county.rules}
    by = county.rule("state_road_zone").distance_by
    assert by is not None
    assert (by.values["E4"], by.values["583"], county.rule("state_road_zone").distance_m) == (50, 30, 12)
    assert base.rule("state_road_zone").distance_by is None


def test_a_set_of_one_s_own_is_a_file_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('extends = "generic"\nname = "own"\n', encoding="utf-8")
    assert load_rule_set("own.toml", folder=tmp_path).name == "own"
    (tmp_path / "own.toml").write_text('extends = "own.toml"\nname = "own"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="extends itself"):
        load_rule_set("own.toml", folder=tmp_path)
    (tmp_path / "own.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="not TOML"):
        load_rule_set("own.toml", folder=tmp_path)


@pytest.mark.parametrize(("name", "message"), [("swedn", "Did you mean sweden"), ("none.toml", "cannot be read")])
def test_a_set_that_is_not_there_is_named_with_those_that_are(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        load_rule_set(name, folder=tmp_path)


def test_the_page_of_the_rules_is_current() -> None:
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == rules_page(), (
        "run: python -m layers.rules > docs/rules.md"
    )


def test_the_law_is_in_no_line_of_the_engine() -> None:
    engine = Path(__file__).parents[2] / "geoplan" / "land"
    for file in engine.glob("*.py"):
        code = file.read_text(encoding="utf-8")
        for word in ("sweden", "3006", "söderhamn", "almskär"):
            assert word not in code.lower(), (file.name, word)

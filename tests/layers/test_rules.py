import datetime as dt
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geoplan.errors import SettingsError
from geoplan.land.constraints import build_constraints
from geoplan.land.rules import RuleSet
from layers.catalogue import catalogue
from layers.rules import load_rule_set, parent_set, shipped_rule_sets
from layers.rules.page import rules_page

DOCS = Path(__file__).parents[2] / "docs"
BEFORE, AFTER, DAY = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2026, 1, 1)


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
        for name in (*rule.needs, *rule.except_in):
            assert catalogue()[name].geometry, rule.id
        if rule.operation in ("inside", "outside"):
            assert "polygon" in layer.geometry, rule.id
    assert RuleSet.from_mapping(rules.to_mapping()) == rules


@pytest.mark.parametrize("name", ["sweden", "gavleborg"])
def test_every_swedish_rule_names_its_source(name: str) -> None:
    for rule in load_rule_set(name).rules:
        assert rule.source
        assert rule.title.sv != rule.title.en
        assert rule.change is not None, rule.id
        assert rule.settle is not None, rule.id
        if rule.severity == "needs_exemption":
            assert rule.exemption.grounds is not None, rule.id


def test_what_is_weighed_takes_no_land_by_itself() -> None:
    severity = {rule.id: rule.severity for rule in load_rule_set("sweden").rules}
    weighed = ("national_interest_environment", "national_interest_use", "national_interest_area", "forest_biotope",
               "other_heritage", "power_line_consultation", "lis_area")  # fmt: skip
    assert {severity[rule] for rule in weighed} == {"noted"}
    assert {severity[rule] for rule in ("no_public_utilities", "radon")} == {"costs"}
    found_out = ("landslide", "coastal_erosion", "active_erosion", "contaminated_land", "possible_ancient_remain")
    assert {severity[rule] for rule in found_out} == {"investigate"}


def test_numbers_that_no_authority_confirms_are_required_settings() -> None:
    rules = load_rule_set("sweden")
    required = {name for name, setting in rules.settings.items() if setting.default is None}
    assert required == {"road_half_width_m", "lowest_foundation_level_m", "coastal_erosion_reach_m",
                        "power_line_400kv_m", "power_line_220kv_m"}  # fmt: skip
    assert (rules.setting("free_passage_m"), rules.setting("ancient_remain_uncertainty_m")) == (25, 20)


def test_a_lis_area_opens_the_shore_protection_but_not_the_strip_for_passage() -> None:
    rules = load_rule_set("sweden").as_of(DAY)
    assert rules.rule("lis_area").opens == ("shore_protection",)
    assert not rules.rule("free_passage").exemption.thinkable
    assert rules.rule("shore_protection").exemption.thinkable


def test_the_shore_reform_of_2025_is_data() -> None:
    rules = load_rule_set("sweden")

    def shore(day: dt.date) -> list[dict[str, object]]:
        return [rule.parameters for rule in rules.as_of(day).rules if rule.operation == "shore_zone"]

    exempt = {"lake_min_area_m2": 10_000, "stream_min_width_m": 2, "constructed_before": "1975-07-01"}
    assert shore(BEFORE) == [{}, {"extended": False}]
    assert shore(AFTER) == [exempt, exempt | {"extended": False}]


WATERS = [
    # kind, shape, width, constructed, basis before the reform, basis after it
    ("lake", shapely.box(0, 0, 99, 100), None, None, "computed_general", None),
    ("lake", shapely.box(0, 0, 100, 100), None, None, "computed_general", "computed_general"),
    ("stream", shapely.LineString([(0, 0), (500, 0)]), 1.9, None, "computed_general", None),
    ("stream", shapely.LineString([(0, 0), (500, 0)]), 2.0, None, "computed_general", "computed_general"),
    ("stream", shapely.LineString([(0, 0), (500, 0)]), None, None, "computed_general", "computed_unsure"),
    ("constructed", shapely.box(0, 0, 300, 300), None, "1975-06-30", "computed_general", "computed_general"),
    ("constructed", shapely.box(0, 0, 300, 300), None, "1975-07-01", "computed_general", None),
    ("constructed", shapely.box(0, 0, 300, 300), None, None, "computed_general", "computed_unsure"),
    ("sea", shapely.box(0, 0, 9, 9), None, None, "computed_general", "computed_general"),
]


@pytest.mark.parametrize(("kind", "shape", "width", "built", "before", "after"), WATERS)
def test_a_shore_under_the_law_of_the_day(
    kind: str, shape: shapely.Geometry, width: float | None, built: str | None, before: str, after: str | None
) -> None:
    columns = {"id": ["v"], "kind": [kind], "width_m": [width], "constructed_after": [built]}
    water = gpd.GeoDataFrame(columns, geometry=[shape], crs=3006)
    for day, basis in ((BEFORE, before), (AFTER, after)):
        constraints = build_constraints(load_rule_set("sweden"), {"water": water}, as_of=day)
        for rule, severity in (("shore_protection", "needs_exemption"), ("free_passage", "forbidden")):
            found = constraints.of(rule)
            assert set(found["basis"]) == ({basis} if basis else set()), (day, rule)
            assert set(found["severity"]) == (
                {severity if basis == "computed_general" else "investigate"} if basis else set()
            )


def test_the_strip_is_25_m_of_the_100_and_an_extension_is_not_of_it() -> None:
    water = gpd.GeoDataFrame({"id": ["sea"], "kind": ["sea"]}, geometry=[shapely.box(0, 0, 1_000, 1_000)], crs=3006)
    decisions = gpd.GeoDataFrame(
        {"id": ["e", "l"], "decision": ["extended", "lifted"]},
        geometry=[shapely.box(1_000, 0, 1_300, 1_000), shapely.box(0, 1_000, 500, 1_200)],
        crs=3006,
    )
    layers = {"water": water, "shore_protection": decisions}
    constraints = build_constraints(load_rule_set("sweden"), layers, as_of=DAY)

    def held(rule: str, x: float, y: float) -> set[str]:
        pieces = constraints.of(rule)
        return set(pieces.loc[pieces.covers(shapely.Point(x, y)), "basis"])

    assert held("free_passage", 1_020, 500) == {"computed_general"}
    assert held("free_passage", 1_030, 500) == set()
    assert held("shore_protection", 1_030, 500) == {"computed_general", "decided_extended"}
    assert held("shore_protection", 1_250, 500) == {"decided_extended"}
    assert held("free_passage", 200, 1_010) == held("shore_protection", 200, 1_010) == {"lifted"}


def test_the_law_on_noise_has_its_days() -> None:
    rules = load_rule_set("sweden")
    noise = gpd.GeoDataFrame(
        {"id": ["55", "60"], "level_dba": [55.0, 60.0]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs=3006,
    )

    def found(day: dt.date) -> list[str]:
        return sorted(build_constraints(rules, {"traffic_noise": noise}, as_of=day).pieces["feature"])

    assert found(dt.date(2015, 5, 31)) == []
    assert found(dt.date(2017, 6, 30)) == ["55", "60"]
    assert found(dt.date(2017, 7, 1)) == ["60"]


def test_every_dated_rule_has_no_gap_and_no_overlap_between_its_versions() -> None:
    for name in ("sweden", "gavleborg"):
        rules = load_rule_set(name).rules
        for rule_id in {rule.id for rule in rules}:
            dates = [(rule.valid_from, rule.valid_to) for rule in rules if rule.id == rule_id]
            assert all(end == start for (_, end), (start, _) in pairwise(dates)), rule_id


def test_remains_reach_as_far_as_their_position_is_unsure() -> None:
    remains = gpd.GeoDataFrame(
        {
            "id": ["given", "none given", "possible", "other", "nothing"],
            "assessment": ["ancient_remain", "ancient_remain", "possible", "other_heritage", "none"],
            "uncertainty_m": [5.0, None, 10.0, 1.0, 1.0],
        },
        geometry=[shapely.Point(n * 100, 0) for n in range(5)],
        crs=3006,
    )
    pieces = build_constraints(load_rule_set("sweden"), {"ancient_remains": remains}, as_of=DAY).pieces
    found = {row.feature: (row.severity, row.distance_m) for row in pieces.itertuples()}
    assert found == {
        "given": ("needs_exemption", 5),
        "none given": ("needs_exemption", 20),
        "possible": ("investigate", 10),
        "other": ("noted", 1),
    }


def test_power_lines_go_by_their_voltage_and_by_the_municipality_s_distances() -> None:
    lines = gpd.GeoDataFrame(
        {"id": ["400", "220", "130", "?"], "voltage_kv": [400, 220, 130, None]},
        geometry=[shapely.LineString([(0, n * 1_000), (10, n * 1_000)]) for n in range(4)],
        crs=3006,
    )
    rules = load_rule_set("sweden")
    with pytest.raises(SettingsError, match="power_line_400kv_m"):
        build_constraints(rules, {"power_lines": lines}, as_of=DAY)
    decided = rules.with_settings({"power_line_400kv_m": 100, "power_line_220kv_m": 50})
    pieces = build_constraints(decided, {"power_lines": lines}, as_of=DAY).pieces
    assert {(row.feature, row.rule, row.distance_m) for row in pieces.itertuples()} == {
        ("400", "power_line_400kv", 100),
        ("220", "power_line_220kv", 50),
        ("?", "power_line_unknown", 100),
        ("400", "power_line_consultation", 250),
        ("220", "power_line_consultation", 250),
    }


def test_the_lowest_level_must_be_one_that_is_mapped() -> None:
    levels = gpd.GeoDataFrame(
        {"id": ["2.6", "2.7"], "level_m": [2.6, 2.7]},
        geometry=[shapely.box(0, 0, 26, 1), shapely.box(0, 0, 27, 1)],
        crs=3006,
    )
    rules = load_rule_set("sweden")
    with pytest.raises(SettingsError, match=r"lowest_foundation_level_m is not decided"):
        build_constraints(rules, {"sea_levels": levels}, as_of=DAY)
    with pytest.raises(SettingsError, match=r"below_foundation_level: level_m is asked at 2\.65"):
        build_constraints(rules.with_settings({"lowest_foundation_level_m": 2.65}), {"sea_levels": levels}, as_of=DAY)
    pieces = build_constraints(
        rules.with_settings({"lowest_foundation_level_m": 2.6}), {"sea_levels": levels}, as_of=DAY
    ).pieces
    assert list(pieces["feature"]) == ["2.6"]


def test_a_plan_ends_the_building_free_zone() -> None:
    roads = gpd.GeoDataFrame(
        {"id": ["r"], "kind": ["state"], "number": ["E4"], "width_m": [0.0]},
        geometry=[shapely.LineString([(0, 0), (1_000, 0)])],
        crs=3006,
    )
    plans = gpd.GeoDataFrame({"id": ["p"], "homes": ["allowed"]}, geometry=[shapely.box(400, -100, 600, 100)], crs=3006)

    def reach(name: str, day: dt.date, x: float) -> float:
        pieces = build_constraints(load_rule_set(name), {"roads": roads, "plans": plans}, as_of=day).of(
            "state_road_zone"
        )
        across = shapely.LineString([(x, -99), (x, 99)])
        return float(shapely.intersection(shapely.union_all(pieces.geometry.to_numpy()), across).length / 2)

    assert reach("sweden", DAY, 100) == pytest.approx(12)
    assert reach("gavleborg", dt.date(2023, 2, 28), 100) == pytest.approx(12)
    assert reach("gavleborg", dt.date(2023, 3, 1), 100) == pytest.approx(50)
    assert reach("gavleborg", DAY, 500) == 0


def test_a_supplement_replaces_rules_of_the_same_id() -> None:
    base, county = load_rule_set("sweden"), load_rule_set("gavleborg")
    assert {rule.id for rule in base.rules} == {rule.id for rule in county.rules}
    by = county.rule("state_road_zone").distance_by
    assert by is not None
    assert (by.values["E4"], by.values["583"], county.rule("state_road_zone").distance_m) == (50, 30, 12)
    assert base.rule("state_road_zone").distance_by is None
    assert (parent_set("gavleborg"), parent_set("sweden")) == ("sweden", None)


def test_a_set_of_one_s_own_is_a_file_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('extends = "generic"\nname = "own"\n', encoding="utf-8")
    assert load_rule_set("own.toml", folder=tmp_path).name == "own"
    (tmp_path / "own.toml").write_text('extends = "own.toml"\nname = "own"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="extends itself"):
        load_rule_set("own.toml", folder=tmp_path)
    (tmp_path / "own.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="not TOML"):
        load_rule_set("own.toml", folder=tmp_path)


def test_a_rule_that_reads_a_layer_that_does_not_exist_is_named(tmp_path: Path) -> None:
    rule = """extends = "generic"
name = "own"
[[rules]]
id = "marsh"
title = { sv = "Kärr", en = "Marsh" }
layer = "protected_natur"
operation = "inside"
severity = "forbidden"
legal_basis = { sv = "x", en = "x" }
source = "x"
"""
    (tmp_path / "own.toml").write_text(rule, encoding="utf-8")
    with pytest.raises(
        SettingsError, match=r"Rule marsh of own reads the layer 'protected_natur'.*Did you mean protected_nature"
    ):
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
    domain = Path(__file__).parents[2] / "geoplan"
    country = ("sweden", "3006", "söderhamn", "almskär")
    terms = ("detaljplan", "fornlämning", "prickmark", "riksintresse")
    # What is said of a plot is said in Swedish, too.
    for part, words in (("land", country + terms), ("alternatives", country + terms), ("plots", country)):
        for file in (domain / part).rglob("*.py"):
            code = file.read_text(encoding="utf-8").lower()
            assert not [word for word in words if word in code], file

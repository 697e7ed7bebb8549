import pandas as pd
import pytest
import shapely
from place import TEXT, frame, make_rule, make_rules

from geoplan.errors import SettingsError
from geoplan.land.constraints import build_constraints
from geoplan.land.rules import Condition
from geoplan.land.selection import select_features

LEVEL = {"level": {"title": TEXT, "unit": "m", "source": "the municipality"}}


def extents(levels: list[float | None]) -> object:
    """Nested extents: what lies below each level."""
    reach = [10.0 * (level or 1) for level in levels]
    return frame([shapely.box(0, 0, width, 10) for width in reach], level_m=levels)


def below(level: float | None, levels: list[float | None], **more: object) -> float:
    condition = {"field": "level_m", "max_setting": "level"} | more
    rules = make_rules(make_rule(id="low", layer="levels", operation="inside", where=[condition]), settings=LEVEL)
    if level is not None:
        rules = rules.with_settings({"level": level})
    pieces = build_constraints(rules, {"levels": extents(levels)}).pieces
    return float(shapely.union_all(pieces.geometry.to_numpy()).area)


def test_a_setting_bounds_a_condition_and_the_bound_itself_passes() -> None:
    assert below(2.5, [1.0, 2.5, 3.0]) == 250.0
    assert below(1.0, [1.0, 2.5, 3.0]) == 100.0
    assert below(9.0, [1.0, 2.5, 3.0]) == 300.0


def test_a_low_bound_by_setting_keeps_what_is_above() -> None:
    rules = make_rules(
        make_rule(id="steep", layer="slopes", operation="inside", where=[{"field": "percent", "min_setting": "level"}]),
        settings=LEVEL,
    ).with_settings({"level": 15})
    slopes = frame([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)], percent=[10, 15, 40])
    assert sorted(build_constraints(rules, {"slopes": slopes}).pieces["feature"]) == ["f1", "f2"]


def test_an_undecided_setting_is_asked_for_only_where_the_layer_has_something() -> None:
    assert below(None, []) == 0.0
    with pytest.raises(SettingsError, match=r"rules\.settings\.level is not decided"):
        below(None, [1.0])


def test_a_bound_between_the_steps_of_a_mapped_layer_is_refused_with_the_steps_there_are() -> None:
    assert below(2.5, [1.0, 2.5], mapped=True) == 250.0
    assert below(2.7, [1.0, 2.700000047683716], mapped=True) == pytest.approx(270.0)
    with pytest.raises(SettingsError, match=r"Rule low: level_m is asked at 2\.7, .* mapped at 1\.0, 2\.5\."):
        below(2.7, [1.0, 2.5, None], mapped=True)


def test_conditions_on_what_is_missing_find_just_that() -> None:
    lines = frame([shapely.Point(n, 0) for n in range(3)], kv=[400.0, None, 130.0])
    chosen = select_features(lines, (Condition.model_validate({"field": "kv", "missing": True}),))
    assert list(chosen["id"]) == ["f1"]
    dates = frame([shapely.Point(0, 0)] * 2, day=pd.Series(["2020-01-01", None], dtype=object))
    chosen = select_features(dates, (Condition.model_validate({"field": "day", "missing": True}),))
    assert list(chosen["id"]) == ["f1"]


def test_a_bound_that_is_still_a_setting_s_name_is_refused() -> None:
    condition = Condition.model_validate({"field": "level_m", "max_setting": "level"})
    with pytest.raises(SettingsError, match=r"RuleSet\.conditions"):
        select_features(frame([shapely.Point(0, 0)], level_m=[1.0]), (condition,))

from typing import Any

import numpy as np
import pandas as pd
import pytest
from attracting import GROUPS, assumed, made_parts, simple_group

from geoplan.errors import InputError
from geoplan.plots.attraction.groups import group_values, groups_from_values
from geoplan.plots.attraction.parts import PART_IDS, PARTS, SERVICE_KINDS, part
from geoplan.plots.travel.reach import SERVICE_KINDS as REACHED
from layers.assumptions import assumption_values


def test_nine_groups_come_with_geoplan_in_two_languages() -> None:
    some = {"families", "elderly", "young", "students", "disability", "new_arrivals", "returning", "part_time"}
    assert {group.id for group in GROUPS} == some | {"small_enterprise"}
    for group in GROUPS:
        assert group.title.sv != group.title.en
        assert sum(group.weights.values()) == pytest.approx(1)
        assert sum(group.modes.values()) == pytest.approx(1)
        assert tuple(group.weights) == PART_IDS


def test_points_are_proportions() -> None:
    assert simple_group({"water": 1, "sun": 3}).weights["sun"] == 0.75
    assert simple_group({"water": 7, "sun": 21}).weights == simple_group({"water": 1, "sun": 3}).weights


def test_a_service_is_worth_the_mean_over_the_group_s_modes_that_are_known() -> None:
    parts = made_parts(3, unknown=0)
    parts["school_foot"], parts["school_bike"], parts["school_car"] = [0.0, np.nan, np.nan], [0.5, 0.5, np.nan], 1.0
    parts.loc[2, "school_car"] = np.nan
    group = simple_group({"school": 1}, modes={"foot": 2, "bike": 1, "car": 1})
    worths = group_values(parts, group)["school"].to_numpy()
    assert worths[:2].tolist() == pytest.approx([0.375, 0.75])
    assert np.isnan(worths[2])


def test_a_wish_of_its_own_takes_the_place_of_the_general_worth() -> None:
    parts = made_parts(4, unknown=0)
    parts["size_raw"], parts["settlement_raw"] = [400.0, 900.0, 1700.0, np.nan], ["town", "rural", None, "town"]
    wishes = {"size": [[400, 0], [1400, 1]], "settlement": {"town": 0.1, "rural": 0.9, "archipelago": 0.5}}
    worths = group_values(parts, simple_group({"size": 1}, values=wishes))
    assert worths["size"].iloc[:3].tolist() == pytest.approx([0, 0.5, 1])
    assert worths["settlement"].iloc[[0, 1, 3]].tolist() == [0.1, 0.9, 0.1]
    assert pd.isna(worths.loc["p00003", "size"])
    assert pd.isna(worths.loc["p00002", "settlement"])
    assert worths["water"].tolist() == parts["water"].tolist()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"weights": {"wtaer": 1}}, "wtaer"),
        ({"weights": {"water": 0}}, "zero"),
        ({"weights": {"water": -1}}, "water"),
        ({"weights": None}, "weights"),
        ({"modes": {"boat": 1}}, "boat"),
        ({"title_sv": ""}, "title"),
        ({"values": {"school": [[1, 1]]}}, "school"),
        ({"values": {"settlement": {"town": 1}}}, "settlement"),
        ({"values": [1]}, "values"),
        ({"wieghts": {}}, "wieghts"),
    ],
)
def test_a_group_that_is_wrong_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    groups = assumed("weights")["groups"]
    with pytest.raises(InputError, match=named) as caught:
        groups_from_values({"groups": groups | {"families": groups["families"] | change}})
    assert caught.value.hint


def test_a_workspace_may_change_a_weight_and_add_a_group_of_its_own() -> None:
    own = {"title_sv": "Skärgårdsbor", "title_en": "Islanders", "weights": {"ferry": 2}, "modes": {"foot": 1}}
    groups = {"islanders": own, "families": {"weights": {"water": 10}}}
    values = assumption_values({"weights": {"groups": groups}})["weights"]
    found = {group.id: group for group in groups_from_values(values)}
    assert set(found) == {group.id for group in GROUPS} | {"islanders"}
    assert found["islanders"].weights["ferry"] == 1
    before = next(group for group in GROUPS if group.id == "families")
    assert found["families"].weights["water"] > before.weights["water"]
    assert found["families"].weights["school"] == pytest.approx(found["families"].weights["preschool"])


def test_no_groups_are_no_answer() -> None:
    for values in ({}, {"groups": {}}, {"groups": {"families": 3}}):
        with pytest.raises(InputError):
            groups_from_values(values)


def test_travel_times_and_parts_speak_of_the_same_services() -> None:
    assert sorted(SERVICE_KINDS) == sorted(REACHED)


def test_every_part_is_described_in_two_languages() -> None:
    for one in PARTS:
        assert part(one.id) is one
        assert one.title.sv != one.title.en
        assert one.to_dict()["what"]["sv"].endswith(".")

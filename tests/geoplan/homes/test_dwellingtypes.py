"""Households by type, groups of the law, and the need by kind of dwelling: nobody is lost or doubled."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.dwellingtypes import TypedNeed, mismatch, mismatch_texts, need_by_type
from geoplan.homes.groups import GroupAssumptions, group_households
from geoplan.homes.households import households, households_by_age
from geoplan.homes.householdtypes import households_by_type
from geoplan.homes.need import housing_need, need_by_density
from geoplan.homes.preferences import Preferences

ASSUMPTIONS = Path(__file__).resolve().parents[3] / "layers" / "assumptions"


def values(name: str) -> dict[str, Any]:
    content = tomllib.loads((ASSUMPTIONS / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: row["value"] for key, row in content.items() if "value" in row}


TYPES = pd.DataFrame(
    [
        ("20-64", "single", 1, 0.5),
        ("20-64", "couple_with_children", 4, 0.5),
        ("65+", "single", 1, 0.6),
        ("65+", "couple", 2, 0.4),
    ],
    columns=["age", "household_type", "persons", "share"],
)
QUOTAS = pd.DataFrame({"age": ["0-19", "20-64", "65+"], "quota": [0.0, 0.55, 0.7]})
PREFERENCES = Preferences.from_values(values("preferences"))


def chain(
    counts: np.ndarray,
    stock: pd.DataFrame | None,
    served: str = "observed",
    preferences: Preferences = PREFERENCES,
    **more: Any,
) -> tuple[pd.DataFrame, pd.DataFrame, TypedNeed]:
    """Persons by [area, year, age band] to the need table, the households by type and the need by kind."""
    ages = ["0-19", "20-64", "65-79", "80+"]
    index = pd.MultiIndex.from_product([["a", "b"][: len(counts)], [2025, 2035], ages], names=["area", "year", "age"])
    people = pd.DataFrame({"population": counts.reshape(-1)}, index=index).reset_index().assign(sex="all")
    by_type, _ = households_by_type(households_by_age(people, QUOTAS), TYPES)
    need = housing_need(households(people, QUOTAS), stock, base_year=2025, **more).table
    return need, by_type, need_by_type(need, by_type, stock, preferences, base_year=2025, served=served)


def stock_of(rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (area, kind, tenure, size, float(rng.integers(0, 60)))
        for area in ("a", "b")
        for kind, tenure in (("one_or_two", "owned"), ("multi", "rental"), ("multi", "unknown"), ("leisure", "owned"))
        for size in ("1-2", "3", "4+")
    ]
    table = pd.DataFrame(rows, columns=["area", "type", "tenure", "size", "dwellings"])
    return table.assign(vacant=np.floor(table["dwellings"] * rng.uniform(0, 0.3, len(table))))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["observed", "stated"]), st.floats(0, 0.2), st.floats(-30, 30))
def test_the_need_by_kind_adds_up_and_nobody_leaves_a_home_that_is_not_there(
    seed: int, served: str, vacancy: float, deficit: float
) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 200, (2, 2, 4)).astype(float)
    need, by_type, typed = chain(
        counts, stock_of(rng), served, vacancy_reserve=vacancy, exits_per_year=0.004, initial_deficit=deficit
    )
    keys = ["area", "year"]
    sums = typed.table.groupby(keys)[["need", "households", "shortage", "surplus"]].sum()
    wanted = need.set_index(keys)
    np.testing.assert_allclose(sums["need"], wanted["need"].loc[sums.index], atol=1e-8)
    np.testing.assert_allclose(sums["shortage"] - sums["surplus"], sums["need"], atol=1e-8)
    np.testing.assert_allclose(sums["households"], wanted["households"].loc[sums.index], atol=1e-8)
    assert typed.table["households"].min() > -1e-8
    assert typed.table["dwellings"].min() >= 0
    partition = by_type.groupby(keys)["households"].sum()
    np.testing.assert_allclose(partition.xs(2035, level="year"), wanted["households"].xs(2035, level="year"))


def test_no_net_need_and_still_the_wrong_stock() -> None:
    """The families go, the old come: as many homes as before, and other ones."""
    counts = np.array([[[0.0, 400.0, 0.0, 0.0], [0.0, 0.0, 0.0, 400.0 * 0.55 / 0.7]]])
    stock = pd.DataFrame(
        {
            "area": ["a", "a"],
            "type": ["one_or_two", "multi"],
            "tenure": ["owned", "rental"],
            "size": ["4+", "1-2"],
            "dwellings": [200.0, 20.0],
            "vacant": [0.0, 0.0],
        }
    )
    need, _, typed = chain(counts, stock)
    assert need["need"].tolist() == pytest.approx([0.0], abs=1e-9)
    sides = mismatch(typed.table)
    assert sides["area"].tolist() == ["a", "*"]
    assert sides["wrong_stock"].tolist() == [True, True]
    assert sides["shortage"].iloc[0] == pytest.approx(sides["surplus"].iloc[0])
    assert sides["shortage"].iloc[0] > 50
    houses = typed.table[typed.table["dwelling_type"] == "one_or_two"]
    assert houses["need"].sum() < -50
    texts = mismatch_texts(typed.table)
    assert "no net need and still the wrong stock" in texts[0].en
    assert "fel bestånd" in texts[0].sv


def test_a_surplus_next_door_serves_the_whole_and_not_the_area() -> None:
    table = pd.DataFrame(
        {
            "area": ["a", "b"],
            "year": 2030,
            "dwelling_type": "multi",
            "tenure": "rental",
            "size": "3",
            "need": [10.0, -10.0],
        }
    )
    sides = mismatch(table).set_index("area")
    assert sides.loc["*", ["shortage", "surplus"]].tolist() == [0, 0]
    assert sides["wrong_stock"].tolist() == [False, False, False]


def test_what_the_stock_does_not_tell_of_is_not_divided() -> None:
    stock = pd.DataFrame({"area": ["a"], "tenure": ["owned"], "dwellings": [500.0]})
    need, _, typed = chain(np.full((1, 2, 4), 100.0), stock, exits_per_year=0.01)
    assert set(typed.table["dwelling_type"]) == set(typed.table["size"]) == {"all"}
    assert set(typed.table["tenure"]) == {"owned", "rental", "tenant_owned"}
    assert typed.table["need"].sum() == pytest.approx(need["need"].sum())
    assert "dwelling_type, size" in " ".join(note.en for note in typed.assumptions)
    _, _, alone = chain(np.full((1, 2, 4), 100.0), None)
    assert set(alone.table["dwelling_type"]) == {"one_or_two", "multi", "special"}


def test_reasons_are_vacant_by_kind_and_a_deficit_of_the_stock_is_divided() -> None:
    stock = pd.DataFrame(
        {
            "area": ["a", "a", "b"],
            "type": pd.array(["one_or_two", "multi", None], dtype="string"),
            "dwellings": [500.0, 400.0, 10.0],
            "vacant_to_let": [0.0, 30.0, np.nan],
        }
    )
    need, _, typed = chain(np.full((2, 2, 4), 100.0), stock)
    assert need.groupby("area")["vacant"].first().to_dict() == {"a": 30, "b": 0}
    assert need.groupby("area")["deficit"].first()["b"] > 0
    sums = typed.table.groupby(["area", "year"])["need"].sum()
    np.testing.assert_allclose(sums, need.set_index(["area", "year"])["need"].loc[sums.index], atol=1e-8)
    mine = typed.table[typed.table["area"] == "a"].groupby("dwelling_type")["need"].sum()
    assert mine["multi"] < mine["one_or_two"]


def test_rows_in_another_order_give_the_same_digits() -> None:
    rng = np.random.default_rng(11)
    counts, stock = rng.integers(1, 99, (2, 2, 4)).astype(float), stock_of(rng)
    need, by_type, typed = chain(counts, stock)
    mixed = [table.sample(frac=1, random_state=2) for table in (need, by_type, stock)]
    again = need_by_type(*mixed, PREFERENCES, base_year=2025)
    pd.testing.assert_frame_equal(typed.table, again.table, check_exact=True)


def test_other_households_than_the_needs_are_refused() -> None:
    need, by_type, _ = chain(np.full((1, 2, 4), 100.0), None)
    with pytest.raises(InputError, match="do not add up"):
        need_by_type(need, by_type.assign(households=1.0), None, PREFERENCES, base_year=2025)


def test_types_are_a_partition_and_unknown_ones_are_told() -> None:
    by_age = pd.DataFrame(
        {"area": "a", "year": 2025, "age": ["0-19", "60-69", "80+"], "households": [0.0, 100.0, 50.0]}
    )
    table, notes = households_by_type(by_age, TYPES)
    assert table["households"].sum() == pytest.approx(150)
    assert table.groupby("age")["households"].sum().to_dict() == pytest.approx({"20-64": 50, "65+": 100})
    assert notes == ()
    whole, told = households_by_type(by_age, None)
    assert whole["households"].sum() == 150
    assert set(whole["household_type"]) == {"all"}
    assert "one type" in told[0].en


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (TYPES.assign(share=0.4), "do not add up to 1"),
        (TYPES.assign(share=[1.5, -0.5, 0.6, 0.4]), "outside 0 to 1"),
        (TYPES.assign(age=["20-64", "20-64", "60+", "60+"]), "overlap"),
        (TYPES.iloc[:2], r"no type covers the ages 80\+"),
    ],
)
def test_types_that_do_not_fit_are_named(types: pd.DataFrame, message: str) -> None:
    by_age = pd.DataFrame({"area": "a", "year": 2025, "age": ["80+"], "households": [1.0]})
    with pytest.raises(FrameError, match=message):
        households_by_type(by_age, types)


def counts(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "area", "year", "households", "persons"])


def test_groups_are_computed_or_counted_and_the_rest_is_unknown() -> None:
    by_age = pd.DataFrame(
        [("a", year, age, 10.0) for year in (2025, 2030) for age in ("20-29", "65-79", "80+")],
        columns=["area", "year", "age", "households"],
    )
    by_type, _ = households_by_type(by_age, TYPES)
    found = group_households(
        by_age,
        by_type,
        counts(
            ("violence", "*", None, 4, None), ("new_arrivals", "a", 2025, None, 8), ("new_arrivals", "a", 2029, 5, None)
        ),
        GroupAssumptions.from_values(values("groups")),
    )
    table = found.table.set_index(["year", "group"])["households"]
    assert table[2025].to_dict() == pytest.approx(
        {"young": 10, "families": 5, "elderly_65": 20, "elderly_80": 10, "new_arrivals": 4, "violence": 4}
    )
    assert table[2030, "new_arrivals"] == 5
    assert "students, disability" in found.assumptions[-1].en
    assert "never added up" in found.assumptions[0].en


def test_a_count_of_one_area_leaves_the_others_computed() -> None:
    by_age = pd.DataFrame({"area": ["a", "b"], "year": 2025, "age": "18-29", "households": [1_000.0, 700.0]})
    assumed = GroupAssumptions.from_values(values("groups"))
    table = group_households(by_age, None, counts(("young", "a", None, 300, None)), assumed).table
    young = table[table["group"] == "young"].set_index("area")
    assert young["households"].to_dict() == {"a": 300.0, "b": 700.0}
    assert young["basis"].to_dict() == {"a": "counted", "b": "computed"}
    table = group_households(by_age, None, counts(("young", "*", None, 900, None)), assumed).table
    assert table.loc[table["group"] == "young", ["area", "households"]].values.tolist() == [["*", 900.0]]


@pytest.mark.parametrize("row", [("disability", "Sand", None, 4, None), ("disability", "Sand", None, None, 3)])
def test_a_count_by_which_someone_could_be_identified_is_refused(row: tuple[object, ...]) -> None:
    by_age = pd.DataFrame({"area": ["Sand"], "year": [2025], "age": ["80+"], "households": [1.0]})
    assumed = GroupAssumptions.from_values(values("groups"))
    with pytest.raises(FrameError, match="fewer than 5, who could be identified") as raised:
        group_households(by_age, None, counts(row), assumed)
    assert "Sand" not in str(raised.value)
    whole = counts((row[0], "*", *row[2:]))
    assert (group_households(by_age, None, whole, assumed).table["group"] == "disability").any()
    none = counts(("disability", "Sand", None, 0, None))
    assert (group_households(by_age, None, none, assumed).table["group"] == "disability").any()


def test_households_of_an_open_band_fall_off_with_age() -> None:
    by_age = pd.DataFrame({"area": ["a"], "year": [2025], "age": ["65+"], "households": [1_000.0]})
    table = group_households(by_age, None, None, GroupAssumptions.from_values(values("groups"))).table
    old = table.set_index("group")["households"]
    expected = 1_000 * sum(n**2 for n in range(1, 22)) / sum(n**2 for n in range(1, 37))
    assert old["elderly_80"] == pytest.approx(expected)
    assert old["elderly_65"] == pytest.approx(1_000)
    types = pd.DataFrame({"age": ["65-79", "80+"], "household_type": ["couple", "single"], "share": 1.0})
    by_type, _ = households_by_type(by_age, types)
    assert by_type.set_index("household_type")["households"]["single"] == pytest.approx(expected)
    assert by_type["households"].sum() == pytest.approx(1_000)


def test_types_and_households_in_another_order_give_the_same_digits() -> None:
    rng = np.random.default_rng(5)
    types = pd.DataFrame(
        [(age, kind, size) for age in ("0-29", "30-59", "60+") for kind in "abc" for size in (1, 2, None)],
        columns=["age", "household_type", "persons"],
    )
    types["share"] = rng.dirichlet(np.ones(9), 3).ravel()
    by_age = pd.DataFrame(
        [(area, 2025, sex, str(age)) for area in "ab" for sex in ("f", "m") for age in range(20, 90)],
        columns=["area", "year", "sex", "age"],
    )
    by_age["households"] = rng.uniform(0, 9, len(by_age))
    first, _ = households_by_type(by_age, types)
    for seed in range(5):
        mixed = types.sample(frac=1, random_state=seed).reset_index(drop=True)
        again, _ = households_by_type(by_age.sample(frac=1, random_state=seed), mixed)
        pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_those_who_must_leave_violence_are_never_placed() -> None:
    by_age = pd.DataFrame({"area": ["a"], "year": [2025], "age": ["80+"], "households": [1.0]})
    secret = counts(("violence", "Storgatan-7", None, 2, None))
    with pytest.raises(FrameError, match="area = \\*") as raised:
        group_households(by_age, None, secret, GroupAssumptions.from_values(values("groups")))
    assert "Storgatan" not in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("sailors", "a", None, 1, None)], "unknown groups sailors"),
        ([("students", "a", None, None, None)], "neither households nor persons"),
        ([("students", "a", None, 1, None), ("students", "a", None, 2, None)], "two counts"),
    ],
)
def test_counts_that_do_not_fit_are_named(rows: list[tuple[object, ...]], message: str) -> None:
    by_age = pd.DataFrame({"area": ["a"], "year": [2025], "age": ["80+"], "households": [1.0]})
    with pytest.raises(FrameError, match=message):
        group_households(by_age, None, counts(*rows), GroupAssumptions.from_values(values("groups")))


def test_assumptions_are_checked() -> None:
    with pytest.raises(InputError, match="lack ages"):
        GroupAssumptions.from_values({})
    with pytest.raises(InputError, match="persons_per_household must be above 0 for young"):
        GroupAssumptions.from_values(values("groups") | {"persons_per_household": {}})
    with pytest.raises(InputError, match="preferences lack dwelling_type"):
        Preferences.from_values({})
    wrong = values("preferences")
    with pytest.raises(InputError, match=r"tenure\.multi"):
        Preferences.from_values(wrong | {"tenure": wrong["tenure"] | {"multi": {"rental": 0.5}}})


def test_preferences_of_a_survey_take_the_nearest_row() -> None:
    layer = pd.DataFrame(
        [
            (None, None, "multi", "rental", 1.0),
            ("single", "65+", "special", "rental", 1.0),
            ("single", "0-64", "multi", "tenant_owned", 1.0),
        ],
        columns=["household_type", "age", "dwelling_type", "tenure", "share"],
    )
    wanted = Preferences.from_table(layer)
    groups = pd.DataFrame({"household_type": ["single", "couple"], "age": ["60-69", "80+"], "persons": [1.0, np.nan]})
    shares = wanted.shares(groups)
    assert shares["special", "rental", "all"].tolist() == pytest.approx([0.5, 0.0])
    assert shares["multi", "rental", "all"].tolist() == [0.0, 1.0]
    with pytest.raises(FrameError, match="nothing tells what couple of 80"):
        Preferences.from_table(layer.iloc[1:]).shares(groups)
    with pytest.raises(FrameError, match="do not add up to 1"):
        Preferences.from_table(layer.assign(share=0.4))


def test_households_of_more_persons_are_of_the_largest_class() -> None:
    groups = pd.DataFrame({"household_type": "other", "age": "30", "persons": [5.0, 8.0]})
    shares = PREFERENCES.shares(groups)
    assert shares.iloc[0].tolist() == shares.iloc[1].tolist()


def test_the_second_method_is_population_change_by_persons_per_dwelling() -> None:
    people = pd.DataFrame({"area": "a", "year": [2025, 2025, 2035], "population": [60.0, 40.0, 120.0]})
    stock = pd.DataFrame({"area": ["a", "a"], "type": ["multi", "leisure"], "dwellings": [50, 9]})
    table = need_by_density(people, stock, base_year=2025)
    assert table.to_dict("records") == [
        {"area": "a", "year": 2035, "population_change": 20.0, "per_dwelling": 2.0, "need": 10.0}
    ]
    assert need_by_density(people, stock.iloc[1:], base_year=2025)["need"].isna().all()
    with pytest.raises(InputError, match="base year 2024"):
        need_by_density(people, stock, base_year=2024)

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.ages import AgeBand, age_weights
from geoplan.homes.households import households, quota_warnings, quotas_by_group
from geoplan.homes.need import dwellings_required, housing_need
from geoplan.homes.population import project_population
from geoplan.homes.singleyears import split_bands
from geoplan.homes.stock import stock_table


def people(**areas: float) -> pd.DataFrame:
    rows = [
        (area, 2025, sex, age, count)
        for area, count in areas.items()
        for sex in ("female", "male")
        for age in ("0-19", "20-64", "65+")
    ]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "age", "population"])


QUOTAS = pd.DataFrame({"sex": ["all"] * 3, "age": ["0-19", "20-64", "65+"], "quota": [0.0, 0.5, 0.8]})


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("0-4", (0, 4)),
        ("80+", (80, 120)),
        ("37", (37, 37)),
        (" 15–19 ", (15, 19)),
        ("", (0, 120)),
        (None, (0, 120)),
        (np.nan, (0, 120)),
        ("7 år", (7, 7)),
    ],
)
def test_age_bands_are_read(text: object, band: tuple[int, int]) -> None:
    assert AgeBand.parse(text) == AgeBand(*band)


@pytest.mark.parametrize("text", ["9-5", "young", "-3", "0-200"])
def test_what_is_no_age_band_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not an age band"):
        AgeBand.parse(text)


@given(st.integers(0, 99), st.integers(0, 20), st.integers(0, 99), st.integers(0, 20))
def test_overlap_is_symmetric_and_counts_years(low: int, more: int, other: int, longer: int) -> None:
    first, second = AgeBand(low, low + more), AgeBand(other, other + longer)
    years = set(range(first.low, first.high + 1)) & set(range(second.low, second.high + 1))
    assert first.overlap(second) == second.overlap(first) == len(years)


def test_totals_are_shared_out_as_in_the_base_year_and_add_up() -> None:
    totals = pd.DataFrame({"area": ["*", "*"], "year": [2027, 2035], "population": [1_300.0, 900.0]})
    result = project_population(people(a=100, b=50), totals, base_year=2025, years=[2026, 2027, 2031])
    sums = result.table.groupby("year")["population"].sum()
    assert sums.to_dict() == pytest.approx({2025: 900, 2026: 1_100, 2027: 1_300, 2031: 1_100})
    shares = result.table.groupby(["year", "area"])["population"].sum().unstack()
    assert (shares["a"] / shares["b"]).tolist() == pytest.approx([2.0] * 4)
    assert "totals" in result.assumptions[0].en


def test_a_projection_by_age_is_used_as_it_is() -> None:
    later = people(a=80, b=60).assign(year=2035)
    result = project_population(people(a=100, b=50), later, base_year=2025, years=[2030])
    mine = result.table[result.table["year"] == 2030].groupby("area")["population"].sum()
    assert mine.to_dict() == {"a": 6 * 90.0, "b": 6 * 55.0}
    assert result.assumptions == ()


def test_a_projection_that_lacks_an_area_is_no_total() -> None:
    totals = pd.DataFrame({"area": ["a"], "year": [2030], "population": [700.0]})
    with pytest.raises(FrameError, match="population_projection: lacks the areas b"):
        project_population(people(a=100, b=100), totals, base_year=2025, years=[2030])
    with pytest.raises(FrameError, match="without population in the base year: c"):
        project_population(people(a=100), people(a=9, c=9).assign(year=2030), base_year=2025, years=[2030])


@pytest.mark.parametrize("by_age", [True, False])
def test_a_year_that_lacks_an_area_is_interpolated_and_not_none(by_age: bool) -> None:
    later = pd.concat([people(a=110).assign(year=2030), people(a=120, b=130).assign(year=2040)])
    if not by_age:
        later = later.groupby(["area", "year"], as_index=False)["population"].sum()
    table = project_population(people(a=100, b=100), later, base_year=2025, years=[2030, 2040]).table
    sums = table.groupby("year")["population"].sum()
    assert sums.to_dict() == pytest.approx({2025: 1_200, 2030: 6 * (110 + 110), 2040: 6 * (120 + 130)})


def test_bands_of_a_projection_that_overlap_between_years_are_refused() -> None:
    later = pd.concat([people(a=110).assign(year=2030), people(a=120).assign(year=2040, age="20-70")])
    with pytest.raises(FrameError, match="a is told of by female 20-64 and female 20-70"):
        project_population(people(a=100), later, base_year=2025, years=[2030])


def test_without_a_projection_the_population_is_held_and_told() -> None:
    result = project_population(people(a=100), None, base_year=2025, years=[2040])
    assert result.table.groupby("year")["population"].sum().to_dict() == {2025: 600, 2040: 600}
    assert "held" in result.assumptions[0].en


def test_nothing_is_extrapolated() -> None:
    totals = pd.DataFrame({"area": ["*"], "year": [2030], "population": [1.0]})
    with pytest.raises(InputError, match="ends 2030; 2031"):
        project_population(people(a=1), totals, base_year=2025, years=[2031])
    with pytest.raises(InputError, match="ends 2025; 2031"):
        project_population(people(a=1), people(a=1), base_year=2025, years=[2031])
    with pytest.raises(InputError, match="base year 2024"):
        project_population(people(a=1), None, base_year=2024, years=[2030])


def test_households_are_people_times_quotas() -> None:
    result = households(people(a=100, b=10), QUOTAS).set_index("area")
    assert result["households"].to_dict() == pytest.approx({"a": 260.0, "b": 26.0})
    assert result["population"].to_dict() == {"a": 600.0, "b": 60.0}


def test_quotas_of_other_bands_are_averaged_over_the_years() -> None:
    fine = pd.DataFrame({"age": ["20-24", "25-29"], "quota": [0.2, 0.6]})
    group = pd.DataFrame({"area": "a", "year": 2025, "sex": "all", "age": ["20-29", "22"], "population": [100, 10]})
    assert households(group, fine)["households"].iloc[0] == pytest.approx(100 * 0.4 + 10 * 0.2)


def test_a_sex_s_own_quota_comes_before_that_of_all() -> None:
    quotas = pd.DataFrame({"sex": ["all", "female"], "age": ["20+", "20-64"], "quota": [0.5, 0.4]})
    group = pd.DataFrame({"sex": ["female", "female", "male"], "age": ["20-64", "70", "20-64"]})
    assert quotas_by_group(group, quotas)["quota"].tolist() == [0.4, 0.5, 0.5]


def test_an_open_band_is_weighed_by_how_many_grow_so_old() -> None:
    quotas = pd.DataFrame({"age": ["80-89", "90+"], "quota": [0.7, 0.4]})
    group = pd.DataFrame({"sex": ["all"], "age": ["80+"]})
    old = sum(n**2 for n in range(1, 12)) / sum(n**2 for n in range(1, 22))
    assert quotas_by_group(group, quotas)["quota"].tolist() == pytest.approx([0.7 + (0.4 - 0.7) * old])
    linear = quotas_by_group(group, quotas, open_age_exponent=1.0)["quota"].item()
    assert linear == pytest.approx(0.7 - 0.3 * sum(range(1, 12)) / sum(range(1, 22)))


@given(st.integers(0, 100), st.floats(0, 3))
def test_weights_of_an_open_band_are_those_that_split_it(low: int, exponent: float) -> None:
    split = split_bands([AgeBand(low, 120)], np.array([[1.0]]), exponent=exponent)[0]
    weights = age_weights(AgeBand(low, 120), open_age_exponent=exponent)
    np.testing.assert_allclose(weights[:101] / weights.sum(), split, atol=1e-12)


@pytest.mark.parametrize(
    ("quotas", "message"),
    [
        (QUOTAS.assign(quota=[0.0, 1.2, 0.5]), "outside 0 to 1"),
        (QUOTAS.assign(quota=[0.0, np.nan, 0.5]), "outside 0 to 1"),
        (QUOTAS.iloc[:2], r"no quota covers female 65\+"),
        (QUOTAS.assign(sex="female"), "no quota covers male 0-19"),
        (QUOTAS.drop(columns="quota"), "missing columns quota"),
        (QUOTAS.assign(age=["0-20", "20-64", "65+"]), r"tell of the same: all 0-20 and all 20-64"),
        (pd.concat([QUOTAS, QUOTAS.iloc[[1]]]), r"tell of the same: all 20-64 and all 20-64"),
    ],
)
def test_quotas_that_do_not_fit_are_named(quotas: pd.DataFrame, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        households(people(a=1), quotas)


def test_implausible_quotas_are_warned_of() -> None:
    assert quota_warnings(QUOTAS) == ()
    odd = pd.DataFrame({"age": ["20-24", "30-64"], "quota": [0.1, 0.3]})
    assert "30-64 0.30" in quota_warnings(odd)[0].en


def table(*rows: tuple[str, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area", "year", "households"])
    return frame.assign(population=frame["households"] * 2)


def test_need_is_the_sum_of_its_parts_and_may_be_negative() -> None:
    homes = table(("a", 2025, 1_000), ("b", 2025, 500), ("a", 2035, 1_100), ("b", 2035, 450))
    stock = pd.DataFrame(
        {
            "area": ["a", "a", "b", "b"],
            "type": ["multi", "leisure", "multi", "multi"],
            "dwellings": [1_030, 99, 300, 260],
            "vacant": [30, 9, 60, 0],
        }
    )
    need = housing_need(
        homes,
        stock,
        base_year=2025,
        vacancy_reserve=0.02,
        exits_per_year={"a": 0.01, "*": 0.0},
        initial_deficit=15,
    )
    a, b = need.table.to_dict("records")
    assert a["exits"] == pytest.approx(1_030 * (1 - 0.99**10))
    assert a["reserve"] == pytest.approx(1_100 / 0.98 - 1_100)
    assert (a["household_change"], a["vacant"], a["deficit"]) == (100, 30, pytest.approx(10))
    assert a["need"] == pytest.approx(100 + a["exits"] + a["reserve"] - 30 + 10)
    assert b["need"] == pytest.approx(-50 + 450 / 0.98 - 450 - 60 + 5)
    assert b["need"] < 0
    assert (a["building_need"], b["building_need"]) == (a["need"], 0.0)
    assert need.assumptions == ()


@settings(max_examples=40, deadline=None)
@given(
    st.floats(10, 1e5), st.floats(0, 1e5), st.floats(0, 0.4), st.floats(0, 0.1), st.floats(-500, 500), st.floats(0, 0.1)
)
def test_the_need_is_monotone_where_it_must_be(
    base: float, later: float, vacancy: float, exits: float, deficit: float, more: float
) -> None:
    stock = pd.DataFrame({"area": ["a"], "dwellings": [1_000.0], "vacant": [20.0]})

    def need(people: float = later, v: float = vacancy, leaving: float = exits, lacking: float = deficit) -> float:
        homes = table(("a", 2025, base), ("a", 2035, people))
        found = housing_need(
            homes, stock, base_year=2025, vacancy_reserve=v, exits_per_year=leaving, initial_deficit=lacking
        )
        return float(found.table["need"].iloc[0])

    slack = 1e-6
    assert need(people=later * (1 + more)) >= need() - slack
    assert need(v=vacancy + more) >= need() - slack
    assert need(leaving=exits + more) >= need() - slack
    assert need(lacking=deficit + more) >= need() - slack


def test_areas_add_up_to_the_whole() -> None:
    homes = table(("a", 2025, 1_000), ("b", 2025, 500), ("a", 2035, 1_100), ("b", 2035, 450))
    stock = pd.DataFrame({"area": ["a", "b"], "dwellings": [1_020, 560], "vacant": [30, 60]})
    asked = {"base_year": 2025, "vacancy_reserve": 0.03, "exits_per_year": 0.004, "initial_deficit": 25}
    parts = housing_need(homes, stock, **asked).table.sum(numeric_only=True)
    together = homes.groupby("year", as_index=False)[["households", "population"]].sum().assign(area="*")
    whole = housing_need(together, stock.sum(numeric_only=True).to_frame().T.assign(area="*"), **asked).table.iloc[0]
    for name in ("household_change", "exits", "reserve", "vacant", "deficit", "need"):
        assert parts[name] == pytest.approx(whole[name]), name


def test_unknown_vacancies_and_an_unknown_stock_are_told() -> None:
    homes = table(("a", 2025, 100), ("a", 2030, 100))
    derived = housing_need(homes, pd.DataFrame({"area": ["a"], "dwellings": [130]}), base_year=2025)
    assert derived.table["vacant"].tolist() == [30.0]
    assert "unknown" in derived.assumptions[0].en
    assert "No dwelling stock" in housing_need(homes, None, base_year=2025).assumptions[0].en


def test_vacancies_are_counted_where_known_and_derived_where_not() -> None:
    homes = table(*((area, year, 100.0) for area in "abcd" for year in (2025, 2030)))
    stock = pd.DataFrame(
        {
            "area": ["a", "b", "c", "c"],
            "dwellings": [120, 120, 60, 30],
            "vacant": pd.array([5, None, 4, None], dtype="Int64"),
            "type": pd.array(["multi", None, None, "multi"], dtype="string"),
        }
    )
    need = housing_need(homes, stock, base_year=2025, exits_per_year=0.01)
    rows = need.table.set_index("area")
    assert rows["vacant"].to_dict() == {"a": 5, "b": 20, "c": 4, "d": 0}
    # Where a part is counted, vacant less deficit is still dwellings less households: 90 − 100.
    assert rows["deficit"].to_dict() == {"a": 0, "b": 0, "c": 14, "d": 0}
    assert (rows["exits"] > 0).tolist() == [True, True, True, False]
    parts = rows["household_change"] + rows["exits"] + rows["reserve"] - rows["vacant"] + rows["deficit"]
    assert rows["need"].tolist() == parts.tolist()
    texts = [note.en for note in need.assumptions]
    assert "unknown in b, c" in texts[0]
    assert "More households than dwellings in c: 14 dwellings" in texts[1]
    assert "lacks d" in texts[2]


def test_reasons_are_vacancies_as_in_the_stock_account() -> None:
    homes = table(("a", 2025, 100), ("a", 2030, 100))
    stock = pd.DataFrame({"area": ["a"], "dwellings": [120], "vacant_to_let": [10], "vacant_repair": [5]})
    need = housing_need(homes, stock, base_year=2025)
    assert need.table["vacant"].tolist() == stock_table(stock)["vacant"].tolist() == [15]
    assert need.assumptions == ()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 1e4)), min_size=1, max_size=6), st.booleans())
def test_areas_add_up_to_the_whole_where_vacancies_are_derived(counts: list[tuple[float, float]], same: bool) -> None:
    areas = [f"area{n}" for n in range(len(counts))]
    rows = [(area, 2025, people) for area, (people, _) in zip(areas, counts, strict=True)]
    homes = table(*rows, *((area, 2035, people * 1.1) for area, _, people in rows))
    stock = pd.DataFrame({"area": areas, "dwellings": [people if same else homes for people, homes in counts]})
    asked = {"base_year": 2025, "vacancy_reserve": 0.03, "exits_per_year": 0.004}
    parts = housing_need(homes, stock, **asked).table
    together = homes.groupby("year", as_index=False)[["households", "population"]].sum().assign(area="*")
    whole = housing_need(together, stock.assign(area="*"), **asked).table
    assert parts["need"].sum() == pytest.approx(whole["need"].sum(), rel=1e-9, abs=1e-6)
    assert (parts["deficit"].sum() > 0) == bool((parts["deficit"] > 0).any())


def test_the_whole_beside_its_areas_is_refused() -> None:
    everyone = pd.concat([people(a=100), people(**{"*": 100})])
    with pytest.raises(FrameError, match=r"population: has rows of the whole \(\*\) beside rows of areas in 2025"):
        project_population(everyone, None, base_year=2025, years=[2030])
    apart = pd.concat([people(a=100), people(**{"*": 100}).assign(year=2020)])
    assert project_population(apart, None, base_year=2025, years=[2030]).table["population"].sum() == 1_200
    homes = table(("a", 2025, 100), ("a", 2030, 100))
    stock = pd.DataFrame({"area": ["a", "*"], "dwellings": [130, 130]})
    with pytest.raises(FrameError, match="dwelling_stock: has rows of the whole"):
        housing_need(homes, stock, base_year=2025)


def test_soderhamn_is_the_same_by_area_and_as_a_whole(shared_data: Path) -> None:
    """One small area has more households than dwellings: clipped alone it made the areas' need 53 homes less."""
    raw = pd.read_csv(shared_data / "soderhamn" / "soderhamn_deso2025.csv").rename(columns={"deso2025": "area"})
    by_age = [name for name in raw if name[:2] in ("m_", "k_")]
    population = raw.melt("area", by_age, value_name="population").assign(year=2025)
    population["sex"] = population["variable"].str[0].map({"m": "male", "k": "female"})
    population["age"] = population["variable"].str[2:]
    tenures = ["hyresratt", "bostadsratt", "aganderatt", "uppgift_saknas"]
    stock = raw.melt("area", tenures, var_name="tenure", value_name="dwellings")
    given = Path(__file__).parents[2] / "workspaces" / "soderhamn"
    quotas, totals = (pd.read_csv(given / f"{name}.csv") for name in ("household_quotas", "population_projection"))

    def need(people: pd.DataFrame, homes: pd.DataFrame) -> pd.Series:
        projected = project_population(people, totals, base_year=2025, years=[2035]).table
        result = housing_need(households(projected, quotas), homes, base_year=2025, vacancy_reserve=0.02)
        return result.table.select_dtypes("number").sum()

    areas = need(population.drop(columns="variable"), stock)
    whole = need(population.drop(columns="variable").assign(area="*"), stock.assign(area="*"))
    assert areas["need"] == pytest.approx(whole["need"])
    assert whole["need"] == pytest.approx(-2_336.6, abs=0.1)
    assert areas["vacant"] - areas["deficit"] == pytest.approx(whole["vacant"])
    assert (areas["vacant"], areas["deficit"]) == (pytest.approx(1_991.9, abs=0.1), pytest.approx(53.1, abs=0.1))


def test_a_vacancy_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="no share below 1"):
        dwellings_required(pd.Series([1.0]), 1.0)


@pytest.mark.parametrize("county", ["08071", "08077", "08097"])
def test_colorado_comes_out_to_the_unit(shared_data: Path, county: str) -> None:
    """Three real counties' published households and units needed, every year, negative ones too."""
    published = json.loads((shared_data / "colorado" / f"projection_{county}.json").read_text())
    need = published["housing_need"]
    population = pd.DataFrame(
        {
            "area": "*",
            "year": published["years"],
            "sex": "all",
            "age": "",
            "population": published["population_dola"],
        }
    )
    homes = households(population, pd.DataFrame({"quota": [published["base"]["headship_rate"]]}))
    np.testing.assert_allclose(homes["households"], need["households_dola"], rtol=1e-12)
    units = dwellings_required(homes["households"], need["target_vacancy"])
    np.testing.assert_allclose(units, need["units_needed_dola"], rtol=1e-12)
    base = published["baseYear"]
    stock = pd.DataFrame({"area": ["*"], "dwellings": [units[0]], "vacant": [units[0] - homes["households"][0]]})
    table = housing_need(homes, stock, base_year=base, vacancy_reserve=need["target_vacancy"]).table
    np.testing.assert_allclose(table["need"], need["incremental_units_needed_dola"][1:], rtol=1e-12, atol=1e-9)

"""From tables to a projection by cohorts: rates, calibration, small areas, and what is told of them."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.ages import AgeBand
from geoplan.homes.calibration import read_targets
from geoplan.homes.cohorts import cohort_model
from geoplan.homes.population import project_population
from geoplan.homes.projection import AGES, flows, project
from geoplan.homes.rates import PopulationAssumptions, read_rates
from geoplan.homes.singleyears import single_years, split_bands
from geoplan.homes.smallareas import constant_share, rake, share_of_change

VALUES = Path(__file__).resolve().parents[3] / "layers" / "assumptions" / "population.toml"

BANDS = [*(f"{low}-{low + 4}" for low in range(0, 80, 5)), "80+"]
RATES = pd.DataFrame(
    [
        ("fertility", "*", None, None, "20-39", 0.09, None),
        ("mortality", "*", None, "all", "0-64", 0.002, None),
        ("mortality", "*", None, "all", "65-84", 0.03, None),
        ("mortality", "*", None, "all", "85+", 0.15, None),
        ("out_migration", "*", None, "all", "18-29", 0.08, None),
        ("in_migration", "*", None, "all", "20-39", None, 60.0),
    ],
    columns=["kind", "area", "year", "sex", "age", "rate", "persons"],
)


def people(seed: int = 1, areas: tuple[str, ...] = ("a", "b")) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (area, 2025, sex, band, int(rng.integers(1, 90)))
        for area in areas
        for sex in ("female", "male")
        for band in BANDS
    ]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "age", "population"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=17, max_size=17), st.floats(0, 5))
def test_single_years_add_up_to_their_bands(counts: list[float], exponent: float) -> None:
    bands = [AgeBand.parse(band) for band in BANDS]
    single = split_bands(bands, np.array([counts]), exponent=exponent)[0]
    assert single.shape == (AGES,)
    assert single.min() >= 0
    edges = [band.low for band in bands]
    np.testing.assert_allclose(np.add.reduceat(single, edges), counts, rtol=1e-12, atol=1e-12)


def test_single_years_stay_as_they_are_and_gaps_are_nobody() -> None:
    bands = [AgeBand(3, 3), AgeBand(4, 4), AgeBand(90, 94), AgeBand(100, 104), AgeBand(105, 109)]
    single = split_bands(bands, np.array([[7.0, 1.0, 10.0, 3.0, 2.0]]))[0]
    assert (single[3], single[4], single[100]) == (7, 1, 5)
    assert single[90:95].sum() == pytest.approx(10)
    assert single.sum() == pytest.approx(23)


def test_an_open_band_falls_off_with_age() -> None:
    single = split_bands([AgeBand(80, 120)], np.array([[1_000.0]]))[0]
    assert (np.diff(single[80:]) < 0).all()
    assert single[90:].sum() == pytest.approx(1_000 * 506 / 3311)


def test_unknown_sexes_and_totals_are_told() -> None:
    table = pd.DataFrame(
        {
            "area": ["a", "a", "b"],
            "sex": ["all", None, "all"],
            "age": ["0-4", "5-9", None],
            "population": [10, 30, 20],
        }
    )
    cells, notes = single_years(table, areas=["a", "b"])
    assert cells[0].sum(axis=1).tolist() == pytest.approx([20, 20])
    assert cells[1, 0, :5].sum() == pytest.approx(20 * 0.125)
    assert "half" in notes[0].en
    assert "Only a total".lower() in notes[1].en.lower()
    with pytest.raises(InputError, match="no ages"):
        single_years(table[table["area"] == "b"], areas=["b"])


@pytest.mark.parametrize(
    ("ages", "counts", "message"),
    [
        (["65+", "80+"], [5, 2], r"overlap \(65\+, 80\+\)"),
        (["", "0-4"], [5, 2], "a total beside its ages"),
        (["0-4", "5-9"], [5, np.nan], "missing or negative"),
    ],
)
def test_persons_in_two_rows_are_refused(ages: list[str], counts: list[float], message: str) -> None:
    table = pd.DataFrame({"area": "a", "sex": "all", "age": ages, "population": counts})
    with pytest.raises(FrameError, match=message):
        single_years(table, areas=["a"])


def read(rows: list[tuple[object, ...]], base: np.ndarray | None = None, years: int = 3) -> object:
    table = pd.concat([RATES[RATES["kind"] == "mortality"], pd.DataFrame(rows, columns=RATES.columns)])
    cells = np.ones((2, 2, AGES)) if base is None else base
    return read_rates(table, cells, areas=["a", "b"], base_year=2025, years=years)[0]


def test_the_nearer_row_holds() -> None:
    rates = read(
        [
            ("out_migration", "a", None, "all", "", 0.2, None),
            ("out_migration", "*", None, "female", "", 0.3, None),
            ("out_migration", "*", None, "all", "", 0.1, None),
            ("out_migration", "*", None, "all", "20", 0.4, None),
            ("out_migration", "b", 2027, "all", "30", 0.9, None),
        ]
    )
    leaving = rates.out_migration
    assert leaving[0, 0, 0, 5] == 0.2
    assert leaving[0, 1, :, 5].tolist() == [0.3, 0.1]
    assert leaving[0, 1, :, 20].tolist() == [0.3, 0.4]
    assert leaving[:, 1, 1, 30].tolist() == [0.1, 0.9, 0.9]


def test_a_first_year_also_tells_of_the_years_before_it() -> None:
    rates = read([("fertility", "*", year, None, "30", rate, None) for year, rate in ((2027, 0.1), (2028, 0.2))])
    assert rates.fertility[:, 0, 30].tolist() == [0.1, 0.1, 0.2]


def test_later_arrivals_of_one_area_and_age_leave_the_others_as_they_were() -> None:
    coming = read(
        [
            ("in_migration", "a", None, "all", "", None, 10.0),
            ("in_migration", "b", None, "all", "", None, 20.0),
            ("in_migration", "a", 2027, "all", "0-19", None, 30.0),
        ]
    ).in_migration
    assert coming[:, 1].sum(axis=(1, 2)).tolist() == pytest.approx([20, 20, 20])
    assert coming[:, 0, :, :20].sum(axis=(1, 2)).tolist() == pytest.approx([10 * 20 / 101, 30, 30])
    assert coming[:, 0, :, 20:].sum(axis=(1, 2)).tolist() == pytest.approx([10 * 81 / 101] * 3)


def test_a_nearer_rate_of_arrivals_overrides_the_wider_one() -> None:
    coming = read(
        [
            ("in_migration", "*", None, "all", "", 0.05, None),
            ("in_migration", "*", None, "female", "20-29", 0.10, None),
            ("in_migration", "*", None, "all", "40", None, 8.0),
        ]
    ).in_migration
    assert coming[0, 0, :, 25].tolist() == [0.10, 0.05]
    assert coming[0, 0, :, 40].tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("near", "told"),
    [
        (("in_migration", "*", None, "all", "20-29", None, 40.0), r"persons of all 0\+ are told of again by all 20-29"),
        (("in_migration", "*", None, "female", "", 0.1, None), r"told of again by female 0\+"),
    ],
)
def test_persons_who_arrive_are_told_of_once(near: tuple[object, ...], told: str) -> None:
    with pytest.raises(FrameError, match=told):
        read([("in_migration", "*", None, "all", "", None, 100.0), near])


def test_each_cell_goes_back_to_the_first_year_that_tells_of_it() -> None:
    leaving = read(
        [("out_migration", "a", 2026, "all", "", 0.05, None), ("out_migration", "b", 2040, "all", "", 0.07, None)]
    ).out_migration
    assert leaving[:, :, 0, 0].tolist() == [[0.05, 0.07]] * 3


def test_persons_become_rates_and_arrivals_spread_like_the_population() -> None:
    base = np.ones((2, 2, AGES))
    base[1] = 3.0
    rates = read(
        [
            ("out_migration", "*", None, "all", "20-29", None, 16.0),
            ("in_migration", "*", None, "all", "20-21", None, 32.0),
            ("fertility", "*", None, None, "25", None, 1.0),
        ],
        base,
    )
    assert rates.out_migration[0, :, :, 25].ravel().tolist() == pytest.approx([0.2] * 4)
    assert rates.in_migration[0, :, 0, 20].tolist() == pytest.approx([2.0, 6.0])
    assert rates.in_migration[0].sum() == pytest.approx(32)
    assert rates.fertility[0, :, 25].tolist() == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("mortality", "*", None, "all", "0-64", 0.1, None), "mortality .* there twice"),
        (("fertility", "*", None, None, "30", None, None), "either a rate or persons"),
        (("out_migration", "*", None, "all", "30", 1.2, None), "no share from 0 to 1"),
        (("moves", "*", None, "all", "30", 0.2, None), "unknown kind"),
        (("in_migration", "a", None, "all", "30", None, 5.0), "not for both"),
    ],
)
def test_rates_that_do_not_fit_are_named(row: tuple[object, ...], message: str) -> None:
    arrivals = ("in_migration", "*", None, "all", "50", None, 5.0)
    with pytest.raises(FrameError, match=message):
        read([row, arrivals])


def test_ages_without_mortality_are_named() -> None:
    with pytest.raises(FrameError, match="no mortality for every area and sex at the ages 85, 86"):
        read_rates(RATES.drop(3), np.ones((1, 2, AGES)), areas=["a"], base_year=2025, years=1)


def test_rates_of_an_area_without_population_are_told() -> None:
    more = pd.concat([RATES, RATES.iloc[[4]].assign(area="nowhere")])
    _, notes = read_rates(more, np.ones((1, 2, AGES)), areas=["a"], base_year=2025, years=1)
    assert "nowhere" in notes[0].en


def official(*, by_age: bool, area: str = "*") -> pd.DataFrame:
    ages = ["0-17", "18-64", "65+"] if by_age else [None]
    rows = [
        (area, year, sex, age, 300.0 + 7 * n + 10 * (year - 2027))
        for year in (2027, 2030)
        for sex in (("female", "male") if by_age else ("all",))
        for n, age in enumerate(ages)
    ]
    return pd.DataFrame(rows, columns=["area", "year", "sex", "age", "population"])


@pytest.mark.parametrize("by_age", [True, False])
def test_a_calibrated_projection_comes_to_the_official_one_and_balances_by_migration(by_age: bool) -> None:
    targets = official(by_age=by_age)
    model = cohort_model(people(), RATES, base_year=2025, last_year=2032, projection=targets)
    cells = project(model.start, model.rates, years=7)[0]
    sums = cells.sum(axis=(1, 2, 3))
    wanted = targets.groupby("year")["population"].sum()
    assert sums[2] == pytest.approx(wanted[2027])
    assert sums[5] == pytest.approx(wanted[2030])
    assert sums[3] == pytest.approx(wanted[2027] * 2 / 3 + wanted[2030] / 3)
    if by_age:
        assert cells[5, :, 1, 18:65].sum() == pytest.approx(337)
    account = flows(model.start, model.rates, years=7)
    change = account.births - account.deaths - account.departures + account.arrivals
    np.testing.assert_allclose(np.diff(account.population.sum(axis=-1), axis=0), change.sum(axis=-1), atol=1e-8)
    assert cells.min() >= 0
    texts = " ".join(note.en for note in model.assumptions)
    assert ("totals" in texts) != by_age
    assert "lacks 2026, 2031, 2032" in texts


def test_people_of_an_age_that_nobody_has_arrive() -> None:
    empty = people()
    empty.loc[empty["age"] == "80+", "population"] = 0
    still = RATES[RATES["kind"] == "mortality"]
    targets = pd.DataFrame(
        {"area": "*", "year": 2026, "sex": "all", "age": ["0-89", "90+"], "population": [2_000.0, 8.0]}
    )
    model = cohort_model(empty, still, base_year=2025, last_year=2026, projection=targets)
    cells = project(model.start, model.rates, years=1)[0]
    assert cells[1, ..., 90:].sum() == pytest.approx(8)
    assert cells[1].sum() == pytest.approx(2_008)


def test_targets_that_tell_twice_are_refused() -> None:
    twice = pd.concat([official(by_age=False), official(by_age=False, area="a")])
    with pytest.raises(FrameError, match="two rows"):
        read_targets(twice, areas=["a", "b"], years=[2027])
    with pytest.raises(FrameError, match="different areas, sexes or ages"):
        read_targets(official(by_age=True).iloc[1:], areas=["a", "b"], years=[2027])


def test_project_population_goes_by_cohorts_where_there_are_rates() -> None:
    result = project_population(people(), None, base_year=2025, years=[2030, 2040], rates=RATES)
    table = result.table
    assert set(table["age"]) == {*map(str, range(100)), "100+"}
    base = table[table["year"] == 2025].groupby(["area", "sex"])["population"].sum()
    assert base.to_dict() == pytest.approx(people().groupby(["area", "sex"])["population"].sum().to_dict())
    shuffled = people().sample(frac=1, random_state=3)
    again = project_population(
        shuffled, None, base_year=2025, years=[2030, 2040], rates=RATES.sample(frac=1, random_state=4)
    )
    pd.testing.assert_frame_equal(table, again.table, check_exact=True)


def test_rates_without_ages_are_told_and_shares_held() -> None:
    totals = people().groupby(["area", "year"], as_index=False)["population"].sum().assign(sex="all", age="")
    result = project_population(totals, None, base_year=2025, years=[2030], rates=RATES)
    assert "no ages" in result.assumptions[0].en
    assert "held" in result.assumptions[1].en


@pytest.mark.parametrize("method", ["constant_share", "share_of_change"])
def test_small_areas_add_up_to_a_municipality_projected_by_age(method: str) -> None:
    history = people(9).assign(year=2015)
    both = pd.concat([people(), history])
    projection = pd.concat([official(by_age=True), official(by_age=True).assign(year=2050)]).drop_duplicates(
        ["year", "sex", "age"]
    )
    result = project_population(
        both,
        projection,
        base_year=2025,
        years=[2027, 2029],
        assumptions=PopulationAssumptions(small_areas=method),
    )
    sums = result.table.groupby(["year", "sex"])["population"].sum()
    wanted = projection.groupby(["year", "sex"])["population"].sum()
    assert sums[2027].to_dict() == pytest.approx(wanted[2027].to_dict())
    assert sums[2029, "male"] == pytest.approx(wanted[2027, "male"] / 3 + wanted[2030, "male"] * 2 / 3)
    assert result.table["population"].min() >= 0
    assert ("2015" in result.assumptions[-1].en) == (method == "share_of_change")


def test_an_area_without_an_earlier_figure_keeps_the_constant_shares() -> None:
    both = pd.concat([people(), people(9, ("a",)).assign(year=2015)])
    asked = {"projection": official(by_age=True), "base_year": 2025, "years": [2027]}
    found = project_population(both, **asked, assumptions=PopulationAssumptions(small_areas="share_of_change"))
    constant = project_population(both, **asked)
    pd.testing.assert_frame_equal(found.table, constant.table, check_exact=True)
    assert "2015 is unknown in b" in found.assumptions[-2].en


def test_share_of_change_gives_the_change_to_whom_had_it() -> None:
    base = np.ones((3, 2, AGES))
    persons = base.sum(axis=(1, 2))
    earlier = persons + np.array([20.0, 60.0, -5.0])
    falling = base.sum(axis=0)[None] * 0.9
    shared = share_of_change(base, earlier, falling).sum(axis=(2, 3))[0]
    lost = persons - shared
    assert lost.sum() == pytest.approx(60.6)
    assert lost.tolist() == pytest.approx([60.6 / 4, 60.6 * 3 / 4, 0.0], abs=1e-6)
    growing = base.sum(axis=0)[None] * 1.1
    assert (share_of_change(base, persons + 1.0, growing) == constant_share(base, growing)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_raking_meets_both_margins(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.uniform(0.1, 10, (4, 6))
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    result = rake(rng.uniform(0.1, 10, (4, 6)), rows, columns)
    np.testing.assert_allclose(result.sum(axis=0), columns, rtol=1e-9)
    np.testing.assert_allclose(result.sum(axis=1), rows, rtol=1e-6)


def test_the_assumptions_are_read_and_checked() -> None:
    values = {name: row["value"] for name, row in tomllib.loads(VALUES.read_text()).items() if "value" in row}
    assert PopulationAssumptions.from_values(values) == PopulationAssumptions()
    for wrong in ({"boys_share": 1.2}, {"small_areas": "guess"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            PopulationAssumptions.from_values(values | wrong)
    with pytest.raises(InputError, match="lack boys_share"):
        PopulationAssumptions.from_values({})

"""Bands as factors: their shapes, their paths over years, and published ones read from a table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from needing import make_inputs, shipped, values
from scipy import stats

from geoplan.errors import FrameError, InputError
from geoplan.homes.bands import INPUTS, Band, Bands, normals, read_forecast_bands

NORMAL = normals(1, 20_000, "test")[:, None]


def published(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["input", "area", "year", "low", "high", "level", "measure"])


def test_the_shipped_bands_are_of_every_input() -> None:
    bands = shipped()
    assert set(bands.own) == set(INPUTS)
    assert all(band.sd > 0 for band in bands.own.values())
    # The source of the walk: a median absolute error of 3 % after ten years.
    errors = np.abs(bands.of("population").factors(np.repeat(NORMAL, 10, axis=1) / np.sqrt(10), 10)[:, -1] - 1)
    assert np.median(errors) == pytest.approx(0.03, abs=0.001)


def test_a_level_is_lognormal_with_its_spread_and_the_main_value_in_the_middle() -> None:
    factors = Band(sd=0.2).factors(NORMAL, 3)
    assert factors.shape == (20_000, 3)
    assert (factors == factors[:, :1]).all()
    assert factors.std() / factors.mean() == pytest.approx(0.2, rel=0.03)
    assert np.median(factors) == pytest.approx(1, abs=0.005)


def test_a_walk_grows_with_the_root_of_time() -> None:
    band = Band(sd=0.01, over_years="walk")
    normal = np.column_stack([normals(1, 20_000, "walk", str(year)) for year in range(16)])
    spread = np.log(band.factors(normal, 16)).std(axis=0)
    np.testing.assert_allclose(spread, 0.01 * np.sqrt(np.arange(1, 17)), rtol=0.03)
    at = np.log(band.factors(band.at_quantile(0.9, 16), 16)[0]) / np.sqrt(np.log1p(0.01**2))
    np.testing.assert_allclose(at, stats.norm.ppf(0.9) * np.sqrt(np.arange(1, 17)), rtol=1e-9)


def test_a_triangle_is_scipys() -> None:
    band = Band.from_value("exits", {"sd": 0.2, "over_years": "walk", "low": 0.5, "mode": 0.9, "high": 2.0})
    assert not band.walks
    expected = stats.triang(c=0.4 / 1.5, loc=0.5, scale=1.5).ppf(stats.norm.cdf(NORMAL))
    np.testing.assert_allclose(band.factors(NORMAL, 1), expected, rtol=1e-9)
    assert (Band(low=1.0, mode=1.0, high=1.0).factors(NORMAL, 2) == 1).all()


def test_scenarios_come_as_often_as_they_weigh() -> None:
    factors = Band.from_value("quotas", {"scenarios": [[1.1, 1], [0.9, 3]]}).factors(NORMAL, 2)
    assert set(factors.ravel()) == {0.9, 1.1}
    assert (factors == 0.9).mean() == pytest.approx(0.75, abs=0.01)


@given(st.floats(0, 2), st.sampled_from(["level", "walk"]))
def test_no_band_is_exactly_one_and_factors_rise_with_the_number(sd: float, path: str) -> None:
    assert (Band(over_years=path).factors(np.full((5, Band(over_years=path).columns(4)), 1.7), 4) == 1).all()
    band = Band(sd=sd, over_years=path)
    normal = np.repeat(np.linspace(-3, 3, 7)[:, None], band.columns(4), axis=1)
    assert (np.diff(band.factors(normal, 4), axis=0) >= 0).all()
    assert (band.factors(normal, 4) > 0).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"sd": -0.1}, "sd from 0"),
        ({"sd": 0.1, "over_years": "jump"}, "level or walk"),
        ({"low": 0.9, "high": 1.1}, "low, mode and high"),
        ({"low": 0.9, "mode": 1.2, "high": 1.1}, "rising"),
        ({"scenarios": [[1.0, 0.0]]}, "positive weights"),
        ({"standard_deviation": 0.1}, "unknown standard_deviation"),
    ],
)
def test_a_wrong_band_is_refused(value: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Band.from_value("exits", value)


def test_lacking_and_wrong_assumptions_are_told() -> None:
    with pytest.raises(InputError, match="lack population"):
        Bands.from_values({name: value for name, value in values().items() if name != "population"})
    with pytest.raises(InputError, match=r"low\.rain"):
        Bands.from_values(values() | {"scenarios": {"low": {"rain": 1.0}}})


def test_a_published_band_meets_its_limits_and_widens_from_the_base_year() -> None:
    table = published(("population", "*", 2035, 0.9, 1.2, 0.8, None))
    band = read_forecast_bands(table, base_year=2025)["population"]["*"]
    factors = band.factors(NORMAL, 20)
    np.testing.assert_allclose(np.quantile(factors[:, 9], [0.1, 0.9]), [0.9, 1.2], rtol=0.01)
    assert (factors[:, 9] == factors[:, 19]).all()
    np.testing.assert_allclose(np.log(factors[:, 4]) * 2, np.log(factors[:, 9]), rtol=1e-9)
    assert (band.factors(np.zeros((1, 1)), 20) == 1).all()


def test_types_of_a_database_are_read_as_well() -> None:
    table = published(("quotas", "*", 2035, 0.9, 1.2, 0.8, None)).convert_dtypes()
    table["measure"] = pd.array([pd.NA], dtype="string")
    assert read_forecast_bands(table, base_year=2025)["quotas"]["*"].years == (10,)


def test_limits_in_persons_are_compared_with_the_main_value() -> None:
    main = make_inputs().main_values()
    assert main["population", "*"] == pytest.approx({2025: 2_040, 2030: 2_100, 2035: 2_050})
    assert main["likely_homes", "*"] == {2030: 33.0, 2035: 64.0}
    rows = [
        ("population", "*", 2030, 2_000.0, 2_205.0, 0.8, "value"),
        ("population", "*", 2050, 1.0, 9.9, 0.8, "value"),
    ]
    band = read_forecast_bands(published(*rows), base_year=2025, main=main)["population"]["*"]
    assert band.years == (5,)
    assert np.exp(band.above[0] * stats.norm.ppf(0.9)) == pytest.approx(1.05)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("rain", "*", 2030, 0.9, 1.1, 0.8, None), "unknown input"),
        (("area_shares", "*", 2030, 0.9, 1.1, 0.8, None), "unknown input"),
        (("quotas", "a", 2030, 0.9, 1.1, 0.8, None), r"for \*"),
        (("quotas", "*", 2025, 0.9, 1.1, 0.8, None), "after the base year"),
        (("quotas", "*", 2030, 0.9, 1.1, 80.0, None), "no probability"),
        (("quotas", "*", 2030, 0.5, 0.6, 0.8, "value"), "as factors"),
        (("quotas", "*", 2030, 1.1, 1.2, 0.8, None), "does not enclose"),
        (("quotas", "*", 2030, 0.0, 1.2, 0.8, None), "does not enclose"),
    ],
)
def test_a_wrong_published_band_is_told(row: tuple[object, ...], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        read_forecast_bands(published(row), base_year=2025)


def test_a_year_there_twice_is_told() -> None:
    row = ("quotas", "*", 2030, 0.9, 1.1, 0.8, None)
    with pytest.raises(FrameError, match="there twice"):
        read_forecast_bands(published(row, row), base_year=2025)


def test_numbers_follow_from_seed_and_name_alone() -> None:
    assert (normals(1, 5, "a", "b") == normals(1, 9, "a", "b")[:5]).all()
    assert not (normals(1, 5, "a", "b") == normals(2, 5, "a", "b")).any()
    assert not (normals(1, 5, "a", "b") == normals(1, 5, "ab", "")).any()

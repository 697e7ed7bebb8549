"""Quantiles, chances and scenarios of many draws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needing import SUPPLY, YEARS, make_inputs, shipped
from scipy import stats

from geoplan.homes.bands import INPUTS, Band, Bands
from geoplan.homes.draws import draw_needs
from geoplan.homes.uncertainty import CHANCE_COLUMNS, QUANTILE_COLUMNS, chances, quantiles, scenario_needs

INPUTS_TOTALS, INPUTS_COHORTS = make_inputs(), make_inputs(cohorts=True)


def whole(table: pd.DataFrame, quantity: str, year: int = YEARS[-1]) -> pd.Series:
    rows = table[(table["area"] == "*") & (table["quantity"] == quantity) & (table["year"] == year)]
    return rows.iloc[0]


@pytest.mark.parametrize("inputs", [INPUTS_TOTALS, INPUTS_COHORTS], ids=["totals", "cohorts"])
def test_quantiles_are_ordered_and_areas_add_up_in_every_draw(inputs) -> None:
    draws = draw_needs(inputs, shipped(), draws=300, seed=1)
    table = quantiles(draws)
    assert list(table.columns) == list(QUANTILE_COLUMNS)
    assert (np.diff(table[["p10", "p50", "p90"]].to_numpy(), axis=1) >= 0).all()
    for quantity, cells in draws.drawn.quantities().items():
        row = whole(table, quantity)
        sums = cells[:, -1].sum(axis=-1)
        assert row[["p10", "p50", "p90"]].tolist() == pytest.approx(np.quantile(sums, [0.1, 0.5, 0.9]))
        areas = table[(table["area"] != "*") & (table["quantity"] == quantity) & (table["year"] == YEARS[-1])]
        assert row["mean"] == pytest.approx(areas["mean"].sum())
        assert row["nominal"] == pytest.approx(areas["nominal"].sum())
    # Areas that differ from each other by chance make a whole that is surer than their sum.
    need = table[(table["quantity"] == "need") & (table["year"] == YEARS[-1])].set_index("area")
    width = need["p90"] - need["p10"]
    assert width["*"] < width.drop("*").sum()


def test_the_range_of_a_walk_is_what_can_be_worked_out() -> None:
    draws = draw_needs(INPUTS_TOTALS, Bands({"population": Band(0.02, "walk")}), draws=20_000, seed=2)
    for year in YEARS:
        row = whole(quantiles(draws), "population", year)
        spread = stats.norm.ppf(0.9) * np.sqrt(np.log1p(0.02**2) * (year - 2025))
        expected = row["nominal"] * np.exp([-spread, 0, spread])
        assert row[["p10", "p50", "p90"]].tolist() == pytest.approx(expected, rel=0.002)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([name for name in INPUTS if name != "area_shares"]), st.floats(0, 0.3), st.floats(1, 3))
def test_a_wider_band_never_narrows_the_range(name: str, sd: float, times: float) -> None:
    inputs = INPUTS_COHORTS if name in ("fertility", "mortality", "in_migration", "out_migration") else INPUTS_TOTALS
    quantity = "balance" if name == "likely_homes" else "need"
    widths = []
    for each in (sd, sd * times):
        draws = draw_needs(inputs, Bands({name: Band(each)}), draws=100, seed=3)
        row = whole(quantiles(draws), quantity)
        widths.append(row["p90"] - row["p10"])
    assert widths[1] >= widths[0] * (1 - 1e-9) - 1e-9


def test_one_band_wider_among_others_widens_the_whole() -> None:
    bands = shipped()
    wider = Bands({**bands.own, "population": Band(bands.of("population").sd * 2, "walk")})
    one, two = (
        whole(quantiles(draw_needs(INPUTS_TOTALS, each, draws=2_000, seed=1)), "need") for each in (bands, wider)
    )
    assert two["p90"] - two["p10"] > 1.2 * (one["p90"] - one["p10"])


def test_the_chance_of_a_shortage_is_the_share_of_draws_that_are_short() -> None:
    draws = draw_needs(INPUTS_TOTALS, shipped(), draws=500, seed=1)
    table = chances(draws)
    assert list(table.columns) == list(CHANCE_COLUMNS)
    last = table[table["year"] == YEARS[-1]].set_index("area")
    assert draws.drawn.supply is not None
    short = (draws.need[:, -1] > draws.drawn.supply[:, -1]).mean(axis=0)
    assert last["short"].drop("*").to_dict() == dict(zip(draws.areas, short, strict=True))
    sums = draws.need[:, -1].sum(axis=-1), draws.drawn.supply[:, -1].sum(axis=-1)
    assert last.loc["*", "short"] == (sums[0] > sums[1]).mean()
    assert 0 < last.loc["*", "short"] < last.loc["*", "need_positive"] <= 1


def test_what_is_not_known_of_supply_is_not_told() -> None:
    draws = draw_needs(make_inputs(supply=None), shipped(), draws=20, seed=1)
    assert set(quantiles(draws)["quantity"]) == {"population", "households", "need"}
    assert chances(draws)["short"].isna().all()
    assert "likely_homes" not in draws.inputs


def test_scenarios_stand_beside_the_main_one() -> None:
    table = scenario_needs(INPUTS_TOTALS, shipped())
    last = table[(table["area"] == "*") & (table["year"] == YEARS[-1])].pivot(
        index="scenario", columns="quantity", values="value"
    )
    assert last.loc["low", "need"] < last.loc["main", "need"] < last.loc["high", "need"]
    assert last.loc["low", "population"] == pytest.approx(0.95 * last.loc["main", "population"])
    assert last["supply"].tolist() == [SUPPLY.homes[-1].sum()] * 3
    by_rates = scenario_needs(INPUTS_COHORTS, shipped())
    whole_rows = by_rates[(by_rates["area"] == "*") & (by_rates["quantity"] == "population")]
    low, main = (whole_rows[whole_rows["scenario"] == name]["value"].to_numpy() for name in ("low", "main"))
    assert (low < main).all()

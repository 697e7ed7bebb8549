import numpy as np
import pandas as pd
import pytest
from attracting import GROUPS, ROBUSTNESS, group, made_parts, simple_group
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geoplan.errors import FrameError, InputError, NotFoundError
from geoplan.plots.attraction.groups import Group, group_values
from geoplan.plots.attraction.parts import PARTS
from geoplan.plots.attraction.ranking import RANKING_COLUMNS, STABILITY_COLUMNS, contributions, rank_plots, stability
from geoplan.plots.attraction.robustness import Robustness

QUICK = Robustness(draws=50)


def test_every_plot_has_a_row_for_every_group() -> None:
    ranking = rank_plots(made_parts(30), GROUPS, robustness=QUICK)
    assert tuple(ranking.columns) == RANKING_COLUMNS
    assert len(ranking) == 30 * len(GROUPS)
    assert not ranking.duplicated(["plot", "group"]).any()
    assert ranking["score"].between(0, 1).all()
    assert ranking["known_share"].between(0, 1).all()
    assert ranking["top_share"].between(0, 1).all()
    assert (ranking["rank_low"] <= ranking["rank"]).all()
    assert (ranking["rank"] <= ranking["rank_high"]).all()
    for _, mine in ranking.groupby("group"):
        assert mine["rank"].min() == 1
        assert (mine.sort_values("rank")["score"].diff().dropna() <= 0).all()


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_groups_changes_nothing(seed: int, order: object) -> None:
    parts = made_parts(12, seed=seed)
    rows = list(range(12))
    order.shuffle(rows)  # type: ignore[attr-defined]
    one = rank_plots(parts, GROUPS[:3], robustness=QUICK)
    other = rank_plots(parts.iloc[rows], GROUPS[:3][::-1], robustness=QUICK)
    keys = ["group", "plot"]
    assert_frame_equal(
        one.sort_values(keys, ignore_index=True), other.sort_values(keys, ignore_index=True), check_exact=True
    )


def test_a_plot_that_comes_may_change_ranks_and_no_score() -> None:
    parts = made_parts(60)
    few, many = rank_plots(parts.iloc[:40], GROUPS, robustness=QUICK), rank_plots(parts, GROUPS, robustness=QUICK)
    kept = many[many["plot"].isin(parts["plot"].iloc[:40])].reset_index(drop=True)
    same = ["plot", "group", "score", "known_share"]
    assert_frame_equal(few[same], kept[same], check_exact=True)
    assert (kept["rank"] >= few["rank"]).all()


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), factor=st.floats(0.01, 1000))
def test_weights_that_are_scaled_change_nothing(seed: int, factor: float) -> None:
    points = {"water": 3.0, "school": 5.0, "size": 1.0, "quiet": 2.0}
    parts = made_parts(20, seed=seed)
    once, scaled = (
        rank_plots(parts, [simple_group({name: number * by for name, number in points.items()})], robustness=QUICK)
        for by in (1.0, factor)
    )
    assert_frame_equal(once, scaled)


@pytest.mark.parametrize("group", GROUPS, ids=[group.id for group in GROUPS])
def test_contributions_sum_to_the_score(group: Group) -> None:
    parts = made_parts(15)
    ranking = rank_plots(parts, [group], robustness=QUICK).set_index("plot")
    for plot in parts["plot"]:
        table = contributions(parts, group, plot)
        known = table["value"].notna()
        assert table["contribution"].sum() == pytest.approx(ranking.loc[plot, "score"], abs=1e-11)
        assert table["weight"].sum() == pytest.approx(1)
        assert table.loc[~known, ["weight", "contribution"]].isna().all(axis=None)
        assert table["part"].tolist() == [part.id for part in PARTS if group.weights[part.id] > 0]


def test_contributions_carry_what_was_measured() -> None:
    parts = made_parts(1, unknown=0)
    parts["school_foot_raw"], parts["school_bike_raw"], parts["utility_raw"] = 12.5, np.nan, "public"
    table = contributions(parts, group("families"), "p00000").set_index("part")
    assert table.loc["school", "raw"] == {"foot": 12.5, "bike": None, "car": float(parts["school_car_raw"].iloc[0])}
    assert table.loc["school", "unit"] == "min"
    assert table.loc["utility", "raw"] == "public"
    assert table.loc["utility", "unit"] is None
    for basis, unit in (("noise", "dBA"), ("distance", "m"), ("below", None)):
        parts["quiet_basis"] = basis
        assert contributions(parts, group("families"), "p00000").set_index("part").loc["quiet", "unit"] == unit
    with pytest.raises(NotFoundError, match="X 1:1"):
        contributions(parts, group("families"), "X 1:1")


def test_what_is_unknown_is_left_out_and_told() -> None:
    parts = made_parts(2, unknown=0)
    parts.loc[0, ["water", "sun"]] = [0.6, np.nan]
    parts.loc[1, ["water", "sun"]] = np.nan
    (one, other) = rank_plots(parts, [simple_group({"water": 1, "sun": 3})], robustness=QUICK).to_dict("records")
    assert (one["score"], one["known_share"], one["rank"], one["top_share"]) == (0.6, 0.25, 1, 1.0)
    assert other["known_share"] == 0
    assert pd.isna(other["score"])
    assert pd.isna(other["rank"])
    assert pd.isna(other["top_share"])


def test_ranks_move_when_weights_do() -> None:
    parts = made_parts(3, unknown=0)
    parts["water"], parts["sun"] = [1.0, 0.0, 0.0], [0.0, 0.98, 0.1]
    ranking = rank_plots(parts, [simple_group({"water": 1, "sun": 1})], robustness=ROBUSTNESS).set_index("plot")
    moved = ranking[["rank", "rank_low", "rank_high"]].astype(int)
    assert moved.loc["p00000"].tolist() == [1, 1, 2]
    assert moved.loc["p00001"].tolist() == [2, 1, 2]
    assert moved.loc["p00002"].tolist() == [3, 3, 3]
    firm = rank_plots(parts, [simple_group({"water": 1, "sun": 1})], robustness=Robustness(shift=0.001))
    assert (firm["rank_low"] == firm["rank_high"]).all()


def test_methods_that_agree_are_said_to() -> None:
    parts = made_parts(50, unknown=0)
    alone = simple_group({"water": 1})
    (row,) = stability(parts, [alone], rank_plots(parts, [alone], robustness=QUICK)).to_dict("records")
    assert tuple(row) == STABILITY_COLUMNS
    assert (row["plots"], row["top"]) == (50, 5)
    for name in STABILITY_COLUMNS[3:]:
        assert row[name] == pytest.approx(1), name


def test_stability_tells_each_group_s_figures() -> None:
    parts = made_parts(80)
    ranking = rank_plots(parts, GROUPS, robustness=QUICK)
    table = stability(parts, GROUPS, ranking, robustness=QUICK).set_index("group")
    assert table["spearman_topsis"].between(0.5, 1).all()
    assert table["kendall_vikor"].between(-1, 1).all()
    mine = ranking[(ranking["group"] == "young") & (ranking["rank"] <= 8)]
    assert table.loc["young", "top_kept"] == pytest.approx((mine["rank_high"] <= 8).mean())
    assert table.loc["young", "top_firm"] == pytest.approx(mine["top_share"].mean())


def test_plots_that_all_tie_have_no_correlation() -> None:
    parts = pd.concat([made_parts(1, unknown=0)] * 4, ignore_index=True).assign(plot=list("abcd"))
    ranking = rank_plots(parts, [GROUPS[0]], robustness=QUICK)
    assert ranking["rank"].tolist() == [1, 1, 1, 1]
    (row,) = stability(parts, [GROUPS[0]], ranking).to_dict("records")
    assert np.isnan(row["spearman_topsis"])
    assert np.isnan(row["kendall_vikor"])


@pytest.mark.parametrize("method", ["topsis", "vikor"])
def test_another_method_ranks_as_well(method: str) -> None:
    parts = made_parts(15)
    ranking = rank_plots(parts, GROUPS[:1], method=method, robustness=Robustness(draws=5))  # type: ignore[arg-type]
    assert ranking["score"].between(0, 1).all()
    best = ranking.loc[ranking["rank"] == 1, "plot"].iloc[0]
    assert group_values(parts, GROUPS[0]).loc[best].notna().any()


def test_wrong_input_is_refused() -> None:
    parts = made_parts(3)
    with pytest.raises(FrameError):
        rank_plots(pd.concat([parts, parts]), GROUPS)
    with pytest.raises(InputError, match="lottery"):
        rank_plots(parts, GROUPS, method="lottery")  # type: ignore[arg-type]


def test_no_plots_or_no_groups_are_no_rows() -> None:
    assert rank_plots(made_parts(0), GROUPS, robustness=QUICK).empty
    assert tuple(rank_plots(made_parts(3), []).columns) == RANKING_COLUMNS
    empty = made_parts(0)
    table = stability(empty, GROUPS[:1], rank_plots(empty, GROUPS[:1], robustness=QUICK))
    assert table["plots"].tolist() == [0]

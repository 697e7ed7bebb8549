"""Which plots suit which target group: scores from parts and weights, ranks, and how firm they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymcdm.correlations import spearman
from scipy.stats import kendalltau, rankdata

from geoplan.errors import NotFoundError
from geoplan.frames import check_frame
from geoplan.plots.attraction.groups import Group, group_values
from geoplan.plots.attraction.multicriteria import METHODS, Method, scores
from geoplan.plots.attraction.parts import PARTS, SERVICE_KINDS
from geoplan.plots.attraction.robustness import Robustness, drawn_weights, ranks, shifted_weights, top_shares, top_size
from geoplan.plots.travel.standards import MODES

__all__ = ["RANKING_COLUMNS", "STABILITY_COLUMNS", "contributions", "rank_plots", "stability"]

Floats = npt.NDArray[np.float64]

RANKING_COLUMNS = ("plot", "group", "score", "rank", "known_share", "rank_low", "rank_high", "top_share")

_QUIET_UNITS = {"noise": "dBA", "distance": "m"}

_CHECKS: tuple[Method, ...] = tuple(method for method in METHODS if method != "weighted_sum")

STABILITY_COLUMNS = (
    "group",
    "plots",
    "top",
    *(f"{what}_{method}" for method in _CHECKS for what in ("spearman", "kendall", "top_common")),
    "top_kept",
    "top_firm",
)


def rank_plots(
    parts: pd.DataFrame,
    groups: Sequence[Group],
    *,
    method: Method = "weighted_sum",
    robustness: Robustness | None = None,
) -> pd.DataFrame:
    """Rank plots for target groups.

    Parameters
    ----------
    parts
        From :func:`geoplan.plots.attraction.attractiveness.plot_parts`.
    groups
        From :func:`geoplan.plots.attraction.groups.groups_from_values`.
    method
        How parts and weights come to a score (see :func:`geoplan.plots.attraction.multicriteria.scores`).
    robustness
        How far weights are moved; default: the class's own numbers.

    Returns
    -------
    DataFrame
        One row a group and plot, by group in the given order and then by the plot's id, whatever the order of rows in
        ``parts``: ``plot``, ``group``; ``score`` from 0 to 1; ``rank`` from 1, shared by plots with the same score;
        ``known_share`` of the group's weight that lies on known parts, 0 to 1; ``rank_low`` and ``rank_high``, the best
        and the worst rank when each weight by itself moves by the shift; ``top_share`` of the drawn weightings in
        which the plot is in the top set, 0 to 1. A plot of which nothing with a weight is known has no score and no
        rank.

    Raises
    ------
    FrameError
        Columns are missing, or a plot has two rows.
    InputError
        There is no such method.

    Notes
    -----
    A plot is judged on its known parts as if the unknown ones were as good as these on average. How wrong that can be
    is told by ``known_share``: were all unknown parts worth 0 the weighted sum would be score · known_share, were all
    worth 1 it would be that plus 1 − known_share.
    """
    check_frame(parts, name="parts", columns=["plot"], unique="plot")
    rules = robustness or Robustness()
    # Sorted, so that not even the order of rows is among what a figure can depend on.
    parts = parts.sort_values("plot", ignore_index=True)
    tables = []
    for group in groups:
        values = group_values(parts, group).to_numpy(dtype=float)
        weights = group.weight_vector
        ranked = ranks(scored := scores(method, values, shifted_weights(weights, rules.shift)))
        table = {
            "plot": parts["plot"].astype(object),
            "group": pd.Series(group.id, index=parts.index, dtype=object),
            "score": scored[0],
            "rank": _whole(ranked[0]),
            "known_share": _known_share(values, weights),
            "rank_low": _whole(ranked.min(axis=0)),
            "rank_high": _whole(ranked.max(axis=0)),
            "top_share": top_shares(method, values, drawn_weights(group, rules), rules.top_share),
        }
        tables.append(pd.DataFrame(table, columns=list(RANKING_COLUMNS)))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(RANKING_COLUMNS))


def contributions(parts: pd.DataFrame, group: Group, plot: str) -> pd.DataFrame:
    """Return what each part adds to a plot's weighted sum.

    Parameters
    ----------
    parts
        From :func:`geoplan.plots.attraction.attractiveness.plot_parts`.
    group
        The target group.
    plot
        The plot's id.

    Returns
    -------
    DataFrame
        One row for each part that the group gives weight: ``part``; ``value`` from 0 to 1; ``raw``, a number, a word,
        or minutes by mode as a mapping, and ``unit``; ``weight``, scaled over the known parts; ``contribution`` =
        weight · value. Contributions sum to the score. An unknown part has neither value nor weight: NaN.

    Raises
    ------
    NotFoundError
        There is no such plot.
    """
    mine = parts[parts["plot"] == plot]
    if mine.empty:
        raise NotFoundError(f"There is no plot {plot!r}.", hint="Plots are listed by `geoplan export plots`.")
    value = group_values(mine, group).iloc[0]
    known = sum(group.weights[part.id] for part in PARTS if pd.notna(value[part.id]))
    rows = []
    for part in PARTS:
        if group.weights[part.id] > 0:
            there = pd.notna(value[part.id])
            weight = group.weights[part.id] / known if there else np.nan
            unit = _QUIET_UNITS.get(mine["quiet_basis"].iloc[0]) if part.id == "quiet" else part.unit
            row = {"part": part.id, "value": value[part.id], "raw": _raw(mine.iloc[0], part.id), "unit": unit}
            rows.append(row | {"weight": weight, "contribution": weight * value[part.id]})
    columns = ["part", "value", "raw", "unit", "weight", "contribution"]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype(dict.fromkeys(("value", *columns[-2:]), float))


def stability(
    parts: pd.DataFrame, groups: Sequence[Group], ranking: pd.DataFrame, *, robustness: Robustness | None = None
) -> pd.DataFrame:
    """Tell for each group how much its ranking owes to the method and to the exact weights.

    Parameters
    ----------
    parts, groups
        As for :func:`rank_plots`.
    ranking
        From :func:`rank_plots` by the weighted sum, with the same ``robustness``.
    robustness
        How far weights were moved; default: the class's own numbers.

    Returns
    -------
    DataFrame
        One row a group: ``group``, ``plots`` that have a score, ``top`` the size of the top set; for TOPSIS and VIKOR
        against the weighted sum ``spearman_METHOD`` and ``kendall_METHOD`` (tau-b), -1 to 1, NaN where all plots tie,
        and ``top_common_METHOD``, the share of the top set that is also in the method's; ``top_kept``, the share of
        the top set that stays in it however one weight is moved by the shift; ``top_firm``, the mean ``top_share`` of
        the top set.
    """
    rules = robustness or Robustness()
    parts = parts.sort_values("plot", ignore_index=True)
    rows = []
    for group in groups:
        mine = ranking[ranking["group"] == group.id].set_index("plot").reindex(parts["plot"])
        there = mine["score"].notna().to_numpy()
        top = top_size(int(there.sum()), rules.top_share)
        first = (mine["rank"] <= top).fillna(False).to_numpy(dtype=bool)
        row: dict[str, Any] = {"group": group.id, "plots": int(there.sum()), "top": top}
        values, weights = group_values(parts, group).to_numpy(dtype=float), group.weight_vector[None, :]
        for method in _CHECKS:
            other = scores(method, values, weights)
            row[f"spearman_{method}"], row[f"kendall_{method}"] = _agreement(
                mine["score"].to_numpy(dtype=float)[there], other[0][there]
            )
            row[f"top_common_{method}"] = _mean(ranks(other)[0][first] <= top)
        row["top_kept"] = _mean((mine["rank_high"] <= top).to_numpy(dtype=bool, na_value=False)[first])
        row["top_firm"] = _mean(mine["top_share"].to_numpy(dtype=float)[first])
        rows.append(row)
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def _known_share(values: Floats, weights: Floats) -> Floats:
    known = np.zeros(len(values))
    for column, weight in zip(values.T, weights, strict=True):
        known += np.where(np.isnan(column), 0.0, weight)
    return np.asarray((known / weights.sum()).round(12))


def _whole(ranked: Floats) -> pd.Series[Any]:
    return pd.Series(ranked).astype("Int64")


def _raw(row: pd.Series[Any], name: str) -> Any:
    """Return a part's raw value as JSON can hold it."""
    if name in SERVICE_KINDS:
        return {mode: _raw(row, f"{name}_{mode}") for mode in MODES}
    raw = row[f"{name}_raw"]
    if raw is None or pd.isna(raw):
        return None
    return raw if isinstance(raw, str) else float(raw)


def _agreement(one: Floats, other: Floats) -> tuple[float, float]:
    """Return Spearman's and Kendall's correlation of two scores; NaN where one of them puts no plot before another."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan, np.nan
    # Kendall from SciPy: pymcdm compares all pairs one by one, ten million of them for 5,000 plots.
    return float(spearman(rankdata(one), rankdata(other))), float(kendalltau(one, other).statistic)


def _mean(values: npt.NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else np.nan

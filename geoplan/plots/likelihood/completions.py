"""What a municipality's own completions say of how often its plots are built."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame
from geoplan.plots.likelihood.priors import KINDS, OWNERS, PLANS, Priors, cell_name

__all__ = ["BASES", "COMPLETION_COLUMNS", "HAZARD_COLUMNS", "by_cell", "checked", "hazards"]

COMPLETION_COLUMNS = ("year", "kind", "owner_kind", "plan", "plots_at_start", "built")

BASES = ("prior", "updated")
"""``updated`` where the municipality's history says something of the cell itself or of its level."""

HAZARD_COLUMNS = (
    "cell",
    "kind",
    "owner_kind",
    "plan",
    "prior_hazard",
    "level",
    "plot_years",
    "built",
    "a",
    "b",
    "basis",
)


def hazards(priors: Priors, completions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what is believed of every cell's yearly hazard, given the municipality's completions.

    Parameters
    ----------
    priors
        Declared priors.
    completions
        The layer ``completions``: :data:`COMPLETION_COLUMNS`, counts by year and cell. ``None``: no history.

    Returns
    -------
    DataFrame
        :data:`HAZARD_COLUMNS`, one row a cell. ``prior_hazard`` and ``level`` have no unit but a share a year and
        times; ``plot_years`` and ``built`` are what was seen in the cell; the hazard is distributed as
        Beta(``a``, ``b``); ``basis`` is one of :data:`BASES`.

    Raises
    ------
    FrameError
        The completions lack columns or have impossible values.

    Notes
    -----
    Level of cell c: g = (k + B₋c) / (k + E₋c), with B₋c the completions seen in all other cells, E₋c those that
    their priors expected, and k the weight ``pooling_completions``. This is the mean of a Gamma(k, k) factor on all
    hazards after Poisson counts. Leaving the cell itself out counts nothing twice. Prior of the cell: mean m = g ·
    prior hazard and Beta(a₀, a₀(1 − m)/m) with a₀ = ``prior_completions``. Posterior: Beta(a₀ + built, b₀ +
    plot-years − built), the conjugate update of a binomial count (Gelman et al., Bayesian Data Analysis, 3rd ed.
    2013, §2.4). More completions never lower a hazard, in any cell.
    """
    table = priors.cells().rename(columns={"hazard": "prior_hazard"})
    seen = by_cell(completions) if completions is not None else None
    counts = ["plot_years", "built"]
    table[counts] = 0.0 if seen is None else seen.reindex(table["cell"])[counts].fillna(0.0).to_numpy()
    expected = table["plot_years"] * table["prior_hazard"]
    weight = priors.pooling_completions
    others = table["built"].sum() - table["built"], expected.sum() - expected
    table["level"] = (weight + others[0]) / (weight + others[1].clip(lower=0.0))
    mean = (table["prior_hazard"] * table["level"]).clip(upper=priors.highest_hazard)
    first = priors.prior_completions
    table["a"] = first + table["built"]
    table["b"] = first * (1 - mean) / mean + table["plot_years"] - table["built"]
    table["basis"] = BASES[int(table["plot_years"].sum() > 0)]
    return table[list(HAZARD_COLUMNS)].astype({"basis": object})


def by_cell(completions: pd.DataFrame) -> pd.DataFrame:
    """Check completions and sum them over the years.

    Returns
    -------
    DataFrame
        ``plot_years`` and ``built`` by cell; an owner that is not known makes the cell's owner ``unknown``.

    Raises
    ------
    FrameError
        Columns are missing, or a value is impossible, with every fault.
    """
    rows = checked(completions)
    return rows.groupby("cell")[["plots_at_start", "built"]].sum().rename(columns={"plots_at_start": "plot_years"})


def checked(completions: pd.DataFrame) -> pd.DataFrame:
    """Return the completions with their cell, in an order that the rows' own does not decide."""
    check_frame(completions, name="completions", columns=COMPLETION_COLUMNS)
    rows = completions[list(COMPLETION_COLUMNS)].copy()
    rows["owner_kind"] = rows["owner_kind"].astype(object).where(rows["owner_kind"].notna(), "unknown")
    counts = ["year", "plots_at_start", "built"]
    rows[counts] = rows[counts].apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = {
        f"a kind other than {', '.join(KINDS)}": ~rows["kind"].isin(KINDS),
        f"an owner other than {', '.join(OWNERS)}": ~rows["owner_kind"].isin(OWNERS),
        f"a plan other than {' or '.join(PLANS)}": ~rows["plan"].isin(PLANS),
        "no year": rows["year"].isna(),
        "a count that is missing or negative": ~(rows[["plots_at_start", "built"]] >= 0).all(axis=1),
        "more plots built than there were": rows["built"] > rows["plots_at_start"],
    }
    faults = [
        f"{int(hit.sum())} rows have {what} (first: row {hit.idxmax()})" for what, hit in wrong.items() if hit.any()
    ]
    if faults:
        raise FrameError("completions", faults, hint="See the layer completions in docs/layers.md.")
    names = [cell_name(*key) for key in zip(rows["kind"], rows["owner_kind"], rows["plan"], strict=True)]
    rows["cell"] = np.array(names, dtype=object)
    return rows.sort_values(["year", "cell", "plots_at_start", "built"], kind="stable", ignore_index=True)

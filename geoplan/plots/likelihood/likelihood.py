"""How many of the homes that a plot may hold are likely to be there by a year."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.plots.likelihood.completions import hazards
from geoplan.plots.likelihood.priors import OWNERS, Priors, cell_name

__all__ = ["LIKELY_COLUMNS", "likely_homes", "probability_built"]

LIKELY_COLUMNS = ("plot", "year", "years", "nominal", "probability", "likely", "prior_cell", "basis", "a", "b")


def likely_homes(
    plots: gpd.GeoDataFrame | pd.DataFrame,
    parcels: gpd.GeoDataFrame | pd.DataFrame,
    *,
    priors: Priors,
    completions: pd.DataFrame | None = None,
    base_year: int,
    years: Sequence[int],
    gaps: Collection[str] = (),
) -> pd.DataFrame:
    """Return nominal and likely homes of every plot by every year.

    Parameters
    ----------
    plots
        ``id``, ``parcel``, ``kind``, ``homes`` (nominal, whole homes) and ``plan_homes``.
    parcels
        ``id`` and, where known, ``owner_kind``.
    priors
        Declared priors.
    completions
        The layer ``completions``; rows of years after the base year are not asked. ``None``: no history.
    base_year
        At its end every plot is unbuilt.
    years
        Years to answer for, from the base year on.
    gaps
        Ids of parcels that are gaps: their plots of the kind ``vacant_parcel`` have the prior of a gap.

    Returns
    -------
    DataFrame
        :data:`LIKELY_COLUMNS`, one row a plot and year, by plot and year. ``years`` is how long the hazard works,
        at most the horizon; ``probability`` that the plot is built by the end of the year, 0 to below 1;
        ``likely = nominal · probability``; ``prior_cell`` such as ``gap/private/yes``; ``basis`` ``prior`` or
        ``updated``; the yearly hazard of the plot's cell is Beta(``a``, ``b``).

    Raises
    ------
    FrameError
        Columns are missing, or a plot is of a kind that has no prior.
    InputError
        A year lies before the base year.

    Notes
    -----
    A plot is built whole or not at all. See :func:`probability_built` and ``docs/method-likely.md``.
    """
    check_frame(plots, name="plots", columns=["id", "parcel", "kind", "homes", "plan_homes"], unique="id")
    check_frame(parcels, name="parcels", columns=["id"], unique="id")
    early = sorted(year for year in set(years) if year < base_year)
    if early:
        raise InputError(
            f"Likely homes are asked for in {early[0]}, before the base year {base_year}.",
            hint="Ask for years from the base year on.",
        )
    history = completions
    if completions is not None and "year" in completions:
        history = completions[~(pd.to_numeric(completions["year"], errors="coerce") > base_year)]
    table = hazards(priors, history).set_index("cell")
    one = pd.DataFrame(
        {
            "plot": plots["id"].to_numpy(dtype=object),
            "nominal": plots["homes"].to_numpy(dtype=float),
            "prior_cell": _cells(plots, parcels, set(gaps), table),
        }
    )
    one[["a", "b", "basis"]] = table.loc[one["prior_cell"], ["a", "b", "basis"]].to_numpy()
    rows = one.merge(pd.DataFrame({"year": sorted(set(years))}), how="cross")
    rows["years"] = (rows["year"] - base_year).clip(upper=priors.horizon_years)
    rows = rows.astype({"a": float, "b": float, "year": int, "years": int})
    rows["probability"] = probability_built(
        rows["a"].to_numpy(), rows["b"].to_numpy(), rows["years"].to_numpy(dtype=float)
    )
    rows["likely"] = rows["nominal"] * rows["probability"]
    return rows[list(LIKELY_COLUMNS)].sort_values(["plot", "year"], kind="stable", ignore_index=True)


def probability_built(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], years: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the probability that a plot is built within years, its yearly hazard being Beta(a, b).

    Notes
    -----
    1 − E[(1 − h)^t] = 1 − B(a, b + t) / B(a, b), which for whole years is 1 − Π (b + j)/(a + b + j) over j < t.
    """
    # As a product: a difference of logarithms of the beta function loses half of the digits where b is large.
    result = np.zeros(np.broadcast(a, b, years).shape)
    for passed in range(int(np.max(years, initial=0))):
        still = np.where(passed < years, (b + passed) / (a + b + passed), 1.0)
        result = 1 - (1 - result) * still
    return result


def _cells(
    plots: gpd.GeoDataFrame | pd.DataFrame,
    parcels: gpd.GeoDataFrame | pd.DataFrame,
    gaps: set[str],
    table: pd.DataFrame,
) -> npt.NDArray[np.object_]:
    """Return the name of each plot's cell."""
    kind = plots["kind"].to_numpy(dtype=object)
    in_gap = plots["parcel"].isin(gaps).to_numpy() & (kind == "vacant_parcel")
    kind = np.where(in_gap, "gap", kind)
    owner = pd.Series("unknown", index=plots.index, dtype=object)
    if "owner_kind" in parcels:
        known = parcels.set_index("id")["owner_kind"].astype(object)
        owner = plots["parcel"].map(known[known.isin(OWNERS)]).astype(object).fillna("unknown")
    plan = np.where((plots["plan_homes"] == "allowed").to_numpy(), "yes", "no")
    cells = np.array([cell_name(*key) for key in zip(kind, owner, plan, strict=True)], dtype=object)
    strange = ~np.isin(kind, table["kind"].unique())
    if strange.any():
        raise InputError(
            f"Plots of the kind {kind[strange][0]!r} have no prior.",
            hint=f"There are priors for {', '.join(table['kind'].unique())}.",
        )
    return cells

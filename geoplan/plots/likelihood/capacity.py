"""Nominal, likely and a range of homes by area and year."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv, ndtr

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.places import UNASSIGNED, WHOLE

__all__ = ["CAPACITY_COLUMNS", "Supply", "area_capacity", "supply_of_plots"]

CAPACITY_COLUMNS = ("area", "year", "supply", "plots", "nominal", "likely", "p10", "p50", "p90")

Floats = npt.NDArray[np.float64]

_QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True)
class Supply:
    """Homes on plots.

    Attributes
    ----------
    areas, years
        Of the arrays' axes.
    homes
        Expected homes built by each year, [year, area].
    draws
        Homes in draws of their own, [draw, year, area], or ``None``: see :func:`supply_of_plots`.
    """

    areas: tuple[str, ...]
    years: tuple[int, ...]
    homes: Floats
    draws: Floats | None = None

    def ranked(self, normal: Floats) -> npt.NDArray[np.intp]:
        """Return which draw each standard normal number takes: the number's quantile of the last year's sum."""
        assert self.draws is not None  # noqa: S101 - asked where there are draws
        order = np.argsort(self.draws[:, -1].sum(axis=-1), kind="stable")
        places = np.minimum((ndtr(normal) * len(order)).astype(np.intp), len(order) - 1)
        result: npt.NDArray[np.intp] = order[places]
        return result

    def aligned(self, areas: Sequence[str], years: Sequence[int]) -> Supply:
        """Return the homes of other areas and years, none in an area without; all of them where ``*`` is the area."""
        lacking = [year for year in years if year not in self.years]
        if lacking:
            raise InputError(
                f"There are no likely homes for {', '.join(map(str, lacking))}.", hint="Derive them for demand.years."
            )
        at = [self.years.index(year) for year in years]
        return Supply(
            tuple(areas),
            tuple(years),
            self._placed(self.homes[at], areas),
            None if self.draws is None else self._placed(self.draws[:, at], areas),
        )

    def _placed(self, homes: Floats, areas: Sequence[str]) -> Floats:
        result: Floats
        if tuple(areas) == (WHOLE,):
            result = homes.sum(axis=-1, keepdims=True)
            return result
        result = np.zeros((*homes.shape[:-1], len(areas)))
        for place, area in enumerate(areas):
            if area in self.areas:
                result[..., place] = homes[..., self.areas.index(area)]
        return result


def area_capacity(
    likely: pd.DataFrame, plots: gpd.GeoDataFrame | pd.DataFrame, *, draws: int, seed: int
) -> pd.DataFrame:
    """Return nominal and likely homes with their range, by area, year and kind of supply.

    Parameters
    ----------
    likely
        From :func:`geoplan.plots.likelihood.likelihood.likely_homes`.
    plots
        ``id``, ``area`` and ``plan_homes`` of the same plots.
    draws
        Draws of the simulation.
    seed
        The same seed and the same plots give the same figures.

    Returns
    -------
    DataFrame
        :data:`CAPACITY_COLUMNS`, one row an area (``*`` for the whole), year and ``supply``: ``planned`` where a
        plan allows homes, ``unplanned`` elsewhere. All but area, year, supply and plots are homes. ``nominal`` and
        ``likely`` of the areas add up to ``*``; the quantiles do not.

    Raises
    ------
    FrameError
        Columns are missing.

    Notes
    -----
    In every draw each cell has one yearly hazard, from its Beta(a, b): the plots of a cell are right or wrong
    together, which is what makes the range wide. Given it, each plot is built by year t where a uniform number of its
    own exceeds (1 − h)^t. Both are drawn from the seed and the name of the cell or the plot alone, so neither the
    order of rows nor another plot changes them; a plot built by one year is so by the next, and a plot added lowers
    no draw.
    """
    rows = _placed(likely, plots)
    both = pd.concat([rows, rows.assign(area=WHOLE)], ignore_index=True)
    keys = ["area", "supply", "year"]
    table = both.groupby(keys).agg(plots=("plot", "size"), nominal=("nominal", "sum"), likely=("likely", "sum"))
    drawn = _simulate(rows, draws, seed)
    # A number of homes that was drawn, not one between two.
    ranges = {key: np.quantile(homes, list(_QUANTILES.values()), method="inverted_cdf") for key, homes in drawn.items()}
    table[list(_QUANTILES)] = np.array([ranges[key] for key in table.index]).reshape(-1, len(_QUANTILES))
    table = table.reset_index()
    rank = table["area"].map({WHOLE: 2, UNASSIGNED: 1}).fillna(0)
    ordered = table.assign(rank=rank).sort_values(["year", "rank", "area", "supply"], kind="stable")
    return ordered[list(CAPACITY_COLUMNS)].reset_index(drop=True)


def supply_of_plots(
    likely: pd.DataFrame,
    plots: gpd.GeoDataFrame | pd.DataFrame,
    *,
    draws: int,
    seed: int,
    supply: str = "planned",
    years: Sequence[int] | None = None,
) -> Supply:
    """Return likely homes with their draws, to set against draws of the need.

    Parameters
    ----------
    likely, plots, draws, seed
        As :func:`area_capacity`; the draws are the same.
    supply
        The kind of supply: ``planned`` (as the balance counts) or ``unplanned``.
    years
        Years to answer for, also where there is no plot; default: those of ``likely``.

    Returns
    -------
    Supply
        Homes by year and area, plots outside all areas in :data:`geoplan.places.UNASSIGNED`.

    Raises
    ------
    FrameError
        Columns are missing.
    """
    rows = _placed(likely, plots)
    years = sorted({int(year) for year in (likely["year"] if years is None else years)})
    rows = rows[rows["supply"] == supply]
    areas = sorted(rows["area"].unique())
    expected = rows.pivot_table(index="year", columns="area", values="likely", aggfunc="sum", fill_value=0.0)
    homes = expected.reindex(index=years, columns=areas, fill_value=0.0).to_numpy(dtype=float)
    drawn = np.zeros((draws, len(years), len(areas)))
    if areas:
        simulated = _simulate(rows, draws, seed)
        for place, area in enumerate(areas):
            for step, year in enumerate(years):
                drawn[:, step, place] = simulated[area, supply, year]
    return Supply(tuple(areas), tuple(years), homes, drawn)


def _placed(likely: pd.DataFrame, plots: gpd.GeoDataFrame | pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each plot with its area and kind of supply, in an order of their own."""
    check_frame(likely, name="likely", columns=["plot", "year", "years", "nominal", "likely", "prior_cell", "a", "b"])
    check_frame(plots, name="plots", columns=["id", "area", "plan_homes"], unique="id")
    place = pd.DataFrame(
        {
            "area": plots["area"].astype(object).where(plots["area"].notna(), UNASSIGNED).to_numpy(),
            "supply": np.where(plots["plan_homes"] == "allowed", "planned", "unplanned"),
        },
        index=plots["id"].to_numpy(dtype=object),
    )
    return likely.join(place, on="plot", how="inner").sort_values(["plot", "year"], kind="stable")


def _simulate(rows: pd.DataFrame, draws: int, seed: int) -> dict[tuple[str, str, int], Floats]:
    """Return the homes built in every draw, by area, supply and year; ``*`` is the whole."""
    passed = rows.groupby("year")["years"].first()
    years = [int(year) for year in passed.index]
    cells = rows.drop_duplicates("prior_cell").set_index("prior_cell")[["a", "b"]]
    unbuilt = {
        cell: (1 - betaincinv(a, b, _uniform(draws, seed, "cell", cell))) ** passed.to_numpy(dtype=float)[:, None]
        for cell, a, b in cells.itertuples(name=None)
    }
    one = rows.drop_duplicates("plot")
    groups = sorted({*zip(one["area"], one["supply"], strict=True), *((WHOLE, supply) for supply in one["supply"])})
    sums = {group: np.zeros((len(years), draws)) for group in groups}
    for plot, cell, homes, area, supply in one[["plot", "prior_cell", "nominal", "area", "supply"]].itertuples(
        index=False, name=None
    ):
        built = homes * (_uniform(draws, seed, "plot", plot) > unbuilt[cell])
        sums[area, supply] += built
        sums[WHOLE, supply] += built
    return {(*group, year): homes[n] for group, homes in sums.items() for n, year in enumerate(years)}


def _uniform(draws: int, seed: int, *name: str) -> Floats:
    """Return uniform numbers that the seed and a name alone decide."""
    key = hashlib.blake2b("\0".join([str(seed), *name]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(key, "big")).random(draws)

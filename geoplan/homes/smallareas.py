"""Small areas by share methods: what a municipality is projected to, shared out over its areas."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.errors import FrameError
from geoplan.homes.projection import Array
from geoplan.places import WHOLE

__all__ = ["check_told_once", "constant_share", "rake", "share_of_change"]


def check_told_once(table: pd.DataFrame, *, name: str) -> None:
    """Check that no year has both the whole municipality (``*``) and its areas: everything would be counted twice.

    Parameters
    ----------
    table
        ``area``, and ``year`` where it has one.
    name
        The table's name in messages.

    Raises
    ------
    FrameError
        A year has both.
    """
    years = table["year"] if "year" in table else pd.Series(0, index=table.index)
    whole = table["area"].eq(WHOLE)
    both = sorted(set(years[whole].dropna()) & set(years[~whole].dropna()))
    if both:
        when = f" in {', '.join(str(int(year)) for year in both[:5])}" if "year" in table else ""
        raise FrameError(
            name,
            [f"has rows of the whole (*) beside rows of areas{when}: all would be counted twice"],
            hint="Leave out the rows of *, or those of the areas.",
        )


def constant_share(base: Array, municipality: Array) -> Array:
    """Share a municipality's projection out by each area's share of the base year, sex by sex and age by age.

    Parameters
    ----------
    base
        Persons of the base year, [area, sex, age].
    municipality
        Persons projected, [year, sex, age].

    Returns
    -------
    array
        Persons, [year, area, sex, age], which add up to the municipality in every cell. Where nobody of a sex and age
        lived in the base year, areas share by all their persons.

    Notes
    -----
    The constant-share method of S. K. Smith, J. Tayman and D. A. Swanson (2013), A Practitioner's Guide to State and
    Local Population Projections, chapter 8.
    """
    persons = base.sum(axis=(1, 2))
    whole = persons / persons.sum()
    sums = base.sum(axis=0)
    shares = np.divide(base, sums, out=np.broadcast_to(whole[:, None, None], base.shape).copy(), where=sums > 0)
    return _exact(shares[None] * municipality[:, None], municipality)


def share_of_change(base: Array, earlier: Array, municipality: Array) -> Array:
    """Share a municipality's change out by each area's share of its change since an earlier year.

    Parameters
    ----------
    base
        Persons of the base year, [area, sex, age].
    earlier
        Persons of an earlier year, [area].
    municipality
        Persons projected, [year, sex, age].

    Returns
    -------
    array
        Persons, [year, area, sex, age], which add up to the municipality in every cell; sexes and ages of each area
        are raked from the constant shares.

    Notes
    -----
    P(area, t) = P(area, 0) + c(area) · (P(t) − P(0)), with c the area's part of the change since the earlier year: the
    share-of-growth method of Smith, Tayman and Swanson (2013), chapter 8. It fails where areas change in opposite
    ways, so an area against the municipality's direction keeps its number, and the rest share the change; where none
    goes with it, shares are constant. No area falls below nobody.
    """
    persons, by_cells = base.sum(axis=(1, 2)), constant_share(base, municipality)
    total = municipality.sum(axis=(1, 2))
    change = persons - earlier
    totals = np.empty((len(total), len(persons)))
    for year, wanted in enumerate(total):
        grows = wanted - persons.sum()
        weights = np.maximum(change * np.sign(grows), 0.0)
        if weights.sum() <= 0:
            totals[year] = by_cells[year].sum(axis=(1, 2))
            continue
        area = np.maximum(persons + weights / weights.sum() * grows, 0.0)
        totals[year] = area * wanted / area.sum() if area.sum() > 0 else by_cells[year].sum(axis=(1, 2))
    flat = by_cells.reshape(*by_cells.shape[:2], -1)
    columns = municipality.reshape(len(municipality), -1)
    raked = np.array([rake(*cells) for cells in zip(flat, totals, columns, strict=True)])
    return _exact(raked.reshape(by_cells.shape), municipality)


def rake(seed: Array, rows: Array, columns: Array, *, rounds: int = 200) -> Array:
    """Fit a table to its margins, keeping its pattern (iterative proportional fitting).

    Parameters
    ----------
    seed
        The pattern, [row, column], not negative.
    rows, columns
        The sums wanted; both add up to the same.
    rounds
        At most so many times both ways.

    Returns
    -------
    array
        The columns are met exactly, the rows as nearly as the pattern allows.

    Notes
    -----
    W. E. Deming and F. F. Stephan (1940), On a least squares adjustment of a sampled frequency table when the expected
    marginal totals are known, The Annals of Mathematical Statistics 11.
    """
    table = seed.astype(float)
    for _ in range(rounds):
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        table *= _ratio(columns, table.sum(axis=0))[None, :]
        if np.allclose(table.sum(axis=1), rows, rtol=1e-10, atol=1e-9):
            break
    return table


def _ratio(wanted: Array, found: Array) -> Array:
    result: Array = np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)
    return result


def _exact(cells: Array, municipality: Array) -> Array:
    """Make areas add up to the municipality after rounding."""
    return cells * _ratio(municipality, cells.sum(axis=1))[:, None]

"""The need that a programme is to serve, and from where it can be reached."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geoplan.balance.measures import ANY, clean_text
from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.preferences import UNDIVIDED

__all__ = ["DEMAND_COLUMNS", "check_needs", "reach_pairs", "yearly_needs"]

DEMAND_COLUMNS = ("area", "group", "dwelling_type", "tenure", "weight")
"""What makes two needs the same kind of need."""


def check_needs(
    needs: pd.DataFrame, *, years: Sequence[int], weights: dict[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the needs by kind and year.

    Parameters
    ----------
    needs
        ``area``, ``year`` in which the need arises, ``homes`` (dwellings, new that year), and where known ``group``,
        ``dwelling_type``, ``tenure``, ``weight``. A missing or undivided type or tenure takes any.
    years
        The programme's years. What arose before the first is there in the first; what arises after the last is no
        matter of the programme.
    weights
        What a home is worth by group, where no weight is given; 1 for others.

    Returns
    -------
    tuple of DataFrame
        :data:`DEMAND_COLUMNS`, one row a kind, ordered by them; and the homes wanted (rows as the first, columns the
        years). Negative homes, a surplus, are no need and count as 0.

    Raises
    ------
    FrameError
        Columns are missing, or a number is missing or a weight negative.
    """
    check_frame(needs, name="needs", columns=["area", "year", "homes"])
    table = pd.DataFrame({"year": pd.to_numeric(needs["year"]), "homes": pd.to_numeric(needs["homes"])})
    table["area"] = clean_text(needs, "area", None)
    table["group"] = clean_text(needs, "group", "all")
    for name in ("dwelling_type", "tenure"):
        table[name] = clean_text(needs, name, ANY).replace(UNDIVIDED, ANY)
    table["weight"] = table["group"].map(weights).astype(float).fillna(1.0)
    if "weight" in needs:
        given = pd.to_numeric(needs["weight"]).astype(float)
        table["weight"] = given.where(given.notna(), table["weight"])
    tests = {
        "have no area": table["area"].isna(),
        "have no year": table["year"].isna(),
        "have no homes": ~np.isfinite(table["homes"].astype(float)),
        "have a negative or endless weight": ~np.isfinite(table["weight"]) | table["weight"].lt(0),
    }
    faults = [f"{int(hit.sum())} rows {words}" for words, hit in tests.items() if hit.any()]
    if faults:
        raise FrameError("needs", faults)
    table["homes"] = table["homes"].astype(float).clip(lower=0.0)
    table["year"] = table["year"].astype(int).clip(lower=years[0])
    table = table[table["year"].le(years[-1]) & table["homes"].gt(0)]
    wide = table.pivot_table(index=list(DEMAND_COLUMNS), columns="year", values="homes", aggfunc="sum", sort=True)
    wide = wide.reindex(columns=list(years)).fillna(0.0)
    return wide.index.to_frame(index=False), wide.reset_index(drop=True)


def reach_pairs(reach: pd.DataFrame | None) -> frozenset[tuple[str, str]]:
    """Return from which area homes in which other area can be reached.

    Parameters
    ----------
    reach
        ``from_area`` of the need, ``to_area`` of the home, and ``allowed`` where some rows say no. ``None``: need is
        met in its own area only. An area always reaches itself.

    Raises
    ------
    FrameError
        Columns are missing.
    """
    if reach is None:
        return frozenset()
    check_frame(reach, name="reach", columns=["from_area", "to_area"])
    rows = reach[reach["allowed"].astype(bool)] if "allowed" in reach else reach
    return frozenset((str(start), str(end)) for start, end in zip(rows["from_area"], rows["to_area"], strict=True))


def yearly_needs(
    table: pd.DataFrame, *, base_year: int, value: str = "need", by: Sequence[str] = ("area",)
) -> pd.DataFrame:
    """Turn a need that counts from a base year into what is new each year.

    Parameters
    ----------
    table
        ``year``, the columns of ``by``, and the value: dwellings from the base year to the year, as the layers
        ``need`` and ``need_by_type`` have it.
    base_year
        The year that they count from.
    value, by
        The column of the value, and what tells rows of a year apart.

    Returns
    -------
    DataFrame
        ``by``, ``year`` (each year after the base year), ``homes`` (dwellings). What comes between two asked years is
        spread evenly. A need that falls again takes nothing back: a year's ``homes`` is what the need exceeds its
        highest so far.

    Raises
    ------
    FrameError, InputError
        Columns are missing, or a year is not after the base year.
    """
    check_frame(table, name="need", columns=["year", value, *by])
    years = sorted(int(year) for year in table["year"].unique())
    if not years:
        return pd.DataFrame(columns=[*by, "year", "homes"])
    if years[0] <= base_year:
        raise InputError(f"The need of {years[0]} is not after the base year {base_year}.", hint="Leave it out.")
    wide = table.pivot_table(index=list(by), columns="year", values=value, aggfunc="sum", sort=True).reindex(
        columns=years
    )
    highest = np.maximum.accumulate(np.maximum(wide.fillna(0.0).to_numpy(dtype=float), 0.0), axis=1)
    new = np.diff(highest, axis=1, prepend=0.0)
    starts = [base_year, *years[:-1]]
    parts = []
    for column, (start, end) in enumerate(zip(starts, years, strict=True)):
        for year in range(start + 1, end + 1):
            parts.append(wide.index.to_frame(index=False).assign(year=year, homes=new[:, column] / (end - start)))
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values([*by, "year"], kind="stable").reset_index(drop=True)

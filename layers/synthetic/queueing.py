"""Who queues for plots, and what the islands can carry; made up."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.synthetic.frames import table
from layers.synthetic.people import BASE_YEAR

__all__ = ["island_gate_table", "plot_queue_table"]

_BANDS: Final = ((BASE_YEAR - 13, BASE_YEAR - 7), (BASE_YEAR - 6, BASE_YEAR - 2), (BASE_YEAR - 1, BASE_YEAR))
_GROUPS: Final = ("single", "couple", "couple_with_children")
_SHARES: Final = ((0.1, 0.25, 0.05), (0.08, 0.14, 0.18), (0.05, 0.05, 0.10))
_QUEUED: Final = 0.06
"""The share of the persons who queue."""

_SMALLEST: Final = 5
_GATES: Final = ("water", "sewage", "quay", "school")
_KINDS: Final = {"A": "archipelago", "B": "rural", "C": "town"}
_MADE_BY: Final = "Synthetic, made by geoplan"


def plot_queue_table(rng: np.random.Generator, areas: list[str], population: int) -> pd.DataFrame:
    """Return the layer ``plot_queue``.

    Parameters
    ----------
    rng
        Where the chance comes from.
    areas
        Codes of the statistical areas; their letter says which kind they are of.
    population
        Persons in the base year.

    Notes
    -----
    Rows that would be of a few persons are put together in one of the area, or in one for anywhere.
    """
    weights = np.array([{"A": 1.5, "B": 1.2}.get(area[4], 0.6) for area in areas])
    shares = (weights / weights.sum())[:, None, None] * np.array(_SHARES)[None] / np.sum(_SHARES)
    counts = rng.multinomial(round(_QUEUED * population), shares.ravel()).reshape(shares.shape)
    rows: list[tuple[str, str | None, str | None, int, int, int]] = [
        (area, _KINDS.get(area[4]), _GROUPS[group], *_BANDS[band], int(counts[n, band, group]))
        for n, area in enumerate(areas)
        for band in range(len(_BANDS))
        for group in range(len(_GROUPS))
        if counts[n, band, group] >= _SMALLEST
    ]
    few = np.where(counts < _SMALLEST, counts, 0).sum(axis=(1, 2))
    rows += [
        (area, _KINDS.get(area[4]), None, _BANDS[0][0], _BANDS[-1][1], int(count))
        for area, count in zip(areas, few, strict=True)
        if count >= _SMALLEST
    ]
    rest = int(few[few < _SMALLEST].sum())
    if rest >= _SMALLEST or not rows:
        rows.append(("*", None, None, _BANDS[0][0], _BANDS[-1][1], max(rest, _SMALLEST)))
    elsewhere = [row[-1] // 5 if row[-1] // 5 >= _SMALLEST else 0 for row in rows]
    names = ("area", "plot_kind", "group", "since_from", "since_to", "persons")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return table("plot_queue", dwelling_type="one_or_two", persons_elsewhere=elsewhere, source=_MADE_BY, **columns)


def island_gate_table(
    rng: np.random.Generator, areas: gpd.GeoDataFrame, ferries: gpd.GeoDataFrame, stock: pd.DataFrame
) -> pd.DataFrame:
    """Return the layer ``island_gates``: of the areas in the country where a ferry ends.

    Parameters
    ----------
    rng
        Where the chance comes from.
    areas, ferries, stock
        The layers. A gate serves the area's dwellings, leisure homes included.

    Notes
    -----
    Most gates have room for some homes more, one is overloaded, and one is unknown.
    """
    ends = shapely.boundary(ferries.geometry.to_numpy())
    country = areas[areas["id"].str[4] == "A"]
    reached = country[[bool(shapely.intersects(ends, shape).any()) for shape in country.geometry]]
    if reached.empty:
        reached = country.iloc[:1]
    homes = stock.groupby("area")["dwellings"].sum()
    rows: list[tuple[str, str, float | None, float]] = []
    for area in reached["id"]:
        used = float(homes.get(area, 0.0))
        spare = rng.integers((2, 2, 10, 5), (12, 20, 60, 40))
        rows += [(str(area), gate, used + int(more), used) for gate, more in zip(_GATES, spare, strict=True)]
    # One is overloaded, and of the last one nothing is known.
    rows[0] = (*rows[0][:2], max(rows[0][3] - 2, 0.0), rows[0][3])
    rows[-1] = (*rows[-1][:2], None, rows[-1][3])
    return table(
        "island_gates",
        area=[row[0] for row in rows],
        gate=[row[1] for row in rows],
        capacity_homes=[row[2] for row in rows],
        used_homes=[row[3] for row in rows],
        source=_MADE_BY,
    ).astype({"capacity_homes": "float64", "used_homes": "float64"})

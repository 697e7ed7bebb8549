"""Key figures of the synthetic municipality, in the form that Kolada gives them in."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from layers.sources.services.known import known_service
from layers.synthetic.frames import table
from layers.synthetic.noise import Floats
from layers.synthetic.people import BASE_YEAR
from layers.synthetic.size import CODE

__all__ = ["indicator_table"]

_YEARS: Final = tuple(range(BASE_YEAR - 9, BASE_YEAR + 1))
# Made up: the last year's level where it does not follow from other layers, and what it differs by from year to year.
_LEVELS: Final = {"N07923": (32.0, 4.0), "N07917": (1.6, 0.8), "N07926": (17.0, 2.0)}


def indicator_table(rng: np.random.Generator, *, dwellings: float, population: float) -> pd.DataFrame:
    """Return some key figures on housing for ten years.

    Parameters
    ----------
    rng
        Where the chance comes from.
    dwellings, population
        Of the municipality in the base year; dwellings per 1,000 inhabitants follow from them.
    """
    titles = {entry.id: entry.title.sv for entry in known_service("kolada").entries}
    passed: Floats = np.array(_YEARS, dtype=float) - BASE_YEAR
    series: dict[str, Floats] = {
        "N01951": np.round(population * (1 - 0.002 * passed)).astype(float),
        "N07913": np.round(1_000 * dwellings / population * (1 + 0.003 * passed), 1),
    }
    for kpi, (level, spread) in _LEVELS.items():
        drawn = level + spread * rng.standard_normal(len(_YEARS))
        series[kpi] = np.asarray(np.round(np.maximum(0.0, drawn), 1), dtype=float)
    # A figure that was not reported has no value.
    series["N07926"][0] = np.nan
    rows = [
        (kpi, year, value) for kpi, values in sorted(series.items()) for year, value in zip(_YEARS, values, strict=True)
    ]
    return table(
        "indicators",
        kpi=[kpi for kpi, _, _ in rows],
        municipality=CODE,
        year=[year for _, year, _ in rows],
        gender="T",
        value=[float(value) for _, _, value in rows],
        status=["Missing" if np.isnan(value) else None for _, _, value in rows],
        title=[f"{titles[kpi]} (påhittat)" for kpi, _, _ in rows],
        source="Synthetic, made by geoplan",
    )

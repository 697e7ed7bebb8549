"""A history of plots that were built, drawn with hazards that are known: an update by it must find them again."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from layers.synthetic.frames import table
from layers.synthetic.size import Size

__all__ = ["HAZARDS", "YEARS", "completion_table"]

YEARS: Final = range(2015, 2026)

# Made up. Kind, owner (None: nobody noted it), plan: the yearly hazard, and plots in the first year for 1,000 persons.
HAZARDS: Final[dict[tuple[str, str | None, str], tuple[float, float]]] = {
    ("vacant_parcel", "municipality", "yes"): (0.090, 5.0),
    ("vacant_parcel", "company", "yes"): (0.060, 2.5),
    ("vacant_parcel", "private", "yes"): (0.020, 4.0),
    ("vacant_parcel", "private", "no"): (0.006, 9.0),
    ("vacant_parcel", "municipality", "no"): (0.012, 2.0),
    ("vacant_parcel", None, "yes"): (0.030, 1.0),
    ("gap", "private", "yes"): (0.018, 8.0),
    ("gap", "municipality", "yes"): (0.070, 4.0),
    ("subdivided", "municipality", "yes"): (0.050, 2.0),
    ("remainder", "private", "yes"): (0.003, 20.0),
    ("remainder", "private", "no"): (0.001, 30.0),
}

_NEW_A_YEAR = 0.03
"""Plots that come new in a year, as a share of those of the first year."""


def completion_table(rng: np.random.Generator, size: Size) -> pd.DataFrame:
    """Return the layer ``completions``.

    Parameters
    ----------
    rng
        Where the chance comes from.
    size
        The municipality's figures; plots follow its population.
    """
    rows: list[tuple[int, str, str | None, str, int, int]] = []
    for (kind, owner, plan), (hazard, for_thousand) in HAZARDS.items():
        first = max(1, round(for_thousand * size.population / 1000))
        left = first
        for year in YEARS:
            built = int(rng.binomial(left, hazard))
            rows.append((year, kind, owner, plan, left, built))
            left += int(rng.poisson(_NEW_A_YEAR * first)) - built
    rows.sort(key=lambda row: row[0])
    return table(
        "completions",
        year=[row[0] for row in rows],
        kind=[row[1] for row in rows],
        owner_kind=[row[2] for row in rows],
        plan=[row[3] for row in rows],
        plots_at_start=[row[4] for row in rows],
        built=[row[5] for row in rows],
    )

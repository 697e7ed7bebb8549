"""How the synthetic municipality's people are born, move and die, how they live together, and what homes they want."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from layers.synthetic.frames import table
from layers.synthetic.people import BANDS

__all__ = ["demography_tables"]

_SOURCE: Final = "Synthetic, made by geoplan"

# All made up, with plausible shapes: children per woman and year, and the shares of inhabitants who leave and come.
_FERTILITY: Final = {"15-19": 0.004, "20-24": 0.045, "25-29": 0.105, "30-34": 0.115, "35-39": 0.055, "40-44": 0.011}
_LEAVING: Final = (4.2, 2.8, 2.2, 6.5, 16.0, 12.0, 7.0, 4.5, 3.2, 2.4, 1.9, 1.6, 1.5, 1.3, 1.1, 1.0, 1.2)
_COMING: Final = (5.2, 3.8, 2.9, 4.2, 9.5, 12.5, 8.5, 5.8, 4.0, 3.0, 2.5, 2.4, 2.3, 1.7, 1.1, 0.8, 0.7)

# Share of households by type and persons, by the reference person's age; each row adds up to 1.
_TYPES: Final = {
    "0-24": {("single", 1): 0.72, ("couple", 2): 0.16, ("couple_with_children", 3): 0.05, ("other", 3): 0.07},
    "25-44": {
        ("single", 1): 0.36,
        ("single_with_children", 2): 0.07,
        ("single_with_children", 3): 0.04,
        ("couple", 2): 0.16,
        ("couple_with_children", 3): 0.12,
        ("couple_with_children", 4): 0.15,
        ("couple_with_children", 5): 0.06,
        ("other", 3): 0.04,
    },
    "45-64": {
        ("single", 1): 0.38,
        ("single_with_children", 2): 0.05,
        ("couple", 2): 0.33,
        ("couple_with_children", 3): 0.09,
        ("couple_with_children", 4): 0.08,
        ("other", 3): 0.07,
    },
    "65-79": {("single", 1): 0.44, ("couple", 2): 0.52, ("other", 3): 0.04},
    "80+": {("single", 1): 0.63, ("couple", 2): 0.34, ("other", 3): 0.03},
}
# A made-up survey: what home households of some types and ages ask for; each row adds up to 1.
_WISHES: Final = {
    ("single", "0-64"): {("multi", "rental"): 0.55, ("multi", "tenant_owned"): 0.20, ("one_or_two", "owned"): 0.25},
    ("single", "65+"): {
        ("multi", "rental"): 0.45,
        ("multi", "tenant_owned"): 0.15,
        ("one_or_two", "owned"): 0.30,
        ("special", "rental"): 0.10,
    },
    ("couple", "0-64"): {("multi", "rental"): 0.20, ("multi", "tenant_owned"): 0.15, ("one_or_two", "owned"): 0.65},
    ("couple", "65+"): {("multi", "rental"): 0.25, ("multi", "tenant_owned"): 0.20, ("one_or_two", "owned"): 0.55},
    ("single_with_children", None): {("multi", "rental"): 0.45, ("one_or_two", "owned"): 0.55},
    ("couple_with_children", None): {("multi", "rental"): 0.12, ("one_or_two", "owned"): 0.88},
    ("other", None): {("multi", "rental"): 0.30, ("one_or_two", "owned"): 0.70},
}


def demography_tables(rng: np.random.Generator, population: int) -> dict[str, pd.DataFrame]:
    """Return rates, bands of a forecast, household types, groups and preferences.

    Parameters
    ----------
    rng
        Where the chance comes from.
    population
        Persons in the base year; counts follow from it.
    """
    types = [(age, *key, share) for age, shares in _TYPES.items() for key, share in shares.items()]
    wishes = [(*who, *what, share) for who, shares in _WISHES.items() for what, share in shares.items()]
    return {
        "demographic_rates": _rates(),
        "household_types": table(
            "household_types",
            age=[row[0] for row in types],
            household_type=[row[1] for row in types],
            persons=[row[2] for row in types],
            share=[row[3] for row in types],
            source=_SOURCE,
        ),
        "forecast_bands": _bands(),
        "group_counts": _groups(rng, population),
        "preferences": table(
            "preferences",
            household_type=[row[0] for row in wishes],
            age=[row[1] for row in wishes],
            dwelling_type=[row[2] for row in wishes],
            tenure=[row[3] for row in wishes],
            share=[row[4] for row in wishes],
            source=_SOURCE,
        ),
    }


def _rates() -> pd.DataFrame:
    rows: list[tuple[str, str, str, float]] = [("fertility", "female", age, rate) for age, rate in _FERTILITY.items()]
    for sex, level in (("female", 0.8), ("male", 1.2)):
        for low in range(0, 100, 5):
            # Deaths grow by a tenth with every year of age, from 6 in 100,000 at the age of 20.
            rate = 0.0025 if low == 0 else 0.00006 * level * np.exp(0.1 * max(low - 17.5, 0.0))
            rows.append(("mortality", sex, f"{low}-{low + 4}", round(float(rate), 6)))
        rows.append(("mortality", sex, "100+", 0.4))
    for kind, percents in (("out_migration", _LEAVING), ("in_migration", _COMING)):
        rows += [(kind, "all", band, round(percent / 100, 4)) for band, percent in zip(BANDS, percents, strict=True)]
    return table(
        "demographic_rates",
        kind=[row[0] for row in rows],
        area="*",
        sex=[row[1] for row in rows],
        age=[row[2] for row in rows],
        rate=[row[3] for row in rows],
        source=_SOURCE,
    )


def _bands() -> pd.DataFrame:
    """Return a made-up published band: where nobody knows how many will come, it widens."""
    rows = ((2030, 0.90, 1.12), (2035, 0.86, 1.17), (2040, 0.83, 1.21))
    return table(
        "forecast_bands",
        input="in_migration",
        area="*",
        year=[row[0] for row in rows],
        low=[row[1] for row in rows],
        high=[row[2] for row in rows],
        level=0.8,
        measure="factor",
        source=_SOURCE,
    )


def _groups(rng: np.random.Generator, population: int) -> pd.DataFrame:
    per_thousand = {"students": 6.0, "disability": 7.0, "new_arrivals": 3.0, "violence": 1.0}
    counts = {group: float(max(1, rng.poisson(level * population / 1_000))) for group, level in per_thousand.items()}
    persons = ("new_arrivals",)
    return table(
        "group_counts",
        group=list(counts),
        area="*",
        households=[np.nan if group in persons else count for group, count in counts.items()],
        persons=[count if group in persons else np.nan for group, count in counts.items()],
        source=_SOURCE,
    )

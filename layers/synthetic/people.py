"""People and homes: tables that agree with the buildings."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.synthetic.frames import table
from layers.synthetic.noise import Floats

__all__ = ["BANDS", "BASE_YEAR", "largest_remainders", "people_tables"]

BASE_YEAR: Final = 2025
LAST_YEAR: Final = 2045

BANDS: Final = (*(f"{low}-{low + 4}" for low in range(0, 80, 5)), "80+")

# Made up, with the shape of a small coast municipality in the north: few in their twenties, many over 55.
_WEIGHTS: Final = (4.2, 4.8, 5.3, 5.2, 4.3, 4.9, 5.6, 5.6, 5.4, 5.7, 6.6, 7.3, 7.4, 7.2, 7.1, 6.2, 7.2)
# Made-up quotas by band, women then men: the share that is a household's reference person.
_QUOTAS: Final = {
    "female": (0, 0, 0, 0.04, 0.30, 0.47, 0.50, 0.50, 0.50, 0.51, 0.52, 0.53, 0.54, 0.56, 0.60, 0.66, 0.74),
    "male": (0, 0, 0, 0.03, 0.27, 0.50, 0.57, 0.60, 0.61, 0.62, 0.62, 0.63, 0.64, 0.65, 0.67, 0.71, 0.76),
}  # fmt: skip


def people_tables(
    rng: np.random.Generator, areas: list[str], one_or_two: Floats, multi: Floats, population: int
) -> dict[str, pd.DataFrame]:
    """Return the five tables.

    Parameters
    ----------
    rng
        Where the chance comes from.
    areas
        Codes of the statistical areas.
    one_or_two, multi
        Dwellings in each area, in houses and in blocks of flats.
    population
        Persons in the base year.

    Notes
    -----
    Persons follow the occupied dwellings. Vacancies differ, so that some areas are short of homes and others
    have too many.
    """
    dwellings = one_or_two + multi
    # Every third area has homes to let; the others hardly any.
    empty = np.where(np.arange(len(areas)) % 3 == 1, 0.055, 0.008)
    vacant = np.round(dwellings * empty)
    crowded = np.where(np.arange(len(areas)) % 4 == 2, 1.16, 1.0)
    persons = largest_remainders((dwellings - vacant) * crowded, population)
    return {
        "population": _population(rng, areas, persons),
        "population_projection": _projection(population),
        "household_quotas": table(
            "household_quotas",
            sex=[sex for sex in _QUOTAS for _ in BANDS],
            age=[band for _ in _QUOTAS for band in BANDS],
            quota=[quota for quotas in _QUOTAS.values() for quota in quotas],
        ),
        "dwelling_stock": _stock(areas, one_or_two, multi, vacant),
    }


def _population(rng: np.random.Generator, areas: list[str], persons: npt.NDArray[np.int64]) -> pd.DataFrame:
    rows: list[tuple[str, str, str, int]] = []
    for area, count in zip(areas, persons.tolist(), strict=True):
        # Young in the town, old in the country; the code's letter says which.
        slope = {"C": -0.012, "B": 0.0, "A": 0.016}.get(area[4], 0.0) + rng.normal(0, 0.004)
        weights = np.array(_WEIGHTS) * np.exp(slope * (np.arange(len(BANDS)) - 8) * 2.2)
        women = np.linspace(0.484, 0.50, len(BANDS))
        women[-1] = 0.58
        cells = largest_remainders(np.concatenate([weights * women, weights * (1 - women)]), count)
        rows += [
            (area, sex, band, int(cells[n * len(BANDS) + m]))
            for n, sex in enumerate(("female", "male"))
            for m, band in enumerate(BANDS)
        ]
    return table(
        "population",
        area=[row[0] for row in rows],
        year=BASE_YEAR,
        sex=[row[1] for row in rows],
        age=[row[2] for row in rows],
        population=[row[3] for row in rows],
    )


def _projection(population: int) -> pd.DataFrame:
    years = np.arange(BASE_YEAR, LAST_YEAR + 1)
    passed = years - BASE_YEAR
    totals = np.round(population * (1 + 0.0012 * passed - 0.00016 * passed**2)).astype(int)
    return table("population_projection", area="*", year=years.tolist(), sex="all", population=totals.tolist())


def _stock(areas: list[str], one_or_two: Floats, multi: Floats, vacant: Floats) -> pd.DataFrame:
    rows: list[tuple[str, str, str, int, int]] = []
    for area, houses, flats, empty in zip(areas, one_or_two, multi, vacant, strict=True):
        parts = (
            ("owned", "one_or_two", 0.93 * houses),
            ("rental", "one_or_two", 0.07 * houses),
            ("rental", "multi", 0.62 * flats),
            ("tenant_owned", "multi", 0.38 * flats),
        )
        counts = largest_remainders(np.array([part[2] for part in parts]), int(houses + flats))
        # Rented homes stand empty before others do.
        free = largest_remainders(counts * np.array([0.25, 1.0, 1.0, 0.5]), int(empty))
        rows += [
            (area, tenure, kind, int(count), min(int(left), int(count)))
            for (tenure, kind, _), count, left in zip(parts, counts, free, strict=True)
        ]
    return table(
        "dwelling_stock",
        area=[row[0] for row in rows],
        year=BASE_YEAR,
        tenure=[row[1] for row in rows],
        type=[row[2] for row in rows],
        dwellings=[row[3] for row in rows],
        vacant=[row[4] for row in rows],
    )


def largest_remainders(weights: npt.NDArray[np.generic], total: int) -> npt.NDArray[np.int64]:
    """Divide a whole number by weights into whole numbers: the largest remainders get what is left.

    Parameters
    ----------
    weights
        The share of each part, in any unit.
    total
        What is divided.
    """
    exact = np.asarray(weights, float)
    exact = exact * (total / exact.sum()) if exact.sum() > 0 else exact
    whole: npt.NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: int(total - whole.sum())]] += 1 if exact.sum() > 0 else 0
    return whole

"""What is believed of how often plots are built, before a municipality's own history is known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.errors import InputError

__all__ = ["KINDS", "OWNERS", "PLANS", "PRIOR_COLUMNS", "Priors", "cell_name"]

KINDS = ("vacant_parcel", "gap", "subdivided", "remainder")
"""Kinds of plot that have a prior; a *gap* is a vacant parcel with a right to build."""

OWNERS = ("municipality", "company", "private", "state", "other", "unknown")
PLANS = ("yes", "no")

PRIOR_COLUMNS = ("cell", "kind", "owner_kind", "plan", "hazard")

_LAID_OUT = "subdivided"
_TABLES = {
    "yearly_hazard": tuple(kind for kind in KINDS if kind != _LAID_OUT),
    "owner_factor": OWNERS,
    "plan_factor": PLANS,
}
_NUMBERS = (
    "subdivided_hazard",
    "highest_hazard",
    "prior_completions",
    "pooling_completions",
    "horizon_years",
    "draws",
    "seed",
)


@dataclass(frozen=True, kw_only=True)
class Priors:
    """Declared priors: the expected yearly hazard of a cell is the product of three tables.

    Attributes
    ----------
    yearly_hazard
        By kind of plot of :data:`KINDS`: share of the unbuilt plots that are built in a year.
    owner_factor, plan_factor
        Times the hazard, by kind of owner, and by whether a plan allows homes.
    highest_hazard
        No expected hazard is higher, 0 to below 1.
    prior_completions
        What the prior weighs: ``a`` of its Beta(a, b).
    pooling_completions
        Completions expected elsewhere at which the municipality's level weighs half.
    horizon_years
        Years that the hazard is taken to hold; after them a probability grows no more.
    draws, seed
        Of the simulation of the areas' ranges.
    """

    yearly_hazard: Mapping[str, float]
    owner_factor: Mapping[str, float]
    plan_factor: Mapping[str, float]
    highest_hazard: float
    prior_completions: float
    pooling_completions: float
    horizon_years: int
    draws: int
    seed: int

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Priors:
        """Take the values of the assumptions ``priors``.

        Raises
        ------
        InputError
            With every value that is missing or wrong.
        """
        faults = [f"{name} is missing" for name in (*_TABLES, *_NUMBERS) if name not in values]
        for name, keys in _TABLES.items():
            table = values.get(name, {})
            faults += [
                f"{name}.{key} must be a number above 0, not {table.get(key)!r}"
                for key in keys
                if name in values and not _is_positive(table.get(key))
            ]
        faults += [
            f"{name} must be a number above 0, not {values[name]!r}"
            for name in _NUMBERS
            if name in values and not _is_positive(values[name])
        ]
        if not faults and values["highest_hazard"] >= 1:
            faults.append(f"highest_hazard must be below 1, not {values['highest_hazard']!r}")
        if faults:
            raise InputError(f"The priors have faults: {'; '.join(faults)}.", hint="See docs/assumptions.md.")
        tables = {name: {key: float(values[name][key]) for key in keys} for name, keys in _TABLES.items()}
        return cls(
            yearly_hazard=tables["yearly_hazard"] | {_LAID_OUT: float(values["subdivided_hazard"])},
            owner_factor=tables["owner_factor"],
            plan_factor=tables["plan_factor"],
            highest_hazard=float(values["highest_hazard"]),
            prior_completions=float(values["prior_completions"]),
            pooling_completions=float(values["pooling_completions"]),
            horizon_years=int(values["horizon_years"]),
            draws=int(values["draws"]),
            seed=int(values["seed"]),
        )

    def cells(self) -> pd.DataFrame:
        """Return every cell with its expected yearly hazard.

        Returns
        -------
        DataFrame
            :data:`PRIOR_COLUMNS`, one row a cell; ``hazard`` is a share a year, at most :attr:`highest_hazard`.
        """
        rows = [
            (
                cell_name(kind, owner, plan),
                kind,
                owner,
                plan,
                self.yearly_hazard[kind] * self.owner_factor[owner] * self.plan_factor[plan],
            )
            for kind, owner, plan in itertools.product(KINDS, OWNERS, PLANS)
        ]
        table = pd.DataFrame(rows, columns=list(PRIOR_COLUMNS))
        table["hazard"] = table["hazard"].clip(upper=self.highest_hazard)
        return table


def cell_name(kind: str, owner: str, plan: str) -> str:
    """Return the name of a cell, such as ``gap/private/yes``."""
    return f"{kind}/{owner}/{plan}"


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0

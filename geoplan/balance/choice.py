"""How households choose: what they put up with, in which order they are served, and what counts as supply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from geoplan.errors import InputError

__all__ = ["KINDS", "NEW_KINDS", "ChoiceStandards"]

KINDS = ("freed", "vacant", "renewal", "gap", "plot")
"""Sources of homes: set free by households that shrink or leave, vacant above the reserve, and new ones."""

NEW_KINDS = ("renewal", "gap", "plot")
"""Homes that are yet to come, and that an island's gates must let through."""

_NUMBERS = (
    "other_tenure",
    "smaller",
    "other_area",
    "crossing_minute",
    "burden",
    "highest_burden",
    "small_house",
    "logit_scale",
    "logit_outside",
)


@dataclass(frozen=True, kw_only=True)
class ChoiceStandards:
    """The numbers of ``layers/assumptions/allocation.toml``; each is told of there.

    Attributes
    ----------
    priority
        Rank by group; 1 is served first, groups that are not named come last.
    instead
        Disutility by dwelling type wanted and got; below 0 it is not taken.
    other_tenure, smaller, other_area, crossing_minute, area_kind, kind, burden
        Disutility of the rest; see :func:`geoplan.balance.problem.build_problem`.
    highest_burden
        The largest share of a household's income that a home may cost, 0 to 1.
    sizes
        Classes of size, the smallest first.
    small_house
        The most homes on a plot that make a house of one or two dwellings.
    stages
        Stages of the supply account that count.
    unknown_gates
        ``closed`` or ``known``.
    logit_scale, logit_outside
        Of the model that is compared with.
    """

    priority: Mapping[str, int]
    instead: Mapping[str, Mapping[str, float]]
    other_tenure: float
    smaller: float
    sizes: tuple[str, ...]
    other_area: float
    crossing_minute: float
    area_kind: Mapping[str, float]
    kind: Mapping[str, float]
    burden: float
    highest_burden: float
    small_house: float
    stages: tuple[str, ...]
    unknown_gates: str
    logit_scale: float
    logit_outside: float

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> ChoiceStandards:
        """Take the numbers from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in values]
        if missing:
            raise InputError(f"The assumptions on the allocation lack {', '.join(missing)}.")
        given = {name: values[name] for name in names}
        faults = [f"{name} is below 0" for name in _NUMBERS if given[name] < 0]
        faults += [f"kind.{name} is missing" for name in KINDS if name not in given["kind"]]
        faults += [
            f"{name}.{key} is below 0"
            for name in ("kind", "area_kind")
            for key, value in given[name].items()
            if value < 0
        ]
        if given["unknown_gates"] not in ("closed", "known"):
            faults.append("unknown_gates is neither closed nor known")
        if faults:
            raise InputError(
                f"The assumptions on the allocation are wrong: {'; '.join(faults)}.",
                hint="Mend them under [assumptions.allocation].",
            )
        return cls(**given | {name: tuple(given[name]) for name in ("sizes", "stages")})

    def rank(self, group: str) -> int:
        """Return a group's rank; 1 is served first."""
        return self.priority.get(group, max(self.priority.values(), default=0) + 1)

"""Groups that the law on housing supply names: what ages and types tell, and what is only counted.

Groups overlap: a student may be young, and a family newly arrived. They are views and are never added up; the
partition of all households is by type (:mod:`geoplan.homes.householdtypes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import AgeBand, age_weights
from geoplan.text import Text

__all__ = ["COUNT_ONLY", "GROUPS", "GroupAssumptions", "Groups", "group_households"]

GROUPS = ("young", "students", "families", "elderly_65", "elderly_80", "disability", "new_arrivals", "violence")

COUNT_ONLY = "violence"
"""The group that is a count for the whole and never a place: where they live is nobody's to know."""

_WHOLE = "*"
_COLUMNS = ["area", "year", "group", "households", "basis"]


@dataclass(frozen=True)
class GroupAssumptions:
    """The numbers of ``layers/assumptions/groups.toml``; each is told of there.

    Attributes
    ----------
    ages
        First and last age of the reference person, by group.
    family_types
        Household types that are families with children.
    persons_per_household
        By group, where only persons are counted.
    smallest_count
        The smallest count that may stand for an area; the whole (``*``) may have any.
    """

    ages: Mapping[str, tuple[int, int]]
    family_types: tuple[str, ...]
    persons_per_household: Mapping[str, float]
    smallest_count: int

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> GroupAssumptions:
        """Take the numbers from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        missing = [name for name in cls.__dataclass_fields__ if name not in values]
        if missing:
            raise InputError(f"The assumptions on groups lack {', '.join(missing)}.")
        persons = {name: float(value) for name, value in values["persons_per_household"].items()}
        lacking = [name for name in GROUPS if not persons.get(name, 0.0) > 0]
        if lacking:
            raise InputError(f"persons_per_household must be above 0 for {', '.join(lacking)}.")
        ages = {name: (int(low), int(high)) for name, (low, high) in values["ages"].items()}
        wrong = [name for name, (low, high) in ages.items() if not 0 <= low <= high or name not in GROUPS]
        if wrong:
            raise InputError(f"ages: {', '.join(wrong)} is no group or has no first and last age.")
        smallest = int(values["smallest_count"])
        if smallest < 1:
            raise InputError("smallest_count must be 1 or more.")
        return cls(ages, tuple(values["family_types"]), persons, smallest)


@dataclass(frozen=True)
class Groups:
    """Households by ``area``, ``year`` and ``group``, with their ``basis``, and what was assumed."""

    table: pd.DataFrame
    assumptions: tuple[Text, ...]


def group_households(
    by_age: pd.DataFrame,
    by_type: pd.DataFrame | None,
    counts: pd.DataFrame | None,
    assumptions: GroupAssumptions,
    *,
    open_age_exponent: float = 2.0,
) -> Groups:
    """Return the households of each group that is known.

    Parameters
    ----------
    by_age
        ``area``, ``year``, ``age``, ``households``: see :func:`geoplan.homes.households.households_by_age`.
    by_type
        ``area``, ``year``, ``household_type``, ``households``, or ``None`` where types are unknown.
    counts
        The ``group_counts`` layer, or ``None``: ``group``, ``area`` (or ``*``), ``year`` (or empty), ``households``
        or ``persons``.
    assumptions
        Ages, family types, persons per household, and the smallest count of an area.
    open_age_exponent
        How the households of an open band are spread: see :func:`geoplan.homes.ages.age_weights`.

    Returns
    -------
    Groups
        ``area``, ``year``, ``group``, ``households``, and ``basis``: ``computed`` from ages or types, or ``counted``.
        A count takes the place of what is computed: of an area there, of the whole (``*``) everywhere. A group that
        nothing tells of has no row: unknown is not none.

    Raises
    ------
    FrameError
        A count lacks a number or is negative, or is so small that persons of an area could be identified, there are
        two of a group, area and year, or those who must leave violence are counted by place.

    Notes
    -----
    A count holds from its year until the next one; the first also before. Groups: law (2000:1383) and
    Bostadsmarknadsenkäten, see docs/method-population.md.
    """
    check_frame(by_age, name="households", columns=["area", "year", "age", "households"])
    years = sorted(int(year) for year in by_age["year"].unique())
    parts = [_of_ages(by_age, group, ages, open_age_exponent) for group, ages in assumptions.ages.items()]
    if by_type is not None and set(assumptions.family_types) & set(by_type["household_type"]):
        families = by_type[by_type["household_type"].isin(assumptions.family_types)]
        sums = families.groupby(["area", "year"], as_index=False)["households"].sum()
        parts.append(sums.assign(group="families", basis="computed"))
    computed = pd.concat([part[_COLUMNS] for part in parts], ignore_index=True)
    counted = _counted(counts, years, assumptions)
    # A count of the whole takes the place of all that is computed of the group, that of an area only of the area's.
    whole = set(counted.loc[counted["area"].eq(_WHOLE), "group"])
    told = pd.MultiIndex.from_frame(counted[["group", "area"]].astype(object))
    replaced = pd.MultiIndex.from_frame(computed[["group", "area"]].astype(object)).isin(told)
    kept = computed[~(computed["group"].isin(whole) | replaced)]
    parts = [part for part in (kept, counted) if not part.empty]
    table = pd.concat(parts, ignore_index=True) if parts else computed
    unknown = [group for group in GROUPS if group not in set(table["group"])]
    notes = [_OVERLAP]
    if unknown:
        listed = ", ".join(unknown)
        notes.append(
            Text(
                sv=f"Okända grupper, som inget lager räknar: {listed}.",
                en=f"Unknown groups, which no layer counts: {listed}.",
            )
        )
    order = table["group"].map({group: n for n, group in enumerate(GROUPS)})
    table = table.assign(order=order).sort_values(["year", "order", "area"], kind="stable")
    return Groups(table[_COLUMNS].reset_index(drop=True), tuple(notes))


_OVERLAP = Text(
    sv="Grupperna överlappar varandra och summeras aldrig: samma hushåll kan stå i flera.",
    en="Groups overlap and are never added up: the same household may be in several.",
)


def _of_ages(by_age: pd.DataFrame, group: str, ages: tuple[int, int], exponent: float) -> pd.DataFrame:
    low, high = ages
    shares = {}
    for age in by_age["age"].unique():
        weights = age_weights(AgeBand.parse(age), open_age_exponent=exponent)
        shares[age] = float(weights[low : high + 1].sum() / weights.sum())
    share = by_age["age"].map(shares).astype(float)
    sums = (by_age["households"] * share).groupby([by_age["area"], by_age["year"]]).sum()
    return sums.rename("households").reset_index().assign(group=group, basis="computed")


def _counted(counts: pd.DataFrame | None, years: list[int], assumptions: GroupAssumptions) -> pd.DataFrame:
    if counts is None or counts.empty:
        return pd.DataFrame({name: [] for name in _COLUMNS})
    check_frame(counts, name="group_counts", columns=["group", "area"])
    table = counts.reindex(columns=["group", "area", "year", "households", "persons"]).reset_index(drop=True)
    faults = []
    unknown = sorted(set(table["group"]) - set(GROUPS))
    if unknown:
        faults.append(f"unknown groups {', '.join(map(str, unknown))}")
    if (table["group"].eq(COUNT_ONLY) & table["area"].ne(_WHOLE)).any():
        # The place is not repeated here: a message may be read and kept by others.
        faults.append(f"{COUNT_ONLY} is counted by place; give one count with area = * and delete the places")
    numbers = table[["households", "persons"]].apply(pd.to_numeric)
    small = ((numbers > 0) & (numbers < assumptions.smallest_count)).any(axis=1) & table["area"].ne(_WHOLE)
    if small.any():
        # Neither the place nor the number is repeated.
        faults.append(
            f"{int(small.sum())} rows of areas have fewer than {assumptions.smallest_count}, who could be identified; "
            "put areas together, or give one count with area = *"
        )
    persons = pd.to_numeric(table["persons"]) / table["group"].map(assumptions.persons_per_household).astype(float)
    table["households"] = pd.to_numeric(table["households"]).astype(float).fillna(persons)
    if not (table["households"] >= 0).all():
        faults.append("a row has neither households nor persons, or a negative number")
    table["since"] = pd.to_numeric(table["year"]).astype(float).fillna(-np.inf)
    if table.duplicated(["group", "area", "since"]).any():
        faults.append("there are two counts of the same group, area and year")
    if faults:
        raise FrameError("group_counts", faults)
    rows = []
    for (group, area), mine in table.sort_values("since").groupby(["group", "area"], sort=True):
        for year in years:
            place = max(int((mine["since"] <= year).sum()) - 1, 0)
            rows.append((area, year, group, float(mine["households"].iloc[place]), "counted"))
    return pd.DataFrame(rows, columns=_COLUMNS)

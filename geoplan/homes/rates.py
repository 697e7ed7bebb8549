"""Demographic rates from a table: fertility, mortality and migration by area, sex, age and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import AgeBand
from geoplan.homes.projection import AGES, SEXES, TOP, Array, Rates
from geoplan.text import Text

__all__ = ["RATE_KINDS", "SMALL_AREA_METHODS", "PopulationAssumptions", "read_rates"]

RATE_KINDS = ("fertility", "mortality", "in_migration", "out_migration")
SMALL_AREA_METHODS = ("constant_share", "share_of_change")

_WHOLE = "*"
_EVER = -1


@dataclass(frozen=True)
class PopulationAssumptions:
    """The numbers of ``layers/assumptions/population.toml``; each is told of there.

    Attributes
    ----------
    boys_share
        Share of the newborn that are boys.
    open_age_exponent
        How an open last age band falls off with age.
    small_areas
        One of :data:`SMALL_AREA_METHODS`.
    """

    boys_share: float = 0.5147
    open_age_exponent: float = 2.0
    small_areas: str = "constant_share"

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> PopulationAssumptions:
        """Take the numbers from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        names = list(cls.__dataclass_fields__)
        missing = [name for name in names if name not in values]
        if missing:
            raise InputError(f"The assumptions on population lack {', '.join(missing)}.")
        given = cls(**{name: values[name] for name in names})
        if not (0 < given.boys_share < 1 and given.open_age_exponent >= 0):
            raise InputError("boys_share must lie between 0 and 1, and open_age_exponent be 0 or more.")
        if given.small_areas not in SMALL_AREA_METHODS:
            raise InputError(f"small_areas must be {' or '.join(SMALL_AREA_METHODS)}, not {given.small_areas!r}.")
        return given


@dataclass(frozen=True)
class _Row:
    """One row of the table, as places in the arrays."""

    areas: tuple[int, ...]
    sexes: tuple[int, ...]
    ages: slice
    value: float
    persons: bool

    @property
    def cells(self) -> tuple[npt.NDArray[np.intp], ...]:
        return np.ix_(self.areas, self.sexes, range(self.ages.start, self.ages.stop))


def read_rates(
    table: pd.DataFrame,
    base: Array,
    *,
    areas: Sequence[str],
    base_year: int,
    years: int,
    boys_share: float = 0.5147,
) -> tuple[Rates, tuple[Text, ...]]:
    """Return the rates of every area, year, sex and age, and what was assumed.

    Parameters
    ----------
    table
        The ``demographic_rates`` layer: ``kind``, ``area`` (or ``*``), ``year`` (or empty), ``sex``, ``age``, and
        either ``rate`` or ``persons`` (a year).
    base
        Persons of the base year, [area, sex, age].
    areas
        The names of its areas.
    base_year, years
        The base year, and how many years after it are wanted.
    boys_share
        Share of the newborn that are boys.

    Raises
    ------
    FrameError
        With every fault: an unknown kind, a row without a value or with two, a share outside 0 to 1, two rows on the
        same, arrivals given both for the whole and for areas, persons who arrive and are told of again by a nearer row
        of the same year, ages without mortality.

    Notes
    -----
    A row of a year holds from that year until the next that tells of the same area, sex and age; the first also
    before. An area's own row comes before ``*``, a sex before ``all``, a narrow age band before a wide one. Within a
    band a rate is constant. Persons
    who are born, die or leave are turned into rates by the base year's population of the same group; persons who
    arrive are spread over the areas, sexes and ages of their row like the base year's population, and arrivals as a
    rate are that rate times the base year's population.
    """
    check_frame(table, name="demographic_rates", columns=["kind", "area"])
    rows, notes = _rows(table, areas, base_year)
    shape = (len(areas), len(SEXES), AGES)
    arrays: dict[str, Array] = {}
    for kind in RATE_KINDS:
        cells = np.full((max(years, 1), *shape), np.nan)
        for year in sorted(rows[kind]):
            found = _arrivals(rows[kind][year], base) if kind == "in_migration" else _layer(rows[kind][year], base)
            since = 0 if year == _EVER else max(year - base_year - 1, 0)
            # The first year that tells of a cell also tells of the years before it.
            first = np.isnan(cells[0]) & ~np.isnan(found)
            cells[since:] = np.where(np.isnan(found), cells[since:], found)
            cells[:since] = np.where(first, found, cells[:since])
        arrays[kind] = cells
    gaps = np.isnan(arrays["mortality"]).any(axis=(0, 1, 2))
    if gaps.any():
        ages = ", ".join(str(age) for age in np.flatnonzero(gaps)[:5])
        raise FrameError("demographic_rates", [f"no mortality for every area and sex at the ages {ages}"])
    notes += tuple(
        Text(sv=f"Inga tal för {sv}: ingen räknas.", en=f"No rates of {kind}: none is counted.")
        for kind, sv in (
            ("fertility", "fruktsamhet"),
            ("in_migration", "inflyttning"),
            ("out_migration", "utflyttning"),
        )
        if not rows[kind]
    )
    filled = {kind: np.nan_to_num(values) for kind, values in arrays.items()}
    fertility = filled["fertility"][:, :, 0]
    fertility[..., 0] = 0.0
    return Rates(fertility, filled["mortality"], filled["out_migration"], filled["in_migration"], boys_share), notes


def _rows(
    table: pd.DataFrame, areas: Sequence[str], base_year: int
) -> tuple[dict[str, dict[int, list[_Row]]], tuple[Text, ...]]:
    """Read the table row by row; rows of one kind and year in the order in which they override each other."""
    index = {area: n for n, area in enumerate(areas)}
    found: dict[tuple[str, int], dict[tuple[str, str, AgeBand], _Row]] = {}
    faults: list[str] = []
    unknown: set[str] = set()
    wanted = table.reindex(columns=["kind", "area", "year", "sex", "age", "rate", "persons"])
    for kind, area, year, sex_given, age, rate, persons in wanted.itertuples(index=False):
        sex = "all" if pd.isna(sex_given) or sex_given == "" else str(sex_given)
        sex = "female" if kind == "fertility" else sex
        band = AgeBand.parse(age)
        since = _EVER if pd.isna(year) else int(year)
        what = f"{kind} {area} {'' if since == _EVER else since} {sex} {band}".replace("  ", " ")
        if kind not in RATE_KINDS or sex not in (*SEXES, "all"):
            faults.append(f"{what}: unknown kind or sex")
            continue
        if pd.isna(rate) == pd.isna(persons):
            faults.append(f"{what}: give either a rate or persons")
            continue
        value = float(persons if pd.isna(rate) else rate)
        if value < 0 or (kind in ("mortality", "out_migration") and not pd.isna(rate) and value > 1):
            faults.append(f"{what}: {value} is no share from 0 to 1 or number of persons")
            continue
        if area != _WHOLE and area not in index:
            unknown.add(str(area))
            continue
        key = (str(area), sex, band)
        if key in found.setdefault((str(kind), since), {}):
            faults.append(f"{what}: there twice")
        found[str(kind), since][key] = _Row(
            areas=tuple(range(len(areas))) if area == _WHOLE else (index[area],),
            sexes=(0, 1) if sex == "all" else (SEXES.index(sex),),
            ages=slice(min(band.low, TOP), min(band.high, TOP) + 1),
            value=value,
            persons=bool(pd.isna(rate)),
        )
    for (kind, _), keyed in found.items():
        if kind == "in_migration" and len({area == _WHOLE for area, _, _ in keyed}) > 1:
            faults.append("in_migration: give it for the whole (*) or for areas, not for both")
            continue
        faults += _told_again(keyed) if kind == "in_migration" else []
    if faults:
        raise FrameError("demographic_rates", list(dict.fromkeys(faults)))
    result: dict[str, dict[int, list[_Row]]] = {kind: {} for kind in RATE_KINDS}
    for (kind, since), keyed in found.items():
        result[kind][since] = [keyed[key] for key in sorted(keyed, key=_nearness)]
    named = ", ".join(sorted(unknown)[:5])
    told = Text(
        sv=f"Demografiska tal för områden utan befolkning {base_year} används inte: {named}.",
        en=f"Demographic rates of areas without population in {base_year} are not used: {named}.",
    )
    return result, (told,) if unknown else ()


def _nearness(key: tuple[str, str, AgeBand]) -> tuple[object, ...]:
    """Return how near a row's area, sex and age are: a nearer one overrides."""
    return key[0] != _WHOLE, key[1] != "all", -key[2].years, key


def _told_again(keyed: Mapping[tuple[str, str, AgeBand], _Row]) -> list[str]:
    """Name arrivals given as persons that a nearer row tells of again: it would take a part of their sum away."""
    order = sorted(keyed, key=_nearness)
    faults = []
    for n, wide in enumerate(order):
        for near in order[n + 1 :] if keyed[wide].persons else ():
            # Ages from 100 on are one, so bands meet in it that do not overlap.
            one, other = keyed[wide], keyed[near]
            ages = max(one.ages.start, other.ages.start) < min(one.ages.stop, other.ages.stop)
            if one.areas == other.areas and set(one.sexes) & set(other.sexes) and ages:
                faults.append(
                    f"in_migration: persons of {wide[1]} {wide[2]} are told of again by {near[1]} {near[2]}; "
                    "let each stand in one row, or give rates"
                )
    return faults


def _layer(rows: Sequence[_Row], base: Array) -> Array:
    """Return rates by [area, sex, age], missing where no row tells."""
    result = np.full(base.shape, np.nan)
    for row in rows:
        people = float(base[row.cells].sum())
        result[row.cells] = row.value if not row.persons else min(row.value / people, 1.0) if people else 0.0
    return result


def _arrivals(rows: Sequence[_Row], base: Array) -> Array:
    """Return persons a year by [area, sex, age], missing where no row tells."""
    result = np.full(base.shape, np.nan)
    for row in rows:
        here = base[row.cells]
        if not row.persons:
            result[row.cells] = row.value * here
        elif here.sum() > 0:
            result[row.cells] = row.value * here / here.sum()
        else:
            result[row.cells] = row.value / here.size
    return result

"""The arithmetic of a published need, alone: from population, quotas and a vacancy target to units needed."""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.errors import GeoplanError, InputError
from geoplan.homes.ages import OLDEST, AgeBand, told_twice
from geoplan.homes.households import households
from geoplan.homes.need import dwellings_required

__all__ = ["KEYS", "Question", "read_question", "units_needed"]

KEYS = {
    "base_year": "the year that the need counts from, such as 2024",
    "population": "persons by year, such as {2024 = 14565, 2025 = 14687}; or by age, or by sex and age",
    "target_vacancy": "the share of homes that should stand empty, such as 0.05; 0 for none",
    "headship_rate": "households per person, such as 0.44",
    "quotas": 'households per person by age, or by sex and age, such as {"0-19" = 0.0, "20+" = 0.6}',
    "households": "households by year where they are known; one number is the base year's",
    "stock": "homes that there are in the base year",
    "replacement_per_year": "homes that leave the stock each year and have to be replaced",
}
"""The keys of the file, and what each is."""

_REQUIRED = ("base_year", "population", "target_vacancy")
_SEXES = ("female", "male", "all")
_ALL_AGES = AgeBand(0, OLDEST)


@dataclass(frozen=True)
class Question:
    """What the need is asked of.

    Attributes
    ----------
    base_year
        The year that increments count from.
    population
        ``year``, ``sex``, ``age`` (empty for all), ``population`` (persons).
    headship_rate, quotas
        Households per person: of all, or by ``sex`` and ``age`` (``quota``). At most one of them.
    target_vacancy
        Share of homes that should stand empty.
    households
        Households by year, where they are given.
    stock
        Homes in the base year, or ``None``.
    replacement_per_year
        Homes to replace each year, or ``None``.
    """

    base_year: int
    population: pd.DataFrame
    headship_rate: float | None
    quotas: pd.DataFrame | None
    target_vacancy: float
    households: Mapping[int, float]
    stock: float | None
    replacement_per_year: float | None


def read_question(content: Mapping[str, Any]) -> Question:
    """Read the content of a file.

    Parameters
    ----------
    content
        As parsed from TOML or JSON: :data:`KEYS`.

    Raises
    ------
    InputError
        With every fault: its key, what is wrong, and the fix; one line each.
    """
    faults = [f"{key}: unknown key, {_meant(key)}" for key in content if key not in KEYS]
    faults += [f"{key}: is missing; set it to {KEYS[key]}" for key in _REQUIRED if key not in content]
    base = content.get("base_year")
    if "base_year" in content and (not isinstance(base, int) or isinstance(base, bool)):
        faults.append(f"base_year: must be a whole year, such as 2024, not {base!r}")
    vacancy = _number(content, "target_vacancy", faults, below=1.0)
    rate = _number(content, "headship_rate", faults, top=1.0)
    stock = _number(content, "stock", faults)
    replacement = _number(content, "replacement_per_year", faults)
    population = _population(content.get("population"), faults) if "population" in content else []
    quotas = _by_age(content["quotas"], "quotas", faults, top=1.0) if "quotas" in content else None
    for name in _SEXES:
        pairs = told_twice((sex, AgeBand.parse(age)) for sex, age, _ in quotas or () if sex == name)
        faults += [f"quotas: {pair} tell of the same persons; leave one out" for pair in pairs[:1]]
    given = _households(content.get("households"), base, faults)
    if "headship_rate" in content and "quotas" in content:
        faults.append("quotas: there is a headship_rate too; give one of them")
    years = {year for year, *_ in population} | set(given)
    if isinstance(base, int) and not faults:
        faults += [
            f"population.{year}: lies before the base year; leave it out" for year in sorted(years) if year < base
        ]
        if base not in years:
            faults.append(f"base_year: {base} has no population; add population.{base}")
        lacking = sorted(years - set(given))
        if rate is None and quotas is None and base in given and population:
            people = sum(count for year, _, _, count in population if year == base)
            if people > 0:
                rate = given[base] / people
                if rate > 1:
                    faults.append(f"households: {given[base]:g} are more than the {people:g} persons of {base}")
        without = [str(year) for year, _, age, _ in population if AgeBand.parse(age) == _ALL_AGES]
        if any(AgeBand.parse(age) != _ALL_AGES for _, age, _ in quotas or ()) and without:
            faults.append(f"population.{without[0]}: is a total, but quotas are by age; give it by age too")
        if rate is None and quotas is None and lacking:
            faults.append(f"headship_rate: is missing; set it to {KEYS['headship_rate']}, or give quotas")
    if faults:
        raise InputError("\n".join(dict.fromkeys(faults)))
    assert isinstance(base, int) and vacancy is not None  # noqa: S101, PT018 - told above
    return Question(
        base_year=base,
        population=pd.DataFrame(population, columns=["year", "sex", "age", "population"]),
        headship_rate=rate,
        quotas=None if quotas is None else pd.DataFrame(quotas, columns=["sex", "age", "quota"]),
        target_vacancy=vacancy,
        households=given,
        stock=stock,
        replacement_per_year=replacement,
    )


def units_needed(question: Question) -> pd.DataFrame:
    """Return the households and the homes that they need, year by year.

    Parameters
    ----------
    question
        What is given.

    Returns
    -------
    DataFrame
        ``year``, ``households``, ``units`` (homes needed), ``increment`` (homes needed more than in the base year,
        negative where fewer), from the base year on; not rounded. With a stock or a replacement also
        ``replacement`` (homes to replace since the base year) and ``need`` (homes to add to the stock, negative where
        there are more than needed).

    Raises
    ------
    InputError
        Quotas do not cover the population.

    Notes
    -----
    households = Σ population · quota; units = households / (1 − target_vacancy);
    increment(t) = units(t) − units(0); replacement(t) = replacement_per_year · (t − base_year);
    need(t) = increment(t) + replacement(t) + units(0) − stock, the last two where a stock is given: without one the
    base year's homes are taken as enough. This is the need of docs/method-need.md with vacant − deficit =
    stock − households of the base year.
    """
    counts = _counted(question)
    table = pd.DataFrame({"year": list(counts), "households": list(counts.values())})
    table["units"] = dwellings_required(table["households"], question.target_vacancy)
    table["increment"] = table["units"] - float(table["units"].iloc[0])
    if question.stock is None and question.replacement_per_year is None:
        return table
    table["replacement"] = (question.replacement_per_year or 0.0) * (table["year"] - question.base_year)
    short = 0.0 if question.stock is None else float(table["units"].iloc[0]) - question.stock
    table["need"] = table["increment"] + table["replacement"] + short
    return table


def _counted(question: Question) -> dict[int, float]:
    """Return households by year, in the order of years."""
    population = question.population
    if question.headship_rate is not None:
        people = population.groupby("year")["population"].sum()
        counts = {int(str(year)): float(count) * question.headship_rate for year, count in people.items()}
    elif question.quotas is not None and not population.empty:
        table = households(population.assign(area="*"), question.quotas)
        counts = dict(zip(table["year"].astype(int).tolist(), table["households"].tolist(), strict=True))
    else:
        counts = {}
    return dict(sorted((counts | dict(question.households)).items()))


def _population(value: Any, faults: list[str]) -> list[tuple[int, str, str, float]]:
    rows: list[tuple[int, str, str, float]] = []
    for key, of_year in _table(value, "population", faults).items():
        year, place = _year(key, "population", faults), f"population.{key}"
        if year is None:
            continue
        if isinstance(of_year, Mapping):
            read = _by_age(of_year, place, faults)
            pairs = told_twice((sex, AgeBand.parse(age)) for sex, age, _ in read)
            faults += [f"{place}: {pair} tell of the same persons; leave one out" for pair in pairs[:1]]
            rows += [(year, sex, age, count) for sex, age, count in read]
        elif _is_number(of_year, place, faults):
            rows.append((year, "all", "", float(of_year)))
    return rows


def _by_age(value: Any, place: str, faults: list[str], *, top: float = math.inf) -> list[tuple[str, str, float]]:
    """Read a table by age, or by sex and age."""
    rows: list[tuple[str, str, float]] = []
    for key, inner in _table(value, place, faults).items():
        nested = isinstance(inner, Mapping)
        if nested and key not in _SEXES:
            faults.append(f"{place}.{key}: must be {', '.join(_SEXES)} or an age band, such as 20-64")
            continue
        for age, number in inner.items() if nested else [(key, inner)]:
            where = f"{place}.{key}.{age}" if nested else f"{place}.{key}"
            try:
                AgeBand.parse(age)
            except GeoplanError:
                faults.append(f"{where}: is not an age band; write 0-4, 80+ or 37")
                continue
            if _is_number(number, where, faults, top=top):
                rows.append((str(key) if nested else "all", str(age), float(number)))
    return rows


def _households(value: Any, base: Any, faults: list[str]) -> dict[int, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        year = base if isinstance(base, int) else None
        return {year: float(value)} if _is_number(value, "households", faults) and year is not None else {}
    result: dict[int, float] = {}
    for key, count in value.items():
        year = _year(key, "households", faults)
        if year is not None and _is_number(count, f"households.{key}", faults):
            result[year] = float(count)
    return result


def _table(value: Any, place: str, faults: list[str]) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and value:
        return value
    faults.append(f"{place}: must be a table with at least one row, not {value!r}; {KEYS.get(place, 'see the docs')}")
    return {}


def _year(key: Any, place: str, faults: list[str]) -> int | None:
    if str(key).isdecimal() and len(str(key)) == 4:
        return int(key)
    faults.append(f"{place}.{key}: must be a year, such as 2024")
    return None


def _number(
    content: Mapping[str, Any], key: str, faults: list[str], *, top: float = math.inf, below: float = math.inf
) -> float | None:
    if key not in content:
        return None
    value = content[key]
    if not _is_number(value, key, faults, top=top):
        return None
    if value >= below:
        faults.append(f"{key}: must be below {below:g}, such as 0.05 for 5 %, not {value!r}")
        return None
    return float(value)


def _is_number(value: Any, place: str, faults: list[str], *, top: float = math.inf) -> bool:
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        faults.append(f"{place}: is too large a number")
    elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        faults.append(f"{place}: must be a number, not {value!r}")
    elif value < 0:
        faults.append(f"{place}: must be 0 or more, not {value!r}")
    elif value > top:
        faults.append(f"{place}: must be at most {top:g}, not {value!r}")
    else:
        return True
    return False


def _meant(key: str) -> str:
    close = difflib.get_close_matches(key.casefold(), KEYS, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(KEYS)}"

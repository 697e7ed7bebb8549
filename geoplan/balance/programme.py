"""The release programme: which measures to release in which year, to serve the most need under limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.demands import DEMAND_COLUMNS, check_needs, reach_pairs
from geoplan.balance.measures import Grouping, check_measures, group_measures
from geoplan.balance.model import M2_PER_HA, Limit, Links, Model, build_model
from geoplan.balance.search import clock, find_releases, relative_gap
from geoplan.balance.solver import solve
from geoplan.balance.standards import ProgrammeStandards, check_limits
from geoplan.errors import InputError
from geoplan.text import Text

__all__ = [
    "RELEASE_COLUMNS",
    "Problem",
    "Programme",
    "programme_problem",
    "relaxed_worth",
    "release_programme",
    "solve_problem",
]

Status = Literal["optimal", "within_gap", "beyond_gap", "time_limit", "infeasible"]
Ints = npt.NDArray[np.int64]

_SAME = 1e-6

RELEASE_COLUMNS = (
    "id", "kind", "area", "dwelling_type", "tenure", "year", "homes", "likely", "cost", "land_new_m2", "land_reused_m2"
)  # fmt: skip
_SERVED_COLUMNS = ("area", "year", "group", "dwelling_type", "tenure", "home_area", "home_type", "homes")


@dataclass(frozen=True)
class Problem:
    """What a programme was asked, checked; so that it can be asked again with something changed.

    Attributes
    ----------
    measures
        As :func:`geoplan.balance.measures.check_measures` returns them, with ``cost`` (currency, at the chosen end),
        ``first`` (the earliest year) and ``barred``: why a measure can never be released (``cost_unknown``,
        ``land_unknown``, ``too_late``, ``requires``), empty where it can.
    demands, wanted
        From :func:`geoplan.balance.demands.check_needs`.
    pairs, limits, years, standards
        Reach, limits, the years and the standards.
    notes
        What was assumed.
    """

    measures: pd.DataFrame
    demands: pd.DataFrame
    wanted: pd.DataFrame
    pairs: frozenset[tuple[str, str]]
    limits: tuple[Limit, ...]
    years: tuple[int, ...]
    standards: ProgrammeStandards
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Programme:
    """Which measures are released in which year, and whom they serve.

    Attributes
    ----------
    releases
        ``id``, ``kind``, ``area``, ``dwelling_type``, ``tenure``, ``year``, ``homes`` (nominal), ``likely`` (homes),
        ``cost`` (currency), ``land_new_m2``, ``land_reused_m2``; by year and id.
    served
        ``area``, ``year``, ``group``, ``dwelling_type``, ``tenure`` of the need, ``home_area``, ``home_type``,
        ``homes`` (likely).
    left
        ``area``, ``group``, ``dwelling_type``, ``tenure``, ``weight``, ``wanted``, ``served``, ``left`` (homes, by
        the last year).
    usage
        ``year`` (missing: all years), ``limit``, ``used``, ``allowed``, in the unit of the limit.
    objective
        The worth of all homes served.
    bound, gap
        What no programme exceeds, and (bound − objective) / objective.
    status
        ``optimal`` (gap 0), ``within_gap`` of the standards, ``time_limit`` where time ran out before that,
        ``beyond_gap`` where the bands are too wide for it, or ``infeasible`` (only where something is forced in).
    groups, band
        How many groups the measures made, and how wide their bands are; 0 where all in a group are alike.
    stopped
        Whether time ran out somewhere: then another machine, or the same on another day, may find another programme,
        also where this one is within the gap.
    problem
        What was asked.
    notes
        What was assumed.
    """

    releases: pd.DataFrame
    served: pd.DataFrame
    left: pd.DataFrame
    usage: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: Status
    groups: int
    band: float
    problem: Problem = field(repr=False)
    notes: tuple[Text, ...] = ()
    stopped: bool = False


def release_programme(
    measures: pd.DataFrame,
    needs: pd.DataFrame,
    limits: pd.DataFrame | None,
    *,
    years: Sequence[int],
    standards: ProgrammeStandards,
    reach: pd.DataFrame | None = None,
) -> Programme:
    """Return the programme of releases that serves the most need.

    Parameters
    ----------
    measures
        See :func:`geoplan.balance.measures.check_measures`.
    needs
        See :func:`geoplan.balance.demands.check_needs`: ``area``, ``year``, ``homes`` new in that year, and where
        known ``group``, ``dwelling_type``, ``tenure``, ``weight``.
    limits
        See :func:`geoplan.balance.standards.check_limits`.
    years
        The years of the programme, one after the other.
    standards
        How it weighs and searches.
    reach
        See :func:`geoplan.balance.demands.reach_pairs`; ``None``: need is met in its own area only.

    Raises
    ------
    FrameError
        A table is wrong.
    InputError
        The years do not follow each other, or a home would lose all its worth by waiting.

    Notes
    -----
    A mixed-integer programme, solved with HiGHS: :func:`geoplan.balance.model.build_model`,
    :func:`geoplan.balance.search.find_releases` and docs/method-programme.md. Each measure is released once or never.
    Homes are the likely ones and are there from the year of release on; they may wait for a need that arises later,
    and a need may wait for them.
    """
    return solve_problem(programme_problem(measures, needs, limits, years=years, standards=standards, reach=reach))


def programme_problem(
    measures: pd.DataFrame,
    needs: pd.DataFrame,
    limits: pd.DataFrame | None,
    *,
    years: Sequence[int],
    standards: ProgrammeStandards,
    reach: pd.DataFrame | None = None,
) -> Problem:
    """Return what a programme is asked, checked and not solved: see :func:`release_programme` for what goes in."""
    span = tuple(int(year) for year in years)
    if not span or list(span) != list(range(span[0], span[0] + len(span))):
        raise InputError(f"The years {list(span)} do not follow each other.", hint="Give every year once.")
    if standards.waiting * (len(span) - 1) >= 1:
        raise InputError("A home in the last year would be worth nothing.", hint="Lower waiting, or the years.")
    table = check_measures(measures)
    demands, wanted = check_needs(needs, years=span, weights=dict(standards.group_weights))
    binding, notes = check_limits(limits, years=span, standards=standards)
    table = _with_costs(table, binding, span, standards)
    return Problem(
        table, demands, wanted, reach_pairs(reach), binding, span, standards, (*notes, *_barred_notes(table))
    )


def _with_costs(
    table: pd.DataFrame, limits: tuple[Limit, ...], years: tuple[int, ...], standards: ProgrammeStandards
) -> pd.DataFrame:
    """Add cost and first year, and say what can never be released: what is unknown is not free."""
    kinds = {limit.kind for limit in limits}
    cost = standards.cost(table)
    first = table["earliest_year"].where(table["earliest_year"].gt(years[0]), float(years[0]))
    barred = pd.Series("", index=table.index, dtype=object)
    if "budget" in kinds:
        barred = barred.mask(cost.isna(), "cost_unknown")
    if "land_new" in kinds:
        barred = barred.mask(barred.eq("") & table["land_new_m2"].isna(), "land_unknown")
    barred = barred.mask(barred.eq("") & first.gt(years[-1]), "too_late")
    never = set(table.loc[barred.ne(""), "id"])
    while True:
        waits = barred.eq("") & pd.Series(
            [bool(never & set(ids)) for ids in table["requires"]], table.index, dtype=bool
        )
        if not waits.any():
            break
        barred = barred.mask(waits, "requires")
        never |= set(table.loc[waits, "id"])
    return table.assign(cost=cost, first=first, barred=barred)


def _barred_notes(table: pd.DataFrame) -> list[Text]:
    words = {
        "cost_unknown": ("kostnaden är okänd", "the cost is unknown"),
        "land_unknown": ("hur mycket ny mark de tar är okänt", "how much new land they take is unknown"),
        "too_late": ("de kan släppas först efter programmet", "they can be released only after the programme"),
        "requires": ("de förutsätter en sådan", "they require such a one"),
    }
    counts = {why: int(table["barred"].eq(why).sum()) for why in words}
    return [
        Text(
            sv=f"Åtgärder som inte kan släppas eftersom {words[why][0]}: {count}.",
            en=f"Measures that cannot be released because {words[why][1]}: {count}.",
        )
        for why, count in counts.items()
        if count
    ]


def solve_problem(
    problem: Problem,
    *,
    forced: Mapping[str, bool] | None = None,
    more: Mapping[str, float] | None = None,
    only: Collection[str] | None = None,
) -> Programme:
    """Solve a problem, once more with something forced or with wider limits.

    Parameters
    ----------
    problem
        What was asked.
    forced
        Ids that must be in (true) or out (false).
    more
        By kind of limit, what is allowed beyond it (in its unit, in every year and in all together).
    only
        Ids that there are; ``None`` for all.

    Returns
    -------
    Programme
        ``infeasible``, with nothing released, where what is forced cannot be.
    """
    until = clock(problem.standards.time_limit)
    ready = _prepared(problem, forced or {}, more or {}, only)
    if ready is None:
        return _nothing(problem)
    found = find_releases(ready.model, ready.loose, ready.grouping.table, gap=problem.standards.gap, until=until)
    if found.infeasible:
        return _nothing(ready.problem)
    shape = (ready.model.groups, ready.model.years)
    counts = np.zeros(shape, dtype=np.int64) if found.releases is None else found.releases
    releases = _releases(problem, ready.grouping, counts)
    return _programme(ready.problem, releases, found.bound, found.stopped, ready.grouping)


def relaxed_worth(
    problem: Problem, id_: str, *, forced: bool | None = None, more: Mapping[str, float] | None = None
) -> float | None:
    """Return what the best programme would be worth if measures could be released in part; ``None`` if there is none.

    Parameters
    ----------
    problem
        What was asked.
    id_
        The measure that is looked at; it is never put together with others.
    forced, more
        Whether it must be in or out, and by how much the limits are wider.
    """
    ready = _prepared(problem, {} if forced is None else {id_: forced}, more or {}, None, apart={id_})
    if ready is None:
        return None
    linear = (ready.loose or ready.model).linear
    solved = solve(linear.but(whole=np.zeros_like(linear.whole)), seconds=np.inf)
    return None if solved.x is None else -solved.value


@dataclass(frozen=True)
class _Prepared:
    """A problem ready to solve: its measures, groups, model, and the model of each group's best members."""

    problem: Problem
    table: pd.DataFrame
    grouping: Grouping
    model: Model
    loose: Model | None


def _prepared(
    problem: Problem,
    forced: Mapping[str, bool],
    more: Mapping[str, float],
    only: Collection[str] | None,
    *,
    apart: Collection[str] = (),
) -> _Prepared | None:
    """Write the problem down with what is forced; ``None`` where something forced in can never be."""
    limits = tuple(replace(limit, allowed=limit.allowed + more.get(limit.kind, 0.0)) for limit in problem.limits)
    problem = replace(problem, limits=limits)
    out = {id_ for id_, inside in forced.items() if not inside}
    ins = set(forced) - out
    usable = problem.measures["barred"].eq("") & ~problem.measures["id"].isin(out)
    if only is not None:
        usable &= problem.measures["id"].isin(only)
    table = problem.measures[usable].assign(land=lambda rows: rows["land_new_m2"].fillna(0.0))
    table = _without_missing(table.assign(cost=table["cost"].fillna(0.0)))
    if not ins <= set(table["id"]):
        return None
    standards = problem.standards
    grouping = group_measures(table, most=standards.most_groups, bands=standards.bands, apart={*forced, *apart})
    links, must = _links(table, grouping), _places(grouping, ins)
    model = _model(problem, grouping.table, links, must=must)
    loose = None
    if grouping.band > 0:
        names = {f"{name}_bound": name for name in ("cost", "land", "likely")}
        easy = grouping.table.drop(columns=list(names.values())).rename(columns=names)
        loose = _model(problem, easy, links, must=must)
    return _Prepared(problem, table, grouping, model, loose)


def _without_missing(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what requires a measure that is out."""
    while True:
        there = set(table["id"])
        keep = [set(ids) <= there for ids in table["requires"]]
        if all(keep):
            return table
        table = table[keep]


def _places(grouping: Grouping, ids: set[str]) -> list[int]:
    return sorted(place for place, members in enumerate(grouping.members) if ids & set(members))


def _links(table: pd.DataFrame, grouping: Grouping) -> Links:
    place = {id_: number for number, members in enumerate(grouping.members) for id_ in members}
    requires = [(place[a], place[b]) for a, ids in zip(table["id"], table["requires"], strict=True) for b in ids]
    excludes = [
        (place[a], place[b])
        for a, ids in zip(table["id"], table["excludes"], strict=True)
        for b in ids
        if a < b and b in place
    ]
    return Links(tuple(sorted(requires)), tuple(sorted(excludes)))


def _model(problem: Problem, groups: pd.DataFrame, links: Links, *, must: Sequence[int] = ()) -> Model:
    standards = problem.standards
    model = build_model(
        groups,
        problem.demands,
        problem.wanted,
        pairs=problem.pairs,
        limits=problem.limits,
        years=problem.years,
        links=links,
        waiting=standards.waiting,
        away=standards.away,
        instead=standards.instead,
    )
    for group in must:
        columns = group * model.years + np.arange(model.years)
        model = replace(model, linear=model.linear.with_row(columns, 1.0, low=1.0, high=1.0))
    return model


def _releases(problem: Problem, grouping: Grouping, counts: Ints) -> pd.DataFrame:
    """Name the members that are released: the cheapest of a group first; a cost that is unknown stays so."""
    years: dict[str, int] = {}
    for members, row in zip(grouping.members, counts, strict=True):
        years |= dict(zip(members, np.repeat(problem.years, row).tolist(), strict=False))
    chosen = problem.measures[problem.measures["id"].isin(years)]
    rows = chosen.assign(year=chosen["id"].map(years).astype(int) if len(chosen) else pd.Series(dtype=int))
    rows = rows.sort_values(["year", "id"], kind="stable").reset_index(drop=True)
    return rows[list(RELEASE_COLUMNS)]


def _nothing(problem: Problem) -> Programme:
    empty = problem.measures.iloc[:0].assign(year=pd.Series(dtype=int))[list(RELEASE_COLUMNS)]
    nobody = pd.DataFrame(columns=list(_SERVED_COLUMNS))
    left = problem.demands.assign(wanted=problem.wanted.sum(axis=1), served=0.0, left=problem.wanted.sum(axis=1))
    return Programme(
        empty, nobody, left, _usage(problem, empty), 0.0, 0.0, 0.0, "infeasible", 0, 0.0, problem, problem.notes
    )


def _programme(problem: Problem, releases: pd.DataFrame, bound: float, stopped: bool, grouping: Grouping) -> Programme:
    """Say whom the released homes serve, measure by measure as they are, and how far the best may be away."""
    fixed = releases.assign(land=releases["land_new_m2"].fillna(0.0), first=releases["year"], size=1)
    model = _model(replace(problem, limits=()), fixed, Links())
    at = np.arange(len(fixed)) * model.years + (releases["year"].to_numpy(dtype=np.int64) - problem.years[0])
    upper, lower = model.linear.upper.copy(), model.linear.lower.copy()
    upper[: model.released] = 0.0
    upper[at], lower[at] = 1.0, 1.0
    flow = model.linear.but(lower=lower, upper=upper, whole=np.zeros_like(upper))
    # A flow in a network: it takes a moment and is not stopped.
    solved = solve(flow, seconds=np.inf)
    homes = model.flows(solved.x) if solved.x is not None else np.zeros((len(model.homes), model.years))
    objective = 0.0 if solved.x is None else -solved.value
    objective = max(objective, 0.0)
    bound = max(bound, objective)
    gap = relative_gap(objective, bound)
    status: Status = "time_limit" if stopped else "beyond_gap"
    if gap <= problem.standards.gap:
        status = "optimal" if gap == 0.0 else "within_gap"
    notes = [*problem.notes]
    if grouping.band > 0:
        notes.append(
            Text(
                sv=f"Lika åtgärder är lagda i band om {100 * grouping.band:g} %; gapet räknar med det.",
                en=f"Alike measures are put in bands of {100 * grouping.band:g} %; the gap counts that.",
            )
        )
    served = _served(problem, model, homes)
    got = served.groupby("need")["homes"].sum().reindex(range(len(problem.demands))).fillna(0.0)
    wanted = problem.wanted.sum(axis=1).to_numpy(dtype=float)
    left = problem.demands.assign(wanted=wanted, served=got.to_numpy(), left=np.maximum(wanted - got.to_numpy(), 0.0))
    return Programme(
        releases,
        served.drop(columns="need"),
        left,
        _usage(problem, releases),
        objective,
        bound,
        gap,
        status,
        len(grouping.members),
        grouping.band,
        problem,
        tuple(notes),
        stopped,
    )


def _served(problem: Problem, model: Model, homes: npt.NDArray[np.float64]) -> pd.DataFrame:
    arc, year = np.nonzero(homes > _SAME)
    needs = model.needs[arc]
    table = problem.demands.iloc[needs][list(DEMAND_COLUMNS)].reset_index(drop=True)
    table = table.assign(
        year=np.asarray(problem.years)[year],
        home_area=model.pools["area"].to_numpy()[model.homes[arc]] if len(arc) else pd.Series(dtype=object),
        home_type=model.pools["dwelling_type"].to_numpy()[model.homes[arc]] if len(arc) else pd.Series(dtype=object),
        homes=homes[arc, year],
        need=needs,
    )
    keys: list[Any] = list(_SERVED_COLUMNS[:-1])
    sums = table.groupby([*keys, "need"], as_index=False, sort=True)[["homes"]].sum()
    return sums[[*keys, "homes", "need"]]


def _usage(problem: Problem, releases: pd.DataFrame) -> pd.DataFrame:
    uses = pd.DataFrame(
        {
            "year": releases["year"],
            "budget": releases["cost"].fillna(0.0),
            "land_new": releases["land_new_m2"].fillna(0.0) / M2_PER_HA,
            "measures": 1.0,
            "homes": releases["homes"].clip(lower=0.0),
        }
    )
    rows = [
        {
            "year": limit.year,
            "limit": limit.kind,
            "used": float((uses if limit.year is None else uses[uses["year"] == limit.year])[limit.kind].sum()),
            "allowed": limit.allowed,
        }
        for limit in problem.limits
    ]
    table = pd.DataFrame(rows, columns=["year", "limit", "used", "allowed"])
    return table.assign(year=table["year"].astype("Int64"))

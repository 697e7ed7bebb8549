"""The balance as an allocation: who is served by what, who is left and why, and what is not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.choice import NEW_KINDS, ChoiceStandards
from geoplan.balance.options import OPTION_COLUMNS
from geoplan.balance.problem import Problem, build_problem
from geoplan.balance.seekers import Seekers
from geoplan.balance.transport import solve_transport
from geoplan.errors import FrameError
from geoplan.frames import check_frame
from geoplan.places import WHOLE
from geoplan.text import Text

__all__ = ["LEFT_COLUMNS", "SERVED_COLUMNS", "SUMMARY_COLUMNS", "UNUSED_COLUMNS", "WHY", "Allocation", "allocation"]

WHY = ("no_wanted_type", "out_of_reach", "too_costly", "gate", "none_free")
"""Why a household is left: nobody offers a type that it takes; none of those is within reach; none of those can be
paid; a gate of an island holds back what there is; all are taken."""

SERVED_COLUMNS = (
    "area",
    "year",
    "group",
    "wanted_type",
    "kind",
    "option_area",
    "area_kind",
    "dwelling_type",
    "tenure",
    "households",
)
LEFT_COLUMNS = ("area", "year", "group", "wanted_type", "why", "households")
UNUSED_COLUMNS = ("area", "year", "kind", "dwelling_type", "tenure", "area_kind", "dwellings")
SUMMARY_COLUMNS = (
    "area",
    "year",
    "seekers",
    "served",
    "left",
    "supply",
    "used",
    "unused",
    "new_homes",
    "lost",
    "reserve_short",
    "need",
    "subtraction",
)


@dataclass(frozen=True)
class Allocation:
    """Who is served by what, by year; all numbers are whole.

    Attributes
    ----------
    served
        :data:`SERVED_COLUMNS`: ``area`` where the household is from, ``option_area`` where its home is.
    left
        :data:`LEFT_COLUMNS`; ``why`` one of :data:`WHY`.
    unused
        :data:`UNUSED_COLUMNS`: homes that nobody takes.
    summary
        :data:`SUMMARY_COLUMNS`, and a row ``*`` for the whole of each year. ``seekers = served + left`` and
        ``supply = used + unused`` to the unit; ``subtraction`` = new homes − lost − need is the simple balance (what
        is lost beyond the exits of the need), and of
        the whole it is ``unused − left − reserve_short``.
    notes
        What was not judged.
    """

    served: pd.DataFrame
    left: pd.DataFrame
    unused: pd.DataFrame
    summary: pd.DataFrame
    notes: tuple[Text, ...]


def allocation(
    seekers: Seekers,
    options: pd.DataFrame,
    *,
    standards: ChoiceStandards,
    reach: pd.DataFrame | None = None,
    room: Mapping[str, int] | None = None,
    incomes: Mapping[str, float] | None = None,
) -> Allocation:
    """Let households choose among homes, year by year.

    Parameters
    ----------
    seekers
        Households that seek, and homes that are freed or vacant.
    options
        New homes: :data:`~geoplan.balance.options.OPTION_COLUMNS`, ``homes`` whole.
    standards
        What households put up with, and who goes first.
    reach
        ``from_area``, ``to_area``, ``minutes``: :func:`geoplan.balance.reaching.reachable`; ``None``: all areas reach
        one another.
    room
        New homes that an area's gates allow, by area: :func:`geoplan.balance.gates.gate_room`.
    incomes
        Disposable income a year, by group, in the currency of the options' cost.

    Returns
    -------
    Allocation

    Raises
    ------
    FrameError
        Columns are missing, or homes that stand are among the options.

    Notes
    -----
    Each year is a problem of its own, from the base year to that year, as the need is
    (:func:`geoplan.balance.transport.solve_transport`). Method and reasons: ``docs/method-balance.md``.
    """
    check_frame(options, name="options", columns=OPTION_COLUMNS)
    if not options["kind"].isin(NEW_KINDS).all():
        raise FrameError(
            "options",
            [f"a kind is none of {', '.join(NEW_KINDS)}"],
            hint="Homes that stand come with the seekers, so that they count once.",
        )
    table, parts = seekers.table, seekers.parts
    if set(parts["area"]) == {WHOLE}:
        options, reach = options.assign(area=WHOLE), None
    every = pd.concat(
        [seekers.homes.assign(area_kind="unknown", cost=np.nan)[list(OPTION_COLUMNS)], options[list(OPTION_COLUMNS)]],
        ignore_index=True,
    )
    every = every.astype({"cost": float, "homes": "int64"})
    results = []
    for year in sorted(parts["year"].unique()):
        problem = build_problem(
            table[table["year"] == year],
            every[every["year"] == year],
            standards=standards,
            reach=reach,
            room=room,
            incomes=incomes,
        )
        results.append([rows.assign(year=year) for rows in _solved(problem)])
    served, left, unused = (pd.concat(rows, ignore_index=True) for rows in zip(*results, strict=True))
    served, left = served[list(SERVED_COLUMNS)], left[list(LEFT_COLUMNS)]
    unused = unused[list(UNUSED_COLUMNS)]
    summary = _summary(parts, every, served, left, unused)
    return Allocation(served, left, unused, summary, tuple(_notes(every, reach, incomes)))


def _solved(problem: Problem) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return served, left and unused of one year, without the year."""
    flow = solve_transport(problem).flow
    who = problem.seekers.loc[flow["seeker"]].reset_index(drop=True)
    what = problem.options.loc[flow["option"]].reset_index(drop=True)
    served = pd.DataFrame(
        {
            "area": who["area"],
            "group": who["group"],
            "wanted_type": who["dwelling_type"],
            "kind": what["kind"],
            "option_area": what["area"],
            "area_kind": what["area_kind"],
            "dwelling_type": what["dwelling_type"],
            "tenure": what["tenure"],
            "households": flow["households"],
        }
    )
    count = len(problem.options)
    free = problem.options["homes"].to_numpy() - np.bincount(flow["option"], flow["households"], minlength=count)
    unused = problem.options.assign(dwellings=free.astype(np.int64))
    got = np.bincount(flow["seeker"], flow["households"], minlength=len(problem.seekers))
    rest = problem.seekers["households"].to_numpy() - got.astype(np.int64)
    why = _why(problem, free > 0)[problem.seekers["wish"]]
    left = problem.seekers.rename(columns={"dwelling_type": "wanted_type"}).assign(households=rest, why=why)
    return (
        _summed(served, [name for name in SERVED_COLUMNS if name not in ("year", "households")], "households"),
        _summed(left, [name for name in LEFT_COLUMNS if name not in ("year", "households")], "households"),
        _summed(unused, [name for name in UNUSED_COLUMNS if name not in ("year", "dwellings")], "dwellings"),
    )


def _why(problem: Problem, free: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    """Return why those of each wish who are left are left."""
    typed = problem.right_type
    near = typed & problem.in_reach
    paid = near & problem.payable
    # What can be taken and is still free is held back by a gate: all that can be served are.
    tests = [~typed.any(axis=1), ~near.any(axis=1), ~paid.any(axis=1), (paid & free[None, :]).any(axis=1)]
    return np.select(tests, list(WHY[:4]), default=WHY[4])


def _summed(table: pd.DataFrame, keys: list[str], count: str) -> pd.DataFrame:
    sums = table.groupby(keys, as_index=False, sort=True)[[count]].sum()
    return sums[sums[count] > 0].reset_index(drop=True)


def _summary(
    parts: pd.DataFrame, every: pd.DataFrame, served: pd.DataFrame, left: pd.DataFrame, unused: pd.DataFrame
) -> pd.DataFrame:
    new = every[every["kind"].isin(NEW_KINDS)]
    columns = {
        "served": served.groupby(["area", "year"])["households"].sum(),
        "left": left.groupby(["area", "year"])["households"].sum(),
        "supply": every.groupby(["area", "year"])["homes"].sum(),
        "unused": unused.groupby(["area", "year"])["dwellings"].sum(),
        "new_homes": new.groupby(["area", "year"])["homes"].sum(),
    }
    years = sorted(parts["year"].unique())
    areas = sorted({*parts["area"], *every.loc[every["year"].isin(years), "area"]})
    index = pd.MultiIndex.from_product([areas, years], names=["area", "year"])
    known = parts.set_index(["area", "year"])[["seekers", "lost", "reserve_short", "need"]]
    table = known.reindex(index).assign(**{name: column.reindex(index) for name, column in columns.items()})
    table = table.fillna(0).astype("int64").reset_index()
    table["used"] = table["supply"] - table["unused"]
    table["subtraction"] = table["new_homes"] - table["lost"] - table["need"]
    if areas != [WHOLE]:
        whole = table.drop(columns="area").groupby("year", as_index=False).sum().assign(area=WHOLE)
        table = pd.concat([table, whole], ignore_index=True)
    last = table["area"].eq(WHOLE)
    ordered = table.assign(last=last).sort_values(["year", "last", "area"], kind="stable", ignore_index=True)
    return ordered[list(SUMMARY_COLUMNS)]


def _notes(every: pd.DataFrame, reach: pd.DataFrame | None, incomes: Mapping[str, float] | None) -> list[Text]:
    notes = []
    if reach is None:
        notes.append(
            Text(
                sv="Fördelningen vet inget om överfarter: alla områden nås från alla.",
                en="The allocation knows of no crossings: every area is reached from every other.",
            )
        )
    if not incomes or every["cost"].isna().all():
        notes.append(
            Text(
                sv="Fördelningen prövar inte vad hushållen har råd med: inkomster eller boendekostnader är okända.",
                en="The allocation does not ask what households can pay: incomes or housing costs are unknown.",
            )
        )
    return notes

"""Who would get the plots under a rule of release, tried in many draws before the rule is adopted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.queue import QueueStandards
from geoplan.balance.whole import Floats
from geoplan.errors import InputError
from geoplan.frames import check_frame

__all__ = ["RULES", "Release", "release"]

RULES = ("queue_time", "lottery", "need")
"""By time in the queue; by lot; by the order of groups, and by time within a group."""

# Draws are made in blocks of about this many cells, so that memory stays small. Which numbers are drawn depends on it.
_BLOCK = 2_000_000


@dataclass(frozen=True)
class Release:
    """What a rule does.

    Attributes
    ----------
    by_group
        ``rule``, ``area``, ``group``, ``since_from``, ``since_to``, ``persons``; plots that they get: ``plots`` on
        the average, ``plots_low`` and ``plots_high`` (5 and 95 % of the draws); ``chance`` = plots / persons.
    summary
        ``rule``, ``area``, ``released`` plots, ``taken`` on the average, ``left_over`` on the average,
        ``waited_years`` by those who get one, on the average (NaN where nobody does).
    """

    by_group: pd.DataFrame
    summary: pd.DataFrame


def release(
    queue: pd.DataFrame, plots: Mapping[str, int], *, rule: str, year: int, standards: QueueStandards, seed: int = 1
) -> Release:
    """Try a rule on the queue.

    Parameters
    ----------
    queue
        :func:`geoplan.balance.queue.check_queue`.
    plots
        Plots released, by area that people queue for (``*``: those who queue for anywhere).
    rule
        One of :data:`RULES`.
    year
        The year of the release; waiting is counted to its beginning.
    standards
        Draws, the probability that an offer is taken, and the order of groups.
    seed
        The same seed gives the same figures; an area's do not depend on other areas.

    Raises
    ------
    InputError
        There is no such rule, a number of plots is negative, or somebody queues since the year or later.

    Notes
    -----
    Each person joins at a time drawn evenly within the band. In each draw plots are offered down the order, everybody
    once; each takes one with ``takes_offer``, until there are none. Ties do not happen, because times are drawn. A
    group that the order does not name comes last.
    """
    check_frame(queue, name="plot_queue", columns=["area", "group", "since_from", "since_to", "persons"])
    if rule not in RULES:
        raise InputError(f"There is no rule {rule!r}.", hint=f"Choose one of {', '.join(RULES)}.")
    if any(count < 0 for count in plots.values()):
        raise InputError("A number of plots is negative.", hint="Release 0 or more.")
    keys = ["area", "group", "since_from", "since_to"]
    rows = queue[queue["area"].isin(list(plots))].groupby(keys, as_index=False, sort=True)[["persons"]].sum()
    if (rows["since_to"] >= year).any():
        raise InputError(f"Somebody queues since {year} or later.", hint="Release in a later year.")
    tables, sums = [], []
    for area in sorted(plots):
        mine = rows[rows["area"] == area].reset_index(drop=True)
        counts, waited = _area(mine, plots[area], rule, year, standards, np.random.SeedSequence([seed, *area.encode()]))
        low, high = (np.quantile(counts, share, axis=0) for share in (0.05, 0.95))
        mean = counts.mean(axis=0)
        tables.append(mine.assign(plots=mean, plots_low=low, plots_high=high, chance=mean / mine["persons"]))
        taken = float(counts.sum() / standards.draws)
        told = {"area": area, "released": plots[area], "taken": taken, "left_over": plots[area] - taken}
        sums.append(told | {"waited_years": waited})
    by_group = pd.concat(tables, ignore_index=True) if tables else rows
    by_group.insert(0, "rule", rule)
    summary = pd.DataFrame(sums, columns=["area", "released", "taken", "left_over", "waited_years"])
    summary.insert(0, "rule", rule)
    return Release(by_group, summary)


def _area(
    rows: pd.DataFrame, plots: int, rule: str, year: int, standards: QueueStandards, seed: np.random.SeedSequence
) -> tuple[npt.NDArray[np.int64], float]:
    """Return plots by [draw, row], and the mean years waited by those who get one."""
    row = np.repeat(np.arange(len(rows)), rows["persons"])
    first, last = rows["since_from"].to_numpy()[row], rows["since_to"].to_numpy()[row] + 1
    last_rank = max(standards.need_order.values(), default=0) + 1
    rank = np.array([standards.need_order.get(group, last_rank) for group in rows["group"]], dtype=float)[row]
    result = np.zeros((standards.draws, len(rows)), dtype=np.int64)
    years, number = 0.0, 0
    for block, since, lot, luck in _blocks(np.random.default_rng(seed), standards.draws, len(row)):
        joined = first + since * (last - first)
        # A rank weighs more than any difference of years.
        order = {"queue_time": joined, "lottery": lot, "need": rank * 10_000 + joined}[rule].argsort(axis=1)
        takes = np.take_along_axis(luck < standards.takes_offer, order, axis=1)
        gets = np.zeros_like(takes)
        np.put_along_axis(gets, order, takes & (takes.cumsum(axis=1) <= plots), axis=1)
        draw, person = np.nonzero(gets)
        np.add.at(result, (block.start + draw, row[person]), 1)
        years += float((year - joined[draw, person]).sum())
        number += len(draw)
    return result, years / number if number else float("nan")


def _blocks(rng: np.random.Generator, draws: int, persons: int) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    size = max(1, _BLOCK // max(persons, 1))
    for start in range(0, draws, size):
        block = slice(start, min(start + size, draws))
        since, lot, luck = rng.random((3, block.stop - start, persons))
        yield block, since, lot, luck

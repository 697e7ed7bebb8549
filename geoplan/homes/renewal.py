"""What renewal does to the stock, year by year."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.errors import InputError
from geoplan.homes.actions import RenewalStandards, check_actions
from geoplan.homes.stock import CELL, FLOWS, UNKNOWN, check_identity, stock_table, stock_totals
from geoplan.text import Text

__all__ = ["ACCOUNT_COLUMNS", "StockAccount", "apply_actions"]

ACCOUNT_COLUMNS = (*CELL, "year", "opening", *FLOWS, "closing")

Cell = tuple[str, str, str]

_EPSILON = 1e-9


@dataclass(frozen=True)
class StockAccount:
    """The stock at every asked year with what changed it, and what was assumed."""

    table: pd.DataFrame
    assumptions: tuple[Text, ...]


@dataclass(frozen=True)
class _Entry:
    """One change: homes of a kind, added (``amount`` above 0) or taken away."""

    flow: str
    cell: Cell
    amount: float
    action: str


def apply_actions(
    stock: pd.DataFrame,
    actions: pd.DataFrame,
    years: Sequence[int],
    *,
    base_year: int,
    standards: RenewalStandards,
) -> StockAccount:
    """Carry the stock of a base year on by what is done to it.

    Parameters
    ----------
    stock
        The ``dwelling_stock`` layer with the base year's rows (dwellings).
    actions
        The ``renewal_actions`` layer. Those up to the base year are in the stock already; those after the last year
        are not reached.
    years
        The years to tell, rising and after the base year. The changes between two of them are added up.
    base_year
        The year of the stock.
    standards
        Which statuses count.

    Returns
    -------
    StockAccount
        :data:`ACCOUNT_COLUMNS` in dwellings: one row for each area, type, tenure and year that has or had homes,
        ordered by them. Flows are signed, so ``closing = opening + Σ flows``, and each year opens as the one before
        closed.

    Raises
    ------
    FrameError
        Stock or actions are wrong (:func:`geoplan.homes.stock.stock_table`,
        :func:`geoplan.homes.actions.check_actions`).
    InputError
        The years do not rise after the base year, or more homes are taken away than there are, with the actions' ids.

    Notes
    -----
    ``densify`` and ``reuse_plot`` complete homes; ``convert`` converts to homes or, where negative, away from them,
    and with ``from_type`` moves them from one type to another; ``renovate`` splits, or merges where negative;
    ``demolish`` demolishes. In a year homes are taken away from what the year opens with, and then added. Where an
    action does not say from which type or tenure homes are taken, or the stock does not know, they are taken from
    those of the area that it may be, in proportion to what is there, after what is said exactly.
    """
    if not years or list(years) != sorted(set(years)) or years[0] <= base_year:
        raise InputError(f"The years {list(years)} must rise and lie after {base_year}.")
    totals = stock_totals(stock_table(stock, year=base_year))
    homes: dict[Cell, float] = {
        (area, kind, tenure): float(count) for area, kind, tenure, count in totals.itertuples(index=False, name=None)
    }
    chosen = check_actions(actions)
    chosen = chosen[chosen["status"].isin(standards.counted_statuses)]
    by_year: dict[int, list[_Entry]] = {}
    for row in chosen.to_dict("records"):
        by_year.setdefault(int(row["year"]), []).extend(_entries(row))
    rows: list[dict[str, Any]] = []
    before, vague = base_year, False
    for until in years:
        opening = dict(homes)
        flows: dict[tuple[Cell, str], float] = {}
        for year in range(before + 1, until + 1):
            vague |= _carry_on(homes, by_year.get(year, []), flows, year)
        cells = sorted({*opening, *homes})
        rows += [
            {
                **dict(zip(CELL, cell, strict=True)),
                "year": until,
                "opening": opening.get(cell, 0.0),
                **{flow: flows.get((cell, flow), 0.0) for flow in FLOWS},
                "closing": homes.get(cell, 0.0),
            }
            for cell in cells
        ]
        before = until
    table = pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS)).sort_values([*CELL, "year"], kind="stable")
    table = table.reset_index(drop=True)
    check_identity(table)
    return StockAccount(table, _assumptions(vague))


def _entries(row: Mapping[Hashable, Any]) -> Iterator[_Entry]:
    """Say what an action changes."""
    area, kind, tenure, net, id_ = row["area"], row["type"], row["tenure"], float(row["net_dwellings"]), row["id"]
    here, flow = (area, kind, tenure), None
    match row["action"]:
        case "densify" | "reuse_plot":
            flow = "completed"
        case "demolish":
            flow = "demolished"
        case "renovate":
            flow = "split"
        case "convert" if row["from_type"] is not None:
            from_type = row["from_type"]
            leisure = "leisure" in (kind, from_type)
            # A leisure home's tenure is seldom known, so it is not asked for.
            there = (area, from_type, UNKNOWN if leisure else tenure)
            yield _Entry("leisure" if leisure else "converted", here, net, id_)
            yield _Entry("leisure" if leisure else "converted_away", there, -net, id_)
        case "convert":
            flow = "converted" if net > 0 else "converted_away"
    if flow is not None and net != 0:
        yield _Entry(flow, here, net, id_)


def _carry_on(homes: dict[Cell, float], entries: list[_Entry], flows: dict[tuple[Cell, str], float], year: int) -> bool:
    """Change the stock by a year's entries: first what is taken away, then what is added.

    Returns whether something was taken in proportion, because the action did not say from what.
    """

    def change(cell: Cell, flow: str, amount: float) -> None:
        left = homes.get(cell, 0.0) + amount
        # What is left by rounding is nothing.
        homes[cell] = 0.0 if abs(left) < _EPSILON else left
        flows[cell, flow] = flows.get((cell, flow), 0.0) + amount

    vague = False
    away = [entry for entry in entries if entry.amount < 0]
    for entry in sorted(away, key=lambda entry: (entry.cell.count(UNKNOWN), entry.cell, entry.action)):
        sources = _sources(homes, entry.cell, -entry.amount)
        there = sum(homes[cell] for cell in sources)
        if there + _EPSILON < -entry.amount:
            raise InputError(
                f"Action {entry.action} takes away {-entry.amount:g} homes of {', '.join(entry.cell)} in {year}, and "
                f"there are {there:g}.",
                hint="Check net_dwellings, type and tenure of the actions there, and the stock.",
            )
        vague |= sources != [entry.cell]
        shares = {cell: homes[cell] / there for cell in sources}
        for cell, share in shares.items():
            change(cell, entry.flow, entry.amount * share)
    for entry in entries:
        if entry.amount > 0:
            change(entry.cell, entry.flow, entry.amount)
    return vague


def _sources(homes: dict[Cell, float], wanted: Cell, amount: float) -> list[Cell]:
    """Return the cells that homes may be taken from.

    What an action leaves open may be any of the area but leisure homes. Where there are too few of what it names,
    those of which the stock does not say what they are count too.
    """
    area, kind, tenure = wanted
    there = sorted(cell for cell, count in homes.items() if count > 0 and cell[0] == area)
    named = [
        cell
        for cell in there
        if (cell[1] == kind or (kind == UNKNOWN and cell[1] != "leisure")) and tenure in (UNKNOWN, cell[2])
    ]
    if sum(homes[cell] for cell in named) + _EPSILON >= amount:
        return named
    return [
        cell
        for cell in there
        if cell in named or (cell[1] in (kind, UNKNOWN) and (tenure == UNKNOWN or cell[2] in (tenure, UNKNOWN)))
    ]


def _assumptions(vague: bool) -> tuple[Text, ...]:
    if not vague:
        return ()
    return (
        Text(
            sv="Där en åtgärd inte säger vilka bostäder som försvinner tas de i proportion från områdets.",
            en="Where an action does not say which homes go, they are taken in proportion from those of the area.",
        ),
    )

"""The balance by statistical area: classes, colours and the table beside the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

__all__ = ["COLOURS", "BalanceRow", "Classes", "balance_rows", "classes"]

COLOURS = ("#8c510a", "#cd9a4b", "#f0e0bd", "#c4e5e0", "#5fb3aa", "#01665e")
"""From shortage to surplus: ColorBrewer BrBG, six classes, told apart with any colour vision."""


@dataclass(frozen=True)
class Classes:
    """Classes around zero: three of shortage, three of surplus, of equal steps.

    Attributes
    ----------
    measure
        ``balance``, or ``need`` where the supply is unknown; need is classed with its sign turned.
    step
        Width of a class, in homes.
    """

    measure: Literal["balance", "need"]
    step: float

    @property
    def breaks(self) -> tuple[float, ...]:
        """The five limits between the six classes."""
        return (-2 * self.step, -self.step, 0.0, self.step, 2 * self.step)

    def colour(self, value: float | None) -> str | None:
        """Return the colour of a balance, ``None`` if unknown; a limit belongs to the class above it."""
        if value is None or math.isnan(value):
            return None
        return COLOURS[int(np.searchsorted(self.breaks, value, side="right"))]


@dataclass(frozen=True)
class BalanceRow:
    """One line of the table: homes needed and held in an area up to a year."""

    area: str
    name: str
    year: int
    need: float | None
    supply: float | None
    balance: float | None
    plots: int | None

    @property
    def is_total(self) -> bool:
        """Whether this is the whole municipality."""
        return self.area == "*"


def balance_rows(balance: pd.DataFrame) -> tuple[BalanceRow, ...]:
    """Return the balance as rows by year and area, the total last within each year.

    Parameters
    ----------
    balance
        Columns ``area, area_name, year, need, supply_homes, balance, plots``.
    """
    rows = [
        BalanceRow(
            area=str(row["area"]),
            name=str(row["area"]) if _unknown(row["area_name"]) else str(row["area_name"]),
            year=int(row["year"]),
            need=_number(row["need"]),
            supply=_number(row["supply_homes"]),
            balance=_number(row["balance"]),
            plots=None if _unknown(row["plots"]) else int(row["plots"]),
        )
        for row in balance.to_dict("records")
    ]
    return tuple(sorted(rows, key=lambda row: (row.year, row.is_total, row.name, row.area)))


def classes(rows: Sequence[BalanceRow]) -> Classes:
    """Choose one set of classes for all years, so that years can be compared.

    The step is a third of the largest absolute value among the areas, rounded up to 1, 2 or 5 times a power
    of ten: the outermost classes are those beyond two thirds of it, about.
    """
    areas = [row for row in rows if not row.is_total]
    known = [row.balance for row in areas if row.balance is not None]
    if known:
        return Classes("balance", _nice(max(abs(value) for value in known) / 3))
    needs = [row.need for row in areas if row.need is not None]
    return Classes("need", _nice(max((abs(value) for value in needs), default=0.0) / 3))


def _nice(value: float) -> float:
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if value <= factor * power)


def _unknown(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def _number(value: object) -> float | None:
    return None if _unknown(value) else float(value)  # type: ignore[arg-type]

"""How a release programme weighs and searches, and what limits it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.balance.model import Limit
from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.text import Text

__all__ = ["LIMIT_KINDS", "ProgrammeStandards", "check_limits"]

LIMIT_KINDS = ("budget", "land_new", "measures", "homes")
"""Money (currency), land newly taken (ha), and planning capacity as measures or nominal homes."""

_COST_ENDS = ("low", "middle", "high")


@dataclass(frozen=True)
class ProgrammeStandards:
    """The values of ``layers/assumptions/programme.toml``.

    Attributes
    ----------
    group_weights
        What a home is worth by group; 1 for groups that are not there.
    waiting, away
        What it loses for each year after the first, and in another area than that of the need (shares).
    instead
        What it loses where it is of another type than wanted, by wanted and other type (shares); a pair that is not
        there is not taken.
    cost_end
        Which end of the range of costs counts: ``low``, ``middle``, ``high``.
    planning_capacity
        Measures a year, where no limit on measures or homes is given.
    gap
        Relative gap at which the search ends.
    time_limit
        Seconds.
    most_groups, bands
        From how many groups of alike measures on they are put in bands, and how wide (shares).
    """

    group_weights: Mapping[str, float]
    waiting: float
    away: float
    instead: Mapping[str, Mapping[str, float]]
    cost_end: str
    planning_capacity: float
    gap: float
    time_limit: float
    most_groups: int
    bands: tuple[float, ...]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> ProgrammeStandards:
        """Read the values of ``layers/assumptions/programme.toml``.

        Raises
        ------
        InputError
            A value is missing or wrong.
        """
        missing = [name for name in cls.__dataclass_fields__ if name not in values]
        if missing:
            raise InputError(
                f"The assumptions on the programme lack {', '.join(missing)}.",
                hint="Pass the values of the whole file.",
            )
        if values["cost_end"] not in _COST_ENDS:
            raise InputError(f"cost_end is {values['cost_end']!r}.", hint=f"It is one of {', '.join(_COST_ENDS)}.")
        weights = {str(group): _number(f"group_weights.{group}", w) for group, w in values["group_weights"].items()}
        instead = {
            str(wanted): {
                str(other): _number(f"instead.{wanted}.{other}", share, below=1.0) for other, share in row.items()
            }
            for wanted, row in values["instead"].items()
        }
        bands = tuple(_number("bands", band) for band in values["bands"])
        if not bands or list(bands) != sorted(set(bands)) or bands[0] <= 0:
            raise InputError(f"bands are {list(bands)}.", hint="Write widths above 0 that rise, such as [0.05, 0.1].")
        return cls(
            group_weights=weights,
            waiting=_number("waiting", values["waiting"], below=1.0),
            away=_number("away", values["away"], below=1.0),
            instead=instead,
            cost_end=values["cost_end"],
            planning_capacity=_number("planning_capacity", values["planning_capacity"]),
            gap=_number("gap", values["gap"], below=1.0),
            time_limit=_number("time_limit", values["time_limit"]),
            most_groups=int(_number("most_groups", values["most_groups"])),
            bands=bands,
        )

    def cost(self, measures: pd.DataFrame) -> pd.Series[float]:
        """Return what each measure costs at the chosen end; where only one end is known, it; NaN where none is."""
        low = measures["cost_low"].where(measures["cost_low"].notna(), measures["cost_high"])
        high = measures["cost_high"].where(measures["cost_high"].notna(), measures["cost_low"])
        share = {"low": 0.0, "middle": 0.5, "high": 1.0}[self.cost_end]
        cost: pd.Series[float] = low * (1 - share) + high * share
        return cost


def _number(name: str, value: object, *, below: float = np.inf) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < below
    if not good:
        upper = "" if below == np.inf else f" and below {below:g}"
        raise InputError(
            f"{name} must be a number of at least 0{upper}, not {value!r}.", hint="Set it in the assumptions."
        )
    return float(value)  # type: ignore[arg-type]


def check_limits(
    limits: pd.DataFrame | None, *, years: Sequence[int], standards: ProgrammeStandards
) -> tuple[tuple[Limit, ...], tuple[Text, ...]]:
    """Return the limits that hold, and what was assumed.

    Parameters
    ----------
    limits
        ``limit`` (one of :data:`LIMIT_KINDS`), ``year`` (missing: all years together), ``allowed`` (currency, ha,
        measures, homes). ``None`` for none.
    years
        The programme's years; limits of other years are left out.
    standards
        With the planning capacity that holds where none is given.

    Raises
    ------
    FrameError
        Columns are missing, a limit is unknown, there twice, or negative.
    """
    rows: list[Limit] = []
    if limits is not None:
        check_frame(limits, name="limits", columns=["limit", "year", "allowed"])
        kinds = limits["limit"].astype(str)
        allowed = pd.to_numeric(limits["allowed"]).astype(float)
        tests = {
            f"have a limit that is none of {', '.join(LIMIT_KINDS)}": ~kinds.isin(LIMIT_KINDS),
            "allow no number of at least 0": ~allowed.ge(0) | ~np.isfinite(allowed),
            "are there twice": limits.duplicated(["limit", "year"]),
        }
        faults = [f"{int(hit.sum())} rows {words}" for words, hit in tests.items() if hit.any()]
        if faults:
            raise FrameError("limits", faults, hint="Leave out what has no limit.")
        given = pd.to_numeric(limits["year"])
        rows = [
            Limit(kind, None if pd.isna(year) else int(year), float(most))
            for kind, year, most in zip(kinds, given, allowed, strict=True)
            if pd.isna(year) or int(year) in years
        ]
    notes: tuple[Text, ...] = ()
    if not any(limit.kind in ("measures", "homes") for limit in rows):
        most = standards.planning_capacity
        rows += [Limit("measures", year, most) for year in years]
        notes = (
            Text(
                sv=f"Ingen gräns för planeringen är given: {most:g} åtgärder om året antas.",
                en=f"No limit on planning is given: {most:g} measures a year are assumed.",
            ),
        )
    order = {kind: place for place, kind in enumerate(LIMIT_KINDS)}
    return tuple(sorted(rows, key=lambda limit: (order[limit.kind], limit.year is not None, limit.year or 0))), notes

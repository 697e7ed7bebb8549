"""How many dwellings of each type a building right holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import InputError

__all__ = ["DWELLING_TYPES", "DwellingAssumptions", "DwellingType", "allowed_types", "dwellings_held", "storeys"]

DwellingType = Literal["one_or_two", "multi"]

DWELLING_TYPES: tuple[DwellingType, ...] = get_args(DwellingType)
"""Houses with one or two dwellings, detached or terraced, and buildings with more."""

_ROUNDING: Final = 1e-9

_OPEN: Final = ("none", "prohibited", "special", "unknown", "no_number")
"""Why a type has no number of dwellings, from the closed to the open."""


@dataclass(frozen=True)
class DwellingAssumptions:
    """What turns areas into dwellings; each mapping has a number for each of :data:`DWELLING_TYPES`.

    Attributes
    ----------
    dwelling_area_m2
        Area of a dwelling on average, in m².
    gross_per_dwelling_area
        Gross floor area over dwelling area.
    smallest_floor_area_m2
        Smallest gross floor area that holds a dwelling, in m².
    storeys
        Storeys where no height above the ground is stated.
    metres_per_storey, roof_m
        Height of a storey, and the roof's part of a stated height, in metres.
    smallest_multi
        Fewest dwellings in a multi-dwelling building.
    reaching_share
        See :func:`geoplan.plots.rights.provisions.stated_provisions`.
    """

    dwelling_area_m2: Mapping[str, float]
    gross_per_dwelling_area: Mapping[str, float]
    smallest_floor_area_m2: Mapping[str, float]
    storeys: Mapping[str, float]
    metres_per_storey: float
    roof_m: float
    smallest_multi: int
    reaching_share: float

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> DwellingAssumptions:
        """Make them from the values of the assumptions file ``dwellings``.

        Raises
        ------
        InputError
            A value is missing, unknown or no positive number.
        """
        names = {field.name for field in fields(cls)}
        if names != set(values):
            raise InputError(
                f"Assumptions are missing or unknown: {', '.join(sorted(names ^ set(values)))}.",
                hint="See layers/assumptions/dwellings.toml.",
            )
        for name, value in values.items():
            numbers = [value.get(kind) for kind in DWELLING_TYPES] if isinstance(value, Mapping) else [value]
            lowest = 0.0 if name in ("roof_m", "reaching_share") else 1e-6
            if not all(isinstance(number, int | float) and number >= lowest for number in numbers):
                raise InputError(f"{name} is {value!r}.", hint="It must be a positive number for each dwelling type.")
        return cls(**values)


def storeys(kind: DwellingType, ground_height_m: npt.NDArray[np.float64], assumptions: DwellingAssumptions) -> Any:
    """Return how many storeys fit below each height above the ground (m); NaN gives the default of the type."""
    fit = np.floor((ground_height_m - assumptions.roof_m) / assumptions.metres_per_storey + _ROUNDING)
    return np.where(np.isnan(ground_height_m), assumptions.storeys[kind], np.fmax(fit, 1.0))


def allowed_types(plan: pd.DataFrame) -> pd.DataFrame:
    """Return for each type whether the plan allows it: ``allowed``, ``special``, ``prohibited`` or ``unknown``.

    Parameters
    ----------
    plan
        Attributes of plans; ``homes_one_or_two`` and ``homes_multi`` count where they say something, else ``homes``.
    """
    result = pd.DataFrame(index=plan.index)
    for kind in DWELLING_TYPES:
        own = plan[f"homes_{kind}"] if f"homes_{kind}" in plan else pd.Series(None, index=plan.index, dtype=object)
        result[kind] = own.where(own.notna(), plan["homes"]).astype(object)
    return result


def dwellings_held(
    building_m2: npt.NDArray[np.float64],
    gross_m2: npt.NDArray[np.float64],
    ground_height_m: npt.NDArray[np.float64],
    cap: npt.NDArray[np.float64],
    allowed: pd.DataFrame,
    *,
    assumptions: DwellingAssumptions,
    cap_code: npt.NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Return how many dwellings of each type, one type or the other, a right holds.

    Parameters
    ----------
    building_m2, gross_m2
        Building area and gross floor area that may be built, in m²; NaN where none is stated.
    ground_height_m
        Highest height above the ground in metres; NaN where none is stated.
    cap
        Most dwellings by the plan's own words; NaN where it has none.
    allowed
        From :func:`allowed_types`.
    assumptions
        What turns areas into dwellings.
    cap_code
        What the cap is called in ``basis``.

    Returns
    -------
    pandas.DataFrame
        ``one_or_two`` and ``multi``: whole numbers as float, NaN where nobody knows. They are alternatives and never
        add up. ``most``: the greater. ``basis``: what limits it: the cap's code, ``building_area``,
        ``gross_floor_area``, ``no_number`` (the plan allows homes and states no number), ``special`` (only after a
        trial), ``prohibited``, ``unknown``.

    Notes
    -----
    The floor area is the smaller of the gross floor area and building area × storeys. It holds
    ``floor(floor area / gross area of a dwelling)`` dwellings, and at least one from the smallest floor area on. A
    multi-dwelling building has at least ``smallest_multi`` dwellings, else none. Only what is allowed without a trial
    is a right.
    """
    table = pd.DataFrame(index=allowed.index)
    reason: dict[str, npt.NDArray[Any]] = {}
    whole_cap = np.floor(cap + _ROUNDING)
    for kind in DWELLING_TYPES:
        by_building = building_m2 * storeys(kind, ground_height_m, assumptions)
        floor_m2 = np.fmin(by_building, gross_m2)
        size = assumptions.dwelling_area_m2[kind] * assumptions.gross_per_dwelling_area[kind]
        held = np.fmax(np.floor(floor_m2 / size + _ROUNDING), floor_m2 >= assumptions.smallest_floor_area_m2[kind])
        held = np.where(np.isnan(floor_m2), np.nan, held)
        number = np.fmin(held, whole_cap)
        limited = np.where(np.nan_to_num(by_building, nan=np.inf) <= np.nan_to_num(gross_m2, nan=np.inf), 0, 1)
        why = np.array(["building_area", "gross_floor_area"], dtype=object)[limited]
        capped = ~np.isnan(whole_cap) & (np.isnan(held) | (whole_cap <= held))
        why[capped] = (cap_code if cap_code is not None else np.full(len(cap), "cap", dtype=object))[capped]
        why[np.isnan(number)] = "no_number"
        if kind == "multi":
            number = np.where(number < assumptions.smallest_multi, 0.0, number)
        status = allowed[kind].to_numpy(dtype=object)
        refused = np.isin(status, ["special", "prohibited", "none"])
        unknown = ~refused & (status != "allowed")
        number = np.where(refused, 0.0, np.where(unknown, np.nan, number))
        why = np.where(refused | unknown, np.where(unknown, "unknown", status), why)
        table[kind], reason[kind] = number, why
    table["most"] = np.fmax(table["one_or_two"], table["multi"])
    table["basis"] = _basis(table, reason)
    # Where one type has no known number, nobody knows the greater either, unless the other type has dwellings.
    open_ = (table["most"] == 0) & table[list(DWELLING_TYPES)].isna().any(axis=1)
    table.loc[open_, "most"] = np.nan
    return table


def _basis(table: pd.DataFrame, reason: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return the reason of the type with more dwellings; where neither has any, the reason that leaves most open."""
    number = {kind: np.nan_to_num(table[kind].to_numpy()) for kind in DWELLING_TYPES}
    open_ = {
        kind: np.array([_OPEN.index(each) if each in _OPEN else len(_OPEN) for each in reason[kind]])
        for kind in DWELLING_TYPES
    }
    none = (number["one_or_two"] == 0) & (number["multi"] == 0)
    multi = np.where(none, open_["multi"] > open_["one_or_two"], number["multi"] > number["one_or_two"])
    return np.where(multi, reason["multi"], reason["one_or_two"])

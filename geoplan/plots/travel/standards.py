"""How people travel: modes, their speeds on each kind of road, and the limits that a way must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.plots.travel.network import Floats

__all__ = ["MODES", "SEASONS", "Mode", "Season", "TravelStandards", "pace"]

Mode = Literal["foot", "bike", "car"]
Season = Literal["winter", "summer"]

MODES: tuple[Mode, ...] = get_args(Mode)
SEASONS: tuple[Season, ...] = get_args(Season)

_ABOVE_ZERO = ("walking_speed", "longest_access", "quay_access", "ferry_hours", "ferry_departures")


@dataclass(frozen=True, kw_only=True)
class TravelStandards:
    """Speeds and limits, each of them an assumption.

    Attributes
    ----------
    walking_speed
        km/h on every kind of road.
    bike_speed, car_speed
        km/h by kind of road; 0 or absent where a kind is closed to the mode.
    snapping
        The widest gap between roads that meet, m.
    longest_access
        The longest straight way from a place to the network, m.
    access_detour
        How much longer the way to the network is than the straight line, at least 1.
    access_speed
        km/h on that way, of ``bike`` and ``car``; walkers have their walking speed.
    access_over_water
        How much water that way may cross, m.
    quay_access
        The longest straight way between a ferry line's end and the network, m.
    ferry_wait
        Waiting for a ferry, as a share of the headway.
    ferry_hours
        Hours of the day over which departures are spread.
    ferry_departures
        Departures a day where nothing is said.
    winter_crossing
        The longest crossing in winter across which a need can be met, minutes.
    """

    walking_speed: float
    bike_speed: Mapping[str, float]
    car_speed: Mapping[str, float]
    snapping: float
    longest_access: float
    access_detour: float
    access_speed: Mapping[str, float]
    access_over_water: float
    quay_access: float
    ferry_wait: float
    ferry_hours: float
    ferry_departures: float
    winter_crossing: float

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Take the values of the assumptions file ``reach``.

        Raises
        ------
        InputError
            A value is missing, unknown, or not a number that it can be; every fault is named.
        """
        names = [field.name for field in fields(cls)]
        faults = [f"{name} is missing" for name in names if name not in values]
        faults += [f"{name} is unknown" for name in values if name not in names]
        for name in set(names) & set(values):
            faults += _faults(name, values[name])
        if faults:
            raise InputError(
                f"The assumptions on travel are wrong: {'; '.join(sorted(faults))}.",
                hint="Compare them with layers/assumptions/reach.toml.",
            )
        return cls(**values)

    def access_minutes(self, metres: Floats, mode: Mode) -> Floats:
        """Return how long the way to the network takes, minutes, by its straight length, metres."""
        speed = self.walking_speed if mode == "foot" else self.access_speed[mode]
        minutes: Floats = metres * self.access_detour / 1000 / speed * 60
        return minutes


def pace(roads: pd.DataFrame, mode: Mode, standards: TravelStandards) -> tuple[Floats, Floats]:
    """Return how long each road takes along and against its line.

    Parameters
    ----------
    roads
        Attributes: ``kind`` and, where they are known, ``speed_kmh`` (holds for cars), ``foot``, ``bike`` and ``car``
        (``yes``, ``no``; else the kind decides), and ``direction`` (``forward``, ``backward``, else both; holds for
        bicycles and cars).

    Returns
    -------
    along, against
        Minutes per metre; infinite where the mode may not go.

    Notes
    -----
    A road that says ``yes`` to a mode which its kind is closed to is travelled at the slowest speed of the open kinds.
    """
    speed, open_ = _speed(roads, mode, standards), _text(roads, mode)
    if mode == "car" and "speed_kmh" in roads.columns:
        limit = pd.to_numeric(roads["speed_kmh"]).to_numpy(dtype=float, na_value=np.nan)
        speed = np.where((limit > 0) & (speed > 0), limit, speed)
    speed = np.where(open_ == "no", 0.0, speed)
    with np.errstate(divide="ignore"):
        minutes = 60 / (speed * 1000)
    if mode == "foot":
        return minutes, minutes
    direction = _text(roads, "direction")
    return np.where(direction == "backward", np.inf, minutes), np.where(direction == "forward", np.inf, minutes)


def _speed(roads: pd.DataFrame, mode: Mode, standards: TravelStandards) -> Floats:
    """Return the speed, km/h, that the kinds of roads give, 0 where they are closed."""
    if mode == "foot":
        return np.full(len(roads), float(standards.walking_speed))
    table = standards.bike_speed if mode == "bike" else standards.car_speed
    speed = roads["kind"].map(dict(table)).fillna(0.0).to_numpy(dtype=float)
    slowest = min((value for value in table.values() if value > 0), default=0.0)
    return np.where((_text(roads, mode) == "yes") & (speed == 0), slowest, speed)


def _text(roads: pd.DataFrame, column: str) -> Any:
    if column not in roads.columns:
        return np.full(len(roads), None, dtype=object)
    return roads[column].to_numpy(dtype=object)


def _faults(name: str, value: Any) -> list[str]:
    """Tell what is wrong with one value."""
    if name in ("bike_speed", "car_speed", "access_speed"):
        if not isinstance(value, Mapping) or not all(_is_number(number) for number in value.values()):
            return [f"{name} must be a table of speeds from 0, not {value!r}"]
        lacking = [mode for mode in MODES[1:] if not value.get(mode, 0) > 0] if name == "access_speed" else []
        return [f"{name}.{mode} must be above 0" for mode in lacking]
    if not _is_number(value):
        return [f"{name} must be a number from 0, not {value!r}"]
    if name == "access_detour" and value < 1:
        return [f"{name} must be at least 1, not {value!r}"]
    if name in _ABOVE_ZERO and value == 0:
        return [f"{name} must be above 0"]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")

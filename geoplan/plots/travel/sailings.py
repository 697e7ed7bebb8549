"""Ferries of a season: where they go, how long one waits, how long one sails."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import FrameError
from geoplan.frames import check_frame, metres_per_unit
from geoplan.plots.travel.network import Floats, Shapes
from geoplan.plots.travel.standards import Season, TravelStandards

__all__ = ["Sailings", "sailings"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sailings:
    """Ways over water, both ways each.

    Attributes
    ----------
    quays
        The quays, two a line: all first ends, then all last ends.
    minutes
        Waiting and sailing, one entry a line.
    cars
        Whether the line carries cars.
    guessed
        How many of the lines say neither headway nor departures.
    """

    quays: Shapes
    minutes: Floats
    cars: npt.NDArray[np.bool_]
    guessed: int

    def carrying(self, cars_only: bool) -> Sailings:
        """Return the lines that carry cars, or all of them."""
        kept = self.cars if cars_only else np.ones(len(self.cars), bool)
        return Sailings(
            quays=self.quays[np.tile(kept, 2)], minutes=self.minutes[kept], cars=self.cars[kept], guessed=self.guessed
        )


def sailings(ferries: gpd.GeoDataFrame | None, *, season: Season, standards: TravelStandards) -> Sailings:
    """Return the ferries that sail in a season.

    Parameters
    ----------
    ferries
        The layer ``ferries``, in a projected CRS; ``None`` for none. ``minutes`` must be there; ``winter_minutes``,
        ``headway_minutes``, ``departures_per_day``, ``season`` and ``cars`` may be.
    season
        In winter the lines of the season ``summer`` do not sail, and ``winter_minutes`` hold where given.

    Returns
    -------
    Sailings
        In an order that does not depend on that of the rows. Lines shorter than ``standards.snapping`` are left out:
        they go nowhere. A line that does not say that it carries cars does not.

    Raises
    ------
    FrameError
        A column is missing, a geometry is not a line, or a time is missing or not above zero.

    Notes
    -----
    Waiting is ``ferry_wait`` (half) of the headway; without a headway, of ``ferry_hours`` divided by the departures a
    day. It is paid at every boarding.
    """
    if ferries is None or not len(ferries):
        return Sailings(quays=np.empty(0, object), minutes=np.empty(0), cars=np.empty(0, bool), guessed=0)
    check_frame(ferries, name="ferries", columns=["minutes"], geometry=["line"])
    first, last = _ends(ferries.geometry.to_numpy())
    sails = shapely.distance(first, last) * metres_per_unit(ferries.crs) > standards.snapping
    if season == "winter" and "season" in ferries.columns:
        sails &= (ferries["season"] != "summer").to_numpy(dtype=bool, na_value=True)
    known, wait = _waiting(ferries, standards)
    minutes = _crossing(ferries, season) + wait
    cars = np.zeros(len(ferries), bool)
    if "cars" in ferries.columns:
        cars = (ferries["cars"] == "yes").to_numpy(dtype=bool, na_value=False)
    keys = list(zip(shapely.to_wkb(ferries.geometry.to_numpy()), minutes.tolist(), cars.tolist(), strict=True))
    kept = np.array([n for n in sorted(range(len(keys)), key=keys.__getitem__) if sails[n]], dtype=np.intp)
    quays = np.concatenate([first[kept], last[kept]])
    return Sailings(quays=quays, minutes=minutes[kept], cars=cars[kept], guessed=int((~known[kept]).sum()))


def _ends(lines: Shapes) -> tuple[Shapes, Shapes]:
    """Return the first and the last point of lines; parts follow one another."""
    xy, row = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(row, np.arange(len(lines)))
    last = np.searchsorted(row, np.arange(len(lines)), side="right") - 1
    return np.asarray(shapely.points(xy[first])), np.asarray(shapely.points(xy[last]))


def _crossing(ferries: gpd.GeoDataFrame, season: Season) -> Floats:
    """Return the minutes under way."""
    minutes = _times(ferries, "minutes")
    if minutes.isna().any():
        raise FrameError("ferries", [f"{int(minutes.isna().sum())} rows have no minutes"])
    if season == "winter":
        minutes = _times(ferries, "winter_minutes").fillna(minutes)
    return np.asarray(minutes, dtype=np.float64)


def _waiting(ferries: gpd.GeoDataFrame, standards: TravelStandards) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return whether a line says how often it sails, and the minutes of waiting."""
    headway, departures = _times(ferries, "headway_minutes"), _times(ferries, "departures_per_day")
    spread = standards.ferry_hours * 60 / departures.fillna(standards.ferry_departures)
    known = headway.notna() | departures.notna()
    wait = standards.ferry_wait * headway.fillna(spread)
    return np.asarray(known, dtype=bool), np.asarray(wait, dtype=np.float64)


def _times(ferries: gpd.GeoDataFrame, column: str) -> pd.Series[float]:
    """Return a column of numbers above zero, missing ones as NaN."""
    if column not in ferries.columns:
        return pd.Series(np.nan, index=ferries.index)
    values: pd.Series[float] = pd.to_numeric(ferries[column]).astype(float)
    wrong = (values <= 0) | np.isinf(values)
    if wrong.any():
        raise FrameError("ferries", [f"{int(wrong.sum())} rows have a {column} that is not above zero"])
    return values

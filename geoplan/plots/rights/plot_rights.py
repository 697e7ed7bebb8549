"""How many homes each plot holds: its part of the building right, or what is usual where no right is stated."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.frames import optional
from geoplan.plots.rights.dwellings import DwellingAssumptions, allowed_types, dwellings_held
from geoplan.plots.rights.limits import Scope, limit, whole_parts

__all__ = ["PLOT_RIGHT_COLUMNS", "plot_rights"]

PLOT_RIGHT_COLUMNS: Final = (
    "homes", "homes_one_or_two", "homes_multi", "homes_basis", "max_building_area_m2", "max_gross_floor_area_m2",
    "max_height_m", "right_code", "right_basis",
)  # fmt: skip
"""The columns of :func:`plot_rights`, in order; docs/method-rights.md explains each."""

_EXISTING: Final = {
    "building_area": "existing_building_area_m2",
    "gross_floor_area": "existing_gross_floor_area_m2",
    "dwellings": "existing_dwellings",
}
"""What is limited, and the column of the rights that says how much of it stands there."""


def plot_rights(
    plots: pd.DataFrame,
    rights: pd.DataFrame,
    *,
    dwellings: DwellingAssumptions,
    homes_per_plot: npt.ArrayLike = 1,
) -> pd.DataFrame:
    """Return what each plot may build, and the homes that it holds by type.

    Parameters
    ----------
    plots
        ``id``, ``parcel``, ``kind``, and ``lot_m2`` (the plot with its garden) or else ``area_m2``, in m². Where
        ``plan_homes`` is ``none`` the plot lies outside the plan of its parcel and has no part of the right.
    rights
        From :func:`geoplan.plots.rights.rights.building_rights`.
    dwellings
        What turns areas into dwellings.
    homes_per_plot
        Homes on a plot where no plan gives a number: one number, or one for each plot.

    Returns
    -------
    pandas.DataFrame
        With the index of ``plots`` and :data:`PLOT_RIGHT_COLUMNS`. ``homes_one_or_two`` and ``homes_multi`` are
        alternatives, never a sum; ``homes`` is the greater. ``homes_basis`` is ``plan`` or ``standard``.

    Notes
    -----
    A vacant parcel that is one plot is the property, and has what is left of the property's right. Every other plot
    becomes a property of its own: a number per property holds for each, and what comes by area is split by the plots'
    size; dwellings are then made whole, so that the parts of small plots are not lost: the plots of a parcel together
    have the whole dwellings of all their land. What comes by area never adds up to more than the parcel has left, so a
    house that has used the right of the whole parcel leaves none to its garden.
    """
    parts = _Parts(plots.reset_index(drop=True), rights.reset_index(drop=True))
    bounds = {name: parts.bound(name) for name in _EXISTING}
    ceilings = {name: parts.bound(name, nothing_used=True) for name in _EXISTING}
    allowed = parts.allowed()
    held, ceiling = (
        dwellings_held(
            each["building_area"],
            each["gross_floor_area"],
            parts.ground_height(),
            each["dwellings"],
            allowed,
            assumptions=dwellings,
        )
        for each in (bounds, ceilings)
    )
    standard = _standard(np.broadcast_to(np.asarray(homes_per_plot, dtype=float), len(plots)), allowed, dwellings)
    # A type without a number has no more than what is usual; where the plan has numbers none is made up. Where nobody
    # knows what is used of them, what is usual counts, and never more than the plan lets a plot have.
    known = parts.planned & held["most"].notna().to_numpy()
    number = {
        name: np.where(known, np.nan_to_num(held[name]), np.fmin(standard[name], ceiling[name])) for name in standard
    }
    columns: dict[str, Any] = {
        "homes": np.fmax(number["one_or_two"], number["multi"]).astype(int),
        "homes_one_or_two": number["one_or_two"].astype(int),
        "homes_multi": number["multi"].astype(int),
        "homes_basis": np.where(known, "plan", "standard").astype(object),
        "max_building_area_m2": bounds["building_area"],
        "max_gross_floor_area_m2": bounds["gross_floor_area"],
        "max_height_m": parts.number("max_height_m"),
        "right_code": parts.take("right_code"),
        "right_basis": parts.basis(),
    }
    return pd.DataFrame(columns, index=plots.index)[list(PLOT_RIGHT_COLUMNS)]


class _Parts:
    """Plots beside the rights of their parcels.

    Attributes
    ----------
    planned
        Whether the plot's parcel has a right, and the plot lies in the plan that gives it.
    """

    def __init__(self, plots: pd.DataFrame, rights: pd.DataFrame) -> None:
        self._rights = rights
        position = pd.Series(np.arange(len(rights)), index=rights["parcel"].to_numpy(dtype=object))
        self._row = position.reindex(plots["parcel"]).to_numpy(dtype=float, copy=True)
        self._row[(optional(plots, "plan_homes") == "none").to_numpy()] = np.nan
        self.planned = ~np.isnan(self._row)
        group = plots.groupby("parcel", sort=False)["parcel"]
        self._id = plots["id"].to_numpy(dtype=object)
        self._parcel = plots["parcel"].to_numpy(dtype=object)
        # The property itself, and not a part of it.
        self._whole = ((plots["kind"] == "vacant_parcel") & (group.transform("size") == 1)).to_numpy()
        size = plots["lot_m2"] if "lot_m2" in plots else plots["area_m2"]
        share = size.to_numpy(dtype=float) / self.number("area_m2")
        total = pd.Series(share).groupby(self._parcel, sort=False).transform("sum").to_numpy()
        self._share = np.where(self._whole, 1.0, share / np.fmax(total, 1.0))
        entries = [{"row": row, **entry} for row, basis in enumerate(rights["right_basis"]) for entry in basis]
        names = ["row", "code", "quantity", "value", "of", "counts", "remains"]
        self._entries = pd.DataFrame(entries, columns=names).astype({"value": float, "counts": float, "remains": float})

    def take(self, column: str) -> npt.NDArray[Any]:
        """Return a column of the parcel's right for each plot; None where there is none."""
        result = np.full(len(self._row), None, dtype=object)
        result[self.planned] = self._rights[column].to_numpy(dtype=object)[self._row[self.planned].astype(int)]
        return result

    def number(self, column: str) -> npt.NDArray[np.float64]:
        """Return the same for a column of numbers; NaN where there is none."""
        return self._at(pd.to_numeric(self._rights[column], errors="coerce"))

    def bound(self, quantity: str, *, nothing_used: bool = False) -> npt.NDArray[np.float64]:
        """Return the most of a quantity on each plot; NaN where nothing limits it, or nobody knows what is used.

        With ``nothing_used`` what nobody knows counts as nothing: no more than that can be left.
        """
        used = self.number(_EXISTING[quantity])
        used = np.nan_to_num(used) if nothing_used else used
        # What stands on the property itself has used its number; a new property begins anew.
        new, own = (self._limit(quantity, column, "property") for column in ("value", "remains"))
        each = np.where(self._whole, _left(own, used), new)
        by_area = self._limit(quantity, "remains", "area")
        part = by_area * self._share
        asked = pd.Series(part).groupby(self._parcel, sort=False).transform("sum").to_numpy()
        available = _left(by_area, used)
        # Where nobody knows what stands there the plot has its own part, and the rest of the parcel its own.
        fits = np.isnan(used) | (asked <= available)
        part = np.where(fits, part, part * available / np.where(asked > 0, asked, 1.0))
        if quantity == "dwellings":
            part = whole_parts(part, self._parcel, self._id)
        unsure = self._whole & np.isnan(used) & ~(np.isnan(own) & np.isnan(by_area))
        return np.where(unsure, np.nan, np.fmin(each, part))

    def allowed(self) -> pd.DataFrame:
        """Return for each type whether it is allowed; where there is no plan the smaller type is."""
        table = pd.DataFrame({name: self.take(name) for name in ("homes_one_or_two", "homes_multi")})
        table = table.assign(homes=None)
        table.loc[~self.planned] = ["allowed", "allowed", "allowed"]
        return allowed_types(table)

    def ground_height(self) -> npt.NDArray[np.float64]:
        """Return the highest height above the ground in metres; NaN where none is stated."""
        above = self.number("max_height_m")
        above[self.take("height_reference") != "ground"] = np.nan
        return above

    def basis(self) -> list[list[dict[str, Any]]]:
        """Return for each plot what binds on its parcel."""
        own = self.take("right_basis")
        return [[entry for entry in each if entry["binds"]] if each is not None else [] for each in own]

    def _limit(self, quantity: str, column: str, scope: Scope) -> npt.NDArray[np.float64]:
        return self._at(limit(self._entries, quantity, len(self._rights), column=column, scope=scope)["value"])

    def _at(self, values: pd.Series[float]) -> npt.NDArray[np.float64]:
        return np.array(values.reindex(self._row), dtype=np.float64)


def _left(most: npt.NDArray[np.float64], used: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what is left, never less than nothing; NaN where nothing limits, or nobody knows."""
    left = most - used
    return np.where(left < 0, 0.0, left)


def _standard(
    homes: npt.NDArray[np.float64], allowed: pd.DataFrame, assumptions: DwellingAssumptions
) -> dict[str, npt.NDArray[np.float64]]:
    """Return what is usual, of a type that is allowed; the smaller type where both are and few homes are usual."""
    one, multi = ((allowed[name] == "allowed").to_numpy() for name in ("one_or_two", "multi"))
    large = multi & ((homes >= assumptions.smallest_multi) | ~one)
    return {"one_or_two": np.where(one & ~large, homes, 0.0), "multi": np.where(large, homes, 0.0)}

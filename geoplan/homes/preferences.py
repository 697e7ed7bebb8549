"""What homes households want, by their type, age and size: data, from a survey or from assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.homes.ages import OLDEST, AgeBand
from geoplan.homes.householdtypes import ANY_TYPE
from geoplan.text import Text

__all__ = ["CELL", "UNDIVIDED", "Preferences"]

CELL = ("dwelling_type", "tenure", "size")
"""What makes a kind of dwelling."""

UNDIVIDED = "all"
"""The value of a dimension that nothing is divided by."""


@dataclass(frozen=True)
class Preferences:
    """Shares of kinds of dwelling that groups of households want.

    Attributes
    ----------
    table
        ``household_type`` (:data:`~geoplan.homes.householdtypes.ANY_TYPE` for all), ``low`` and ``high`` (age of the
        reference person), ``persons`` (missing for all), ``dwelling_type``, ``tenure``, ``size``, ``share``.
    assumptions
        What was assumed.
    """

    table: pd.DataFrame
    assumptions: tuple[Text, ...]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Preferences:
        """Take the numbers of ``layers/assumptions/preferences.toml``.

        Dwelling type by household type and age, tenure by dwelling type, and rooms by persons in the household are
        taken as independent of each other.

        Raises
        ------
        InputError
            One is missing, or shares do not add up to 1.
        """
        names = ("dwelling_type", "old_from", "dwelling_type_old", "tenure", "size")
        missing = [name for name in names if name not in values]
        if missing:
            raise InputError(f"The assumptions on preferences lack {', '.join(missing)}.")
        faults = [
            f"{name}.{key}"
            for name in names
            if name != "old_from"
            for key, shares in values[name].items()
            if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0
        ]
        if faults:
            raise InputError(f"Shares do not add up to 1: {', '.join(faults)}.")
        old = int(values["old_from"])
        rows = [
            (kind, low, high, np.nan if persons == UNDIVIDED else float(persons), dwelling, tenure, size, a * b * c)
            for name, low, high in (("dwelling_type", 0, old - 1), ("dwelling_type_old", old, OLDEST))
            for kind, dwellings in values[name].items()
            for dwelling, a in dwellings.items()
            for tenure, b in values["tenure"].get(dwelling, {UNDIVIDED: 1.0}).items()
            for persons, sizes in values["size"].items()
            for size, c in sizes.items()
            if a * b * c > 0
        ]
        told = Text(
            sv="Vad hushåll vill ha är antaganden utan källa (layers/assumptions/preferences.toml).",
            en="What households want are assumptions without a source (layers/assumptions/preferences.toml).",
        )
        return cls(pd.DataFrame(rows, columns=_COLUMNS), (told,))

    @classmethod
    def from_table(cls, layer: pd.DataFrame) -> Preferences:
        """Take the ``preferences`` layer: ``household_type``, ``age``, the parts of :data:`CELL`, and ``share``.

        Raises
        ------
        FrameError
            A share is missing or outside 0 to 1, or those of a household type and age do not add up to 1.
        """
        check_frame(layer, name="preferences", columns=["dwelling_type", "tenure", "share"])
        table = layer.reindex(columns=["household_type", "age", *CELL, "share"]).reset_index(drop=True)
        bands = [AgeBand.parse(age) for age in table["age"]]
        table["household_type"] = table["household_type"].astype(object).fillna(ANY_TYPE).replace("", ANY_TYPE)
        table["size"] = table["size"].astype(object).fillna(UNDIVIDED).replace("", UNDIVIDED)
        table["low"] = [band.low for band in bands]
        table["high"] = [band.high for band in bands]
        table["share"] = pd.to_numeric(table["share"]).astype(float)
        sums = table.groupby(["household_type", "low", "high"])["share"].transform("sum")
        if not table["share"].between(0, 1).all() or (sums - 1).abs().gt(1e-3).any():
            raise FrameError(
                "preferences",
                ["a share is missing or outside 0 to 1, or those of a household type and age do not add up to 1"],
            )
        return cls(table.assign(share=table["share"] / sums, persons=np.nan)[_COLUMNS], ())

    def shares(self, groups: pd.DataFrame) -> pd.DataFrame:
        """Return what each group wants.

        Parameters
        ----------
        groups
            ``household_type``, ``age`` (band), ``persons`` (missing where unknown).

        Returns
        -------
        DataFrame
            A row for each of ``groups`` by position, a column for each kind of dwelling (:data:`CELL`); rows add up
            to 1.

        Raises
        ------
        FrameError
            Nothing tells of a group.

        Notes
        -----
        A group takes the rows of its own household type and size, else those of all; where these are of several age
        bands, each counts by the years that it shares with the group. Sizes above the largest class are of it.
        """
        cells = self.table.groupby(list(CELL))["share"].sum().index
        place = {cell: n for n, cell in enumerate(cells)}
        result = np.zeros((len(groups), len(cells)))
        by_kind = {
            (kind, persons): rows
            for (kind, persons), rows in self.table.groupby(["household_type", "persons"], dropna=False)
        }
        faults = []
        for n, (kind, age, persons) in enumerate(
            zip(groups["household_type"], groups["age"], groups["persons"], strict=True)
        ):
            rows = self._rows(by_kind, kind, persons)
            band = AgeBand.parse(age)
            if rows is not None:
                low, high = np.maximum(rows["low"], band.low), np.minimum(rows["high"], band.high)
                weights = np.maximum(high - low + 1, 0) * rows["share"]
                columns = [place[cell] for cell in zip(*(rows[name] for name in CELL), strict=True)]
                np.add.at(result[n], columns, weights.to_numpy(dtype=float))
            if not result[n].any():
                faults.append(f"nothing tells what {kind} of {band} want")
        if faults:
            raise FrameError("preferences", list(dict.fromkeys(faults)), hint="Add a row for all household types.")
        return pd.DataFrame(result / result.sum(axis=1, keepdims=True), columns=cells)

    @staticmethod
    def _rows(by_kind: Mapping[Any, pd.DataFrame], kind: str, persons: float) -> pd.DataFrame | None:
        """Return the rows of a household type and size, or the nearest there are."""
        for name in (kind, ANY_TYPE):
            sizes = [size for known, size in by_kind if known == name]
            given = sorted(size for size in sizes if not pd.isna(size))
            if given and not pd.isna(persons):
                return by_kind[name, max((size for size in given if size <= persons), default=given[0])]
            whole = next((rows for (known, size), rows in by_kind.items() if known == name and pd.isna(size)), None)
            if whole is not None:
                return whole
        return None


_COLUMNS = ["household_type", "low", "high", "persons", *CELL, "share"]

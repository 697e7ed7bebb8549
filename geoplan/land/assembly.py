"""The tables of buildable land, put together from the tiles' answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.frames import metres_per_unit
from geoplan.land.overlay import NEGLIGIBLE, Taken
from geoplan.land.prepared import Prepared
from geoplan.land.rules import BLOCKING, SEVERITIES, Severity

__all__ = ["REASON_COLUMNS", "STAGES", "Assembly"]

REASON_COLUMNS = (
    "parcel",
    "rule",
    "severity",
    "layer",
    "basis",
    "feature",
    "blocks",
    "area_m2",
    "share",
    "only_m2",
    "taken_m2",
)

STAGES: tuple[Severity, ...] = BLOCKING[:-1]
"""Severities with a remainder of their own; with the last one that blocks it is the buildable land."""

_NAMED_FEATURES = 3

_NONE: npt.NDArray[Any] = np.empty(0, dtype=np.intp)
_NOTHING = Taken(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE)


class Assembly:
    """The tables of :class:`geoplan.land.buildable.Buildable`.

    Parameters
    ----------
    parcels
        ``id`` and polygons.
    prepared
        The constraints that the tiles were computed with.
    blocking
        For every group whether it takes land.
    answers
        The tiles' answers, in any order.
    """

    def __init__(
        self,
        parcels: gpd.GeoDataFrame,
        prepared: Prepared,
        blocking: npt.NDArray[np.bool_],
        answers: Sequence[Taken],
    ) -> None:
        self._id, self._crs = parcels["id"].reset_index(drop=True), parcels.crs
        self._ids = self._id.to_numpy(dtype=object)
        self._shapes = parcels.geometry.to_numpy()
        self._unit = metres_per_unit(parcels.crs)
        self._feature, self._groups, self._blocking = prepared.feature, prepared.groups, blocking
        self._left = self._shapes.copy()
        for answer in answers:
            self._left[answer.position] = answer.left
        answers = answers or [_NOTHING]
        sizes = np.cumsum([0, *(len(answer.row_parcel) for answer in answers)])
        parcel, group = (_join(answers, name) for name in ("row_parcel", "row_group"))
        # By parcel, then strongest first; parcels come in tiles.
        self._order = np.lexsort([group, parcel])
        self._parcel, self._group = parcel[self._order].astype(int), group[self._order].astype(int)
        self._alone, self._only, self._first = (
            _join(answers, name)[self._order].astype(float) for name in ("alone", "only", "first")
        )
        self._after = _join(answers, "after")[self._order]
        place = np.empty(len(parcel), dtype=np.intp)
        place[self._order] = np.arange(len(parcel))
        pairs = [answer.pair_row + start for answer, start in zip(answers, sizes, strict=False)]
        self._pair_row = place[np.concatenate(pairs)]
        self._pair_piece = _join(answers, "pair_piece")

    def tables(self, sliver_width_m: float) -> tuple[gpd.GeoDataFrame, pd.DataFrame, gpd.GeoDataFrame]:
        """Return parcels, reasons and remainders; parts narrower than ``sliver_width_m`` metres are slivers."""
        square = self._unit**2
        whole, exact = shapely.area(self._shapes), shapely.area(self._left)
        cut = np.unique(self._parcel[self._first > NEGLIGIBLE * whole[self._parcel]])
        left, slivers = _without_slivers(self._left, cut, sliver_width_m / self._unit)
        stages = {severity: self._stage(severity) for severity in STAGES}
        remaining = exact - slivers
        table = {
            "id": self._id,
            "area_m2": whole * square,
            "buildable_m2": remaining * square,
            "taken_m2": (whole - remaining) * square,
            "sliver_m2": slivers * square,
            **{f"left_{severity}_m2": shapely.area(stage) * square for severity, stage in stages.items()},
        }
        return (
            gpd.GeoDataFrame(table, geometry=left, crs=self._crs),
            self._reasons(whole, square),
            self._remainders(stages, exact, square),
        )

    def _stage(self, severity: Severity) -> npt.NDArray[Any]:
        """Return what is left when rules of a severity and stronger have taken theirs."""
        limit = SEVERITIES.index(severity)
        strong = [SEVERITIES.index(group.severity) <= limit for group in self._groups]
        rows = np.flatnonzero((np.array(strong, dtype=bool) & self._blocking)[self._group])
        stage: npt.NDArray[Any] = self._shapes.copy()
        # Rows stand strongest first: a parcel's last one of these stays.
        stage[self._parcel[rows]] = self._after[rows]
        return stage

    def _remainders(
        self, stages: dict[Severity, npt.NDArray[Any]], exact: npt.NDArray[np.float64], square: float
    ) -> gpd.GeoDataFrame:
        frames = []
        for severity, stage in stages.items():
            area = shapely.area(stage)
            more = np.flatnonzero(area > exact)
            parcels, severities = _texts(self._ids[more]), _texts(np.full(len(more), severity, dtype=object))
            columns = {"parcel": parcels, "severity": severities, "area_m2": area[more] * square}
            frames.append(gpd.GeoDataFrame(columns, geometry=stage[more], crs=self._crs))
        return pd.concat(frames, ignore_index=True)

    def _reasons(self, whole: npt.NDArray[np.float64], square: float) -> pd.DataFrame:
        groups = self._groups
        kinds = {
            name: _texts(np.array([getattr(group, name) for group in groups], dtype=object)[self._group])
            for name in ("rule", "severity", "layer", "basis")
        }
        table = pd.DataFrame(
            {
                "parcel": _texts(self._ids[self._parcel]),
                **kinds,
                "feature": _texts(self._features()),
                "blocks": self._blocking[self._group],
                "area_m2": self._alone * square,
                "share": self._alone / whole[self._parcel],
                "only_m2": self._only * square,
                "taken_m2": self._first * square,
            },
            columns=list(REASON_COLUMNS),
        )
        told: pd.DataFrame = table[self._alone > NEGLIGIBLE * whole[self._parcel]]
        return told.reset_index(drop=True)

    def _features(self) -> npt.NDArray[Any]:
        """Name up to three causing features of every row, in the order of their names."""
        names = self._feature[self._pair_piece]
        named = pd.DataFrame({"row": self._pair_row, "feature": names}).dropna().drop_duplicates()
        named = named.assign(feature=named["feature"].astype(str)).sort_values(["row", "feature"])
        named = named[named.groupby("row").cumcount() < _NAMED_FEATURES]
        texts = named.groupby("row")["feature"].agg(", ".join)
        result = np.full(len(self._parcel), None, dtype=object)
        result[texts.index.to_numpy(dtype=int)] = texts.to_numpy(dtype=object)
        return result


def _join(answers: Sequence[Taken], name: str) -> npt.NDArray[Any]:
    joined: npt.NDArray[Any] = np.concatenate([getattr(answer, name) for answer in answers])
    return joined


def _texts(values: npt.NDArray[Any]) -> pd.Series[Any]:
    """Return a column of objects: which kind of text pandas makes of one depends on what is missing in it."""
    return pd.Series(values, dtype=object)


def _without_slivers(
    left: npt.NDArray[Any], places: npt.NDArray[np.intp], width: float
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Drop what is narrower than a width from the remainders at places; return what is left, and what went."""
    dropped = np.zeros(len(left))
    parts, owner = shapely.get_parts(left[places], return_index=True)
    area, around = shapely.area(parts), shapely.length(parts)
    thin = 2 * area < width * around
    if not thin.any():
        return left, dropped
    left = left.copy()
    np.add.at(dropped, places[owner[thin]], area[thin])
    concerned = np.unique(owner[thin])
    keep = ~thin & np.isin(owner, concerned)
    rest = np.full(len(places), shapely.Polygon(), dtype=object)
    shapely.multipolygons(parts[keep], indices=owner[keep], out=rest)
    single = np.bincount(owner[keep], minlength=len(places)) == 1
    rest[single] = shapely.get_geometry(rest[single], 0)
    left[places[concerned]] = rest[concerned]
    return left, dropped

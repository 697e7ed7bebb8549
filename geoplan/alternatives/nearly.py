"""Land that misses one criterion: what would have to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.alternatives.candidates import Assessment
from geoplan.alternatives.criteria import OPENABLE, Criterion, Opened, opens
from geoplan.alternatives.guarded import Unguarded
from geoplan.frames import metres_per_unit
from geoplan.land.rules import BLOCKING, Severity

__all__ = ["NEARLY", "near_misses"]

NEARLY = 0.8
"""The share of the area or width asked for from which land is told as nearly enough.

Our own number: a plan is often drawn a fifth smaller; it decides nothing but what is listed.
"""

_COLUMNS = ["criterion", "parcel", "answer", "has", "needs", "distance_m", "owner_kind", "geometry"]


def near_misses(
    parcels: gpd.GeoDataFrame,
    unguarded: Unguarded,
    found: Sequence[tuple[str, Assessment]],
    candidates: gpd.GeoDataFrame,
    criteria: Sequence[Criterion],
    opened: Opened,
) -> gpd.GeoDataFrame:
    """List the parcels that do not meet the criteria and miss exactly one.

    Parameters
    ----------
    parcels, unguarded, candidates
        Of the search, in the same order.
    found
        The assessments, by class of land.
    criteria, opened
        What was asked.

    Returns
    -------
    GeoDataFrame
        One row a parcel: see :class:`geoplan.alternatives.search.Alternatives`. ``has`` is what there is (m², metres or
        a word), ``needs`` what is asked.

    Notes
    -----
    Land that another rule takes is measured by its area in all: whether it lies in one piece, and free, was not
    looked at. A parcel that misses in several ways is listed once, with the first of: what is asked of the place, the
    area or width, what would have to be investigated, what would need an exemption.
    """
    asked = {criterion.id: criterion for criterion in criteria}
    misses = ~candidates["meets"].to_numpy()
    frames = [_by_place(assessment, asked) for _, assessment in found]
    frames += [_by_size(assessment, asked) for _, assessment in found]
    need = float(asked["area"].threshold or 0)
    for severity in OPENABLE:
        if not opens(opened, severity):
            frames.append(_by_rule(unguarded, severity, need))
    table = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    table = table[misses[table["row"].to_numpy(dtype=np.intp)]].drop_duplicates("row")
    row = table["row"].to_numpy(dtype=np.intp)
    rank = {criterion.id: place for place, criterion in enumerate(criteria)}
    table = table.assign(
        parcel=candidates["id"].to_numpy()[row],
        distance_m=candidates["distance_m"].to_numpy()[row],
        owner_kind=candidates["owner_kind"].to_numpy()[row],
        geometry=parcels.geometry.to_numpy()[row],
    )
    order = np.lexsort([table["parcel"], table["distance_m"], table["criterion"].map(rank).astype(int)])
    return gpd.GeoDataFrame(table.iloc[order].reset_index(drop=True)[_COLUMNS], geometry="geometry", crs=parcels.crs)


def _by_place(assessment: Assessment, asked: dict[str, Criterion]) -> pd.DataFrame:
    """Return plots that would suffice alone and miss one thing that is asked of the place."""
    plots = assessment.plots
    answers = [name for name in plots.columns if name.startswith("answer_")]
    failing = plots[answers].ne("yes")
    part = np.array([max(shapely.area(shapely.get_parts(shape)), default=0.0) for shape in plots.geometry])
    area = part * metres_per_unit(plots.crs) ** 2
    wide = (plots["width_m"] >= float(asked["width"].threshold or 0)).to_numpy()
    chosen = plots[(failing.sum(axis=1) == 1).to_numpy() & (area >= float(asked["area"].threshold or 0)) & wide]
    rows: list[dict[str, Any]] = []
    for place, plot in chosen.iterrows():
        name = str(failing.loc[place].idxmax())
        criterion = asked[name.removeprefix("answer_")]
        column = {"plan": "plan_homes", "utility": "utility", "owner": "owner_kind"}.get(
            criterion.id, f"{criterion.id}_m"
        )
        rows.append(_miss(criterion.id, plot["row"], plot[name], plot[column], criterion.threshold))
    return _table(rows)


def _by_size(assessment: Assessment, asked: dict[str, Criterion]) -> pd.DataFrame:
    """Return pieces that are nearly large or nearly wide enough, the largest of every parcel first."""
    pieces = assessment.pieces[~assessment.pieces["meets"]].sort_values("site_area_m2", ascending=False, kind="stable")
    need = {name: float(asked[name].threshold or 0) for name in ("area", "width")}
    rows: list[dict[str, Any]] = []
    for piece in pieces.itertuples():
        if piece.site_area_m2 < need["area"]:
            if piece.site_area_m2 >= NEARLY * need["area"]:
                rows.append(_miss("area", piece.row, "no", piece.site_area_m2, need["area"]))
        elif piece.site_width_m >= NEARLY * need["width"]:
            rows.append(_miss("width", piece.row, "no", piece.site_width_m, need["width"]))
    return _table(rows)


def _by_rule(unguarded: Unguarded, severity: Severity, need: float) -> pd.DataFrame:
    """Return parcels that would have the area if rules of a severity did not count."""
    stronger = BLOCKING[BLOCKING.index(severity) - 1]
    left = unguarded.areas[f"{stronger}_m2"].to_numpy()
    clear = unguarded.areas["clear_m2"].to_numpy()
    chosen = np.flatnonzero((left >= need) & (clear < need))
    answer = "unknown" if severity == "investigate" else "no"
    return _table([_miss(severity, row, answer, left[row], need) for row in chosen])


def _miss(criterion: str, row: Any, answer: str, has: Any, needs: Any) -> dict[str, Any]:
    has = None if has is None or (not isinstance(has, str) and pd.isna(has)) else has
    return {"criterion": criterion, "row": int(row), "answer": answer, "has": has, "needs": needs}


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["criterion", "row", "answer", "has", "needs"])
    return table.astype({"has": object, "needs": object, "criterion": object, "answer": object})

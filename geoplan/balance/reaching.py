"""Which area's homes a household of another area can take, by the crossing between them in winter."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame

__all__ = ["REACH_COLUMNS", "reachable"]

REACH_COLUMNS = ("from_area", "to_area", "minutes")


def reachable(areas: Iterable[str], crossing_minutes: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Return the pairs of areas between which a need can be met.

    Parameters
    ----------
    areas
        Ids of all areas. Each reaches itself.
    crossing_minutes
        ``from_area``, ``to_area``, ``minutes`` over water in winter, waiting included: 0 where roads connect them,
        missing where nothing does (:func:`geoplan.plots.travel.crossings.crossing_minutes`).
    limit
        The longest crossing, minutes.

    Returns
    -------
    DataFrame
        :data:`REACH_COLUMNS`, ordered. A pair that is not told of is not reachable: unknown is not near.

    Raises
    ------
    FrameError
        Columns are missing, a pair is there twice, or minutes are negative.
    """
    check_frame(crossing_minutes, name="crossings", columns=REACH_COLUMNS)
    table = crossing_minutes[list(REACH_COLUMNS)]
    faults = []
    if table.duplicated(["from_area", "to_area"]).any():
        faults.append("a pair of areas is there twice")
    if (table["minutes"] < 0).any():
        faults.append("a crossing takes less than no time")
    if faults:
        raise FrameError("crossings", faults)
    known = sorted(set(areas))
    own = pd.DataFrame({"from_area": known, "to_area": known, "minutes": 0.0})
    others = table[
        table["from_area"].isin(known)
        & table["to_area"].isin(known)
        & table["from_area"].ne(table["to_area"])
        & table["minutes"].le(limit)
    ]
    rows = pd.concat([own, others], ignore_index=True) if len(others) else own
    return rows.sort_values(["from_area", "to_area"], kind="stable", ignore_index=True)

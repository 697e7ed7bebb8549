"""What an island can carry: homes that its plan allows beside homes that its water, sewage, quay and school allow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoplan.errors import FrameError
from geoplan.frames import check_frame

__all__ = ["GATES", "GATE_COLUMNS", "gate_room", "gates"]

GATES = ("water", "sewage", "quay", "school")
"""Fresh water, sewage, the quay, the school."""

GATE_COLUMNS = ("area", "plan_homes", *GATES, "gates_allow", "gates_allow_at_most", "binding", "unknown", "verdict")


def gates(layer: pd.DataFrame, plan_homes: pd.DataFrame) -> pd.DataFrame:
    """Return what the gates of each island allow beside what its plan allows.

    Parameters
    ----------
    layer
        The ``island_gates`` layer: ``area``, ``gate`` (:data:`GATES`), ``capacity_homes`` and ``used_homes``
        (homes; missing where unknown).
    plan_homes
        ``area``, ``homes``: new homes that plans allow. Areas that the layer does not name have no gates.

    Returns
    -------
    DataFrame
        :data:`GATE_COLUMNS`, one row an area of the layer, ordered. In a gate's column the homes that it still takes
        (negative where it is overloaded, missing where unknown). ``gates_allow``: new homes that all gates allow,
        missing where one of them is unknown; ``gates_allow_at_most``: the least of the gates that are known, missing
        where none is. ``binding``: the known gate that allows the least, where that is nothing, or less than the plan
        allows; ``unknown``: the gates that nothing is known of, with commas between. ``verdict``: ``binds``;
        ``unknown`` where no known gate binds and another is unknown; ``open``.

    Raises
    ------
    FrameError
        Columns are missing, a gate is none of those, is there twice, or has a negative number.

    Notes
    -----
    A gate takes ``capacity_homes − used_homes`` more. A gate that is not told of is unknown, which is not the same as
    without limit. Of gates that allow equally little the first of :data:`GATES` is named.
    """
    check_frame(layer, name="island_gates", columns=["area", "gate", "capacity_homes", "used_homes"])
    check_frame(plan_homes, name="plan homes", columns=["area", "homes"])
    table = layer[["area", "gate"]].copy()
    for name in ("capacity_homes", "used_homes"):
        table[name] = pd.to_numeric(layer[name]).astype(float)
    tests = {
        f"a gate is none of {', '.join(GATES)}": ~table["gate"].isin(GATES),
        "a gate is there twice; add its parts up": table.duplicated(["area", "gate"]),
        "a number is negative": (table[["capacity_homes", "used_homes"]] < 0).any(axis=1),
        "a gate has no area": table["area"].isna(),
    }
    faults = [f"{words} (first: row {table.index[hit][0]})" for words, hit in tests.items() if hit.any()]
    if faults:
        raise FrameError("island_gates", faults)
    table["left"] = table["capacity_homes"] - table["used_homes"]
    wide = table.pivot(index="area", columns="gate", values="left").reindex(columns=list(GATES)).sort_index()
    homes = plan_homes.groupby("area")["homes"].sum().reindex(wide.index).fillna(0.0).astype(float)
    left = wide.to_numpy(dtype=float)
    known = ~np.isnan(left)
    least = np.where(known, left, np.inf).min(axis=1)
    first = np.where(known, left, np.inf).argmin(axis=1)
    at_most = np.where(known.any(axis=1), np.maximum(least, 0.0), np.nan)
    binds = known.any(axis=1) & ((least <= 0) | (least < homes.to_numpy()))
    return pd.DataFrame(
        {
            "area": wide.index.to_numpy(),
            "plan_homes": homes.to_numpy(),
            **{gate: left[:, n] for n, gate in enumerate(GATES)},
            "gates_allow": np.where(known.all(axis=1), at_most, np.nan),
            "gates_allow_at_most": at_most,
            "binding": pd.Series(np.where(binds, np.array(GATES, dtype=object)[first], None), dtype=object),
            "unknown": [", ".join(gate for gate, told in zip(GATES, row, strict=True) if not told) for row in known],
            "verdict": np.select([binds, ~known.all(axis=1)], ["binds", "unknown"], default="open"),
        }
    )[list(GATE_COLUMNS)]


def gate_room(table: pd.DataFrame, *, unknown: str = "closed") -> dict[str, int]:
    """Return how many new homes each island's gates let through.

    Parameters
    ----------
    table
        The table of :func:`gates`.
    unknown
        ``closed``: where a gate is unknown, none. ``known``: as many as the known gates let through; an island of
        which no gate is known has no limit.

    Returns
    -------
    dict
        Whole homes by area.
    """
    allowed = table.set_index("area")["gates_allow" if unknown == "closed" else "gates_allow_at_most"]
    kept = allowed.fillna(0.0) if unknown == "closed" else allowed.dropna()
    return {str(area): int(np.floor(homes)) for area, homes in kept.items()}

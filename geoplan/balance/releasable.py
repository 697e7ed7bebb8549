"""What is a municipality's to release: its plots, its gaps and the actions still open; and why the rest is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.balance.candidates import plot_measures, renewal_measures
from geoplan.balance.measures import MEASURE_COLUMNS, check_measures
from geoplan.frames import check_frame
from geoplan.homes.actions import RenewalStandards, check_actions
from geoplan.homes.sources import of_gaps, of_plots
from geoplan.text import Text

__all__ = ["LEFT_OUT_COLUMNS", "WHY_NOT", "Releasable", "releasable"]

LEFT_OUT_COLUMNS = ("id", "kind", "area", "why")

WHY_NOT: Mapping[str, Text] = {
    "no_homes": Text(sv="den ger inga bostäder", en="it brings no homes"),
    "no_area": Text(sv="den ligger i inget område med behov", en="it lies in no area that has a need"),
    "owner": Text(
        sv="marken ägs inte av någon som kommunen kan släppa den för", en="its land is not of an owner who may release"
    ),
    "owner_unknown": Text(sv="ingen vet vem som äger marken", en="nobody knows who owns its land"),
    "status": Text(sv="den är reserverad, såld eller i enskild ägo", en="it is reserved, sold or in private hands"),
    "stage": Text(
        sv="ingen plan medger bostäder, så fördelningen räknar den inte heller",
        en="no plan allows homes, so the allocation does not count it either",
    ),
    "gate": Text(
        sv="öns försörjning tar inga fler bostäder, eller är okänd",
        en="the gates of its island take no more homes, or are unknown",
    ),
    "stands_as": Text(
        sv="en åtgärd som redan är igång tar samma mark", en="an action that is under way takes the same land"
    ),
    "begun": Text(sv="den är redan igång eller färdig", en="it is under way or done"),
    "cancelled": Text(sv="den är avlyst", en="it is cancelled"),
    "nothing_to_do": Text(sv="platsen behålls eller säljs som den är", en="the place is kept or sold as it is"),
    "no_home_won": Text(
        sv="den byter bara slag på bostäder som står", en="it only changes the kind of homes that stand"
    ),
}
"""Why a plot, a gap or an action is no measure."""

_OPEN = ("proposed", "decided")
_STATUSES = ("available", "unknown")


@dataclass(frozen=True)
class Releasable:
    """What may be released, and what may not.

    Attributes
    ----------
    measures
        As :func:`geoplan.balance.measures.check_measures` returns them; ids are those of the supply account.
    left_out
        :data:`LEFT_OUT_COLUMNS`: ``kind`` ``plot``, ``gap`` or ``renewal``, ``why`` of :data:`WHY_NOT`; ordered by id.
    """

    measures: pd.DataFrame
    left_out: pd.DataFrame


def releasable(
    plots: pd.DataFrame,
    gaps: pd.DataFrame | None,
    actions: pd.DataFrame | None,
    *,
    owner_kinds: Mapping[str, str],
    owners: Collection[str],
    stages: Collection[str],
    standards: RenewalStandards,
    likely: Mapping[str, float] | None = None,
    closed: Collection[str] = (),
) -> Releasable:
    """Sort plots, gaps and actions into what a municipality may release and what it may not.

    Parameters
    ----------
    plots
        The ``plots`` layer.
    gaps
        The ``gaps`` layer, or ``None``. A gap on whose parcel there is a plot stands as the plot.
    actions
        The ``renewal_actions`` layer, or ``None``.
    owner_kinds
        The kind of owner by parcel, where known.
    owners
        Kinds of owner whose land may be released. Actions are the municipality's own.
    stages
        Stages of the supply account that count, as in the allocation.
    standards
        Which actions count, and whether a kind of plot takes new or reused land.
    likely
        Likely homes by the id of the supply account; the nominal where it is missing.
    closed
        Areas whose gates take no more homes.

    Returns
    -------
    Releasable
        The first reason of :data:`WHY_NOT` counts. Plots may be released where they are free or nobody has said
        otherwise (``available``, ``unknown``).

    Raises
    ------
    FrameError
        Columns are missing, or actions are wrong.

    Notes
    -----
    An open action on a parcel and a plot or gap on it exclude each other. One that is under way goes before both.
    """
    land = pd.concat([_of_plots(plots), _of_gaps(gaps, plots)], ignore_index=True)
    done = _actions(actions)
    owner = land["parcel"].map(dict(owner_kinds)).astype(object)
    building = done["why"].eq("begun") & done["action"].isin(["densify", "reuse_plot"])
    land["why"] = _first(
        {
            "no_homes": ~land["homes"].gt(0),
            "no_area": land["area"].isna(),
            "owner_unknown": owner.isna(),
            "owner": ~owner.isin(list(owners)),
            "status": ~land["status"].isin(_STATUSES),
            "stage": ~land["stage"].isin(list(stages)),
            "stands_as": land["parcel"].isin(set(done.loc[building, "parcel"].dropna())),
            "gate": land["area"].isin(list(closed)),
        },
        land.index,
    )
    gated = done["why"].eq("") & done["homes"].gt(0) & done["area"].isin(list(closed))
    done["why"] = done["why"].mask(gated, "gate")
    mine = land[land["why"].eq("")].drop(columns=["why", "kind"]).rename(columns={"plot_kind": "kind"})
    if likely is not None:
        mine = mine.assign(likely=mine["id"].map(dict(likely)).astype(float))
    parts = [plot_measures(mine, standards=standards)] if len(mine) else []
    if actions is not None and done["why"].eq("").any():
        chosen = set(done.loc[done["why"].eq(""), "id"])
        named = check_actions(actions).assign(id=lambda rows: "renewal_actions/" + rows["id"])
        parts.append(renewal_measures(named[named["id"].isin(chosen)], standards=standards, plots=mine))
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in MEASURE_COLUMNS})
    # As objects, so that a column that one part knows nothing of does not decide the kind of the whole.
    rows = pd.concat([part.astype(object) for part in parts], ignore_index=True) if parts else empty
    out = pd.concat([land[list(LEFT_OUT_COLUMNS)], done[list(LEFT_OUT_COLUMNS)]], ignore_index=True)
    left = out[out["why"].ne("")].sort_values("id", kind="stable").reset_index(drop=True)
    return Releasable(check_measures(rows), left)


def _of_plots(plots: pd.DataFrame) -> pd.DataFrame:
    """Return plots with the id and the stage that the supply account gives them."""
    check_frame(plots, name="plots", columns=["id", "parcel", "kind", "area", "homes", "plan_homes", "status"])
    source = of_plots(plots, {})
    table = pd.DataFrame(plots.drop(columns="geometry", errors="ignore")).reset_index(drop=True)
    size = "lot_m2" if "lot_m2" in table else "area_m2"
    known = [name for name in ("island", "cost_low", "cost_high") if name in table]
    rows = table[["parcel", "kind", "homes", "status", *known]].assign(
        id="plots/" + table["id"].astype(str),
        source="plot",
        area=table["area"],
        lot_m2=table[size],
        stage="" if source.empty else source["stage"],
    )
    return _plain(rows.rename(columns={"kind": "plot_kind", "source": "kind"}))


def _of_gaps(gaps: pd.DataFrame | None, plots: pd.DataFrame) -> pd.DataFrame:
    """Return gaps that stand for themselves, laid out as plots are; what a gap may be ready for is not asked here."""
    if gaps is None or gaps.empty:
        return _plain(pd.DataFrame({"id": pd.Series(dtype=object)}))
    check_frame(gaps, name="gaps", columns=["parcel", "kind", "area", "dwellings_remaining", "buildable_m2"])
    with_plot = set(plots.loc[plots["homes"].gt(0), "parcel"].astype(str))
    table = pd.DataFrame(gaps.drop(columns="geometry", errors="ignore")).reset_index(drop=True)
    kept = ~table["parcel"].astype(str).isin(with_plot) & table["kind"].isin(["gap", "partly_used"])
    rows = pd.DataFrame(
        {
            "id": "gaps/" + table["parcel"].astype(str),
            "parcel": table["parcel"],
            "plot_kind": table["kind"],
            "kind": "gap",
            "area": table["area"],
            "homes": pd.to_numeric(table["dwellings_remaining"]).astype(float).fillna(0.0),
            "status": "unknown",
            "lot_m2": table["buildable_m2"],
            "stage": of_gaps(gaps)["stage"],
        }
    )
    return _plain(rows[kept])


_LAID_OUT = (
    "id", "parcel", "plot_kind", "kind", "area", "homes", "status", "lot_m2", "stage", "island", "cost_low", "cost_high"
)  # fmt: skip


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reindex(columns=list(_LAID_OUT)).astype(object).reset_index(drop=True)


def _actions(actions: pd.DataFrame | None) -> pd.DataFrame:
    """Return actions with the id of the supply account, and why one is no choice any more."""
    names = ["id", "kind", "area", "parcel", "action", "homes", "why"]
    if actions is None or actions.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    table = check_actions(actions)
    # Homes that change kind are there before and after; a leisure home made of one is lost.
    moved = table["action"].eq("convert") & (
        table["from_type"].notna() & table["from_type"].ne("leisure") | table["type"].eq("leisure")
    )
    why = _first(
        {
            "cancelled": table["status"].eq("cancelled"),
            "begun": ~table["status"].isin(_OPEN),
            "nothing_to_do": table["action"].isin(["keep", "sell"]),
            "no_home_won": moved,
        },
        table.index,
    )
    rows = table.assign(id="renewal_actions/" + table["id"], kind="renewal", homes=table["net_dwellings"], why=why)
    return rows[names]


def _first(tests: Mapping[str, pd.Series[bool]], index: pd.Index[int]) -> pd.Series[str]:
    """Return the name of the first test that hits; empty where none does."""
    hits = [test.to_numpy(dtype=bool) for test in tests.values()]
    return pd.Series(np.select(hits, list(tests), default=""), index=index, dtype=object)

"""The land ledger: hectares newly taken against hectares used again, per home and year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geoplan.errors import InputError
from geoplan.frames import check_frame
from geoplan.homes.actions import LAND_KINDS, RenewalStandards, check_actions
from geoplan.places import WHOLE

__all__ = ["LEDGER_COLUMNS", "land_ledger", "plots_taken"]

LEDGER_COLUMNS = (
    "year",
    "area",
    "dwellings",
    "dwellings_new",
    "dwellings_reused",
    "dwellings_no_land",
    "dwellings_land_unknown",
    "demolished",
    "new_ha",
    "reused_ha",
    "freed_ha",
    "ha_per_dwelling",
    "new_ha_per_dwelling",
    "reused_share",
)

_M2_PER_HA = 10_000.0


def plots_taken(plots: pd.DataFrame, years: Mapping[str, int], *, standards: RenewalStandards) -> pd.DataFrame:
    """Return the plots that are built on, as the ledger reads them.

    Parameters
    ----------
    plots
        The ``plots`` layer: ``id``, ``kind``, ``area``, ``homes``, and ``lot_m2`` (the plot's land, m²) or, where that
        is not there, ``area_m2`` (its buildable land, m²).
    years
        The year that each plot is built on, by id; those that are not there are not built on.
    standards
        Whether a kind of plot takes new or reused land.

    Returns
    -------
    DataFrame
        ``id``, ``area``, ``year``, ``dwellings``, ``land_m2``, ``land_kind``.

    Raises
    ------
    FrameError
        Columns are missing, or an id is there twice.
    InputError
        A year is given for a plot that is not there, or nothing says what land a kind of plot takes.
    """
    land = "lot_m2" if "lot_m2" in plots else "area_m2"
    check_frame(plots, name="plots", columns=["id", "kind", "area", "homes", land], unique="id")
    unknown = sorted(set(years) - set(plots["id"]))
    if unknown:
        raise InputError(f"There is no plot {', '.join(unknown[:5])} to build on.")
    chosen = plots[plots["id"].isin(years)]
    kinds = chosen["kind"].map(dict(standards.land_kind))
    if kinds.isna().any():
        told = ", ".join(sorted(chosen.loc[kinds.isna(), "kind"].unique()))
        raise InputError(
            f"Nothing says whether plots of kind {told} take new land.", hint="Add it to land_kind of the assumptions."
        )
    return pd.DataFrame(
        {
            "id": chosen["id"].to_numpy(),
            "area": chosen["area"].to_numpy(),
            "year": chosen["id"].map(dict(years)).astype(int).to_numpy(),
            "dwellings": chosen["homes"].astype(float).to_numpy(),
            "land_m2": chosen[land].astype(float).to_numpy(),
            "land_kind": kinds.to_numpy(),
        }
    )


def land_ledger(
    actions: pd.DataFrame | None,
    plots: pd.DataFrame | None,
    *,
    standards: RenewalStandards,
) -> pd.DataFrame:
    """Return what land homes take, by year and area, with an area ``*`` for the whole and a last row for all years.

    Parameters
    ----------
    actions
        The ``renewal_actions`` layer, or ``None``.
    plots
        A table of :func:`plots_taken`, or ``None``.
    standards
        Which statuses of actions count.

    Returns
    -------
    DataFrame
        :data:`LEDGER_COLUMNS`, ordered by year and area; ``year`` is missing in the rows for all years.
        ``dwellings`` are those added: on new land, on reused land, without land (a storey added, a flat split), and
        where the land is not known. ``demolished`` are those taken away. Hectares: ``new_ha`` land that had no
        building, ``reused_ha`` land that has or had one, ``freed_ha`` land that demolition leaves.
        ``ha_per_dwelling`` is (new + reused) over the dwellings whose land is known, ``new_ha_per_dwelling`` the new
        part of it, ``reused_share`` reused over new + reused; missing where there is nothing to divide by.

    Raises
    ------
    FrameError
        Actions or plots are wrong.

    Notes
    -----
    Years and areas add up: each ``*`` is the sum of its areas. Freed land is not taken off what is taken: it is
    used again when an action or a plot says so, and then stands under reused. The figure is what the vision's
    *hushålla med mark* asks for (docs/method-stock.md).
    """
    parts = [table for table in (_of_actions(actions, standards), _of_plots(plots)) if table is not None]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["area", "year", *_SUMS])
    # In an order of their own, so that sums round alike whatever the order of rows.
    rows = rows.sort_values(["year", "area", "id"], kind="stable") if parts else rows
    sums = [
        rows.groupby(["year", "area"], as_index=False)[list(_SUMS)].sum(),
        rows.groupby("year", as_index=False)[list(_SUMS)].sum().assign(area=WHOLE),
        rows.groupby("area", as_index=False)[list(_SUMS)].sum(),
    ]
    if len(rows):
        sums.append(rows[list(_SUMS)].sum().to_frame().T.assign(area=WHOLE))
    table = pd.concat([part.reindex(columns=["year", "area", *_SUMS]) for part in sums], ignore_index=True)
    table["year"] = table["year"].astype("Int64")
    counted = list(_SUMS)
    table[counted] = table[counted].astype(float)
    taken = table["new_ha"] + table["reused_ha"]
    known = (table["dwellings"] - table["dwellings_land_unknown"]).where(lambda count: count > 0)
    table["ha_per_dwelling"] = taken / known
    table["new_ha_per_dwelling"] = table["new_ha"] / known
    table["reused_share"] = table["reused_ha"] / taken.where(taken > 0)
    table["rank"] = table["area"].eq(WHOLE)
    ordered = table.sort_values(["year", "rank", "area"], kind="stable", na_position="last")
    return ordered[list(LEDGER_COLUMNS)].reset_index(drop=True)


_SUMS = LEDGER_COLUMNS[2:11]


def _of_actions(actions: pd.DataFrame | None, standards: RenewalStandards) -> pd.DataFrame | None:
    if actions is None or actions.empty:
        return None
    table = check_actions(actions)
    table = table[table["status"].isin(standards.counted_statuses)]
    net = table["net_dwellings"]
    # Homes that change type are there before and after, but for leisure homes, which become homes.
    moved = table["from_type"].notna() & table["from_type"].ne("leisure")
    away = table["type"].eq("leisure")
    added = net.clip(lower=0.0).where(~moved & ~away, 0.0)
    demolish = table["action"].eq("demolish")
    taken = table["land_m2"].where(~demolish)
    # Nothing is built where a home is split or changes use, so land that is not told of is none.
    inside = table["action"].isin(["renovate", "convert", "keep", "sell"])
    taken = taken.where(taken.notna() | ~inside, 0.0)
    entries = _entries(table["id"], table["area"], table["year"], added, taken, table["land_kind"])
    return entries.assign(
        demolished=(-net).where(demolish, 0.0).to_numpy(),
        freed_ha=(table["land_m2"].where(demolish, 0.0).fillna(0.0) / _M2_PER_HA).to_numpy(),
    )


def _of_plots(plots: pd.DataFrame | None) -> pd.DataFrame | None:
    if plots is None or plots.empty:
        return None
    check_frame(plots, name="plots", columns=["id", "area", "year", "dwellings", "land_m2", "land_kind"], unique="id")
    area = plots["area"].astype(object).where(plots["area"].notna(), "")
    entries = _entries(
        plots["id"].astype(str), area, plots["year"], plots["dwellings"], plots["land_m2"], plots["land_kind"]
    )
    return entries.assign(demolished=0.0, freed_ha=0.0)


def _entries(
    ids: pd.Series[str],
    area: pd.Series[str],
    year: pd.Series[int],
    dwellings: pd.Series[float],
    land: pd.Series[float],
    kind: pd.Series[str],
) -> pd.DataFrame:
    """Sort homes by the land that they take."""
    new, reused = (kind.eq(name) & land.gt(0) for name in LAND_KINDS)
    return pd.DataFrame(
        {
            "id": ids.to_numpy(),
            "area": area.to_numpy(),
            "year": year.to_numpy(),
            "dwellings": dwellings.to_numpy(),
            "dwellings_new": dwellings.where(new, 0.0).to_numpy(),
            "dwellings_reused": dwellings.where(reused, 0.0).to_numpy(),
            "dwellings_no_land": dwellings.where(land.eq(0), 0.0).to_numpy(),
            "dwellings_land_unknown": dwellings.where(land.isna(), 0.0).to_numpy(),
            "new_ha": np.where(new, land, 0.0) / _M2_PER_HA,
            "reused_ha": np.where(reused, land, 0.0) / _M2_PER_HA,
        }
    )

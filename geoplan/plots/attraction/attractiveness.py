"""What makes a plot attractive, in parts: each from 0 to 1 with the raw value that it comes from.

There is no total here: what the parts weigh is each target group's (:mod:`geoplan.plots.attraction.groups`), and which
plot comes first is :mod:`geoplan.plots.attraction.ranking`. A part that nobody knows is empty, never a guess.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.frames import check_frame, same_crs
from geoplan.land.areas import AREA_KINDS
from geoplan.plots.attraction.parts import PARTS, SERVICE_KINDS
from geoplan.plots.attraction.worth import Points, read_names, read_number, read_points, read_worths, worth
from geoplan.plots.surroundings import dwellings_within, noise_levels, protected_shares, ways_distance
from geoplan.plots.travel.standards import MODES
from geoplan.text import Text

__all__ = ["AttractivenessStandards", "plot_parts", "unknown_parts"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AttractivenessStandards:
    """What raw values are worth.

    Attributes
    ----------
    water
        By metres to the nearest water.
    minutes
        By kind of service: by minutes to the nearest one, whatever the mode.
    size
        By m² of the plot; a group may have a wish of its own.
    utility
        What ``public`` and ``private`` water and sewer are worth.
    noise
        By dBA at the plot.
    quiet_distance
        By metres to the nearest railway or large road, where no noise is mapped.
    large_roads
        The kinds of road that are large.
    neighbours
        By dwellings around; a group may have a wish of its own.
    neighbours_within_m
        How far around, in metres.
    settlement
        What each kind of area is worth; a group may have a wish of its own.
    """

    water: Points
    minutes: Mapping[str, Points]
    size: Points
    utility: Mapping[str, float]
    noise: Points
    quiet_distance: Points
    large_roads: tuple[str, ...]
    neighbours: Points
    neighbours_within_m: float
    settlement: Mapping[str, float]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> AttractivenessStandards:
        """Make them of the values of ``layers/assumptions/attractiveness.toml``.

        Raises
        ------
        InputError
            An assumption is missing or wrong.
        """
        return cls(
            water=read_points(values, "water"),
            minutes={kind: read_points(values, f"{kind}_minutes") for kind in SERVICE_KINDS},
            size=read_points(values, "size"),
            utility=read_worths(values, "utility", among=("public", "private")),
            noise=read_points(values, "noise"),
            quiet_distance=read_points(values, "quiet_distance"),
            large_roads=read_names(values, "large_roads"),
            neighbours=read_points(values, "neighbours"),
            neighbours_within_m=read_number(values, "neighbours_within"),
            settlement=read_worths(values, "settlement", among=AREA_KINDS),
        )


def plot_parts(
    plots: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    times: pd.DataFrame | None = None,
    reasons: pd.DataFrame | None = None,
    shore_rules: Collection[str] = (),
    standards: AttractivenessStandards,
) -> pd.DataFrame:
    """Return the parts that make each plot attractive or not.

    Parameters
    ----------
    plots
        ``id``, ``parcel``, ``area_kind``, ``area_m2``, ``water_distance_m``, ``utility``, and ``lot_m2`` where known.
    layers
        Layers by catalogue id: ``traffic_noise``, ``railways``, ``roads``, ``buildings`` and ``services`` are used
        where present. What is missing makes a part unknown.
    times
        Travel times: one row a plot and mode, with ``plot``, ``mode``, ``connection`` and a column of minutes for each
        kind of service. ``None``: services are unknown, and so is a kind that the layer ``services`` has nowhere.
    reasons, shore_rules
        The reasons of the buildable land, and the ids of the rules among them that protect the shore and were asked.
    standards
        What raw values are worth.

    Returns
    -------
    DataFrame
        One row a plot, in the order of ``plots``: ``plot``, then for every reading of every part (see
        :data:`geoplan.plots.attraction.parts.PARTS`) ``NAME`` from 0 to 1, NaN where unknown, and ``NAME_raw`` in its
        unit. A service has a reading a mode, ``KIND_MODE``: a worth of 0 without minutes means that it cannot be
        reached.
        ``quiet_basis`` tells what ``quiet_raw`` is: ``noise`` (dBA), ``below`` (quieter than any mapped level; no raw
        value), ``distance`` (metres to the nearest loud way), or ``None``. Beside the parts, and in no score, stand
        ``shore_protected_share`` and ``shore_unsure_share``: how much of the plot's parcel shore protection takes, for
        sure and perhaps.

    Raises
    ------
    FrameError
        Columns are missing, or a plot has two rows for one mode.
    CRSError
        Layers differ in CRS.

    Notes
    -----
    Worths are absolute (:func:`geoplan.plots.attraction.worth.worth`): a plot's parts depend on no other plot. The
    shore's pull (``water``) and its protection are two columns and are never netted.
    """
    needed = ["id", "parcel", "area_kind", "area_m2", "water_distance_m", "utility"]
    check_frame(plots, name="plots", columns=needed, unique="id")
    same_crs(plots, *layers.values())
    nothing = np.full(len(plots), np.nan)
    columns: dict[str, Any] = {"plot": pd.Series(plots["id"].to_numpy(), dtype=object)}
    water = plots["water_distance_m"].to_numpy(dtype=float)
    columns |= {"water": worth(water, standards.water), "water_raw": water}
    columns |= _services(plots, times, layers.get("services"), standards)
    size = plots["area_m2"].astype(float)
    if "lot_m2" in plots:
        size = pd.to_numeric(plots["lot_m2"]).astype(float).fillna(size)
    columns |= {"size": worth(size.to_numpy(), standards.size), "size_raw": size.to_numpy()}
    columns |= _words("utility", plots["utility"], standards.utility)
    columns |= _quiet(plots.geometry, layers, standards)
    homes = nothing
    if "buildings" in layers:
        homes = dwellings_within(plots.geometry, layers["buildings"], within_m=standards.neighbours_within_m)
    columns |= {"neighbours": worth(homes, standards.neighbours), "neighbours_raw": homes}
    columns |= _words("settlement", plots["area_kind"], standards.settlement)
    # No layer of heights is in the catalogue: neither the view nor the sun can be known.
    columns |= dict.fromkeys(("view", "view_raw", "sun", "sun_raw"), nothing)
    sure, unsure = protected_shares(plots["parcel"], reasons, shore_rules)
    columns |= {"shore_protected_share": sure, "shore_unsure_share": unsure}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(plots)))


def unknown_parts(parts: pd.DataFrame) -> tuple[Text, ...]:
    """Tell which parts are unknown, for all plots or for some.

    Parameters
    ----------
    parts
        From :func:`plot_parts`.

    Returns
    -------
    tuple of Text
        None, one or two sentences.
    """
    nowhere, somewhere = [], []
    for part in PARTS:
        missing = parts[list(part.readings)].isna().all(axis=1)
        if len(parts) and missing.all():
            nowhere.append(part.title)
        elif missing.any():
            somewhere.append((part.title, int(missing.sum())))
    notes = []
    if nowhere:
        notes.append(
            Text(
                sv="Okänt för alla tomter, och utan del i poängen: " + ", ".join(title.sv for title in nowhere) + ".",
                en="Unknown for all plots, and no part of the score: " + ", ".join(title.en for title in nowhere) + ".",
            )
        )
    if somewhere:
        notes.append(
            Text(
                sv="Okänt för vissa tomter: " + ", ".join(f"{title.sv} ({many})" for title, many in somewhere) + ".",
                en="Unknown for some plots: " + ", ".join(f"{title.en} ({many})" for title, many in somewhere) + ".",
            )
        )
    return tuple(notes)


def _words(name: str, words: pd.Series[Any], worths: Mapping[str, float]) -> dict[str, Any]:
    """Return what a word is worth; a word that has no worth is unknown."""
    known = words.where(words.isin(list(worths)))
    raw = known.astype(object).where(known.notna(), None)
    return {name: known.map(worths).to_numpy(dtype=float), f"{name}_raw": pd.Series(raw.to_numpy(), dtype=object)}


def _services(
    plots: gpd.GeoDataFrame,
    times: pd.DataFrame | None,
    services: gpd.GeoDataFrame | None,
    standards: AttractivenessStandards,
) -> dict[str, Floats]:
    """Return the minutes to each kind of service by each mode, and what they are worth."""
    columns: dict[str, Floats] = {}
    offered = set() if services is None else set(services["kind"])
    for mode in MODES:
        mine = _of_mode(plots["id"], times, mode)
        for kind in SERVICE_KINDS:
            minutes, value = np.full(len(plots), np.nan), np.full(len(plots), np.nan)
            # A kind that the layer has nowhere is a layer that does not know it, not a service out of reach.
            if mine is not None and kind in mine and kind in offered:
                minutes = pd.to_numeric(mine[kind]).to_numpy(dtype=float)
                asked = (mine["connection"].notna() & (mine["connection"] != "unknown")).to_numpy()
                value = np.where(asked & np.isnan(minutes), 0.0, worth(minutes, standards.minutes[kind]))
            columns |= {f"{kind}_{mode}": value, f"{kind}_{mode}_raw": minutes}
    return columns


def _of_mode(plots: pd.Series[Any], times: pd.DataFrame | None, mode: str) -> pd.DataFrame | None:
    """Return the times by one mode, a row a plot; ``None`` where nobody knows any."""
    if times is None:
        return None
    check_frame(times, name="times", columns=["plot", "mode", "connection"])
    mine = times[times["mode"] == mode]
    check_frame(mine, name=f"times by {mode}", unique="plot")
    return mine.set_index("plot").reindex(plots.to_numpy())


def _quiet(
    places: gpd.GeoSeries, layers: Mapping[str, gpd.GeoDataFrame], standards: AttractivenessStandards
) -> dict[str, Any]:
    """Return how quiet it is: by the noise where it is mapped, else by how far the loud ways are."""
    basis = np.full(len(places), None, dtype=object)
    raw, value = np.full(len(places), np.nan), np.full(len(places), np.nan)
    noise, roads = layers.get("traffic_noise"), layers.get("roads")
    if noise is not None:
        raw = noise_levels(places, noise)
        heard = ~np.isnan(raw)
        value = np.where(heard, worth(raw, standards.noise), standards.noise[0][1])
        basis[:] = np.where(heard, "noise", "below")
    elif roads is not None:
        distance = ways_distance(places, roads, layers.get("railways"), large=standards.large_roads)
        value = worth(distance, standards.quiet_distance)
        raw = np.where(np.isinf(distance), np.nan, distance)
        basis[:] = "distance"
    return {"quiet": value, "quiet_raw": raw, "quiet_basis": pd.Series(basis, dtype=object)}

"""How long it takes from each plot to what a household needs, on foot, by bike and by car, ferries included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.frames import check_frame, same_crs
from geoplan.plots.travel.crossings import crossings, dry_land, piece_names
from geoplan.plots.travel.network import Shapes, build_network
from geoplan.plots.travel.routes import Routes, build_routes
from geoplan.plots.travel.sailings import sailings
from geoplan.plots.travel.standards import MODES, SEASONS, Season, TravelStandards
from geoplan.text import Text

__all__ = ["SERVICE_KINDS", "Connection", "Reach", "reach"]

Connection = Literal["road", "ferry", "none", "unknown"]

SERVICE_KINDS = ("school", "preschool", "shop", "health", "public_transport", "ferry", "culture", "sport")
"""Kinds of services, as the layer ``services`` names them."""

# Results are rounded, so that the order of sums does not show: minutes to 6 ms, metres to 1 mm.
_MINUTE_DIGITS, _METRE_DIGITS = 4, 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach:
    """What can be reached from plots.

    Attributes
    ----------
    times
        One row a plot and mode: ``plot``, ``mode`` (``foot``, ``bike``, ``car``), ``connection`` to the mainland's
        network (``road``, ``ferry``, ``none``, or ``unknown`` where a layer that would tell is missing), ``access_m``
        the straight way from the plot to the network (NaN where it meets none), and for each kind of service a
        column of minutes to the nearest one (NaN where none can be reached).
    islands
        One row a plot that no road connects to the mainland: ``plot``, ``island`` (a name shared by plots that roads
        connect; missing where there is no network), ``winter_minutes`` and ``summer_minutes`` of the quickest
        crossing, waiting included (NaN where none sails), and ``within_limit`` (``boolean``) whether a need of the
        mainland can be met across it in winter; missing where no layer tells what sails.
    notes
        What is missing, and what was taken for it.
    """

    times: pd.DataFrame
    islands: pd.DataFrame
    notes: tuple[Text, ...]


def reach(
    plots: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    ferries: gpd.GeoDataFrame | None = None,
    *,
    standards: TravelStandards,
    season: Season = "winter",
    water: gpd.GeoDataFrame | None = None,
    kinds: Sequence[str] = SERVICE_KINDS,
) -> Reach:
    """Return travel times over the network from plots to services.

    Parameters
    ----------
    plots
        ``id`` and points or polygons, in a projected CRS that all layers share; a polygon's way begins at its point
        that is nearest to the network.
    services
        The layer ``services``: ``kind`` and points. ``None``: no time is known.
    roads
        The layer ``roads``. ``None``: every connection is unknown.
    ferries
        The layer ``ferries``. ``None``: what roads do not connect is unknown; an empty layer: it is not connected.
    standards
        Speeds and limits.
    season
        ``winter`` or ``summer``.
    water
        The layer ``water``. With it the way from a plot to the network keeps to dry land, and the mainland's network
        is preferred to any other that lies nearer. Without it the nearest road counts, whatever is between, but for
        fragments.
    kinds
        The kinds of services to ask for, a column each.

    Raises
    ------
    FrameError
        A layer does not satisfy its contract.
    CRSError
        Layers differ in CRS.

    Notes
    -----
    Method, formulas and what is not computed: ``docs/method-reach.md``.
    """
    check_frame(plots, name="plots", columns=["id"], geometry=["point", "polygon"], unique="id")
    same_crs(plots, services, roads, ferries, water)
    if services is not None:
        check_frame(services, name="services", columns=["kind"], geometry=["point", "line", "polygon"])
    notes = _notes(services, roads, ferries, water, kinds)
    if roads is None or not len(roads):
        return Reach(times=_unknown(plots, kinds), islands=_islands({}, plots, standards, season), notes=tuple(notes))
    network, land = build_network(roads, snapping_m=standards.snapping), dry_land(water, standards)
    sails = {each: sailings(ferries, season=each, standards=standards) for each in SEASONS}
    if sails[season].guessed:
        notes.append(_guessed(sails[season].guessed, standards))
    goals = _goals(services, kinds)
    routes = {mode: build_routes(network, sails[season], mode=mode, standards=standards, land=land) for mode in MODES}
    cut_off: Connection = "unknown" if ferries is None else "none"
    parts = [_times(plots, routes[mode], goals, kinds, cut_off) for mode in MODES]
    times = pd.concat(parts, ignore_index=True)
    # Plot by plot, the modes in their order.
    order = np.arange(len(times)).reshape(len(MODES), -1).T.ravel()
    on_foot = {
        each: routes["foot"]
        if each == season
        else build_routes(network, sails[each], mode="foot", standards=standards, land=land)
        for each in SEASONS
    }
    islands = _islands(on_foot, plots, standards, season)
    if ferries is None:
        # Nothing was asked, so nothing was answered: no crossing is known, rather than none within the limit.
        islands["within_limit"] = pd.array([pd.NA] * len(islands), dtype="boolean")
    return Reach(times=times.iloc[order].reset_index(drop=True), islands=islands, notes=tuple(notes))


def _times(
    plots: gpd.GeoDataFrame, routes: Routes, goals: Sequence[Shapes], kinds: Sequence[str], cut_off: Connection
) -> pd.DataFrame:
    """Return one mode's rows."""
    met = routes.meet(plots.geometry.to_numpy())
    minutes = np.round(routes.minutes(met, goals), _MINUTE_DIGITS)
    node = routes.shape_node[met.shape[met.found]]
    connection = np.full(len(plots), cut_off, dtype=object)
    sails = routes.joined[node] == routes.joined[_mainland_node(routes)] if len(node) else np.empty(0, bool)
    connection[met.found[sails]] = "ferry"
    connection[met.found[routes.piece[node] == routes.mainland]] = "road"
    columns = {
        "plot": plots["id"].to_numpy(),
        "mode": np.full(len(plots), routes.mode, dtype=object),
        "connection": connection,
        "access_m": np.round(met.distance * routes.network.metres, _METRE_DIGITS),
    }
    times = np.where(np.isinf(minutes), np.nan, minutes)
    return pd.DataFrame(columns | dict(zip(kinds, times, strict=True)))


def _mainland_node(routes: Routes) -> int:
    return int(np.argmax(routes.piece == routes.mainland))


def _islands(
    routes: dict[Season, Routes], plots: gpd.GeoDataFrame, standards: TravelStandards, season: Season
) -> pd.DataFrame:
    """Return the plots that no road connects to the mainland, and the crossings to it."""
    ids = plots["id"].to_numpy()
    minutes = {each: np.full(len(ids), np.inf) for each in SEASONS}
    island = np.full(len(ids), None, dtype=object)
    on_mainland = np.full(len(ids), not routes)
    for each, foot in routes.items():
        met = foot.meet(plots.geometry.to_numpy())
        piece = foot.piece[foot.shape_node[met.shape[met.found]]]
        minutes[each][met.found] = crossings(foot, foot.mainland)[piece]
        if each == season:
            island[met.found] = piece_names(foot)[piece]
            on_mainland[met.found] = piece == foot.mainland
    off = np.flatnonzero(~on_mainland)
    columns = {
        f"{each}_minutes": np.where(np.isinf(minutes[each]), np.nan, np.round(minutes[each], _MINUTE_DIGITS))[off]
        for each in SEASONS
    }
    within = minutes["winter"][off] <= standards.winter_crossing
    limit = pd.array(within, dtype="boolean")
    return pd.DataFrame({"plot": ids[off], "island": island[off], **columns, "within_limit": limit})


def _goals(services: gpd.GeoDataFrame | None, kinds: Sequence[str]) -> list[Shapes]:
    if services is None:
        return [np.empty(0, dtype=object) for _ in kinds]
    return [services.geometry.to_numpy()[(services["kind"] == kind).to_numpy(dtype=bool)] for kind in kinds]


def _unknown(plots: gpd.GeoDataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Return the rows of plots of which nothing is known."""
    columns = {
        "plot": np.repeat(plots["id"].to_numpy(), len(MODES)),
        "mode": np.tile(np.array(MODES, dtype=object), len(plots)),
        "connection": np.full(len(plots) * len(MODES), "unknown", dtype=object),
    }
    return pd.DataFrame(columns | dict.fromkeys(("access_m", *kinds), np.nan))


def _notes(
    services: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    ferries: gpd.GeoDataFrame | None,
    water: gpd.GeoDataFrame | None,
    kinds: Sequence[str],
) -> list[Text]:
    """Say what is missing."""
    notes: list[Text] = []
    if roads is None or not len(roads):
        return [
            Text(
                sv="Det finns inga vägar i underlaget: hur tomter nås är okänt.",
                en="There is no layer of roads: how plots are reached is unknown.",
            )
        ]
    if ferries is None:
        notes.append(
            Text(
                sv="Det finns inget lager med färjor: tomter utan väg till fastlandet är okända.",
                en="There is no layer of ferries: plots without a road to the mainland are unknown.",
            )
        )
    if water is None:
        notes.append(
            Text(
                sv="Det finns inget lager med vatten: raka vägen från en tomt till vägnätet kan gå över vatten.",
                en="There is no layer of water: the straight way from a plot to the network may cross water.",
            )
        )
    if services is None:
        notes.append(
            Text(
                sv="Det finns inget lager med service: inga restider är kända.",
                en="There is no layer of services: no travel time is known.",
            )
        )
    else:
        missing = [kind for kind in kinds if not (services["kind"] == kind).any()]
        if missing:
            notes.append(
                Text(
                    sv=f"Ingen service av slaget {', '.join(missing)} finns i underlaget.",
                    en=f"The layer of services has none of the kind {', '.join(missing)}.",
                )
            )
    return notes


def _guessed(count: int, standards: TravelStandards) -> Text:
    turns = f"{standards.ferry_departures:g}"
    return Text(
        sv=f"{count} färjelinjer säger inte hur ofta de går: {turns} turer om dagen antas.",
        en=f"{count} ferries do not say how often they sail: {turns} departures a day are assumed.",
    )

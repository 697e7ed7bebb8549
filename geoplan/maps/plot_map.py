"""The map of plots: from GeoDataFrames to one page, served or in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import InputError
from geoplan.frames import area_m2, metres_per_unit, same_crs
from geoplan.land.rules import RuleSet
from geoplan.maps.assets import AssetMode
from geoplan.maps.choropleth import balance_rows
from geoplan.maps.content import page_content
from geoplan.maps.data import MapData, MapLinks
from geoplan.maps.generalise import Drawing, dissolve, draw
from geoplan.maps.page import DataLayer, MapPage, PlotMap
from geoplan.maps.records import plain, plot_records, said
from geoplan.maps.texts import Language

__all__ = ["MapData", "MapLinks", "draw_map", "plot_map", "prepare_map", "save_map"]

# Bytes that the coordinates of a layer may take; together with some 600 bytes a plot for the records, a
# municipality with 15,000 parcels and 5,500 plots comes to 11 MB.
_BUDGET = {
    "plots": 2_000_000,
    "parcels": 1_500_000,
    "ground": 200_000,
    "land": 900_000,
    "water": 700_000,
    "settlements": 200_000,
    "municipality": 100_000,
    "areas": 800_000,
}
_CONSTRAINTS_BUDGET = 4_000_000
_LABELS = 40


def prepare_map(
    plots: gpd.GeoDataFrame | None,
    *,
    reasons: pd.DataFrame | None = None,
    constraints: gpd.GeoDataFrame | None = None,
    rules: RuleSet | None = None,
    municipality: gpd.GeoDataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    settlements: gpd.GeoDataFrame | None = None,
    areas: gpd.GeoDataFrame | None = None,
    parcels: gpd.GeoDataFrame | None = None,
    balance: pd.DataFrame | None = None,
    shared: Mapping[str, Any] | None = None,
) -> MapData:
    """Do the part of a map that costs time and knows no language: generalise, dissolve, write.

    Parameters
    ----------
    plots, reasons
        As :mod:`geoplan.land` gives them; ``plots`` is ``None`` where there are no parcels.
    constraints, rules
        Pieces of :class:`geoplan.land.constraints.Constraints` and the rule set they come from.
    municipality, land, water, settlements, areas, parcels
        Layers as the catalogue describes them. Whatever is given must share one projected CRS of any unit.
    balance
        Columns ``area, area_name, year, need, supply_homes, balance, plots``.
    shared
        :data:`geoplan.maps.records.SHARED_FIELDS` of the plots, as far as they are known.

    Raises
    ------
    CRSError
        The layers differ in CRS.
    InputError
        There is nothing to draw.
    """
    frames = [frame for frame in (municipality, areas, parcels, plots, land, settlements, water) if frame is not None]
    crs = same_crs(*frames, constraints) if frames else None
    extent = next((frame for frame in frames if len(frame)), None)
    if crs is None or extent is None:
        raise InputError("There is nothing to draw.", hint="Import at least the municipality, or parcels.")
    records = plot_records(plots, reasons) if plots is not None else []
    drawings: dict[str, Drawing] = {}
    ground = next((frame for frame in (municipality, areas) if frame is not None and len(frame)), None)
    for name, frame in (
        ("ground", ground if land is None else None),
        ("land", land),
        ("water", water),
        ("settlements", settlements),
        ("municipality", municipality),
    ):
        if frame is not None and len(frame):
            geometry = _around(frame.geometry, extent.total_bounds)
            drawings[name] = draw(geometry, [{}] * len(frame), budget=_BUDGET[name])
    if areas is not None and len(areas):
        drawings["areas"] = draw(
            _on_land(areas.geometry, land, water),
            [{"id": str(value)} for value in areas["id"]],
            budget=_BUDGET["areas"],
            finest_m=5.0,
        )
    drawings.update(_constraint_drawings(constraints, rules))
    if parcels is not None and len(parcels):
        outlines = _outlines(parcels.geometry)
        drawn = draw(outlines, [{}] * len(outlines), budget=_BUDGET["parcels"], coarsest_m=5.0)
        if not drawn.as_points:  # boundaries so coarse that they mislead are better left out
            drawings["parcels"] = drawn
    if plots is not None and len(plots):
        drawings["plots"] = draw(
            plots.geometry,
            [said(record) for record in records],
            budget=_BUDGET["plots"],
            finest_m=0.2,
            coarsest_m=5.0,
            decimals=6,
            drop_small=False,
        )
    west, south, east, north = extent.geometry.to_crs(4326).total_bounds
    return MapData(
        layers=drawings,
        bounds=((float(south), float(west)), (float(north), float(east))),
        records=tuple(records),
        balance=balance_rows(balance) if balance is not None else (),
        area_names=_names(areas),
        rules=rules,
        labels=_labels(settlements),
        shared=dict(shared or {}),
    )


def draw_map(
    data: MapData,
    *,
    title: str,
    language: Language = "sv",
    assets: AssetMode = "inline",
    asset_base: str = "/assets/",
    synthetic: bool = False,
    provenance: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    links: MapLinks | None = None,
) -> folium.Map:
    """Draw what :func:`prepare_map` prepared, in one language.

    Parameters
    ----------
    title
        The municipality's name.
    assets, asset_base
        Whether scripts and styles are linked to under a base or written into the page.
    synthetic
        Whether to say that the municipality does not exist.
    provenance
        What made the figures: ``run``, ``created_at``, ``code_version``, ``rule_set``, ``as_of``,
        ``data_date``, ``sources``; others are shown under their own name.
    notes
        What was lacking or assumed, in the page's language.
    links
        Addresses that the page links to; none by default.

    Returns
    -------
    folium.Map
        Any Folium layer may still be added to it. ``get_root().render()`` is the page.
    """
    content, setups = page_content(
        data,
        title=title,
        language=language,
        synthetic=synthetic,
        provenance=provenance or {},
        notes=notes,
        links=links or MapLinks(),
    )
    drawn = PlotMap(bounds=data.bounds, assets=assets, asset_base=asset_base)
    MapPage(language=language, content=content).add_child(drawn)
    for name, drawing in data.layers.items():
        DataLayer(name, drawing.geojson, **setups[name]).add_to(drawn)
    return drawn


def plot_map(
    plots: gpd.GeoDataFrame | None,
    *,
    title: str,
    reasons: pd.DataFrame | None = None,
    constraints: gpd.GeoDataFrame | None = None,
    rules: RuleSet | None = None,
    municipality: gpd.GeoDataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    settlements: gpd.GeoDataFrame | None = None,
    areas: gpd.GeoDataFrame | None = None,
    parcels: gpd.GeoDataFrame | None = None,
    balance: pd.DataFrame | None = None,
    language: Language = "sv",
    assets: AssetMode = "inline",
    asset_base: str = "/assets/",
    synthetic: bool = False,
    provenance: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    links: MapLinks | None = None,
) -> folium.Map:
    """Return the map of plots: coloured by setting, with reasons, constraints, and the balance beside it.

    See :func:`prepare_map` for the layers and :func:`draw_map` for the page; this is both in one.
    Nothing in the page asks any other host for anything.

    Raises
    ------
    CRSError, InputError
        See :func:`prepare_map`.

    Examples
    --------
    >>> drawn = plot_map(plots, title="Almskär", land=land, language="en")  # doctest: +SKIP
    >>> save_map(drawn, "map.html")  # doctest: +SKIP
    """
    data = prepare_map(
        plots,
        reasons=reasons,
        constraints=constraints,
        rules=rules,
        municipality=municipality,
        land=land,
        water=water,
        settlements=settlements,
        areas=areas,
        parcels=parcels,
        balance=balance,
    )
    return draw_map(
        data,
        title=title,
        language=language,
        assets=assets,
        asset_base=asset_base,
        synthetic=synthetic,
        provenance=provenance,
        notes=notes,
        links=links,
    )


def save_map(drawn: folium.Map, path: Path | str) -> Path:
    """Write the page into a file (UTF-8) and return its path.

    Drawn with ``assets="inline"`` it is all in that file and works without any server.
    """
    target = Path(path)
    target.write_text(drawn.get_root().render(), encoding="utf-8", newline="\n")
    return target


def _constraint_drawings(constraints: gpd.GeoDataFrame | None, rules: RuleSet | None) -> dict[str, Drawing]:
    if constraints is None or not len(constraints):
        return {}
    merged = dissolve(constraints, ["rule", "severity", "basis"])
    order = {rule.id: index for index, rule in enumerate(rules.rules)} if rules is not None else {}
    found = sorted(set(merged["rule"]), key=lambda rule: (order.get(rule, len(order)), rule))
    parts = {rule: merged[merged["rule"] == rule] for rule in found}
    room = _CONSTRAINTS_BUDGET
    drawings = {}
    # The smallest first: what they leave of their share is the larger ones', such as a shore zone.
    by_size = sorted(found, key=lambda rule: int(parts[rule].count_coordinates().sum()))
    for left, rule in zip(range(len(found), 0, -1), by_size, strict=True):
        properties = [
            {name: plain(value) for name, value in row.items()}
            for row in parts[rule][["rule", "severity", "basis"]].to_dict("records")
        ]
        drawing = draw(parts[rule].geometry, properties, budget=room // left)
        room -= len(drawing.geojson)
        drawings[rule] = drawing
    return {f"constraint:{rule}": drawings[rule] for rule in found}


def _on_land(areas: gpd.GeoSeries, land: gpd.GeoDataFrame | None, water: gpd.GeoDataFrame | None) -> gpd.GeoSeries:
    """Cut statistical areas to their land, so that colour lies where people live; one without land stays."""
    coarse = 5.0 / metres_per_unit(areas.crs)
    shapes = areas.to_numpy()
    if shapely.coverage_is_valid(shapes):  # shared boundaries once, so that neighbours neither part nor overlap
        shapes = shapely.coverage_simplify(shapes, coarse)
    if land is not None and len(land):
        ground = shapely.union_all(shapely.simplify(land.geometry.to_numpy(), coarse))
        cut = shapely.intersection(shapes, ground)
    elif water is not None and len(water):
        wet = water.geometry.to_numpy()
        sea = shapely.union_all(shapely.simplify(wet[shapely.get_dimensions(wet) == 2], coarse))
        cut = shapely.difference(shapes, sea)
    else:
        cut = shapes
    return gpd.GeoSeries(np.where(shapely.area(cut) > 0, cut, shapes), index=areas.index, crs=areas.crs)


def _around(geometry: gpd.GeoSeries, bounds: npt.NDArray[np.float64]) -> gpd.GeoSeries:
    """Cut what lies far outside of the bounds: a base layer often covers a county."""
    west, south, east, north = bounds
    margin = 0.75 * max(east - west, north - south)
    box = (west - margin, south - margin, east + margin, north + margin)
    return gpd.GeoSeries(shapely.clip_by_rect(geometry.to_numpy(), *box), crs=geometry.crs)


def _outlines(parcels: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return boundaries once, not once from each side."""
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(parcels.to_numpy())))
    return gpd.GeoSeries([lines], crs=parcels.crs)


def _names(areas: gpd.GeoDataFrame | None) -> dict[str, str]:
    if areas is None:
        return {}
    names = areas["name"] if "name" in areas.columns else areas["id"]
    return {str(key): str(key) if pd.isna(name) else str(name) for key, name in zip(areas["id"], names, strict=True)}


def _labels(settlements: gpd.GeoDataFrame | None) -> tuple[dict[str, Any], ...]:
    """Return names of places, most populous first (by area where no population is known)."""
    if settlements is None or not len(settlements):
        return ()
    population = settlements["population"] if "population" in settlements.columns else None
    size = pd.to_numeric(population).fillna(0) if population is not None else 0
    ranked = settlements.assign(_size=size, _area=area_m2(settlements)).sort_values(
        ["_size", "_area"], ascending=False, kind="stable"
    )
    ranked = ranked[ranked["name"].notna()].drop_duplicates("name").head(_LABELS)
    points = gpd.GeoSeries(ranked.geometry.representative_point(), crs=settlements.crs).to_crs(4326)
    ranks = np.where(np.arange(len(ranked)) == 0, 0, np.where(ranked["kind"] == "urban", 1, 2))
    return tuple(
        {"name": str(name), "at": [round(point.y, 5), round(point.x, 5)], "rank": int(rank)}
        for name, point, rank in zip(ranked["name"], points, ranks, strict=True)
    )

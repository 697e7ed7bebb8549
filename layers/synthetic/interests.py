"""What is worth something to others: national interests, remains, farmland and forest."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.buildings import Buildings
from layers.synthetic.frames import layer
from layers.synthetic.network import Road
from layers.synthetic.noise import Floats, warp
from layers.synthetic.parcels import Parcels
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.terrain import Terrain

__all__ = ["biotope_layer", "farmland_layer", "national_interest_layer", "remain_layer"]

_REMAINS_PER_KM2: Final = 1.2
_ASSESSMENTS: Final = {"ancient_remain": 0.3, "possible": 0.15, "other_heritage": 0.4, "unassessed": 0.1, "none": 0.05}
_KINDS: Final = ("Röse", "Stensättning", "Fångstgrop", "Kolningsanläggning", "Tomtning", "Boplats", "Färdväg", "Kvarn")


def national_interest_layer(
    terrain: Terrain, places: Places, roads: list[Road], railway: BaseGeometry, size: Size
) -> gpd.GeoDataFrame:
    """Return one area or a few of every kind."""
    (x0, y0), side = size.origin, size.extent_m
    main = shapely.union_all([railway, *(road.line for road in roads if road.number == "E4")])
    east, north = places.villages[0].tolist()
    discs: list[tuple[str, str, float, float, float]] = [
        ("Utskärgården", "nature", x0 + 0.82 * side, y0 + 0.26 * side, 0.11),
        ("Storskogen", "nature", x0 + 0.17 * side, y0 + 0.22 * side, 0.07),
        ("Gamla byn", "culture", east, north, 0.02),
        ("Norra skärgården", "recreation", x0 + 0.7 * side, y0 + 0.75 * side, 0.12),
        ("Yttre havet", "fishing", x0 + 0.9 * side, y0 + 0.5 * side, 0.08),
        ("Renbetet", "reindeer", x0 + 0.12 * side, y0 + 0.9 * side, 0.09),
        ("Bergtäkten", "minerals", x0 + 0.3 * side, y0 + 0.42 * side, 0.012),
        ("Skjutfältet", "defence", x0 + 0.1 * side, y0 + 0.5 * side, 0.03),
    ]
    coasts = [("Södra kusten", 0.03, 0.24), ("Norra kusten", 0.66, 0.97)]
    shapes = [shapely.Point(x, y).buffer(reach * side) for *_, x, y, reach in discs]
    shapes += [shapely.box(x0 + 0.45 * side, y0 + low * side, x0 + side, y0 + high * side) for _, low, high in coasts]
    bent = warp(shapes, terrain.bend, shift_m=side * 0.015, step_m=side / 60)
    corridor = main.buffer(60.0, quad_segs=4)
    names = [name for name, *_ in discs] + [name for name, *_ in coasts] + ["E4 och Kustbanan"]
    return layer(
        "national_interests",
        shapely.intersection(np.array([*shapely.buffer(bent, 0), corridor]), terrain.municipality),
        id=[f"RI{number + 1}" for number in range(len(names))],
        name=[f"{name} (påhittat)" for name in names],
        kind=[kind for _, kind, *_ in discs] + ["coast"] * len(coasts) + ["facilities"],
    )


def remain_layer(rng: np.random.Generator, terrain: Terrain, size: Size) -> gpd.GeoDataFrame:
    """Return remains on land: three of four a point, the others a short line or a small area."""
    (x0, y0), side = size.origin, size.extent_m
    wanted = round(_REMAINS_PER_KM2 * float(shapely.area(terrain.land).sum()) / 1e6)
    spots = np.array([x0, y0]) + side * rng.uniform(size=(6 * wanted, 2))
    at = spots[_on(terrain.land, spots)][:wanted]
    count = len(at)
    form, reach, turn = rng.uniform(size=count), rng.uniform(8.0, 40.0, count), rng.uniform(0, np.pi, count)
    along = np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None]
    points = np.asarray(shapely.points(at), dtype=object)
    lines = np.asarray(shapely.linestrings(np.stack([at - 2 * along, at + 2 * along], axis=1)), dtype=object)
    areas = shapely.buffer(points, reach, quad_segs=3)
    shapes = np.where(form < 0.75, points, np.where(form < 0.9, areas, lines))
    unsure = np.where(rng.uniform(size=count) < 0.6, np.nan, rng.choice([1.0, 5.0, 10.0, 20.0], count))
    names = list(_ASSESSMENTS)
    return layer(
        "ancient_remains",
        shapes,
        id=[f"L0000:{number + 1}" for number in range(count)],
        kind=[_KINDS[number] for number in rng.integers(0, len(_KINDS), count)],
        assessment=rng.choice(names, count, p=[_ASSESSMENTS[name] for name in names]).tolist(),
        uncertainty_m=unsure,
    )


def farmland_layer(
    rng: np.random.Generator, parcels: Parcels, buildings: Buildings, places: Places, size: Size
) -> gpd.GeoDataFrame:
    """Return fields and pastures around the farms, clear of houses and of the parcels' edges."""
    middle = shapely.get_coordinates(shapely.centroid(parcels.polygons))
    farms = np.vstack([places.farms, places.villages])
    near = _gap(middle, farms) < max(0.022 * size.extent_m, 500.0)
    chosen = np.flatnonzero(near & (parcels.use == "farm") & (rng.uniform(size=len(near)) < 0.55))
    fields = shapely.buffer(parcels.polygons[chosen], -7.0, join_style="mitre")
    yards = np.full(len(parcels.polygons), shapely.Polygon(), dtype=object)
    held = np.isin(buildings.parcel, chosen)
    around = shapely.buffer(buildings.footprints[held], 28.0, quad_segs=3)
    for parcel in np.unique(buildings.parcel[held]):
        yards[parcel] = shapely.union_all(around[buildings.parcel[held] == parcel])
    fields = shapely.difference(fields, yards[chosen])
    large = shapely.area(fields) > 2_500.0
    kinds = np.where(rng.uniform(size=len(chosen)) < 0.75, "arable", "pasture")[large]
    return layer("farmland", fields[large], id=[f"JB{n + 1}" for n in range(int(large.sum()))], kind=kinds.tolist())


def biotope_layer(rng: np.random.Generator, parcels: Parcels, size: Size) -> gpd.GeoDataFrame:
    """Return key biotopes and forest notified for felling, each within one forest parcel."""
    forest = np.flatnonzero(parcels.use == "forest")
    wanted = min(len(forest), round(5e-3 * size.extent_m))
    chosen = rng.choice(forest, wanted, replace=False)
    felled = rng.uniform(size=wanted) < 0.4
    reach = np.where(felled, rng.uniform(60.0, 160.0, wanted), rng.uniform(25.0, 110.0, wanted))
    discs = shapely.buffer(shapely.point_on_surface(parcels.polygons[chosen]), reach, quad_segs=4)
    return layer(
        "forest_biotopes",
        shapely.intersection(discs, parcels.polygons[chosen]),
        id=[f"SB{number + 1}" for number in range(wanted)],
        kind=np.where(felled, "felling_notice", "key_biotope").tolist(),
    )


def _on(land: npt.NDArray[np.object_], spots: Floats) -> npt.NDArray[np.intp]:
    """Return which spots lie on land, in their order."""
    points = np.asarray(shapely.points(spots), dtype=object)
    return np.sort(shapely.STRtree(points).query(land, predicate="contains")[1])


def _gap(points: Floats, others: Floats) -> Floats:
    result: Floats = np.min(np.hypot(*(points[:, None] - others[None]).transpose(2, 0, 1)), axis=1)
    return result

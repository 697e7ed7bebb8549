"""What has been decided: plans and their provisions, service areas, and where shores are treated differently."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.synthetic.frames import layer
from layers.synthetic.noise import warp
from layers.synthetic.parcels import Parcels
from layers.synthetic.places import Places
from layers.synthetic.size import Size
from layers.synthetic.streets import Settlement
from layers.synthetic.terrain import Terrain

__all__ = [
    "FRONT_M",
    "lis_layer",
    "plan_blocks",
    "plan_layer",
    "provision_layer",
    "shore_protection_layer",
    "utility_layer",
]

# By use: code, homes, most homes on a plot, smallest plot (m²), largest building area (m²).
_RIGHTS: Final[dict[str, tuple[str, str, int | None, float | None, float | None]]] = {
    "homes": ("B", "allowed", 1, 700.0, 220.0),
    "development": ("B", "allowed", 2, 750.0, 250.0),
    "flats": ("B", "allowed", 40, 2_000.0, 1_400.0),
    "centre": ("BC", "special", 12, None, 900.0),
    "industry": ("J", "prohibited", None, 2_500.0, None),
    "public": ("C", "prohibited", None, None, None),
    "park": ("N", "prohibited", None, None, None),
}
FRONT_M: Final = 5.0
"""How wide the ground along the streets is that is not built on, metres."""

_YARD_M: Final = 31.0
"""How far from the streets the yards for sheds begin, metres."""

_QUARTERS: Final = ("Tallen", "Örnen", "Laxen", "Svanen", "Ekorren", "Granen", "Björken", "Fyren", "Ankaret",
    "Måsen", "Linden", "Vargen", "Räven", "Havsörnen", "Sälen", "Strömmingen")  # fmt: skip


def plan_layer(rng: np.random.Generator, parcels: Parcels, settlements: list[Settlement]) -> gpd.GeoDataFrame:
    """Return the plans: the town and every other village have them; one row a use within a plan."""
    rows: list[dict[str, object]] = []
    shapes: list[BaseGeometry] = []
    number = 0
    for place, settlement in enumerate(settlements):
        if place and place % 2 == 0:
            continue
        inside = np.flatnonzero((parcels.place == place) & np.isin(parcels.use, list(_RIGHTS)))
        middle = shapely.get_coordinates(shapely.centroid(parcels.blocks))[parcels.block[inside]]
        count = max(2, min(16, len(inside) // 150)) if place == 0 else 2
        seeds = middle[rng.choice(len(middle), count, replace=False)]
        quarter = np.argmin(np.hypot(*(middle[:, None] - seeds[None]).transpose(2, 0, 1)), axis=1)
        for part in range(count):
            number += 1
            year = int(rng.integers(1955, 2016))
            for use, (code, homes, most, smallest, largest) in _RIGHTS.items():
                chosen = inside[(quarter == part) & (parcels.use[inside] == use)]
                if not len(chosen):
                    continue
                new = use == "development"
                decided = 2022 if new else year
                wanted = smallest if use != "homes" or place == 0 else 900.0
                shapes.append(shapely.coverage_union_all(parcels.polygons[chosen]))
                rows.append(
                    {
                        "id": f"0000-P{decided}/{number}" + ("-N" if new else ""),
                        "name": f"Kv. {_QUARTERS[(number - 1) % 16]}, {settlement.name}",
                        "use_code": code,
                        "homes": homes,
                        "status": "in_force",
                        "max_homes_per_plot": most,
                        "min_plot_m2": wanted,
                        "max_bya_m2": largest,
                        "in_force": f"{decided}-{1 + number % 12:02d}-15",
                        "period_end": f"{decided + (15 if new else 10)}-{1 + number % 12:02d}-15",
                    }
                )
    return layer("plans", shapes, **{key: [row[key] for row in rows] for key in rows[0]})


def plan_blocks(
    plans: gpd.GeoDataFrame, parcels: Parcels
) -> tuple[npt.NDArray[Any], npt.NDArray[np.str_], npt.NDArray[np.intp]]:
    """Return the blocks for homes that lie in plans, the use of each, and the position of its plan."""
    inside = np.flatnonzero(np.isin(parcels.use, ("homes", "development", "flats")) & (parcels.block >= 0))
    order = inside[np.argsort(parcels.block[inside], kind="stable")]
    _, first = np.unique(parcels.block[order], return_index=True)
    # The parcels' own edges, not those of the block that they were cut from: those differ by a noding's centimetre.
    blocks = np.array([shapely.coverage_union_all(parcels.polygons[own]) for own in np.split(order, first[1:])])
    block, plan = shapely.STRtree(plans.geometry.to_numpy()).query(shapely.point_on_surface(blocks), "within")
    return blocks[block], parcels.use[order[first]][block], plan


def provision_layer(plans: gpd.GeoDataFrame, parcels: Parcels) -> gpd.GeoDataFrame:
    """Return, in some plans, the strip along the streets that is not built on and the yards for sheds only."""
    blocks, use, plan = plan_blocks(plans, parcels)
    names = plans["id"].to_numpy(dtype=object)[plan]
    number = np.array([int(name.split("/")[1].split("-")[0]) for name in names])
    inner = shapely.buffer(blocks, -FRONT_M, join_style="mitre")
    yard = shapely.buffer(blocks, -_YARD_M, join_style="mitre")
    fronts = np.flatnonzero(number % 2 == 0)
    yards = np.flatnonzero((number % 3 == 0) & (use == "homes") & ~shapely.is_empty(yard))
    shapes = np.concatenate([shapely.difference(blocks[fronts], inner[fronts]), yard[yards]])
    return layer(
        "plan_provisions",
        shapes,
        id=[f"PB{item + 1}" for item in range(len(shapes))],
        plan=[*names[fronts], *names[yards]],
        kind=["no_building"] * len(fronts) + ["complement_only"] * len(yards),
        code=["prickmark"] * len(fronts) + ["korsmark"] * len(yards),
    )


def lis_layer(terrain: Terrain, places: Places, size: Size) -> gpd.GeoDataFrame:
    """Return areas for rural development by the largest lake and on the coast."""
    side, lake = size.extent_m, terrain.lakes[0]
    middles = [lake.exterior.interpolate(0.3, normalized=True), *map(shapely.Point, places.shores[-2:])]
    discs = [shapely.Point(at).buffer(0.02 * side, quad_segs=6) for at in middles]
    shapes = shapely.intersection(warp(discs, terrain.bend, shift_m=0.005 * side, step_m=60.0), terrain.mainland)
    names = [f"LIS-område {number + 1} (påhittat)" for number in range(len(shapes))]
    return layer("lis_areas", shapes, id=[f"LIS{number + 1}" for number in range(len(shapes))], name=names)


def utility_layer(settlements: list[Settlement]) -> gpd.GeoDataFrame:
    """Return where the municipality supplies water and sewer: both in the town, less in villages."""
    town, *villages = (settlement.region.buffer(40.0, quad_segs=4) for settlement in settlements)
    shapes, kinds, states = [town], ["both"], ["existing"]
    for number, village in enumerate(villages):
        shapes += [village] if number != 1 else [village, village]
        kinds += [("both", "water", "both", "water")[number % 4]] if number != 1 else ["water", "sewer"]
        states += ["existing"] if number != 1 else ["existing", "planned"]
    return layer("utility_areas", shapes, id=[f"VA{n + 1}" for n in range(len(shapes))], kind=kinds, status=states)


def shore_protection_layer(terrain: Terrain, settlements: list[Settlement], extent_m: float) -> gpd.GeoDataFrame:
    """Return a shore with the protection extended to 300 m, and parts of the town where it is lifted."""
    coast = shapely.boundary(terrain.mainland)
    where = shapely.Point(terrain.town.x + 0.06 * extent_m, terrain.town.y - 0.2 * extent_m)
    at = coast.interpolate(coast.project(where))
    rim = coast.intersection(at.buffer(0.06 * extent_m)).simplify(10.0)
    extended = rim.buffer(300.0, quad_segs=6).intersection(terrain.municipality)
    reach = max(250.0, 0.022 * extent_m)
    town = settlements[0].region
    lifted = [
        town.intersection(terrain.mouth.buffer(reach)),
        town.intersection(terrain.river_line.buffer(110.0)).difference(terrain.mouth.buffer(reach)),
    ]
    lifted = [shape for shape in lifted if not shape.is_empty]
    return layer(
        "shore_protection",
        [extended, *lifted],
        id=[f"SS{number + 1}" for number in range(1 + len(lifted))],
        decision=["extended", *["lifted"] * len(lifted)],
        date=["2014-11-20", "1998-05-04", "2009-09-01"][: 1 + len(lifted)],
    )

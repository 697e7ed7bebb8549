"""The parcels' names and owners, as a property register has them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.synthetic.buildings import Buildings
from layers.synthetic.frames import layer
from layers.synthetic.noise import Floats
from layers.synthetic.parcels import Parcels
from layers.synthetic.streets import Settlement
from layers.synthetic.terrain import Terrain

__all__ = ["VILLAGES", "parcel_layer"]

VILLAGES = ("Norrfjäll", "Lillhamn", "Ängesby", "Sörtorp", "Kvarnvik")

_TOWN = (
    "Centrum",
    "Strandby",
    "Norrbacka",
    "Söderängen",
    "Västerhaga",
    "Kvarnen",
    "Hamnen",
    "Tallåsen",
    "Björkliden",
)
_RURAL = (
    "Alsjö", "Berga", "Dalen", "Edsta", "Fagerudden", "Gransjö", "Hålsänge", "Idvattnet",
    "Kallbäck", "Långnäs", "Mossgården", "Nybygget", "Odensvik", "Rönnskär", "Storön", "Trollsved",
    "Utholmen", "Yttergrund",
)  # fmt: skip

_OWNERS: dict[str, tuple[tuple[str, float], ...]] = {
    "street": (("municipality", 1.0),),
    "park": (("municipality", 1.0),),
    "public": (("municipality", 0.85), ("company", 0.15)),
    "road": (("state", 1.0),),
    "railway": (("state", 1.0),),
    "homes": (("private", 0.97), ("municipality", 0.015), ("company", 0.015)),
    "flats": (("municipality", 0.4), ("company", 0.6)),
    "centre": (("company", 0.8), ("municipality", 0.1), ("private", 0.1)),
    "industry": (("company", 0.75), ("municipality", 0.25)),
    "development": (("municipality", 0.78), ("company", 0.17), ("private", 0.05)),
    "leisure": (("private", 1.0),),
    "farm": (("private", 0.94), ("municipality", 0.04), ("other", 0.02)),
    "forest": (("company", 0.42), ("private", 0.45), ("state", 0.05), ("municipality", 0.08)),
    "islet": (("other", 1.0),),
}
_USES = {
    "street": "Gata", "road": "Väg", "railway": "Järnväg", "homes": "Småhus",
    "flats": "Flerbostadshus", "centre": "Centrum", "industry": "Industri", "public": "Samhällsfunktion",
    "park": "Park", "development": "Exploatering", "leisure": "Fritidshus", "farm": "Lantbruk",
    "forest": "Skog", "islet": "Samfällighet",
}  # fmt: skip


def parcel_layer(
    rng: np.random.Generator,
    terrain: Terrain,
    parcels: Parcels,
    buildings: Buildings,
    settlements: list[Settlement],
) -> gpd.GeoDataFrame:
    """Name every parcel after its tract, ``STRANDBY 3:12``, and say who owns it."""
    middle = shapely.get_coordinates(shapely.point_on_surface(parcels.polygons))
    tracts = np.full(len(middle), "", dtype="U24")
    blocks = np.ones(len(middle), np.int64)
    town = parcels.place == 0
    centre = np.array([terrain.town.x, terrain.town.y])
    spread = 0.55 * np.sqrt(settlements[0].region.area / np.pi)
    turn = np.linspace(0, 2 * np.pi, len(_TOWN), endpoint=False)[1:]
    seeds = np.vstack([centre, centre + 2 * spread * np.column_stack([np.cos(turn), np.sin(turn)])])
    tracts[town] = np.array(_TOWN)[_nearest(middle[town], seeds)]
    for number, village in enumerate(settlements[1:], start=1):
        tracts[parcels.place == number] = village.name
    x0, y0, x1, y1 = terrain.municipality.bounds
    country = parcels.place < 0
    rural = rng.uniform((x0, y0), (x0 + 0.85 * (x1 - x0), y1), (len(_RURAL), 2))
    tracts[country] = np.array(_RURAL)[_nearest(middle[country], rural)]
    inside = parcels.block >= 0
    blocks[inside] = parcels.block[inside] + 2
    # Blocks of the countryside: the old villages' lands, a kilometre or two wide.
    blocks[country] = (
        1 + (middle[country, 1] - y0).astype(int) // 1500 + 25 * ((middle[country, 0] - x0).astype(int) // 1500)
    )
    blocks[parcels.use == "islet"] = 0
    names = _names(tracts, blocks, np.lexsort((middle[:, 0], -middle[:, 1])))
    owners = np.full(len(middle), "private", dtype="U14")
    for use, shares in _OWNERS.items():
        chosen = parcels.use == use
        kinds, weights = zip(*shares, strict=True)
        owners[chosen] = rng.choice(kinds, int(chosen.sum()), p=weights)
    built = np.zeros(len(middle), bool)
    built[buildings.parcel] = True
    gaps = (parcels.use == "homes") & ~built
    owners[gaps & (rng.uniform(size=len(gaps)) < 0.3)] = "municipality"
    floor = np.bincount(buildings.parcel, shapely.area(buildings.footprints), minlength=len(middle))
    value = np.round(floor * rng.uniform(4_000, 9_000, len(middle)), -3)
    return layer(
        "parcels",
        parcels.polygons,
        id=names,
        designation=[f"ALMSKÄR {name.split('-')[0]}" for name in names],
        property=[f"ALMSKÄR {name.split('-')[0]}" for name in names],
        use=[_USES[use] for use in parcels.use.tolist()],
        owner_kind=owners.tolist(),
        improvement_value=value,
    )


def _names(tracts: npt.NDArray[np.str_], blocks: npt.NDArray[np.int64], order: npt.NDArray[np.intp]) -> list[str]:
    """Return the names: blocks numbered in their tract, units in their block; block 0 is held in common."""
    rows = pd.DataFrame({"tract": tracts, "block": blocks}).iloc[order]
    rows["number"] = rows["block"].where(rows["block"] > 0).groupby(rows["tract"]).rank("dense").fillna(0).astype(int)
    rows["unit"] = rows.groupby(["tract", "number"]).cumcount() + 1
    rows = rows.sort_index()
    return [
        f"{tract.upper()} {number}:{unit}" if number else f"{tract.upper()} S:1-{unit}"
        for tract, number, unit in zip(rows["tract"], rows["number"], rows["unit"], strict=True)
    ]


def _nearest(points: Floats, seeds: Floats) -> npt.NDArray[np.intp]:
    return np.asarray(np.argmin(np.hypot(*(points[:, None] - seeds[None]).transpose(2, 0, 1)), axis=1))

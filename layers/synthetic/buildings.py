"""Buildings: a footprint on most plots, turned as the plot lies, and clear of its boundary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from layers.synthetic.noise import Floats
from layers.synthetic.parcels import Parcels
from layers.synthetic.splitting import Shapes

__all__ = ["INSET_M", "Buildings", "put_up_buildings"]

INSET_M = 4.5

# What stands on a parcel by its use: the building's use, its share of the parcels, width and length with
# their spread (m), and the dwellings.
_KINDS: dict[str, tuple[str, float, tuple[float, float], tuple[float, float], tuple[int, int]]] = {
    "homes": ("dwelling", 0.94, (8.5, 11.0), (11.0, 16.0), (1, 1)),
    "flats": ("dwelling", 0.95, (12.0, 14.0), (34.0, 52.0), (14, 28)),
    "centre": ("business", 0.96, (12.0, 15.0), (18.0, 30.0), (2, 9)),
    "industry": ("industry", 0.85, (18.0, 34.0), (30.0, 60.0), (0, 0)),
    "public": ("public", 0.9, (16.0, 24.0), (40.0, 60.0), (0, 0)),
    "farm": ("farm", 0.17, (8.5, 11.0), (12.0, 17.0), (1, 1)),
    "leisure": ("leisure", 0.72, (6.0, 8.0), (7.5, 11.0), (0, 0)),
}


@dataclass(frozen=True)
class Buildings:
    """The buildings, one entry each in each array.

    Attributes
    ----------
    footprints, use, dwellings, year_built
        As in the catalogue.
    parcel
        Index of the parcel that the building stands on.
    """

    footprints: Shapes
    use: npt.NDArray[np.str_]
    dwellings: npt.NDArray[np.int64]
    year_built: npt.NDArray[np.int64]
    parcel: npt.NDArray[np.intp]


def put_up_buildings(rng: np.random.Generator, parcels: Parcels) -> Buildings:
    """Put up the buildings; about six in a hundred house plots stay empty (lucktomter)."""
    found: list[tuple[Shapes, npt.NDArray[np.intp], str, npt.NDArray[np.int64]]] = []
    for use, (kind, share, wide, long, homes) in _KINDS.items():
        chosen = np.flatnonzero(parcels.use == use)
        chosen = chosen[(rng.uniform(size=len(chosen)) < share) & (shapely.area(parcels.polygons[chosen]) > 420)]
        width, length = rng.uniform(*wide, len(chosen)), rng.uniform(*long, len(chosen))
        shapes, placed = _place(parcels.polygons[chosen], width, length)
        dwellings = rng.integers(homes[0], homes[1] + 1, len(chosen))
        if use == "homes":
            dwellings = np.where(rng.uniform(size=len(chosen)) < 0.05, 2, dwellings)
        found.append((shapes, chosen[placed], kind, dwellings[placed]))
        if use in ("homes", "farm"):
            spot = placed & (rng.uniform(size=len(chosen)) < 0.55)
            sheds, stand = _sheds(rng, parcels.polygons[chosen[spot]], shapes[spot[placed]], big=use == "farm")
            found.append((sheds, chosen[spot][stand], "complement", np.zeros(int(stand.sum()), np.int64)))
    use_of = np.concatenate([np.full(len(shapes), kind, "U12") for shapes, _, kind, _ in found])
    parcel = np.concatenate([parcel for _, parcel, _, _ in found])
    order = np.argsort(parcel, kind="stable")
    decade = rng.integers(0, 11, len(parcels.polygons)) * 10
    year = 1905 + decade[parcel] + rng.integers(0, 14, len(parcel))
    return Buildings(
        np.concatenate([shapes for shapes, *_ in found])[order],
        use_of[order],
        np.concatenate([dwellings for *_, dwellings in found])[order],
        year[order],
        parcel[order],
    )


def _place(parcels: Shapes, width: Floats, length: Floats) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Return the footprints that fit, and which parcels have one; what does not fit is tried smaller."""
    room = shapely.buffer(parcels, -INSET_M - 0.05, join_style="mitre")
    middle = shapely.centroid(room)
    middle = np.where(shapely.contains(room, middle), middle, shapely.point_on_surface(room))
    shapes = np.full(len(parcels), None, dtype=object)
    along = _direction(parcels)
    for scale in (1.0, 0.85, 0.7):
        left = np.flatnonzero(shapely.is_missing(shapes) & ~shapely.is_empty(room))
        tried = _rectangles(
            shapely.get_coordinates(middle[left]), along[left], width[left] * scale, length[left] * scale
        )
        fits = shapely.contains(room[left], tried)
        shapes[left[fits]] = tried[fits]
    placed = ~shapely.is_missing(shapes)
    return shapes[placed], placed


def _sheds(
    rng: np.random.Generator, parcels: Shapes, houses: Shapes, *, big: bool
) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Return garages, or barns, beside houses where there is room."""
    along = _direction(parcels)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    side = rng.choice([-1.0, 1.0], (len(parcels), 2))
    gap = 24.0 if big else 11.0
    at = shapely.get_coordinates(shapely.centroid(houses)) + gap * side[:, :1] * along + 4.0 * side[:, 1:] * across
    scale = 2.4 if big else 1.0
    sheds = _rectangles(at, along, np.full(len(at), 4.5 * scale), rng.uniform(5.5, 7.5, len(at)) * scale)
    room = shapely.buffer(parcels, -INSET_M - 0.05, join_style="mitre")
    stand = shapely.contains(room, sheds) & (shapely.distance(sheds, houses) > 1.0)
    return sheds[stand], stand


def _direction(parcels: Shapes) -> Floats:
    """Return the unit vector along the longer side of each parcel."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(parcels)).reshape(-1, 5, 2)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    along = np.where((np.hypot(*first.T) >= np.hypot(*second.T))[:, None], first, second)
    result: Floats = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return result


def _rectangles(middle: Floats, along: Floats, width: Floats, length: Floats) -> Shapes:
    across = np.column_stack([-along[:, 1], along[:, 0]])
    a, b = along * (length / 2)[:, None], across * (width / 2)[:, None]
    corners = np.stack([middle - a - b, middle + a - b, middle + a + b, middle - a + b], axis=1)
    return np.asarray(shapely.polygons(corners), dtype=object)

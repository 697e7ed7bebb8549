"""Query parameters that several resources share, and what no resource takes: unknown ones, and text of no use."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute
from pyproj import Transformer

from geoplan.errors import InputError, NotFoundError
from layers.lastrun import is_storable

__all__ = ["MOST_WHOLE", "BoundingBox", "bounding_box", "box_in_crs", "known_parameters"]

MOST_WHOLE = 2**31 - 1
"""The largest whole number that a parameter takes; the database holds it as any of its numbers."""

# A reprojected straight edge bends; this many points to an edge keep a municipality within a millimetre.
_POINTS_PER_EDGE = 32


@dataclass(frozen=True)
class BoundingBox:
    """A box in degrees of WGS 84."""

    west: float
    south: float
    east: float
    north: float


def bounding_box(
    bbox: Annotated[
        str | None,
        Query(description="west,south,east,north in degrees (WGS 84).", examples=["17.0,61.2,17.2,61.4"]),
    ] = None,
) -> BoundingBox | None:
    """Read the parameter ``bbox``.

    Raises
    ------
    InputError
        It is not four numbers in order within the world.
    """
    if bbox is None:
        return None
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        raise InputError(f"bbox must be four numbers, not {bbox!r}.", hint="west,south,east,north") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"bbox {bbox!r} is not a box in degrees.",
            hint="west,south,east,north with west < east, south < north",
        )
    return BoundingBox(west, south, east, north)


def box_in_crs(box: BoundingBox, srid: int) -> bytes:
    """Return the box as a polygon in the storage CRS (WKB), its edges densified before they are bent."""
    outline = shapely.box(box.west, box.south, box.east, box.north)
    outline = shapely.segmentize(outline, max(box.east - box.west, box.north - box.south) / _POINTS_PER_EDGE)
    transformer = Transformer.from_crs(4326, srid, always_xy=True)
    corners = shapely.get_coordinates(outline)
    bent = shapely.Polygon(np.column_stack(transformer.transform(corners[:, 0], corners[:, 1])))
    if not shapely.is_valid(bent) or not all(abs(edge) < float("inf") for edge in shapely.bounds(bent)):
        raise InputError("bbox lies outside of what the reference system can show.")
    return bytes(shapely.to_wkb(bent))


def known_parameters(request: Request) -> None:
    """Refuse query parameters that the resource does not know, and name the closest that it knows.

    Text that the database cannot hold is refused here too, for every resource at once: no name in a path is such a
    text, and no value is.

    Raises
    ------
    InputError
        There is one, or a value cannot be looked for.
    NotFoundError
        The path names what cannot be.
    """
    if not all(is_storable(str(part)) for part in request.path_params.values()):
        raise NotFoundError("There is nothing of that name.", hint="No name has a null character.")
    for name, value in request.query_params.multi_items():
        if not is_storable(value):
            raise InputError(f"{name} has a null character.", hint="Leave it out.")
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _names(route.dependant)
    for name in request.query_params:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(sorted(known)) or 'none'}."
            raise InputError(f"There is no parameter {name!r} here.", hint=hint)


def _names(dependant: Any) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    for inner in dependant.dependencies:
        names |= _names(inner)
    return names


KnownParameters = Depends(known_parameters)
BAD_REQUEST: dict[int | str, dict[str, Any]] = {
    HTTPStatus.BAD_REQUEST.value: {"description": "A parameter is wrong; see the detail."}
}

"""Towns and villages: a grid of streets that bends with the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from layers.synthetic.noise import warp
from layers.synthetic.terrain import Terrain

__all__ = ["Settlement", "lay_out"]


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A town or a village.

    Attributes
    ----------
    name, kind
        As in the catalogue.
    centre
        Its square.
    region
        The ground that it takes.
    streets
        The streets' middles.
    angle
        Direction of the long streets, radians from east.
    """

    name: str
    kind: str
    centre: shapely.Point
    region: BaseGeometry
    streets: npt.NDArray[np.object_]
    angle: float


def lay_out(
    terrain: Terrain,
    *,
    name: str,
    kind: str,
    centre: shapely.Point,
    radius_m: float,
    angle: float,
    barriers: BaseGeometry,
) -> Settlement:
    """Lay out a settlement.

    Parameters
    ----------
    terrain
        The ground.
    name, kind, centre, angle
        As in :class:`Settlement`.
    radius_m
        Its radius where nothing is in the way, metres.
    barriers
        What streets stop at: the railway, the main road and the river with their margins.
    """
    wide = 1.25 if kind == "small" else 1.1
    disc = shapely.affinity.scale(centre.buffer(radius_m, quad_segs=24), wide, 1 / wide)
    oval = shapely.affinity.rotate(disc, angle, origin=centre, use_radians=True)
    blob = warp([oval], terrain.bend, shift_m=radius_m * 0.16, step_m=radius_m / 8)[0].buffer(0)
    around = terrain.mainland.intersection(blob.buffer(120.0))
    dry = shapely.intersection(blob, around.buffer(-45.0).difference(terrain.river.buffer(30.0)))
    apart = shapely.union_all([lake.buffer(60) for lake in terrain.lakes])
    region = dry.difference(apart).buffer(-12).buffer(12)
    parts = shapely.get_parts(region)
    region = shapely.union_all(parts[shapely.area(parts) > 12_000])
    streets = _grid(terrain, region, centre, radius_m, angle, town=kind == "urban")
    lines = shapely.get_parts(shapely.line_merge(shapely.difference(streets, barriers)))
    lines = lines[shapely.get_type_id(lines) == 1]
    lines = lines[shapely.length(lines) > 60]
    return Settlement(
        name=name, kind=kind, centre=centre, region=region, streets=lines, angle=angle
    )  # fmt: skip


def _grid(
    terrain: Terrain,
    region: BaseGeometry,
    centre: shapely.Point,
    radius_m: float,
    angle: float,
    *,
    town: bool,
) -> BaseGeometry:
    deep, long = (84.0, 170.0) if town else (88.0, 210.0)
    reach = radius_m * 1.6
    v = np.arange(-reach, reach, deep)
    u = np.arange(-reach, reach, long)
    along = [[(-reach, at), (reach, at)] for at in v]
    # Every other row of blocks is shifted by half a block, as where quarters were added one by one.
    across = [
        [
            (at + (long / 2 if (row // 3) % 2 else 0), low),
            (at + (long / 2 if (row // 3) % 2 else 0), low + deep),
        ]
        for row, low in enumerate(v[:-1])
        for at in u
    ]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    ends = np.array(along + across) @ turn + np.array([centre.x, centre.y])
    bent = warp(shapely.linestrings(ends), terrain.bend, shift_m=min(radius_m * 0.1, 95.0), step_m=30.0)
    return shapely.intersection(shapely.union_all(bent), region)

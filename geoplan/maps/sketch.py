"""A map on paper: a small, still SVG drawing of places and what lies around them.

It loads nothing and moves nothing, prints at any size, and says in words what it shows. Outlines are simplified to half
a unit of the drawing; what is drawn is never computed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.frames import metres_per_unit

__all__ = ["Mark", "sketch"]

_WIDTH, _HEIGHT = 640.0, 420.0
_RADIUS = 8.5
_PADDING = 0.1
_SMALLEST_M = 1_000.0
_DETAIL = 0.5
_STEPS_M = tuple(step * 10**power for power in range(1, 6) for step in (1, 2, 5))


@dataclass(frozen=True)
class Mark:
    """A place to be marked: its label, its shape, and whether it is the site that all is about."""

    label: str
    shape: shapely.Geometry
    site: bool = False


@dataclass(frozen=True)
class _View:
    """From the CRS to the drawing."""

    west: float
    north: float
    scale: float
    width: float
    height: float

    @property
    def box(self) -> shapely.Geometry:
        """Return what is seen and a little more, in the CRS: no cut edge is drawn."""
        seen = shapely.box(
            self.west, self.north - self.height / self.scale, self.west + self.width / self.scale, self.north
        )
        return shapely.buffer(seen, 4 / self.scale, join_style="mitre")

    def place(self, shapes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return shapes in the drawing's units, y downwards."""
        placed: npt.NDArray[Any] = shapely.transform(
            shapes, lambda xy: np.column_stack([(xy[:, 0] - self.west), (self.north - xy[:, 1])]) * self.scale
        )
        return placed


def sketch(
    marks: Sequence[Mark],
    backdrop: Mapping[str, gpd.GeoDataFrame],
    *,
    crs: object,
    title: str,
    description: str,
    north: str = "N",
) -> str:
    """Draw marks on a backdrop, as one ``svg`` element.

    Parameters
    ----------
    marks
        What is marked; all of it is in the picture. Shapes in the CRS.
    backdrop
        ``municipality``, ``water``, ``settlements`` (with ``name``), ``roads`` and ``guarded`` are drawn where present.
    crs
        The CRS of all of them: projected.
    title, description
        What the drawing is called, and what it shows in words.
    north
        The letter for north.

    Returns
    -------
    str
        Markup: every text in it is escaped.
    """
    view = _view([mark.shape for mark in marks], metres_per_unit(crs))
    body = [_area(backdrop.get("municipality"), view, "land"), _area(backdrop.get("water"), view, "water")]
    body += [_area(backdrop.get("settlements"), view, "town"), _area(backdrop.get("guarded"), view, "guarded")]
    body += [_area(backdrop.get("roads"), view, "road")]
    shapes = view.place(np.array([mark.shape for mark in marks], dtype=object))
    for mark, shape in zip(marks, shapes, strict=True):
        body.append(_path(np.array([shape], dtype=object), "wanted" if mark.site else "other"))
    body += [_names(backdrop.get("settlements"), view), *_labels(marks, shapes, view)]
    body += [_bar(view, metres_per_unit(crs)), _north(view, north)]
    return (
        f'<svg class="sketch" viewBox="0 0 {view.width:g} {view.height:g}" role="img" '
        f'aria-labelledby="sketch-title sketch-desc" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="sketch-title">{escape(title)}</title><desc id="sketch-desc">{escape(description)}</desc>'
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line x1="0" y1="0" x2="0" y2="6" class="hatch"/></pattern></defs>'
        f'<rect class="ground" width="{view.width:g}" height="{view.height:g}"/>'
        + "".join(body)
        + f'<rect class="frame" x="0.5" y="0.5" width="{view.width - 1:g}" height="{view.height - 1:g}"/></svg>'
    )


def _view(shapes: list[shapely.Geometry], unit: float) -> _View:
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    least = _SMALLEST_M / unit
    width = max((east - west) * (1 + 2 * _PADDING), least)
    height = max((north - south) * (1 + 2 * _PADDING), least * _HEIGHT / _WIDTH)
    scale = min(_WIDTH / width, _HEIGHT / height)
    middle = (west + east) / 2, (south + north) / 2
    return _View(middle[0] - _WIDTH / scale / 2, middle[1] + _HEIGHT / scale / 2, scale, _WIDTH, _HEIGHT)


def _area(frame: gpd.GeoDataFrame | None, view: _View, name: str) -> str:
    """Draw what of a layer is in the picture, simplified, without specks."""
    if frame is None or not len(frame):
        return ""
    shapes = frame.geometry.to_numpy()
    shapes = shapes[shapely.intersects(shapes, view.box)]
    shapes = view.place(shapely.intersection(shapes, view.box))
    parts = shapely.get_parts(shapely.simplify(shapes, _DETAIL))
    flat = shapely.get_dimensions(parts) == 2
    parts = parts[(flat & (shapely.area(parts) >= 1)) | (~flat & (shapely.length(parts) >= 2))]
    return _path(parts, name) if len(parts) else ""


def _path(shapes: npt.NDArray[Any], name: str) -> str:
    lines: list[str] = []
    for part in shapely.get_parts(shapes):
        area = shapely.get_dimensions(part) == 2
        for line in shapely.get_rings(part) if area else [part]:
            points = [f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(line)]
            lines.append("M" + "L".join(points[:-1] if area else points) + ("Z" if area else ""))
    return f'<path class="{name}" d="{"".join(lines)}"/>'


def _names(frame: gpd.GeoDataFrame | None, view: _View) -> str:
    """Write the settlements' names that are in the picture."""
    if frame is None or "name" not in frame or not len(frame):
        return ""
    points = shapely.get_coordinates(view.place(shapely.point_on_surface(frame.geometry.to_numpy())))
    texts = []
    for (x, y), name in zip(points, frame["name"], strict=True):
        if 30 < x < view.width - 30 and 15 < y < view.height - 15 and isinstance(name, str):
            texts.append(f'<text class="name" x="{x:.1f}" y="{y:.1f}">{escape(name)}</text>')
    return "".join(texts)


def _labels(marks: Sequence[Mark], shapes: npt.NDArray[Any], view: _View) -> list[str]:
    """Write the marks' labels, moved apart where they would lie on each other, with a line to their places."""
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    moved = _apart(points, view)
    result = []
    for (x, y), (a, b) in zip(points, moved, strict=True):
        if np.hypot(a - x, b - y) > 2:
            result.append(f'<path class="leader" d="M{x:.1f},{y:.1f}L{a:.1f},{b:.1f}"/>')
    for mark, (a, b) in zip(marks, moved, strict=True):
        kind = "wanted" if mark.site else "other"
        shape = (
            f'<rect class="badge {kind}" x="{a - _RADIUS:.1f}" y="{b - _RADIUS:.1f}" width="{2 * _RADIUS:g}" '
            f'height="{2 * _RADIUS:g}"/>'
            if mark.site
            else f'<circle class="badge {kind}" cx="{a:.1f}" cy="{b:.1f}" r="{_RADIUS:g}"/>'
        )
        result.append(f'{shape}<text class="label" x="{a:.1f}" y="{b + 3.6:.1f}">{escape(mark.label)}</text>')
    return result


def _apart(points: npt.NDArray[np.float64], view: _View) -> npt.NDArray[np.float64]:
    """Push labels apart until none covers another, or a hundred times; the same places give the same picture."""
    moved = points.copy()
    # Labels on one and the same place are told apart by their number.
    turn = np.arange(len(points)) * 2.399963
    moved += np.column_stack([np.cos(turn), np.sin(turn)]) * 0.01
    least = 2 * _RADIUS + 2
    for _ in range(100):
        step = moved[:, None] - moved[None]
        distance = np.hypot(step[..., 0], step[..., 1])
        np.fill_diagonal(distance, 2 * least)  # a label is no neighbour of itself
        push = np.where(distance < least, (least - distance) / 2 / distance, 0.0)
        if not push.any():
            break
        moved += (step * push[..., None]).sum(axis=1)
        moved = np.clip(moved, _RADIUS + 2, [view.width - _RADIUS - 2, view.height - _RADIUS - 2])
    return moved


def _bar(view: _View, unit: float) -> str:
    """Draw the scale: the longest round distance that a quarter of the width holds."""
    room = view.width / 4 / view.scale * unit
    metres = max((step for step in _STEPS_M if step <= room), default=_STEPS_M[0])
    length = metres / unit * view.scale
    text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    x, y = 14.0, view.height - 14
    return (
        f'<rect class="plate" x="{x - 6:g}" y="{y - 18:g}" width="{length + 12:.1f}" height="24"/>'
        f'<path class="bar" d="M{x:g},{y - 5:g}V{y:g}H{x + length:.1f}V{y - 5:g}"/>'
        f'<text class="scale" x="{x + length / 2:.1f}" y="{y - 6:g}">{text}</text>'
    )


def _north(view: _View, letter: str) -> str:
    x = view.width - 20
    return (
        f'<path class="north" d="M{x:g},12L{x + 5:g},28L{x:g},24L{x - 5:g},28Z"/>'
        f'<text class="scale" x="{x:g}" y="40">{escape(letter)}</text>'
    )

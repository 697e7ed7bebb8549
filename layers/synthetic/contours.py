"""The areas where a height field is above zero, as polygons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from layers.synthetic.noise import Field, Floats

__all__ = ["faces_above", "smooth"]

# Marching squares: the bits are the corners above zero (1 south-west, 2 south-east, 4 north-east,
# 8 north-west), the pairs are the cell's edges that a segment joins (0 south, 1 east, 2 north, 3 west).
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),),
    13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


def faces_above(field: Field) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Cut the field's square along its zero level.

    Returns
    -------
    polygons
        The faces, which together fill the square; smoothed once by corner cutting.
    above
        Whether a face lies above zero.
    """
    values = np.where(field.values == 0, 1e-9, field.values)
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(_segments(values, field))))
    x0, y0 = field.origin
    frame = shapely.box(x0, y0, x0 + field.cell_m * (values.shape[1] - 1), y0 + field.cell_m * (values.shape[0] - 1))
    lines = np.array([smooth(line) for line in lines], dtype=object)
    noded = shapely.union_all([*lines, frame.exterior], grid_size=0.01)
    polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    points = shapely.point_on_surface(polygons)
    return polygons, field.at(shapely.get_x(points), shapely.get_y(points)) > 0


def smooth(line: shapely.LineString, *, times: int = 1) -> shapely.LineString:
    """Cut the corners of a line (Chaikin 1974); its ends stay, and a closed line stays closed."""
    xy: Floats = shapely.get_coordinates(line)
    closed = bool(len(xy) > 3 and (xy[0] == xy[-1]).all())
    for _ in range(times):
        first, second = xy[:-1], xy[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1).reshape(-1, 2)
        xy = np.vstack([cut, cut[:1]]) if closed else np.vstack([xy[:1], cut[1:-1], xy[-1:]])
    return shapely.LineString(xy)


def _segments(values: Floats, field: Field) -> npt.NDArray[np.object_]:
    """Return the zero level as two-point lines whose ends are the same to the bit where they meet."""
    rows, columns = values.shape
    x = field.origin[0] + field.cell_m * np.arange(columns)
    y = field.origin[1] + field.cell_m * np.arange(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = values[:, :-1] / (values[:, :-1] - values[:, 1:])
        up = values[:-1, :] / (values[:-1, :] - values[1:, :])
    flat = np.stack([x[:-1] + field.cell_m * along, np.broadcast_to(y[:, None], along.shape)], axis=-1)
    steep = np.stack([np.broadcast_to(x, up.shape), y[:-1, None] + field.cell_m * up], axis=-1)
    edges = (flat[:-1], steep[:, 1:], flat[1:], steep[:, :-1])
    high = values > 0
    case = high[:-1, :-1] + 2 * high[:-1, 1:] + 4 * high[1:, 1:] + 8 * high[1:, :-1]
    parts = [
        np.stack([edges[first][case == number], edges[second][case == number]], axis=1)
        for number, pairs in _SEGMENTS.items()
        for first, second in pairs
    ]
    ends = np.concatenate(parts)
    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]
    lines: npt.NDArray[np.object_] = shapely.linestrings(ends)
    return lines

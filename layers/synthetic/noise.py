"""Smooth random fields on a grid: the heights of the terrain, and what bends straight lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

__all__ = ["Field", "power_law", "warp", "warp_fields"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Field:
    """Values on a square grid of points.

    Attributes
    ----------
    values
        Shape (rows, columns); row 0 lies in the south.
    origin
        East and north of the first point, metres.
    cell_m
        Distance between points, metres.
    """

    values: Floats
    origin: tuple[float, float]
    cell_m: float

    def at(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
        """Return the values at places, bilinear between the points and constant outside them."""
        rows, columns = self.values.shape
        c = np.clip((np.asarray(x, float) - self.origin[0]) / self.cell_m, 0, columns - 1.000001)
        r = np.clip((np.asarray(y, float) - self.origin[1]) / self.cell_m, 0, rows - 1.000001)
        i, j = r.astype(int), c.astype(int)
        s, t = r - i, c - j
        v = self.values
        low = v[i, j] * (1 - t) + v[i, j + 1] * t
        high = v[i + 1, j] * (1 - t) + v[i + 1, j + 1] * t
        result: Floats = low * (1 - s) + high * s
        return result


def power_law(
    rng: np.random.Generator,
    points: int,
    *,
    cell_m: float,
    longest_m: float,
    exponent: float,
    grain: float = 1.0,
) -> Floats:
    """Return a field whose power falls with the frequency, as that of terrain does.

    Parameters
    ----------
    rng
        Where the chance comes from.
    points
        Points along a side.
    cell_m
        Distance between points, metres.
    longest_m
        Wavelength, metres, above which the power rises no more.
    exponent
        The amplitude falls as frequency to minus this; 1.6 to 2.2 looks like terrain.
    grain
        How much longer the forms are from north-west to south-east than across, as the ice left them.

    Returns
    -------
    numpy.ndarray
        Shape (points, points), mean 0, standard deviation 1.

    Notes
    -----
    Spectral synthesis: white noise is filtered in the frequency domain (Voss 1985, Random fractal forgeries).
    The grid is made half as large again and cropped, so that opposite sides do not meet.
    """
    wide = points + points // 2
    spectrum = np.fft.rfft2(rng.standard_normal((wide, wide)))
    north, east = np.fft.fftfreq(wide, cell_m)[:, None], np.fft.rfftfreq(wide, cell_m)[None, :]
    along, across = (0.8 * north - 0.6 * east) * grain, 0.6 * north + 0.8 * east
    spectrum *= (along**2 + across**2 + longest_m**-2.0) ** (-exponent / 2)
    field = np.fft.irfft2(spectrum, s=(wide, wide))[:points, :points]
    result: Floats = (field - field.mean()) / field.std()
    return result


def warp_fields(
    rng: np.random.Generator, *, origin: tuple[float, float], extent_m: float, longest_m: float
) -> tuple[Field, Field]:
    """Return two smooth fields, for the shift east and the shift north, standard deviation 1."""
    cell = extent_m / 128
    start = (origin[0] - extent_m * 0.1, origin[1] - extent_m * 0.1)
    east, north = (
        Field(power_law(rng, 156, cell_m=cell, longest_m=longest_m, exponent=3.0), start, cell) for _ in range(2)
    )
    return east, north


def warp(
    shapes: Iterable[BaseGeometry], fields: tuple[Field, Field], *, shift_m: float, step_m: float
) -> npt.NDArray[np.object_]:
    """Bend shapes by moving every vertex, after adding vertices at most ``step_m`` apart.

    A place moves the same way whatever shape it belongs to, so what met still meets.
    """
    dense = shapely.segmentize(np.array(list(shapes), dtype=object), step_m)

    def moved(xy: Floats) -> Floats:
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([x + shift_m * fields[0].at(x, y), y + shift_m * fields[1].at(x, y)])

    result: npt.NDArray[np.object_] = shapely.transform(dense, moved)
    return result

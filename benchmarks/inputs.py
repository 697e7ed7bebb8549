"""The inputs as files: a county is made once, and every contender reads the same."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.county import SIDE_KM, build_county

__all__ = ["CACHE", "ROW_GROUP", "Inputs", "county_folder", "make_inputs"]

CACHE = Path(tempfile.gettempdir()) / "geoplan-benchmarks"
"""Where counties are kept from one run to the next."""

ROW_GROUP = 8192
"""Parcels of a row group: neighbours, which the streaming contender reads together."""

_MAKERS = (
    "benchmarks/county.py",
    "benchmarks/inputs.py",
    "layers/synthetic/contours.py",
    "layers/synthetic/noise.py",
    "layers/synthetic/splitting.py",
)
_GRIDS_M = (8_000.0, 500.0)


@dataclass(frozen=True)
class Inputs:
    """A county's files for one number of parcels.

    Attributes
    ----------
    folder
        The county's.
    size
        How many parcels.
    """

    folder: Path
    size: int

    @property
    def parcels_path(self) -> Path:
        """GeoParquet of the parcels, neighbours together, in row groups of :data:`ROW_GROUP`."""
        return self.folder / f"parcels-{self.size}.parquet"

    @property
    def constraints_path(self) -> Path:
        """GeoParquet of the constraints."""
        return self.folder / "constraints.parquet"

    @property
    def reference_path(self) -> Path:
        """The area, m², that is left of every parcel."""
        return self.folder / f"reference-{self.size}.npy"

    def parcels(self) -> gpd.GeoDataFrame:
        """Read the parcels: ``id`` and polygons."""
        return gpd.read_parquet(self.parcels_path)

    def constraints(self) -> gpd.GeoDataFrame:
        """Read the constraints: ``kind`` and polygons."""
        return gpd.read_parquet(self.constraints_path)

    def reference(self) -> npt.NDArray[np.float64]:
        """Read the area, m², that is left of every parcel."""
        areas: npt.NDArray[np.float64] = np.load(self.reference_path)
        return areas


def county_folder(side_km: float = SIDE_KM, *, cache: Path = CACHE) -> Path:
    """Return the folder of a county: one for every side and every state of the code that makes it."""
    root = Path(__file__).parents[1]
    code = hashlib.sha256()
    for name in _MAKERS:
        code.update((root / name).read_bytes())
    return cache / f"county-{side_km:g}km-{code.hexdigest()[:12]}"


def make_inputs(folder: Path, sizes: list[int], *, side_km: float = SIDE_KM) -> None:
    """Make what a folder lacks: the county, and for every size its parcels and the reference.

    Raises
    ------
    ValueError
        The county has fewer parcels than a size asks for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    everything = folder / "county.parquet"
    if not everything.exists():
        county = build_county(side_km=side_km)
        _write(county.constraints, folder / "constraints.parquet")
        _write(county.parcels, everything)
    missing = [size for size in sizes if not Inputs(folder, size).reference_path.exists()]
    if not missing:
        return
    parcels, constraints = gpd.read_parquet(everything), gpd.read_parquet(folder / "constraints.parquet")
    if max(missing) > len(parcels):
        raise ValueError(f"The county of {side_km:g} km has {len(parcels)} parcels, not {max(missing)}.")
    for size in missing:
        chosen = parcels.iloc[:size]
        # Neighbours together, as a register by districts has them.
        chosen = chosen.iloc[np.argsort(chosen.hilbert_distance(), kind="stable")].reset_index(drop=True)
        inputs = Inputs(folder, size)
        _write(chosen, inputs.parcels_path)
        np.save(inputs.reference_path, _left(chosen.geometry.to_numpy(), constraints.geometry.to_numpy()))


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    frame.to_parquet(unfinished, row_group_size=ROW_GROUP)
    unfinished.rename(path)


def _left(parcels: npt.NDArray[Any], constraints: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Compute what is left by nobody's way: constraints cut to a grid by overlay, one union and one difference each.

    ``geopandas.overlay`` on the whole constraints is checked against it like all others.
    """
    pieces = constraints
    for cell_m in _GRIDS_M:
        west, south, east, north = shapely.total_bounds(constraints)
        x, y = np.meshgrid(np.arange(west, east, cell_m), np.arange(south, north, cell_m))
        cells = shapely.box(x.ravel(), y.ravel(), x.ravel() + cell_m, y.ravel() + cell_m)
        cell, piece = shapely.STRtree(pieces).query(cells, predicate="intersects")
        pieces = shapely.intersection(pieces[piece], cells[cell])
    parcel, piece = shapely.STRtree(pieces).query(parcels, predicate="intersects")
    touched, start = np.unique(parcel, return_index=True)
    left = parcels.copy()
    unions = [shapely.union_all(pieces[group]) for group in np.split(piece, start[1:])]
    if len(touched):
        left[touched] = shapely.difference(parcels[touched], np.array(unions, dtype=object))
    areas: npt.NDArray[np.float64] = shapely.area(left)
    return areas

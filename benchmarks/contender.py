"""What all contenders are: something that loads, prepares, computes, and tells what is left of every parcel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.inputs import Inputs
from geoplan.land.pieces import subdivide

__all__ = ["MAX_VERTICES", "Contender", "areas_by_id", "areas_of", "subdivided"]

MAX_VERTICES = 128
"""Most vertices of a piece of a constraint, for every contender that subdivides."""


class Contender(ABC):
    """One way to compute what is left of parcels when constraints have taken theirs.

    Making one loads the inputs into the contender's own memory or tables; that is not counted.

    Parameters
    ----------
    inputs
        The county's files.

    Attributes
    ----------
    name
        What the table calls it.
    packages
        Distributions that it needs; the first one's version stands in the table.
    slow
        Minutes rather than seconds: run at the smallest size alone.
    """

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ("geopandas",)
    slow: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, inputs: Inputs) -> None: ...

    @abstractmethod
    def prepare(self) -> None:
        """Do what needs to be done once for all parcels to come; counted as preparation."""

    def convert(self) -> None:  # noqa: B027
        """Bring what was prepared into the contender's own tables; not counted."""

    @abstractmethod
    def run(self) -> None:
        """Compute the remainders, and keep them as geometries; counted."""

    @abstractmethod
    def areas(self) -> npt.NDArray[np.float64]:
        """Return the area, m², of every parcel's remainder, in the parcels' order; not counted."""

    def version(self) -> str:
        """Return the version of what computes."""
        return version(self.packages[0])

    def server_mb(self) -> float:
        """Return the peak memory of servers besides this process, MB."""
        return 0.0

    def close(self) -> None:  # noqa: B027
        """Give back what outlives the process."""

    @classmethod
    def missing(cls) -> list[str]:
        """Return what it needs and is not installed."""
        return [name for name in cls.packages if not _installed(name)]


def subdivided(constraints: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut constraints into pieces of at most :data:`MAX_VERTICES` vertices: the expert's first step everywhere."""
    pieces = subdivide(constraints.geometry.to_numpy(), max_vertices=MAX_VERTICES)
    return gpd.GeoDataFrame(geometry=pieces.shapes, crs=constraints.crs)


def areas_of(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Bring areas that stand in the parcels' order out of a table."""
    return np.asarray(column, dtype=float)


def areas_by_id(ids: pd.Series[Any], table: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Bring areas indexed by parcel id into the parcels' order; an id that is missing has nothing left."""
    return table.groupby(level=0).sum().reindex(ids, fill_value=0.0).to_numpy(dtype=float)


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True

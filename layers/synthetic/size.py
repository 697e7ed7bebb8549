"""How large a synthetic municipality is: the figures that differ between the full one and the small one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from geoplan.errors import SettingsError

__all__ = ["CODE", "CRS", "NAME", "SIZES", "Size", "SizeName", "size_of"]

SizeName = Literal["full", "small"]

NAME: Final = "Almskär"
CODE: Final = "0000"
CRS: Final = "EPSG:3006"


@dataclass(frozen=True, kw_only=True)
class Size:
    """The figures of a size.

    Attributes
    ----------
    extent_m
        Side of the square that is generated, metres.
    cell_m
        Cell of the height field, metres.
    relief_m
        The longest wavelength of the height field, metres: about the size of a peninsula.
    town_radius_m, village_radius_m
        Radius of the town and of a village, metres, before the water takes its share.
    villages
        Number of villages.
    shore_clusters
        Number of places where the shore is cut into plots.
    forest_m2, farm_m2
        The largest forest parcel, and the largest parcel near a road or a shore, square metres.
    population
        Persons in the base year.
    areas
        Number of statistical areas.
    """

    extent_m: float
    cell_m: float
    relief_m: float
    town_radius_m: float
    village_radius_m: float
    villages: int
    shore_clusters: int
    forest_m2: float
    farm_m2: float
    population: int
    areas: int

    @property
    def origin(self) -> tuple[float, float]:
        """South-west corner in EPSG:3006, east and north, metres: out in the open sea."""
        return 700_000.0 - self.extent_m / 2, 6_800_000.0 - self.extent_m / 2


SIZES: Final[dict[SizeName, Size]] = {
    "full": Size(
        extent_m=30_000,
        cell_m=25,
        relief_m=12_000,
        town_radius_m=1_500,
        village_radius_m=520,
        villages=4,
        shore_clusters=110,
        forest_m2=260_000,
        farm_m2=85_000,
        population=15_000,
        areas=14,
    ),
    "small": Size(
        extent_m=9_000,
        cell_m=25,
        relief_m=5_000,
        town_radius_m=430,
        village_radius_m=190,
        villages=2,
        shore_clusters=5,
        forest_m2=500_000,
        farm_m2=220_000,
        population=700,
        areas=12,
    ),
}


def size_of(name: str) -> Size:
    """Return the figures of a size.

    Raises
    ------
    SettingsError
        There is no such size.
    """
    for known, size in SIZES.items():
        if known == name:
            return size
    raise SettingsError(f"There is no size {name!r}.", hint=f"Choose one of {', '.join(SIZES)}.")

"""What makes a good house plot, and how land is divided into them: numbers as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from geoplan.errors import InputError
from geoplan.land.areas import AreaKind

__all__ = ["Subdivide", "SubdivisionStandards"]

Subdivide = Literal["planned", "all", "none"]
"""Where land is divided: where a plan allows homes, everywhere, or nowhere."""

_LENGTHS = (
    "min_width",
    "depth",
    "min_frontage",
    "strip_width",
    "street_width",
    "road_reach",
    "road_width",
    "approach",
)
_AREAS = ("min_area", "target_area")


@dataclass(frozen=True, kw_only=True)
class SubdivisionStandards:
    """The measures of plots in one kind of area.

    The defaults are those of ``layers/assumptions/subdivision.toml`` in the countryside; nearly all are ours.

    Attributes
    ----------
    min_area, target_area
        The smallest plot, and the area that plots are given where the land allows it, m².
    min_width
        Diameter of the smallest circle that has to fit in a plot, m.
    depth
        Wanted distance from the access to the back of a plot, m.
    min_frontage
        Least boundary that a plot has on its road or strip, m.
    strip_width, street_width
        Width of a shared access strip, and of a street, m.
    street_from
        From how many wanted plots on the access is a street.
    road_share_limit
        Largest share of the divided land that becomes access, 0 to 1.
    road_reach
        How far from a road's edge a boundary still is on the road, m.
    road_width
        Width of a road where none is given, m.
    approach
        Width of own ground without buildings that a driveway may cross, m.
    street_uses
        Uses of parcels that are streets.
    subdivide
        Where land is divided.
    """

    min_area: float = 600.0
    target_area: float = 1_500.0
    min_width: float = 18.0
    depth: float = 40.0
    min_frontage: float = 4.0
    strip_width: float = 5.0
    street_width: float = 10.0
    street_from: int = 7
    road_share_limit: float = 0.25
    road_reach: float = 6.0
    road_width: float = 5.0
    approach: float = 12.0
    street_uses: tuple[str, ...] = ()
    subdivide: Subdivide = "planned"

    def __post_init__(self) -> None:
        for name in (*_LENGTHS, *_AREAS):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} must be a number of zero or more, not {getattr(self, name)}.")
        for name in ("target_area", "depth", "strip_width", "street_width"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name} must be more than zero.")
        if not 0 <= self.road_share_limit < 1:
            raise InputError(f"road_share_limit must be a share from 0 to 1, not {self.road_share_limit}.")
        if self.subdivide not in get_args(Subdivide):
            raise InputError(
                f"subdivide cannot be {self.subdivide!r}.", hint=f"Choose one of {', '.join(get_args(Subdivide))}."
            )

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, kind: AreaKind = "rural") -> Self:
        """Read the standards of one kind of area.

        Parameters
        ----------
        values
            ``{name: value}`` of the assumptions; a value may be a table by kind of area.
        kind
            Which of them.

        Raises
        ------
        InputError
            A name is none of these, a table lacks the kind, or a number cannot be.
        """
        known = {field.name for field in fields(cls)}
        chosen: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise InputError(
                    f"Subdivision has no standard {name!r}.", hint=f"There are: {', '.join(sorted(known))}."
                )
            if isinstance(value, Mapping):
                if kind not in value:
                    raise InputError(f"{name} says nothing of {kind}.", hint=f"Add {kind} = … to its table.")
                value = value[kind]
            chosen[name] = tuple(value) if name == "street_uses" else value
        try:
            return cls(**chosen)
        except TypeError as error:
            raise InputError(f"A standard of subdivision is not of its type: {error}.") from error

    def in_units(self, unit: float) -> Self:
        """Return the same measures in the unit of a CRS, of which one is ``unit`` metres."""
        lengths = {name: getattr(self, name) / unit for name in _LENGTHS}
        areas = {name: getattr(self, name) / unit**2 for name in _AREAS}
        return replace(self, **lengths, **areas)

    def at_least(self, min_area: float, min_width: float) -> Self:
        """Return the standards for plots of at least so many m² and metres of width."""
        return replace(self, min_area=min_area, target_area=max(self.target_area, min_area), min_width=min_width)

    def count(self, area: float) -> int:
        """Return how many plots an area gives: as near to the wanted area as may be, and none below the smallest."""
        most = int(area // self.min_area) if self.min_area else round(area / self.target_area)
        return min(round(area / self.target_area), most)

    def access_width(self, lots: int) -> float:
        """Return how wide the access to so many wanted plots is."""
        return self.street_width if lots >= self.street_from else self.strip_width

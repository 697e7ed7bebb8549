"""How a number in a plan is read: what it limits, and which area it is a share of.

The same number gives different rights: 20 % of the property within the provision's area, 20 % of it within the use
area, 20 m² on each property, 20 m² that all properties share. Which of them a provision means stands in its code, and
how codes are read is data: ``layers/readings`` has a table for a country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from geoplan.errors import InputError

__all__ = ["PLAN_READINGS", "SHARES", "Quantity", "Reading"]

Quantity = Literal["building_area", "gross_floor_area", "height", "plot_min", "plot_max", "dwellings"]
Of = Literal["provision_area", "use_area", "property"]
Per = Literal["property", "area"]
HeightReference = Literal["ground", "datum"]

SHARES: Final = MappingProxyType({"%": 0.01, "ratio": 1.0, "1/ha": 1e-4})
"""Units of a share: what a square metre of the area gives for each unit of the number."""

_ABSOLUTE: Final = ("m²", "m", "1")


@dataclass(frozen=True)
class Reading:
    """How a provision's number is read.

    Attributes
    ----------
    quantity
        What it limits.
    unit
        The number's unit: ``%``, ``ratio`` or ``1/ha`` (dwellings per hectare) for a share of an area; ``m²``, ``m``
        or ``1`` for an absolute number.
    of
        The area that it is a share of, or that an absolute number is shared within: the property's land within the
        provision's area, within the use area, or all of it; ``None`` for an absolute number on a property.
    per
        Who may use it: each ``property``, or all properties in the ``area`` together.
    height_reference
        Of a height: above the ``ground``, or above a ``datum``.
    source
        Who says so.
    """

    quantity: Quantity
    unit: str
    of: Of | None = None
    per: Per = "property"
    height_reference: HeightReference | None = None
    source: str = ""

    def __post_init__(self) -> None:
        allowed = {
            "quantity": get_args(Quantity),
            "unit": (*SHARES, *_ABSOLUTE),
            "of": (*get_args(Of), None),
            "per": get_args(Per),
            "height_reference": (*get_args(HeightReference), None),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(f"{name} is {getattr(self, name)!r}.", hint=f"Use one of {values}.")
        if (self.is_share or self.per == "area") and self.of is None:
            raise InputError("A share, or what an area shares, has no area.", hint="Set of.")
        if (self.quantity == "height") != (self.height_reference is not None):
            raise InputError("A height, and nothing else, has a reference.", hint="Set height_reference.")

    @property
    def is_share(self) -> bool:
        """Whether the number is a share of an area; else it is absolute."""
        return self.unit in SHARES

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Reading:
        """Make one from a table of texts.

        Raises
        ------
        InputError
            A key is unknown or missing, or a value is none of those allowed.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        missing = {"quantity", "unit", "source"} - set(values)
        if unknown or missing:
            raise InputError(
                f"Keys are unknown or missing: {', '.join(sorted(unknown | missing))}.",
                hint="A reading has quantity, unit, of, per, height_reference and source.",
            )
        return cls(**values)


PLAN_READINGS: Final[Mapping[str, Reading]] = MappingProxyType(
    {
        "max_bya_m2": Reading("building_area", "m²"),
        "max_coverage": Reading("building_area", "ratio", "use_area"),
        "max_floor_ratio": Reading("gross_floor_area", "ratio", "use_area"),
        "max_height_m": Reading("height", "m", height_reference="ground"),
        "min_plot_m2": Reading("plot_min", "m²"),
        "max_plot_m2": Reading("plot_max", "m²"),
        "max_homes_per_plot": Reading("dwellings", "1"),
        "homes_per_ha": Reading("dwellings", "1/ha", "use_area"),
    }
)
"""How the columns of the layer ``plans`` are read: what a zoning table of any country comes to."""

"""The parts that make a plot attractive: what they are called, and in which unit they are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoplan.plots.travel.standards import MODES
from geoplan.text import Text

__all__ = ["PARTS", "PART_IDS", "SERVICE_KINDS", "Part", "part"]

SERVICE_KINDS = ("school", "preschool", "shop", "health", "public_transport", "culture", "sport", "ferry")
"""The kinds of service that are parts, as the layer ``services`` calls them."""


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes
    ----------
    id
        Its name in tables and weights.
    title
        What it is called.
    unit
        Of the raw value; ``None`` where that is a word, or nothing is measured yet.
    what
        What is measured.
    readings
        The columns of its worths in the table of parts: itself, or one a mode.
    """

    id: str
    title: Text
    unit: str | None
    what: Text
    readings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.id,
            "title": self.title.model_dump(),
            "unit": self.unit,
            "what": self.what.model_dump(),
            "readings": list(self.readings),
        }


def _one(name: str, title: tuple[str, str], unit: str | None, what: tuple[str, str]) -> Part:
    return Part(name, Text(sv=title[0], en=title[1]), unit, Text(sv=what[0], en=what[1]), (name,))


def _service(name: str, sv: str, en: str) -> Part:
    what = Text(
        sv="Restid till den närmaste, med vart och ett av färdsätten.",
        en="Travel time to the nearest one, by each of the modes.",
    )
    return Part(name, Text(sv=sv, en=en), "min", what, tuple(f"{name}_{mode}" for mode in MODES))


PARTS: tuple[Part, ...] = (
    _one(
        "water",
        ("Nära vatten", "Near water"),
        "m",
        ("Fågelvägen till närmaste vatten.", "As the crow flies, to the nearest water."),
    ),
    _service("school", "Skola", "School"),
    _service("preschool", "Förskola", "Preschool"),
    _service("shop", "Butik", "Shop"),
    _service("health", "Vård", "Health care"),
    _service("public_transport", "Kollektivtrafik", "Public transport"),
    _service("culture", "Kultur", "Culture"),
    _service("sport", "Idrott", "Sport"),
    _service("ferry", "Färjeläge", "Ferry quay"),
    _one("size", ("Storlek", "Size"), "m²", ("Tomtens area mot vad som önskas.", "The plot's area against the wish.")),
    _one(
        "utility",
        ("Vatten och avlopp", "Water and sewer"),
        None,
        ("Allmänt eller enskilt.", "Public or private."),
    ),
    _one(
        "quiet",
        ("Lugnt", "Quiet"),
        "dBA, m",
        (
            "Trafikbuller där det är kartlagt, annars avstånd till järnväg och stora vägar.",
            "Traffic noise where it is mapped, else the distance to railways and large roads.",
        ),
    ),
    _one(
        "neighbours",
        ("Grannar", "Neighbours"),
        "dwellings",
        ("Bostäder inom ett visst avstånd.", "Dwellings within a stated distance."),
    ),
    _one(
        "settlement",
        ("Läge", "Setting"),
        None,
        ("Stad, landsbygd eller skärgård.", "Town, countryside or archipelago."),
    ),
    _one(
        "view",
        ("Utsikt över vatten", "View over water"),
        None,
        ("Kräver ett höjdlager, som inte finns.", "Needs a layer of heights, which there is none of."),
    ),
    _one(
        "sun",
        ("Sol", "Sun"),
        None,
        ("Kräver ett höjdlager, som inte finns.", "Needs a layer of heights, which there is none of."),
    ),
)
"""All parts, in the order in which they are shown."""

PART_IDS: tuple[str, ...] = tuple(one.id for one in PARTS)
"""The ids of all parts, in order."""

_BY_ID = {one.id: one for one in PARTS}


def part(name: str) -> Part:
    """Return a part by its id.

    Raises
    ------
    KeyError
        There is no such part.
    """
    return _BY_ID[name]

"""What other land has to satisfy to be an alternative: criteria as data, each with its threshold and its reason.

A criterion either excludes land or is only reported. Which of them exclude is the asker's choice, and stands in the
answer beside the figures: no number here is law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from geoplan.errors import InputError
from geoplan.land.rules import BLOCKING, Severity
from geoplan.text import Text

__all__ = ["OPENABLE", "REQUIRABLE", "Criterion", "Opened", "criteria", "opens"]

Opened: TypeAlias = Severity | None
"""The strongest severity of other rules that is admitted as a class of its own; ``None`` admits none."""

OPENABLE: tuple[Severity, ...] = ("investigate", "needs_exemption")
"""What may be admitted, weakest first: admitting one admits those before it. What is forbidden stays so."""

REQUIRABLE: Mapping[str, str] = {
    "utility": "public",
    "settlement": "number",
    "road": "number",
    "owner": "text",
}
"""Criteria that are only reported unless asked for, and what is asked: nothing, metres, or a kind of owner."""


@dataclass(frozen=True)
class Criterion:
    """One criterion.

    Attributes
    ----------
    id, title
        What it is called.
    unit
        Of the threshold: ``m²``, ``m``, or ``None``.
    threshold
        What is asked; ``None`` where nothing is, so that the value is only reported.
    excludes
        Whether land that does not satisfy it, or of which nobody knows whether it does, falls out.
    why
        What it is for, and where its threshold comes from.
    """

    id: str
    title: Text
    unit: str | None
    threshold: float | str | None
    excludes: bool
    why: Text

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.id,
            "title": self.title.model_dump(),
            "unit": self.unit,
            "threshold": self.threshold,
            "excludes": self.excludes,
            "why": self.why.model_dump(),
        }


# In the order in which land falls out.
_ALL: tuple[Criterion, ...] = (
    Criterion(
        "guarded",
        Text(sv="Inte på mark som samma regel skyddar", en="Not on land that the same rule guards"),
        None,
        "outside",
        True,
        Text(sv="Det är sådan mark som prövningen gäller.", en="That is the land that the test is about."),
    ),
    Criterion(
        "forbidden",
        Text(sv="Inte där en annan regel förbjuder", en="Not where another rule forbids"),
        None,
        "outside",
        True,
        Text(sv="Förbjuden mark är inget alternativ.", en="Forbidden land is no alternative."),
    ),
    Criterion(
        "needs_exemption",
        Text(
            sv="Inte där en annan regel kräver dispens eller ny plan",
            en="Not where another rule asks for an exemption or a new plan",
        ),
        None,
        "outside",
        True,
        Text(
            sv="Om dispens skulle ges vet ingen i förväg. Kan tas med som en klass för sig.",
            en="Nobody knows beforehand whether one would be granted. May be admitted as a class of its own.",
        ),
    ),
    Criterion(
        "investigate",
        Text(
            sv="Inte där något först måste utredas (skärvor mellan gränser medräknade)",
            en="Not where something has to be investigated first (slivers between boundaries included)",
        ),
        None,
        "outside",
        True,
        Text(
            sv="Okänt räknas inte som byggbart. Kan tas med som en klass för sig.",
            en="Unknown does not count as buildable. May be admitted as a class of its own.",
        ),
    ),
    Criterion(
        "free",
        Text(sv="Inte redan bebyggd, med trädgård", en="Not built on already, with a garden"),
        None,
        "free",
        True,
        Text(
            sv="Runt varje hus räknas en trädgård som upptagen, så som körningen letar tomter.",
            en="Around every house a garden counts as taken, as the run does when it looks for plots.",
        ),
    ),
    Criterion(
        "plot",
        Text(sv="Rymmer åtminstone en tomt", en="Holds at least one plot"),
        None,
        "plot",
        True,
        Text(
            sv="Mindre eller smalare bitar än arbetsytans minsta tomt prövas inte, inte heller tillsammans med andra.",
            en="Parts smaller or narrower than the workspace's smallest plot are not considered, nor joined to others.",
        ),
    ),
    Criterion(
        "plan",
        Text(sv="Ingen plan hindrar bostäder", en="No plan rules homes out"),
        None,
        "not prohibited",
        True,
        Text(
            sv="Mark utan plan går med: en ny plan kan göras. En plan som inte säger något klart är okänd.",
            en="Land without a plan passes: one can be made. A plan that says nothing clear is unknown.",
        ),
    ),
    Criterion(
        "utility",
        Text(sv="Allmänt vatten och avlopp", en="Public water and sewerage"),
        None,
        None,
        False,
        Text(sv="En kostnad, inte ett hinder.", en="A cost, not an obstacle."),
    ),
    Criterion(
        "settlement",
        Text(sv="Avstånd till närmaste ort", en="Distance to the nearest settlement"),
        "m",
        None,
        False,
        Text(
            sv="Fågelvägen. Hur långt som är för långt beror på ändamålet.",
            en="As the crow flies. How far is too far depends on the purpose.",
        ),
    ),
    Criterion(
        "road",
        Text(sv="Avstånd till närmaste väg", en="Distance to the nearest road"),
        "m",
        None,
        False,
        Text(
            sv="Fågelvägen till en väg som inte är stig. Säger inte om vägen får användas.",
            en="As the crow flies, to a road that is no path. Does not say whether the road may be used.",
        ),
    ),
    Criterion(
        "owner",
        Text(sv="Ägarkategori", en="Kind of owner"),
        None,
        None,
        False,
        Text(
            sv="Marken kan säljas eller bytas; vem som äger den avgör inte om den är annan mark.",
            en="Land can be sold or exchanged; who owns it does not decide whether it is other land.",
        ),
    ),
    Criterion(
        "area",
        Text(sv="Tillräcklig yta i ett stycke", en="Enough area in one piece"),
        "m²",
        None,
        True,
        Text(
            sv="Ändamålets behov. Bitar som inte räcker var för sig läggs ihop där de möts i full bredd.",
            en="What the purpose needs. Pieces that do not suffice alone are joined where they meet in full width.",
        ),
    ),
    Criterion(
        "width",
        Text(sv="Tillräcklig bredd", en="Enough width"),
        "m",
        None,
        True,
        Text(
            sv="Diametern på den största cirkel som ryms.",
            en="The diameter of the largest circle that fits in.",
        ),
    ),
)


def criteria(
    *,
    area_m2: float,
    width_m: float,
    opened: Opened = None,
    require: Mapping[str, float | str] | None = None,
) -> tuple[Criterion, ...]:
    """Return the criteria with their thresholds, in the order in which land falls out.

    Parameters
    ----------
    area_m2, width_m
        What the purpose needs in one piece, in m² and metres.
    opened
        The strongest severity of other rules to admit as a class of its own.
    require
        Criteria of :data:`REQUIRABLE` that exclude: ``utility`` as ``public``, ``settlement`` and ``road`` as the
        greatest distance in metres, ``owner`` as the kind.

    Raises
    ------
    InputError
        A number is not positive, or a criterion is none that may be required.
    """
    for name, number in (("area", area_m2), ("width", width_m)):
        if not 0 < number < float("inf"):
            raise InputError(f"The {name} needed must be more than zero, not {number:g}.")
    if opened is not None and opened not in OPENABLE:
        raise InputError(f"{opened!r} cannot be opened.", hint=f"Choose one of {', '.join(OPENABLE)}.")
    asked = {name: _asked(name, value) for name, value in (require or {}).items()}
    asked |= {"area": area_m2, "width": width_m}
    result = []
    for criterion in _ALL:
        if criterion.id in asked:
            criterion = replace(criterion, threshold=asked[criterion.id], excludes=True)
        elif opens(opened, criterion.id):
            criterion = replace(criterion, threshold="admitted", excludes=False)
        result.append(criterion)
    return tuple(result)


def opens(opened: Opened, severity: str) -> bool:
    """Tell whether admitting a severity admits another one: those that are weaker come along."""
    if opened is None or severity not in OPENABLE:
        return False
    order: list[str] = [*BLOCKING]
    return order.index(opened) <= order.index(severity)


def _asked(name: str, value: float | str) -> float | str:
    if name not in REQUIRABLE:
        raise InputError(f"There is no criterion {name!r} to require.", hint=f"There are: {', '.join(REQUIRABLE)}.")
    if REQUIRABLE[name] == "public":
        return "public"
    if REQUIRABLE[name] == "text":
        if not str(value):
            raise InputError(f"{name} needs a value.", hint=f"Write {name}=municipality, for example.")
        return str(value)
    try:
        metres = float(value)
    except ValueError:
        metres = -1.0
    if not 0 <= metres < float("inf"):
        raise InputError(f"{name} needs a distance in metres, not {value!r}.", hint=f"Write {name}=500, for example.")
    return metres

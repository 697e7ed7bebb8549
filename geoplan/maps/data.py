"""What a map is drawn from: geometry already generalised, records, and the addresses that the page links to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geoplan.land.rules import RuleSet
from geoplan.maps.choropleth import BalanceRow
from geoplan.maps.generalise import Drawing

__all__ = ["MapData", "MapLinks"]


@dataclass(frozen=True)
class MapLinks:
    """Addresses that the page links to; ``None`` leaves the link out, as a file of its own must.

    Attributes
    ----------
    start, other_language, download
        Whole addresses or paths.
    explain_parcel
        With ``{parcel}`` for the parcel's id.
    explain_place
        With ``{x}`` and ``{y}`` for longitude and latitude.
    run
        Where the run that made the figures is told.
    """

    start: str | None = None
    other_language: str | None = None
    download: str | None = None
    explain_parcel: str | None = None
    explain_place: str | None = None
    run: str | None = None


@dataclass(frozen=True)
class MapData:
    """All that a map draws and says, in no language yet: geometry generalised and written, records made.

    Attributes
    ----------
    layers
        Drawings by name, ``constraint:<rule>`` for constraints, in the order of drawing.
    bounds
        South-west and north-east corner as (lat, lon).
    records
        One per plot: see :func:`geoplan.maps.records.plot_records`.
    balance
        The balance as rows.
    area_names
        Names of the statistical areas by id.
    rules
        The rule set that the constraints come from.
    labels
        Names of places with their (lat, lon) and rank, the most important first.
    shared
        Fields of the record that are the same for all plots.
    """

    layers: Mapping[str, Drawing]
    bounds: tuple[tuple[float, float], tuple[float, float]]
    records: tuple[Mapping[str, Any], ...] = ()
    balance: tuple[BalanceRow, ...] = ()
    area_names: Mapping[str, str] = field(default_factory=dict)
    rules: RuleSet | None = None
    labels: tuple[Mapping[str, Any], ...] = ()
    shared: Mapping[str, Any] = field(default_factory=dict)

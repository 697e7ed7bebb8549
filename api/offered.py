"""What officials have said of plots since the last run, joined to its plots when they are read.

A plot that is sold must not be offered until somebody runs the chain again. So the rows of ``plot_offers`` in force
today are put over the plots of the run, which stay as they are: its figures, and what verifying them comes to, do not
change.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from api.reading import Version, to_json
from geoplan.plots.offers import APPLIED_COLUMNS, OFFER_COLUMNS, apply_offers
from layers.hashing import plain_value
from layers.offering import PLOT_OFFERS

__all__ = ["OfferCache", "Offered", "offers_version"]

_KEPT = 4
_NAMES = ("id", "parcel", "designation")


@dataclass(frozen=True)
class Offered:
    """What is put over the plots of a run.

    Attributes
    ----------
    day
        The day whose rows are in force.
    version
        The number of their version; ``None`` where there are no rows.
    patches
        JSON text: plot's key → the properties that differ; ``None`` where none does.
    rows
        The rows, oldest first.
    """

    day: dt.date
    version: int | None
    patches: str | None
    rows: pd.DataFrame | None

    @property
    def tag(self) -> str:
        """What an answer depends on besides the plots: the rows' version and the day; empty where there are none."""
        return "" if self.version is None else f"{self.version} {self.day.isoformat()}"

    def told(self) -> dict[str, Any]:
        """Return what provenance says of it."""
        if self.version is None:
            return {}
        return {"status": {"layer": PLOT_OFFERS, "version": self.version, "as_of": self.day.isoformat()}}


@dataclass
class OfferCache:
    """What was put over which plots, kept for the next request."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: OrderedDict[tuple[Any, ...], Offered] = field(default_factory=OrderedDict)

    def of(self, connection: Connection, current: Mapping[str, Version], day: dt.date | None = None) -> Offered:
        """Return what is put over the current plots on a day; default: today."""
        plots, offers = current["plots"], current.get(PLOT_OFFERS)
        day = day or dt.date.today()
        key = (plots.id, None if offers is None else offers.id, day)
        with self._lock:
            if key not in self._kept:
                rows = _rows(connection, offers)
                number = None if offers is None else offers.number
                self._kept[key] = Offered(day, number, _patches(connection, plots, rows, day), rows)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]


def offers_version(current: Mapping[str, Version]) -> tuple[Any, ...]:
    """Return what a page that shows plots depends on besides them: the rows, and the day where there are any."""
    offers = current.get(PLOT_OFFERS)
    return () if offers is None else (offers.id, dt.date.today())


def _patches(connection: Connection, plots: Version, rows: pd.DataFrame | None, day: dt.date) -> str | None:
    if rows is None and not _applied(connection, plots):
        return None
    names = [*_NAMES, *APPLIED_COLUMNS]
    found = connection.execute(
        text(
            "SELECT (SELECT jsonb_object_agg(name, properties->name) FROM unnest(CAST(:names AS text[])) AS name "
            "WHERE properties ? name) FROM geoplan.feature WHERE version_id = :version ORDER BY fid"
        ),
        {"version": plots.id, "names": names},
    ).scalars()
    before = pd.DataFrame(list(found), dtype=object)
    if before.empty:
        return None
    after = apply_offers(before, rows, as_of=day)
    patches = {}
    columns = [name for name in APPLIED_COLUMNS if name in after]
    was = before.reindex(columns=columns).to_dict("records")
    for plot, then, now in zip(before["id"], was, after[columns].to_dict("records"), strict=True):
        differs = {
            str(name): plain_value(value)
            for name, value in now.items()
            if plain_value(value) != plain_value(then[name])
        }
        if differs and (now["offer_basis"] == "offer" or plain_value(then["offer_basis"]) == "offer"):
            patches[plot] = differs
    return to_json(patches) if patches else None


def _applied(connection: Connection, plots: Version) -> bool:
    """Tell whether the run itself knew of rows, which may since have been taken out of service."""
    query = (
        "SELECT EXISTS (SELECT FROM geoplan.feature WHERE version_id = :version "
        "AND properties->>'offer_basis' = 'offer')"
    )
    return bool(connection.execute(text(query), {"version": plots.id}).scalar())


def _rows(connection: Connection, offers: Version | None) -> pd.DataFrame | None:
    if offers is None:
        return None
    query = text("SELECT properties FROM geoplan.feature WHERE version_id = :version ORDER BY fid")
    found = connection.execute(query, {"version": offers.id}).scalars()
    return pd.DataFrame(list(found), columns=list(OFFER_COLUMNS), dtype=object)

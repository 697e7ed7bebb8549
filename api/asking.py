"""One question about plots: what is demanded of them, and what officials have said of them since the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, TextClause, text

from api.offered import Offered
from api.reading import Version, to_json
from geoplan.maps.records import PLOT_FIELDS
from layers.plotrecord import origin

__all__ = ["Asking", "shared_fields"]

_AS_RUN = "geoplan.feature"
_PATCHED = """(
  SELECT p.version_id, p.fid, p.key, p.geom, p.properties || coalesce(o.patch, '{}'::jsonb) AS properties
  FROM geoplan.feature p LEFT JOIN jsonb_each(CAST(:patches AS jsonb)) AS o(key, patch) ON o.key = p.key
)"""


@dataclass(frozen=True)
class Asking:
    """A question about plots.

    Attributes
    ----------
    connection
        On which all of its statements see the same state.
    current
        The current versions of the layers.
    offered
        What is put over the run's plots.
    conditions
        SQL made of constants; what it demands is in ``bound``.
    """

    connection: Connection
    current: Mapping[str, Version]
    offered: Offered
    conditions: str
    bound: Mapping[str, Any]

    def sql(self, query: str) -> TextClause:
        """Return a query with ``/* plots */`` and ``/* conditions */`` in place, and its values bound."""
        source = _AS_RUN if self.offered.patches is None else _PATCHED
        made = text(query.replace("/* plots */", source).replace("/* conditions */", self.conditions))
        plots, reasons = self.current["plots"], self.current.get("reasons")
        values = {
            **self.bound,
            "plots": plots.id,
            "reasons": reasons.id if reasons else None,
            "patches": self.offered.patches,
            "record": to_json({**dict.fromkeys(PLOT_FIELDS), **shared_fields(self.connection, self.current)}),
        }
        # SQL takes no value that it does not name.
        return made.bindparams(**{name: value for name, value in values.items() if name in made._bindparams})

    def ask(self, query: str, **more: Any) -> CursorResult[Any]:
        """Run a query with further values."""
        return self.connection.execute(self.sql(query), more)


def shared_fields(connection: Connection, current: Mapping[str, Version]) -> dict[str, Any]:
    """Return what is the same for all plots: the municipality's code, the day of the data, and their source."""
    parcels, plots = current.get("parcels"), current["plots"]
    code = connection.execute(
        text("SELECT parameters->'municipality'->>'code' FROM geoplan.run WHERE id = :run"), {"run": plots.run}
    ).scalar()
    told = {"municipality_code": code, "data_date": None, "source": None}
    if parcels is not None:
        whence = origin(parcels.source, parcels.created_at[:10])
        told |= {"data_date": whence.data_date, "source": whence.source}
    return told

"""What a service answered, with all that must be known of it later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A fetched table.

    Attributes
    ----------
    frame
        The cells as text; ``value`` is empty where there is none, and ``status`` then often says why.
    service, url
        ``pxweb`` or ``kolada``, and the address that was asked.
    query
        What was asked, as plain JSON values.
    title, source, licence
        As the service tells them, or as they are known where it does not.
    updated
        When the service last changed the table, as it tells it.
    notes
        The service's notes on the table.
    left_out
        Rows that the service marks as deleted.
    """

    frame: pd.DataFrame
    service: str
    url: str
    query: Mapping[str, Any]
    title: str
    source: str
    licence: str
    updated: str | None = None
    notes: tuple[str, ...] = ()
    left_out: int = 0

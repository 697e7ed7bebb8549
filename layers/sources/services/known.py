"""What is known of the services: addresses, limits, licences and ids, as data with how sure each is."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from geoplan.errors import SettingsError
from layers.catalogue import Text

__all__ = ["Entry", "KnownService", "Limits", "known_service"]

Certainty = Literal["S", "C"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Model):
    """How much a service answers.

    Attributes
    ----------
    calls, window_s
        No more calls than that in any window of so many seconds; 0 where no limit is known.
    cells
        Cells in one answer; 0 where no limit is known.
    ids
        Ids of one kind in one question; 0 where no limit is known.
    page
        Rows on a page; 0 where a service has no pages.
    """

    calls: int = 0
    window_s: float = 0.0
    cells: int = 0
    ids: int = 0
    page: int = 0
    certainty: Certainty
    source: str


class Entry(_Model):
    """One table or key figure.

    Attributes
    ----------
    certainty
        ``S`` read on an authority's own page, ``C`` seen in public code that uses the service.
    old
        The table's path in version 1 of the service.
    layer
        The layer of the catalogue that it usually feeds.
    """

    id: str
    title: Text
    certainty: Certainty
    old: str | None = None
    layer: str | None = None
    note: str | None = None


class KnownService(_Model):
    """One service."""

    id: str
    title: Text
    url: str
    url_certainty: Certainty
    supplier: str
    licence: str
    licence_certainty: Certainty
    limits: Limits
    entries: tuple[Entry, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its tables or key figures."""
        return tuple(entry.id for entry in self.entries)


@cache
def known_service(name: str) -> KnownService:
    """Return what is known of ``scb`` or ``kolada``.

    Raises
    ------
    SettingsError
        The file is wrong.
    """
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        return KnownService.model_validate({"id": name, **tomllib.loads(text)})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsError(f"layers/sources/services/{name}.toml is wrong: {error}") from error

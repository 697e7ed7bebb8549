"""What ``geoplan.toml`` asks of a statistics service."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from layers.sources.services.known import known_service

__all__ = ["FOLDER", "KoladaRequest", "PxwebRequest", "Request", "file_of"]

FOLDER = "data/fetched"
"""Where fetched tables are kept, relative to the workspace."""


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="the service's address, such as that of a mirror")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", url):
            raise ValueError(f'{url!r} is no address of a service; write it like "https://example.se/api/v2"')
        return url.rstrip("/")


class PxwebRequest(_Request):
    """A table of a PxWeb API 2, such as Statistics Sweden's (SCB)."""

    table: str = Field(pattern=r"^[A-Za-z0-9_.-]+$", description='the table\'s id, such as "TAB638"')
    query: dict[str, str | tuple[str, ...]] = Field(description="variable = codes; * stands for any characters")
    codelists: dict[str, str] = Field({}, description="variable = a code list of the service")
    language: Literal["sv", "en"] = Field("sv", description="the language of labels")
    url: str = Field(known_service("scb").url, description="the service's address, such as that of a mirror")

    @field_validator("query")
    @classmethod
    def _some_codes(cls, query: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
        empty = [variable for variable, codes in query.items() if not codes]
        if empty or not query:
            raise ValueError(f"names no codes for {', '.join(empty) or 'any variable'}; * takes all")
        return query

    def codes(self) -> dict[str, list[str]]:
        """Return the codes of each variable as lists."""
        return {name: [codes] if isinstance(codes, str) else list(codes) for name, codes in self.query.items()}


class KoladaRequest(_Request):
    """Key figures of Kolada 3."""

    kpis: tuple[str, ...] = Field(
        tuple(known_service("kolada").ids), min_length=1, description="ids of key figures; those on housing by default"
    )
    municipalities: tuple[str, ...] = Field(min_length=1, description="codes of municipalities")
    years: tuple[int, ...] = Field((), description="years; all where left out")
    url: str = Field(known_service("kolada").url, description="the service's address, such as that of a mirror")

    @field_validator("kpis")
    @classmethod
    def _ids(cls, kpis: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [kpi for kpi in kpis if not re.fullmatch(r"[A-Z]\d{5}", kpi)]
        if wrong:
            raise ValueError(f'{", ".join(wrong)} is no id of a key figure; they look like "N07913"')
        return kpis


Request = PxwebRequest | KoladaRequest


def file_of(service: str, given: Mapping[str, Any]) -> str:
    """Return the file that the answer to a request is kept in, relative to the workspace.

    The name depends on the request, so another question has another file, and an old answer is never taken for
    the answer to a new question.

    Parameters
    ----------
    service
        ``pxweb`` or ``kolada``.
    given
        The request as it stands in ``geoplan.toml``.
    """
    text = json.dumps(given, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    table = re.sub(r"[^A-Za-z0-9_.-]", "", str(given.get("table", "")))
    return f"{FOLDER}/{'-'.join(part for part in (service, table, digest) if part)}.csv"

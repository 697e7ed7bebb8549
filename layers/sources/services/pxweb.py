"""Tables of a PxWeb API 2.

`pxwebpy <https://pypi.org/project/pxwebpy/>`_ expands wildcards and code lists and splits a question that is over the
limit of cells. The calls themselves go through :class:`~layers.sources.services.transport.Transport`: pxwebpy 0.6
applies no time-out, lets one call too many through its limit, and drops the status that tells a suppressed cell
from a missing one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from pxweb import PxApi

from geoplan.errors import InputError, ServiceError
from layers.faults import did_you_mean
from layers.sources.services.answer import Answer
from layers.sources.services.jsonstat import category_codes, read_dataset, values_of
from layers.sources.services.known import known_service
from layers.sources.services.request import PxwebRequest
from layers.sources.services.transport import RateLimit, Transport

__all__ = ["fetch_pxweb"]


def fetch_pxweb(request: PxwebRequest, *, timeout_s: float = 30.0, told: Callable[[], object] = lambda: None) -> Answer:
    """Fetch a table.

    Parameters
    ----------
    request
        What is asked.
    timeout_s
        Seconds to wait for each answer.
    told
        Called after each call.

    Returns
    -------
    Answer
        The frame of :func:`layers.sources.services.jsonstat.read_dataset`: one row a cell, in the table's order
        however the question was split.

    Raises
    ------
    ServiceError
        The service cannot be reached, is busy, refuses, or answers something malformed.
    InputError
        The table, a variable or a code is unknown, or a variable that must be chosen is not.
    """
    known = known_service("scb")
    limits = known.limits
    title = f"The PxWeb service at {request.url}"
    with Transport(
        request.url, title=title, limit=RateLimit(limits.calls, limits.window_s), timeout_s=timeout_s
    ) as transport:
        carrier = _Carrier(transport, request.language, told)
        configuration = carrier.configure(cells=limits.cells)
        metadata = carrier.call(f"/tables/{request.table}/metadata")
        _check(request, metadata)
        api = _Api(carrier)
        # pxwebpy's own rows lack the status; the carrier keeps the data sets whole.
        for _ in api.get_table_data_iter(request.table, dict(request.codes()), dict(request.codelists), "code"):
            pass
    frame = _joined(carrier.datasets)
    return Answer(
        frame=frame,
        service="pxweb",
        url=request.url,
        query={
            "table": request.table,
            "query": request.codes(),
            "codelists": dict(request.codelists),
            "language": request.language,
        },
        title=str(metadata.get("label", request.table)),
        source=str(metadata.get("source") or known.supplier),
        licence=str(configuration.get("license") or known.licence),
        updated=_text(metadata.get("updated")),
        notes=tuple(str(note) for note in metadata.get("note") or ()),
    )


class _Carrier:
    """What pxwebpy calls the service with, in the place of its own client."""

    def __init__(self, transport: Transport, language: str, told: Callable[[], object]) -> None:
        self.transport, self.language, self.told = transport, language, told
        self.configuration: dict[str, Any] = {}
        self.datasets: list[dict[str, Any]] = []
        self._kept: dict[str, dict[str, Any]] = {}

    def configure(self, *, cells: int) -> dict[str, Any]:
        """Ask for the service's limits; what it says wins over what is known of it."""
        said = self.transport.json("/config")
        try:
            calls, window = int(said["maxCallsPerTimeWindow"]), float(said["timeWindow"])
            most = int(said["maxDataCells"])
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceError(
                f"{self.transport.title} tells no limits ({error}), so it is no PxWeb API 2.",
                hint="Check the address in geoplan.toml.",
            ) from error
        # 0 means that the limit is told elsewhere, not that there is none.
        if calls > 0 and window > 0:
            self.transport.limit.calls, self.transport.limit.window_s = calls, window
        self.configuration = said | {"maxDataCells": most if most > 0 else cells}
        return said

    def call(
        self, endpoint: str, query: dict[str, Any] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Call the service as pxwebpy's client does."""
        asked = {"lang": self.language, **(params or {})}
        if not endpoint.endswith("/data"):
            if endpoint not in self._kept:
                self._kept[endpoint] = self.transport.json(endpoint, params=asked)
                self.told()
            return self._kept[endpoint]
        answer = self.transport.json(endpoint, params=asked | {"outputFormat": "json-stat2"}, body=query)
        self.told()
        read_dataset(answer)
        self.datasets.append(answer)
        # pxwebpy tells dimensions apart by label, and labels may be there twice.
        dimensions = {name: answer["dimension"][name] | {"label": name} for name in answer["id"]}
        return answer | {"dimension": dimensions, "value": values_of(answer)}


class _Api(PxApi):
    """pxwebpy with our calls; its own constructor would call the service without a time-out."""

    def __init__(self, carrier: _Carrier) -> None:
        self._client: Any = carrier
        # Side by side, calls would come back in any order.
        self._max_workers = 1
        self.number_of_tables = None


def _check(request: PxwebRequest, metadata: Mapping[str, Any]) -> None:
    """Compare the question with the table's metadata, and tell every fault."""
    dimensions = metadata.get("dimension")
    if not isinstance(dimensions, Mapping):
        raise ServiceError(f"The metadata of {request.table} are malformed.", hint="Try again later.")
    faults = []
    for variable, codes in request.codes().items():
        if variable not in dimensions:
            faults.append(f"there is no variable {variable}, {did_you_mean(variable, dimensions)}")
            continue
        if variable in request.codelists:
            continue
        known = category_codes(dimensions[variable])
        faults += [
            f"{variable} has no code {code!r}, {did_you_mean(code, known) if len(known) < 50 else 'see the service'}"
            for code in codes
            # An expression such as top(5) is the service's to read.
            if "(" not in code and not _matches(code, known)
        ]
    for variable, dimension in dimensions.items():
        if variable not in request.query and not dimension.get("extension", {}).get("elimination", False):
            faults.append(f"{variable} must be chosen")
    if faults:
        raise InputError(
            f"The question to table {request.table} is wrong: {'; '.join(faults)}.", hint="Mend query in geoplan.toml."
        )


def _matches(code: str, known: list[str]) -> bool:
    if "*" not in code:
        return code in known
    bare = code.strip("*")
    if code.startswith("*") and code.endswith("*"):
        return any(bare in other for other in known)
    return any(other.startswith(bare) if code.endswith("*") else other.endswith(bare) for other in known)


def _joined(datasets: list[dict[str, Any]]) -> pd.DataFrame:
    """Put the parts of a split answer in the order that one answer would have had."""
    frame = pd.concat([read_dataset(dataset) for dataset in datasets], ignore_index=True)
    ids = [str(name) for name in datasets[0]["id"]]
    frame = frame.drop_duplicates(ids)
    ranks = pd.DataFrame({name: pd.factorize(frame[name])[0] for name in ids}, index=frame.index)
    return frame.loc[ranks.sort_values(ids, kind="stable").index].reset_index(drop=True)


def _text(value: object) -> str | None:
    return None if value is None else str(value)

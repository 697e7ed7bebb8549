"""Fetching: what services are asked for in ``geoplan.toml``, into files of the workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from geoplan.errors import InputError, NotFoundError
from layers.faults import did_you_mean
from layers.progress import Progress, silent
from layers.sources.services.answer import Answer
from layers.sources.services.kolada import fetch_kolada
from layers.sources.services.pxweb import fetch_pxweb
from layers.sources.services.request import KoladaRequest, Request
from layers.sources.services.sidecar import Told, sidecar_of, write_answers
from layers.sources.source import LayerPart
from layers.workspace import Workspace

__all__ = ["Fetched", "FetchedFile", "fetch_layers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """One table that was fetched.

    Attributes
    ----------
    layer
        The layer that it feeds.
    file
        Relative to the workspace.
    told
        What was asked, when, and what the service says of it.
    """

    layer: str
    file: str
    told: Told

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"layer": self.layer, "file": self.file, **self.told.to_dict()}


@dataclass(slots=True)
class Fetched:
    """What became of what was asked for.

    Attributes
    ----------
    files
        What was fetched.
    failures
        The error of each layer of which something was not; its files from before are as they were.
    """

    files: list[FetchedFile] = field(default_factory=list)
    failures: dict[str, InputError] = field(default_factory=dict)


def fetch_layers(
    workspace: Workspace,
    *,
    layers: Iterable[str] | None = None,
    timeout_s: float = 30.0,
    progress: Progress = silent,
) -> Fetched:
    """Fetch the tables that a workspace asks services for; what is wrong with one layer does not stop the others.

    A layer's tables are written when all of them have come, and never in part.

    Parameters
    ----------
    workspace
        The workspace.
    layers
        Which layers; all that ask a service by default.
    timeout_s
        Seconds to wait for each answer.
    progress
        Told of each layer, and of each call.

    Raises
    ------
    NotFoundError
        A named layer is not there, or asks no service.
    """
    asking = {
        layer_id: [part for part in source.parts if part.request is not None]
        for layer_id, source in workspace.layers.items()
        if any(part.request is not None for part in source.parts)
    }
    wanted = list(dict.fromkeys(layers if layers is not None else asking))
    for layer_id in wanted:
        if layer_id not in asking:
            raise NotFoundError(
                f"The layer {layer_id} asks no service.",
                hint=f"Give it `pxweb` or `kolada` in geoplan.toml; {did_you_mean(layer_id, asking)}",
            )
    result = Fetched()
    for layer_id in wanted:
        with progress(f"Fetching {layer_id}") as advance:
            try:
                answers = [
                    (part, _fetch(part.request, timeout_s, lambda: advance(1)))
                    for part in asking[layer_id]
                    if part.request is not None
                ]
                result.files += _keep(workspace, layer_id, answers)
            except InputError as error:
                result.failures[layer_id] = _with_before(error, workspace, asking[layer_id])
    return result


def _fetch(request: Request, timeout_s: float, told: Callable[[], object]) -> Answer:
    if isinstance(request, KoladaRequest):
        return fetch_kolada(request, timeout_s=timeout_s, told=told)
    return fetch_pxweb(request, timeout_s=timeout_s, told=told)


def _keep(workspace: Workspace, layer_id: str, answers: list[tuple[LayerPart, Answer]]) -> list[FetchedFile]:
    files = [(answer, workspace.path(part.file)) for part, answer in answers]
    told = write_answers(files, now=dt.datetime.now(dt.UTC))
    return [
        FetchedFile(layer=layer_id, file=part.file, told=each) for (part, _), each in zip(answers, told, strict=True)
    ]


def _with_before(error: InputError, workspace: Workspace, parts: list[LayerPart]) -> InputError:
    """Say whether there is an answer from before to go on with."""
    if all(sidecar_of(workspace.path(part.file)).exists() for part in parts):
        return error
    kind = type(error)
    hint = error.hint or ""
    return kind(error.message, hint=f"{hint} Nothing was fetched before.".strip())

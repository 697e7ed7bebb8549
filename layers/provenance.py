"""What code made a figure: the address of the code, and of a whole snapshot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np
import pyproj
import scipy
import shapely

import geoplan

__all__ = ["code_version", "snapshot_address"]

# The parts of the domain whose text decides no figure.
_SHOWING = ("cli", "maps", "report")


@cache
def code_version() -> dict[str, str]:
    """Return what identifies the code that computes: version, source digest, and the libraries that round.

    Returns
    -------
    dict
        ``geoplan`` (version), ``source`` (SHA-256 over the domain's and the chain's source text, first 16 hex digits),
        ``geos``, ``proj``, ``numpy``, ``scipy``.
    """
    digest = hashlib.sha256()
    sources = dict(_modules(resources.files("geoplan"), "geoplan"))
    for package in ("chain", "readings"):
        sources |= dict(_modules(resources.files(f"layers.{package}"), f"layers/{package}"))
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name].read_bytes() + b"\0")
    return {
        "geoplan": geoplan.__version__,
        "source": digest.hexdigest()[:16],
        "geos": ".".join(map(str, shapely.geos_version)),
        "proj": pyproj.proj_version_str,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def _modules(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.name.endswith((".py", ".toml")):
            yield f"{name}/{item.name}", item
        elif item.is_dir() and item.name not in _SHOWING:
            yield from _modules(item, f"{name}/{item.name}")


def snapshot_address(
    *,
    inputs: Mapping[str, str],
    rule_set: Mapping[str, object],
    parameters: Mapping[str, object],
    code: Mapping[str, str],
) -> str:
    """Return the address of a snapshot: the SHA-256 over all that it takes to recompute it.

    Parameters
    ----------
    inputs
        Content hash of every input layer, by layer id.
    rule_set, parameters, code
        As the run recorded them; anything that JSON can write.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    text = json.dumps(
        {"inputs": inputs, "rule_set": rule_set, "parameters": parameters, "code": code},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()

"""Where tiles are computed: on threads of this process, or on a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely

import geoplan
from geoplan.errors import GeoplanError
from geoplan.land.tiles import Tile
from geoplan.land.workers import worker_count

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Mapper", "on_dask", "on_threads"]

Mapper: TypeAlias = Callable[[Callable[[Tile], Any], Iterable[Tile]], Iterable[Any]]
"""Applies a function to tiles, somewhere; the answers may come in any order."""

_AHEAD = 4
_RETRIES = 2


def on_threads(function: Callable[[Tile], Any], tiles: Iterable[Tile]) -> Iterator[Any]:
    """Apply a function to tiles on one thread a processor, a few tiles ahead of whoever takes the answers."""
    workers = worker_count()
    waiting: deque[Any] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for tile in tiles:
            waiting.append(pool.submit(function, tile))
            if len(waiting) > workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def on_dask(address: str, *, retries: int = _RETRIES) -> Iterator[Mapper]:
    """Compute tiles on the workers of a Dask scheduler, for as long as the context lasts.

    Each tile travels with the pieces that may touch its parcels and nothing else, and only a few tiles a worker thread
    are on their way at any time, so that a worker's memory is bounded by the tile.

    Parameters
    ----------
    address
        The scheduler's, such as ``tcp://127.0.0.1:8786``.
    retries
        How often a tile that fails is tried again.

    Yields
    ------
    Mapper
        For :func:`geoplan.land.buildable.buildable_land`.

    Raises
    ------
    GeoplanError
        There is no Dask, no scheduler at the address or no worker; a worker has other versions of geoplan, GEOS or
        NumPy; the scheduler was lost; or a tile failed every time: it is named.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise GeoplanError("Dask is not installed.", hint="Install it with: pip install 'geoplan[dask]'.") from error
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise GeoplanError(
            f"There is no Dask scheduler at {address}.", hint="Start one with `dask scheduler` and `dask worker`."
        ) from error
    with client:
        if not client.nthreads():
            raise GeoplanError(f"The scheduler at {address} has no workers.", hint=f"Start: dask worker {address}")
        _check_versions(client, address)
        yield lambda function, tiles: _submitted(client, function, tiles, retries)


def _versions() -> dict[str, str]:
    return {"geoplan": geoplan.__version__, "GEOS": shapely.geos_version_string, "numpy": np.__version__}


def _check_versions(client: Client, address: str) -> None:
    """Refuse workers that would round otherwise than this process."""
    here = _versions()
    for worker, there in client.run(_versions).items():
        if there != here:
            raise GeoplanError(
                f"The worker {worker} has {there}, and this process {here}.",
                hint=f"Install the same there, and start it again: dask worker {address}",
            )


def _submitted(client: Client, function: Callable[[Tile], Any], tiles: Iterable[Tile], retries: int) -> Iterator[Any]:
    from distributed import as_completed

    ahead = max(sum(client.nthreads().values()) * _AHEAD, 1)
    names: dict[Any, str] = {}
    running = as_completed(loop=client.loop)
    for tile in tiles:
        # Not pure: the tile's content need not be hashed to know that it is another one.
        future = client.submit(function, tile.packed(), retries=retries, pure=False)
        names[future.key] = tile.name
        running.add(future)
        if running.count() >= ahead:
            yield _answer(next(running), names, retries)
    for future in running:
        yield _answer(future, names, retries)


def _answer(future: Any, names: dict[Any, str], retries: int) -> Any:
    name = names.pop(future.key)
    try:
        return future.result()
    except CancelledError as error:
        raise GeoplanError(
            f"The scheduler was lost while the tile {name} (west south east north) was computed.",
            hint="Nothing is stored. Start the scheduler and its workers again.",
        ) from error
    except Exception as error:
        raise GeoplanError(
            f"The tile {name} (west south east north) failed {retries + 1} times: {type(error).__name__}: {error}.",
            hint="Nothing is stored. The workers' logs say more.",
        ) from error
    finally:
        future.release()

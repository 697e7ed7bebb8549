"""Tiles on threads and on a real Dask cluster: a scheduler and two worker processes on this machine."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from test_buildable import compute, random_place
from test_updating import assert_same

from geoplan.errors import GeoplanError
from geoplan.land.buildable import buildable_land
from geoplan.land.mappers import on_dask, on_threads
from geoplan.land.overlay import taken
from geoplan.land.tiles import Tile, cut_tiles

SEED = 11


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with warnings.catch_warnings():
        # Dask's own sockets at shutdown, and its words on ports in use.
        warnings.simplefilter("ignore")
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as running:
            yield running


def small_tiles(function, tiles, mapper, size):
    """Cut what is one tile here into many."""
    return mapper(function, (part for tile in tiles for part in _cut(tile, size)))


def _cut(tile: Tile, size: int) -> Iterator[Tile]:
    yield from cut_tiles(tile.parcels, tile.index, tile.blocking, rule=tile.rule, grant=tile.grant, size=size)


def test_a_cluster_gives_what_one_process_gives(cluster: LocalCluster) -> None:
    parcels, layers = random_place(SEED, parcels=120)
    here, constraints = compute(parcels, layers)
    with on_dask(cluster.scheduler_address) as mapper:
        there = buildable_land(
            parcels,
            constraints,
            sliver_width_m=0,
            mapper=lambda function, tiles: small_tiles(function, tiles, mapper, 7),
        )
    assert_same(here, there)


def test_decisions_travel_with_their_tiles(cluster: LocalCluster) -> None:
    parcels, layers = random_place(SEED, parcels=60)
    _, constraints = compute(parcels, layers)
    rows = {"parcel": ["f3", "f40", "f41"], "rule": ["a", "b", "b"], "holds": ["no", "yes", "unknown"]}
    overrides = pd.DataFrame(rows)
    here = buildable_land(parcels, constraints, overrides=overrides)
    with on_dask(cluster.scheduler_address) as mapper:
        there = buildable_land(
            parcels,
            constraints,
            overrides=overrides,
            mapper=lambda function, tiles: small_tiles(function, tiles, mapper, 7),
        )
    assert_same(here, there)
    assert "override" in set(here.reasons["basis"])


def test_a_packed_tile_has_its_own_pieces_and_gives_the_same() -> None:
    parcels, layers = random_place(SEED, parcels=60)
    _, constraints = compute(parcels, layers)
    prepared = constraints.prepared
    flags = [group.severity != "costs" for group in prepared.groups]
    for tile in cut_tiles(parcels.geometry.to_numpy(), prepared.index, np.array(flags), size=10):
        packed = tile.packed()
        assert len(packed.index.shapes) < len(tile.index.shapes)
        one, other = taken(tile), taken(packed)
        assert (one.pair_piece == other.pair_piece).all()
        assert (one.first == other.first).all()


def fail_once(tile: Tile, folder: str) -> int:
    mark = Path(folder) / re.sub(r"\W", "_", tile.name)
    if not mark.exists():
        mark.touch()
        raise ValueError("not today")
    return len(tile.parcels)


def fail_always(tile: Tile) -> int:
    raise ValueError("never")


def some_tiles() -> list[Tile]:
    parcels, layers = random_place(SEED, parcels=30)
    _, constraints = compute(parcels, layers)
    flags = np.ones(len(constraints.prepared.groups), dtype=bool)
    return list(cut_tiles(parcels.geometry.to_numpy(), constraints.prepared.index, flags, size=10))


def test_a_tile_that_fails_is_tried_again(cluster: LocalCluster, tmp_path: Path) -> None:
    tiles = some_tiles()
    with on_dask(cluster.scheduler_address) as mapper:
        answers = list(mapper(lambda tile: fail_once(tile, str(tmp_path)), tiles))
    assert sum(answers) == 30
    assert len(list(tmp_path.iterdir())) == len(tiles)


def test_a_tile_that_always_fails_is_named(cluster: LocalCluster) -> None:
    tiles = some_tiles()
    with on_dask(cluster.scheduler_address) as mapper, pytest.raises(GeoplanError, match="failed 3 times") as caught:
        list(mapper(fail_always, tiles[:1]))
    assert tiles[0].name in caught.value.message
    assert "ValueError: never" in caught.value.message


def test_no_scheduler_and_no_worker_say_what_to_do() -> None:
    with (
        pytest.raises(GeoplanError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1") as caught,
        on_dask("tcp://127.0.0.1:1"),
    ):
        pass
    assert "dask scheduler" in str(caught.value)


def test_threads_run_only_a_few_tiles_ahead() -> None:
    begun = []

    def tiles() -> Iterator[int]:
        for number in range(1_000):
            begun.append(number)
            yield number

    answers = on_threads(lambda tile: tile, tiles())
    assert next(answers) == 0
    assert len(begun) < 100
    assert list(answers) == list(range(1, 1_000))

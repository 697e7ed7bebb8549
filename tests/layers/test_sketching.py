from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from geoplan.errors import InputError, NotFoundError
from layers.sketching import sketch_parcels, write_sketch
from layers.store import Store


def test_streets_and_plots_add_up_to_what_is_buildable(farm_store: Store, tmp_path: Path) -> None:
    drawn = sketch_parcels(farm_store, ["W 1", "W 1", "W 3"])
    left = farm_store.read("buildable", keys=["W 1", "W 3"])
    assert drawn.parcels == ("W 1", "W 3")
    assert sum(drawn.sketch.areas_m2.values()) == pytest.approx(left["buildable_m2"].sum(), rel=1e-6)
    assert sum(drawn.sketch.shares.values()) == pytest.approx(1.0)
    assert drawn.sketch.connected == "unknown"  # there is no layer of roads
    assert len(drawn.sketch.plots) > 2
    path = tmp_path / "sketch.gpkg"
    write_sketch(drawn, path)
    write_sketch(drawn, path)  # an earlier sketch is replaced
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == ["plots", "streets"]
    inside = left.union_all().buffer(0.01)
    assert shapely.contains(inside, gpd.read_file(path, layer="plots").geometry.to_numpy()).all()


def test_what_cannot_be_sketched_says_why(farm_store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no parcel 'X 9'"):
        sketch_parcels(farm_store, ["W 1", "X 9"])
    with pytest.raises(InputError, match=r"as a GeoPackage, not as a\.txt"):
        write_sketch(sketch_parcels(farm_store, ["W 1"]), tmp_path / "a.txt")
    with pytest.raises(InputError, match="cannot be written"):
        write_sketch(sketch_parcels(farm_store, ["W 1"]), tmp_path / "none" / "a.gpkg")

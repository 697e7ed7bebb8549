from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from layers.workspace import Workspace

# A place in Söderhamn in EPSG:3006.
EAST, NORTH = 612_000.0, 6_797_000.0


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """Build a workspace in tmp_path from the settings of its layers."""

    def make(*, crs: str = "EPSG:3006", **layers: Any) -> Workspace:
        content = {
            "municipality": {"name": "Prov", "code": "0000", "crs": crs},
            "rules": {"set": "generic"},
            "layers": layers,
        }
        return Workspace.from_mapping(content, root=tmp_path)

    return make


@pytest.fixture
def squares() -> Callable[..., gpd.GeoDataFrame]:
    """Make squares of 100 m side by side, with columns."""

    def make(count: int = 3, *, crs: str | None = "EPSG:3006", **columns: Any) -> gpd.GeoDataFrame:
        boxes = [shapely.box(EAST + 200 * n, NORTH, EAST + 200 * n + 100, NORTH + 100) for n in range(count)]
        values = columns or {"id": [f"P {n}" for n in range(count)]}
        return gpd.GeoDataFrame(values, geometry=boxes, crs=crs)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a frame, text or bytes as a file in tmp_path."""

    def put(name: str, content: Any, **options: Any) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif name.endswith("parquet"):
            content.to_parquet(path)
        elif isinstance(content, pd.DataFrame):
            pyogrio.write_dataframe(content, path, **options)
        return path

    return put

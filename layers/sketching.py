"""A sketch of streets and plots on parcels of the last run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import pandas as pd
import shapely
from pyogrio.errors import DataSourceError

from geoplan.errors import InputError
from geoplan.frames import metres_per_unit
from geoplan.land.areas import AreaKind, area_kinds
from geoplan.plots.subdivision.access import find_roads
from geoplan.plots.subdivision.sketch import Sketch, sketch_area
from layers.lastrun import LastRun
from layers.standards import plot_standards
from layers.store import Store
from layers.workspace import Workspace

__all__ = ["ParcelSketch", "sketch_parcels", "write_sketch"]

_AROUND_M = 200.0
"""How far beyond the parcels roads are read, in metres."""


@dataclass(frozen=True)
class ParcelSketch:
    """A sketch, with the parcels that it is of and the kind of area whose standards it keeps to."""

    parcels: tuple[str, ...]
    area_kind: AreaKind
    sketch: Sketch


def sketch_parcels(store: Store, parcels: Sequence[str]) -> ParcelSketch:
    """Sketch streets and plots on what is left to build on of some parcels together.

    Parameters
    ----------
    store
        A store with a run.
    parcels
        Their ids.

    Raises
    ------
    NotFoundError
        There is no run, or no such parcel.
    InputError
        Nothing of them is buildable.
    """
    run = LastRun.of(store)
    wanted = pd.concat([run.parcel(parcel) for parcel in dict.fromkeys(parcels)], ignore_index=True)
    left = run.output("buildable", keys=wanted["id"].tolist())
    left = left[~left.geometry.is_empty]
    if left.empty:
        raise InputError(
            "Nothing of that land is buildable.", hint=f"`geoplan explain {wanted['id'].iloc[0]!r}` tells why."
        )
    workspace = Workspace.from_mapping(dict(run.run.parameters))
    west, south, east, north = left.total_bounds
    around = _AROUND_M / metres_per_unit(left.crs)
    box = (west - around, south - around, east + around, north + around)
    names = {"roads", "settlements", "municipality", "water"} & set(run.run.inputs)
    layers = {name: run.input(name, bbox=box) for name in sorted(names)} | {"parcels": run.input("parcels", bbox=box)}
    kind = cast(AreaKind, area_kinds(wanted.geometry, layers).iloc[0])
    standards = plot_standards(workspace)[kind].subdivision
    roads = find_roads(layers, standards, crs=left.crs)
    whole = gpd.GeoSeries(shapely.get_parts(left.geometry.to_numpy()), crs=left.crs)
    return ParcelSketch(tuple(wanted["id"]), kind, sketch_area(whole, roads, standards))


def write_sketch(drawn: ParcelSketch, path: Path) -> None:
    """Write plots and streets as two layers of a GeoPackage; an existing file is replaced.

    Raises
    ------
    InputError
        The name does not end in .gpkg, or the file cannot be written.
    """
    if path.suffix != ".gpkg":
        raise InputError(f"A sketch is written as a GeoPackage, not as {path.name}.", hint="End the name in .gpkg.")
    try:
        path.unlink(missing_ok=True)
        for name, frame in (("plots", drawn.sketch.plots), ("streets", drawn.sketch.streets)):
            if len(frame):
                frame.to_file(path, layer=name, engine="pyogrio")
    except (OSError, DataSourceError) as error:
        raise InputError(f"{path} cannot be written: {error}.", hint="Does its folder exist?") from error

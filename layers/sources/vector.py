"""Reading vector files through GDAL."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geoplan.errors import InputError
from layers.faults import did_you_mean
from layers.sources.raw import Raw, digest, raise_empty, without_crs
from layers.sources.report import Issue
from layers.sources.source import LayerPart

__all__ = ["read_vector"]

# QGIS keeps its styles as a table in the GeoPackage.
_NOT_DATA = {"layer_styles"}
# Beyond this a float has lost whole numbers.
_EXACT = 2**53


@contextmanager
def _gdal(path: Path, key: str, notes: dict[str, None]) -> Iterator[None]:
    """Turn GDAL's errors into ours, and its warnings into notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except DataSourceError as error:
            raise InputError(
                f"{path} cannot be read: {str(error).split(';')[0]}",
                hint="It is damaged, or its name ends wrongly.",
            ) from error
        except DataLayerError as error:
            hint = f"Mend {key}.where." if "SQL" in str(error) or "where" in str(error).lower() else None
            raise InputError(f"{path} cannot be read: {error}", hint=hint) from error
        finally:
            notes.update(dict.fromkeys(str(warning.message) for warning in caught))


def read_vector(path: Path, part: LayerPart, *, driver: str, key: str, spatial: bool) -> Raw:
    """Read one layer of a vector file; see :func:`layers.sources.files.read_file`."""
    notes: dict[str, None] = {}
    with _gdal(path, key, notes):
        layer = _choose_layer(path, part, key=key, spatial=spatial)
        options: dict[str, Any] = {"layer": layer, "where": part.where, "encoding": part.encoding}
        info = pyogrio.read_info(path, layer=layer, encoding=part.encoding)
        try:
            frame = pyogrio.read_dataframe(
                path,
                **options,
                fid_as_index=True,
                on_invalid="ignore",
                datetime_as_string=True,
                use_arrow=False,
            )
        except UnicodeDecodeError as error:
            _raise_encoding(path, options, key, error)
        except ValueError as error:
            # OGR's own SQL dialect answers a faulty condition so.
            raise InputError(f"{path} cannot be read: {error}", hint=f"Mend {key}.where.") from error
        _restore_integers(frame, path, info, options)
        broken: dict[int, str] = {}
        if isinstance(frame, gpd.GeoDataFrame):
            frame = frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame
            if frame.geometry.isna().any():
                broken = _broken_rows(frame, path, options)
    frame.index = pd.Index(frame.index.to_numpy(), dtype="int64")
    if len(frame) == 0:
        raise_empty(path, layer, part, key)
    crs = pyproj.CRS.from_user_input(info["crs"]) if info["crs"] else None
    return Raw(
        frame=without_crs(frame),
        crs=crs,
        driver=driver,
        layer=layer,
        sha256=digest(path),
        broken=broken,
        issues=tuple(
            Issue(severity="warning", reason="the reader warned", detail=note, file=part.file) for note in notes
        ),
    )


def _choose_layer(path: Path, part: LayerPart, *, key: str, spatial: bool) -> str:
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path) if name not in _NOT_DATA}
    if part.layer is not None:
        if part.layer not in layers:
            raise InputError(
                f"{path} has no layer {part.layer!r}.",
                hint=f"Mend {key}.layer: {did_you_mean(part.layer, layers)}",
            )
        return part.layer
    if not layers:
        raise InputError(f"{path} has no layers.", hint="It is damaged or empty; fetch or export it again.")
    # A GeoPackage of one layer with geometry and some tables needs no choice.
    fitting = [name for name, kind in layers.items() if (kind is not None) == spatial] or list(layers)
    if len(fitting) > 1:
        raise InputError(f"{path} has several layers: {', '.join(layers)}.", hint=f"Choose one in {key}.layer.")
    return fitting[0]


def _restore_integers(frame: pd.DataFrame, path: Path, info: dict[str, Any], options: dict[str, Any]) -> None:
    """Give whole numbers beyond 2**53 back their digits, which they lost where other rows are empty."""
    for column, dtype in zip(info["fields"], info["dtypes"], strict=True):
        if dtype in ("int64", "uint64") and frame[column].dtype == "float64" and (frame[column].abs() >= _EXACT).any():
            _, table = pyogrio.read_arrow(path, **options, columns=[column], read_geometry=False)
            frame[column] = pd.array(table.column(column).to_pylist(), dtype="Int64")


def _broken_rows(frame: gpd.GeoDataFrame, path: Path, options: dict[str, Any]) -> dict[int, str]:
    """Tell rows whose geometry cannot be built from those that have none."""
    _, _, wkb, _ = pyogrio.raw.read(path, **options, columns=[])
    missing = np.flatnonzero(shapely.is_missing(frame.geometry.to_numpy()))
    rows = frame.index.to_numpy()
    return {int(rows[n]): _why_broken(wkb[n]) for n in missing if n < len(wkb) and wkb[n] is not None}


def _why_broken(wkb: bytes) -> str:
    try:
        shapely.from_wkb(wkb)
    except shapely.errors.GEOSException as error:
        return str(error).removeprefix("IllegalArgumentException: ").removeprefix("ParseException: ").strip()
    return "unknown"


def _raise_encoding(path: Path, options: dict[str, Any], key: str, error: UnicodeDecodeError) -> Never:
    # Every byte is a character of Latin-1, so this reads the same bytes and shows which cell is to blame.
    cells = pyogrio.read_dataframe(
        path, **{**options, "encoding": "ISO-8859-1"}, fid_as_index=True, read_geometry=False, use_arrow=False
    )
    for column in cells.columns:
        for row, cell in cells[column].items():
            if isinstance(cell, str):
                try:
                    cell.encode("latin-1").decode(error.encoding)
                except UnicodeDecodeError as fault:
                    raise InputError(
                        f"{path}, row {row}, column {column}: 0x{fault.object[fault.start]:02X} is not "
                        f"{error.encoding.upper()}.",
                        hint=f'Set {key}.encoding, perhaps to "cp1252" (the cell then reads '
                        f'"{fault.object.decode("cp1252", errors="replace")}").',
                    ) from error
                except UnicodeEncodeError:
                    continue
    raise InputError(f"{path} has text that is not {error.encoding.upper()}.", hint=f"Set {key}.encoding.") from error

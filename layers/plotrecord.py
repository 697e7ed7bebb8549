"""Plot records from the store: the last run's plots with what holds today, and as a GeoPackage."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geoplan.errors import InputError
from geoplan.land.explanation import BOUNDARY_NOTICE
from geoplan.maps.records import reasons_by_parcel
from geoplan.plots.offers import apply_offers, history_of_plots
from geoplan.plots.record import RECORD, RECORD_NAMES, complete_plots
from layers.hashing import plain_value
from layers.lastrun import LastRun
from layers.offering import PLOT_OFFERS
from layers.store import Store

__all__ = ["Origin", "PlotRecords", "fields_table", "laid_out", "origin", "plot_records", "typed", "write_geopackage"]

HISTORY = "plot_status_history"
ABOUT = "about"


@dataclass(frozen=True)
class Origin:
    """Where a layer comes from.

    Attributes
    ----------
    data_date
        The oldest day that its files describe; where none says, the day on which it was imported. ISO text.
    source, licence
        Of all its files; ``None`` where none says.
    """

    data_date: str | None
    source: str | None
    licence: str | None


@dataclass(frozen=True)
class PlotRecords:
    """Plots as they are handed on.

    Attributes
    ----------
    plots
        The record's fields in their order, further columns of the layer, ``reasons`` as JSON text, and the geometry.
    history
        Every row on status and sale that anybody may read, once for each plot.
    parts
        Tables of the run with a row a plot and part, such as scores, by the layer's id.
    about
        What made it: run, snapshot, days, licence, and that boundaries are not legally binding.
    """

    plots: gpd.GeoDataFrame
    history: pd.DataFrame
    parts: Mapping[str, pd.DataFrame]
    about: Mapping[str, str]


def origin(source: Mapping[str, Any], imported: str | None = None) -> Origin:
    """Return where a layer comes from, of its version's source."""
    files = [source, *source.get("files", ())]

    def all_of(name: str) -> str | None:
        found = dict.fromkeys(str(file[name]) for file in files if file.get(name))
        return "; ".join(found) or None

    dates = sorted(str(file["date"]) for file in files if file.get("date"))
    return Origin(dates[0] if dates else imported, all_of("source"), all_of("licence"))


def plot_records(store: Store, *, day: dt.date | None = None) -> PlotRecords:
    """Return the last run's plots as records, with the status that holds on a day.

    Parameters
    ----------
    store
        A store with a run that made plots.
    day
        Whose status holds; default: today.

    Raises
    ------
    NotFoundError
        There is no run, or it made no plots.
    """
    day = day or dt.date.today()
    last = LastRun.of(store)
    plots = last.output("plots")
    reasons = last.output("reasons") if "reasons" in last.run.outputs else None
    inputs = {name: pd.DataFrame(last.input(name)) for name in ("parcels", "plans") if name in last.run.inputs}
    offers = store.read(PLOT_OFFERS) if store.current(PLOT_OFFERS) is not None else None
    made = complete_plots(
        plots,
        as_of=last.as_of,
        parcels=inputs.get("parcels"),
        plans=inputs.get("plans"),
        reasons=reasons,
        rules=last.rules,
        unknown=last.unknown,
        municipality_code=last.run.parameters.get("municipality", {}).get("code"),
    )
    made = apply_offers(made, offers, as_of=day)
    version = next((one for one in store.versions("parcels") if one.number == _number(last)), None)
    whence = Origin(None, None, None)
    if version is not None:
        whence = origin(version.source, version.created_at.date().isoformat())
    made = made.assign(data_date=whence.data_date, source=whence.source)
    return PlotRecords(
        plots=laid_out(made, reasons),
        history=history_of_plots(made, offers),
        parts={**({} if reasons is None else {"reasons": reasons}), **_parts(last)},
        about=_about(last, day, whence),
    )


def write_geopackage(records: PlotRecords, path: Path) -> None:
    """Write plot records as a GeoPackage, whole or not at all.

    Parameters
    ----------
    records
        What is written: the layer ``plots``, the tables ``plot_status_history``, ``fields`` (what each field is) and
        ``about``, and one for each of the parts. Lists stand as JSON text.
    path
        Where to; what is there is replaced.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".geoplan-") as folder:
            made = Path(folder) / "plots.gpkg"
            told = {str(name): str(value) for name, value in records.about.items()}
            # Plots may be in several parts; one declared type for the layer keeps every reader content.
            pyogrio.write_dataframe(
                typed(records.plots),
                made,
                layer="plots",
                promote_to_multi=True,
                geometry_type="MultiPolygon",
                dataset_metadata=told,
                layer_metadata={name.upper(): value for name, value in told.items()},
            )
            tables = {
                HISTORY: records.history,
                **records.parts,
                "fields": fields_table(),
                ABOUT: pd.DataFrame({"name": list(told), "value": list(told.values())}),
            }
            for name, table in tables.items():
                pyogrio.write_dataframe(typed(table), made, layer=name, append=True)
            made.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def fields_table() -> pd.DataFrame:
    """Return what each field of the record is: name, kind, unit, and its title in both languages."""
    rows = [(field.name, field.kind, field.unit, field.title.sv, field.title.en) for field in RECORD]
    return pd.DataFrame(rows, columns=["name", "kind", "unit", "title_sv", "title_en"], dtype=object)


def laid_out(plots: gpd.GeoDataFrame, reasons: pd.DataFrame | None) -> gpd.GeoDataFrame:
    """Return plots with the record's fields first, in their order, then whatever else there is, then the reasons.

    Parameters
    ----------
    plots
        With ``parcel``; a field that is missing is empty.
    reasons
        As for :func:`geoplan.maps.records.plot_records`; written as JSON text into the column ``reasons``.
    """
    more = [name for name in plots.columns if name not in RECORD_NAMES and name != "geometry"]
    laid = plots.reindex(columns=[*RECORD_NAMES, *more])
    # A field that is missing altogether is a field of text or of numbers all the same.
    lacking = [field.name for field in RECORD if field.name not in plots and field.kind not in ("number", "integer")]
    laid = laid.astype(dict.fromkeys(lacking, object))
    laid[lacking] = None
    found = reasons_by_parcel(reasons, set(plots["parcel"])) if reasons is not None else {}
    laid["reasons"] = [_json(found.get(parcel, [])) for parcel in plots["parcel"]]
    laid["reasons"] = laid["reasons"].astype(object)
    return gpd.GeoDataFrame(laid, geometry=plots.geometry, crs=plots.crs)


def typed(frame: Any) -> Any:
    """Return a table as files know it: numbers as numbers even where all are missing, lists as JSON text.

    Parameters
    ----------
    frame
        With or without geometry; of the record's fields, kinds are known.
    """
    kinds = {field.name: field.kind for field in RECORD}
    made = frame.copy()
    for name in made.columns:
        if name == "geometry":
            continue
        kind = kinds.get(str(name))
        if kind in ("number", "integer"):
            numbers = pd.to_numeric(made[name], errors="coerce")
            made[name] = numbers.astype(float if kind == "number" else "Int64")
        elif made[name].dtype == object:
            made[name] = [_json(cell) if isinstance(cell, list | tuple | dict) else cell for cell in made[name]]
            made[name] = made[name].astype(object)
    return made


def _parts(last: LastRun) -> dict[str, pd.DataFrame]:
    """Return the run's tables about single plots."""
    found = {}
    for name in sorted(last.run.outputs):
        if name == "plots":
            continue
        frame = last.output(name)
        if "plot" in frame and not isinstance(frame, gpd.GeoDataFrame):
            found[name] = frame
    return found


def _about(last: LastRun, day: dt.date, whence: Origin) -> dict[str, str]:
    run = last.run
    told = {
        "title": f"Plots: {run.parameters.get('municipality', {}).get('name', '')}".rstrip(": "),
        "run": str(run.id),
        "snapshot": run.snapshot,
        "created_at": run.created_at.isoformat(),
        "law_as_of": last.as_of.isoformat(),
        "status_as_of": day.isoformat(),
        "code_version": json.dumps(run.code_version, ensure_ascii=False, sort_keys=True),
        "data_date": whence.data_date,
        "source": whence.source,
        "licence": whence.licence,
        "notice": BOUNDARY_NOTICE.en,
        "notice_sv": BOUNDARY_NOTICE.sv,
        "notes": " ".join(str(note.get("en", "")) for note in run.notes),
    }
    return {name: value for name, value in told.items() if value}


def _number(last: LastRun) -> int | None:
    identity = last.run.inputs.get("parcels")
    return None if identity is None else int(identity["number"])


def _json(value: Any) -> str:
    return json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False)

"""The synthetic municipality as a workspace: data files in several formats, and their settings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from geoplan.errors import SettingsError
from layers.catalogue import layer_type
from layers.progress import Progress, silent
from layers.synthetic.generate import generate
from layers.synthetic.size import SizeName
from layers.workspace import SETTINGS_FILE

__all__ = ["write_demo"]

# Each layer's file: the formats that municipalities get data in, all of them.
_FILES: Final = {
    "municipality": "municipality.gpkg",
    "parcels": "parcels.gpkg",
    "water": "water.gpkg",
    "plans": "plans.gpkg",
    "buildings": "buildings.parquet",
    "roads": "roads.fgb",
    "railways": "railways.fgb",
    "ferries": "ferries.gpkg",
    "flood": "flood.fgb",
    "protected_nature": "protected_nature.fgb",
    "shore_protection": "shore_protection.gpkg",
    "utility_areas": "utility_areas.gpkg",
    "plan_provisions": "plan_provisions.gpkg",
    "lis_areas": "lis_areas.gpkg",
    "sea_levels": "sea_levels.fgb",
    "landslide": "landslide.fgb",
    "coastal_erosion": "coastal_erosion.gpkg",
    "traffic_noise": "traffic_noise.fgb",
    "power_lines": "power_lines.fgb",
    "radon": "radon.fgb",
    "contaminated_land": "contaminated_land.csv",
    "ancient_remains": "ancient_remains.gpkg",
    "farmland": "farmland.parquet",
    "forest_biotopes": "forest_biotopes.fgb",
    "national_interests": "national_interests.gpkg",
    "services": "services.csv",
    "settlements": "settlements.parquet",
    "statistical_areas": "statistical_areas.gpkg",
    "population": "population.csv",
    "population_projection": "population_projection.csv",
    "demographic_rates": "demographic_rates.csv",
    "forecast_bands": "forecast_bands.csv",
    "household_quotas": "household_quotas.csv",
    "household_types": "household_types.csv",
    "group_counts": "group_counts.csv",
    "preferences": "preferences.csv",
    "dwelling_stock": "dwelling_stock.csv",
    "renewal_actions": "renewal_actions.csv",
    "indicators": "indicators.csv",
    "completions": "completions.csv",
    "plot_queue": "plot_queue.csv",
    "island_gates": "island_gates.csv",
}
# Column names of their own, to show how they are mapped.
_COLUMNS: Final = {"statistical_areas": {"id": "kod", "name": "namn"}}

_HEAD: Final = """\
# Almskär is a made-up municipality: every place, figure and decision in this folder is synthetic.
# It lies in the open sea, and its code, 0000, belongs to no one. See docs/demo.md.

[municipality]
name = "Almskär (synthetic)"
code = "0000"
crs = "EPSG:3006"          # SWEREF 99 TM
language = "sv"            # sv or en: the first language of pages and print-outs
synthetic = true           # every page says that the place does not exist
"""

_TAIL: Final = """\
[rules]
set = "sweden"             # the rules that take land away
as_of = 2026-01-01         # the day whose rules are asked

[rules.settings]           # what the law leaves to the municipality; made up for a place that does not exist
lowest_foundation_level_m = 2.5
coastal_erosion_reach_m = 30
power_line_400kv_m = 130
power_line_220kv_m = 80

[plots]
default_status = "unknown" # nobody has said which plots are for sale

[plots.archipelago]
min_area_m2 = 1500         # no water and sewer from the municipality: room for a well and a treatment

[demand]
base_year = 2025           # the year of the population and of the stock
years = [2030, 2035, 2040]
vacancy_reserve = 0.02     # homes that should stand empty, so that people can move: 2 % of the stock
exits_per_year = 0.001     # homes that leave the stock each year: 0.1 % of it

[programme]                # what the municipality releases when; every limit is made up
years = [2027, 2028, 2029, 2030, 2031, 2032]
owners = ["municipality"]  # whose plots can be released

[programme.limits]         # what can be handled each year
measures = 15
homes = 40

[programme.totals]         # what all years together may take
budget = 90_000_000        # SEK
land_new_ha = 5
"""


def write_demo(folder: Path, *, size: SizeName = "full", progress: Progress = silent) -> None:
    """Write the synthetic municipality as a workspace.

    Parameters
    ----------
    folder
        Made where missing; data files go to ``data/`` in it.
    size
        As in :func:`layers.synthetic.generate`.
    progress
        Told of every step.

    Raises
    ------
    SettingsError
        The folder already is a workspace, or it cannot be written. Nothing is overwritten.
    """
    settings = folder / SETTINGS_FILE
    if settings.exists():
        raise SettingsError(f"{settings} already exists.", hint="Choose another folder.")
    frames = generate(size=size, progress=progress)
    data = folder / "data"
    try:
        data.mkdir(parents=True, exist_ok=True)
        with progress("Writing the files", total=len(_FILES)) as advance:
            for layer_id, name in _FILES.items():
                _write(frames[layer_id], data / name, layer_id)
                advance(1)
        # Last, so that a folder with settings is a whole one.
        settings.write_text(_settings(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _write(frame: gpd.GeoDataFrame | pd.DataFrame, path: Path, layer_id: str) -> None:
    # A column that is missing altogether has no type that a file could keep.
    frame = frame.drop(columns=[name for name in frame.columns if frame[name].isna().all()])
    frame = frame.rename(columns=_COLUMNS.get(layer_id, {}))
    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_csv(path, index=False)
    elif path.suffix == ".csv":
        table = pd.DataFrame(frame.drop(columns="geometry"))
        table["easting"], table["northing"] = frame.geometry.x, frame.geometry.y
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_file(path, layer=path.stem, engine="pyogrio")


def _settings() -> str:
    tables = [_HEAD]
    for layer_id, name in _FILES.items():
        lines = [f"[layers.{layer_id}]", f'file = "data/{name}"']
        if layer_id in _COLUMNS:
            pairs = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in _COLUMNS[layer_id].items())
            lines.append(f"columns = {{ {pairs} }}  # ours = theirs; columns of the same name need no word")
        if name.endswith(".csv") and layer_type(layer_id).geometry:
            lines += [
                'x = "easting"              # a table with coordinates',
                'y = "northing"',
                'crs = "EPSG:3006"',
            ]
        lines += ['source = "Synthetic, made by geoplan"', 'licence = "CC0"', ""]
        tables.append("\n".join(lines))
    return "\n".join([*tables, _TAIL])

"""Helpers of the tests of attractiveness: the assumptions that come with geoplan, and made-up parts."""

import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from place import metres

from geoplan.plots.attraction.attractiveness import AttractivenessStandards
from geoplan.plots.attraction.groups import Group, groups_from_values
from geoplan.plots.attraction.parts import PARTS
from geoplan.plots.attraction.robustness import Robustness

ASSUMPTIONS = Path(__file__).resolve().parents[3] / "layers" / "assumptions"


def assumed(name: str) -> dict[str, Any]:
    """The values of an assumptions file."""
    content = tomllib.loads((ASSUMPTIONS / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: table["value"] for key, table in content.items() if key != "title"}


STANDARDS = AttractivenessStandards.from_values(assumed("attractiveness"))
GROUPS = groups_from_values(assumed("weights"))
ROBUSTNESS = Robustness.from_values(assumed("weights"))


def group(name: str) -> Group:
    return next(one for one in GROUPS if one.id == name)


def simple_group(weights: dict[str, float], **given: object) -> Group:
    """A group that goes on foot, with some weights."""
    table = {"title_sv": "Prov", "title_en": "Test", "weights": weights, "modes": {"foot": 1}} | given
    (one,) = groups_from_values({"groups": {"test": table}})
    return one


def plots_at(crs: int = 3006, *shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    """Plots in a place, in metres, with everything that a test does not care about filled in."""
    count = len(shapes)
    filled: dict[str, object] = {
        "id": [f"p{n}" for n in range(count)],
        "parcel": [f"p{n}" for n in range(count)],
        "area_kind": ["town"] * count,
        "area_m2": [1000.0] * count,
        "water_distance_m": [100.0] * count,
        "utility": ["public"] * count,
    }
    moved = np.array([metres(shape, crs) for shape in shapes], dtype=object)
    return gpd.GeoDataFrame(filled | columns, geometry=moved, crs=crs)


def made_parts(count: int, *, seed: int = 1, unknown: float = 0.2) -> pd.DataFrame:
    """Parts by chance: a share of the worths is unknown."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {"plot": [f"p{n:05}" for n in range(count)]}
    for part in PARTS:
        for name in part.readings:
            columns[name] = np.where(rng.random(count) < unknown, np.nan, rng.random(count))
            columns[f"{name}_raw"] = np.where(np.isnan(columns[name]), np.nan, rng.integers(0, 3000, count))
    columns["settlement_raw"] = rng.choice(np.array(["town", "rural", "archipelago", None], dtype=object), count)
    columns["utility_raw"] = rng.choice(np.array(["public", "private", None], dtype=object), count)
    columns["quiet_basis"] = rng.choice(np.array(["noise", "below", "distance", None], dtype=object), count)
    return pd.DataFrame(columns)

"""Building rights and gaps of the made-up municipality, read with the Swedish codes and our assumptions."""

import datetime as dt
import tomllib
from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoplan.plots.rights.dwellings import DwellingAssumptions
from geoplan.plots.rights.gaps import GapStandards, find_gaps
from geoplan.plots.rights.plot_rights import plot_rights
from geoplan.plots.rights.rights import building_rights
from layers.readings import load_readings

DAY = dt.date(2026, 1, 1)
LIMITS = ("building_area_m2", "gross_floor_area_m2")


def values(name: str) -> dict[str, object]:
    text = (resources.files("layers.assumptions") / f"{name}.toml").read_text(encoding="utf-8")
    return {key: entry["value"] for key, entry in tomllib.loads(text).items() if key != "title"}


DWELLINGS = DwellingAssumptions.from_values(values("dwellings"))
STANDARDS = GapStandards.from_values(values("gaps"))


@pytest.fixture(scope="module")
def layers(small):
    return {name: frame for name, frame in small.items() if isinstance(frame, gpd.GeoDataFrame)}


@pytest.fixture(scope="module")
def rights(layers):
    return building_rights(layers["parcels"], layers, readings=load_readings("sweden"), dwellings=DWELLINGS, as_of=DAY)


@pytest.fixture(scope="module")
def gaps(layers, rights):
    return find_gaps(layers["parcels"], rights, layers["buildings"], layers, standards=STANDARDS, as_of=DAY)


def test_plans_speak_in_real_codes_and_each_binds_somewhere(small, rights):
    provisions = small["plan_provisions"].query("kind == 'building_right'")
    assert provisions["value"].gt(0).all()
    assert set(provisions["unit"]) == {"%", "m²", "m"}
    codes = set(provisions["code"])
    assert len([code for code in codes if "_Utnytt_" in code]) >= 4
    binding = {entry["code"] for basis in rights["right_basis"] for entry in basis if entry["binds"]}
    assert codes <= binding | set(rights["unread"].explode().dropna())


def test_provisions_lie_in_their_plans(small):
    provisions = small["plan_provisions"].query("kind == 'building_right'")
    plans = small["plans"].dissolve("id").geometry
    outside = [row.geometry.difference(plans[row.plan].buffer(0.02)).area for row in provisions.itertuples()]
    assert max(outside) < 0.01


def test_no_right_is_exceeded_by_what_is_left_and_what_is_shared_adds_up(rights):
    for name in LIMITS:
        most, left, built = (rights[f"{part}_{name}"] for part in ("max", "remaining", "existing"))
        assert (left.isna() | ((left >= 0) & (left <= most - built.clip(upper=most) + 1e-6))).all()
    entries = pd.DataFrame([entry for basis in rights["right_basis"] for entry in basis])
    shared = entries[entries["per"] == "area"]
    assert len(shared)
    assert (
        shared.groupby(["code", "value"])["gives"].sum() <= shared.groupby(["code", "value"])["value"].max() + 1e-6
    ).all()
    assert (rights["dwellings_remaining"] <= rights["dwellings_max"]).all()


def test_every_empty_house_plot_with_a_right_is_a_gap(small, rights, gaps):
    parcels = small["parcels"].set_index("id")
    houses = small["buildings"][small["buildings"].area >= 30]
    built = set(gpd.sjoin(small["parcels"], houses[["geometry"]])["id"])
    own = rights[(rights["plan_homes"] == "allowed") & (rights["dwellings_max"] > 0)]
    empty = [name for name in own["parcel"] if name not in built]
    found = gaps[gaps["kind"] == "gap"]
    # All but those whose neighbours have used what the area shares.
    used_up = own.set_index("parcel")["dwellings_remaining"] <= 0
    assert found["parcel"].tolist() == [name for name in empty if not used_up[name]]
    assert (found["dwellings_remaining"] >= 1).all()
    assert set(parcels.loc[found["parcel"], "use"]) == {"Småhus", "Exploatering"}
    assert set(gaps["kind"]) == {"gap", "partly_used"}


def test_plots_on_gaps_hold_no_more_than_their_right(rights, gaps):
    whole = gaps[gaps["kind"] == "gap"].assign(kind="vacant_parcel")
    plots = pd.DataFrame({"id": whole["parcel"], "parcel": whole["parcel"], "kind": whole["kind"]})
    table = plot_rights(plots.assign(area_m2=whole.area), rights, dwellings=DWELLINGS)
    most = rights.set_index("parcel").loc[whole["parcel"]].reset_index()
    assert (table["homes_basis"] == "plan").all()
    assert (table["homes"].to_numpy() <= most["dwellings_max"].to_numpy()).all()
    assert np.allclose(table["max_building_area_m2"], most["remaining_building_area_m2"], equal_nan=True)

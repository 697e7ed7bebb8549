"""One plan for a plot and its right: the one that the ground lies in."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from place import frame, metres
from rightly import DWELLINGS, READINGS

from geoplan.land.buildable import Buildable
from geoplan.plots.planning import deciding_ground, lies_in, main_plan
from geoplan.plots.rights.plot_rights import plot_rights
from geoplan.plots.rights.rights import building_rights
from geoplan.plots.search import find_plots
from geoplan.plots.standards import PlotStandards


def boxes(crs: int, *bounds: tuple[float, float, float, float], **columns: object) -> gpd.GeoDataFrame:
    return frame([metres(shapely.box(*each), crs) for each in bounds], crs, **columns)


def land(parcels: gpd.GeoDataFrame, free: gpd.GeoDataFrame) -> Buildable:
    left = gpd.GeoDataFrame(
        {"id": parcels["id"], "buildable_m2": free.area}, geometry=free.geometry.to_numpy(), crs=parcels.crs
    )
    return Buildable(left, pd.DataFrame(), gpd.GeoDataFrame(pd.DataFrame()))


def test_plots_and_rights_are_read_by_one_plan(crs: int) -> None:
    # Most of the first lies in a plan, and its buildable land does not; with the second it is the other way round; the
    # third has a house, and ground on both sides of the border.
    parcels = boxes(crs, (0, 0, 100, 40), (0, 100, 100, 140), (0, 200, 140, 240))
    free = boxes(crs, (60, 0, 100, 40), (0, 100, 40, 140), (0, 200, 140, 240))
    plans = boxes(
        crs, (0, 0, 60, 40), (0, 100, 40, 140), (0, 200, 90, 240),
        use_code="B", homes="allowed", max_homes_per_plot=[6, None, 3], max_bya_m2=[900.0, 40.0, 600.0],
    )  # fmt: skip
    house = boxes(crs, (67, 205, 75, 235), use="dwelling", dwellings=1)
    layers = {"plans": plans, "buildings": house}
    found = land(parcels, free)
    standards = {"rural": PlotStandards(min_area_m2=400, min_width_m=10, house=None)}
    plots = find_plots(parcels, found, layers, standards=standards).plots
    rights = building_rights(parcels, layers, readings=READINGS, dwellings=DWELLINGS, buildable=found.parcels)
    assert rights["parcel"].tolist() == ["f1", "f2"]
    told = plots.assign(**plot_rights(plots, rights, dwellings=DWELLINGS)).set_index("id")
    assert told["plan_homes"].to_dict() == {"f0": "none", "f1": "allowed", "f2-1": "none", "f2-2": "allowed"}
    assert told["homes_basis"].to_dict() == {"f0": "standard", "f1": "plan", "f2-1": "standard", "f2-2": "plan"}
    assert told["homes"].to_dict() == {"f0": 1, "f1": 0, "f2-1": 1, "f2-2": 3}
    assert told["plan_id"].dropna().to_dict() == {"f1": "f1", "f2-2": "f2"}
    inside = told["plan_homes"] != "none"
    assert (told["right_code"].notna() == inside).all()
    by_right = rights.set_index("parcel")["plan_id"]
    assert (told.loc[inside, "parcel"].map(by_right) == told.loc[inside, "plan_id"]).all()


def test_a_parcel_with_nothing_to_build_on_is_read_by_all_of_its_land() -> None:
    parcels = boxes(3006, (0, 0, 100, 40), (0, 100, 100, 140))
    free = boxes(3006, (60, 0, 100, 40), (0, 0, 1, 1))
    free.geometry = [free.geometry.iloc[0], shapely.Polygon()]
    ground = deciding_ground(parcels, free)
    assert ground.area.tolist() == pytest.approx([1_600, 4_000])
    assert deciding_ground(parcels, None) is parcels.geometry or deciding_ground(parcels, None).equals(parcels.geometry)


def test_a_place_lies_in_a_plan_from_half_of_it_on() -> None:
    plans = boxes(3006, (0, 0, 50, 40), (50, 0, 90, 40), use_code="B", homes="allowed")
    places = boxes(3006, (0, 0, 100, 40), (0, 0, 101, 40), (60, 0, 80, 40)).geometry
    assert main_plan(places, plans)["position"].tolist() == [0, None, 1]
    assert lies_in(places, plans, [0, 0, 0]).tolist() == [True, False, False]
    assert lies_in(places, plans, [None, np.nan, 1]).tolist() == [False, False, True]
    assert not lies_in(places, None, [None] * 3).any()

"""Travel times on the demo and on real roads from OpenStreetMap, as the readers of layers give them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geoplan.plots.travel.crossings import crossing_minutes
from geoplan.plots.travel.network import build_network
from geoplan.plots.travel.reach import Reach, reach
from geoplan.plots.travel.standards import TravelStandards
from layers.assumptions import assumption_values
from layers.importing import prepare_layer
from layers.synthetic import generate
from layers.workspace import Workspace

WORKSPACES = Path(__file__).resolve().parents[1] / "workspaces"
STANDARDS = TravelStandards.from_values(assumption_values()["reach"])


@pytest.fixture(scope="module")
def demo() -> dict[str, gpd.GeoDataFrame]:
    return generate(size="small")


@pytest.fixture(scope="module")
def demo_reach(demo: dict[str, gpd.GeoDataFrame]) -> Reach:
    return reach(
        demo["parcels"], demo["services"], demo["roads"], demo["ferries"], standards=STANDARDS, water=demo["water"]
    )


def osm(name: str, shared_data: Path) -> tuple[dict[str, gpd.GeoDataFrame], Reach]:
    """Houses stand for plots."""
    workspace = Workspace.load(WORKSPACES / name)
    frames = {layer: prepare_layer(workspace, layer).frame for layer in workspace.layers}
    found = reach(
        frames["buildings"], frames["services"], frames["roads"], frames.get("ferries"), standards=STANDARDS
    )  # fmt: skip
    return frames, found


def test_the_demos_mainland_is_one_network_and_its_islands_are_their_own(
    demo: dict[str, gpd.GeoDataFrame],
) -> None:
    network = build_network(demo["roads"], snapping_m=STANDARDS.snapping)
    length = network.piece_m(network.pieces())
    assert len(length) == 3
    on_islands = demo["roads"].iloc[-9:-5]
    assert len(on_islands) == 4
    assert np.sort(length)[:2].sum() == pytest.approx(on_islands.length.sum(), abs=1)


def test_the_demos_plots_are_reached_by_road_by_ferry_or_by_nothing(demo_reach: Reach) -> None:
    times = demo_reach.times
    assert demo_reach.notes[0].en.startswith("1 ferries do not say")
    on_foot = times[times["mode"] == "foot"]
    assert {"road", "ferry", "none"} == set(on_foot["connection"])
    assert on_foot.loc[on_foot["connection"] == "road", "school"].notna().all()
    far = on_foot[on_foot["connection"] == "none"]
    assert len(far) == on_foot["access_m"].isna().sum() or far["school"].isna().any()
    # One drives faster than one cycles than one walks.
    wide = times.pivot(index="plot", columns="mode", values="school").dropna()
    assert (wide["car"] <= wide["bike"]).all()
    assert (wide["bike"] <= wide["foot"]).all()
    off = demo_reach.islands
    assert set(off["plot"]) == set(on_foot.loc[on_foot["connection"] != "road", "plot"])
    sailed = off.dropna(subset=["winter_minutes"])
    assert (sailed["winter_minutes"] >= sailed["summer_minutes"]).all()


def test_the_demos_areas_on_the_mainland_are_no_crossing_apart(demo: dict[str, gpd.GeoDataFrame]) -> None:
    areas = demo["statistical_areas"]
    found = crossing_minutes(areas, demo["roads"], demo["ferries"], standards=STANDARDS, water=demo["water"])
    assert len(found) == len(areas) ** 2
    towns = found[found["from_area"].str[4].eq("C") & found["to_area"].str[4].eq("C")]
    assert (towns["minutes"] == 0).all()
    both = found.merge(found, left_on=["from_area", "to_area"], right_on=["to_area", "from_area"])
    assert np.allclose(both["minutes_x"], both["minutes_y"], equal_nan=True)


def test_the_middle_of_helsinki_is_one_network_for_walkers(shared_data: Path) -> None:
    frames, found = osm("helsinki_centre", shared_data)
    network = build_network(frames["roads"], snapping_m=STANDARDS.snapping)
    length = network.piece_m(network.pieces())
    assert length.max() / length.sum() > 0.95
    on_foot = found.times[found.times["mode"] == "foot"]
    assert (on_foot["connection"] == "road").mean() > 0.97
    reached = on_foot[on_foot["connection"] == "road"]
    # The extract is 1.1 by 1.7 km: from corner to corner on foot takes less than an hour.
    assert reached["school"].max() < 60
    assert reached["public_transport"].median() < 5
    assert any("no layer of ferries" in note.en for note in found.notes)


def test_monacos_ferry_sails_and_its_levels_do_not_mix(shared_data: Path) -> None:
    frames, found = osm("monaco", shared_data)
    assert frames["ferries"]["minutes"].tolist() == [4.0]
    assert {-2.0, -1.0, 1.0, 2.0} <= set(frames["roads"]["level"].dropna().astype(float))
    flat = build_network(frames["roads"].assign(level=0), snapping_m=STANDARDS.snapping)
    layered = build_network(frames["roads"], snapping_m=STANDARDS.snapping)
    assert layered.nodes < flat.nodes
    on_foot = found.times[found.times["mode"] == "foot"]
    assert (on_foot["connection"] == "road").mean() > 0.97
    assert not any("do not say how often" in note.en for note in found.notes)

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from attracting import STANDARDS, assumed, plots_at
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from place import frame, metres

from geoplan.errors import FrameError, InputError
from geoplan.plots.attraction.attractiveness import AttractivenessStandards, plot_parts, unknown_parts
from geoplan.plots.attraction.parts import PARTS, SERVICE_KINDS
from geoplan.plots.travel.standards import MODES

LOTS = (shapely.box(0, 0, 40, 40), shapely.box(600, 0, 640, 40))
READINGS = [name for part in PARTS for name in part.readings]


def around(crs: int) -> dict[str, gpd.GeoDataFrame]:
    """A state road 100 m from the first lot's middle, a block of flats beside the second, and a school."""
    return {
        "roads": frame([metres(shapely.LineString([(-80, -900), (-80, 900)]), crs)], crs, kind=["state"]),
        "buildings": frame([metres(shapely.Point(700, 20), crs)], crs, dwellings=[8], use=["dwelling"]),
        "services": frame([metres(shapely.Point(0, 0), crs)] * 2, crs, kind=["school", "shop"]),
    }


def table_of_times(**school: list[object]) -> pd.DataFrame:
    """Minutes to a school by mode, for the plots p0, p1 and so on."""
    rows = [
        {"plot": f"p{n}", "mode": mode, "connection": "road" if minutes != "unknown" else "unknown", "school": minutes}
        for mode, all_minutes in school.items()
        for n, minutes in enumerate(all_minutes)
    ]
    times = pd.DataFrame(rows)
    times["school"] = pd.to_numeric(times["school"].replace("unknown", None))
    return times


def test_parts_are_what_the_layers_say(crs: int) -> None:
    plots = plots_at(
        crs,
        *LOTS,
        area_kind=["town", "archipelago"],
        area_m2=[550.0, 40_000.0],
        lot_m2=[None, 1200.0],
        water_distance_m=[575.0, np.nan],
        utility=["private", "unknown"],
    )
    one, other = plot_parts(plots, around(crs), standards=STANDARDS).to_dict("records")
    assert (one["water"], one["water_raw"]) == (pytest.approx(0.35), 575)
    assert np.isnan(other["water"])
    assert (one["size"], one["size_raw"]) == (pytest.approx(0.5), 550)
    assert (other["size"], other["size_raw"]) == (1, 1200)
    assert (one["utility"], one["utility_raw"]) == (0.3, "private")
    assert np.isnan(other["utility"])
    assert other["utility_raw"] is None
    assert (one["quiet_basis"], one["quiet_raw"]) == ("distance", pytest.approx(100, rel=1e-6))
    assert one["quiet"] == pytest.approx(70 / 270, rel=1e-6)
    assert other["quiet"] == 1
    assert (one["neighbours"], one["neighbours_raw"]) == (0, 0)
    assert (other["neighbours"], other["neighbours_raw"]) == (0.8, 8)
    assert (one["settlement"], one["settlement_raw"]) == (1, "town")
    assert (other["settlement"], other["settlement_raw"]) == (0.6, "archipelago")


def test_mapped_noise_comes_before_distance(crs: int) -> None:
    noise = frame([metres(shapely.box(-80, -100, 50, 100), crs)], crs, level_dba=[60])
    parts = plot_parts(plots_at(crs, *LOTS), around(crs) | {"traffic_noise": noise}, standards=STANDARDS)
    assert parts["quiet_basis"].tolist() == ["noise", "below"]
    assert parts["quiet"].tolist() == pytest.approx([1 / 3, 1])
    assert parts["quiet_raw"].tolist()[0] == 60
    assert np.isnan(parts["quiet_raw"].iloc[1])


def test_what_nobody_knows_is_empty_and_told() -> None:
    parts = plot_parts(plots_at(3006, *LOTS, utility=["unknown", "public"]), {}, standards=STANDARDS)
    known = {"water", "size", "settlement"}
    assert set(parts[READINGS].columns[parts[READINGS].notna().all()]) == known
    assert parts["quiet_basis"].tolist() == [None, None]
    assert parts[["shore_protected_share", "shore_unsure_share"]].isna().all(axis=None)
    nowhere, somewhere = unknown_parts(parts)
    assert "School" in nowhere.en
    assert "Utsikt över vatten" in nowhere.sv
    assert somewhere.en == "Unknown for some plots: Water and sewer (1)."


def test_a_service_out_of_reach_is_worth_nothing_and_an_unknown_one_is_unknown() -> None:
    plots = plots_at(3006, *LOTS, shapely.box(900, 0, 940, 40))
    times = table_of_times(foot=[25.5, None, "unknown"], car=[3, 40, 3])
    times["culture"] = 5.0
    # Cut off from the mainland for all that is known, with a school of its own on the island.
    times.loc[times["mode"] == "car", "connection"] = "unknown"
    parts = plot_parts(plots, around(3006), times=times.iloc[::-1], standards=STANDARDS)
    assert parts["school_foot"].tolist()[:2] == pytest.approx([0.5, 0])
    assert parts["school_foot_raw"].tolist()[0] == 25.5
    assert np.isnan(parts["school_foot_raw"].iloc[1])
    assert np.isnan(parts["school_foot"].iloc[2])
    assert parts["school_car"].tolist() == [1, 0, 1]
    # No times by bike, no column of shops, and no place of culture on the map: unknown, and not out of reach.
    assert parts[["school_bike", "shop_foot", "culture_foot"]].isna().all(axis=None)


def test_the_shore_s_protection_stands_beside_the_pull_and_changes_no_part() -> None:
    plots = plots_at(3006, *LOTS, parcel=["A", "B"])
    reasons = pd.DataFrame({"parcel": ["A"], "rule": ["zone"], "severity": ["needs_exemption"], "share": [0.6]})
    bare = plot_parts(plots, {}, standards=STANDARDS)
    told = plot_parts(plots, {}, reasons=reasons, shore_rules={"zone"}, standards=STANDARDS)
    assert told["shore_protected_share"].tolist() == [0.6, 0]
    assert_frame_equal(bare[READINGS], told[READINGS])


@settings(deadline=None, max_examples=15)
@given(st.permutations(range(5)), st.integers(1, 5))
def test_a_plot_s_parts_depend_on_no_other_plot_and_on_no_order(order: list[int], count: int) -> None:
    lots = [shapely.box(x * 100, 0, x * 100 + 30, 30) for x in range(5)]
    plots = plots_at(3006, *lots, water_distance_m=[10.0, 90, 400, 5000, np.nan], area_m2=[300.0, 600, 900, 9e3, 9e5])
    times = table_of_times(foot=[1, 15, 30, 60, None])
    whole = plot_parts(plots, around(3006), times=times, standards=STANDARDS).set_index("plot")
    some = plots.iloc[order[:count]].reset_index(drop=True)
    parts = plot_parts(some, around(3006), times=times, standards=STANDARDS).set_index("plot")
    assert_frame_equal(parts, whole.loc[some["id"]], check_exact=True)
    assert parts[READINGS].stack().dropna().between(0, 1).all()


def test_wrong_tables_are_refused() -> None:
    plots = plots_at(3006, *LOTS)
    with pytest.raises(FrameError, match="utility"):
        plot_parts(plots.drop(columns="utility"), {}, standards=STANDARDS)
    times = table_of_times(foot=[1, 2])
    with pytest.raises(FrameError, match="times by foot"):
        plot_parts(plots, {}, times=pd.concat([times, times]), standards=STANDARDS)


@pytest.mark.parametrize("name", sorted(assumed("attractiveness")))
def test_every_assumption_is_needed(name: str) -> None:
    values = assumed("attractiveness")
    del values[name]
    with pytest.raises(InputError, match=name):
        AttractivenessStandards.from_values(values)


def test_no_plots_are_no_rows() -> None:
    parts = plot_parts(plots_at(3006), around(3006), standards=STANDARDS)
    assert parts.empty
    assert {f"{kind}_{mode}_raw" for kind in SERVICE_KINDS for mode in MODES} <= set(parts.columns)
    assert unknown_parts(parts) == ()

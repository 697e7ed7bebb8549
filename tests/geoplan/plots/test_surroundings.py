import numpy as np
import pandas as pd
import pytest
import shapely
from place import frame, metres

from geoplan.plots.surroundings import dwellings_within, noise_levels, protected_shares, ways_distance


def test_the_loudest_area_around_a_place_counts(crs: int) -> None:
    areas = [metres(shapely.Point(0, 0).buffer(radius), crs) for radius in (300, 200, 100)]
    noise = frame(areas, crs, level_dba=[55.0, 60.0, 65.0])
    places = frame([metres(shapely.Point(x, 0), crs) for x in (0, 150, 250, 400)], crs).geometry
    found = noise_levels(places, noise)
    assert found[:3].tolist() == [65, 60, 55]
    assert np.isnan(found[3])


def test_the_nearest_loud_way_counts_and_a_small_road_is_none(crs: int) -> None:
    lines = [metres(shapely.LineString([(x, -500), (x, 500)]), crs) for x in (0, 1000)]
    roads = frame(lines, crs, kind=["municipal", "state"])
    places = frame([metres(shapely.Point(200, 0), crs)], crs).geometry
    rails = frame([metres(shapely.LineString([(-100, -500), (-100, 500)]), crs)], crs)
    assert ways_distance(places, roads, None, large=["state"]) == pytest.approx([800], rel=1e-6)
    assert ways_distance(places, roads, rails, large=["state"]) == pytest.approx([300], rel=1e-6)
    assert np.isinf(ways_distance(places, roads, None, large=["motorway"])).all()


def test_dwellings_are_counted_from_the_plot_s_edge(crs: int) -> None:
    plot = frame([metres(shapely.box(0, 0, 40, 40), crs)], crs).geometry
    points = [metres(shapely.Point(x, 20), crs) for x in (20, 239, 241, 100, 110, 120)]
    houses = frame(
        points,
        crs,
        dwellings=[1, 12, 50, None, None, 0],
        use=["dwelling", "dwelling", "dwelling", "dwelling", "farm", "dwelling"],
    )
    # The house itself, the block of 12, and the one whose dwellings nobody counted.
    assert dwellings_within(plot, houses, within_m=200).tolist() == [14]
    assert dwellings_within(plot, houses.drop(columns="dwellings"), within_m=200).tolist() == [4]
    assert np.isnan(dwellings_within(plot, houses[["id", "geometry"]], within_m=200)).all()


def test_what_protects_a_parcel_is_told_for_sure_and_perhaps() -> None:
    reasons = pd.DataFrame(
        [
            ("A", "shore", "needs_exemption", "computed_general", 0.4),
            ("A", "shore", "needs_exemption", "decided_extended", 0.3),
            ("A", "passage", "forbidden", "computed_general", 0.1),
            ("A", "shore", "investigate", "computed_unsure", 0.2),
            ("B", "shore", "noted", "lifted", 1.0),
            ("B", "flood", "forbidden", "decided", 1.0),
        ],
        columns=["parcel", "rule", "severity", "basis", "share"],
    )
    plots = pd.Series(["B", "A", "C", "A"])
    sure, unsure = protected_shares(plots, reasons, {"shore", "passage"})
    # Of the bases of one rule the largest: what is decided may well lie on what is computed.
    assert sure.tolist() == pytest.approx([0, 0.4, 0, 0.4])
    assert unsure.tolist() == pytest.approx([0, 0.2, 0, 0.2])
    for nothing in (protected_shares(plots, None, {"shore"}), protected_shares(plots, reasons, ())):
        assert np.isnan(nothing).all()

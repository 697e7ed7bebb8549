"""Small networks by hand: where roads meet, and where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from travelling import places, roads

from geoplan.errors import FrameError
from geoplan.plots.travel.network import build_network


def pieces(frame, snapping_m=1.0):
    network = build_network(frame, snapping_m=snapping_m)
    return len(np.unique(network.pieces()[network.node]))


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([[(0, 0), (100, 0)], [(100, 0), (200, 0)]], 1),  # end to end
        ([[(0, 0), (100, 0)], [(100.9, 0), (200, 0)]], 1),  # a gap that is closed
        ([[(0, 0), (100, 0)], [(101.1, 0), (200, 0)]], 2),  # one that is not
        ([[(0, 0), (100, 0)], [(50, 0.5), (50, 80)]], 1),  # an end on a line
        ([[(0, 0), (100, 0)], [(50, -50), (50, 50)]], 1),  # a crossing
        ([[(0, 0), (100, 0)], [(50, 0), (150, 0)]], 1),  # one upon the other
        ([[(0, 0), (100, 0)], [(0, 5), (100, 5)]], 2),  # side by side
    ],
)
def test_where_roads_meet(lines, count):
    assert pieces(roads(*lines)) == count


def test_a_bridge_meets_no_road_below_it_but_the_roads_at_its_ends():
    below, bridge = [(0, 0), (100, 0)], [(50, -50), (50, 50)]
    ramp = [(50, 50), (50, 200)]
    assert pieces(roads(below, bridge, ramp, level=[0, 1, 0])) == 2
    assert pieces(roads(below, bridge, ramp, level=[None, 0, 0])) == 1


def test_a_line_that_crosses_itself_and_a_ring_are_cut_where_they_meet():
    knot = roads([(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)])
    network = build_network(knot, snapping_m=1.0)
    assert network.piece_m(network.pieces()).max() == pytest.approx(300)
    assert len(network.segments) == 3
    ring = build_network(roads([(0, 0), (100, 0), (100, 100), (0, 0)]), snapping_m=1.0)
    assert ring.nodes == 1


def test_lengths_are_metres_in_a_crs_in_feet():
    frame = roads([(0, 0), (1000, 0)]).set_crs("EPSG:2284", allow_override=True)
    network = build_network(frame, snapping_m=1.0)
    assert network.piece_m(network.pieces()).sum() == pytest.approx(1000 * 1200 / 3937)


def test_the_order_of_rows_does_not_matter():
    frame = roads([(0, 0), (100, 0)], [(50, -50), (50, 50)], [(50, 50), (90, 50)], [(0, 0), (100, 0)], kind=[*"dcba"])
    one = build_network(frame, snapping_m=1.0)
    other = build_network(frame.iloc[[2, 3, 0, 1]], snapping_m=1.0)
    for name in ("line", "at", "node"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    assert one.roads["kind"].tolist() == other.roads["kind"].tolist()


def test_stops_cut_lines_and_change_no_length():
    network = build_network(roads([(0, 0), (100, 0)], [(50, -50), (50, 50)]), snapping_m=1.0)
    cut, nodes = network.with_stops(np.array([0, 0]), np.array([30.0, 50.0]))
    assert len(set(nodes)) == 2
    assert nodes.min() >= network.nodes
    assert cut.piece_m(cut.pieces()).sum() == pytest.approx(200)
    assert len(np.unique(cut.pieces()[cut.node])) == 1


def test_points_are_no_roads():
    with pytest.raises(FrameError, match="other than line"):
        build_network(places((0, 0)), snapping_m=1.0)

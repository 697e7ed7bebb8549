"""A network of roads that one can travel: lines, noded where they meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.frames import check_frame, metres_per_unit

__all__ = ["Floats", "Indices", "Network", "Shapes", "build_network"]

Shapes = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# Two cuts of one line that are nearer than this are one, metres: ten times what data are rounded to.
_SAME_M = 0.001


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """Lines and the cuts along them; two cuts with the same node are the same place.

    Attributes
    ----------
    shapes
        Lines, and points for places that lie on no line. In an order that does not depend on that of the rows.
    roads
        The attributes of each shape, numbered from zero.
    line, at, node
        One entry a cut, by line and along it: which shape, how far along it (units of the CRS), and the node there.
        A line's first and last cut are its ends.
    nodes
        How many nodes there are.
    metres
        Metres per unit of the CRS.
    """

    shapes: Shapes
    roads: pd.DataFrame
    line: Indices
    at: Floats
    node: Indices
    nodes: int
    metres: float

    @property
    def segments(self) -> Indices:
        """The cuts that are followed by another on the same line."""
        return np.flatnonzero(self.line[1:] == self.line[:-1])

    def subset(self, keep: npt.NDArray[np.bool_]) -> Network:
        """Return the network of some of the shapes; nodes keep their numbers."""
        number = np.cumsum(keep) - 1
        cut = keep[self.line]
        return replace(
            self,
            shapes=self.shapes[keep],
            roads=self.roads[keep].reset_index(drop=True),
            line=number[self.line[cut]],
            at=self.at[cut],
            node=self.node[cut],
        )

    def with_points(self, points: Shapes) -> Network:
        """Return the network with points that lie on no line, each a shape and a node of its own, put last."""
        more = np.arange(len(points), dtype=np.intp)
        return replace(
            self,
            shapes=np.concatenate([self.shapes, points]),
            roads=self.roads.reindex(range(len(self.shapes) + len(points))),
            line=np.concatenate([self.line, len(self.shapes) + more]),
            at=np.concatenate([self.at, np.zeros(len(points))]),
            node=np.concatenate([self.node, self.nodes + more]),
            nodes=self.nodes + len(points),
        )

    def with_stops(self, line: Indices, at: Floats) -> tuple[Network, Indices]:
        """Return the network with lines cut at more places, and the node of each place.

        Parameters
        ----------
        line, at
            Which shape, and how far along it, in units of the CRS. On a point the stop is the point's node.
        """
        known = self.node[self.cut_before(line, at)]
        cut = np.flatnonzero(shapely.get_dimensions(self.shapes[line]) == 1)
        node = known.copy()
        node[cut] = self.nodes + np.arange(len(cut))
        lines, ats = np.concatenate([self.line, line[cut]]), np.concatenate([self.at, at[cut]])
        nodes = np.concatenate([self.node, node[cut]])
        order = np.lexsort((ats, lines))
        grown = replace(
            self, line=lines[order], at=ats[order], node=nodes[order], nodes=self.nodes + len(cut)
        )  # fmt: skip
        return grown, node

    def cut_before(self, line: Indices, at: Floats) -> Indices:
        """Return the last cut at or before each place on a shape."""
        asked = np.concatenate([np.zeros(len(self.line), bool), np.ones(len(line), bool)])
        order = np.lexsort((asked, np.concatenate([self.at, at]), np.concatenate([self.line, line])))
        before = np.cumsum(~asked[order]) - 1
        found = np.empty(len(line), dtype=np.intp)
        places = asked[order]
        found[order[places] - len(self.line)] = before[places]
        return found

    def pieces(self, links: npt.NDArray[np.intp] | None = None) -> Indices:
        """Return for each node the number of the connected piece that it belongs to.

        Parameters
        ----------
        links
            Pairs of nodes that are connected as well, shape (n, 2).
        """
        first = self.segments
        pairs = np.column_stack([self.node[first], self.node[first + 1]])
        return _components(self.nodes, pairs if links is None else np.concatenate([pairs, links]))

    def piece_m(self, pieces: Indices) -> Floats:
        """Return the length of line in each piece, metres."""
        first = self.segments
        length = (self.at[first + 1] - self.at[first]) * self.metres
        per_piece = np.bincount(pieces[self.node[first]], length, minlength=int(pieces.max(initial=-1)) + 1)
        return per_piece.astype(np.float64)


def build_network(roads: gpd.GeoDataFrame, *, snapping_m: float) -> Network:
    """Node roads where they meet.

    Parameters
    ----------
    roads
        The layer ``roads``: centre lines in a projected CRS; its other columns are kept. An optional ``level`` (a
        whole number, 0 where missing) tells bridges and tunnels from the ground.
    snapping_m
        The widest gap between a line's end and the line that it ends on, metres.

    Returns
    -------
    Network
        Lines meet where one ends on another, wherever, and where they cross on the same level. The result does not
        depend on the order of the rows.

    Raises
    ------
    FrameError
        A column is missing, or a geometry is not a valid line in a projected CRS.

    Notes
    -----
    A gap that is closed adds no length: at most ``snapping_m`` a meeting. Lines that cross themselves are cut there.
    """
    check_frame(roads, name="roads", geometry=["line"])
    metres = metres_per_unit(roads.crs)
    lines, attributes = _ordered(roads)
    tolerance, count = snapping_m / metres, len(lines)
    tree = shapely.STRtree(lines)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    end, onto = _ends_on_lines(tree, ends, tolerance)
    one, other, points = _crossings(tree, lines, _levels(attributes))
    line = np.concatenate([np.tile(np.arange(count), 2), onto, one, other])
    at = np.concatenate([
        np.zeros(count),
        shapely.length(lines),
        shapely.line_locate_point(lines[onto], ends[end]),
        shapely.line_locate_point(lines[one], points),
        shapely.line_locate_point(lines[other], points),
    ])  # fmt: skip
    rings = np.flatnonzero(shapely.distance(ends[:count], ends[count:]) <= tolerance)
    met, crossed = 2 * count + np.arange(len(end)), 2 * count + len(end) + np.arange(len(one))
    same = np.concatenate([
        np.column_stack([end, met]),
        np.column_stack([crossed, crossed + len(one)]),
        np.column_stack([rings, rings + count]),
    ]).astype(np.intp)  # fmt: skip
    order = np.lexsort((at, line))
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    line, at = line[order], at[order]
    close = np.flatnonzero((line[1:] == line[:-1]) & (np.diff(at) * metres <= _SAME_M))
    pairs = np.concatenate([place[same], np.column_stack([close, close + 1])])
    node = _components(len(line), pairs)
    once = np.ones(len(line), bool)
    once[close + 1] = False
    line, at, node = line[once], at[once], node[once]
    nodes = int(node.max(initial=-1)) + 1
    return Network(shapes=lines, roads=attributes, line=line, at=at, node=node, nodes=nodes, metres=metres)


def _ordered(roads: gpd.GeoDataFrame) -> tuple[Shapes, pd.DataFrame]:
    """Return single simple lines with their attributes, in an order of their own."""
    shapes = roads.geometry.to_numpy()
    knotted = np.flatnonzero(~shapely.is_simple(shapes))
    shapes = shapes.copy()
    shapes[knotted] = shapely.node(shapes[knotted])
    lines, row = shapely.get_parts(shapes, return_index=True)
    attributes = pd.DataFrame(roads.drop(columns=roads.geometry.name)).iloc[row].reset_index(drop=True)
    wkb = shapely.to_wkb(lines)
    # Lines that are there twice follow one another by what is said of them.
    twice = pd.Series(wkb).duplicated(keep=False).to_numpy()
    words = np.full(len(lines), "", dtype=object)
    said = attributes[twice].drop(columns="id", errors="ignore")
    words[twice] = [str(row) for row in said.itertuples(index=False, name=None)]
    keys = list(zip(wkb, words, strict=True))
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
    return lines[order], attributes.iloc[order].reset_index(drop=True)


def _levels(attributes: pd.DataFrame) -> Floats:
    if "level" not in attributes.columns:
        return np.zeros(len(attributes))
    return pd.to_numeric(attributes["level"]).fillna(0).to_numpy(dtype=float)


def _ends_on_lines(tree: shapely.STRtree, ends: Shapes, tolerance: float) -> tuple[Indices, Indices]:
    """Return which ends lie on which other lines."""
    end, line = tree.query(ends, predicate="dwithin", distance=tolerance)
    other = line != end % len(tree.geometries)
    return end[other], line[other]


def _crossings(tree: shapely.STRtree, lines: Shapes, level: Floats) -> tuple[Indices, Indices, Shapes]:
    """Return pairs of lines of one level that cross or run together, and the points that they share."""
    one, other = tree.query(lines, predicate="intersects")
    apart = (one < other) & (level[one] == level[other])
    one, other = one[apart], other[apart]
    # Most touch at an end, which is seen to already.
    more = ~shapely.touches(lines[one], lines[other])
    one, other = one[more], other[more]
    xy, pair = shapely.get_coordinates(shapely.intersection(lines[one], lines[other]), return_index=True)
    return one[pair], other[pair], np.asarray(shapely.points(xy))


def _components(count: int, pairs: npt.NDArray[np.intp]) -> Indices:
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, number = connected_components(graph, directed=False)
    return np.asarray(number, dtype=np.intp)

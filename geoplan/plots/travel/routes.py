"""The quickest ways of one mode in one season, over roads and ferries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.plots.travel.approach import Approach, DryLand, approach
from geoplan.plots.travel.network import Floats, Indices, Network, Shapes
from geoplan.plots.travel.sailings import Sailings
from geoplan.plots.travel.standards import Mode, TravelStandards, pace

__all__ = ["Routes", "build_routes", "cheapest", "shortest"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Routes:
    """A network as a mode may use it.

    Attributes
    ----------
    mode, standards
        Who travels, and how.
    network
        The roads that are open to the mode, then the quays as points.
    along, against
        Minutes per metre along and against each shape's line; infinite where that is closed.
    links, link_minutes
        Pairs of nodes with a way between them, both ways, that is no road: from a quay to the road, or to the next.
    ferries, ferry_minutes
        Pairs of nodes that a ferry goes between, both ways, and its minutes with the waiting.
    piece, mainland
        For each node the number of the piece of network that roads connect it to; and the number of the piece with
        the most road.
    joined
        For each node the number of the piece that roads and ferries connect it to.
    land
        Where ways to the network must keep to; ``None`` where nothing is known of water.
    """

    mode: Mode
    standards: TravelStandards
    network: Network
    along: Floats
    against: Floats
    links: Indices
    link_minutes: Floats
    ferries: Indices
    ferry_minutes: Floats
    piece: Indices
    mainland: int
    joined: Indices
    land: DryLand | None

    @property
    def shape_node(self) -> Indices:
        """One node of each shape."""
        network = self.network
        nodes: Indices = network.node[np.searchsorted(network.line, np.arange(len(network.shapes)))]
        return nodes

    def meet(self, places: Shapes) -> Approach:
        """Return where places meet the network.

        With the water known: the mainland's network where it can be reached dry-shod, else any other. Without: the
        nearest of all but fragments, because a straight way to the mainland may be a swim; else a fragment. A fragment
        has less road than the longest access, and no quay. What is nearer to each other than roads that meet may be
        apart (``snapping``) is not told apart.
        """
        shapes, metres = self.network.shapes, self.network.metres
        limit, tolerance = self.standards.longest_access / metres, self.standards.snapping / metres
        piece = self.piece[self.shape_node]
        first = piece == self.mainland
        if self.land is None:
            called = np.isin(piece, self.piece[self.ferries])
            first |= called | (self.network.piece_m(self.piece)[piece] >= self.standards.longest_access)

        def among(some: Shapes, chosen: Indices) -> Approach:
            met = approach(some, shapes[chosen], limit=limit, tolerance=tolerance, land=self.land)
            shape = np.full(len(some), -1, dtype=np.intp)
            shape[met.found] = chosen[met.shape[met.found]]
            return Approach(shape, met.at, met.distance)

        result = among(places, np.flatnonzero(first))
        rest = np.flatnonzero(result.shape < 0)
        return result.filled(rest, among(places[rest], np.flatnonzero(~first)))

    def access_minutes(self, met: Approach) -> Floats:
        """Return how long the way to the network takes, minutes."""
        return self.standards.access_minutes(met.distance * self.network.metres, self.mode)

    def minutes(self, starts: Approach, goals: Sequence[Shapes]) -> Floats:
        """Return the minutes from each start to the nearest goal of each kind.

        Parameters
        ----------
        starts
            Where starts meet the network.
        goals
            The goals' points or areas, kind by kind.

        Returns
        -------
        numpy.ndarray
            Shape (kinds, starts); the ways to the network at both ends included, infinite where there is no way.

        Notes
        -----
        Multi-source shortest paths (Dijkstra 1959) from all goals of a kind at once, on the reversed graph. Goals cut
        the lines that they meet, and starts are read between the cuts, so a start's figure does not depend on other
        starts, and ways along a single line are right.
        """
        met = self.meet(np.concatenate([*goals, np.empty(0, dtype=object)]))
        found = met.found
        network, stop = self.network.with_stops(met.shape[found], met.at[found])
        goal = network.nodes + np.arange(len(found))
        graph = self._reversed_graph(network, np.column_stack([stop, goal]), self.access_minutes(met)[found])
        kind = np.repeat(np.arange(len(goals)), [len(group) for group in goals])[found]
        starting = self.access_minutes(starts)
        result = np.full((len(goals), len(starts.shape)), np.inf)
        for number in range(len(goals)):
            to_goal = shortest(graph, goal[kind == number])
            result[number] = starting + self._read(network, starts, to_goal)
        return np.where(np.isnan(result), np.inf, result)

    def _reversed_graph(self, network: Network, last: Indices, last_minutes: Floats) -> csr_array:
        first = network.segments
        line = network.line[first]
        metres = (network.at[first + 1] - network.at[first]) * network.metres
        here, there = network.node[first], network.node[first + 1]
        start = np.concatenate([here, there, self.links[:, 0], self.ferries[:, 0], last[:, 0]])
        end = np.concatenate([there, here, self.links[:, 1], self.ferries[:, 1], last[:, 1]])
        minutes = np.concatenate([
            _leg(metres, self.along[line]),
            _leg(metres, self.against[line]),
            self.link_minutes,
            self.ferry_minutes,
            last_minutes,
        ])  # fmt: skip
        return cheapest(end, start, minutes, network.nodes + len(last))

    def _read(self, network: Network, starts: Approach, to_goal: Floats) -> Floats:
        """Return the minutes from places on the network, given those from each node."""
        found = starts.found
        line, at = starts.shape[found], starts.at[found]
        before = network.cut_before(line, at)
        after = np.minimum(before + 1, len(network.line) - 1)
        after = np.where(network.line[after] == line, after, before)
        back = _leg((at - network.at[before]) * network.metres, self.against[line]) + to_goal[network.node[before]]
        on = _leg((network.at[after] - at) * network.metres, self.along[line]) + to_goal[network.node[after]]
        # A line's last cut has none after it.
        on = np.where((after == before) & (network.at[before] != at), np.inf, on)
        result = np.full(len(starts.shape), np.inf)
        result[found] = np.minimum(back, on)
        return result


def build_routes(
    network: Network, ferries: Sailings, *, mode: Mode, standards: TravelStandards, land: DryLand | None = None
) -> Routes:
    """Put a network at one mode's disposal.

    Parameters
    ----------
    network
        All roads.
    ferries
        The season's ferries; a car takes those that carry cars.
    land
        Dry land, where the water is known.

    Notes
    -----
    A quay is linked to the nearest road within ``quay_access``, and to all other lines' quays within it, at the speed
    and detour of access.
    """
    along, against = pace(network.roads, mode, standards)
    usable = np.isfinite(along) | np.isfinite(against)
    roads = network.subset(usable)
    ferries = ferries.carrying(mode == "car")
    count, limit = len(ferries.minutes), standards.quay_access / network.metres
    landing = approach(ferries.quays, roads.shapes, limit=limit)
    quay = roads.nodes + np.arange(2 * count)
    grown, stop = roads.with_points(ferries.quays).with_stops(landing.shape[landing.found], landing.at[landing.found])
    one, other = _neighbours(ferries.quays, count, limit)
    links = np.concatenate([
        np.column_stack([quay[landing.found], stop]),
        np.column_stack([quay[one], quay[other]]),
    ])  # fmt: skip
    apart = np.concatenate(
        [landing.distance[landing.found], shapely.distance(ferries.quays[one], ferries.quays[other])]
    )
    walks = standards.access_minutes(apart * network.metres, mode)
    crossings = np.column_stack([quay[:count], quay[count:]])
    piece = grown.pieces(links)
    return Routes(
        mode=mode,
        standards=standards,
        network=grown,
        along=np.concatenate([along[usable], np.zeros(2 * count)]),
        against=np.concatenate([against[usable], np.zeros(2 * count)]),
        links=np.concatenate([links, links[:, ::-1]]),
        link_minutes=np.tile(walks, 2),
        ferries=np.concatenate([crossings, crossings[:, ::-1]]),
        ferry_minutes=np.tile(ferries.minutes, 2),
        piece=piece,
        mainland=int(np.argmax(grown.piece_m(piece))) if len(piece) else -1,
        joined=grown.pieces(np.concatenate([links, crossings])),
        land=land,
    )


def cheapest(start: Indices, end: Indices, minutes: Floats, nodes: int) -> csr_array:
    """Return a graph with the cheapest of the edges from one node to another; infinite ones are none."""
    order = np.lexsort((minutes, end, start))
    order = order[np.isfinite(minutes[order])]
    start, end, minutes = start[order], end[order], minutes[order]
    first = np.ones(len(start), bool)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    rows = np.searchsorted(start[first], np.arange(nodes + 1))
    # Built from its parts: other ways drop or add up entries, and an edge of no time is still one.
    return csr_array((minutes[first], end[first].astype(np.int32), rows.astype(np.int32)), shape=(nodes, nodes))


def shortest(graph: csr_array, sources: Indices) -> Floats:
    """Return for each node the minutes from the nearest source, infinite where there is no way."""
    if not len(sources):
        return np.full(graph.shape[0], np.inf)
    minutes: Floats = dijkstra(graph, directed=True, indices=sources, min_only=True)
    return minutes


def _leg(metres: Floats, minutes_per_metre: Floats) -> Floats:
    """Return the minutes of legs; none for no length, even where the direction is closed."""
    with np.errstate(invalid="ignore"):
        return np.where(metres > 0, metres * minutes_per_metre, 0.0)


def _neighbours(quays: Shapes, count: int, limit: float) -> tuple[Indices, Indices]:
    """Return pairs of quays of different lines that are near each other."""
    one, other = shapely.STRtree(quays).query(quays, predicate="dwithin", distance=limit)
    pairs = (one < other) & (one % max(count, 1) != other % max(count, 1))
    return one[pairs], other[pairs]

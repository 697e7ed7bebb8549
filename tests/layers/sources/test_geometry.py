from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import from_wkt

from layers.sources.geometry import Cleaned, clean, flatten, repeated

BOWTIE = "POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"
SQUARE = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"


def cleaned(*wkt: str | None, kinds: Any = ("polygon",), **options: Any) -> Cleaned:
    options = {"invalid": "repair", **options}
    return clean(np.array([from_wkt(text) if text else None for text in wkt], dtype=object), kinds, **options)


def test_good_geometry_is_untouched() -> None:
    result = cleaned(SQUARE, "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))")
    assert (result.rejected, result.repaired) == ({}, {})
    assert result.geometry[0].equals_exact(from_wkt(SQUARE))


def test_missing_empty_and_endless() -> None:
    endless = shapely.Polygon([(0, 0), (1, np.inf), (1, 0)])
    result = clean(
        np.array([None, from_wkt("POLYGON EMPTY"), endless, from_wkt(SQUARE)], dtype=object),
        ("polygon",),
        invalid="repair",
    )
    assert {n: reason for n, (reason, _) in result.rejected.items()} == {
        0: "there is no geometry",
        1: "the geometry is empty",
        2: "coordinates are missing or infinite",
    }
    assert result.usable.tolist() == [False, False, False, True]


def test_repairs_tell_the_area() -> None:
    result = cleaned(BOWTIE, square_metres=0.5)
    assert result.geometry[0].is_valid
    assert result.geometry[0].area == 50
    assert result.repaired == {
        0: ("the geometry was invalid", "self-intersection; area 0.00 m² became 25.00 m² (+25.00 m²)")
    }


def test_overlapping_parts_are_joined_and_not_cut_out() -> None:
    overlap = "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), ((5 0, 15 0, 15 10, 5 10, 5 0)))"
    assert cleaned(overlap).geometry[0].area == 150


def test_invalid_geometry_may_be_rejected() -> None:
    result = cleaned(BOWTIE, SQUARE, invalid="reject")
    assert result.rejected == {0: ("the geometry is invalid", "self-intersection")}


def test_what_collapses_is_rejected_with_the_reason() -> None:
    result = cleaned("POLYGON ((0 0, 1 1, 2 2, 0 0))", SQUARE)
    assert list(result.rejected) == [0]
    assert result.rejected[0][0] == "nothing was left of an invalid geometry"
    assert result.rejected[0][1]
    assert result.repaired == {}


@pytest.mark.parametrize(
    ("kinds", "wkt", "kept"),
    [
        (("polygon",), "LINESTRING (0 0, 1 1)", False),
        (("polygon",), "POINT (0 0)", False),
        (("line",), "LINESTRING (0 0, 1 1)", True),
        (("line",), "MULTILINESTRING ((0 0, 1 1))", True),
        (("point",), "MULTIPOINT (0 0, 1 1)", True),
        (("point",), SQUARE, False),
        (("polygon", "line"), "LINESTRING (0 0, 1 1)", True),
        (("polygon", "line"), SQUARE, True),
    ],
)
def test_kinds(kinds: Any, wkt: str, kept: bool) -> None:
    result = cleaned(wkt, kinds=kinds)
    assert (result.rejected == {}) == kept
    if not kept:
        assert result.rejected[0][0] == f"the geometry is no {' or '.join(kinds)}"


def test_collections_give_their_parts() -> None:
    mixed = f"GEOMETRYCOLLECTION (POINT (0 0), {SQUARE}, GEOMETRYCOLLECTION ({SQUARE}, LINESTRING (0 0, 9 9)))"
    result = cleaned(mixed)
    assert result.geometry[0].area == 100
    assert result.repaired[0] == ("parts of another kind were left out", "2 of 4 parts kept")
    lines = cleaned(mixed, kinds=("line",))
    assert lines.geometry[0].length == pytest.approx(9 * 2**0.5)
    assert cleaned(mixed, kinds=("polygon", "line")).geometry[0].area == 100
    assert "geometry collection" in cleaned("GEOMETRYCOLLECTION (POINT (0 0))").rejected[0][1]


def test_areas_become_points_on_them() -> None:
    horseshoe = "POLYGON ((0 0, 10 0, 10 10, 9 10, 9 1, 1 1, 1 10, 0 10, 0 0))"
    result = cleaned(horseshoe, "POINT (3 4)", "LINESTRING (0 0, 2 2)", kinds=("point",), as_points=True)
    assert result.rejected == {}
    assert from_wkt(horseshoe).contains(result.geometry[0])
    assert result.geometry[1] == from_wkt("POINT (3 4)")


def test_heights_are_dropped() -> None:
    high = np.array([from_wkt("POINT Z (1 2 3)"), from_wkt("POINT (1 2)"), None], dtype=object)
    flat, count = flatten(high)
    assert count == 1
    assert not shapely.has_z(flat).any()
    assert flat[0] == from_wkt("POINT (1 2)")


def test_repeated_geometry_points_to_the_first() -> None:
    one, other = from_wkt(SQUARE), from_wkt(BOWTIE)
    assert repeated(np.array([one, other, from_wkt(SQUARE), one], dtype=object)) == {2: 0, 3: 0}


COORDINATE = st.integers(0, 6)


@given(st.lists(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=7), min_size=1, max_size=6))
def test_whatever_comes_out_is_valid_and_of_the_kind(rings: list[list[tuple[int, int]]]) -> None:
    shapes = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    before = shapes.copy()
    result = clean(shapes, ("polygon",), invalid="repair")
    good = result.geometry[result.usable]
    assert shapely.is_valid(good).all()
    assert np.isin(shapely.get_type_id(good), (3, 6)).all()
    assert not shapely.is_empty(good).any()
    # The caller's geometry is as it was, and every row that changed is told.
    assert all(one is other for one, other in zip(shapes, before, strict=True))
    for position in np.flatnonzero(result.usable):
        assert position in result.repaired or result.geometry[position] is before[position]

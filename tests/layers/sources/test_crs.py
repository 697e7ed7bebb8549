from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import CRSError
from layers.sources.crs import Box, area_of_use, guess, outside, reproject, same, settle

SWEREF = pyproj.CRS(3006)
SWEDEN = area_of_use(SWEREF)
SODERHAMN = Box(16.5, 61.0, 17.6, 61.6)


def points(*xy: tuple[float, float]) -> Any:
    return shapely.points(np.array(xy, dtype=float))


def moved(code: int, *, swap: bool = False) -> Any:
    """Return places in Söderhamn in another CRS."""
    geometry = reproject(points((16.9, 61.2), (17.0, 61.3), (17.1, 61.3)), pyproj.CRS(4326), pyproj.CRS(code))
    return shapely.transform(geometry, lambda xy: xy[:, ::-1]) if swap else geometry


def check(geometry: Any, code: int, *, workspace: int = 3006, near: Box | None = SWEDEN) -> np.ndarray[Any, Any]:
    return outside(geometry, pyproj.CRS(code), workspace=pyproj.CRS(workspace), key="layers.x", near=lambda: near)


@pytest.mark.parametrize("code", [3006, 4326, 3857, 3014, 3021, 32633, 25833])
def test_right_systems_pass(code: int) -> None:
    assert not check(moved(code), code).any()


@pytest.mark.parametrize(
    ("geometry", "declared", "told"),
    [
        (
            moved(3006, swap=True),
            3006,
            r"EPSG:3006 \(SWEREF99 TM\) with its axes swapped \(swap_axes = true\)\.",
        ),
        (moved(4326), 3006, r"They fit EPSG:4326 \(WGS 84\)\."),
        (moved(4326, swap=True), 3006, r"EPSG:4326 \(WGS 84\) with its axes swapped"),
        (moved(4326, swap=True), 4326, r"EPSG:4326 \(WGS 84\) with its axes swapped"),
        (moved(3006), 3014, r"They fit EPSG:3006 \(SWEREF99 TM\)\."),
        (moved(3006), 4326, r"They fit EPSG:3006"),
        (moved(3857), 3006, r"They fit EPSG:3857"),
        (moved(3021), 3857, r"RT90"),
        (points((0, 0), (0, 0)), 3006, r"No usual reference system puts them here\."),
    ],
)
def test_wrong_systems_are_told_with_their_likely_cause(geometry: Any, declared: int, told: str) -> None:
    with pytest.raises(CRSError, match=told) as caught:
        check(geometry, declared)
    assert "layers.x.crs" in str(caught.value)
    assert "area_check = false" in str(caught.value)


def test_feet_are_not_metres() -> None:
    virginia = reproject(points((-79.35, 37.73)), pyproj.CRS(4326), pyproj.CRS(2284))
    near = area_of_use(pyproj.CRS(2284))
    with pytest.raises(CRSError, match=r"They fit EPSG:2284 \(NAD83 / Virginia South \(ftUS\)\)\."):
        check(virginia, 32147, workspace=2284, near=near)


def test_a_few_strays_are_no_wrong_system() -> None:
    geometry = np.concatenate([moved(3006), points((0, 0))])
    assert check(geometry, 3006).tolist() == [False, False, False, True]
    assert check(np.append(geometry, [None, shapely.Point()]), 3006).tolist() == [False] * 3 + [True] + [False] * 2


def test_places_outside_the_workspace_are_told() -> None:
    with pytest.raises(CRSError, match=r"the workspace's reference system, EPSG:3006"):
        check(points((7.42, 43.73)), 4326)


def test_the_municipality_tells_zones_apart() -> None:
    centres = shapely.get_coordinates(moved(3010))
    everywhere = guess(centres, None, workspace=SWEREF, near=SWEDEN)
    assert len(everywhere) == 3
    assert guess(centres, pyproj.CRS(3009), workspace=SWEREF, near=SODERHAMN)[0].startswith("EPSG:3010")


def test_nothing_can_be_guessed_from_nothing() -> None:
    assert guess(np.empty((0, 2)), None, workspace=SWEREF, near=SWEDEN) == []
    assert guess(np.array([[1.0, 2.0]]), None, workspace=SWEREF, near=None) == []


# --- which one holds ------------------------------------------------------------------------------


def decided(stated: int | None, setting: str | None) -> tuple[pyproj.CRS, str | None]:
    return settle(
        None if stated is None else pyproj.CRS(stated),
        setting,
        moved(4326),
        workspace=SWEREF,
        key="layers.x",
        near=lambda: SWEDEN,
    )


def test_the_file_is_believed_and_the_settings_more() -> None:
    assert decided(3006, None) == (SWEREF, None)
    assert decided(None, "EPSG:3006") == (SWEREF, None)
    assert decided(3006, "EPSG:3006") == (SWEREF, None)
    crs, note = decided(3021, "EPSG:3006")
    assert crs == SWEREF
    assert note is not None
    assert "RT90" in note


def test_without_any_there_is_a_proposal() -> None:
    with pytest.raises(CRSError, match=r"Set layers\.x\.crs, perhaps to EPSG:4326"):
        decided(None, None)


def test_systems_that_differ_in_name_only_are_the_same() -> None:
    assert same(SWEREF, pyproj.CRS.from_wkt(SWEREF.to_wkt("WKT1_ESRI")))
    assert not same(SWEREF, pyproj.CRS(3010))


# --- boxes and reprojection -----------------------------------------------------------------------


def test_boxes_across_the_date_line() -> None:
    box = Box(170, -50, -170, -30)
    lon, lat = np.array([175.0, -175.0, 0.0, np.nan]), np.array([-40.0, -40.0, -40.0, -40.0])
    assert box.holds(lon, lat).tolist() == [True, True, False, False]


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_reprojection_and_back(dx: float, dy: float) -> None:
    place = shapely.points(np.array([[17.0 + dx / 100, 61.3 + dy / 100]]))
    back = reproject(reproject(place, pyproj.CRS(4326), SWEREF), SWEREF, pyproj.CRS(4326))
    assert shapely.get_coordinates(back) == pytest.approx(shapely.get_coordinates(place), abs=1e-9)


def test_east_comes_before_north() -> None:
    (east, north), *_ = shapely.get_coordinates(moved(3006))
    assert 590_000 < east < 620_000
    assert 6_700_000 < north < 6_900_000


def test_the_same_system_changes_no_digit() -> None:
    geometry = moved(3006)
    assert reproject(geometry, pyproj.CRS.from_wkt(SWEREF.to_wkt()), SWEREF) is geometry

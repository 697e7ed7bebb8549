import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geoplan.errors import CRSError, FrameError
from geoplan.frames import area_m2, check_frame, length_m, metres_per_unit, same_crs

US_SURVEY_FOOT_M = 1200 / 3937  # the definition of the foot of EPSG:2284


def square(crs: int, side: float = 1.0) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(0, 0, side, side)], crs=crs)


@pytest.mark.parametrize(("crs", "factor"), [(3006, 1.0), (2284, US_SURVEY_FOOT_M)])
def test_areas_and_lengths_come_in_metres_whatever_the_unit(crs: int, factor: float) -> None:
    assert metres_per_unit(crs) == pytest.approx(factor, rel=1e-12)
    assert area_m2(square(crs, 10)).iloc[0] == pytest.approx(100 * factor**2, rel=1e-12)
    assert length_m(square(crs, 10).boundary).iloc[0] == pytest.approx(40 * factor, rel=1e-12)


@pytest.mark.parametrize("crs", [None, 4326])
def test_a_crs_without_one_unit_of_length_is_refused(crs: int | None) -> None:
    with pytest.raises(CRSError, match="EPSG:3006"):
        metres_per_unit(crs)


def test_same_crs_names_both_when_they_differ() -> None:
    assert same_crs(square(3006), None, square(3006)) == square(3006).crs
    with pytest.raises(CRSError, match="EPSG:3006, EPSG:2284"):
        same_crs(square(3006), square(2284))
    with pytest.raises(CRSError, match="no coordinate reference system"):
        same_crs(None)


def test_check_frame_gathers_every_fault() -> None:
    bowtie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame = gpd.GeoDataFrame(
        {"id": ["a", "a", None, "d", "e"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None, shapely.Polygon(), bowtie],
        crs=4326,
    )
    with pytest.raises(FrameError) as caught:
        check_frame(frame, name="parcels", columns=["id", "use"], geometry=["polygon"], unique="id")
    assert len(caught.value.faults) == 8
    for part in ("missing columns use", "1 rows have no id", "not unique (first: 'a')", "projected CRS"):
        assert part in str(caught.value)
    for row, what in (
        (2, "no geometry"),
        (3, "an empty geometry"),
        (1, "other than polygon"),
        (4, "invalid"),
    ):
        assert any(what in fault and f"row {row}" in fault for fault in caught.value.faults), what


def test_check_frame_accepts_what_is_right() -> None:
    check_frame(square(3006), name="parcels", columns=["id"], geometry=["polygon"], unique="id")
    check_frame(pd.DataFrame({"area": ["x"]}), name="population", columns=["area"])
    with pytest.raises(FrameError, match="has no geometry"):
        check_frame(pd.DataFrame({"id": ["x"]}), name="parcels", geometry=["polygon"])

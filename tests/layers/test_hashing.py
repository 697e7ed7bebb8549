import datetime as dt
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.hashing import cell_faults, content_hash, plain_value


def points(*coordinates: tuple[float, ...], crs: object = 3006, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(*xy) for xy in coordinates], crs=crs)


def test_the_same_rows_have_the_same_hash_in_another_process() -> None:
    frame = points((1.5, 2), (3, 4), name=["å", None], area=[0.1, 2.0])
    code = (
        "import geopandas, shapely; from layers.hashing import content_hash;"
        "print(content_hash(geopandas.GeoDataFrame({'area': [.1, 2], 'name': ['å', None]},"
        "geometry=[shapely.Point(1.5, 2), shapely.Point(3, 4)], crs=3006)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == content_hash(frame)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([None, 1.0], [float("nan"), 1]),
        ([0.0], [-0.0]),
        ([1, 2], [1.0, 2.0]),
        ([1e300], [int(1e300)]),
        ([2**60], [float(2**60)]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan]),
        (np.array([True, False]), [True, False]),
        (np.array([1, 2], dtype="int8"), [1, 2]),
        ([np.float64(0.1)], [0.1]),
        ([[1, 2]], [np.array([1, 2])]),
        ([dt.date(2025, 1, 1)], ["2025-01-01"]),
        (pd.Series([pd.NaT], dtype="datetime64[us]"), [None]),
    ],
)
def test_what_is_one_value_has_one_hash(one: object, other: object) -> None:
    assert content_hash(pd.DataFrame({"x": one})) == content_hash(pd.DataFrame({"x": other}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0.1], [np.nextafter(0.1, 1)]),
        (["1"], [1]),
        (["a", "b"], ["b", "a"]),
        ([None], [""]),
        ([True], [1]),
        ([], [None]),
    ],
)
def test_what_differs_has_another_hash(one: object, other: object) -> None:
    assert content_hash(pd.DataFrame({"x": one})) != content_hash(pd.DataFrame({"x": other}))


def test_column_order_index_and_height_do_not_matter_but_names_places_and_crs_do() -> None:
    frame = points((1, 2), (3, 4), a=[1, 2], b=["x", "y"])
    assert content_hash(frame[["geometry", "b", "a"]]) == content_hash(frame)
    assert content_hash(frame.set_index(pd.Index([7, 9]))) == content_hash(frame)
    assert content_hash(points((1, 2, 50), (3, 4, 60), a=[1, 2], b=["x", "y"])) == content_hash(frame)
    assert content_hash(frame.rename(columns={"a": "c"})) != content_hash(frame)
    assert content_hash(frame.set_crs(2284, allow_override=True)) != content_hash(frame)
    assert content_hash(points((1, 2), (3, np.nextafter(4, 5)), a=[1, 2], b=["x", "y"])) != content_hash(frame)
    assert content_hash(pd.DataFrame(frame.drop(columns="geometry"))) != content_hash(frame)


def test_an_empty_table_is_known_by_its_columns() -> None:
    assert content_hash(pd.DataFrame({"a": []})) == content_hash(pd.DataFrame({"a": pd.Series([], dtype="str")}))
    assert content_hash(pd.DataFrame({"a": []})) != content_hash(pd.DataFrame({"b": []}))


@pytest.mark.parametrize("value", [float("inf"), {1, 2}, shapely.Point(0, 0), object()])
def test_what_json_has_no_word_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        plain_value(value)


def test_faults_name_the_column_and_the_row() -> None:
    frame = pd.DataFrame(
        {
            "fine": ["\\u0000", "å", None],
            "null": ["a", "b\0", "c"],
            "broken": pd.Series(["a", "b", "\udcff"], dtype=object),
            "infinite": [1.0, float("inf"), 2.0],
        }
    )
    faults = cell_faults(frame)
    assert [fault.split()[0] for fault in faults] == ["null", "broken", "infinite"]
    assert "row 1: 'b\\x00'" in faults[0]
    assert "row 2" in faults[1]

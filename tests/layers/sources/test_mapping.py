from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import InputError
from layers.catalogue import layer_type
from layers.sources.columns import tag
from layers.sources.mapping import Mapped, map_columns
from layers.sources.raw import Raw
from layers.sources.source import LayerPart


def raw_of(frame: pd.DataFrame) -> Raw:
    frame = frame.set_axis(range(1, len(frame) + 1))
    return Raw(frame=frame, crs=None, driver="CSV", layer=None, sha256="", broken={}, issues=())


def mapped(
    frame: pd.DataFrame, layer: str = "settlements", *, root: Path = Path("/nowhere"), **settings: Any
) -> Mapped:
    part = LayerPart.model_validate({"file": "s.csv", **settings})
    return map_columns(raw_of(frame), part, layer_type(layer), key=f"layers.{layer}", path_of=lambda name: root / name)


def listed(result: Mapped, column: str) -> list[Any]:
    return [None if cell is None or cell != cell else cell for cell in result.frame[column].tolist()]


SOURCE = pd.DataFrame(
    {
        "NAMN1": ["Åsa", "Bo", None],
        "KATEGORI": ["Tätort", "Annan", None],
        "BEF": [967.0, np.nan, 3.0],
        "extra": 1,
    }
)
COLUMNS = {"name": "NAMN1", "kind": "KATEGORI"}


def test_columns_and_those_of_the_same_name() -> None:
    result = mapped(SOURCE.rename(columns={"BEF": "population"}), columns=COLUMNS)
    assert list(result.frame.columns) == ["id", "name", "kind", "population"]
    assert listed(result, "name") == ["Åsa", "Bo", None]
    assert listed(result, "population") == [967.0, None, 3.0]
    assert listed(result, "id") == [None, None, None]
    assert result.frame.index.tolist() == [1, 2, 3]


def test_constants() -> None:
    result = mapped(SOURCE, columns={"name": "NAMN1"}, constants={"kind": "small", "population": 5})
    assert listed(result, "kind") == ["small"] * 3
    assert listed(result, "population") == [5] * 3


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"Tätort": "urban", "*": "small"}, ["urban", "small", "small"]),
        ({"Tätort": "urban", "": "small"}, ["urban", "Annan", "small"]),
        ({"Tätort": "urban", "*": "small", "": "urban"}, ["urban", "small", "urban"]),
        ({" Tätort ": "urban"}, ["urban", "Annan", None]),
        ({}, ["Tätort", "Annan", None]),
    ],
)
def test_values(values: dict[str, str], kinds: list[str | None]) -> None:
    assert listed(mapped(SOURCE, columns=COLUMNS, values={"kind": values}), "kind") == kinds


def test_numbers_and_truth_are_matched_as_people_write_them() -> None:
    for cells in ([303.0, 302.0], [303, 302], ["303", " 302 "], pd.array([303, 302], dtype="Int64")):
        frame = pd.DataFrame({"name": ["a", "b"], "KKOD": cells})
        result = mapped(frame, columns={"kind": "KKOD"}, values={"kind": {"303": "urban", "302": "small"}})
        assert listed(result, "kind") == ["urban", "small"]
    frame = pd.DataFrame({"name": ["a", "b"], "town": [True, False]})
    result = mapped(frame, columns={"kind": "town"}, values={"kind": {"true": "urban", "false": "small"}})
    assert listed(result, "kind") == ["urban", "small"]


def test_the_first_column_that_is_not_empty() -> None:
    frame = pd.DataFrame({"a": [None, "1", None], "b": ["2", "3", None], "name": "x", "kind": "urban"})
    assert listed(mapped(frame, columns={"id": ["a", "b"]}), "id") == ["2", "1", None]


def test_kept_columns_come_along_under_their_own_names() -> None:
    result = mapped(SOURCE, columns=COLUMNS, keep=["extra", "BEF"])
    assert list(result.frame.columns)[-2:] == ["extra", "BEF"]
    assert listed(result, "BEF") == [967.0, None, 3.0]


def test_all_missing_columns_are_told_with_setting_and_close_names() -> None:
    with pytest.raises(InputError) as caught:
        mapped(
            SOURCE,
            columns={"name": "NAMN", "kind": "KATEGORI", "id": ["extra", "TATNR"]},
            keep=["BEFF"],
            only={"Kategori": ["a"]},
        )
    told = str(caught.value)
    assert "'NAMN' (layers.settlements.columns.name): did you mean NAMN1?" in told
    assert "'TATNR' (layers.settlements.columns.id)" in told
    assert "'BEFF' (layers.settlements.keep): did you mean BEF?" in told
    assert "'Kategori' (layers.settlements.only): did you mean KATEGORI?" in told
    assert "There are: NAMN1, KATEGORI, BEF, extra." in told


def test_required_fields_need_a_column() -> None:
    with pytest.raises(InputError, match=r"no column for settlements\.name, settlements\.kind\..*NAMN1"):
        mapped(SOURCE)


def test_values_need_a_column_too() -> None:
    frame = pd.DataFrame({"id": ["a"], "area": ["x"]})
    with pytest.raises(InputError, match=r"no column for parcels\.owner_kind"):
        mapped(frame, "parcels", values={"owner_kind": {"*": "private"}})


def test_the_geometry_is_no_column() -> None:
    frame = gpd.GeoDataFrame({"name": ["a"], "kind": ["urban"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(InputError, match="lacks the column 'geometry'"):
        mapped(frame, columns={"id": "geometry"})
    assert isinstance(mapped(frame).frame, gpd.GeoDataFrame)


# --- rows -----------------------------------------------------------------------------------------


def test_only_counts_what_it_leaves_out() -> None:
    result = mapped(SOURCE, columns=COLUMNS, only={"KATEGORI": ["Tätort "], "NAMN1": ["Åsa", "Bo"]})
    assert listed(result, "name") == ["Åsa"]
    assert result.filtered == 2
    with pytest.raises(InputError, match=r"no rows that layers\.settlements\.only lets through"):
        mapped(SOURCE, columns=COLUMNS, only={"KATEGORI": ["tätort"]})


def test_points_from_coordinates() -> None:
    frame = pd.DataFrame({"lon": ["17,1", "x", None], "lat": ["61,3", "61", "61"], "name": "a", "kind": "urban"})
    result = mapped(frame, x="lon", y="lat", decimal=",")
    assert isinstance(result.frame, gpd.GeoDataFrame)
    assert result.frame.geometry.iloc[0] == shapely.Point(17.1, 61.3)
    assert result.frame.geometry.isna().tolist() == [False, True, True]
    assert result.broken == {2: "lon = 'x' is no coordinate"}


WIDE = pd.DataFrame({"deso": ["A", "B"], "m_0-4": [1, 2], "k_0-4": [3, 4], "k_80+": [5, None]})
PATTERN = "^(?P<sex>[mk])_(?P<age>.+)$"


def test_unpivot() -> None:
    result = mapped(
        WIDE,
        "population",
        columns={"area": "deso"},
        constants={"year": 2025},
        unpivot={"pattern": PATTERN, "value": "population"},
        values={"sex": {"m": "male", "k": "female"}},
    )
    assert listed(result, "area") == ["A", "A", "A", "B", "B", "B"]
    assert listed(result, "sex") == ["male", "female", "female"] * 2
    assert listed(result, "age") == ["0-4", "0-4", "80+"] * 2
    assert listed(result, "population") == [1, 3, 5, 2, 4, None]
    assert result.frame.index.tolist() == [1, 1, 1, 2, 2, 2]


def test_unpivot_faults() -> None:
    with pytest.raises(InputError, match=r"No column .* matches layers\.population\.unpivot\.pattern"):
        mapped(WIDE, "population", unpivot={"pattern": "^(?P<sex>x)_", "value": "population"})
    with pytest.raises(InputError, match=r"already has: deso"):
        mapped(WIDE, "population", unpivot={"pattern": PATTERN, "value": "deso"})
    # A column that was turned into rows is no column any more.
    with pytest.raises(InputError, match=r"lacks the column 'm_0-4'"):
        mapped(WIDE, "population", columns={"area": "m_0-4"}, unpivot={"pattern": PATTERN, "value": "population"})


NAMES = st.text("abcåäö_-+0123456789", min_size=1, max_size=6)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.integers(1, 5))
def test_unpivot_keeps_every_cell(ages: list[str], size: int) -> None:
    cells = np.arange(size * len(ages)).reshape(size, len(ages))
    frame = pd.DataFrame(cells, columns=[f"age:{age}" for age in ages]).assign(area=[f"A{n}" for n in range(size)])
    result = mapped(
        frame,
        "population",
        constants={"year": 1},
        unpivot={"pattern": "^age:(?P<age>.+)$", "value": "population"},
    )
    back = result.frame.pivot(index="area", columns="age", values="population")
    assert back.loc[[f"A{n}" for n in range(size)], ages].to_numpy(dtype=int).tolist() == cells.tolist()


def test_mojibake_is_told_and_mended_on_request() -> None:
    frame = pd.DataFrame({"NamnÃ¶": ["SÃ¶derhamn", "Åsa", "SÃ¶derhamn"], "kind": "urban"})
    result = mapped(frame, columns={"name": "NamnÃ¶"})
    assert listed(result, "name")[0] == "SÃ¶derhamn"
    (issue,) = result.issues
    assert issue.severity == "warning"
    assert issue.detail == "2 cells of NamnÃ¶, such as 'SÃ¶derhamn' for 'Söderhamn'; fix_mojibake = true mends them"
    mended = mapped(frame, columns={"name": "Namnö"}, fix_mojibake=True)
    assert listed(mended, "name") == ["Söderhamn", "Åsa", "Söderhamn"]
    assert mended.issues[0].severity == "repaired"


# --- lookups --------------------------------------------------------------------------------------

ZONES = pd.DataFrame({"Zoning_Cod": ["R1", "XX", None, "C1"]})
LOOKUP = {"file": "z.csv", "key": "zone", "from": "Zoning_Cod", "value": "treat"}


def look_up(root: Path, table: str, frame: pd.DataFrame = ZONES, **changes: Any) -> Mapped:
    (root / "z.csv").write_text(table, encoding="utf-8")
    return mapped(
        frame,
        "plans",
        root=root,
        columns={"use_code": "Zoning_Cod"},
        lookup={"homes": {**LOOKUP, **changes}},
        values={"homes": {"Allowed": "allowed", "Prohibited": "prohibited", "*": "unknown"}},
    )


def test_lookup_and_what_it_lacks(tmp_path: Path) -> None:
    result = look_up(tmp_path, "zone,treat\n R1 ,Allowed\nC1,Prohibited\nC1,Prohibited\n")
    assert listed(result, "homes") == ["allowed", "unknown", "unknown", "prohibited"]
    assert [(issue.row, issue.detail) for issue in result.issues] == [
        (2, "Zoning_Cod = 'XX'"),
        (3, "Zoning_Cod = (empty)"),
    ]
    assert {issue.severity for issue in result.issues} == {"warning"}


def test_numeric_keys_match_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Zoning_Cod": [1.0, 2.0]})
    assert listed(look_up(tmp_path, "zone;treat\n1;Allowed\n2;x\n", frame), "homes") == ["allowed", "unknown"]


def test_lookup_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"several values of treat for R1.*layers\.plans\.lookup\.homes\.key"):
        look_up(tmp_path, "zone,treat\nR1,Allowed\nR1,Prohibited\n")
    with pytest.raises(InputError, match=r"'treat' \(layers\.plans\.lookup\.homes\.value\)"):
        look_up(tmp_path, "zone,treet\nR1,Allowed\n")
    with pytest.raises(InputError, match=r"'Zone' \(layers\.plans\.lookup\.homes\.from\)"):
        look_up(tmp_path, "zone,treat\nR1,Allowed\n", **{"from": "Zone"})
    with pytest.raises(InputError, match=r"does not exist.*layers\.plans\.lookup\.homes\.file"):
        look_up(tmp_path, "zone,treat\nR1,Allowed\n", file="zz.csv")


CODES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00\ufeff"), min_size=1, max_size=5).map(
    lambda text: f"k{text}".strip()
)


@given(st.dictionaries(CODES, st.sampled_from(["urban", "small"]), min_size=1, max_size=6), st.data())
def test_values_map_every_code_to_its_own(table: dict[str, str], data: st.DataObject) -> None:
    import unicodedata

    table = {unicodedata.normalize("NFC", code): value for code, value in table.items()}
    codes = data.draw(st.lists(st.sampled_from(sorted(table)), min_size=1, max_size=8))
    frame = pd.DataFrame({"name": "x", "code": codes})
    result = mapped(frame, columns={"kind": "code"}, values={"kind": table})
    assert listed(result, "kind") == [table[code] for code in codes]


# --- OSM tags -------------------------------------------------------------------------------------


def hstore(tags: dict[str, str]) -> str:
    def escape(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"')

    return ",".join(f'"{escape(key)}"=>"{escape(value)}"' for key, value in tags.items())


TAGS = st.dictionaries(st.text('ab"\\,=>:å', min_size=1, max_size=4), st.text('ab"\\,=>ö ', max_size=6), max_size=4)


@given(TAGS)
def test_tags_survive_their_quoting(tags: dict[str, str]) -> None:
    frame = pd.DataFrame({"other_tags": pd.Series([hstore(tags) or None, None], dtype="str")})
    for key, value in tags.items():
        assert tag(frame, key).tolist()[0] == value
    assert tag(frame, "none").isna().all()


def test_tags_with_a_column_of_their_own() -> None:
    frame = pd.DataFrame({"highway": ["primary", None], "other_tags": [None, '"highway"=>"path","name"=>"x"']})
    assert tag(frame, "highway").tolist() == ["primary", "path"]
    result = mapped(frame.assign(number="1"), "roads", columns={"kind": "tag:highway"}, only={"tag:highway": ["path"]})
    assert listed(result, "kind") == ["path"]
    with pytest.raises(InputError, match="lacks the column 'tag:x'"):
        mapped(pd.DataFrame({"a": [1]}), "roads", columns={"kind": "tag:x"})

"""Names of other specifications: data, and never half known."""

from pathlib import Path

import pandas as pd
import pytest

from geoplan.errors import InputError, SettingsError
from geoplan.plots.record import RECORD_NAMES
from layers.specifications import load_specification, shipped_specifications

HEAD = 'title = { sv = "x", en = "x" }\nsource = "x"\ncomplete = true\n'
DOCS = Path(__file__).resolve().parents[2] / "docs" / "plot-record.md"


def test_shipped_ones_load_and_are_documented() -> None:
    assert shipped_specifications() == ("lediga_tomter", "minimum")
    page = DOCS.read_text(encoding="utf-8")
    for name in shipped_specifications():
        assert load_specification(name).source
        assert f"`{name}`" in page


def test_names_and_values_are_theirs() -> None:
    frame = pd.DataFrame({"id": ["a"], "sale_form": ["queue"], "status": ["private"], "price_sek": [1.0], "x": [2]})
    told = load_specification("minimum").renamed(frame)
    assert told.to_dict("records") == [
        {"id": "a", "forsaljningsform": "tomtko", "status": "private", "pris_kr": 1.0, "x": 2}
    ]
    assert "sale_form" in frame


def test_names_that_are_not_known_are_not_made_up() -> None:
    national = load_specification("lediga_tomter")
    assert national.fields == {}
    with pytest.raises(InputError, match="not known yet"):
        national.renamed(pd.DataFrame({"id": ["a"]}))


def test_a_table_of_one_s_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(HEAD + '[fields]\nid = "plot_number"\n', encoding="utf-8")
    told = load_specification("own.toml", folder=tmp_path).renamed(pd.DataFrame({"id": ["a"]}))
    assert list(told) == ["plot_number"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + '[fields]\ncolour = "x"\n', "no field 'colour'"),
        (HEAD + '[fields]\nid = "parcel"\n', "two fields are called parcel"),
        (HEAD + '[values.colour]\nred = "röd"\n', "no field 'colour'"),
        ('source = "x"\n', "title: Field required"),
        (HEAD + "more = 1\n", "more: Extra inputs"),
        ("= 1", "not TOML"),
        (b"\xff", "not TOML"),
        (None, "cannot be read"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str | bytes | None, message: str) -> None:
    if text is not None:
        (tmp_path / "own.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=message):
        load_specification("own.toml", folder=tmp_path)


def test_an_unknown_name_names_what_is_close() -> None:
    with pytest.raises(SettingsError, match="Did you mean minimum"):
        load_specification("minimun")


def test_every_field_is_documented() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for name in RECORD_NAMES:
        assert f"| `{name}` |" in page

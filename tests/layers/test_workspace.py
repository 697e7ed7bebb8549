from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import SettingsError
from layers.catalogue import catalogue
from layers.homesettings import OwnerKind
from layers.starting import starting_text
from layers.workspace import PlotSettings, Workspace, init_workspace

FULL = """
[municipality]
name = "Almskär"
code = "0000"
crs = "EPSG:3006"

[layers.municipality]
file = "data/municipality.gpkg"

[layers.settlements]
file = "data/settlements.gpkg"
where = "LAN = '21'"
within = "municipality"
columns = { name = "NAMN1", kind = "KATEGORI", id = ["A", "B"] }
values = { kind = { "Tätort" = "urban", "*" = "small" } }
date = 2025-01-01

[layers.plans]
file = "zoning.gpkg"
lookup = { homes = { file = "z.csv", key = "zone", from = "Zoning_Cod", value = "treat_1fd" } }

[layers.population]
file = "p.csv"
unpivot = { pattern = "^(?P<sex>[mk])_(?P<age>.+)$", value = "population" }
constants = { year = 2025 }

[layers.water]
crs = "EPSG:3006"
max_rejected = 0.1
constants = { kind = "sea" }
[[layers.water.parts]]
file = "sea.gpkg"
[[layers.water.parts]]
file = "lakes.gpkg"
constants = { kind = "lake" }
crs = "EPSG:4326"

[rules]
set = "sweden"
as_of = 2026-01-01
[rules.settings]
lowest_level_m = 2.7

[plots]
min_area_m2 = 700
[plots.archipelago]
min_area_m2 = 1500
default_status = "private"

[demand]
base_year = 2025
years = [2030, 2035]
vacancy_reserve = 0.02
exits_per_year = { "a" = 0.01, "*" = 0.0 }
initial_deficit = -10
"""


def mapping(**changes: Any) -> dict[str, Any]:
    return {"municipality": {"name": "x", "code": "1"}, "rules": {"set": "generic"}, **changes}


def faults(content: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Workspace.from_mapping(content)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_load(tmp_path: Path) -> None:
    (tmp_path / "geoplan.toml").write_text(FULL, encoding="utf-8")
    workspace = Workspace.load(tmp_path)
    assert workspace.root == tmp_path.resolve()
    assert workspace.path("data/x.gpkg") == tmp_path.resolve() / "data/x.gpkg"
    assert workspace.municipality.srid == 3006
    assert workspace.crs.to_epsg() == 3006
    assert workspace.layers["settlements"].within == "municipality"
    assert workspace.layers["settlements"].parts[0].columns["id"] == ("A", "B")
    assert workspace.layers["plans"].parts[0].lookup["homes"].column == "Zoning_Cod"
    sea, lakes = workspace.layers["water"].parts
    assert (sea.file, sea.crs, sea.constants) == ("sea.gpkg", "EPSG:3006", {"kind": "sea"})
    assert (lakes.file, lakes.crs, lakes.constants) == ("lakes.gpkg", "EPSG:4326", {"kind": "lake"})
    assert workspace.layers["water"].max_rejected == 0.1
    assert workspace.demand is not None
    assert workspace.demand.initial_deficit == -10


def test_plot_settings_by_kind_of_area(tmp_path: Path) -> None:
    plots = Workspace.from_mapping(tomllib.loads(FULL), root=tmp_path).plots
    assert plots.of("town").min_area_m2 == 700
    assert plots.of("archipelago").min_area_m2 == 1500
    assert plots.of("archipelago").min_width_m == PlotSettings().min_width_m
    assert (plots.of("rural").default_status, plots.of("archipelago").default_status) == (
        "unknown",
        "private",
    )
    with pytest.raises(ValueError, match="no kind of area"):
        plots.of("city")  # type: ignore[arg-type]


def test_parameters_are_plain_and_canonical(tmp_path: Path) -> None:
    content = tomllib.loads(FULL)
    workspace = Workspace.from_mapping(content, root=tmp_path)
    parameters = workspace.parameters()
    assert json.loads(json.dumps(parameters)) == parameters
    assert "layers" not in parameters
    assert parameters["rules"] == {
        "set": "sweden",
        "as_of": "2026-01-01",
        "settings": {"lowest_level_m": 2.7},
    }
    # The order of keys and the place on disk change nothing.
    other = Workspace.from_mapping(dict(reversed(content.items())), root=tmp_path / "elsewhere")
    assert other.canonical_parameters() == workspace.canonical_parameters()
    content["plots"]["min_area_m2"] = 701
    assert Workspace.from_mapping(content).canonical_parameters() != workspace.canonical_parameters()


def test_all_faults_are_told_at_once_with_key_and_fix() -> None:
    told = faults(
        {
            "municipality": {"name": "x", "crs": "EPSG:4326", "languag": "sv"},
            "layers": {
                "parcel": {"file": "a"},
                "parcels": {
                    "file": "a", "colums": {}, "columns": {"ide": "X"}, "invalid": "repare",
                    "values": {"owner_kind": {"a": "privat"}}, "keep": ["use"],
                },
                "roads": {"file": "a", "x": "lon"},
                "water": {"crs": "EPSG:99999", "parts": [{"file": "a"}, {"layer": "b"}], "max_rejected": 2},
            },
            "plots": {"twon": {}, "town": {"min_area_m2": -1}},
            "demand": {"base_year": 2025, "years": [2030], "exits_per_year": {"a": 2}},
        }
    )  # fmt: skip
    expected = [
        r"municipality\.code: is missing; set it to its official code",
        r"municipality\.crs: 'EPSG:4326' \(WGS 84\) is not a projected .*EPSG:3006",
        r"municipality\.languag: unknown key, did you mean language\?",
        r"layers\.parcel: unknown layer, did you mean parcels\?",
        r"layers\.parcels\.colums: unknown key, did you mean columns\?",
        r"layers\.parcels\.columns\.ide: parcels has no such field, did you mean id\?",
        r"layers\.parcels\.invalid: must be .*'fail', not 'repare'; did you mean repair\?",
        r"layers\.parcels\.values\.owner_kind: 'privat' is not an allowed value, did you mean private\?",
        r"layers\.parcels\.keep: 'use' is a field of parcels itself; map it with columns",
        r"layers\.roads: x and y go together",
        r"layers\.water\.crs: 'EPSG:99999' is no coordinate reference system",
        r"layers\.water\.parts\.1\.file: is missing",
        r"layers\.water\.max_rejected: .*less than or equal to 1, not 2",
        r"rules: is missing; set it to a table \[rules\]",
        r"plots\.twon: unknown key, did you mean town\?",
        r"plots\.town\.min_area_m2: .*greater than 0, not -1",
        r"demand\.exits_per_year\.a: .*less than or equal to 1, not 2",
    ]
    for pattern in expected:
        assert [line for line in told if re.match(pattern, line)], f"{pattern} not in {told}"
    assert len(told) == len(expected), told


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ({"file": ""}, "layers.roads.file: string should have at least 1 character"),
        ({"file": 3}, "layers.roads.file: input should be a valid string, not 3"),
        ({"file": "a", "parts": []}, "layers.roads: has no parts"),
        ({"file": "a", "parts": [{"file": "b"}]}, "layers.roads: has a file that no part uses"),
        ({"file": "a", "parts": {"file": "b"}}, "layers.roads.parts: input should be a valid tuple"),
        ({"file": "a", "encoding": "latin-ett"}, "layers.roads.encoding: 'latin-ett' is no encoding"),
        ({"file": "a", "unpivot": {"pattern": "a(", "value": "v"}}, "layers.roads.unpivot.pattern: is not"),
        ({"file": "a", "unpivot": {"pattern": "a", "value": "v"}}, "layers.roads.unpivot.pattern: needs"),
        ({"file": "a", "unpivot": {"pattern": "(?P<v>a)", "value": "v"}}, "layers.roads.unpivot: value"),
        ({"file": "a", "columns": {"id": []}}, "layers.roads.columns: id names no column"),
        ({"file": "a", "columns": {"id": "a"}, "constants": {"id": "b"}}, "layers.roads: id is set twice"),
        ({"file": "a", "constants": {"kind": "motorway"}}, "layers.roads.constants.kind: 'motorway' is"),
        ({"file": "a", "within": "roads"}, "layers.roads.within: a layer cannot be within itself"),
        ({"file": "a", "within": "railways"}, "layers.roads.within: 'railways' is no layer of areas"),
        ({"file": "a", "within": "municipality"}, "layers.roads.within: there is no [layers.municipality]"),
        ({"file": "a", "lookup": {"kind": {"file": "b"}}}, "layers.roads.lookup.kind.key: is missing"),
        ({"file": "a", "date": "1/2/25"}, "layers.roads.date: input should be a valid date"),
        ("a.gpkg", "layers.roads: input should be a valid dictionary or instance of LayerSource"),
    ],
)  # fmt: skip
def test_layer_faults(layer: Any, told: str) -> None:
    assert any(line.startswith(told) for line in faults(mapping(layers={"roads": layer})))


def test_a_table_lies_nowhere() -> None:
    layers = {"municipality": {"file": "m"}, "population": {"file": "p", "within": "municipality"}}
    assert faults(mapping(layers=layers)) == [
        "layers.population.within: population is a table and lies nowhere; remove the key"
    ]


def test_within_takes_one_step() -> None:
    layers = {
        "municipality": {"file": "m"},
        "land": {"file": "l", "within": "municipality"},
        "parcels": {"file": "p", "within": "land"},
    }
    assert faults(mapping(layers=layers)) == [
        "layers.parcels.within: land has itself a `within`; only one step is followed"
    ]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5845", "EPSG:4979", "nonsense", "+proj=tmerc +lon_0=15"])
def test_crs_must_be_projected_and_in_the_register(crs: str) -> None:
    (fault,) = faults(mapping(municipality={"name": "x", "code": "1", "crs": crs}))
    assert fault.startswith("municipality.crs: ")
    assert "EPSG:3006" in fault


@pytest.mark.parametrize("crs", ["EPSG:3006", "EPSG:2284", "EPSG:3067", "epsg:32633", "urn:ogc:def:crs:EPSG::3006"])
def test_any_projected_crs_will_do(crs: str) -> None:
    content = mapping(municipality={"name": "x", "code": "1", "crs": crs})
    assert Workspace.from_mapping(content).crs.is_projected


@pytest.mark.parametrize("years", [[], [2025], [2035, 2030], [2030, 2030]])
def test_years_rise_after_the_base_year(years: list[int]) -> None:
    (fault,) = faults(mapping(demand={"base_year": 2025, "years": years}))
    assert fault.startswith("demand")


def test_control_characters_are_no_name() -> None:
    assert faults(mapping(municipality={"name": "a\nb", "code": "1"})) == ["municipality.name: has a control character"]


def test_no_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="geoplan init"):
        Workspace.load(tmp_path)
    with pytest.raises(SettingsError, match=re.escape("has no geoplan.toml")):
        Workspace.load(tmp_path / "nowhere")


def test_files_that_are_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "geoplan.toml"
    path.write_text("[municipality\n")
    with pytest.raises(SettingsError, match=r"is not TOML: .*line 1"):
        Workspace.load(tmp_path)
    path.write_bytes('name = "Söderhamn"'.encode("cp1252"))
    with pytest.raises(SettingsError, match="is not UTF-8"):
        Workspace.load(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        Workspace.load(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "geoplan.toml").write_text(FULL, encoding="utf-8-sig")
    assert Workspace.load(tmp_path).municipality.name == "Almskär"


# --- init -----------------------------------------------------------------------------------------


def test_init_writes_a_workspace_that_loads(tmp_path: Path) -> None:
    made = init_workspace(tmp_path / "new" / "place", name="Almskär", code="0000")
    loaded = Workspace.load(tmp_path / "new" / "place")
    assert loaded == made
    assert loaded.municipality.name == "Almskär"
    assert loaded.rules.set == "sweden"
    assert (tmp_path / "new/place/.gitignore").read_text() == "/.geoplan/\n"
    # What the file says of plots are the defaults, so that they are seen.
    assert loaded.plots == PlotSettings()


def test_init_never_overwrites(tmp_path: Path) -> None:
    init_workspace(tmp_path, name="a", code="1")
    (tmp_path / ".gitignore").write_text("mine")
    before = (tmp_path / "geoplan.toml").read_bytes()
    with pytest.raises(SettingsError, match="already exists"):
        init_workspace(tmp_path, name="b", code="2")
    assert (tmp_path / "geoplan.toml").read_bytes() == before
    assert (tmp_path / ".gitignore").read_text() == "mine"


def test_init_checks_before_it_writes(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape("municipality.crs")):
        init_workspace(tmp_path / "a", name="a", code="1", crs="EPSG:4326")
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        init_workspace(tmp_path / "file", name="a", code="1")


def test_every_commented_table_of_a_new_file_is_right(tmp_path: Path) -> None:
    text = starting_text(name="x", code="1", crs="EPSG:3006", language="sv", rule_set="sweden")
    uncommented = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if not re.match(r"# ([A-Z-]|`|\w+ ?`)", line)
    )
    workspace = Workspace.from_mapping(tomllib.loads(uncommented), root=tmp_path)
    assert set(workspace.layers) >= {"parcels", "population", "water"}
    assert workspace.demand is not None
    assert workspace.plots.archipelago.min_area_m2 == 1500


@given(name=st.text(min_size=1), code=st.text(min_size=1))
def test_any_text_can_be_a_name(name: str, code: str) -> None:
    try:
        text = starting_text(name=name, code=code, crs="EPSG:3006", language="sv", rule_set="sweden")
        read = tomllib.loads(text)["municipality"]
    except (tomllib.TOMLDecodeError, UnicodeEncodeError):
        pytest.fail(f"{name!r} and {code!r} do not survive")
    assert (read["name"], read["code"]) == (name, code)


@pytest.mark.parametrize(
    ("programme", "more", "words"),
    [
        ({"years": [2027]}, {"demand": None}, ["there is no [demand]"]),
        ({"years": [2025, 2026]}, {}, ["programme.years must lie after demand.base_year (2025)"]),
        ({"years": [2027, 2030]}, {}, ["years must follow each other"]),
        ({"years": [2028, 2027]}, {}, ["years must follow each other"]),
        ({"years": []}, {}, ["programme.years"]),
        ({"years": [2027], "limits": {"buget": 1}}, {}, ["programme.limits.buget: unknown key, did you mean budget?"]),
        ({"years": [2027], "totals": {"land_new_ha": -1}}, {}, ["programme.totals.land_new_ha"]),
        ({"years": [2027], "owners": ["kommun"]}, {}, ["programme.owners.0", "'municipality'"]),
        ({"years": [2027], "years_of_supply": 0}, {}, ["programme.years_of_supply"]),
        ({"years": [2027], "limits": {"budget": 1}}, {"plots": {"costs": False}}, ["plots.costs is false"]),
        ({"years": [2027], "totals": {"budget": 1}}, {"plots": {"costs": False}}, ["plots.costs is false"]),
    ],
)
def test_what_is_wrong_with_a_programme_is_said(programme: Any, more: dict[str, Any], words: list[str]) -> None:
    demand = {"demand": {"base_year": 2025, "years": [2030]}}
    (line,) = faults(mapping(programme=programme, **(demand | more)))
    for word in words:
        assert word in line


def test_a_programme_without_costs_may_have_other_limits() -> None:
    content = mapping(
        demand={"base_year": 2025, "years": [2030]},
        plots={"costs": False},
        programme={"years": [2027, 2028], "limits": {"measures": 3, "land_new_ha": 0.5}},
    )
    programme = Workspace.from_mapping(content).programme
    assert programme is not None
    assert dict(programme.limits.given()) == {"measures": 3.0, "land_new": 0.5}
    assert programme.owners == ("municipality",)


def test_owners_are_those_of_the_parcels() -> None:
    field = catalogue()["parcels"].field("owner_kind")
    assert field is not None
    assert set(field.values) == set(get_args(OwnerKind))

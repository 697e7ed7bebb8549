"""The commands that say whether a plot can be had, and that hand its record on, as an official runs them."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geoplan.plots.record import RECORD_NAMES
from tests.commands import geoplan

HOSTILE = "=cmd|' /C calc'!A0 </script>"
SETTINGS = """
[municipality]
name = "Prov"
code = "9999"
[rules]
set = "sweden"
as_of = 2026-01-01
[plots]
default_status = "private"
[layers.parcels]
file = "parcels.gpkg"
source = "Made up"
licence = "CC0"
date = 2026-01-31
"""
RESERVE = ("offer", "SKOBY 1:2", "--status", "reserved", "--reason", "For Bo Ek.", "--by", "Anna Ek")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("offer")
    boxes = [shapely.box(600_000 + 50 * n, 6_800_000, 600_050 + 50 * n, 6_800_040) for n in range(4)]
    names = ["SKOBY 1:1", "SKOBY 1:2", "SKOBY 1:3", HOSTILE]
    # Nothing stands on them: the register says so.
    vacant = {"id": names, "designation": names, "improvement_value": 0.0}
    gpd.GeoDataFrame(vacant, geometry=boxes, crs=3006).to_file(folder / "parcels.gpkg")
    (folder / "geoplan.toml").write_text(SETTINGS, encoding="utf-8")
    geoplan("db", "start", "-w", folder)
    try:
        geoplan("import", "-w", folder)
        geoplan("plan", "-w", folder)
        yield folder
    finally:
        geoplan("db", "stop", "--remove", "-w", folder)


def exported(workspace: Path, file: Path, *more: str) -> gpd.GeoDataFrame:
    geoplan("export", "plots", file, "-w", workspace, *more)
    return gpd.read_file(file, layer="plots")


def test_a_plot_from_being_offered_to_being_sold(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "plots.gpkg"
    before = exported(workspace, path)
    assert set(before["status"]) == {"private"}
    listed = ("offer", "SKOBY 1:2", "--status", "available", "--form", "queue", "--price", "450000", "--by", "Bo")
    told = geoplan(*listed, "--reason", "The council's list.", "-w", workspace, "--lang", "en").stdout
    assert "SKOBY 1:2: Available, Queue, 450\u202f000 SEK; The council's list.; Bo, " in told
    assert "Shown at once" in told
    told = geoplan(*RESERVE, "--until", "2099-01-31", "-w", workspace, "--lang", "sv").stdout
    assert "Reserverad, Tomtkö, 450\u202f000 kr, till och med 2099-01-31" in told
    assert "Före: Ledig" in told
    after = exported(workspace, path).set_index("id")
    assert after.loc["SKOBY 1:2", ["status", "sale_form", "price_sek", "status_until"]].tolist() == [
        "reserved",
        "queue",
        450_000.0,
        "2099-01-31",
    ]
    assert set(after["status"]) == {"private", "reserved"}
    history = pyogrio.read_dataframe(path, layer="plot_status_history")
    assert history[["plot_id", "status"]].to_numpy().tolist() == [["SKOBY 1:2", "available"], ["SKOBY 1:2", "reserved"]]
    assert b"Bo Ek" not in path.read_bytes()
    rows = json.loads(geoplan("offer", "SKOBY 1:2", "--json", "-w", workspace).stdout)["history"]
    assert [(row["status"], row["official"], row["stands"]) for row in rows] == [
        ("available", "Bo", False),
        ("reserved", "Anna Ek", True),
    ]
    assert "counts now" in geoplan("offer", "SKOBY 1:2", "-w", workspace, "--lang", "en").stdout
    geoplan("plan", "-w", workspace)
    assert "equal to the digit" in geoplan("verify", "-w", workspace).stdout
    back = ("offer", "skoby 1:2", "--withdraw", "--reason", "He changed his mind.", "--json", "-w", workspace)
    assert json.loads(geoplan(*back).stdout)["before"]["status"] == "reserved"
    assert set(exported(workspace, path)["status"]) == {"private"}
    assert len(json.loads(geoplan("offer", "--list", "--json", "-w", workspace).stdout)["offers"]) == 3


def test_the_geopackage_says_what_it_is(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "plots.gpkg"
    frame = exported(workspace, path)
    assert list(frame.columns)[: len(RECORD_NAMES)] == list(RECORD_NAMES)
    assert frame.crs.to_epsg() == 3006
    plot = frame.set_index("id").loc[HOSTILE]
    assert (plot["municipality_code"], plot["data_date"], plot["source"]) == ("9999", "2026-01-31", "Made up")
    assert (plot["plan_status"], plot["shore_protection"]) == ("none", "unknown")
    assert isinstance(json.loads(plot["unknown"]), list)
    assert json.loads(plot["reasons"]) == []
    tables = {"plots", "plot_status_history", "reasons", "ranking", "parts", "fields", "about"}
    assert tables <= set(pyogrio.list_layers(path)[:, 0])
    about = pyogrio.read_dataframe(path, layer="about").set_index("name")["value"]
    assert about["licence"] == "CC0"
    assert "not legally binding" in about["notice"]
    assert len(about["snapshot"]) == 64
    assert pyogrio.read_info(path, layer="plots")["dataset_metadata"]["run"] == about["run"]
    fields = pyogrio.read_dataframe(path, layer="fields").set_index("name")
    assert fields.loc["sale_form", "title_sv"] == "Försäljningsform"
    types = dict(zip(*(pyogrio.read_info(path, layer="plots")[name] for name in ("fields", "dtypes")), strict=True))
    assert (types["price_sek"], types["access"], types["homes"], types["period_end"]) == (
        "float64",
        "object",
        "int64",
        "object",
    )


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo is not installed")
def test_ogrinfo_reads_it(workspace: Path, tmp_path: Path) -> None:
    exported(workspace, tmp_path / "plots.gpkg")
    told = subprocess.run(
        ["ogrinfo", "-so", tmp_path / "plots.gpkg", "plots"], capture_output=True, text=True, check=True
    )
    assert "sale_form: String" in told.stdout


def test_csv_is_the_same_record_and_no_formula(workspace: Path, tmp_path: Path) -> None:
    geoplan("export", "plots", tmp_path / "plots.csv", "-w", workspace)
    frame = pd.read_csv(tmp_path / "plots.csv")
    assert list(frame.columns)[: len(RECORD_NAMES)] == list(RECORD_NAMES)
    assert f"'{HOSTILE}" in set(frame["id"])


def test_names_of_another_specification(workspace: Path, tmp_path: Path) -> None:
    frame = exported(workspace, tmp_path / "plots.gpkg", "--names", "minimum")
    assert {"fastighetsbeteckning", "pris_kr", "forsaljningsform", "constraints"} <= set(frame.columns)
    refused = geoplan("export", "plots", tmp_path / "x.gpkg", "--names", "lediga_tomter", "-w", workspace, code=4)
    assert "not known yet" in " ".join(refused.stderr.split())
    assert not (tmp_path / "x.gpkg").exists()
    geoplan("export", "parcels", tmp_path / "x.gpkg", "--names", "minimum", "-w", workspace, code=2)
    geoplan("export", "plots", tmp_path / "x.gpkg", "--names", "none", "-w", workspace, code=3)
    missing = geoplan("export", "plots", tmp_path / "no" / "x.gpkg", "-w", workspace, code=4)
    assert "cannot be written" in missing.stderr
    geoplan("export", "plots", tmp_path / "raw.gpkg", "--version", "1", "-w", workspace)
    assert "reasons" not in gpd.read_file(tmp_path / "raw.gpkg")


def test_a_list_is_taken_in(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'plot;status;sale_form\nSKOBY 1:3;available;direct\n"{HOSTILE}";sold;\n', encoding="utf-8")
    assert "New rows: 2." in geoplan("offer", "--add", path, "-w", workspace, "--lang", "en").stdout
    told = json.loads(geoplan("offer", "--add", path, "--json", "-w", workspace).stdout)
    assert told == {"added": 0, "passed_over": [{"line": 2, "plot": "SKOBY 1:3"}, {"line": 3, "plot": HOSTILE}]}
    assert "  2: SKOBY 1:3\n" in geoplan("offer", "--add", path, "-w", workspace, "--lang", "en").stdout
    frame = exported(workspace, tmp_path / "plots.gpkg").set_index("id")
    assert frame.loc[["SKOBY 1:3", HOSTILE], "status"].tolist() == ["available", "sold"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("SKOBY 1:22",), 6, "Did you mean SKOBY 1:2"),
        (("SKOBY 1:2", "--status", "gone", "--reason", "x"), 4, "'gone' is no status"),
        (("SKOBY 1:2", "--status", "sold", "--reason", "  "), 4, "reason is empty"),
        (("SKOBY 1:2", "--status", "sold", "--reason", "\x1b[2J"), 4, "control character"),
        (("SKOBY 1:2", "--status", "sold", "--reason", "x", "--price", "much"), 4, "'much' is no price"),
        (("SKOBY 1:2", "--status", "sold", "--reason", "x", "--until", "soon"), 2, "soon"),
        (("SKOBY 1:1", "--withdraw", "--reason", "x"), 4, "nothing on SKOBY 1:1 to take back"),
        (("SKOBY 1:2", "--status", "sold"), 2, "--reason"),
        (("SKOBY 1:2", "--price", "7"), 2, "--status"),
        (("SKOBY 1:2", "--status", "sold", "--withdraw", "--reason", "x"), 2, "--withdraw"),
        (("--add", "no such file.csv"), 4, "cannot be read"),
        ((), 2, "PLOT"),
    ],
)
def test_what_is_wrong_says_what_to_do(workspace: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    answer = geoplan("offer", *arguments, "-w", workspace, code=code)
    assert words in " ".join(answer.stderr.split())


def test_a_workspace_that_feeds_the_list_from_a_file(workspace: Path, tmp_path: Path) -> None:
    settings, file = workspace / "geoplan.toml", workspace / "offers.csv"
    file.write_text("plot,status,price_sek\nSKOBY 1:1,available,100\n", encoding="utf-8")
    settings.write_text(SETTINGS + '[layers.plot_offers]\nfile = "offers.csv"\n', encoding="utf-8")
    try:
        assert "geoplan import plot_offers" in geoplan(*RESERVE, "-w", workspace, code=4).stderr
        geoplan("import", "plot_offers", "-w", workspace)
        frame = exported(workspace, tmp_path / "plots.gpkg").set_index("id")
        assert frame.loc["SKOBY 1:1", ["status", "price_sek"]].tolist() == ["available", 100.0]
    finally:
        settings.write_text(SETTINGS, encoding="utf-8")


def test_the_command_is_taught() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert "`geoplan offer" in page
    text = " ".join(geoplan("offer", "--help").stdout.replace("│", " ").split())
    for part in ("--status", "--withdraw", "--add", "Nothing is ever deleted"):
        assert part in text

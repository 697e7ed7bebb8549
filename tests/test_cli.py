"""The command line as a user runs it: a process, its output and its exit code."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.commands import ENVIRONMENT, geoplan


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small demo with its own private cluster, kept running between commands."""
    folder = tmp_path_factory.mktemp("cli") / "demo"
    folder.mkdir()
    geoplan("demo", folder, "--size", "small", "--no-serve")
    geoplan("db", "start", "-w", folder)
    yield folder
    geoplan("db", "stop", "--remove", "-w", folder)


def test_the_demo_prints_the_balance_and_writes_its_files(demo: Path) -> None:
    answer = geoplan("demo", demo, "--no-serve", "--lang", "en")
    assert "Nothing has changed since run 1" in answer.stdout
    assert "Balance: homes on plots against need" in answer.stdout
    assert "The whole municipality" in answer.stdout
    assert "From all land to plots" in answer.stdout
    written = {path.name for path in (demo / "out").iterdir()}
    assert written == {"plots.gpkg", "plots.csv", "waterfall.csv", "balance.csv", "map.html"}


def test_status_and_verify_read_by_a_program(demo: Path) -> None:
    status = json.loads(geoplan("status", "-w", demo, "--json").stdout)
    layers = {layer["layer"]: layer for layer in status["layers"]}
    assert layers["parcels"]["feature_count"] > 500
    assert layers["plots"]["run"] == status["run"]["id"] == 1
    assert status["not_imported"] == []
    verification = json.loads(geoplan("verify", "-w", demo, "--json").stdout)
    assert verification["equal"]
    assert {check["layer"] for check in verification["checks"]} >= {"parcels", "plots", "balance"}


def test_plan_answers_in_json_and_under_the_law_of_another_day(demo: Path) -> None:
    plan = json.loads(geoplan("-w", demo, "plan", "--as-of", "2025-06-30", "--json").stdout)
    now = json.loads(geoplan("-w", demo, "plan", "--json").stdout)
    taken = {
        name: next(row["area_m2"] for row in result["waterfall"] if row["step"] == "shore_protection")
        for name, result in {"before": plan, "now": now}.items()
    }
    assert taken["before"] < taken["now"] < 0  # small lakes and streams lost their protection on 1 July 2025
    assert geoplan("-w", demo, "plan", "--as-of", "yesterday", code=2).stderr


def test_explain_a_parcel_and_a_place(demo: Path) -> None:
    exported = demo / "parcels.csv"
    geoplan("export", "parcels", exported, "-w", demo)
    parcel = exported.read_text().splitlines()[1].split(",")[0]
    text = geoplan("explain", parcel, "-w", demo, "--lang", "en").stdout
    assert text.startswith(parcel)
    assert "legally binding" in text
    answer = json.loads(geoplan("explain", parcel, "-w", demo, "--json").stdout)
    assert {fact["holds"] for fact in answer["facts"]} <= {"yes", "no", "unknown"}
    place = json.loads(geoplan("explain", "--at", "700000,6800000", "-w", demo, "--json").stdout)
    assert len(place["facts"]) == len({fact["rule"] for fact in answer["facts"]})
    missing = geoplan("explain", "no such parcel", "-w", demo, code=6)
    assert "There is no parcel 'no such parcel'" in missing.stderr
    assert "geoplan export parcels" in missing.stderr
    geoplan("explain", "-w", demo, code=2)
    geoplan("explain", "--at", "7,x", "-w", demo, code=2)


def test_other_land_is_searched_and_written_to_attach(demo: Path, tmp_path: Path) -> None:
    import pandas as pd

    geoplan("export", "reasons", tmp_path / "reasons.csv", "-w", demo)
    reasons = pd.read_csv(tmp_path / "reasons.csv")
    farm = reasons[reasons["rule"] == "farmland"].sort_values("share").iloc[-1]["parcel"]
    ask = ("alternatives", farm, "--area", "5000", "--within", "5", "-w", demo)
    text = geoplan(*ask, "--lang", "en", "--out", tmp_path / "other.html").stdout
    assert "meet all criteria" in text
    assert "That is for the authority to judge." in text
    page = (tmp_path / "other.html").read_text(encoding="utf-8")
    assert f"geoplan alternatives &#39;{farm}&#39; --area 5000 --within 5 --run " in page
    told = json.loads(geoplan(*ask, "--json", "--out", tmp_path / "other.csv").stdout)
    table = pd.read_csv(tmp_path / "other.csv")
    assert len(table) == told["waterfall"][0]["parcels"]
    assert table["meets"].sum() == told["waterfall"][-1]["parcels"]
    guarded = reasons.loc[reasons["rule"] == "farmland", "parcel"]
    wood = table.loc[~table["id"].isin(guarded), "id"].iloc[0]
    refused = geoplan("alternatives", wood, "--area", "5000", "-w", demo, code=4)
    assert "not on land that is guarded" in refused.stderr
    assert "Rules that do hold there" in refused.stderr
    geoplan("alternatives", farm, "--area", "0", "-w", demo, code=4)
    geoplan("alternatives", farm, "-w", demo, code=4)
    geoplan("alternatives", "no such parcel", "--area", "9", "-w", demo, code=6)
    geoplan("alternatives", "--area", "9", "-w", demo, code=2)
    geoplan("alternatives", farm, "--area", "9", "--within", "far", "-w", demo, code=2)
    geoplan("alternatives", farm, "--area", "9", "--out", tmp_path / "other.dwg", "-w", demo, code=4)


def test_the_report_is_written_as_a_page_and_as_a_pdf(demo: Path, tmp_path: Path) -> None:
    (demo / "report").mkdir()
    try:
        (demo / "report" / "goals.md").write_text("Vi vill <b>mer</b>.", encoding="utf-8")
        geoplan("report", "-w", demo, "--out", tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert '<html lang="sv">' in page
        assert "<p>Vi vill &lt;b&gt;mer&lt;/b&gt;.</p>" in page
        assert "Till 2040 behövs" in page
        geoplan("report", "-w", demo, "--out", tmp_path / "report.pdf", "--language", "en")
        assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
        assert ".html or .pdf" in geoplan("report", "-w", demo, "--out", tmp_path / "report.docx", code=4).stderr
        (demo / "report" / "gaols.md").write_text("x", encoding="utf-8")
        assert "goals" in geoplan("report", "-w", demo, "--out", tmp_path / "x.html", code=3).stderr
    finally:
        shutil.rmtree(demo / "report")


def test_the_programme_is_shown_and_asked_why(demo: Path) -> None:
    shown = geoplan("programme", "-w", demo, "--lang", "en").stdout
    assert "Released each year" in shown
    assert "new land, ha" in shown
    assert "no programme is worth more" in shown
    content = json.loads(geoplan("programme", "-w", demo, "--json").stdout)
    assert content["result"]["status"] in ("optimal", "within_gap")
    released = content["releases"]
    assert released
    assert {row["limit"] for row in content["usage"]} == {"budget", "land_new", "measures", "homes"}
    assert all(row["used"] <= row["allowed"] for row in content["usage"])
    told = json.loads(geoplan("programme", "-w", demo, "--explain", released[0]["id"], "--json").stdout)
    assert (told["releasable"], told["released"]) == (True, released[0]["year"])
    text = geoplan("programme", "-w", demo, "--explain", released[0]["id"]).stdout
    assert text.startswith(released[0]["id"])
    assert "Den är med" in text
    closed = json.loads(geoplan("programme", "-w", demo, "--close-gap", "0.5", "--json").stdout)
    assert closed["years_of_supply"] == 0.5
    assert closed["answers"][0]["targets"]
    assert "The smallest set" in geoplan("programme", "-w", demo, "--close-gap", "3", "--lang", "en").stdout
    assert "lists all" in geoplan("programme", "-w", demo, "--explain", "???", code=6).stderr
    geoplan("programme", "-w", demo, "--explain", "x", "--close-gap", "3", code=2)


@pytest.mark.parametrize("ending", ["gpkg", "parquet", "fgb", "geojson", "shp.zip", "csv"])
def test_a_layer_is_exported_in_every_format(demo: Path, tmp_path: Path, ending: str) -> None:
    import geopandas as gpd
    import pandas as pd

    file = tmp_path / f"plots.{ending}"
    geoplan("export", "plots", file, "-w", demo)
    if ending == "csv":
        back = pd.read_csv(file)
    elif ending == "parquet":
        back = gpd.read_parquet(file)
    else:
        back = gpd.read_file(file, **({"layer": "plots"} if ending == "gpkg" else {}))
        assert back.crs.to_epsg() == (4326 if ending == "geojson" else 3006)
    assert len(back) > 50
    assert "geometry" in back


def test_export_says_what_is_wrong(demo: Path, tmp_path: Path) -> None:
    assert "no ending" in geoplan("export", "plots", tmp_path / "plots.dwg", "-w", demo, code=4).stderr
    assert "no layer nothing" in geoplan("export", "nothing", tmp_path / "x.csv", "-w", demo, code=6).stderr
    assert "no geometry" in geoplan("export", "balance", tmp_path / "x.fgb", "-w", demo, code=4).stderr
    assert not list(tmp_path.iterdir())


def test_a_broken_file_fails_its_layer_alone_and_keeps_the_last_version(demo: Path) -> None:
    file = demo / "data" / "railways.fgb"
    content = file.read_bytes()
    try:
        file.write_bytes(content[:100])
        answer = geoplan("import", "railways", "settlements", "-w", demo, code=4)
        assert "railways" in answer.stderr
        layers = json.loads(geoplan("status", "-w", demo, "--json").stdout)["layers"]
        assert {layer["layer"]: layer["number"] for layer in layers}["railways"] == 1
        mixed = json.loads(geoplan("import", "railways", "settlements", "-w", demo, "--json", code=4).stdout)
        assert "error" in mixed["railways"]
        assert mixed["settlements"]["rows_imported"] > 0
    finally:
        file.write_bytes(content)


def test_init_writes_a_workspace_that_loads_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "ny kommun"
    geoplan("init", folder, "--name", 'Åmåls "kommun"', "--code", "1492")
    assert "Åmåls" in (folder / "geoplan.toml").read_text()
    geoplan("init", folder, code=3)
    answer = geoplan("plan", "-w", folder, code=4)
    assert "geoplan import" in answer.stderr
    geoplan("db", "stop", "--remove", "-w", folder)


def test_a_folder_without_a_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    answer = geoplan("status", "-w", tmp_path, code=3)
    assert "geoplan init" in answer.stderr


def test_help_teaches_every_command() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text()
    overview = geoplan("--help").stdout
    for command in (
        "init",
        "import",
        "plan",
        "serve",
        "demo",
        "export",
        "explain",
        "alternatives",
        "programme",
        "report",
        "status",
        "verify",
        "db",
    ):
        assert command in overview
        assert f"`geoplan {command}" in page
        assert len(geoplan(command, "--help").stdout) > 200
    assert geoplan("--version").stdout.startswith("geoplan 0")
    geoplan("frobnicate", code=2)


def test_serve_answers_over_http_until_it_is_stopped(demo: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "geoplan.cli", "serve", "-w", demo, "--port", str(port)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                health = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert health.status_code == 200
        plots = httpx.get(f"http://127.0.0.1:{port}/plots", params={"limit": 3}, timeout=10).json()
        assert plots["type"] == "FeatureCollection"
        assert len(plots["features"]) == 3
    finally:
        server.terminate()
        assert server.wait(20) is not None

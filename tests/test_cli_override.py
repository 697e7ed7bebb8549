"""The command that corrects what was computed, as an official runs it."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from tests.commands import geoplan

SETTINGS = """
[municipality]
name = "Prov"
code = "9999"
[rules]
set = "sweden"
as_of = 2026-01-01
[layers.parcels]
file = "parcels.gpkg"
[layers.farmland]
file = "farmland.gpkg"
"""
CORRECT = ("override", "SKOBY 1:2", "farmland", "no", "--reason", "Gravel pit since 1987.", "--by", "Anna Ek")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A planned workspace of three parcels, the second one on farmland, with its own cluster running."""
    folder = tmp_path_factory.mktemp("override")
    east, north = 600_000, 6_800_000
    boxes = [shapely.box(east + 50 * n, north, east + 50 * n + 50, north + 40) for n in range(3)]
    parcels = gpd.GeoDataFrame({"id": [f"SKOBY 1:{n}" for n in (1, 2, 3)]}, geometry=boxes, crs=3006)
    parcels.to_file(folder / "parcels.gpkg")
    gpd.GeoDataFrame({"id": ["J"]}, geometry=boxes[1:2], crs=3006).to_file(folder / "farmland.gpkg")
    (folder / "geoplan.toml").write_text(SETTINGS, encoding="utf-8")
    geoplan("db", "start", "-w", folder)
    try:
        geoplan("import", "-w", folder)
        geoplan("plan", "-w", folder)
        yield folder
    finally:
        geoplan("db", "stop", "--remove", "-w", folder)


def buildable(folder: Path) -> float:
    answer: dict[str, float] = json.loads(geoplan("explain", "SKOBY 1:2", "--json", "-w", folder).stdout)
    return answer["buildable_m2"]


def test_a_decision_from_its_making_to_its_withdrawal(workspace: Path) -> None:
    assert "Nothing has been decided." in geoplan("override", "--list", "-w", workspace, "--lang", "en").stdout
    told = geoplan(*CORRECT, "-w", workspace, "--lang", "en").stdout
    assert "that it does not hold: Gravel pit since 1987. Computed was: holds (computed)." in told
    assert "`geoplan plan` applies the decision." in told
    assert "inte gäller: Gravel pit" in geoplan("explain", "SKOBY 1:2", "-w", workspace).stdout
    assert buildable(workspace) == 0
    listed = json.loads(geoplan("override", "--list", "--json", "-w", workspace).stdout)["overrides"]
    assert [(row["official"], row["status"], row["original"]) for row in listed] == [("Anna Ek", "pending", "yes")]
    geoplan("import", "-w", workspace)  # keeps what officials decided
    geoplan("plan", "-w", workspace)
    assert buildable(workspace) == 2_000
    assert "equal to the digit" in geoplan("verify", "-w", workspace).stdout
    assert "Beslut" in geoplan("explain", "SKOBY 1:2", "-w", workspace, "--lang", "sv").stdout
    back = ("override", "SKOBY 1:2", "farmland", "--withdraw", "--reason", "Another pit.", "--json", "-w", workspace)
    assert json.loads(geoplan(*back).stdout)["holds"] == "computed"
    geoplan("plan", "-w", workspace)
    assert buildable(workspace) == 0
    lines = geoplan("override", "--list", "SKOBY 1:2", "-w", workspace, "--lang", "sv").stdout
    assert "Gravel pit since 1987" in lines
    assert "återkallade" in lines
    assert "Inga beslut" in geoplan("override", "SKOBY 1:3", "--list", "-w", workspace, "--lang", "sv").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("SKOBY 1:22", "farmland", "no", "--reason", "x"), 6, "Did you mean SKOBY 1:2"),
        (("SKOBY 1:2", "farmlands", "no", "--reason", "x"), 6, "Did you mean farmland"),
        (("SKOBY 1:2", "farmland", "no", "--reason", "  "), 4, "reason is empty"),
        (("SKOBY 1:2", "farmland", "no", "--reason", "\x1b[2J"), 4, "control character"),
        (("SKOBY 1:2", "farmland", "no", "--reason", "x", "--by", "a\tb\x07"), 4, "control character"),
        (("SKOBY 1:3", "farmland", "--withdraw", "--reason", "x"), 4, "no decision on farmland of SKOBY 1:3"),
        (("SKOBY 1:2", "farmland", "perhaps", "--reason", "x"), 2, "perhaps"),
        (("SKOBY 1:2", "farmland", "no"), 2, "--reason"),
        (("SKOBY 1:2", "farmland", "no", "--withdraw", "--reason", "x"), 2, "--withdraw"),
        (("--new-token", ""), 4, "A name has"),
        ((), 2, "--list"),
    ],
)
def test_what_cannot_be_decided_says_what_to_do(
    workspace: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    answer = geoplan("override", *arguments, "-w", workspace, code=code)
    assert words in " ".join(answer.stderr.split())


def test_a_workspace_that_feeds_decisions_from_a_file_refuses(workspace: Path) -> None:
    settings = workspace / "geoplan.toml"
    file = workspace / "decisions.csv"
    file.write_text("parcel,rule,holds,reason\nSKOBY 1:3,farmland,yes,Ploughed\n", encoding="utf-8")
    settings.write_text(SETTINGS + '[layers.overrides]\nfile = "decisions.csv"\n', encoding="utf-8")
    try:
        answer = geoplan(*CORRECT, "-w", workspace, code=4)
        assert "geoplan import overrides" in answer.stderr
        geoplan("import", "overrides", "-w", workspace)
        geoplan("plan", "-w", workspace)
        facts = json.loads(geoplan("explain", "SKOBY 1:3", "--json", "-w", workspace).stdout)["facts"]
        fact = next(fact for fact in facts if fact["rule"] == "farmland")
        assert (fact["holds"], fact["basis"], fact["decision"]["reason"]) == ("yes", "override", "Ploughed")
    finally:
        settings.write_text(SETTINGS, encoding="utf-8")


def test_the_command_is_taught() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert "`geoplan override" in page
    text = " ".join(geoplan("override", "--help").stdout.replace("│", " ").split())
    for part in ("--withdraw", "--list", "--new-token", "What was computed stays on record"):
        assert part in text
    token = geoplan("override", "--new-token", "Anna Ek").stdout
    assert '"Anna Ek" = "' in token

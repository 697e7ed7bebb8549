from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from geoplan.errors import InputError, NotFoundError, ServiceError, SettingsError
from layers.fetching import fetch_layers
from layers.importing import import_all, prepare_layer
from layers.sources.services.request import file_of
from layers.sources.services.sidecar import sidecar_of
from layers.store import Store
from layers.workspace import Workspace

QUERY = {"Region": "2183", "Alder": "*", "Kon": "*", "ContentsCode": "BE0101N1", "Tid": "*"}
MAPPING = {
    "columns": {"area": "Region", "age": "Alder", "sex": "Kon", "year": "Tid", "population": "value"},
    "values": {"sex": {"1": "male", "2": "female"}},
    "max_rejected": 0.1,
}


def content(url: str, **layers: Any) -> dict[str, Any]:
    asked = {
        "population": MAPPING | {"pxweb": {"url": f"{url}/api/v2", "table": "TAB638", "query": QUERY}},
        "indicators": {"kolada": {"url": f"{url}/v3", "kpis": ["N07923"], "municipalities": ["2182"]}},
    }
    return {
        "municipality": {"name": "Prov", "code": "0000"},
        "rules": {"set": "generic"},
        "layers": asked | layers,
    }


@pytest.fixture
def workspace(services: Any, tmp_path: Path) -> Workspace:
    return Workspace.from_mapping(content(services.url), root=tmp_path)


def test_what_is_fetched_is_a_file_with_its_query_time_and_licence(workspace: Workspace, services: Any) -> None:
    done = fetch_layers(workspace)
    assert done.failures == {}
    assert [file.layer for file in done.files] == ["population", "indicators"]
    path = workspace.path(done.files[0].file)
    assert path.parent == workspace.root / "data" / "fetched"
    assert path.name.startswith("pxweb-TAB638-")
    beside = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    assert beside["query"]["query"]["Region"] == ["2183"]
    assert beside["url"] == f"{services.url}/api/v2"
    assert beside["licence"].endswith("/cc0/")
    assert beside["fetched_at"].endswith("+00:00")
    assert (beside["rows"], beside["statuses"]) == (18, {"..": 1})
    # The same answer gives the same bytes, whenever it comes.
    before = path.read_bytes()
    assert fetch_layers(workspace).files[0].told.sha256 == beside["sha256"]
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir() if file.name.startswith(".")) == []


def test_what_was_fetched_is_imported_as_a_file_and_kept_with_where_it_comes_from(
    workspace: Workspace, store: Store
) -> None:
    fetch_layers(workspace)
    result = import_all(workspace, store)
    assert result.failures == {}
    population = store.read("population")
    assert len(population) == 17
    assert set(population["age"]) == {"0-4", "5-9", "80+"}
    reasons = result.reports["population"].reasons()
    assert reasons["warning", "cells are suppressed and have no value"] == 1
    assert reasons["rejected", "population is missing"] == 1
    version = store.current("population")
    assert version is not None
    file = version.source["files"][0]
    assert file["fetched"]["query"]["table"] == "TAB638"
    assert (file["source"], file["licence"]) == (
        "SCB",
        "https://creativecommons.org/share-your-work/public-domain/cc0/",
    )
    indicators = store.read("indicators")
    assert indicators["title"].unique().tolist() == ["Title of N07923"]
    assert indicators.loc[indicators["gender"] == "K", "value"].isna().all()
    assert indicators.loc[indicators["gender"] == "T", "value"].tolist() == [2123.5, 2124.5]


def test_a_file_that_was_changed_by_hand_is_read_and_told(workspace: Workspace) -> None:
    path = workspace.path(fetch_layers(workspace, layers=["population"]).files[0].file)
    path.write_text(path.read_text(encoding="utf-8").replace(",..\n", ",\n").replace(",,\n", ",3,\n"), encoding="utf-8")
    prepared = prepare_layer(workspace, "population")
    assert ("warning", "the file was changed after it was fetched") in prepared.report.reasons()
    assert len(prepared.frame) == 18


def test_what_was_not_fetched_is_told_with_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="was not fetched yet") as caught:
        prepare_layer(workspace, "population")
    assert "geoplan fetch" in str(caught.value.hint)


def test_offline_leaves_what_was_fetched_before_and_the_others_go_on(
    workspace: Workspace, services: Any, tmp_path: Path
) -> None:
    path = workspace.path(fetch_layers(workspace).files[1].file)
    before = path.read_bytes()
    services.first = [(503, {"Retry-After": "0"}, b"")] * 3
    done = fetch_layers(workspace, layers=["indicators", "population"])
    assert [file.layer for file in done.files] == ["population"]
    assert isinstance(done.failures["indicators"], ServiceError)
    assert "Nothing was fetched before" not in str(done.failures["indicators"])
    assert path.read_bytes() == before
    offline = Workspace.from_mapping(content("http://127.0.0.1:9"), root=tmp_path / "empty")
    failures = fetch_layers(offline).failures
    assert set(failures) == {"population", "indicators"}
    assert all("Nothing was fetched before" in str(error) for error in failures.values())


def test_another_question_has_another_file(workspace: Workspace, services: Any) -> None:
    fetch_layers(workspace)
    changed = content(services.url)
    changed["layers"]["population"]["pxweb"]["query"] = QUERY | {"Tid": "2024"}
    with pytest.raises(InputError, match="was not fetched yet"):
        prepare_layer(Workspace.from_mapping(changed, root=workspace.root), "population")
    given = {"table": "TAB1", "query": {"Tid": "*"}}
    assert file_of("pxweb", given) == file_of("pxweb", dict(reversed(given.items())))
    assert file_of("pxweb", given | {"table": "../../x"}).startswith("data/fetched/pxweb-....x-")


def test_several_parts_may_ask_and_one_fault_writes_none_of_them(services: Any, tmp_path: Path) -> None:
    parts = [
        {"pxweb": {"url": f"{services.url}/api/v2", "table": "TAB638", "query": QUERY | {"Region": code}}}
        for code in ("2182", "21")
    ]
    workspace = Workspace.from_mapping(content(services.url, population=MAPPING | {"parts": parts}), root=tmp_path)
    done = fetch_layers(workspace, layers=["population"])
    assert "no code '21'" in str(done.failures["population"])
    assert not (tmp_path / "data").exists()


def test_a_layer_whose_second_file_cannot_be_written_is_as_it_was(services: Any, tmp_path: Path) -> None:
    parts = [
        {"pxweb": {"url": f"{services.url}/api/v2", "table": "TAB638", "query": QUERY | {"Region": code}}}
        for code in ("2182", "2183")
    ]
    workspace = Workspace.from_mapping(content(services.url, population=MAPPING | {"parts": parts}), root=tmp_path)
    first, second = (workspace.path(part.file) for part in workspace.layers["population"].parts)
    second.mkdir(parents=True)
    for before in ((None, None), ("was", "there")):
        for path, was in zip((first, sidecar_of(first)), before, strict=True):
            if was is not None:
                path.write_text(was, encoding="utf-8")
        done = fetch_layers(workspace, layers=["population"])
        assert done.files == []
        assert f"{second} cannot be written" in str(done.failures["population"])
        for path, was in zip((first, sidecar_of(first)), before, strict=True):
            assert (path.read_text(encoding="utf-8") if path.exists() else None) == was
        assert [file.name for file in first.parent.iterdir() if file.name.startswith(".")] == []


def test_layers_that_ask_nothing_are_told(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="water asks no service"):
        fetch_layers(workspace, layers=["water"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"file": "p.csv"}, "file and pxweb are two sources; keep one"),
        ({"kolada": {"municipalities": ["2182"]}}, "pxweb and kolada are two sources; keep one"),
        ({"pxweb": {"table": "TAB638"}}, "layers.population.pxweb.query"),
        ({"pxweb": {"table": "TAB638", "query": {}}}, "names no codes for any variable"),
        ({"pxweb": {"table": "TAB638", "query": {"Tid": []}}}, "names no codes for Tid"),
        ({"pxweb": {"table": "a/b", "query": {"Tid": "*"}}}, "layers.population.pxweb.table"),
        ({"pxweb": {"table": "T", "query": {"Tid": "*"}, "url": "file:///etc"}}, "is no address of a service"),
        ({"pxweb": None, "kolada": {"kpis": ["7"], "municipalities": ["2182"]}}, "7 is no id of a key figure"),
        ({"pxweb": "TAB638"}, "layers.population.pxweb"),
    ],
)
def test_wrong_settings_are_told_with_their_key(change: dict[str, Any], told: str) -> None:
    given = content("http://127.0.0.1:9")
    given["layers"]["population"] |= change
    if given["layers"]["population"]["pxweb"] is None:
        del given["layers"]["population"]["pxweb"]
    with pytest.raises(SettingsError) as caught:
        Workspace.from_mapping(given)
    assert told in str(caught.value)


def test_the_command_prints_what_it_fetched_and_its_code_says_what_failed(services: Any, tmp_path: Path) -> None:
    url = services.url
    (tmp_path / "geoplan.toml").write_text(
        f"""
[municipality]
name = "Prov"
code = "0000"
[rules]
set = "generic"
[layers.indicators]
kolada = {{ url = "{url}/v3", kpis = ["N07923"], municipalities = ["2182"] }}
""",
        encoding="utf-8",
    )

    def run(*arguments: str, code: int) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(
            [sys.executable, "-m", "geoplan.cli", "fetch", "-w", str(tmp_path), *arguments],
            capture_output=True, text=True, check=False, timeout=120, env=os.environ | {"PYTHONWARNINGS": ""},
        )  # fmt: skip
        assert answer.returncode == code, answer.stderr + answer.stdout
        return answer

    told = json.loads(run("--json", code=0).stdout)
    assert told["failures"] == {}
    assert told["files"][0]["licence"] == "CC BY 4.0"
    assert "4 cells of Kolada" in run("--lang", "en", code=0).stdout
    services.first = [(403, {}, b"{}")]
    failed = run("--json", code=8)
    assert "refuses" in json.loads(failed.stdout)["failures"]["indicators"]["error"]
    assert run("water", code=6).stderr

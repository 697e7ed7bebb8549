"""The benchmark of edits, on a county that fits into a test."""

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.whatif import app


def test_edits_give_what_computing_anew_gives(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    options = ["--side-km", "6", "--parcels", "400", "--touched", "5", "--repeat", "2", "--json", str(file)]
    answer = CliRunner().invoke(app, [*options, "--cache", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    edit, anew = json.loads(file.read_text())
    assert (edit["contender"], anew["contender"]) == ("geoplan edit", "geoplan anew")
    assert edit["equal"]
    assert anew["ratio"] == anew["seconds"] / edit["seconds"]

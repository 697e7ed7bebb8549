"""The benchmark of subdivision, on a few pieces of the small demo."""

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.subdivision import app


def test_every_method_keeps_what_it_promises(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    options = ["--pieces", "12", "--size", "small", "--cache", str(tmp_path), "--json", str(file)]
    answer = CliRunner().invoke(app, options)
    assert answer.exit_code == 0, answer.output
    rows = {row["contender"]: row for row in json.loads(file.read_text())}
    assert list(rows) == ["boxes", "frontage", "better of both"]
    for row in rows.values():
        assert row["equal"]
        assert 0 < row["used"] <= 1
        assert row["used"] + row["access"] <= 1 + 1e-6

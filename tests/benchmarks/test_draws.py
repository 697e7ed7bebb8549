"""The program runs at a small size, and one draw at a time gives what all at once give."""

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.draws import CONTENDERS, app


def test_every_way_runs_and_one_by_one_is_equal(tmp_path: Path) -> None:
    target = tmp_path / "rows.json"
    done = CliRunner().invoke(app, ["--draws", "20", "--areas", "2", "--years", "3", "--json", str(target)])
    assert done.exit_code == 0, done.output
    rows = json.loads(target.read_text())
    assert [row["contender"] for row in rows] == list(CONTENDERS)
    assert [row["equal"] for row in rows] == [True, True, None, None]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in rows)

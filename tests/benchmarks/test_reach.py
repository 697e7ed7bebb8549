"""The program runs at a tiny size with the libraries that are installed, and they agree."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.grid import KINDS, Streets, make_streets
from benchmarks.reach import app, reference
from benchmarks.routers import ROUTERS, Router

COLUMNS = ["case", "contender", "version", "seconds", "prepare_seconds", "peak_mb", "ratio", "equal", "outside"]


def test_who_is_installed_runs_and_is_equal_and_who_is_not_is_named(tmp_path: Path) -> None:
    names = [router.name for router in ROUTERS if router.name != "pandana"]
    only = [word for name in names for word in ("--only", name)]
    done = CliRunner().invoke(app, ["--edges", "300", "--plots", "40", "--json", str(tmp_path / "rows.json"), *only])
    assert done.exit_code == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    installed = [router.name for router in ROUTERS if router.name in names and not router.missing()]
    assert [row["contender"] for row in rows] == installed
    assert {"scipy.sparse.csgraph", "geoplan, from lines"} <= set(installed)
    for row in rows:
        assert list(row) == COLUMNS
        assert row["equal"], row
        assert row["contender"] in done.stdout
    assert rows[0]["ratio"] == 1
    for router in ROUTERS:
        if router.name in names and router.missing():
            assert f"{router.name}: skipped" in done.stderr


def test_a_wrong_name_is_refused() -> None:
    done = CliRunner().invoke(app, ["--only", "nobody"])
    assert done.exit_code == 2


def test_a_router_that_fails_ends_the_program_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another process cannot know it by this name.
    monkeypatch.setattr(ROUTERS[0], "name", "nobody")
    done = CliRunner().invoke(app, ["--edges", "100", "--plots", "5", "--only", "nobody"])
    assert "nobody: failed, exit code 1" in done.stderr
    assert done.exit_code == 1


def test_the_same_figures_give_the_same_streets(tmp_path: Path) -> None:
    make_streets(tmp_path, edges=500, plots=20)
    one = Streets(tmp_path)
    make_streets(tmp_path, edges=500, plots=20)
    other = Streets(tmp_path)
    assert len(one.start) == 500
    assert len(one.plots) == 20
    assert set(one.goal_kind) == set(range(KINDS))
    assert (one.minutes == other.minutes).all()
    assert np.isfinite(reference(one)).any(axis=1).all()
    assert issubclass(ROUTERS[0], Router)

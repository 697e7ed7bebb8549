"""The program runs at a tiny size with the contenders that are installed; whoever is missing is named."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from benchmarks.contenders import CONTENDERS
from benchmarks.contenders.engine import Geoplan
from benchmarks.contenders.frames import Geopandas
from benchmarks.inputs import Inputs, county_folder, make_inputs
from benchmarks.land import Row, app, table, with_ratios
from benchmarks.trial import Trial

COLUMNS = ["case", "contender", "version", "seconds", "prepare_seconds", "peak_mb", "ratio", "equal", "outside"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counties")


@pytest.fixture(scope="session")
def inputs(cache: Path) -> Inputs:
    folder = county_folder(6, cache=cache)
    make_inputs(folder, [400], side_km=6)
    return Inputs(folder, 400)


def run(cache: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["--side-km", "6", "--cache", str(cache), *options])


def test_who_is_installed_runs_and_is_equal_and_who_is_not_is_named(
    inputs: Inputs, cache: Path, tmp_path: Path
) -> None:
    done = run(cache, "--sizes", "400", "--json", str(tmp_path / "rows.json"))
    assert done.exit_code == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["contender"] for row in rows] == [each.name for each in CONTENDERS if not each.missing()]
    assert {"geopandas.overlay", "PostGIS", "geoplan", "unavoidable"} <= {row["contender"] for row in rows}
    for row in rows:
        assert list(row) == COLUMNS
        assert row["equal"], row
        assert row["seconds"] > 0
        assert row["peak_mb"] > 50
        assert row["contender"] in done.stdout
    assert next(row["ratio"] for row in rows if row["contender"] == "geoplan") == 1
    for contender in CONTENDERS:
        for package in contender.missing():
            assert f"{contender.name}: skipped, for " in done.stderr
            assert package in done.stderr


def test_slow_ones_run_at_the_smallest_size_alone(inputs: Inputs, cache: Path, tmp_path: Path) -> None:
    names = ["--only", "geopandas.overlay", "--only", "geopandas", "--json", str(tmp_path / "rows.json")]
    assert run(cache, "--sizes", "400,200", *names).exit_code == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [(row["case"], row["contender"]) for row in rows] == [
        ("200", "geopandas.overlay"),
        ("200", "geopandas"),
        ("400", "geopandas"),
    ]
    assert {row["ratio"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sizes", "many"], "is not a number of parcels"),
        (["--sizes", "400", "--only", "nobody"], "is not one of"),
        (["--sizes", "1000000"], "parcels, not 1000000"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(inputs: Inputs, cache: Path, options: list[str], words: str) -> None:
    done = run(cache, *options)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())


def test_a_remainder_that_is_wrong_is_counted(inputs: Inputs) -> None:
    class Wrong(Geopandas):
        def run(self) -> None:
            super().run()
            largest = self.left.area.to_numpy().argsort()[-3:]
            self.left.iloc[largest] = self.left.iloc[largest].buffer(-0.01)

    assert Trial.of(Geopandas(inputs), inputs).outside == 0
    assert Trial.of(Wrong(inputs), inputs).outside == 3


def test_the_stream_reads_several_row_groups_and_agrees(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from benchmarks import inputs as files
    from benchmarks.contenders.stream import GeoplanStream

    monkeypatch.setattr(files, "ROW_GROUP", 150)
    make_inputs(tmp_path, [400], side_km=6)
    small = Inputs(tmp_path, 400)
    stream = GeoplanStream(small)
    trial = Trial.of(stream, small)
    assert len(stream.lefts) == 3
    assert trial.outside == 0
    stream.close()


def test_a_contender_that_is_missing_is_named_and_one_that_fails_ends_the_program_with_1(
    inputs: Inputs, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Geopandas, "packages", ("no-such-package",))
    done = run(cache, "--sizes", "400", "--only", "geopandas")
    assert "geopandas: skipped, for no-such-package is not installed" in done.stderr
    assert done.exit_code == 0
    monkeypatch.undo()
    # Another process cannot know it by this name.
    monkeypatch.setattr(Geopandas, "name", "nobody")
    done = run(cache, "--sizes", "400", "--only", "nobody")
    assert "nobody: failed, exit code 1" in done.stderr
    assert done.exit_code == 1


def test_ratios_are_of_whole_times(inputs: Inputs) -> None:
    rows = with_ratios(
        [
            Row("400", "slow", "1", 3.0, 1.0, 100.0, None, False, 2),
            Row("400", Geoplan.name, "1", 0.3, 0.1, 100.0, None, True, 0),
        ]
    )
    assert [row.ratio for row in rows] == pytest.approx([10.0, 1.0])
    assert "2 are not" in table(rows)
    assert "| 10.00 |" in table(rows)


def test_the_reference_is_computed_once(inputs: Inputs) -> None:
    before = inputs.reference_path.stat().st_mtime_ns
    make_inputs(inputs.folder, [400], side_km=6)
    assert inputs.reference_path.stat().st_mtime_ns == before
    assert len(inputs.reference()) == len(inputs.parcels()) == 400
    assert np.all(inputs.reference() <= inputs.parcels().area * (1 + 1e-9))

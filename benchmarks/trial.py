"""One trial: one contender, in a process of its own."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from benchmarks.contender import Contender
from benchmarks.contenders import CONTENDERS
from benchmarks.inputs import Inputs
from benchmarks.memory import peak_mb

__all__ = ["TOLERANCE", "Trial", "TrialError", "run_trial"]

TOLERANCE = 1e-6
"""How far a remainder's area may lie from the reference, as a share of the parcel's area."""

_ROOT = Path(__file__).parents[1]


class TrialError(Exception):
    """A contender's process failed; the message is what it said last."""


@dataclass(frozen=True)
class Trial:
    """What one process measured.

    Attributes
    ----------
    version
        The contender's.
    prepare_seconds, seconds
        Wall time of the preparation and of the computation.
    peak_mb
        The most memory that the process held, inputs included, with its server's.
    outside
        How many parcels' remainders differ from the reference by more than :data:`TOLERANCE`.
    """

    version: str
    prepare_seconds: float
    seconds: float
    peak_mb: float
    outside: int

    @classmethod
    def of(cls, contender: Contender, inputs: Inputs) -> Self:
        """Measure a contender in this process."""
        gc.collect()
        prepare_seconds = _timed(contender.prepare)
        contender.convert()
        gc.collect()
        seconds = _timed(contender.run)
        # The areas are for the check alone: what they take does not count.
        peak = peak_mb() + contender.server_mb()
        off = np.abs(contender.areas() - inputs.reference()) > TOLERANCE * inputs.parcels().area.to_numpy()
        return cls(contender.version(), prepare_seconds, seconds, peak, int(off.sum()))


def run_trial(contender: type[Contender], inputs: Inputs) -> Trial:
    """Measure a contender in a process of its own.

    Raises
    ------
    TrialError
        The process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "trial.json"
        told = [contender.name, str(inputs.folder), str(inputs.size), str(answer)]
        command = [sys.executable, "-m", __spec__.name, *told]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing"]
            raise TrialError(f"exit code {done.returncode}: {said[-1]}")
        return Trial(**json.loads(answer.read_text()))


def _timed(function: Callable[[], None]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _main(name: str, folder: str, size: str, answer: str) -> None:
    inputs = Inputs(Path(folder), int(size))
    contender = next(known for known in CONTENDERS if known.name == name)(inputs)
    try:
        trial = Trial.of(contender, inputs)
    finally:
        contender.close()
    Path(answer).write_text(json.dumps(asdict(trial)))


if __name__ == "__main__":
    _main(*sys.argv[1:])

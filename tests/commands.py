"""The command line as a user runs it: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["ENVIRONMENT", "geoplan"]

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("GEOPLAN_")} | {
    "PYTHONWARNINGS": ""
}


def geoplan(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        [sys.executable, "-m", "geoplan.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=170,
        check=False,
    )
    assert answer.returncode == code, answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    return answer

"""Where the system keeps PostgreSQL's programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geoplan.errors import DatabaseError

__all__ = ["EXTENSIONS", "MINIMUM_MAJOR", "Binaries", "find_binaries"]

EXTENSIONS = ("postgis", "btree_gist")
MINIMUM_MAJOR = 15

_HINT = (
    "Install PostgreSQL 15 or newer with PostGIS: `apt-get install postgresql postgresql-postgis` on Debian, "
    "`brew install postgis`, `conda install -c conda-forge postgresql postgis`; or set GEOPLAN_DATABASE_URL "
    "to a server (docker-compose.yml has one)."
)


@dataclass(frozen=True)
class Binaries:
    """PostgreSQL's programs of one major version."""

    folder: Path
    major: int

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def find_binaries(major: int | None = None) -> Binaries:
    """Find the newest PostgreSQL that has our extensions beside it.

    Looked for are the folders of Debian, Red Hat, Homebrew and conda, and the one that ``pg_config`` names;
    not whatever ``initdb`` comes first on the PATH, for that may be a wrapper or lack the extensions.

    Parameters
    ----------
    major
        Ask for this major version, because a data folder needs it.

    Raises
    ------
    DatabaseError
        None is installed, or not that version; the hint says how to install it.
    """
    found = sorted(_candidates(), key=lambda binaries: binaries.major, reverse=True)
    usable = [binaries for binaries in found if binaries.major >= MINIMUM_MAJOR and _has_extensions(binaries)]
    if major is not None:
        usable = [binaries for binaries in usable if binaries.major == major]
    if usable:
        return usable[0]
    wanted = f"PostgreSQL {major}" if major is not None else f"PostgreSQL {MINIMUM_MAJOR} or newer"
    seen = ", ".join(f"{binaries.major} in {binaries.folder}" for binaries in found) or "none"
    raise DatabaseError(f"No {wanted} with PostGIS is installed (found: {seen}).", hint=_HINT)


def _candidates() -> Iterator[Binaries]:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    folders += Path("/opt/homebrew/opt").glob("postgresql*/bin")
    folders += Path("/usr/local/opt").glob("postgresql*/bin")
    if prefix := os.environ.get("CONDA_PREFIX"):
        folders.append(Path(prefix) / "bin")
    if config := shutil.which("pg_config"):
        answer = _ask(config, "--bindir")
        if answer:
            folders.append(Path(answer))
    seen: set[Path] = set()
    for folder in folders:
        real = folder.resolve()
        if real in seen or not all((real / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            continue
        seen.add(real)
        words = _ask(str(real / "postgres"), "--version").split()
        number = next((word for word in words if word[:1].isdigit()), "")
        if number.split(".")[0].isdigit():
            yield Binaries(real, int(number.split(".")[0]))


def _has_extensions(binaries: Binaries) -> bool:
    shares = [
        binaries.folder.parent / "share",
        Path("/usr/share/postgresql") / str(binaries.major),
        binaries.folder.parent.parent.parent / "share" / f"postgresql@{binaries.major}",
    ]
    config = binaries.folder / "pg_config"
    if config.exists() and (answer := _ask(str(config), "--sharedir")):
        shares.append(Path(answer))
    folders = [share / part / "extension" for share in shares for part in ("", "postgresql")]
    return all(any((folder / f"{extension}.control").exists() for folder in folders) for extension in EXTENSIONS)


def _ask(program: str, option: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603
            [program, option], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""

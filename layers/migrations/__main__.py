"""``python -m layers.migrations MESSAGE``: write the next revision, with what the tables still lack."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from alembic import command

from layers.cluster import remove_cluster
from layers.database import open_database
from layers.migration import alembic_config


def main() -> None:
    """Compare :mod:`layers.schema` with a fresh, migrated database and write the difference as a revision."""
    parser = argparse.ArgumentParser(prog="python -m layers.migrations", description=main.__doc__)
    parser.add_argument("message", help="what changes, as a sentence: it names the file")
    message: str = parser.parse_args().message
    with tempfile.TemporaryDirectory() as folder:
        try:
            with open_database(Path(folder)) as database, database.engine.connect() as connection:
                config = alembic_config(connection)
                number = 1 + max(int(file.name[:4]) for file in _versions().glob("[0-9]*.py"))
                command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04}")
        finally:
            remove_cluster(Path(folder))


def _versions() -> Path:
    return Path(__file__).parent / "versions"


if __name__ == "__main__":
    main()

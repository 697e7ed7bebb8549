"""One PostgreSQL server of our own: make its data folder, start it, see whether it lives, stop it.

Nothing here guards against two processes doing so at once; :mod:`layers.cluster` does.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from geoplan.errors import DatabaseError
from layers.binaries import Binaries, find_binaries
from layers.places import Account, delete, is_root, make_socket_folder, socket_folder

__all__ = ["PORT", "Server"]

# Only part of a file's name in the socket's folder; stated because PGPORT in the environment would change it.
PORT = 5432

_START_SECONDS = 60
_RETRY_SECONDS = 20
_LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Server:
    """A server by its home: the folder with the data folder ``postgres`` and the log ``postgres.log``."""

    home: Path
    account: Account

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "postgres.log"

    @property
    def version(self) -> str | None:
        """Major version of PostgreSQL that made the data folder; ``None`` where there is none."""
        try:
            return (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            return None

    @property
    def pid(self) -> int | None:
        """The running server's process id; what a killed server left behind counts as none."""
        lines = self._pid_file()
        try:
            pid = int(lines[0])
            os.kill(pid, 0)
        except (IndexError, ValueError, OSError):
            return None
        # Process ids come again, in containers soon: a server is one only if it works in our data folder.
        return pid if _works_in(pid, self.data) is not False else None

    @property
    def socket(self) -> Path:
        """The folder of its socket: where the running server says it is, for a workspace may be renamed."""
        lines = self._pid_file()
        if len(lines) > 4 and lines[4] and self.pid is not None:
            return Path(lines[4])
        return socket_folder(self.data, self.account)

    def initialise(self, settings: Mapping[str, str]) -> None:
        """Make the data folder, under a temporary name until it is whole."""
        binaries = find_binaries()
        for leftover in self.home.glob("postgres.new-*"):
            delete(leftover)
        new = self.home / f"postgres.new-{secrets.token_hex(4)}"
        options = [
            f"--pgdata={new}",
            f"--username={self.account.name}",
            "--encoding=UTF8",
            "--locale=C",
            # Whoever can open the socket's folder (mode 0700) is the owner or root.
            "--auth=trust",
            *(["--no-sync"] if settings.get("fsync") == "off" else []),
        ]
        try:
            # Text sorts by code point everywhere, but Å has å as its lower case.
            self._run(binaries["initdb"], *options, "--lc-ctype=C.UTF-8")
        except DatabaseError:
            delete(new)
            self._run(binaries["initdb"], *options)
        with (new / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        new.rename(self.data)

    def ensure_running(self) -> None:
        """Start the server where it does not run, and wait until it answers.

        Raises
        ------
        DatabaseError
            The data folder is of a version that is not installed, or the server does not start.
        """
        try:
            binaries = find_binaries(int(self.version or 0))
        except DatabaseError as error:
            raise self._other_version() from error
        if self.pid is not None and not (self.socket / f".s.PGSQL.{PORT}").exists():
            # Somebody emptied /tmp, or it is just starting.
            with suppress(DatabaseError):
                self._wait(binaries, seconds=2)
                return
            self.stop()
        if self.pid is None:
            self._launch(binaries)
        self._wait(binaries, seconds=_START_SECONDS)

    def stop(self) -> None:
        """Stop the server where it runs; open transactions are rolled back."""
        if self.pid is None:
            return
        binaries = find_binaries(int(self.version or 0))
        socket = self.socket
        self._run(binaries["pg_ctl"], "stop", "--silent", "--mode=fast", f"--pgdata={self.data}")
        with suppress(OSError):
            socket.rmdir()

    def _other_version(self) -> DatabaseError:
        try:
            newest = f"PostgreSQL {find_binaries().major} is"
        except DatabaseError as error:
            return error
        return DatabaseError(
            f"The data folder {self.data} was made by PostgreSQL {self.version}, but {newest} installed.",
            hint=f"Install PostgreSQL {self.version} with PostGIS, or run `geoplan db stop --remove` and "
            "import again: geoplan.toml and its files are all that it takes to recompute everything.",
        )

    def _launch(self, binaries: Binaries) -> None:
        """Start the server; again for a while, because a killed one's children may still hold its memory."""
        with suppress(OSError):
            if self.log.stat().st_size > _LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.old"))
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            self._clear_stale_pid()
            socket = socket_folder(self.data, self.account)
            make_socket_folder(socket, self.account)
            try:
                self._run(
                    binaries["pg_ctl"],
                    "start",
                    "--silent",
                    "--wait",
                    f"--timeout={_START_SECONDS}",
                    f"--pgdata={self.data}",
                    f"--log={self.log}",
                    f"--options=-k '{socket}' -p {PORT}",
                )
            except DatabaseError:
                if time.monotonic() > deadline or not self._left_behind():
                    raise
                time.sleep(0.2)
            else:
                return

    def _wait(self, binaries: Binaries, *, seconds: float) -> None:
        """Wait until the server answers; it may be recovering."""
        deadline = time.monotonic() + seconds
        probe = [binaries["pg_isready"], "--quiet", f"--host={self.socket}", f"--port={PORT}"]
        while time.monotonic() < deadline:
            if subprocess.run(probe, check=False).returncode == 0:  # noqa: S603
                return
            time.sleep(0.05)
        raise DatabaseError(
            f"The workspace's PostgreSQL server does not answer within {seconds} s.",
            hint=f"{self.log} ends with:\n{self._tail()}",
        )

    def _run(self, *command: str) -> None:
        """Run one of PostgreSQL's programs as the server's account."""
        # The user's PGPORT, PGDATA or PGOPTIONS speak of another server.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        other = is_root()
        try:
            answer = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                cwd="/",
                user=self.account.uid if other else None,
                group=self.account.gid if other else None,
                extra_groups=[] if other else None,
                umask=0o077,
                env=environment | {"LC_ALL": "C", "TZ": "UTC"},
                # Ctrl-C is for geoplan, not for the server.
                start_new_session=True,
            )
        except OSError as error:
            raise DatabaseError(
                f"{command[0]} cannot be run as {self.account.name}: {error.strerror}.",
                hint="Every folder on its way must be open to that account.",
            ) from error
        if answer.returncode != 0:
            program = Path(command[0]).name
            told = "\n".join(answer.stdout.strip().splitlines()[-8:])
            tail = f"{self.log} ends with:\n{self._tail()}" if program == "pg_ctl" and self._tail() else None
            full = "The disk is full: make room and try again." if "No space left" in told else None
            raise DatabaseError(f"{program} failed in {self.home}: {told}", hint=full or tail)

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _clear_stale_pid(self) -> None:
        """Delete the pid file of a killed server whose number another process has since.

        PostgreSQL would take that process for the server and refuse to start. Where a process still works in
        the data folder the file stays: it is PostgreSQL's guard against two servers on the same data.
        """
        if self._pid_file() and self.pid is None and Path("/proc/self").exists() and not self._left_behind():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _left_behind(self) -> bool:
        """Tell whether a process of a killed server is still at work in the data folder."""
        if not Path("/proc/self").exists():
            return True
        return any(
            _works_in(int(process.name), self.data) for process in Path("/proc").iterdir() if process.name.isdigit()
        )

    def _tail(self) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4_000))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-8:])
        except OSError:
            return ""


def _works_in(pid: int, folder: Path) -> bool | None:
    """Tell whether a process has its working folder there; ``None`` where the system does not say."""
    if not Path("/proc/self").exists():
        return None
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except FileNotFoundError:
        return False
    except OSError:
        # Another account's process: not ours, for we are the server's account or root.
        return False

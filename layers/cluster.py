"""The private cluster: a PostgreSQL server of the workspace's own, on a Unix socket, that nobody configures.

Where things lie
    ``<workspace>/.geoplan/`` holds the locks, the data folder ``postgres`` and the log. For root the latter
    two are in ``/var/lib/geoplan/<id>/`` instead, named by the file ``home``: the server then runs as the
    account ``postgres`` (``initdb`` refuses root), who cannot look into folders such as ``/root``. The socket
    is in ``/tmp/geoplan-<uid>-<id>/`` with mode 0700, because a socket's path must be short.

Who stops the server
    Every process that uses it holds a shared lock on ``users``, which the kernel drops however the process
    ends. Whoever leaves and finds that nobody else holds it stops the server, unless ``geoplan db start``
    asked for it to stay. After a ``kill -9`` of the last user the server runs on until the next one leaves.

How it survives
    ``initdb`` works in a temporary folder that is renamed when whole, so a killed one leaves nothing behind.
    PostgreSQL recovers by itself from a ``kill -9``; we see to it that a stale pid file or socket does not
    stand in its way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from geoplan.errors import DatabaseError
from layers.places import account_for, delete, home_of, make_home, orphans_of
from layers.server import PORT, Server

__all__ = ["Cluster", "ClusterStatus", "cluster_status", "remove_cluster", "start_cluster", "stop_cluster"]

# Small and quiet: one municipality on one machine. fsync stays on.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "jit": "off",
}


@dataclass(frozen=True)
class ClusterStatus:
    """What is known of a workspace's server."""

    exists: bool
    running: bool
    pid: int | None
    version: str | None
    data: str
    socket: str
    url: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.exists:
            return "No server yet: the first command that needs one makes it."
        state = f"running (pid {self.pid})" if self.running else "stopped"
        return f"PostgreSQL {self.version}, {state}\n  data   {self.data}\n  socket {self.socket}"


class Cluster:
    """The private cluster of one workspace.

    Parameters
    ----------
    workspace
        The workspace's folder.
    settings
        Server settings on top of ours, for a data folder that is yet to be made; tests turn ``fsync`` off for
        speed.
    """

    def __init__(self, workspace: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(workspace).resolve() / ".geoplan"
        self.settings = _SETTINGS | dict(settings or {})
        self._users: int | None = None

    @property
    def server(self) -> Server:
        """The server as it is now: where its files lie, and whether it runs."""
        return Server(home_of(self.folder) or self.folder, account_for(self.folder))

    @cached_property
    def url(self) -> str:
        """The SQLAlchemy address of the database ``geoplan``; of use once the server runs."""
        server = self.server
        host = quote(str(server.socket), safe="")
        return f"postgresql+psycopg://{quote(server.account.name)}@/geoplan?host={host}&port={PORT}"

    def join(self) -> None:
        """Make sure that the server runs, and count as one of its users until :meth:`leave`.

        Raises
        ------
        DatabaseError
            PostgreSQL is missing, the data folder is of another major version, or the server does not start.
        """
        with self._locked():
            users = os.open(self.folder / "users", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                self._ensure_running()
            except BaseException:
                os.close(users)
                raise
            self._users = users

    def leave(self) -> None:
        """Stop counting as a user; the last one out stops the server."""
        users, self._users = self._users, None
        if users is None:
            return
        try:
            # Where the workspace has been deleted meanwhile, PostgreSQL notices by itself and ends.
            if self.folder.is_dir():
                with self._locked():
                    if _alone(users) and not (self.folder / "stay").exists():
                        self.server.stop()
        finally:
            os.close(users)

    def start(self) -> None:
        """Start the server and let it stay until :meth:`stop`."""
        with self._locked():
            self._ensure_running()
            (self.folder / "stay").touch()

    def stop(self) -> None:
        """Stop the server, whoever uses it."""
        if not self.folder.is_dir():
            return
        with self._locked():
            (self.folder / "stay").unlink(missing_ok=True)
            self.server.stop()

    def remove(self) -> None:
        """Stop the server and delete its data, log and socket."""
        if not self.folder.is_dir():
            return
        with self._locked():
            server = self.server
            server.stop()
            _delete(server)
            delete(self.folder)

    def status(self) -> ClusterStatus:
        """Tell whether the server exists and runs."""
        server = self.server
        pid = server.pid
        return ClusterStatus(
            exists=server.version is not None,
            running=pid is not None,
            pid=pid,
            version=server.version,
            data=str(server.data),
            socket=str(server.socket),
            url=self.url if pid is not None else None,
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time look at and change the server's state."""
        lock = self.folder / "lock"
        while True:
            with self._told():
                self.folder.mkdir(parents=True, exist_ok=True)
                handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # While we waited, `remove` may have deleted the file; a lock on that one guards nothing.
                if lock.exists() and os.path.samestat(os.fstat(handle), lock.stat()):
                    with self._told():
                        yield
                    return
            finally:
                os.close(handle)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell of a folder that cannot be written, or a full disk, in our words."""
        try:
            yield
        except OSError as error:
            raise DatabaseError(
                f"{error.filename or self.folder} cannot be written: {error.strerror or error}.",
                hint=f"The workspace's own server keeps its files in {self.folder}: make room there or set "
                "its owner right, or set GEOPLAN_DATABASE_URL to another server.",
            ) from error

    def _ensure_running(self) -> None:
        account = account_for(self.folder)
        for home in orphans_of(self.folder):
            orphan = Server(home, account)
            orphan.stop()
            _delete(orphan)
        server = Server(make_home(self.folder, account), account)
        if server.version is None:
            server.initialise(self.settings)
        server.ensure_running()
        # The socket is where the running server says.
        self.__dict__.pop("url", None)


def start_cluster(workspace: Path) -> ClusterStatus:
    """Start a workspace's server and let it stay."""
    cluster = Cluster(workspace)
    cluster.start()
    return cluster.status()


def stop_cluster(workspace: Path) -> None:
    """Stop a workspace's server."""
    Cluster(workspace).stop()


def remove_cluster(workspace: Path) -> None:
    """Stop a workspace's server and delete its data."""
    Cluster(workspace).remove()


def cluster_status(workspace: Path) -> ClusterStatus:
    """Tell whether a workspace's server exists and runs."""
    return Cluster(workspace).status()


def _alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _delete(server: Server) -> None:
    delete(server.socket)
    delete(server.home)

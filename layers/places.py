"""Where a workspace's private server keeps its files, and which account it runs as."""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from geoplan.errors import DatabaseError

__all__ = [
    "ROOT_HOMES",
    "Account",
    "account_for",
    "delete",
    "home_of",
    "is_root",
    "make_home",
    "make_socket_folder",
    "orphans_of",
    "socket_folder",
]

# Where the data lies when root asks: the account ``postgres`` cannot look into folders such as /root.
ROOT_HOMES = Path("/var/lib/geoplan")

_POINTER = "home"
_OWNER = "workspace"
# Not tempfile.gettempdir(): two processes with different TMPDIRs must meet, and a socket's path must stay
# below about 100 bytes.
_SOCKETS = Path("/tmp")  # noqa: S108


@dataclass(frozen=True)
class Account:
    """The account that a server runs as; its name is the database's superuser, too."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Tell whether we are root, as whom PostgreSQL refuses to run."""
    return os.geteuid() == 0


def account_for(folder: Path) -> Account:
    """Return the account for the server of a workspace's ``.geoplan`` folder.

    It is our own; for root it is the owner of the data folder that an ordinary user made there before, or
    else ``postgres``.

    Raises
    ------
    DatabaseError
        The account has no entry in the user database.
    """
    uid = os.geteuid()
    try:
        if uid != 0:
            found = pwd.getpwuid(uid)
        elif _owner(folder / "postgres") > 0:
            found = pwd.getpwuid(_owner(folder / "postgres"))
        else:
            found = pwd.getpwnam("postgres")
    except KeyError as error:
        who = "account postgres" if uid == 0 else f"entry for user id {uid} in /etc/passwd"
        raise DatabaseError(
            f"There is no {who}, which the workspace's server would run as.",
            hint="Add it, work as another user, or set GEOPLAN_DATABASE_URL to a server.",
        ) from error
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def home_of(folder: Path) -> Path | None:
    """Return the folder that holds data folder and log of a workspace's ``.geoplan``, where there is one.

    For root it lies under :data:`ROOT_HOMES`. The workspace holds its name, and it holds the workspace's: a
    renamed workspace keeps its data, and a copied one does not share the original's.
    """
    if not is_root() or _owner(folder / "postgres") > 0:
        return folder
    try:
        home = Path((folder / _POINTER).read_text().strip())
        owner = Path((home / _OWNER).read_text().strip())
        if owner != folder and _reads(owner / _POINTER) == str(home):
            return None  # we are a copy
    except OSError:
        return None
    return home if home.parent == ROOT_HOMES else None


def make_home(folder: Path, account: Account) -> Path:
    """Make that folder where there is none, and let the server's account in."""
    home = home_of(folder)
    if home is None:
        home = ROOT_HOMES / secrets.token_hex(6)
        ROOT_HOMES.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.mkdir(mode=0o700)
        os.chown(home, account.uid, account.gid)
        (folder / _POINTER).write_text(f"{home}\n")
    if home != folder:
        (home / _OWNER).write_text(f"{folder}\n")
    return home


def orphans_of(folder: Path) -> list[Path]:
    """Return homes that were made for a workspace whose ``.geoplan`` has been deleted since."""
    if not is_root() or not ROOT_HOMES.is_dir():
        return []
    found = []
    current = home_of(folder)
    for home in ROOT_HOMES.iterdir():
        with suppress(OSError):
            if home != current and (home / _OWNER).read_text().strip() == str(folder):
                found.append(home)
    return found


def socket_folder(data: Path, account: Account) -> Path:
    """Return the folder for the socket of a data folder's server."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return _SOCKETS / f"geoplan-{account.uid}-{digest}"


def make_socket_folder(folder: Path, account: Account) -> None:
    """Make the socket's folder, for its owner alone, and empty it of what a killed server left.

    Raises
    ------
    DatabaseError
        Somebody else made it: /tmp is open to all.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if is_root():
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise DatabaseError(f"{folder} belongs to somebody else or is open to others.", hint="Remove it and try again.")
    for leftover in folder.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)


def delete(folder: Path) -> None:
    """Delete a folder with all that it holds, present or not."""
    shutil.rmtree(folder, ignore_errors=True)


def _reads(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None


def _owner(path: Path) -> int:
    try:
        return path.stat().st_uid
    except OSError:
        return -1

"""The one family of errors.

::

    GeoplanError                    exit 1
    ├── SettingsError               exit 3   geoplan.toml, a rule set, a catalogue entry: key and fix
    ├── InputError                  exit 4   data from a file, a service or a caller
    │   ├── FrameError                       a table does not satisfy its contract; carries every fault
    │   ├── CRSError                         coordinates and reference system do not fit each other
    │   └── ServiceError            exit 8   a service cannot be reached, is busy or refuses: offline is no fault
    ├── DatabaseError               exit 5   no server, wrong server, wrong schema
    ├── NotFoundError               exit 6   no such parcel, plot, layer or place
    └── VerificationError           exit 7   a recomputed figure differs from the stored one

Usage errors of the command line exit with 2, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CRSError",
    "DatabaseError",
    "FrameError",
    "GeoplanError",
    "InputError",
    "NotFoundError",
    "ServiceError",
    "SettingsError",
    "VerificationError",
]


class GeoplanError(Exception):
    """The root of all errors that geoplan raises on purpose.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    hint
        What to do next, in one sentence.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class SettingsError(GeoplanError):
    """A setting, a rule set or a catalogue entry is wrong."""

    exit_code = 3


class InputError(GeoplanError):
    """Data from a file, a service or a caller is wrong."""

    exit_code = 4


class FrameError(InputError):
    """A table of features does not satisfy its contract.

    Parameters
    ----------
    name
        The table's name in messages.
    faults
        Every fault found, one sentence each.
    """

    def __init__(self, name: str, faults: Sequence[str], *, hint: str | None = None) -> None:
        self.name = name
        self.faults = tuple(faults)
        super().__init__(f"{name}: " + "; ".join(self.faults) + ".", hint=hint)


class CRSError(InputError):
    """Coordinates and coordinate reference system do not fit each other."""


class ServiceError(InputError):
    """A service cannot be reached, is busy, refuses, or answers something that it should not."""

    exit_code = 8


class DatabaseError(GeoplanError):
    """The database is missing, unreachable, of another version or in another state than needed."""

    exit_code = 5


class NotFoundError(GeoplanError):
    """There is no such parcel, plot, layer or place."""

    exit_code = 6


class VerificationError(GeoplanError):
    """A recomputed figure differs from the stored one."""

    exit_code = 7

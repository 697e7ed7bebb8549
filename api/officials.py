"""Who may decide through the API: bearer tokens, of which only the digest is kept.

The file is TOML, a line an official: ``"Anna Andersson" = "SHA-256 of the token, 64 hexadecimal digits"``. It is read
at every request that shows a token, so a line that is removed ends its token at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import tomllib
from http import HTTPStatus
from pathlib import Path

from fastapi import Request

from api.errors import RefusedError
from geoplan.errors import InputError, SettingsError

__all__ = ["Officials", "new_token", "official_of", "signed_in"]

_DIGEST = re.compile("[0-9a-f]{64}")
_LONGEST_NAME = 200


class Officials:
    """Those who may decide.

    Parameters
    ----------
    file
        The file with their tokens' digests; ``None`` where nobody may.

    Raises
    ------
    SettingsError
        The file cannot be read, or a line of it is wrong.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._digests()

    @property
    def configured(self) -> bool:
        """Whether anybody may decide at all."""
        return self._file is not None

    def name_of(self, token: str) -> str | None:
        """Return whose token it is, or ``None``; how long that takes tells nothing of the tokens."""
        given = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        names = [name for name, digest in self._digests().items() if hmac.compare_digest(digest, given)]
        return names[0] if names else None

    def _digests(self) -> dict[str, str]:
        if self._file is None:
            return {}
        # Not the path nor the content: a message may reach whoever asks.
        try:
            content = tomllib.loads(self._file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise SettingsError(
                f"The file that GEOPLAN_OFFICIALS_FILE names cannot be read: {error.strerror}."
            ) from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise SettingsError("The file that GEOPLAN_OFFICIALS_FILE names is not TOML.", hint=_HINT) from None
        for number, (name, digest) in enumerate(content.items(), start=1):
            if not (isinstance(digest, str) and _DIGEST.fullmatch(digest) and _is_name(name)):
                raise SettingsError(
                    f"Entry {number} of the file that GEOPLAN_OFFICIALS_FILE names is wrong.", hint=_HINT
                )
        return content


_HINT = "`geoplan override --new-token NAME` prints a line for it."


def official_of(request: Request) -> str | None:
    """Return the official whose token a request shows; ``None`` where it shows none, or none is taken here.

    Raises
    ------
    RefusedError
        The token is no official's.
    """
    officials: Officials = request.app.state.officials
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not officials.configured or scheme.lower() != "bearer":
        return None
    name = officials.name_of(token.strip())
    if name is None:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "The token is no official's.", headers=headers)
    return name


def signed_in(request: Request) -> str:
    """Return the official whose token a request shows.

    Raises
    ------
    RefusedError
        No official's token is shown, or the server takes no decisions at all.
    """
    officials: Officials = request.app.state.officials
    if not officials.configured:
        raise RefusedError(
            HTTPStatus.FORBIDDEN,
            "This server takes no decisions: it does not know any official.",
            hint="Run `geoplan override --new-token NAME`, put the line that it prints into a file, and set "
            "GEOPLAN_OFFICIALS_FILE to that file where the server is started.",
        )
    name = official_of(request)
    if name is None:
        raise RefusedError(
            HTTPStatus.UNAUTHORIZED,
            "Decisions are for officials.",
            hint="Send the header Authorization: Bearer TOKEN.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return name


def new_token(name: str) -> tuple[str, str]:
    """Return a new token for an official, and the line of the file that lets it in.

    Raises
    ------
    InputError
        The name is empty, too long or has control characters.
    """
    if not _is_name(name):
        raise InputError("A name has 1 to 200 characters, and none that cannot be printed.")
    token = secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).hexdigest()
    # A JSON string of printable characters is a TOML string.
    return token, f'{json.dumps(name, ensure_ascii=False)} = "{digest}"'


def _is_name(name: str) -> bool:
    return bool(name.strip()) and len(name) <= _LONGEST_NAME and name.isprintable()

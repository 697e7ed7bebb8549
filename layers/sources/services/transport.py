"""Calls to a service: within its limits, with a time-out, and with every refusal told in words."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

import geoplan
from geoplan.errors import InputError, ServiceError

__all__ = ["RateLimit", "Transport"]

_ATTEMPTS = 3
_LONGEST_WAIT_S = 60.0
_BUSY = frozenset({429, 502, 503, 504})
_WRONG = frozenset({400, 404, 405, 413, 414, 422})


class RateLimit:
    """No more than ``calls`` in any window of ``window_s`` seconds; no limit where either is 0.

    A call counts from when it was answered, so the service, which counts from when it arrives, never sees more.
    """

    def __init__(self, calls: int, window_s: float) -> None:
        self.calls, self.window_s = calls, window_s
        self._answered: deque[float] = deque()

    def wait(self) -> None:
        """Wait until one more call is allowed."""
        if self.calls <= 0 or self.window_s <= 0:
            return
        while len(self._answered) >= self.calls:
            left = self._answered[0] + self.window_s - time.monotonic()
            if left > 0:
                time.sleep(left)
            self._answered.popleft()

    def count(self) -> None:
        """Count a call that was answered or given up."""
        self._answered.append(time.monotonic())


class Transport:
    """Calls to one service.

    Parameters
    ----------
    url
        The service's address, without a slash at the end.
    title
        Its name in messages.
    limit
        How often it may be called.
    timeout_s
        Seconds to wait for a connection, and for each piece of an answer.
    """

    def __init__(self, url: str, *, title: str, limit: RateLimit, timeout_s: float = 30.0) -> None:
        self.url, self.title, self.limit, self.timeout_s = url, title, limit, timeout_s
        agent = f"geoplan/{geoplan.__version__}"
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=True, headers={"User-Agent": agent})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def json(
        self, path: str, *, params: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call the service and return its answer.

        Parameters
        ----------
        path
            What comes after the address, with a slash before it.
        params
            The query of the address; lists become repeated keys.
        body
            A JSON document to send; without it the call is a GET.

        Raises
        ------
        ServiceError
            The service cannot be reached, does not answer in time, is busy or refuses, or answers something else
            than a JSON object.
        InputError
            The service says that the question is wrong.
        """
        response = self._send(path, params, body)
        if response.status_code in _WRONG:
            raise InputError(
                f"{self.title} says that the question is wrong ({_reason(response)}).",
                hint="Check ids and codes in geoplan.toml against the service.",
            )
        if not response.is_success:
            raise ServiceError(
                f"{self.title} refuses to answer ({_reason(response)}).",
                hint="It may not answer from this network, or not so much at once; a file will do as well.",
            )
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            kind = response.headers.get("content-type", "no type")
            raise ServiceError(
                f"{self.title} ({self.url}) answers something else than a JSON object ({kind}).",
                hint="A proxy or a sign-in page may stand between; open the address in a browser.",
            )
        return answer

    def _send(self, path: str, params: Mapping[str, Any] | None, body: Mapping[str, Any] | None) -> httpx.Response:
        """Send until the service is no longer busy, three times at most."""
        for attempt in range(1, _ATTEMPTS + 1):
            self.limit.wait()
            try:
                response = self._client.request(
                    "GET" if body is None else "POST", self.url + path, params=params, json=body
                )
            except httpx.TimeoutException as error:
                raise ServiceError(
                    f"{self.title} ({self.url}) did not answer within {self.timeout_s:g} seconds.",
                    hint="Try again later. What was fetched before stays in use.",
                ) from error
            except (httpx.TransportError, httpx.InvalidURL, httpx.TooManyRedirects) as error:
                raise ServiceError(
                    f"{self.title} ({self.url}) cannot be reached: {error or type(error).__name__}.",
                    hint="Offline is no fault: what was fetched before stays in use, and a file will do as well.",
                ) from error
            except httpx.DecodingError as error:
                raise ServiceError(
                    f"{self.title} ({self.url}) answers what cannot be unpacked.", hint="Try again later."
                ) from error
            finally:
                self.limit.count()
            if response.status_code not in _BUSY:
                return response
            wait = _retry_after(response, default=float(attempt))
            if attempt == _ATTEMPTS or wait > _LONGEST_WAIT_S:
                break
            time.sleep(wait)
        raise ServiceError(
            f"{self.title} is busy ({_reason(response)}).",
            hint=f"Try again in {max(wait, 1):.0f} seconds, or ask for less.",
        )


def _retry_after(response: httpx.Response, *, default: float) -> float:
    """Return the seconds that a service asks to wait: a number, or a point in time."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return default
    now = dt.datetime.now(dt.UTC)
    return max(0.0, (until.astimezone(dt.UTC) - now).total_seconds())


def _reason(response: httpx.Response) -> str:
    """Return the status, and what a problem document (RFC 9457) says besides."""
    try:
        told = response.json()
    except ValueError:
        told = None
    words = [str(told[key]) for key in ("title", "detail") if told.get(key)] if isinstance(told, dict) else []
    return ": ".join([f"{response.status_code} {response.reason_phrase}".strip(), *words])

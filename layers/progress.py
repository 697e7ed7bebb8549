"""How long work tells how far it has come, without knowing who listens.

A reporter is called with a label (and how many units there are, where that is known) and gives a context
that yields ``advance(n)``::

    with progress("Reading parcels", total=3) as advance:
        ...
        advance(1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

__all__ = ["Advance", "Progress", "silent"]

Advance = Callable[[int], None]


class Progress(Protocol):
    """Anything that can show the progress of one named step."""

    def __call__(self, label: str, *, total: int | None = None) -> AbstractContextManager[Advance]:
        """Begin a step: its label, and how many units it has where that is known."""


@contextmanager
def silent(label: str, *, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG001
    """Show nothing."""
    yield lambda _units: None

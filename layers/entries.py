"""Texts that officials enter: on one line, printable, and no longer than a page can show."""

from __future__ import annotations

from geoplan.errors import InputError

__all__ = ["entry"]


def entry(name: str, given: str, *, most: int) -> str:
    """Return a text on one line.

    Parameters
    ----------
    name
        What it is, for messages.
    given
        The text; runs of white space become one space.
    most
        Most characters.

    Raises
    ------
    InputError
        It is empty, too long or has control characters.
    """
    text = " ".join(given.split())
    if not text:
        raise InputError(f"The {name} is empty.", hint="An entry says who made it, and why.")
    if len(text) > most:
        raise InputError(f"The {name} has {len(text)} characters; {most} are allowed.")
    if not text.isprintable():
        raise InputError(f"The {name} has a control character.", hint="Write it anew; pasted text may hide some.")
    return text

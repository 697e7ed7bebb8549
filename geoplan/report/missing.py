"""What is said where a table is not there: what is missing, and what to do."""

from __future__ import annotations

from geoplan.report.content import Missing
from geoplan.report.origin import table_abouts
from geoplan.report.wording import Say

__all__ = ["missing"]


def missing(name: str, say: Say) -> Missing:
    """Return what to say of a table that is not there; never an empty figure."""
    about = table_abouts()[name]
    return Missing(
        say(
            "{title}: inte beräknat eller inläst. {needs}",
            "{title}: neither computed nor imported. {needs}",
            title=about.title[say.language],
            needs=about.needs[say.language],
        )
    )

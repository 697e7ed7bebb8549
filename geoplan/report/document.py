"""The printable report: one HTML document that stands alone, and a tagged PDF made of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jinja2
from markupsafe import Markup

from geoplan.errors import GeoplanError
from geoplan.land.explanation import BOUNDARY_NOTICE
from geoplan.maps.texts import texts
from geoplan.report.content import Chart, Missing, Paragraph, Section, Tables
from geoplan.report.contents import Contents, own_text
from geoplan.report.origin import Origin, table_abouts
from geoplan.report.sections import make_sections
from geoplan.report.wording import ANALYSIS, Say
from geoplan.text import Language

__all__ = ["as_pdf", "environment", "report_page", "section_html"]

_KINDS = {Paragraph: "paragraph", Chart: "chart", Missing: "missing"}


@cache
def environment() -> jinja2.Environment:
    """Return the templates of reports; every text that goes into them is escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["kind"] = lambda block: _KINDS.get(type(block), "table")
    # The drawing's texts are escaped where it is made.
    made.filters["drawing"] = lambda chart: Markup(chart.svg)  # noqa: S704
    return made


def section_html(section: Section, origin: Origin, language: Language, *, level: int = 2) -> Markup:
    """Return a section as HTML: its heading, its blocks, and the provenance of its figures in a ``details`` element.

    Parameters
    ----------
    section
        What to show.
    origin
        What its figures rest on.
    language
        Language of headings.
    level
        Level of its heading.
    """
    template = environment().get_template("section.html")
    return Markup(template.render(section=section, level=level, **_context(origin, language)))  # noqa: S704


def report_page(
    tables: Tables,
    origin: Origin,
    contents: Contents,
    *,
    language: Language = "sv",
    own: Mapping[str, str] | None = None,
) -> str:
    """Write the report.

    Parameters
    ----------
    tables
        Derived tables, of which any may be missing.
    origin
        What they rest on.
    contents
        What the law asks for, in its order.
    language
        Language of the report.
    own
        The municipality's own text, by chapter's id.

    Returns
    -------
    str
        HTML that loads nothing. The same figures give the same text, to the byte.
    """
    sections = make_sections(tables, Say(language))
    written = {name: own_text(text) for name, text in (own or {}).items()}
    shown = [name for chapter in contents.chapters for name in chapter.sections]
    used = tuple(source for name in shown for source in sections[name].sources if origin.of(source) is not None)
    template = environment().get_template("report.html")
    return template.render(
        contents=contents, sections=sections, written=written, used=used, **_context(origin, language)
    )


def as_pdf(page: str) -> bytes:
    """Return a report as a PDF that is tagged for screen readers (PDF/UA-1), with its title and language.

    Parameters
    ----------
    page
        A page of :func:`report_page`. What it would load from elsewhere is not loaded.

    Returns
    -------
    bytes
        The same page gives the same bytes with the same fonts.

    Raises
    ------
    GeoplanError
        The system's libraries for text are missing.

    Notes
    -----
    WeasyPrint, variant ``pdf/ua-1``; https://doc.courtbouillon.org/weasyprint/stable/api_reference.html
    """
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise GeoplanError(
            f"A PDF cannot be made: {error}", hint="Run scripts/system-packages, or write .html and print it."
        ) from error
    document = weasyprint.HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=()))
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"geoplan")
    return made


def _context(origin: Origin, language: Language) -> dict[str, object]:
    say = Say(language)
    return {
        "language": language,
        "say": say,
        "origin": origin,
        "abouts": table_abouts(),
        "general": texts(language),
        "analysis": say(*ANALYSIS),
        "boundary": BOUNDARY_NOTICE[language],
    }

"""Reports: sections of figures from derived tables, as HTML that loads nothing and as PDF.

A section is made from tables of which any may be missing; it then says what is missing and what to do. The official's
page shows all sections; the printable report shows them in the order in which a law asks for them.
"""

from geoplan.report.content import Section, Table, Tables
from geoplan.report.contents import Contents, action_plan
from geoplan.report.document import as_pdf, report_page, section_html
from geoplan.report.origin import Assumed, Origin, Version, table_abouts
from geoplan.report.sections import make_sections
from geoplan.report.wording import ANALYSIS, Say

__all__ = [
    "ANALYSIS",
    "Assumed",
    "Contents",
    "Origin",
    "Say",
    "Section",
    "Table",
    "Tables",
    "Version",
    "action_plan",
    "as_pdf",
    "make_sections",
    "report_page",
    "section_html",
    "table_abouts",
]

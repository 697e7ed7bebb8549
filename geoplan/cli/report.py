"""``geoplan report``: the printable report, as a page or as a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from geoplan.cli.options import WorkspaceOption
from geoplan.cli.session import open_session, workspace_folder
from geoplan.cli.show import out
from geoplan.errors import InputError

__all__ = ["report"]


def report(
    context: typer.Context,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: .html or .pdf.")],
    workspace: WorkspaceOption = None,
    language: Annotated[
        str | None, typer.Option("--language", "--lang", metavar="sv|en", help="Language. Default: the workspace's.")
    ] = None,
) -> None:
    """Write the report on housing supply, in the order in which the law asks for it.

    What geoplan can compute is told with figures and with what they rest on. What only the municipality can say is a
    marked place; the files report/goals.md, report/measures.md … of the workspace fill it. It is an analysis, not a
    decision.

    Example: geoplan report --out housing.pdf
    """
    from geoplan.report import action_plan, as_pdf, report_page
    from layers.reporting import FOLDER, own_texts, read_basis

    ending = file.suffix.lower()
    if ending not in (".html", ".pdf"):
        raise InputError(f"{file.name} has no ending that fits.", hint="Choose .html or .pdf.")
    with open_session(workspace_folder(context, workspace), language) as session:
        chosen: Any = session.language
        own = own_texts(session.workspace.root / FOLDER, action_plan(), chosen)
        municipality = session.workspace.municipality
        basis = read_basis(session.store, place=municipality.name, synthetic=municipality.synthetic)
    page = report_page(basis.tables, basis.origin, action_plan(), language=chosen, own=own)
    content = as_pdf(page) if ending == ".pdf" else page.encode()
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}.") from error
    out.print(f"Wrote {escape(str(file))}", highlight=False)

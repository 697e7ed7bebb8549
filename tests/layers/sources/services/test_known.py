"""What is known of the services stands on the page, and nothing else is taken for known."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.catalogue import catalogue
from layers.sources.services.known import known_service

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "fetching.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["scb", "kolada"])
def test_every_id_address_and_limit_is_on_the_page_with_how_sure_it_is(name: str) -> None:
    known = known_service(name)
    assert f"`{known.url}` ({known.url_certainty})" in PAGE
    assert f"licence {known.licence} ({known.licence_certainty})" in PAGE
    for number in (known.limits.calls, known.limits.cells, known.limits.ids, known.limits.page):
        assert number == 0 or f"{number:,}" in PAGE
    for entry in known.entries:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{entry.id}` |"))
        assert f"| {entry.certainty} |" in row
        assert entry.title.en in row
        assert entry.layer is None or entry.layer in catalogue()
    assert len(set(known.ids)) == len(known.ids)

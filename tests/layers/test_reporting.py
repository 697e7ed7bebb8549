"""What a report reads from the store, and the municipality's own texts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geoplan.errors import SettingsError
from geoplan.report import action_plan, table_abouts
from layers.assumptions import assumption_values, subjects
from layers.chain import DERIVED
from layers.reporting import assumed_of_run, own_texts, read_basis
from layers.store import NewLayer, Store

DOCS = Path(__file__).parents[2] / "docs"


def run(store: Store, **inputs: object) -> None:
    need = pd.DataFrame({"area": ["A1"], "year": [2030], "need": [1.0]})
    record = {
        "kind": "plan",
        "inputs": inputs,
        "rule_set": {"name": "test", "title": {"sv": "Prov", "en": "Test"}},
        "parameters": {"municipality": {"code": "9999"}, "rules": {"as_of": "2026-01-01"}},
        "code_version": {"geoplan": "0.1.0", "source": "abc"},
        "notes": [],
        "snapshot": "0" * 64,
    }
    store.write_many([NewLayer("need", need, None)], run=record)


def test_figures_are_read_with_what_the_run_read_and_not_what_came_since(store: Store) -> None:
    people = pd.DataFrame({"area": ["A1"], "year": [2025], "population": [10.0]})
    first = store.write("population", people, source={"source": "SCB"})
    run(store, population={"number": first.number, "content_hash": first.content_hash})
    store.write("population", people.assign(population=99.0))
    basis = read_basis(store, place="Prov")
    assert basis.tables.frames["population"]["population"].tolist() == [10.0]
    assert basis.origin.inputs["population"].content_hash == first.content_hash
    assert basis.origin.inputs["population"].source == "SCB"
    assert basis.tables.code == "9999"
    assert basis.origin.tables["need"].number == 1
    assert basis.origin.as_of == "2026-01-01"


def test_an_empty_store_gives_an_empty_basis(store: Store) -> None:
    basis = read_basis(store, place="Prov", synthetic=True)
    assert not basis.tables.frames
    assert basis.origin.run is None
    assert basis.origin.synthetic


def test_assumptions_that_differ_are_told_as_the_municipality_s_own() -> None:
    changed = assumption_values({"population": {"boys_share": 0.4}})
    found = {each.name: each for each in assumed_of_run({"assumptions": changed})["population"]}
    assert found["population.boys_share"].differs
    assert found["population.boys_share"].value == "0.4"
    assert sum(each.differs for each in found.values()) == 1
    untouched = [each for kind in assumed_of_run({}).values() for each in kind]
    assert len(untouched) == sum(len(kind.assumptions) for kind in subjects().values())
    assert not any(each.differs for each in untouched)
    # Told for people: no marks of a programming language.
    assert not any(mark in each.value for each in untouched for mark in "{}[]'")


def test_own_texts_are_read_by_chapter_and_language(tmp_path: Path) -> None:
    for name, text in {"goals.md": "Båda", "goals.en.md": "English", "need.sv.md": "Svenska"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert own_texts(tmp_path, action_plan(), "sv") == {"goals": "Båda", "need": "Svenska"}
    assert own_texts(tmp_path, action_plan(), "en") == {"goals": "English"}
    assert own_texts(tmp_path / "nothing", action_plan(), "sv") == {}


@pytest.mark.parametrize("name", ["gaols.md", "goals.de.md"])
def test_a_file_of_no_chapter_is_told_and_not_dropped(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match="no chapter"):
        own_texts(tmp_path, action_plan(), "sv")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "goals.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        own_texts(tmp_path, action_plan(), "sv")


def test_every_table_that_is_told_of_has_its_page_and_its_assumptions() -> None:
    for name, about in table_abouts().items():
        assert (DOCS / about.method).exists(), name
        assert set(about.assumptions) <= set(subjects()), name


def test_every_derived_table_without_geometry_is_told_of() -> None:
    spatial = {"constraints", "buildable", "remainders", "plots", "accesses"}
    elsewhere = {"reasons"}  # with the plots and the explanations
    assert set(DERIVED) - spatial - elsewhere <= set(table_abouts())

"""The pages on layers and on the workspace say all that there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from layers.catalogue import catalogue
from layers.catalogue.page import page
from layers.settings import Environment
from layers.sources.files import FORMATS
from layers.sources.services.request import KoladaRequest, PxwebRequest
from layers.sources.source import LayerPart, LayerSource, Lookup, Unpivot
from layers.workspace import (
    DemandSettings,
    Municipality,
    PlotOverrides,
    PlotSettings,
    ProgrammeLimits,
    ProgrammeSettings,
    RuleSettings,
    Workspace,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
LAYERS = (DOCS / "layers.md").read_text(encoding="utf-8")
WORKSPACE = (DOCS / "workspace.md").read_text(encoding="utf-8")

# Each table of the file, the heading that its keys are under, and the key of its own where it has one.
SECTIONS: list[tuple[str, tuple[type[BaseModel], ...]]] = [
    ("## `[municipality]`", (Municipality,)),
    ("## `[layers.*]`", (LayerPart, LayerSource, Lookup, Unpivot, PxwebRequest, KoladaRequest)),
    ("## `[rules]`", (RuleSettings,)),
    ("## `[plots]`", (PlotSettings, PlotOverrides)),
    ("## `[demand]`", (DemandSettings,)),
    ("## `[programme]`", (ProgrammeSettings, ProgrammeLimits)),
]


def section(heading: str) -> str:
    start = WORKSPACE.index(heading)
    end = WORKSPACE.find("\n## ", start + 1)
    return WORKSPACE[start : end if end >= 0 else None]


def documented(text: str) -> dict[str, str]:
    """Return key → default of the rows of the tables in a text."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|(.*?)\| .* \|$", text, flags=re.M)
    return {key.strip("`"): default.strip() for keys, default in rows for key in keys.split(", ")}


def test_the_page_of_layers_is_the_catalogue() -> None:
    assert page() == LAYERS, "write it anew: python -m layers.catalogue > docs/layers.md"


def test_every_layer_field_and_value_is_on_it() -> None:
    for layer in catalogue().values():
        start = LAYERS.index(f"## `{layer.id}`")
        text = LAYERS[start : LAYERS.find("\n## ", start + 1)]
        for field in layer.fields:
            assert f"| `{field.name}` | {field.type}" in text
            for value in field.values:
                assert f"`{value}`" in text


@pytest.mark.parametrize(("heading", "models"), SECTIONS, ids=[heading for heading, _ in SECTIONS])
def test_every_setting_is_documented_and_no_other(heading: str, models: tuple[type[BaseModel], ...]) -> None:
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert set(documented(section(heading))) == keys


@pytest.mark.parametrize("model", [Municipality, RuleSettings, PlotSettings, DemandSettings, ProgrammeSettings])
def test_defaults_are_told_as_they_are(model: type[BaseModel]) -> None:
    heading = next(heading for heading, models in SECTIONS if model in models)
    told = documented(section(heading))
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            assert told[name] == "required"
        elif isinstance(field.default, str):
            assert told[name] == f'`"{field.default}"`'
        elif isinstance(field.default, bool):
            assert told[name] == f"`{str(field.default).lower()}`"
        elif isinstance(field.default, int | float):
            assert told[name] == f"`{field.default:g}`"


def test_defaults_of_sources_are_told_as_they_are() -> None:
    told = documented(section("## `[layers.*]`"))
    assert float(told["max_rejected"].strip("`")) == LayerSource.model_fields["max_rejected"].default
    for name, field in LayerPart.model_fields.items():
        if isinstance(field.default, bool):
            assert told[name] == f"`{str(field.default).lower()}`"
        elif isinstance(field.default, str):
            assert told[name] == f'`"{field.default}"`'


def test_every_table_has_its_section() -> None:
    headings = set(re.findall(r"^## `\[(\w+)", WORKSPACE, flags=re.M))
    assert headings == set(Workspace.model_fields)


def test_every_format_and_variable_is_documented() -> None:
    for suffix in FORMATS:
        assert f"`{suffix}`" in WORKSPACE or f"`.osm{suffix}`" in WORKSPACE or suffix == ".geoparquet"
    for name in Environment.model_fields:
        assert f"`GEOPLAN_{name.upper()}`" in WORKSPACE

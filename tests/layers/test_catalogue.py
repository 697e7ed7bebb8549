from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from geoplan.errors import NotFoundError, SettingsError
from layers.catalogue import catalogue, layer_type, parse_layer

GOOD = """
title = { sv = "Hus", en = "Houses" }
description = { sv = "Hus.", en = "Houses." }
geometry = ["point"]
source = "us"
licence = "CC0"
[[fields]]
name = "id"
type = "string"
title = { sv = "Id", en = "Identifier" }
"""


def test_every_entry_is_valid_and_complete() -> None:
    wanted = (
        "parcels municipality settlements water land protected_nature flood roads railways buildings plans "
        "utility_areas services statistical_areas population dwelling_stock"
    )
    assert set(wanted.split()) <= set(catalogue())
    assert list(catalogue()) == sorted(catalogue())
    for layer_id, layer in catalogue().items():
        assert layer.id == layer_id
        assert layer.is_table == (not layer.geometry)
        assert len(set(layer.field_names)) == len(layer.fields)
        # A table is drawn nowhere; everything else has a colour.
        assert (layer.style is None) == layer.is_table
        for field in layer.fields:
            assert field.type == "string" or not field.values


def test_texts_are_in_both_languages() -> None:
    assert layer_type("parcels").title["sv"] == "Fastigheter"
    assert layer_type("parcels").title["en"] == "Parcels"
    with pytest.raises(KeyError):
        layer_type("parcels").title["de"]


def test_unknown_layer_names_the_close_ones() -> None:
    with pytest.raises(NotFoundError, match="Did you mean parcels"):
        layer_type("parcel")


def test_entries_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        layer_type("parcels").licence = "mine"  # type: ignore[misc]
    with pytest.raises(TypeError):
        catalogue()["new"] = layer_type("parcels")  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("geometry = ", "geometri = "), "geometry: Field required"),
        (('["point"]', '["pint"]'), "geometry.0"),
        (('type = "string"', 'type = "text"'), "fields.0.type"),
        (('licence = "CC0"', 'license = "CC0"'), "license: Extra"),
        (('sv = "Hus", ', ""), "title.sv"),
        (('name = "id"', 'name = "geometry"'), "may not be called geometry"),
        (('name = "id"', 'name = "Id"'), "fields.0.name"),
        (("title =", "title"), "is not TOML"),
    ],
)
def test_wrong_entries_are_told_by_key(change: tuple[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)):
        parse_layer("houses", GOOD.replace(*change, 1))


def test_a_field_may_be_there_once() -> None:
    again = GOOD + GOOD[GOOD.index("[[fields]]") :]
    with pytest.raises(SettingsError, match="id is there twice"):
        parse_layer("houses", again)
    assert parse_layer("houses", GOOD).field("id") is not None
    assert parse_layer("houses", GOOD).field("name") is None

"""Both languages say the same things, and numbers look as they should."""

import re
from importlib import resources

import pytest

from geoplan.maps.texts import LANGUAGES, decimal, language, number, texts


def test_both_languages_have_every_text_with_the_same_places():
    swedish, english = (texts(code) for code in LANGUAGES)
    assert swedish.keys() == english.keys()
    assert swedish["values"].keys() == english["values"].keys()
    for key in swedish:
        if isinstance(swedish[key], str):
            assert swedish[key]
            assert english[key]
            assert sorted(re.findall(r"{\w+}", swedish[key])) == sorted(re.findall(r"{\w+}", english[key]))


def test_the_script_asks_only_for_texts_that_exist():
    script = (resources.files("geoplan.maps") / "static" / "map.js").read_text(encoding="utf-8")
    asked = set(re.findall(r'\b(?:text|fill)\("(\w+)"', script)) | set(re.findall(r'\[\["?(\w+)"', script))
    assert asked
    assert asked <= set(texts("sv"))


@pytest.mark.parametrize(
    ("value", "swedish", "english"),
    [
        (1234567.4, "1\u00a0234\u00a0567", "1,234,567"),
        (-1234, "\u22121\u00a0234", "\u22121,234"),
        (0.4, "0", "0"),
        (-0.4, "0", "0"),
        (None, "–", "–"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers(value, swedish, english):
    assert number(value, "sv") == swedish
    assert number(value, "en") == english


def test_signed_numbers_and_decimals():
    assert number(5, "sv", signed=True) == "+5"
    assert number(0, "sv", signed=True) == "0"
    assert decimal(0.2, "sv") == "0,2"
    assert decimal(5.0, "en") == "5"


def test_language_tags():
    assert language("sv-SE") == "sv"
    assert language(" EN_gb ") == "en"
    with pytest.raises(ValueError, match="de"):
        language("de")

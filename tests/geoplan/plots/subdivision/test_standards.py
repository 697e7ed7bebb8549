import tomllib
from pathlib import Path

import pytest

from geoplan.errors import InputError
from geoplan.land.areas import AREA_KINDS
from geoplan.plots.subdivision.standards import SubdivisionStandards

FILE = Path(__file__).parents[4] / "layers" / "assumptions" / "subdivision.toml"


def values() -> dict[str, object]:
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: given["value"] for name, given in content.items() if name != "title"}


def test_the_assumptions_make_standards_for_every_kind_of_area() -> None:
    targets = [SubdivisionStandards.from_values(values(), kind=kind).target_area for kind in AREA_KINDS]
    assert targets == sorted(targets)
    rural = SubdivisionStandards.from_values({**values(), "street_uses": []}, kind="rural")
    assert rural == SubdivisionStandards()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dpeth": 3}, "no standard 'dpeth'"),
        ({"depth": {"town": 3}}, "depth says nothing of rural"),
        ({"depth": 0}, "depth must be more than zero"),
        ({"min_frontage": -1}, "min_frontage must be a number of zero or more"),
        ({"road_share_limit": 1}, "must be a share from 0 to 1"),
        ({"subdivide": "maybe"}, "Choose one of planned, all, none"),
        ({"depth": "forty"}, "not of its type"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SubdivisionStandards.from_values({**values(), **changed}, kind="rural")


def test_measures_are_told_in_the_unit_of_a_crs() -> None:
    feet = SubdivisionStandards().in_units(0.3048)
    assert feet.depth == pytest.approx(40 / 0.3048)
    assert feet.target_area == pytest.approx(1_500 / 0.3048**2)
    assert feet.road_share_limit == 0.25


def test_many_plots_get_a_street() -> None:
    assert [SubdivisionStandards().access_width(lots) for lots in (2, 6, 7)] == [5, 5, 10]

import tomllib
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from place import metres

from geoplan.errors import InputError
from geoplan.frames import metres_per_unit
from geoplan.plots.fit import House, fits

ASSUMPTIONS = Path(__file__).parents[3] / "layers" / "assumptions"


def one(shape: shapely.Geometry, house: House, unit: float = 1.0) -> bool:
    return bool(fits(np.array([shape], dtype=object), house=house, unit=unit)[0])


def test_the_house_of_the_assumptions_is_the_default() -> None:
    content = tomllib.loads((ASSUMPTIONS / "fit.toml").read_text(encoding="utf-8"))
    values = {name: given["value"] for name, given in content.items() if name != "title"}
    assert House.from_values(values) == House()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"house_widht": 8}, "has no measure 'house_widht'"),
        ({"house_width": 0}, "house_width must be more than zero"),
        ({"setback": -1}, "setback must be zero or more"),
        ({"setback": "4.5"}, "not a number"),
    ],
)
def test_a_house_that_cannot_be_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        House.from_values(values)


def test_the_distance_to_the_boundary_counts_on_every_side(crs: int) -> None:
    unit = metres_per_unit(crs)
    # 8 + 2 × 4.5 = 17 and 12 + 2 × 4.5 = 21; turned by any angle.
    for angle in (0, 17, 45, 80):
        for short, expected in ((17.05, True), (16.9, False)):
            lot = shapely.affinity.rotate(shapely.box(0, 0, short, 21.1), angle)
            assert one(metres(lot, crs), House(), unit) is expected, (angle, short)
    assert not one(metres(shapely.box(0, 0, 19, 20.9), crs), House(), unit)


def test_ground_that_must_not_be_built_on_counts_to_the_distance_but_not_to_the_house() -> None:
    lot = np.array([shapely.box(0, 0, 30, 25)], dtype=object)
    for front, expected in ((6, True), (13, False)):
        ground = np.array([shapely.box(0, front, 30, 25)], dtype=object)
        assert bool(fits(lot, house=House(), unit=1.0, buildable=ground)[0]) is expected


def test_a_house_stands_in_one_part() -> None:
    two = shapely.MultiPolygon([shapely.box(0, 0, 14, 40), shapely.box(20, 0, 34, 40)])
    assert not one(two, House())
    assert one(two, House(house_width=4.9))
    assert not one(shapely.Polygon(), House())


def test_a_hole_in_the_middle_is_gone_around() -> None:
    lot = shapely.box(0, 0, 60, 60).difference(shapely.box(25, 25, 35, 35))
    assert one(lot, House())
    assert not one(lot, House(house_width=20, house_depth=20))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_the_answer_is_that_of_trying_everywhere(seed: int) -> None:
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, 7))
    radius = random.uniform(8, 22, 7)
    lot = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])).buffer(0)
    if lot.geom_type != "Polygon" or lot.area < 50:
        return
    house = House(setback=0)
    found = _tried(lot, house.house_width, house.house_depth)
    answer = one(lot, house)
    # What trying finds must be found; what it does not find may only just fit.
    if found:
        assert answer
    if answer:
        assert _tried(lot, house.house_width - 0.6, house.house_depth - 0.6)


def _tried(lot: shapely.Polygon, width: float, depth: float) -> bool:
    """Try a grid of places half a metre apart, in directions four degrees apart."""
    west, south, east, north = lot.bounds
    x, y = np.meshgrid(np.arange(west, east, 0.5), np.arange(south, north, 0.5))
    shapely.prepare(lot)
    inside = shapely.contains_xy(lot, x, y)
    middles = np.column_stack([x[inside], y[inside]])
    for angle in np.radians(np.arange(0, 180, 4)):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, depth / 2) @ turn.T
        if shapely.contains(lot, shapely.polygons(middles[:, None, :] + corners)).any():
            return True
    return False

"""A map on paper: what stands in the drawing, and that nothing else can."""

import xml.etree.ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.maps.sketch import Mark, sketch

SVG = "{http://www.w3.org/2000/svg}"
EAST, NORTH = 600_000.0, 6_800_000.0
HOSTILE = '</svg><script>alert(1)</script>"&{{ 7 * 7 }}'


def layer(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[at(shape) for shape in shapes], crs=3006)


def at(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: xy + np.array([EAST, NORTH]))


def draw(*marks: Mark, crs: int = 3006, **backdrop: gpd.GeoDataFrame) -> ET.Element:
    text = sketch(marks, backdrop, crs=crs, title=HOSTILE, description=HOSTILE)
    return ET.fromstring(text)


SITE = Mark("P", at(shapely.box(0, 0, 100, 100)), site=True)
OTHER = Mark("1", at(shapely.box(1_000, 500, 1_200, 700)))


def test_marks_are_drawn_with_their_labels() -> None:
    drawing = draw(SITE, OTHER)
    assert [node.text for node in drawing.iter(f"{SVG}text") if node.get("class") == "label"] == ["P", "1"]
    assert len(list(drawing.iter(f"{SVG}circle"))) == 1
    assert {node.get("class") for node in drawing.iter(f"{SVG}path")} >= {"wanted", "other", "bar", "north"}


def test_hostile_text_stays_text() -> None:
    drawing = draw(SITE, Mark(HOSTILE, OTHER.shape), settlements=layer(shapely.box(300, 300, 600, 500), name=[HOSTILE]))
    assert drawing.find(f"{SVG}title").text == HOSTILE  # type: ignore[union-attr]
    assert sum(node.text == HOSTILE for node in drawing.iter(f"{SVG}text")) == 2
    assert not list(drawing.iter(f"{SVG}script"))


def test_the_drawing_says_what_it_shows() -> None:
    drawing = draw(SITE)
    names = drawing.get("aria-labelledby", "").split()
    assert drawing.get("role") == "img"
    assert [node.get("id") for node in (drawing.find(f"{SVG}title"), drawing.find(f"{SVG}desc"))] == names  # type: ignore[union-attr]


def test_the_bar_is_as_long_as_it_says() -> None:
    """The site and the other are 1,100 m apart from edge to edge: their outlines tell the scale."""
    drawing = draw(SITE, OTHER)
    bar = next(node for node in drawing.iter(f"{SVG}path") if node.get("class") == "bar")
    start, rest = bar.get("d", "").removeprefix("M").split(",", 1)
    end = rest.split("H")[1].split("V")[0]
    said = next(node.text for node in drawing.iter(f"{SVG}text") if node.get("class") == "scale")
    outline = next(node for node in drawing.iter(f"{SVG}path") if node.get("class") == "other").get("d", "")
    xs = [float(point.split(",")[0]) for point in outline.strip("MZ").split("L")]
    per_metre = (max(xs) - min(xs)) / 200
    assert (float(end) - float(start)) / per_metre == pytest.approx(float(str(said).split()[0]), rel=0.01)


def test_feet_are_drawn_in_metres() -> None:
    site = Mark("P", shapely.box(11_235_000, 3_790_000, 11_235_328, 3_790_328), site=True)
    said = [node.text for node in draw(site, crs=2284).iter(f"{SVG}text") if node.get("class") == "scale"]
    assert said[0] == "200 m"


def test_labels_on_one_place_are_moved_apart() -> None:
    marks = [Mark(str(n), OTHER.shape) for n in range(1, 13)]
    drawing = draw(SITE, *marks)
    centres = np.array([[float(c.get("cx", 0)), float(c.get("cy", 0))] for c in drawing.iter(f"{SVG}circle")])
    apart = np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, 99)
    assert apart.min() > 17
    assert any(node.get("class") == "leader" for node in drawing.iter(f"{SVG}path"))


def test_only_what_is_in_the_picture_is_drawn_and_it_is_small() -> None:
    rng = np.random.default_rng(1)
    turn = np.linspace(0, 2 * np.pi, 80_000, endpoint=False)
    rough = shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]) * rng.normal(20_000, 3, (80_000, 1)))
    water = layer(rough)
    far = layer(shapely.LineString([(90_000, 90_000), (99_000, 99_000)]))
    text = sketch([SITE, OTHER], {"water": water, "roads": far}, crs=3006, title="a", description="b")
    assert len(text) < 20_000
    assert 'class="road"' not in text


def test_the_same_places_give_the_same_drawing() -> None:
    backdrop = {
        "guarded": layer(shapely.box(-100, -100, 300, 300)),
        "municipality": layer(shapely.box(-9e3, -9e3, 9e3, 9e3)),
    }
    both = [sketch([SITE, OTHER], backdrop, crs=3006, title="a", description="b") for _ in range(2)]
    assert both[0] == both[1]

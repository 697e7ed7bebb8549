"""Explanations from the store: where a place lies, what the layers tell of themselves, and how far it is."""

import datetime as dt
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.errors import NotFoundError
from geoplan.land.facts import Explanation, Fact
from layers.chain import plan
from layers.explaining import explain_place, explain_stored_parcel
from layers.store import Store
from layers.workspace import Workspace

EAST, NORTH = 600_000.0, 6_800_000.0


def spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([EAST, NORTH]))
    return gpd.GeoDataFrame({"id": [f"{n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=3006)


LAYERS = {
    "municipality": spatial([shapely.box(-5_000, -5_000, 5_000, 5_000)], name="Prov"),
    "parcels": spatial([shapely.box(0, 0, 100, 100)]),
    "land": spatial([shapely.box(-60, -9_000, 9_000, 9_000)]),
    "lis_areas": spatial([shapely.box(0, 0, 50, 100)], name=None),
}
LEVELS = spatial([shapely.box(-60, 0, -50, 100), shapely.box(4_000, 0, 4_010, 10)], level_m=[1.0, 2.7])


@pytest.fixture
def planned(store: Store) -> Callable[..., Store]:
    """Write layers and plan."""

    def make(*without: str, **more: gpd.GeoDataFrame) -> Store:
        for name, frame in (LAYERS | more).items():
            if name not in without:
                source = {"files": [{"path": "b.gpkg", "date": "2026-02-01"}, {"path": "a.gpkg", "date": "2025-11-01"}]}
                store.write(name, frame, source=source)
        settings = {"lowest_foundation_level_m": 2.7}
        workspace = {
            "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
            "rules": {"set": "sweden", "as_of": dt.date(2026, 1, 1), "settings": settings},
        }
        plan(Workspace.from_mapping(workspace), store)
        return store

    return make


def of(answer: Explanation, rule: str) -> Fact:
    return next(fact for fact in answer.facts if fact.rule.id == rule)


def test_layers_tell_their_version_days_and_source(planned: Callable[..., Store]) -> None:
    store = planned()
    answer = explain_stored_parcel(store, "0")
    layer = of(answer, "lis_area").layer
    assert layer is not None
    today = store.current("lis_areas").created_at.date().isoformat()  # type: ignore[union-attr]
    assert (layer.version, layer.imported, layer.described) == (1, today, "2025-11-01")
    missing = of(answer, "railway")
    assert (missing.holds, missing.why, missing.version) == ("unknown", "never_asked", None)
    assert missing.settle is not None
    assert answer.as_of == dt.date(2026, 1, 1)
    # A later version does not pass for the one that was asked.
    store.write("lis_areas", LAYERS["lis_areas"].assign(name="Ny"))
    assert of(explain_stored_parcel(store, "0"), "lis_area").version == 1


def test_a_sea_that_is_derived_has_a_shore(planned: Callable[..., Store]) -> None:
    answer = explain_stored_parcel(planned(), "0")
    shore = of(answer, "shore_protection")
    assert (shore.holds, shore.basis, shore.distance_m) == ("yes", "computed_general", pytest.approx(60))
    assert shore.area_m2 == pytest.approx(4_000)
    assert shore.layer is not None
    assert (shore.layer.version, shore.layer.made_of) == (None, ("land", "municipality"))
    assert [(opening.rule.id, opening.share) for opening in shore.opened_by] == [("lis_area", 0.5)]
    assert "computed from land, municipality" in answer.text("en")


def test_lakes_that_nobody_asked_for_leave_a_place_unknown(planned: Callable[..., Store]) -> None:
    store = planned()
    inland = explain_place(store, EAST + 500, NORTH + 50)
    shore = of(inland, "shore_protection")
    assert (shore.holds, shore.why, shore.distance_m) == ("unknown", "partly_asked", pytest.approx(560))
    english, swedish = " ".join(inland.text("en").split()), " ".join(inland.text("sv").split())
    assert "nothing found, but only part of the layer is known; distance 560 m to the shore" in english
    assert "Avgörs av Vatten ur Lantmäteriets Hydrografi" in swedish


def test_where_data_end_is_no_shore(planned: Callable[..., Store]) -> None:
    store = planned()
    at_the_edge = explain_place(store, EAST + 100, NORTH + 4_990)
    assert of(at_the_edge, "shore_protection").distance_m == pytest.approx(160)
    inland = explain_place(store, EAST + 4_500, NORTH)
    assert of(inland, "shore_protection").distance_m is None


def test_a_level_that_is_mapped_elsewhere_is_no_fault_here(planned: Callable[..., Store]) -> None:
    answer = explain_stored_parcel(planned(sea_levels=LEVELS), "0")
    assert of(answer, "below_foundation_level").distance_m == pytest.approx(50)


@pytest.mark.parametrize(
    ("without", "place", "expected"),
    [
        ((), (50, 50), "parcel"),
        ((), (150, 50), "no_parcel"),
        (("parcels",), (50, 50), "no_parcels"),
        ((), (6_000, 50), "outside"),
        (("municipality",), (90_000, 50), "outside"),
        (("municipality",), (150, 50), "no_parcel"),
    ],
)
def test_every_place_has_an_answer(
    planned: Callable[..., Store], without: tuple[str, ...], place: tuple[float, float], expected: str
) -> None:
    answer = explain_place(planned(*without), EAST + place[0], NORTH + place[1])
    assert answer.place == expected
    assert (answer.parcel == "0") == (expected == "parcel")
    assert all(answer.text(language) for language in ("sv", "en"))
    if expected == "outside":
        assert answer.buildable == "unknown"
        assert {fact.holds for fact in answer.facts if fact.rule.operation != "outside"} == {"unknown"}


@pytest.mark.parametrize("parcel", ["1", "", "x\x00y", "\udcff", "%' OR 1=1"])
def test_a_parcel_that_is_not_there_says_so(planned: Callable[..., Store], parcel: str) -> None:
    with pytest.raises(NotFoundError, match="There is no parcel"):
        explain_stored_parcel(planned(), parcel)

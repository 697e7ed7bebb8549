"""Officials' decisions in a real store: nothing is lost, nothing is deleted, and the next run applies them."""

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.errors import InputError, NotFoundError
from geoplan.land.decisions import Decision
from layers.chain import plan
from layers.database import Database
from layers.explaining import explain_place, explain_stored_parcel
from layers.importing import import_all
from layers.overriding import COLUMNS, all_decisions, last_decisions, listed_decisions, override
from layers.store import Store
from layers.verifying import verify
from layers.workspace import Workspace

DAY = dt.date(2026, 3, 1)
WORKSPACE = Workspace.from_mapping(
    {
        "municipality": {"name": "Prov", "code": "9999", "crs": "EPSG:3006"},
        "rules": {"set": "sweden", "as_of": dt.date(2026, 1, 1)},
    }
)
BOTH = {"reason": "Measured.", "official": "Anna"}


def spatial(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array([600_000, 6_800_000]))
    return gpd.GeoDataFrame({"id": [f"P {n}" for n in range(len(shapes))]} | columns, geometry=moved, crs=3006)


@pytest.fixture
def planned(store: Store) -> Store:
    """Parcels in a row inland: a sea to the west, and a stream of unknown width to the east."""
    store.write("parcels", spatial([shapely.box(n * 50, 0, n * 50 + 50, 40) for n in range(12)]))
    store.write("municipality", spatial([shapely.box(-500, -300, 1_000, 300)], name="Prov"))
    store.write(
        "water",
        spatial(
            [shapely.box(-500, -300, -20, 300), shapely.LineString([(610, -300), (610, 300)])],
            kind=["sea", "stream"],
            width_m=[np.nan, np.nan],
            constructed_after=None,
        ),
    )
    store.write("farmland", spatial([shapely.box(200, 0, 230, 40)], kind=None))
    plan(WORKSPACE, store)
    return store


def fact(store: Store, parcel: str, rule: str) -> Any:
    return next(fact for fact in explain_stored_parcel(store, parcel).facts if fact.rule.id == rule)


@pytest.mark.parametrize(
    ("parcel", "rule", "original"),
    [
        ("P 0", "shore_protection", ("yes", "computed_general")),
        ("P 11", "shore_protection", ("unknown", "computed_unsure")),
        ("P 5", "shore_protection", ("no", None)),
        ("P 5", "traffic_noise", ("unknown", None)),  # the layer is missing
    ],
)
def test_what_was_computed_stays_on_record(
    planned: Store, parcel: str, rule: str, original: tuple[str, str | None]
) -> None:
    told = override(planned, parcel, rule, "disputed", **BOTH, day=DAY)
    assert told == Decision(rule, "disputed", "2026-03-01", "Anna", "Measured.", *original)
    plan(WORKSPACE, planned)
    # A decision that is applied does not pass for what was computed.
    again = override(planned, parcel, rule, "no", reason="Asked anew.", official="Bo", day=DAY)
    assert (again.original, again.original_basis) == original
    assert last_decisions(planned, parcel) == {rule: again}
    assert [row["official"] for row in all_decisions(planned)] == ["Anna", "Bo"]


def test_a_decision_waits_for_the_next_run_and_is_part_of_its_address(planned: Store) -> None:
    first = planned.run()
    decision = override(planned, "P 4", "farmland", "no", **BOTH, day=DAY)
    waiting = fact(planned, "P 4", "farmland")
    assert (waiting.holds, waiting.decision, waiting.pending) == ("yes", None, decision)
    result = plan(WORKSPACE, planned)
    assert not result.unchanged
    assert first is not None
    assert result.run.snapshot != first.snapshot
    assert "overrides" in result.run.inputs
    applied = fact(planned, "P 4", "farmland")
    assert (applied.holds, applied.decision, applied.pending) == ("no", decision, None)
    assert explain_stored_parcel(planned, "P 4").buildable_m2 == pytest.approx(2_000)
    assert verify(planned).equal


def test_the_last_decision_counts_and_withdrawing_brings_back_what_was_computed(planned: Store) -> None:
    before = planned.read("reasons")
    override(planned, "P 0", "shore_protection", "no", **BOTH)
    override(planned, "P 0", "shore_protection", "yes", **BOTH)
    plan(WORKSPACE, planned)
    assert fact(planned, "P 0", "shore_protection").basis == "computed_general"
    override(planned, "P 0", "shore_protection", "unknown", **BOTH)
    plan(WORKSPACE, planned)
    assert fact(planned, "P 0", "shore_protection").holds == "unknown"
    override(planned, "P 0", "shore_protection", "computed", reason="A mistake.", official="Bo")
    assert fact(planned, "P 0", "shore_protection").pending.holds == "computed"
    plan(WORKSPACE, planned)
    back = fact(planned, "P 0", "shore_protection")
    assert (back.holds, back.decision, back.pending) == ("yes", None, None)
    pd.testing.assert_frame_equal(planned.read("reasons"), before)
    assert [row["holds"] for row in all_decisions(planned)] == ["no", "yes", "unknown", "computed"]
    assert len(planned.versions("overrides")) == 4
    with pytest.raises(InputError, match="no decision on shore_protection of P 0 to withdraw"):
        override(planned, "P 0", "shore_protection", "computed", **BOTH)


def test_every_row_says_whether_the_figures_rest_on_it(planned: Store) -> None:
    assert listed_decisions(planned) == []
    override(planned, "P 0", "shore_protection", "no", **BOTH)
    override(planned, "P 1", "shore_protection", "no", **BOTH)
    plan(WORKSPACE, planned)
    override(planned, "P 0", "shore_protection", "disputed", **BOTH)
    override(planned, "P 0", "shore_protection", "yes", **BOTH)
    assert [row["status"] for row in listed_decisions(planned)] == ["applied", "applied", "superseded", "pending"]
    assert [row["status"] for row in listed_decisions(planned, parcel="P 1")] == ["applied"]
    assert listed_decisions(planned, parcel="P 9") == []


def test_a_place_in_the_parcel_follows_its_decisions(planned: Store) -> None:
    east, north = 600_000 + 210, 6_800_000 + 20
    assert explain_place(planned, east, north).buildable == "no"
    override(planned, "P 4", "farmland", "disputed", **BOTH)
    plan(WORKSPACE, planned)
    place = explain_place(planned, east, north)
    told = next(fact for fact in place.facts if fact.rule.id == "farmland")
    assert (place.parcel, place.place, told.holds) == ("P 4", "parcel", "disputed")
    beside = explain_place(planned, east + 35, north)
    assert next(fact for fact in beside.facts if fact.rule.id == "farmland").holds == "no"


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (("P 99", "farmland", "no", "x", "y"), NotFoundError, "no parcel 'P 99'.*Did you mean P 9"),
        (("Ö\x00\udcff", "farmland", "no", "x", "y"), NotFoundError, "no parcel"),
        (("'; DROP TABLE geoplan.feature; --", "farmland", "no", "x", "y"), NotFoundError, "no parcel"),
        (("P 1", "farmlnd", "no", "x", "y"), NotFoundError, "no rule 'farmlnd'.*Did you mean farmland"),
        (("P 1", "farmland", "maybe", "x", "y"), InputError, "'maybe' is no answer"),
        (("P 1", "farmland", "no", " \n ", "y"), InputError, "reason is empty"),
        (("P 1", "farmland", "no", "x", ""), InputError, "official is empty"),
        (("P 1", "farmland", "no", "x" * 2_001, "y"), InputError, "2001 characters"),
        (("P 1", "farmland", "no", "a\x00b", "y"), InputError, "control character"),
        (("P 1", "farmland", "no", "\x1b[2J", "y"), InputError, "control character"),
        (("P 1", "farmland", "no", "x", "\u202eeve"), InputError, "control character"),
    ],
)
def test_what_cannot_be_decided_says_what_to_do(
    planned: Store, asked: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    parcel, rule, holds, reason, official = asked
    with pytest.raises(error, match=message):
        override(planned, parcel, rule, holds, reason=reason, official=official)
    assert planned.current("overrides") is None


def test_hostile_texts_are_kept_as_they_are(planned: Store) -> None:
    nasty = "</script><img src=x onerror=alert(1)> {{ 7*7 }} '; DROP TABLE x; -- =HYPERLINK(1) \N{SNOWMAN}"
    override(planned, "P 1", "farmland", "no", reason=nasty, official=nasty)
    row = all_decisions(planned, parcel="P 1")[0]
    assert (row["reason"], row["official"]) == (nasty, nasty)


def test_nothing_computed_yet_says_so(store: Store) -> None:
    with pytest.raises(NotFoundError, match="geoplan plan"):
        override(store, "P 1", "farmland", "no", **BOTH)


def test_officials_at_the_same_time_lose_nothing(planned: Store, database: Database) -> None:
    """More threads than the engine has connections, and processes besides."""
    program = (
        "import sys; import sqlalchemy as sa; from layers.store import Store; from layers.overriding import override\n"
        "store = Store(sa.create_engine(sys.argv[1]), crs=3006)\n"
        "for n in range(4): override(store, f'P {n}', 'farmland', 'no', reason=f'{sys.argv[2]} {n}', official='other')"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", program, database.url, str(number)], cwd=Path(__file__).parents[2])
        for number in range(2)
    ]

    def decide(number: int) -> None:
        parcel = f"P {number % 12}"
        override(planned, parcel, "farmland", "no", reason=f"Number {number}.", official=f"Official {number}")

    with ThreadPoolExecutor(24) as threads:
        list(threads.map(decide, range(48)))
    assert [other.wait(60) for other in others] == [0, 0]
    rows = all_decisions(planned)
    assert len(rows) == 48 + 8
    assert {f"Number {number}." for number in range(48)} <= {row["reason"] for row in rows}
    versions = planned.versions("overrides")
    assert [version.feature_count for version in versions] == list(range(1, 57))
    assert sum(version.id == planned.current("overrides").id for version in versions) == 1  # type: ignore[union-attr]


def test_decisions_fed_from_a_file_are_made_there(planned: Store) -> None:
    rows = pd.DataFrame([{"parcel": "P 1", "rule": "farmland", "holds": "no", "reason": "x"}])
    planned.write("overrides", rows, source={"files": [{"path": "data/decisions.csv"}]}, key=None)
    with pytest.raises(InputError, match=r"comes from data/decisions\.csv"):
        override(planned, "P 1", "farmland", "yes", **BOTH)
    plan(WORKSPACE, planned)
    told = fact(planned, "P 1", "farmland").decision
    assert (told.reason, told.official, told.original) == ("x", None, None)
    assert tuple(all_decisions(planned)[0]) == COLUMNS


def test_importing_all_keeps_what_officials_decided(planned: Store) -> None:
    override(planned, "P 1", "farmland", "no", **BOTH)
    import_all(WORKSPACE, planned)  # the settings name no layer at all
    assert planned.current("parcels") is None
    assert planned.current("overrides") is not None

"""Plots for sale in a real store: nothing is lost, nothing is deleted, and what is wrong says what to do."""

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geoplan.errors import InputError, NotFoundError
from geoplan.plots.offers import OFFER_COLUMNS
from layers.chain import plan
from layers.database import Database
from layers.importing import import_all
from layers.offering import add_list, all_offers, offer, plot_history, public_row
from layers.store import Store
from layers.workspace import Workspace

DAY = dt.date(2026, 3, 1)
WORKSPACE = Workspace.from_mapping(
    {"municipality": {"name": "Prov", "code": "9999"}, "rules": {"set": "sweden", "as_of": dt.date(2026, 1, 1)}}
)
BOTH: dict[str, Any] = {"reason": "Decided.", "official": "Anna", "day": DAY}
NASTY = "</script><img src=x onerror=alert(1)> {{ 7*7 }} '; DROP TABLE x; -- =HYPERLINK(1) \N{SNOWMAN}"


@pytest.fixture
def planned(store: Store) -> Store:
    """Twelve parcels in a row, two to a designation, the last with a hostile id."""
    boxes = [shapely.box(600_000 + n * 50, 6_800_000, 600_050 + n * 50, 6_800_040) for n in range(12)]
    names = [*(f"P {n}" for n in range(11)), NASTY]
    designations = [f"SKOBY {n // 2}:1" for n in range(12)]
    parcels = gpd.GeoDataFrame({"id": names, "designation": designations}, geometry=boxes, crs=3006)
    store.write("parcels", parcels)
    plan(WORKSPACE, store)
    return store


def statuses(store: Store, plot: str, day: dt.date = DAY) -> list[tuple[str, bool]]:
    return [(row["status"], row["stands"]) for row in plot_history(store, plot, day=day)]


def test_a_plot_is_reserved_and_keeps_its_terms(planned: Store) -> None:
    first = offer(planned, "P 1", "available", terms={"sale_form": "queue", "price_sek": 450_000}, **BOTH)
    assert first["before"] is None
    second = offer(planned, "P 1", "reserved", until=dt.date(2026, 4, 1), **BOTH)
    assert (second["sale_form"], second["price_sek"]) == ("queue", 450_000)
    assert {name: value for name, value in first.items() if name != "before"} == second["before"]
    third = offer(planned, "P 1", "sold", terms={"price_sek": None, "price_kind": "auction"}, **BOTH)
    assert (third["sale_form"], third["price_sek"], third["price_kind"]) == ("queue", None, "auction")
    assert statuses(planned, "P 1") == [("available", False), ("reserved", False), ("sold", True)]
    assert [version.feature_count for version in planned.versions("plot_offers")] == [1, 2, 3]
    assert list(all_offers(planned)[0]) == list(OFFER_COLUMNS)


def test_a_parcel_is_named_by_its_designation(planned: Store) -> None:
    offer(planned, "skoby  1:1", "available", **BOTH)
    for plot in ("P 2", "P 3"):
        assert statuses(planned, plot) == [("available", True)]
    assert statuses(planned, "P 4") == []
    assert statuses(planned, "SKOBY 1:1") == [("available", True)]


def test_taking_back_needs_something_that_stands(planned: Store) -> None:
    with pytest.raises(InputError, match="nothing on P 1 to take back"):
        offer(planned, "P 1", "computed", **BOTH)
    offer(planned, "P 1", "sold", **BOTH)
    offer(planned, "P 1", "computed", **BOTH)
    assert statuses(planned, "P 1") == [("sold", False), ("computed", True)]
    with pytest.raises(InputError, match="nothing on P 1 to take back"):
        offer(planned, "P 1", "computed", **BOTH)
    assert offer(planned, "P 1", "available", **BOTH)["sale_form"] is None


def test_hostile_texts_are_kept_as_they_are_and_not_for_everybody(planned: Store) -> None:
    given = BOTH | {"reason": NASTY, "official": NASTY}
    offer(planned, NASTY, "reserved", source=NASTY, terms={"tenure": NASTY[:200]}, **given)
    (row,) = plot_history(planned, NASTY, day=DAY)
    assert (row["plot"], row["reason"], row["official"], row["source"]) == (NASTY,) * 4
    public = public_row(row)
    assert not {"reason", "official", "source"} & set(public)
    assert public["stands"]


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"plot": "P 99"}, NotFoundError, "no plot or parcel 'P 99'.*Did you mean P 9"),
        ({"plot": "Ö\x00\udcff"}, InputError, "no name that can be kept"),
        ({"plot": "'; DROP TABLE geoplan.feature; --"}, NotFoundError, "geoplan export plots"),
        ({"plot": ""}, InputError, "no name"),
        ({"status": "maybe"}, InputError, "'maybe' is no status.*available, reserved"),
        ({"status": ""}, InputError, "status is empty"),
        ({"reason": " \n "}, InputError, "reason is empty"),
        ({"reason": "x" * 2_001}, InputError, "2001 characters"),
        ({"reason": "\x1b[2J"}, InputError, "control character"),
        ({"official": ""}, InputError, "official is empty"),
        ({"official": "\u202eeve"}, InputError, "control character"),
        ({"terms": {"sale_form": "raffle"}}, InputError, "'raffle' is no sale_form"),
        ({"terms": {"price_kind": "high"}}, InputError, "'high' is no price_kind"),
        ({"terms": {"price_sek": -1}}, InputError, "-1 is no price"),
        ({"terms": {"price_sek": float("nan")}}, InputError, "no price"),
        ({"terms": {"price_sek": float("inf")}}, InputError, "no price"),
        ({"terms": {"price_sek": "dear"}}, InputError, "'dear' is no price"),
        ({"terms": {"tenure": "a\x00b"}}, InputError, "control character"),
        ({"from_date": DAY, "until": DAY - dt.timedelta(1)}, InputError, "before it begins"),
    ],
)
def test_what_cannot_be_said_says_what_to_do(
    planned: Store, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {"plot": "P 1", "status": "available", **BOTH} | asked
    with pytest.raises(error, match=message):
        offer(planned, given.pop("plot"), given.pop("status"), **given)
    assert planned.current("plot_offers") is None


def test_nothing_computed_yet_says_so(store: Store) -> None:
    with pytest.raises(NotFoundError, match="geoplan plan"):
        offer(store, "P 1", "sold", **BOTH)


def test_a_plot_that_is_gone_keeps_its_history(planned: Store) -> None:
    offer(planned, "P 9", "sold", **BOTH)
    planned.write("parcels", planned.read("parcels").iloc[:5])
    plan(WORKSPACE, planned)
    assert statuses(planned, "P 9") == [("sold", True)]
    with pytest.raises(NotFoundError, match="P 10"):
        plot_history(planned, "P 10")


def test_officials_at_the_same_time_lose_nothing(planned: Store, database: Database) -> None:
    """More threads than the engine has connections, and processes besides; each sees what stood before it."""
    program = (
        "import sys; import sqlalchemy as sa; from layers.store import Store; from layers.offering import offer\n"
        "store = Store(sa.create_engine(sys.argv[1]), crs=3006)\n"
        "for n in range(4): offer(store, 'P 1', 'reserved', reason=f'{sys.argv[2]} {n}', official='other')"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", program, database.url, str(number)], cwd=Path(__file__).parents[2])
        for number in range(2)
    ]

    def say(number: int) -> dict[str, Any]:
        return offer(planned, "P 1", "reserved", reason=f"Number {number}.", official=f"Official {number}")

    with ThreadPoolExecutor(24) as threads:
        told = list(threads.map(say, range(40)))
    assert [other.wait(60) for other in others] == [0, 0]
    rows = all_offers(planned)
    assert len(rows) == 48
    assert {f"Number {number}." for number in range(40)} <= {row["reason"] for row in rows}
    assert sum(row["stands"] for row in plot_history(planned, "P 1")) == 1
    assert [version.feature_count for version in planned.versions("plot_offers")] == list(range(1, 49))
    before = {rows[n]["reason"]: rows[n - 1]["reason"] if n else None for n in range(48)}
    for row in told:
        assert (row["before"] or {}).get("reason") == before[row["reason"]]


def test_a_list_is_added_once_however_often_it_is_given(planned: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("﻿plot;status;price_sek;sale_form\nP 1;available;450000;queue\nB 9;sold;;\n", encoding="utf-8")
    assert add_list(planned, path, official="Anna", day=DAY).added == 2
    again = add_list(planned, path, official="Bo")
    assert (again.added, again.passed_over) == (0, ((2, "P 1"), (3, "B 9")))
    path.write_text("plot,status,date\nP 1,sold,2026-02-02\n", encoding="utf-8")
    assert add_list(planned, path, official="Bo").added == 1
    rows = all_offers(planned)
    assert [(row["plot"], row["status"], row["official"]) for row in rows] == [
        ("P 1", "available", "Anna"),
        ("B 9", "sold", "Anna"),
        ("P 1", "sold", "Bo"),
    ]
    assert [row["date"] for row in rows] == ["2026-03-01", "2026-03-01", "2026-02-02"]
    assert rows[0]["price_sek"] == 450_000


def test_a_plot_that_was_sold_is_listed_again(planned: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("plot,status\nP 1,available\nSKOBY 1:1,available\n", encoding="utf-8")
    add_list(planned, path, official="Anna", day=DAY)
    offer(planned, "P 1", "sold", **BOTH)
    offer(planned, "P 2", "sold", **BOTH)
    path.write_text("plot,status\np  1,available\nskoby 1:1,available\n", encoding="utf-8")
    outcome = add_list(planned, path, official="Bo", day=DAY)
    # Nobody has said anything new of the parcel, so that its sold plot stays sold.
    assert (outcome.added, outcome.passed_over) == (1, ((3, "skoby 1:1"),))
    assert statuses(planned, "P 1") == [("available", False), ("sold", False), ("available", True)]
    assert statuses(planned, "P 2") == [("available", False), ("sold", True)]


def test_a_list_that_tells_a_plots_history_may_grow(planned: Store, tmp_path: Path) -> None:
    path, said = tmp_path / "list.csv", ["available", "reserved", "available"]
    for count in (1, 2, 2, 3, 3):
        path.write_text("plot,status\n" + "".join(f"P 1,{status}\n" for status in said[:count]), encoding="utf-8")
        add_list(planned, path, official="Anna", day=DAY)
    assert [status for status, _ in statuses(planned, "P 1")] == said


def test_a_row_of_a_day_is_not_told_anew(planned: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("plot,status,date\nP 1,available,2026-01-02\n", encoding="utf-8")
    assert add_list(planned, path, official="Anna").added == 1
    offer(planned, "P 1", "sold", **BOTH)
    assert add_list(planned, path, official="Anna").passed_over == ((2, "P 1"),)
    assert statuses(planned, "P 1")[-1] == ("sold", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plot\nP 1\n", "no column status"),
        ("plot,status,colour\nP 1,sold,red\n", "unknown column 'colour'"),
        ("plot,status\nP 1,sold\nP 2,maybe\n", "line 3: 'maybe' is no status"),
        ("plot,status\nP 1,sold,more\n", "line 2: more values"),
        ("plot,status,until\nP 1,sold,tomorrow\n", "line 2: 'tomorrow' is no day"),
        ("plot,status\n,sold\n", "line 2: The plot has no name"),
        (b"plot,status\n\xff,sold\n", "not UTF-8"),
        ("", "no column plot, status"),
        (None, "cannot be read"),
    ],
)
def test_a_list_that_is_wrong_adds_nothing(
    planned: Store, tmp_path: Path, text: str | bytes | None, message: str
) -> None:
    path = tmp_path / "list.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=message):
        add_list(planned, path, official="Anna")
    assert planned.current("plot_offers") is None


def test_a_list_fed_from_a_file_is_kept_there(planned: Store) -> None:
    rows = pd.DataFrame([{"plot": "P 1", "status": "available"}])
    planned.write("plot_offers", rows, source={"files": [{"path": "data/plots.csv"}]}, key=None)
    with pytest.raises(InputError, match=r"comes from data/plots\.csv"):
        offer(planned, "P 1", "sold", **BOTH)
    assert statuses(planned, "P 1") == [("available", True)]


def test_importing_all_keeps_what_officials_said(planned: Store) -> None:
    offer(planned, "P 1", "sold", **BOTH)
    import_all(WORKSPACE, planned)
    assert planned.current("parcels") is None
    assert planned.current("plot_offers") is not None

"""No small count of an area is shown, and none follows from those that are."""

from __future__ import annotations

from typing import Any

from geoplan.report.publishing import publishable


def vacant(area: str, period: str, homes: float, tenure: str = "rental") -> dict[str, Any]:
    id_ = f"dwelling_stock/{area}/multi/{tenure}/{period}/vacant_to_let"
    return {"id": id_, "kind": "vacant_in_use", "area": area, "homes": homes}


def test_vacant_homes_are_shown_without_their_period_and_never_singly() -> None:
    rows = [
        {"id": "plots/1", "kind": "empty_plot", "area": "A", "homes": 1.0},
        vacant("A", "1961-1970", 4.0),
        vacant("A", "1971-1980", 3.0),
        vacant("B", "1961-1970", 1.0),
        vacant("B", "1961-1970", 9.0, tenure="tenant_owned"),
        vacant("B", "1961-1970", 20.0, tenure="owned"),
    ]
    for name in ("supply", "supply_left_out"):
        shown = {row["id"]: row["homes"] for row in publishable(name, rows, smallest=5)}
        assert shown == {
            "plots/1": 1.0,
            "dwelling_stock/A/multi/rental/vacant_to_let": 7.0,
            "dwelling_stock/B/multi/rental/vacant_to_let": None,
            # Hidden too: the need tells the sum of the area, and the one would follow from it.
            "dwelling_stock/B/multi/tenant_owned/vacant_to_let": None,
            "dwelling_stock/B/multi/owned/vacant_to_let": 20.0,
        }
    assert [row["homes"] for row in rows] == [1.0, 4.0, 3.0, 1.0, 9.0, 20.0]


def test_small_groups_are_shown_for_the_whole_alone() -> None:
    rows = [
        {"group": "young", "area": area, "households": n}
        for area, n in (("A", 4.0), ("B", 5.0), ("C", 0.0), ("*", 3.0))
    ]
    shown = publishable("households_by_group", rows, smallest=5)
    assert [row["households"] for row in shown] == [None, 5.0, 0.0, 3.0]
    assert publishable("need", rows, smallest=5) == rows

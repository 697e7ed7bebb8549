"""Which plots can be had: the last row in force counts, and none is ever lost."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError
from geoplan.plots.offers import (
    APPLIED_COLUMNS,
    OFFER_COLUMNS,
    PUBLIC_COLUMNS,
    apply_offers,
    history_of_plots,
    offer_notes,
    status_history,
)

DAY = dt.date(2026, 3, 1)
HOSTILE = "</script><img src=x>'; DROP TABLE x; --"
PLOTS = pd.DataFrame(
    {
        "id": ["A 1:1", "A 1:2-1", "A 1:2-2", HOSTILE],
        "parcel": ["A 1:1", "A 1:2", "A 1:2", HOSTILE],
        "designation": ["SKOBY A 1:1", "SKOBY A 1:2", "SKOBY A 1:2", None],
        "status": ["unknown", "private", "private", "unknown"],
    },
    index=[7, 3, 9, 1],
)


def rows(*told: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{"status": "available"} | row for row in told], columns=list(OFFER_COLUMNS), dtype=object)


def statuses(*told: dict[str, object], day: dt.date = DAY) -> list[str]:
    return apply_offers(PLOTS, rows(*told), as_of=day)["status"].tolist()


def test_without_rows_the_default_stands() -> None:
    for offers in (None, rows()):
        told = apply_offers(PLOTS, offers, as_of=DAY)
        assert told["status"].tolist() == PLOTS["status"].tolist()
        assert set(told["sale_form"]) == set(told["price_kind"]) == {"unknown"}
        assert set(told["offer_basis"]) == {"default"}
        assert told["price_sek"].isna().all()
        assert told.index.tolist() == PLOTS.index.tolist()
    assert "sale_form" not in PLOTS


def test_the_last_row_counts_and_one_for_a_parcel_holds_for_all_its_plots() -> None:
    assert statuses({"plot": "A 1:2"}) == ["unknown", "available", "available", "unknown"]
    assert statuses({"plot": "A 1:2"}, {"plot": "A 1:2-2", "status": "sold"})[1:3] == ["available", "sold"]
    assert statuses({"plot": "A 1:2-2", "status": "sold"}, {"plot": "A 1:2"})[1:3] == ["available", "available"]
    assert statuses({"plot": "  skoby  a 1:2 "})[1:3] == ["available", "available"]
    assert statuses({"plot": HOSTILE})[3] == "available"


def test_what_a_row_tells_stands_in_the_plot() -> None:
    row = {
        "plot": "A 1:1",
        "status": "reserved",
        "sale_form": "queue",
        "price_sek": 450_000,
        "price_kind": "valuation",
        "tenure": "freehold",
        "from_date": "2026-02-01",
        "until": "2026-03-31",
        "date": "2026-01-30",
        "official": "Anna",
        "reason": "for Bo Ek",
    }
    told = apply_offers(PLOTS, rows(row), as_of=DAY)
    assert told.loc[7, list(APPLIED_COLUMNS)].to_dict() == {
        "status": "reserved",
        "sale_form": "queue",
        "price_sek": 450_000.0,
        "price_kind": "valuation",
        "tenure": "freehold",
        "status_date": "2026-02-01",
        "status_until": "2026-03-31",
        "offer_basis": "offer",
        "default_status": "unknown",
    }
    assert "Bo Ek" not in told.to_csv()
    bare = apply_offers(PLOTS, rows({"plot": "A 1:1", "date": "2026-01-30"}), as_of=DAY)
    assert bare.loc[7, "status_date"] == "2026-01-30"
    assert pd.isna(bare.loc[7, "price_sek"])


def test_a_reservation_ends_by_itself_and_a_later_row_waits() -> None:
    told = ({"plot": "A 1:1"}, {"plot": "A 1:1", "status": "reserved", "until": "2026-03-01"})
    assert statuses(*told)[0] == "reserved"
    assert statuses(*told, day=dt.date(2026, 3, 2))[0] == "available"
    later = {"plot": "A 1:1", "status": "sold", "from_date": "2026-03-02"}
    assert statuses({"plot": "A 1:1"}, later)[0] == "available"
    assert statuses({"plot": "A 1:1"}, later, day=dt.date(2026, 3, 2))[0] == "sold"


def test_computed_takes_back_and_a_second_call_writes_anew() -> None:
    sold = rows({"plot": "A 1:1", "status": "sold"})
    back = rows({"plot": "A 1:1", "status": "sold"}, {"plot": "A 1:1", "status": "computed"})
    once = apply_offers(PLOTS, sold, as_of=DAY)
    again = apply_offers(once, back, as_of=DAY)
    assert (once.loc[7, "status"], again.loc[7, "status"], again.loc[7, "offer_basis"]) == (
        "sold",
        "unknown",
        "default",
    )
    pd.testing.assert_frame_equal(again, apply_offers(PLOTS, back, as_of=DAY))
    pd.testing.assert_frame_equal(once, apply_offers(once, sold, as_of=DAY))


def test_names_that_are_no_plot_are_told_and_kept() -> None:
    offers = rows(
        {"plot": "B 9:9"}, {"plot": "A 1:1", "from_date": "2027-01-01"}, *[{"plot": f"C {n}"} for n in range(7)]
    )
    named, later = offer_notes(PLOTS, offers, as_of=DAY)
    assert "names that are no plot here (8): B 9:9, C 0" in named.en
    assert "(8)" in named.sv
    assert "rows that hold only after 2026-03-01 (1)" in later.en
    assert offer_notes(PLOTS, rows({"plot": "A 1:1"}), as_of=DAY) == ()
    told = history_of_plots(PLOTS, offers)
    assert told["plot"].tolist() == offers["plot"].tolist()
    assert told["plot_id"].tolist() == [None, "A 1:1", *[None] * 7]


def test_the_history_of_a_plot_has_its_parcel_s_rows() -> None:
    offers = rows(
        {"plot": "A 1:2"},
        {"plot": "A 1:2-1", "status": "reserved", "until": "2026-02-01"},
        {"plot": "A 1:1", "status": "sold"},
    )
    plot = {"id": "A 1:2-1", "parcel": "A 1:2", "designation": "SKOBY A 1:2"}
    told = status_history(offers, plot, as_of=DAY)
    assert told[["status", "stands"]].to_numpy().tolist() == [["available", True], ["reserved", False]]
    assert status_history(offers, plot)["stands"].tolist() == [False, True]
    assert status_history(offers, "A 1:2-2").empty
    assert status_history(None, plot).empty
    assert list(told.columns) == [*OFFER_COLUMNS, "stands"]


def test_a_row_for_a_parcel_is_told_for_each_plot_once() -> None:
    told = history_of_plots(PLOTS, rows({"plot": "A 1:2"}, {"plot": "A 1:1"}))
    assert told["plot_id"].tolist() == ["A 1:2-1", "A 1:2-2", "A 1:1"]
    assert list(told.columns) == ["plot_id", *PUBLIC_COLUMNS]
    assert history_of_plots(PLOTS, None).empty


def test_missing_columns_are_named() -> None:
    with pytest.raises(FrameError, match="status"):
        apply_offers(PLOTS, pd.DataFrame({"plot": ["x"]}), as_of=DAY)
    with pytest.raises(FrameError, match="parcel"):
        apply_offers(PLOTS[["id", "status"]], None, as_of=DAY)


NAMES = st.sampled_from(["A 1:1", "A 1:2", "A 1:2-1", "skoby a 1:1", "SKOBY A 1:2", "B 1"])
DATES = st.none() | st.dates(dt.date(2026, 2, 25), dt.date(2026, 3, 5)).map(dt.date.isoformat)
ROWS = st.fixed_dictionaries(
    {
        "plot": NAMES,
        "status": st.sampled_from(["available", "reserved", "sold", "computed"]),
        "from_date": DATES,
        "until": DATES,
    }
)


@settings(deadline=None, max_examples=200)
@given(st.lists(ROWS, max_size=8))
def test_what_counts_is_the_row_that_stands_in_the_history(told: list[dict[str, object]]) -> None:
    """Read row by row, as a clerk would, it comes to the same; and every row is in a history or told as no plot."""
    offers = rows(*told)
    applied = apply_offers(PLOTS, offers, as_of=DAY)
    day = DAY.isoformat()
    for plot in applied.to_dict("records"):
        names = {str(plot[name]).casefold() for name in ("id", "parcel", "designation")}
        status = plot["default_status"]
        for row in told:
            begun = row["from_date"] is None or str(row["from_date"]) <= day
            over = row["until"] is not None and str(row["until"]) < day
            if str(row["plot"]).casefold() in names and begun and not over:
                status = plot["default_status"] if row["status"] == "computed" else row["status"]
        assert plot["status"] == status
        history = status_history(offers, plot, as_of=DAY)
        assert history["stands"].sum() <= 1
    whole = history_of_plots(PLOTS, offers)
    assert len(whole.drop(columns="plot_id")) >= len(offers)
    assert set(whole["plot"]) == {str(row["plot"]) for row in told}
    unrelated = apply_offers(PLOTS.iloc[:1], offers, as_of=DAY)
    assert unrelated["status"].iloc[0] == applied["status"].iloc[0]

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.account import GAINS, LOSSES, STAGES, check_account, redivide, supply_account, supply_totals
from geoplan.homes.sources import SOURCE_COLUMNS
from geoplan.homes.stock import stock_table

PLOTS = pd.DataFrame(
    {
        "id": ["1", "2-1", "2-2", "3"],
        "parcel": ["1", "2", "2", "3"],
        "kind": ["vacant_parcel", "subdivided", "subdivided", "vacant_parcel"],
        "area": ["A", "A", "A", None],
        "homes": [1, 1, 1, 2],
        "plan_homes": ["allowed", "none", "none", "allowed"],
    }
)
GAPS = pd.DataFrame(
    {"parcel": ["1", "5", "6"], "kind": ["gap", "gap", "partly_used"], "dwellings_remaining": [1, 2, 0]}
)
ACTIONS = pd.DataFrame(
    [
        {"id": "F1", "action": "densify", "parcel": "3", "net_dwellings": 4, "status": "decided"},
        {"id": "F2", "action": "demolish", "parcel": "7", "net_dwellings": -6},
        {"id": "F3", "action": "reuse_plot", "parcel": "7", "net_dwellings": 2, "year": 2030},
        {
            "id": "F4",
            "action": "convert",
            "parcel": "8",
            "net_dwellings": 3,
            "from_type": "leisure",
            "type": "one_or_two",
        },
        {"id": "F5", "action": "convert", "parcel": "9", "net_dwellings": 2, "type": "leisure", "from_type": "multi"},
        {"id": "F6", "action": "renovate", "parcel": "10", "net_dwellings": -1},
        {"id": "F7", "action": "convert", "parcel": "11", "net_dwellings": -5, "status": "under_way"},
        {"id": "F8", "action": "keep", "parcel": "12", "net_dwellings": 0},
        {"id": "F9", "action": "densify", "parcel": "5", "net_dwellings": 9, "status": "cancelled"},
        {"id": "F10", "action": "convert", "parcel": "13", "net_dwellings": 9, "from_type": "multi", "type": "special"},
    ]
).assign(area="A")
ACTIONS["year"] = ACTIONS["year"].fillna(2028)
STOCK = stock_table(
    pd.DataFrame(
        {
            "area": ["A", "A"],
            "type": ["multi", "leisure"],
            "tenure": ["rental", None],
            "dwellings": [50, 9],
            "vacant": [9, 3],
            "vacant_to_let": [4, 3],
            "vacant_repair": [2, 0],
            "vacant_demolition": [1, 0],
        }
    )
)


def test_every_source_stands_once_with_its_kind_and_stage() -> None:
    account = supply_account(plots=PLOTS, gaps=GAPS, actions=ACTIONS, stock=STOCK, released={"2-2": 2029})
    table = account.table
    assert tuple(table.columns) == SOURCE_COLUMNS
    found = {row["id"]: (row["kind"], row["stage"], row["homes"]) for row in table.to_dict("records")}
    assert found == {
        "plots/1": ("empty_plot", "planned", 1),
        "plots/2-1": ("empty_plot", "possible", 1),
        "plots/2-2": ("empty_plot", "decided", 1),
        "gaps/5": ("empty_plot", "planned", 2),
        "renewal_actions/F1": ("infill", "decided", 4),
        "renewal_actions/F2": ("demolition", "planned", -6),
        "renewal_actions/F3": ("empty_plot", "planned", 2),
        "renewal_actions/F4": ("leisure_to_permanent", "planned", 3),
        "renewal_actions/F5": ("permanent_to_leisure", "planned", -2),
        "renewal_actions/F6": ("merge", "planned", -1),
        "renewal_actions/F7": ("conversion_away", "under_way", -5),
        "dwelling_stock/A/multi/rental/unknown/vacant_to_let": ("vacant_in_use", "ready", 4),
        "dwelling_stock/A/multi/rental/unknown/vacant_repair": ("vacant_in_use", "possible", 2),
        "dwelling_stock/A/multi/rental/unknown/vacant_unknown": ("vacant_in_use", "possible", 2),
    }
    left = account.left_out.set_index("id")
    assert left["reason"].to_dict() == {
        "plots/3": "stands_as_action",
        "gaps/1": "stands_as_plot",
        "gaps/6": "no_homes",
        "renewal_actions/F8": "no_homes",
        "renewal_actions/F9": "cancelled",
        "renewal_actions/F10": "no_homes",
        "dwelling_stock/A/multi/rental/unknown/vacant_demolition": "vacant_demolition",
    }
    assert left.loc["plots/3", "stands_as"] == "renewal_actions/F1"
    assert left.loc["gaps/1", "stands_as"] == "plots/1"
    assert left.loc["renewal_actions/F8", ["kind", "stands_as"]].tolist() == ["none", None]
    assert table.set_index("id").loc["renewal_actions/F3", "year"] == 2030
    assert (str(table["homes"].dtype), str(table["year"].dtype)) == ("float64", "Int64")
    # The need takes vacant dwellings off already.
    totals = supply_totals(table, ["counts_in"]).set_index("counts_in")["homes"]
    assert totals.to_dict() == {"need": 8, "supply": 1 + 1 + 1 + 2 + 4 - 6 + 2 + 3 - 2 - 1 - 5}


def test_rows_are_in_the_account_or_left_out_and_nowhere_else() -> None:
    account = supply_account(plots=PLOTS, gaps=GAPS, actions=ACTIONS, stock=STOCK)
    ids = [*account.table["id"], *account.left_out["id"]]
    assert len(ids) == len(set(ids)) == len(PLOTS) + len(GAPS) + len(ACTIONS) + 4


def test_nothing_is_no_source() -> None:
    account = supply_account()
    assert account.table.empty
    assert account.left_out.empty
    assert account.table["homes"].dtype == "float64"
    assert supply_totals(account.table).empty


def row(id_: str, **changes: Any) -> dict[str, Any]:
    given = {"id": id_, "kind": "empty_plot", "stage": "planned", "homes": 1.0, "parents": [], "source": "plots"}
    return dict.fromkeys(SOURCE_COLUMNS) | given | changes


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("a"), row("a")], "a stands twice"),
        ([row("a"), row("b", parents=["a"])], "b stands beside what it came from"),
        ([row("a", parcel="P"), row("b", parcel="P", source="gaps")], "b claims land that another layer claims too"),
        ([row("a", kind="castle")], "a is of no known kind"),
        ([row("a", stage="soon")], "a is in no known stage"),
        ([row("a", homes=-1.0)], "a has homes of the wrong sign"),
        ([row("a", kind="demolition")], "a has homes of the wrong sign"),
    ],
)
def test_what_counts_wrongly_is_told_with_its_id(rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(InputError) as caught:
        check_account(pd.DataFrame(rows))
    assert told in str(caught.value)


def test_a_plot_and_its_parts_cannot_both_stand() -> None:
    both = pd.concat([PLOTS, PLOTS.iloc[[1]].assign(id="2")], ignore_index=True)
    with pytest.raises(InputError, match="plots/2-1 stands beside what it came from"):
        supply_account(plots=both)


def test_lineage_goes_through_splits_and_merges() -> None:
    table = pd.DataFrame([row("a", homes=3.0), row("b"), row("c")])
    split = redivide(table, ["a"], pd.DataFrame([row("a1", homes=1.0), row("a2", homes=2.0)]))
    assert split["id"].tolist() == ["a1", "a2", "b", "c"]
    merged = redivide(split, ["a2", "b"], pd.DataFrame([row("d", homes=3.0)]))
    assert merged.set_index("id").loc["d", "parents"] == ["a", "a2", "b"]
    assert merged["homes"].sum() == table["homes"].sum()
    with pytest.raises(InputError, match="has no a2"):
        redivide(merged, ["a2"], pd.DataFrame([row("e")]))
    with pytest.raises(InputError, match="a may not come from itself"):
        redivide(merged, ["d"], pd.DataFrame([row("a")]))
    # What was split long ago cannot come back beside its parts.
    with pytest.raises(InputError, match="a1 stands beside what it came from; d stands beside"):
        check_account(pd.concat([merged, pd.DataFrame([row("a")])], ignore_index=True))


def test_missing_columns_are_told() -> None:
    with pytest.raises(FrameError, match="missing columns"):
        check_account(pd.DataFrame({"id": ["a"]}))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("PQRS"), st.integers(0, 3), st.sampled_from(["gap", "partly_used"])),
        max_size=6,
        unique_by=lambda x: x[0],
    ),
    st.lists(st.tuples(st.sampled_from("PQRS"), st.integers(0, 3)), max_size=4, unique_by=lambda x: x[0]),
    st.lists(
        st.tuples(st.sampled_from("PQRS"), st.sampled_from(["densify", "reuse_plot", "demolish"]), st.integers(0, 3)),
        max_size=6,
        unique_by=lambda x: x[:2],
    ),
    st.randoms(use_true_random=False),
)
def test_no_land_is_counted_twice_and_the_order_of_rows_is_nothing(
    gaps: list[Any], plots: list[Any], actions: list[Any], random: Any
) -> None:
    gap_rows = pd.DataFrame(gaps, columns=["parcel", "dwellings_remaining", "kind"])
    plot_rows = pd.DataFrame(plots, columns=["parcel", "homes"]).assign(
        kind="vacant_parcel", area="A", plan_homes="allowed"
    )
    plot_rows["id"] = plot_rows["parcel"]
    action_rows = pd.DataFrame(actions, columns=["parcel", "action", "amount"]).assign(area="A", year=2030)
    action_rows["id"] = [f"F{n}" for n in range(len(actions))]
    action_rows["net_dwellings"] = action_rows["amount"].where(
        action_rows["action"].ne("demolish"), -action_rows["amount"]
    )
    account = supply_account(plots=plot_rows, gaps=gap_rows, actions=action_rows)
    check_account(account.table)
    assert len(account.table) + len(account.left_out) == len(gaps) + len(plots) + len(actions)
    land = account.table[account.table["kind"].isin(["empty_plot", "infill"])]
    assert (land.groupby("parcel")["source"].nunique() <= 1).all()
    assert set(account.table["kind"]) <= {*GAINS, *LOSSES}
    assert set(account.table["stage"]) <= set(STAGES)

    def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
        order = list(range(len(frame)))
        random.shuffle(order)
        return frame.iloc[order]

    again = supply_account(plots=shuffled(plot_rows), gaps=shuffled(gap_rows), actions=shuffled(action_rows))
    pd.testing.assert_frame_equal(again.table, account.table)
    pd.testing.assert_frame_equal(again.left_out, account.left_out)


def test_what_was_done_by_the_base_year_is_in_the_stock_and_holds_no_land() -> None:
    done = pd.DataFrame(
        [
            ("D1", "densify", "1", 2020, 4, "done"),
            ("D2", "demolish", "7", 2025, -3, "done"),
            ("D3", "densify", "8", 2026, 2, "done"),
            ("D4", "densify", "9", 2020, 5, "decided"),
        ],
        columns=["id", "action", "parcel", "year", "net_dwellings", "status"],
    ).assign(area="A")
    account = supply_account(plots=PLOTS, actions=done, base_year=2025)
    reasons = account.left_out.set_index("id")["reason"]
    assert reasons.to_dict() == {"renewal_actions/D1": "in_stock", "renewal_actions/D2": "in_stock"}
    # What is late has not been done, and a plot beside what was done is still a plot.
    assert {"plots/1", "renewal_actions/D3", "renewal_actions/D4"} <= set(account.table["id"])
    # Without a stock to be in, what is done counts.
    assert "renewal_actions/D1" in set(supply_account(actions=done).table["id"])

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.balance.releasable import LEFT_OUT_COLUMNS, WHY_NOT, Releasable, releasable
from geoplan.homes.actions import RenewalStandards

STANDARDS = RenewalStandards(
    ("proposed", "decided", "under_way", "done"),
    {"vacant_parcel": "new", "gap": "new", "remainder": "reused", "partly_used": "reused"},
)
STAGES = ("planned", "decided", "under_way", "ready")


def plots(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {"kind": "vacant_parcel", "area": "a", "homes": 1, "lot_m2": 900.0, "plan_homes": "allowed"}
    plain |= {"status": "unknown", "cost_low": 1.0, "cost_high": 2.0}
    return pd.DataFrame([{"id": f"p{n}", "parcel": f"P{n}"} | plain | row for n, row in enumerate(rows)])


def gaps(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {"kind": "gap", "area": "a", "dwellings_remaining": 2.0, "buildable_m2": 800.0, "reasons_not": []}
    return pd.DataFrame([{"parcel": f"G{n}"} | plain | row for n, row in enumerate(rows)])


def actions(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {"area": "a", "action": "densify", "year": 2030, "net_dwellings": 2, "status": "proposed", "parcel": None}
    return pd.DataFrame([{"id": f"r{n}"} | plain | row for n, row in enumerate(rows)])


def sorted_out(table: pd.DataFrame, holes: Any = None, acts: Any = None, **more: Any) -> Releasable:
    parcels = [*table["parcel"], *([] if holes is None else holes["parcel"])]
    given_ = {"owner_kinds": dict.fromkeys(parcels, "municipality"), "owners": ("municipality",), "stages": STAGES}
    return releasable(table, holes, acts, standards=STANDARDS, **(given_ | more))


def why(found: Releasable) -> dict[str, str]:
    return dict(zip(found.left_out["id"], found.left_out["why"], strict=True))


def test_each_reason_is_named_and_no_other() -> None:
    table = plots(
        {},
        {"homes": 0},
        {"area": None},
        {},
        {"status": "sold"},
        {"plan_homes": "none"},
        {"area": "shut"},
        {"status": "available", "parcel": "OURS"},
    )
    owners = {f"P{n}": "municipality" for n in range(7)} | {"P3": "private"}
    found = sorted_out(table, owner_kinds=owners, closed=("shut",))
    assert why(found) == {
        "plots/p1": "no_homes",
        "plots/p2": "no_area",
        "plots/p3": "owner",
        "plots/p4": "status",
        "plots/p5": "stage",
        "plots/p6": "gate",
        "plots/p7": "owner_unknown",
    }
    assert found.measures["id"].tolist() == ["plots/p0"]
    assert set(found.left_out["why"]) <= set(WHY_NOT)
    assert tuple(found.left_out.columns) == LEFT_OUT_COLUMNS


def test_a_gap_is_a_measure_where_no_plot_stands_for_it() -> None:
    holes = gaps({}, {"parcel": "P0"}, {"kind": "unknown"}, {"reasons_not": ["no_road"]}, {"kind": "partly_used"})
    found = sorted_out(plots({}), holes, likely={"gaps/G0": 0.5})
    table = found.measures.set_index("id")
    assert list(table.index) == ["gaps/G0", "gaps/G4", "plots/p0"]
    assert table.at["gaps/G0", "kind"] == "gap"
    assert table["likely"].to_dict() == {"gaps/G0": 0.5, "gaps/G4": 2.0, "plots/p0": 1.0}
    assert table[["land_new_m2", "land_reused_m2"]].to_numpy().tolist() == [[800.0, 0.0], [0.0, 800.0], [900.0, 0.0]]
    assert why(found) == {"gaps/G3": "stage"}


def test_actions_that_are_open_are_measures_and_exclude_what_stands_on_their_land() -> None:
    acts = actions(
        {"parcel": "P0"},
        {"parcel": "P1", "status": "under_way"},
        {"status": "done"},
        {"status": "cancelled"},
        {"action": "keep", "net_dwellings": 0},
        {"action": "convert", "type": "multi", "from_type": "one_or_two"},
        {"action": "convert", "type": "multi", "from_type": "leisure", "status": None},
        {"area": "shut"},
        {"area": "shut", "action": "demolish", "net_dwellings": -1},
    )
    found = sorted_out(plots({}, {}, {}), None, acts, closed=("shut",))
    table = found.measures.set_index("id")
    assert table.at["plots/p0", "excludes"] == ("renewal_actions/r0",)
    assert table.at["renewal_actions/r0", "excludes"] == ("plots/p0",)
    assert set(table.index) == {"plots/p0", "plots/p2", *(f"renewal_actions/r{n}" for n in (0, 6, 8))}
    assert why(found) == {
        "plots/p1": "stands_as",
        "renewal_actions/r1": "begun",
        "renewal_actions/r2": "begun",
        "renewal_actions/r3": "cancelled",
        "renewal_actions/r4": "nothing_to_do",
        "renewal_actions/r5": "no_home_won",
        "renewal_actions/r7": "gate",
    }


def test_nothing_to_sort_gives_nothing() -> None:
    found = sorted_out(plots({}).iloc[:0], gaps({}).iloc[:0], actions({}).iloc[:0])
    assert found.measures.empty
    assert found.left_out.empty


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "homes": st.integers(0, 3),
                "status": st.sampled_from(["available", "unknown", "sold", "reserved", "private"]),
                "plan_homes": st.sampled_from(["allowed", "none", "prohibited"]),
                "area": st.sampled_from(["a", "b"]),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_all_are_there_once_whatever_the_order_of_rows(rows: list[dict[str, Any]], random: Any) -> None:
    table = plots(*rows)
    found = sorted_out(table, closed=("b",))
    ids = [*found.measures["id"], *found.left_out["id"]]
    assert sorted(ids) == sorted("plots/" + table["id"])
    order = list(range(len(table)))
    random.shuffle(order)
    again = sorted_out(table.iloc[order].reset_index(drop=True), closed=("b",))
    pd.testing.assert_frame_equal(found.measures, again.measures)
    pd.testing.assert_frame_equal(found.left_out, again.left_out)

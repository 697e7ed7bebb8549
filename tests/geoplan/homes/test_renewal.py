from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.actions import STATUSES, RenewalStandards, check_actions
from geoplan.homes.renewal import ACCOUNT_COLUMNS, apply_actions
from geoplan.homes.stock import FLOWS, check_identity

STOCK = pd.DataFrame(
    {
        "area": ["A", "A", "A", "A", "B"],
        "year": 2025,
        "type": ["multi", "multi", "one_or_two", "leisure", None],
        "tenure": ["rental", "tenant_owned", "owned", None, "rental"],
        "period": ["1951-1970", "1991-", None, None, None],
        "dwellings": [60, 20, 40, 30, 50],
    }
)
ALL = RenewalStandards(counted_statuses=STATUSES[:-1], land_kind={})


def actions(*rows: dict[str, Any]) -> pd.DataFrame:
    defaults = {"area": "A", "year": 2027, "net_dwellings": 0, "type": "multi", "tenure": "rental"}
    return pd.DataFrame([{"id": f"F{n}", **defaults, **row} for n, row in enumerate(rows)])


def closing(stock: pd.DataFrame, done: pd.DataFrame, year: int = 2030) -> dict[tuple[str, str, str], float]:
    table = apply_actions(stock, done, [year], base_year=2025, standards=ALL).table
    return table.set_index(["area", "type", "tenure"])["closing"].to_dict()


def test_each_action_changes_what_it_should() -> None:
    done = actions(
        {"action": "densify", "net_dwellings": 5},
        {"action": "reuse_plot", "net_dwellings": 2, "type": "one_or_two", "tenure": "owned"},
        {"action": "convert", "net_dwellings": 7, "object": "the old hospital"},
        {"action": "convert", "net_dwellings": -3, "object": "offices"},
        {"action": "renovate", "net_dwellings": -1, "object": "two made one"},
        {"action": "demolish", "net_dwellings": -10},
        {"action": "keep"},
        {"action": "sell"},
        {"action": "convert", "net_dwellings": 4, "type": "one_or_two", "from_type": "leisure", "tenure": "owned"},
        {"action": "convert", "net_dwellings": 1, "type": "leisure", "from_type": "one_or_two", "tenure": None},
        {"action": "convert", "net_dwellings": 6, "type": "special", "from_type": "multi", "object": "C"},
    )
    result = apply_actions(STOCK, done, [2026, 2030], base_year=2025, standards=ALL)
    table = result.table
    assert tuple(table.columns) == ACCOUNT_COLUMNS
    flows = table.groupby("type")[list(FLOWS)].sum()
    assert flows.loc["multi"].to_dict() == {
        "completed": 5,
        "converted": 7,
        "split": -1,
        "leisure": 0,
        "demolished": -10,
        "converted_away": -9,
    }
    assert flows.loc["special", "converted"] == 6
    assert flows.loc["one_or_two"].to_dict() == {
        "completed": 2,
        "converted": 0,
        "split": 0,
        "leisure": 3,
        "demolished": 0,
        "converted_away": 0,
    }
    assert flows.loc["leisure", "leisure"] == -3
    first = table[table["year"] == 2026]
    assert (first["opening"] == first["closing"]).all()
    assert table.loc[table["year"] == 2030, "closing"].sum() == 200 + 5 + 2 + 7 - 3 - 1 - 10


def test_what_is_cancelled_was_done_before_or_comes_later_changes_nothing() -> None:
    done = actions(
        {"action": "demolish", "net_dwellings": -10, "status": "cancelled"},
        {"action": "demolish", "net_dwellings": -10, "year": 2025, "status": "done"},
        {"action": "demolish", "net_dwellings": -10, "year": 2031},
    )
    assert sum(closing(STOCK, done).values()) == 200


def test_what_an_action_leaves_open_is_taken_in_proportion_but_never_from_leisure_homes() -> None:
    result = apply_actions(
        STOCK,
        actions({"action": "demolish", "net_dwellings": -12, "type": None, "tenure": None}),
        [2030],
        base_year=2025,
        standards=ALL,
    )
    found = result.table.set_index(["area", "type", "tenure"])["demolished"]
    assert found["A", "multi", "rental"] == -6
    assert found["A", "multi", "tenant_owned"] == -2
    assert found["A", "one_or_two", "owned"] == -4
    assert found["A", "leisure", "unknown"] == 0
    assert "proportion" in result.assumptions[0].en
    exact = actions({"action": "demolish", "net_dwellings": -12})
    assert apply_actions(STOCK, exact, [2030], base_year=2025, standards=ALL).assumptions == ()


def test_a_stock_that_does_not_say_what_it_is_gives_what_is_asked_of_it() -> None:
    done = actions({"action": "demolish", "net_dwellings": -5, "area": "B"})
    assert closing(STOCK, done)["B", "unknown", "rental"] == 45


def test_more_than_there_is_cannot_be_taken() -> None:
    done = actions(
        {"action": "demolish", "net_dwellings": -40}, {"action": "demolish", "net_dwellings": -30, "object": "x"}
    )
    with pytest.raises(
        InputError, match=r"Action F1 takes away 30 homes of A, multi, rental in 2027, and there are 20"
    ):
        apply_actions(STOCK, done, [2030], base_year=2025, standards=ALL)
    # What is built in a year is not demolished in the same.
    built = actions(
        {"action": "densify", "net_dwellings": 100}, {"action": "demolish", "net_dwellings": -61, "object": "y"}
    )
    with pytest.raises(InputError, match="there are 60"):
        apply_actions(STOCK, built, [2030], base_year=2025, standards=ALL)
    later = built.assign(year=[2027, 2028])
    assert closing(STOCK, later)["A", "multi", "rental"] == 99


@pytest.mark.parametrize("years", [[], [2025], [2030, 2027], [2027, 2027]])
def test_years_must_rise_after_the_base_year(years: list[int]) -> None:
    with pytest.raises(InputError, match="must rise"):
        apply_actions(STOCK, actions({"action": "keep"}), years, base_year=2025, standards=ALL)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"action": "burn"}, "the action is none of"),
        ({"action": "keep", "net_dwellings": 1}, "must be 0"),
        ({"action": "demolish", "net_dwellings": 3}, "write net_dwellings as a negative number"),
        ({"action": "densify", "net_dwellings": -3}, "may not be negative"),
        ({"action": "demolish", "net_dwellings": None}, "0 says that no home is won or lost"),
        ({"action": "densify", "net_dwellings": 1, "land_m2": 500}, "land needs a land_kind"),
        ({"action": "renovate", "cost_low": 5, "cost_high": 2, "currency": "SEK"}, "cost_low is above"),
        ({"action": "renovate", "cost_low": 5}, "needs a currency"),
        ({"action": "renovate", "from_type": "leisure"}, "only a conversion"),
        ({"action": "convert", "net_dwellings": 2, "type": "leisure"}, "needs both from_type and type"),
        ({"action": "convert", "net_dwellings": -2, "from_type": "special"}, "as a positive number"),
        ({"action": "keep", "status": "maybe"}, "the status is none of"),
    ],
)
def test_faults_of_actions_are_told_with_their_ids(row: dict[str, Any], told: str) -> None:
    with pytest.raises(FrameError) as caught:
        check_actions(actions({"action": "keep", "object": "other"}, row))
    assert f"F1: {caught.value.faults[0].split(': ', 1)[1]}" in caught.value.faults
    assert any(told in fault for fault in caught.value.faults)
    assert not any(fault.startswith("F0") for fault in caught.value.faults)


def test_the_same_action_twice_on_one_object_in_a_year_is_told() -> None:
    twice = actions({"action": "renovate", "parcel": "P"}, {"action": "renovate", "parcel": "P"})
    with pytest.raises(FrameError, match="F1: the same action is there twice"):
        check_actions(twice)
    check_actions(twice.assign(year=[2027, 2028]))
    check_actions(twice.assign(object=["house 1", "house 2"]))


def test_standards_are_checked() -> None:
    with pytest.raises(InputError, match="lack land_kind"):
        RenewalStandards.from_values({"counted_statuses": []})
    with pytest.raises(InputError, match="unknown values: maybe, gap = old"):
        RenewalStandards.from_values({"counted_statuses": ["maybe"], "land_kind": {"gap": "old"}})


one = st.fixed_dictionaries(
    {
        "area": st.sampled_from(["A", "B", "C"]),
        "action": st.sampled_from(["densify", "demolish", "convert", "renovate", "reuse_plot"]),
        "amount": st.integers(0, 6),
        "year": st.integers(2024, 2033),
        "type": st.sampled_from(["multi", "one_or_two", "special", None]),
        "tenure": st.sampled_from(["rental", "owned", None]),
        "status": st.sampled_from(STATUSES),
    }
)


@settings(deadline=None, max_examples=60)
@given(st.lists(one, max_size=10), st.randoms(use_true_random=False))
def test_the_stock_is_conserved_whatever_is_done(rows: list[dict[str, Any]], random: Any) -> None:
    done = (
        actions(
            *(
                {**row, "object": f"O{n}", "net_dwellings": row["amount"] * (-1 if row["action"] == "demolish" else 1)}
                for n, row in enumerate(rows)
            )
        )
        if rows
        else actions({"action": "keep"})
    )
    try:
        every = apply_actions(STOCK, done, list(range(2026, 2034)), base_year=2025, standards=ALL).table
    except InputError:
        # More was taken away than there is, which is another test's.
        return
    check_identity(every)
    counted = done[done["year"].between(2026, 2033) & done.get("status", pd.Series("done", done.index)).ne("cancelled")]
    last = every[every["year"] == 2033]
    assert last["closing"].sum() == pytest.approx(200 + counted["net_dwellings"].sum())
    # Told at fewer years it is the same, and so it is in another order of rows.
    ends = apply_actions(STOCK, done, [2033], base_year=2025, standards=ALL).table
    cells = ["area", "type", "tenure"]
    assert ends.set_index(cells)["closing"].to_dict() == pytest.approx(last.set_index(cells)["closing"].to_dict())
    order = list(range(len(done)))
    random.shuffle(order)
    again = apply_actions(STOCK, done.iloc[order], [2033], base_year=2025, standards=ALL).table
    pd.testing.assert_frame_equal(again, ends)


def test_the_demo_is_carried_on(standards: RenewalStandards) -> None:
    from layers.synthetic import generate

    small = generate(size="small")
    table = apply_actions(
        small["dwelling_stock"], small["renewal_actions"], [2030, 2035, 2040], base_year=2025, standards=standards
    ).table
    check_identity(table)
    net = small["renewal_actions"].query("status != 'cancelled' and from_type.isna()")["net_dwellings"].sum()
    base = small["dwelling_stock"]["dwellings"].sum()
    assert table.loc[table["year"] == 2040, "closing"].sum() == pytest.approx(base + net)

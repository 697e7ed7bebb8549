from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import FrameError, InputError
from geoplan.homes.actions import RenewalStandards
from geoplan.homes.ledger import LEDGER_COLUMNS, land_ledger, plots_taken

PLOTS = pd.DataFrame(
    {
        "id": ["1", "2", "3-1", "4"],
        "kind": ["vacant_parcel", "subdivided", "remainder", "vacant_parcel"],
        "area": ["A", "A", "B", None],
        "homes": [1, 2, 1, 1],
        "area_m2": [800.0, 900.0, 600.0, 700.0],
    }
)
ACTIONS = pd.DataFrame(
    [
        {
            "id": "F1",
            "action": "reuse_plot",
            "area": "A",
            "year": 2027,
            "net_dwellings": 4,
            "land_m2": 2000,
            "land_kind": "reused",
        },
        {"id": "F2", "action": "demolish", "area": "A", "year": 2026, "net_dwellings": -8, "land_m2": 2500},
        {"id": "F3", "action": "densify", "area": "B", "year": 2027, "net_dwellings": 6, "land_m2": None},
        {"id": "F4", "action": "densify", "area": "B", "year": 2027, "net_dwellings": 3, "land_m2": 0},
        {"id": "F5", "action": "convert", "area": "B", "year": 2027, "net_dwellings": 5},
        {
            "id": "F6",
            "action": "convert",
            "area": "B",
            "year": 2027,
            "net_dwellings": 2,
            "type": "one_or_two",
            "from_type": "leisure",
        },
        {
            "id": "F7",
            "action": "convert",
            "area": "B",
            "year": 2027,
            "net_dwellings": 9,
            "type": "special",
            "from_type": "multi",
            "object": "x",
        },
        {"id": "F8", "action": "densify", "area": "A", "year": 2027, "net_dwellings": 50, "status": "cancelled"},
    ]
)


def at(table: pd.DataFrame, year: int | None, area: str) -> dict[str, Any]:
    chosen = table["year"].isna() if year is None else table["year"].eq(year).fillna(False)
    (row,) = table[chosen & table["area"].eq(area)].to_dict("records")
    return row


def test_land_is_told_apart_by_year_and_area(standards: RenewalStandards) -> None:
    taken = plots_taken(PLOTS, {"1": 2027, "2": 2028, "3-1": 2027}, standards=standards)
    table = land_ledger(ACTIONS, taken, standards=standards)
    assert tuple(table.columns) == LEDGER_COLUMNS
    a = at(table, 2027, "A")
    assert (a["dwellings"], a["dwellings_new"], a["dwellings_reused"]) == (5, 1, 4)
    assert (a["new_ha"], a["reused_ha"]) == (pytest.approx(0.08), pytest.approx(0.2))
    assert a["ha_per_dwelling"] == pytest.approx(0.28 / 5)
    assert a["new_ha_per_dwelling"] == pytest.approx(0.08 / 5)
    assert a["reused_share"] == pytest.approx(0.2 / 0.28)
    b = at(table, 2027, "B")
    # One on the remainder; three, five and two on no land; six of whose land nobody says anything.
    assert (b["dwellings"], b["dwellings_reused"], b["dwellings_no_land"], b["dwellings_land_unknown"]) == (
        17,
        1,
        10,
        6,
    )
    assert b["ha_per_dwelling"] == pytest.approx(0.06 / 11)
    gone = at(table, 2026, "A")
    assert (gone["demolished"], gone["freed_ha"], gone["dwellings"]) == (8, 0.25, 0)
    assert pd.isna(gone["ha_per_dwelling"])
    assert pd.isna(gone["reused_share"])
    whole = at(table, None, "*")
    assert whole["new_ha"] == pytest.approx(0.17)
    assert whole["reused_ha"] == pytest.approx(0.26)


def test_years_and_areas_add_up(standards: RenewalStandards) -> None:
    taken = plots_taken(PLOTS, dict.fromkeys(PLOTS["id"], 2030), standards=standards)
    table = land_ledger(ACTIONS, taken, standards=standards)
    sums = list(LEDGER_COLUMNS[2:11])
    parts = table[table["area"].ne("*")]
    for year in [2026, 2027, 2030]:
        assert parts[parts["year"].eq(year)][sums].sum().to_dict() == pytest.approx(
            {name: at(table, year, "*")[name] for name in sums}
        )
    assert parts[parts["year"].isna()][sums].sum().to_dict() == pytest.approx(
        {name: at(table, None, "*")[name] for name in sums}
    )
    # A plot outside all areas is in no area, and in the whole.
    assert at(table, 2030, "")["new_ha"] == pytest.approx(0.07)


def test_the_lot_counts_where_it_is_known(standards: RenewalStandards) -> None:
    lots = PLOTS.assign(lot_m2=1_000.0)
    assert set(plots_taken(lots, {"1": 2027}, standards=standards)["land_m2"]) == {1_000.0}


def test_nothing_taken_is_an_empty_ledger(standards: RenewalStandards) -> None:
    table = land_ledger(None, None, standards=standards)
    assert tuple(table.columns) == LEDGER_COLUMNS
    assert len(table) == 0


def test_faults_are_told(standards: RenewalStandards) -> None:
    with pytest.raises(InputError, match="no plot 9 to build on"):
        plots_taken(PLOTS, {"9": 2027}, standards=standards)
    with pytest.raises(InputError, match="plots of kind island take new land"):
        plots_taken(PLOTS.assign(kind="island"), {"1": 2027}, standards=standards)
    with pytest.raises(FrameError, match="id is not unique"):
        plots_taken(PLOTS.assign(id="1"), {"1": 2027}, standards=standards)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(2026, 2030), st.integers(0, 9), st.floats(0, 1e5), st.booleans()),
        max_size=15,
    ),
    st.randoms(use_true_random=False),
)
def test_land_and_homes_are_conserved(rows: list[tuple[str, int, int, float, bool]], random: Any) -> None:
    names = ["area", "year", "dwellings", "land_m2", "new"]
    plots = pd.DataFrame(rows, columns=names)
    plots["id"] = [str(n) for n in range(len(plots))]
    plots["land_kind"] = plots["new"].map({True: "new", False: "reused"})
    standards = RenewalStandards(counted_statuses=(), land_kind={})
    table = land_ledger(None, plots, standards=standards)
    if not rows:
        assert table.empty
        return
    whole = at(table, None, "*")
    assert whole["new_ha"] + whole["reused_ha"] == pytest.approx(plots["land_m2"].sum() / 1e4)
    assert whole["dwellings"] == plots["dwellings"].sum()
    kinds = ["dwellings_new", "dwellings_reused", "dwellings_no_land", "dwellings_land_unknown"]
    assert sum(whole[kind] for kind in kinds) == whole["dwellings"]
    order = list(range(len(plots)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(land_ledger(None, plots.iloc[order], standards=standards), table)

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.balance import balance
from geoplan.places import UNASSIGNED


def needs(*rows: tuple[str, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area", "year", "need"]).assign(population=100, households=50)


def plots(*rows: tuple[str | None, int, str], plan_homes: str = "allowed") -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=["area", "homes", "status"]).assign(plan_homes=plan_homes)
    return gpd.GeoDataFrame(frame, geometry=[None] * len(rows))


def test_supply_minus_need_by_area_and_year() -> None:
    table = balance(
        plots(("a", 3, "available"), ("a", 2, "private"), (None, 1, "available")),
        needs(("a", 2030, 4), ("b", 2030, -2), ("a", 2035, 9), ("b", 2035, 0)),
        names={"a": "Norr"},
    )
    later = table[table["year"] == 2035].set_index("area")
    assert list(later.index) == ["a", "b", UNASSIGNED, "*"]
    assert later["supply_homes"].to_dict() == {"a": 5, "b": 0, UNASSIGNED: 1, "*": 6}
    assert later["supply_available"].to_dict() == {"a": 3, "b": 0, UNASSIGNED: 1, "*": 4}
    assert later["balance"].to_dict() == {"a": -4, "b": 0, UNASSIGNED: 1, "*": -3}
    assert later.loc["a", "area_name"] == "Norr"


def test_homes_outside_every_plan_stand_beside_the_supply_and_not_in_it() -> None:
    table = balance(plots(("a", 3, "available"), plan_homes="none"), needs(("a", 2030, 4))).set_index("area")
    assert table[["supply_homes", "supply_available", "supply_unplanned", "balance"]].loc["a"].tolist() == [0, 0, 3, -4]


def test_unknown_plots_are_not_no_plots() -> None:
    unknown = balance(None, needs(("a", 2030, 4)))
    assert unknown["supply_homes"].isna().all()
    assert unknown["balance"].isna().all()
    assert unknown.set_index("area")["need"].to_dict() == {"a": 4, "*": 4}
    none = balance(plots(), needs(("a", 2030, 4)))
    assert none.set_index("area")["balance"].to_dict() == {"a": -4, "*": -4}


def test_need_of_the_whole_alone_takes_all_plots() -> None:
    table = balance(plots(("a", 3, "private"), (None, 2, "private")), needs(("*", 2030, 4)))
    assert table["supply_homes"].tolist() == [5.0]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 9), st.sampled_from(["available", "sold"])),
        max_size=30,
    ),
    st.lists(st.integers(-50, 50), min_size=2, max_size=2),
)
def test_totals_are_conserved(rows: list[tuple[str | None, int, str]], need: list[int]) -> None:
    table = balance(plots(*rows), needs(("a", 2030, need[0]), ("b", 2030, need[1])))
    parts, whole = table[table["area"] != "*"], table[table["area"] == "*"].iloc[0]
    assert whole["supply_homes"] == parts["supply_homes"].sum() == sum(homes for _, homes, _ in rows)
    assert whole["need"] == parts["need"].sum() == sum(need)
    assert whole["balance"] == pytest.approx(parts["balance"].sum())
    assert whole["plots"] == len(rows)

"""Small municipalities that households choose homes in."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from geoplan.balance.allocation import Allocation, allocation
from geoplan.balance.choice import ChoiceStandards
from geoplan.balance.options import OPTION_COLUMNS
from geoplan.balance.seekers import CELL, Seekers

ASSUMPTIONS = Path(__file__).resolve().parents[3] / "layers" / "assumptions"


def assumptions(name: str) -> dict[str, object]:
    """The values of a file of assumptions."""
    tables = tomllib.loads((ASSUMPTIONS / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: table["value"] for key, table in tables.items() if key != "title"}


def standards(**changes: object) -> ChoiceStandards:
    return ChoiceStandards.from_values(assumptions("allocation") | changes)


def wishes(*rows: tuple[str, str, str, int], year: int = 2030) -> pd.DataFrame:
    """Area, group, dwelling type wanted, households."""
    table = pd.DataFrame(rows, columns=["area", "group", "dwelling_type", "households"])
    return table.assign(year=year, tenure="all", size="all")[["area", "year", "group", *CELL, "households"]]


def seeking(table: pd.DataFrame, homes: pd.DataFrame | None = None) -> Seekers:
    """Seekers of whom nothing but their wishes is told; what is freed is vacant."""
    sums = table.groupby(["area", "year"])["households"].sum()
    given = pd.DataFrame(columns=["area", "year", "kind", *CELL, "homes"]) if homes is None else homes
    there = given.groupby(["area", "year"])["homes"].sum()
    index = sums.index.union(there.index)
    parts = pd.DataFrame({"seekers": sums.reindex(index).fillna(0), "freed": there.reindex(index).fillna(0)})
    parts = parts.assign(vacant=0, reserve_short=0, lost=0, need=parts["seekers"] - parts["freed"])
    parts.index.names = ["area", "year"]
    given = given[["area", "year", "kind", *CELL, "homes"]]
    return Seekers(table, given.astype({"homes": "int64"}), parts.astype("int64").reset_index())


def homes(*rows: tuple[str, str, str, int], year: int = 2030, **columns: object) -> pd.DataFrame:
    """Area, source, dwelling type, homes."""
    table = pd.DataFrame(rows, columns=["area", "kind", "dwelling_type", "homes"])
    rest = {"year": year, "tenure": "unknown", "size": "unknown", "area_kind": "unknown", "cost": float("nan")}
    return table.assign(**rest | columns)[list(OPTION_COLUMNS)]


def pairs(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_area", "to_area", "minutes"])


def choose(asked: pd.DataFrame, offered: pd.DataFrame, **options: object) -> Allocation:
    """Let them choose; what stands is of the seekers' homes, as in the chain."""
    stands = offered["kind"].isin(["freed", "vacant"])
    given = {"standards": standards()} | options
    return allocation(seeking(asked, offered[stands]), offered[~stands], **given)  # type: ignore[arg-type]


AREAS = ("A", "B", "C")
TYPES = ("one_or_two", "multi", "special")
GROUPS = ("single", "couple", "other")

wish_rows = st.lists(
    st.tuples(st.sampled_from(AREAS), st.sampled_from(GROUPS), st.sampled_from(TYPES), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)
home_rows = st.lists(
    st.tuples(
        st.sampled_from(AREAS),
        st.sampled_from(("plot", "gap", "renewal", "vacant")),
        st.sampled_from((*TYPES, "unknown")),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=8,
)
reaches = st.lists(
    st.tuples(st.sampled_from(AREAS), st.sampled_from(AREAS), st.sampled_from((0.0, 10.0, 25.0))),
    max_size=6,
    unique_by=lambda row: row[:2],
).map(lambda rows: pairs(*rows))

"""The stock, what is done to it, and every source of homes once."""

from __future__ import annotations

import pandas as pd

from geoplan.homes.account import supply_account
from geoplan.homes.actions import RenewalStandards
from geoplan.homes.ledger import land_ledger, plots_taken
from geoplan.homes.renewal import apply_actions
from geoplan.homes.stock import stock_table
from layers.chain.derived import Derived, Frame, Given
from layers.chain.land import Land
from layers.chain.programme import Released

__all__ = ["derive_stock", "derive_supply"]


def derive_supply(given: Given, land: Land, derived: Derived, released: Released | None = None) -> None:
    """Put every source of homes into one account; with a programme, what it releases is decided, and when."""
    demand, stock = given.workspace.demand, given.layers.get("dwelling_stock")
    with given.progress("Supply"):
        supply = supply_account(
            plots=None if land.search is None else land.search.plots,
            gaps=derived.tables.get("gaps"),
            actions=_actions(given, released),
            stock=None if demand is None or stock is None else stock_table(stock, year=demand.base_year),
            released={} if released is None else released.plots,
            base_year=None if demand is None else demand.base_year,
        )
        table = supply.table
        if released is not None:
            year = table["id"].map({f"gaps/{parcel}": year for parcel, year in released.gaps.items()})
            table["stage"] = table["stage"].mask(year.notna(), "decided")
            table["year"] = table["year"].where(year.isna(), year).astype("Int64")
        derived.tables |= {"supply": table, "supply_left_out": supply.left_out}


def derive_stock(given: Given, land: Land, derived: Derived, released: Released | None) -> None:
    """Carry the stock on, and tell what land renewal and the programme take."""
    layers, demand, actions = given.layers, given.workspace.demand, _actions(given, released)
    stock, plots = layers.get("dwelling_stock"), None
    standards = RenewalStandards.from_values(given.assumptions["renewal"])
    with given.progress("Stock and land"):
        if demand is not None and stock is not None and actions is not None:
            account = apply_actions(stock, actions, demand.years, base_year=demand.base_year, standards=standards)
            derived.tables["stock_account"] = account.table
            derived.add_notes(account.assumptions)
        if released is not None and land.search is not None:
            taken = [
                plots_taken(land.search.plots, released.plots, standards=standards),
                _gaps_taken(derived.tables.get("gaps"), released, standards),
            ]
            plots = pd.concat([table for table in taken if len(table)] or taken[:1], ignore_index=True)
        if actions is not None or plots is not None:
            derived.tables["land_ledger"] = land_ledger(actions, plots, standards=standards)


def _gaps_taken(gaps: Frame | None, released: Released, standards: RenewalStandards) -> Frame:
    """Return the gaps that are released, as the ledger reads them; their land is what is left to build on."""
    if gaps is None or not released.gaps:
        return pd.DataFrame()
    mine = gaps[gaps["parcel"].isin(released.gaps)]
    table = pd.DataFrame(
        {
            "id": "gaps/" + mine["parcel"].astype(str),
            "kind": mine["kind"],
            "area": mine["area"],
            "homes": mine["dwellings_remaining"].astype(float),
            "area_m2": mine["buildable_m2"],
        }
    )
    years = {f"gaps/{parcel}": year for parcel, year in released.gaps.items()}
    return plots_taken(table, years, standards=standards)


def _actions(given: Given, released: Released | None) -> Frame | None:
    actions = given.layers.get("renewal_actions")
    return actions if actions is None or released is None else released.of_actions(actions)

"""The stock, what is done to it, and every source of homes once."""

from __future__ import annotations

from geoplan.homes.account import supply_account
from geoplan.homes.actions import RenewalStandards
from geoplan.homes.ledger import land_ledger
from geoplan.homes.renewal import apply_actions
from geoplan.homes.stock import stock_table
from layers.chain.derived import Derived, Given
from layers.chain.land import Land

__all__ = ["derive_supply"]


def derive_supply(given: Given, land: Land, derived: Derived) -> None:
    """Carry the stock on, tell what land renewal takes, and put every source of homes into one account."""
    layers, demand = given.layers, given.workspace.demand
    stock, actions = layers.get("dwelling_stock"), layers.get("renewal_actions")
    standards = RenewalStandards.from_values(given.assumptions["renewal"])
    with given.progress("Stock and supply"):
        if demand is not None and stock is not None and actions is not None:
            account = apply_actions(stock, actions, demand.years, base_year=demand.base_year, standards=standards)
            derived.tables["stock_account"] = account.table
            derived.add_notes(account.assumptions)
        if actions is not None:
            derived.tables["land_ledger"] = land_ledger(actions, None, standards=standards)
        supply = supply_account(
            plots=None if land.search is None else land.search.plots,
            gaps=derived.tables.get("gaps"),
            actions=actions,
            stock=None if demand is None or stock is None else stock_table(stock, year=demand.base_year),
        )
        derived.tables |= {"supply": supply.table, "supply_left_out": supply.left_out}

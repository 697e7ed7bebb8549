"""All sections of figures by id, in the order of the official's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geoplan.report import balances, needs, people, programmes, stocks
from geoplan.report.content import Section, Tables
from geoplan.report.wording import Say

__all__ = ["SECTIONS", "SOURCES", "make_sections"]

SECTIONS: Mapping[str, Callable[[Tables, Say], Section]] = {
    "people": people.people,
    "groups": people.groups,
    "need": needs.need,
    "sensitivity": needs.sensitivity,
    "mismatch": needs.mismatch,
    "stock": stocks.stock,
    "supply": stocks.supply,
    "capacity": stocks.capacity,
    "land": stocks.land,
    "balance": balances.balance,
    "left": balances.left,
    "trajectory": balances.trajectory,
    "queue": balances.queue,
    "programme": programmes.programme,
    "indicators": stocks.indicators,
}
"""What makes each section."""

SOURCES = (
    "households_by_type",
    "households_by_group",
    "need",
    "need_range",
    "need_chances",
    "need_scenarios",
    "sensitivity",
    "need_by_density",
    "need_by_type",
    "mismatch",
    "stock_account",
    "land_ledger",
    "supply",
    "supply_left_out",
    "capacity",
    "gates",
    "balance",
    "allocation_summary",
    "allocation_left",
    "trajectory",
    "queue_check",
    "programme_result",
    "programme_releases",
    "programme_usage",
    "programme_served",
    "programme_left",
    "population",
    "indicators",
)
"""The tables that sections read; ``population`` and ``indicators`` are imported, the rest derived."""


def make_sections(tables: Tables, say: Say) -> dict[str, Section]:
    """Return every section by id; one whose tables are missing says what is missing and what to do.

    Parameters
    ----------
    tables
        Derived tables by id, and ``population`` and ``indicators`` where they are imported; any may be missing.
    say
        The language.
    """
    return {name: make(tables, say) for name, make in SECTIONS.items()}

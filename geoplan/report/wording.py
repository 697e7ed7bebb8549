"""How a report speaks: two languages side by side, numbers as the language writes them, and names of coded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geoplan.maps.texts import number
from geoplan.text import Language

__all__ = ["ANALYSIS", "Say"]

ANALYSIS = (
    "Detta är en analys, inte ett beslut.",
    "This is an analysis, not a decision.",
)
"""Stands on every report: what follows from the figures is for the municipality to decide."""

_VALUES: Mapping[str, tuple[str, str]] = {
    "all": ("alla", "all"),
    "unknown": ("okänt", "unknown"),
    # Types and tenures of dwellings
    "one_or_two": ("småhus", "one- or two-dwelling houses"),
    "multi": ("flerbostadshus", "multi-dwelling buildings"),
    "special": ("specialbostad", "special housing"),
    "leisure": ("fritidshus", "leisure homes"),
    "owned": ("äganderätt", "owned"),
    "rental": ("hyresrätt", "rental"),
    "tenant_owned": ("bostadsrätt", "tenant-owned"),
    # Households and groups
    "single": ("ensamboende", "living alone"),
    "couple": ("par utan barn", "couples without children"),
    "couple_with_children": ("par med barn", "couples with children"),
    "single_with_children": ("ensamstående med barn", "single parents"),
    "other": ("övriga", "others"),
    "single_old": ("ensamboende, äldre", "living alone, older"),
    "couple_old": ("par, äldre", "couples, older"),
    "other_old": ("övriga, äldre", "others, older"),
    "young": ("unga", "young people"),
    "students": ("studerande", "students"),
    "families": ("barnfamiljer", "families with children"),
    "elderly_65": ("65 år och äldre", "aged 65 and over"),
    "elderly_80": ("80 år och äldre", "aged 80 and over"),
    "disability": ("personer med funktionsnedsättning", "people with disabilities"),
    "new_arrivals": ("nyanlända", "new arrivals"),
    "violence": ("de som måste lämna våld", "those who must leave violence"),
    "computed": ("beräknat", "computed"),
    "counted": ("räknat", "counted"),
    # The supply account
    "empty_plot": ("tom tomt", "empty plot"),
    "infill": ("förtätning", "infill"),
    "split": ("delad bostad", "home split"),
    "conversion": ("omvandling till bostad", "conversion to homes"),
    "vacant_in_use": ("tom bostad i bruk igen", "vacant home back in use"),
    "leisure_to_permanent": ("fritidshus till permanentbostad", "leisure home to permanent home"),
    "demolition": ("rivning", "demolition"),
    "conversion_away": ("omvandling från bostad", "conversion away from homes"),
    "merge": ("sammanslagning", "merging"),
    "permanent_to_leisure": ("permanentbostad till fritidshus", "permanent home to leisure home"),
    "none": ("ingen", "none"),
    "possible": ("möjlig", "possible"),
    "planned": ("i plan eller föreslagen", "in a plan or proposed"),
    "decided": ("beslutad", "decided"),
    "under_way": ("pågår", "under way"),
    "ready": ("färdig", "ready"),
    "unplanned": ("utanför plan", "outside plans"),
    "stands_as_plot": ("står som tomt", "stands as a plot"),
    "stands_as_action": ("står som åtgärd", "stands as an action"),
    "cancelled": ("avlyst", "cancelled"),
    "in_stock": ("finns redan i beståndet", "in the stock already"),
    "vacant_demolition": ("tom inför rivning", "vacant for demolition"),
    "vacant_other": ("tom av annan orsak", "vacant for another reason"),
    "no_homes": ("ger inga bostäder", "gives no homes"),
    # What an allocation offers
    "vacant": ("tom bostad", "vacant home"),
    "freed": ("bostad som blir ledig", "home that is freed"),
    "renewal": ("förnyelse", "renewal"),
    "gap": ("lucktomt", "gap"),
    "plot": ("tomt", "plot"),
    # Why households are left
    "no_wanted_type": ("ingen bostad av en typ som hushållet tar", "no home of a type that the household takes"),
    "out_of_reach": ("ingen inom räckhåll", "none within reach"),
    "too_costly": ("ingen som hushållet kan betala", "none that the household can pay"),
    "gate": (
        "vatten, avlopp, kaj eller skola på ön räcker inte",
        "water, sewage, quay or school of the island is full",
    ),
    "none_free": ("alla är upptagna", "all are taken"),
    # Gates of islands
    "water": ("dricksvatten", "fresh water"),
    "sewage": ("avlopp", "sewage"),
    "quay": ("kaj", "quay"),
    "school": ("skola", "school"),
    "binds": ("räcker inte", "binds"),
    "open": ("räcker", "open"),
    # Inputs that carry a band
    "fertility": ("fruktsamhet", "fertility"),
    "mortality": ("dödlighet", "mortality"),
    "in_migration": ("inflyttning", "in-migration"),
    "out_migration": ("utflyttning", "out-migration"),
    "growth": ("folkmängdens tillväxt", "growth of the population"),
    "total_growth": ("folkmängdens tillväxt", "growth of the population"),
    "quotas": ("hushållskvoter", "household quotas"),
    "population": ("folkmängden i stort", "the population as a whole"),
    "area_shares": ("områdenas andelar", "the areas' shares"),
    "exits": ("avgång ur beståndet", "exits from the stock"),
    "vacancy_reserve": ("vakansreserv", "vacancy reserve"),
    "initial_deficit": ("underskott från början", "initial deficit"),
    "likely_homes": ("troliga bostäder", "likely homes"),
    "low": ("lågt", "low"),
    "main": ("huvudalternativ", "main"),
    "nominal": ("huvudalternativ", "main"),
    "high": ("högt", "high"),
    # Limits and outcomes of a programme
    "budget": ("budget", "budget"),
    "land_new": ("ny mark, ha", "new land, ha"),
    "homes": ("bostäder", "homes"),
    "measures": ("åtgärder", "measures"),
    "planning_capacity": ("planeringskapacitet", "planning capacity"),
    "optimal": ("den bästa som finns", "the best there is"),
    "within_gap": ("inom den tillåtna avvikelsen", "within the gap allowed"),
    "beyond_gap": ("utanför den tillåtna avvikelsen", "beyond the gap allowed"),
    "time_limit": ("avbruten vid tidsgränsen", "stopped at the time limit"),
    "infeasible": ("omöjlig", "infeasible"),
}


@dataclass(frozen=True)
class Say:
    """Speaks one language."""

    language: Language

    def __call__(self, sv: str, en: str, **values: object) -> str:
        """Return a text in the language, with values put in at their names."""
        text = sv if self.language == "sv" else en
        return text.format(**values) if values else text

    def value(self, code: object) -> str:
        """Return the name of a coded value; the code itself where it has none."""
        both = _VALUES.get(str(code))
        return str(code) if both is None else self(*both)

    def count(self, value: object, *, signed: bool = False) -> str:
        """Write a number as a whole number; unknown is a dash."""
        return number(_float(value), self.language, signed=signed)

    def decimal(self, value: object, digits: int = 1) -> str:
        """Write a number with decimals; unknown is a dash."""
        known = _float(value)
        if known is None:
            return "–"
        text = f"{abs(known):,.{digits}f}"
        if self.language == "sv":
            text = text.replace(",", "\u00a0").replace(".", ",")
        return ("\u2212" if round(known, digits) < 0 else "") + text

    def percent(self, share: object) -> str:
        """Write a share as per cent."""
        known = _float(share)
        return "–" if known is None else f"{self.decimal(100 * known, 0)} %"

    def span(self, low: object, high: object) -> str:
        """Write a range; unknown is a dash."""
        if _float(low) is None or _float(high) is None:
            return "–"
        return self("{low} till {high}", "{low} to {high}", low=self.count(low), high=self.count(high))


def _float(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]

"""The release programme: which plots, gaps and actions to release in which year, and what closes a gap of supply."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.balance.closing import Answer, close_gap, supply_targets
from geoplan.balance.demands import yearly_needs
from geoplan.balance.model import M2_PER_HA
from geoplan.balance.programme import Problem, Programme, programme_problem, solve_problem
from geoplan.balance.reaching import reachable
from geoplan.balance.releasable import Releasable, releasable
from geoplan.balance.standards import ProgrammeStandards
from geoplan.balance.trajectory import SupplyStandards
from geoplan.homes.actions import RenewalStandards
from geoplan.places import WHOLE
from geoplan.plots.travel.standards import TravelStandards
from layers.chain.balance import Choosing
from layers.chain.derived import Derived, Frame, Given
from layers.chain.land import Land
from layers.homesettings import ProgrammeSettings

__all__ = ["Released", "derive_programme", "gap_tables", "gap_targets", "limit_table", "problem_of"]

_BY = ("area", "group", "dwelling_type")
_LIST = ("requires", "excludes")


@dataclass(frozen=True)
class Released:
    """What a programme releases, and in which year.

    Attributes
    ----------
    plots, gaps, actions
        Year by the plot's id, the gap's parcel, and the action's id.
    displaced
        Actions that a released plot or gap on their land excludes.
    """

    plots: Mapping[str, int]
    gaps: Mapping[str, int]
    actions: Mapping[str, int]
    displaced: frozenset[str]

    @classmethod
    def of(cls, programme: Programme) -> Released:
        """Read it from a programme."""
        years = dict(zip(programme.releases["id"], programme.releases["year"].astype(int), strict=True))
        measures = programme.problem.measures
        excluded = {
            id_
            for id_, others in zip(measures["id"], measures["excludes"], strict=True)
            if id_ not in years and set(others) & set(years)
        }
        return cls(
            _without("plots/", years),
            _without("gaps/", years),
            _without("renewal_actions/", years),
            frozenset(_without("renewal_actions/", dict.fromkeys(excluded, 0))),
        )

    def of_actions(self, actions: Frame) -> Frame:
        """Return actions as the programme has them: released ones decided, in their year; displaced ones not at all."""
        ids = actions["id"].astype(str)
        year = ids.map(dict(self.actions))
        told = actions.assign(year=year.where(year.notna(), actions["year"]).astype(int))
        if "status" in told and len(self.actions):
            told["status"] = told["status"].astype(object).mask(year.notna(), "decided")
        return told[~ids.isin(self.displaced)].reset_index(drop=True)


def derive_programme(given: Given, land: Land, choosing: Choosing | None, derived: Derived) -> Released | None:
    """Release plots, gaps and actions year by year, where the workspace has a ``[programme]``; else say so."""
    settings = given.workspace.programme
    if settings is None or choosing is None or land.search is None:
        if settings is None and choosing is not None:
            derived.note(
                sv="Inget släppprogram beräknas: [programme] saknas.",
                en="No release programme is computed: [programme] is missing.",
            )
        elif settings is not None:
            derived.note(
                sv="Inget släppprogram beräknas: behov eller tomter saknas.",
                en="No release programme is computed: there is no need, or there are no plots.",
            )
        return None
    with given.progress("Release programme"):
        chosen = _releasable(given, land, choosing, settings, derived)
        others = derived.tables["supply"]
        found, options = choosing.ask(others[~others["id"].isin(set(chosen.measures["id"]))])
        wanted = found.left.rename(columns={"wanted_type": "dwelling_type"})
        needs = yearly_needs(wanted, base_year=choosing.demand.base_year, value="households", by=_BY)
        needs = needs.reindex(columns=[*_BY, "year", "homes"]).astype({"homes": float, "year": int})
        problem = problem_of(chosen.measures, needs, derived.tables.get("crossings"), settings, given.assumptions)
        programme = solve_problem(problem)
        derived.tables |= {
            "programme_measures": _stored(chosen.measures),
            "programme_left_out": chosen.left_out,
            "programme_needs": needs,
            **_tables(programme),
        }
        _tell(programme, choosing, derived)
        course = choosing.course(found, options, SupplyStandards.from_values(given.assumptions["supply"]))
        _gap(given, course, chosen, settings, choosing, derived)
    return Released.of(programme)


def limit_table(settings: ProgrammeSettings) -> Frame:
    """Return the limits of the settings: ``limit``, ``year`` (missing: all years), ``allowed``."""
    yearly = [(name, year, most) for name, most in settings.limits.given() for year in settings.years]
    rows = [*yearly, *((name, None, most) for name, most in settings.totals.given())]
    return pd.DataFrame(rows, columns=["limit", "year", "allowed"]).astype({"year": "Int64", "allowed": float})


def problem_of(
    measures: Frame,
    needs: Frame,
    crossings: Frame | None,
    settings: ProgrammeSettings,
    assumptions: Mapping[str, Mapping[str, object]],
) -> Problem:
    """Return what the programme is asked, from tables of the chain.

    Parameters
    ----------
    measures, needs, crossings
        The derived layers ``programme_measures``, ``programme_needs`` and ``crossings``. Without the last, or with a
        need of the whole alone, every area is reached from every other, as in the allocation.
    settings
        Years and limits.
    assumptions
        Values by subject and name.
    """
    if crossings is None or set(needs["area"]) == {WHOLE}:
        pairs = itertools.product(sorted(set(needs["area"])), sorted(set(measures["area"])))
        reach = pd.DataFrame(list(pairs), columns=["from_area", "to_area"])
    else:
        limit = TravelStandards.from_values(assumptions["reach"]).winter_crossing
        reach = reachable({*crossings["from_area"], *crossings["to_area"]}, crossings, limit)
    return programme_problem(
        measures,
        needs,
        limit_table(settings),
        years=settings.years,
        standards=ProgrammeStandards.from_values(assumptions["programme"]),
        reach=reach,
    )


def gap_targets(supply: Frame, years_of_supply: float) -> Frame:
    """Return the homes that each area lacks of a supply for so many years; areas that lack none are left out.

    Parameters
    ----------
    supply
        ``area``, ``year`` by which homes count, ``per_year`` and ``supply`` (homes).
    years_of_supply
        Years.
    """
    targets = supply_targets(supply, years_of_supply=years_of_supply)
    return targets[targets["homes"] > 0].reset_index(drop=True)


def gap_tables(answers: tuple[Answer, Answer | None], supply: Frame, measures: Frame) -> tuple[Frame, Frame]:
    """Return the measures of both answers, and what they do to the targets.

    Parameters
    ----------
    answers
        From :func:`geoplan.balance.closing.close_gap`.
    supply
        See :func:`gap_targets`.
    measures
        The measures that there were.
    """
    there = [(number, answer) for number, answer in enumerate(answers, start=1) if answer is not None]
    names = ["answer", "status", "id", "kind", "area", "homes", "likely", "cost_low", "cost_high"]
    chosen = [
        measures[measures["id"].isin(answer.ids)].assign(answer=number, status=answer.status)
        for number, answer in there
    ]
    targets = [
        answer.targets.assign(answer=number, status=answer.status).merge(
            supply[["area", "per_year", "supply"]], on="area", how="left"
        )
        for number, answer in there
    ]
    told = ["answer", "status", "area", "year", "per_year", "supply", "homes", "reached", "missing"]
    floats = dict.fromkeys(("per_year", "supply", "homes", "reached", "missing"), float)
    return (
        pd.concat(chosen, ignore_index=True)[names].astype({"answer": int}),
        pd.concat(targets, ignore_index=True)[told].astype({"answer": int, "year": "Int64", **floats}),
    )


def _releasable(
    given: Given, land: Land, choosing: Choosing, settings: ProgrammeSettings, derived: Derived
) -> Releasable:
    """Sort out what may be released, and say what is not known of it."""
    assert land.search is not None  # noqa: S101 - asked before
    plots, parcels = land.search.plots, given.spatial["parcels"]
    owners: dict[str, str] = {}
    if "owner_kind" in parcels and parcels["owner_kind"].notna().any():
        known = parcels[parcels["owner_kind"].notna()]
        owners = dict(zip(known["id"], known["owner_kind"], strict=True))
    else:
        derived.note(
            sv="Ägare till fastigheterna är okända: inga tomter kan släppas i programmet.",
            en="The owners of the parcels are unknown: no plots can be released in the programme.",
        )
    islands = derived.tables.get("islands")
    if islands is not None:
        plots = plots.assign(island=plots["id"].map(islands.set_index("plot")["island"]))
    last = choosing.likely["year"].max()
    likely = choosing.likely[choosing.likely["year"] == last]
    return releasable(
        plots,
        derived.tables.get("gaps"),
        _in_one_currency(given.layers.get("renewal_actions"), plots, derived),
        owner_kinds=owners,
        owners=settings.owners,
        stages=choosing.standards.stages,
        standards=RenewalStandards.from_values(given.assumptions["renewal"]),
        likely=dict(zip(likely["id"], likely["likely"].astype(float), strict=True)),
        closed=[area for area, room in (choosing.room or {}).items() if room <= 0],
    )


def _in_one_currency(actions: Frame | None, plots: Frame, derived: Derived) -> Frame | None:
    """Take costs away that are in another currency than those of the plots: they cannot be added."""
    if actions is None or "currency" not in actions or "cost_currency" not in plots:
        return actions
    ours = set(plots["cost_currency"].dropna())
    other = actions["currency"].notna() & ~actions["currency"].isin(ours) if ours else None
    if other is None or not other.any():
        return actions
    derived.note(
        sv=f"Åtgärder med kostnad i en annan valuta än tomternas ({', '.join(sorted(ours))}): {int(other.sum())}; "
        "kostnaden räknas som okänd i programmet.",
        en=f"Actions with a cost in another currency than the plots' ({', '.join(sorted(ours))}): {int(other.sum())}; "
        "the programme takes the cost as unknown.",
    )
    costs = [name for name in ("cost_low", "cost_high") if name in actions]
    return actions.assign(**{name: actions[name].mask(other) for name in costs})


def _stored(measures: Frame) -> Frame:
    """Return measures with lists for tuples: the store knows no others."""
    return measures.assign(
        **{name: pd.Series([list(ids) for ids in measures[name]], index=measures.index, dtype=object) for name in _LIST}
    )


def _tables(programme: Programme) -> dict[str, Frame]:
    releases, left = programme.releases, programme.left
    years = programme.problem.years
    gap, bound = (value if math.isfinite(value) else np.nan for value in (programme.gap, programme.bound))
    result = {
        "status": programme.status,
        "stopped": programme.stopped,
        "objective": programme.objective,
        "bound": bound,
        "gap": gap,
        "first_year": years[0],
        "last_year": years[-1],
        "measures": len(releases),
        "plots": int(releases["kind"].eq("plot").sum()),
        "homes": float(releases["homes"].sum()),
        "likely": float(releases["likely"].sum()),
        "cost": float(releases["cost"].sum(skipna=False)) if len(releases) else 0.0,
        "land_new_ha": float(releases["land_new_m2"].sum()) / M2_PER_HA,
        "land_reused_ha": float(releases["land_reused_m2"].sum()) / M2_PER_HA,
        "wanted": float(left["wanted"].sum()),
        "served": float(left["served"].sum()),
        "groups": programme.groups,
        "band": programme.band,
    }
    counted = ("homes", "likely", "cost", "land_new_m2", "land_reused_m2")
    return {
        "programme_releases": releases.astype({"year": int, **dict.fromkeys(counted, float)}),
        "programme_served": programme.served.astype({"year": int, "homes": float}),
        "programme_left": left.astype(dict.fromkeys(("weight", "wanted", "served", "left"), float)),
        "programme_usage": programme.usage.astype({"used": float, "allowed": float}),
        "programme_result": pd.DataFrame([result]),
    }


def _tell(programme: Programme, choosing: Choosing, derived: Derived) -> None:
    """Note what came out, what was assumed, and what no limit holds."""
    derived.add_notes(programme.notes)
    releases, left = programme.releases, programme.left
    served, wanted = left["served"].sum(), left["wanted"].sum()
    known = math.isfinite(programme.gap)
    derived.note(
        sv=f"Släppprogrammet: {len(releases)} åtgärder ger {served:.0f} av {wanted:.0f} hushåll en bostad"
        + (f"; högst {_comma(100 * programme.gap)} % från det bästa som går." if known else "."),
        en=f"The release programme: {len(releases)} measures serve {served:.0f} of {wanted:.0f} households"
        + (f"; at most {100 * programme.gap:.2f} % from the best that can be." if known else "."),
    )
    if programme.stopped:
        derived.note(
            sv="Tiden för programmet tog slut: samma indata kan ge ett annat program på en annan maskin. "
            "Höj [assumptions.programme] time_limit.",
            en="Time for the programme ran out: the same data may give another programme on another machine. "
            "Raise time_limit under [assumptions.programme].",
        )
    homes = releases.groupby("area")["homes"].sum()
    over = {area: homes[area] for area, room in (choosing.room or {}).items() if homes.get(area, 0.0) > room}
    if over:
        told = ", ".join(sorted(over))
        derived.note(
            sv=f"Programmet släpper fler bostäder än öns försörjning tar: {told}.",
            en=f"The programme releases more homes than the gates of the island take: {told}.",
        )


def _gap(
    given: Given, course: Frame, chosen: Releasable, settings: ProgrammeSettings, choosing: Choosing, derived: Derived
) -> None:
    """Find the fewest measures that give every area its years of supply, beside what comes anyway."""
    standards = SupplyStandards.from_values(given.assumptions["supply"])
    start = course[course["year"].eq(choosing.demand.base_year) & course["required_ahead"].gt(0)]
    areas = set(choosing.need["area"])
    start = start[start["area"].isin(areas if areas == {WHOLE} else areas - {WHOLE})]
    supply = pd.DataFrame(
        {
            "area": start["area"],
            "year": choosing.demand.base_year + standards.years,
            "per_year": start["required_ahead"] / standards.years,
            "supply": start["supply_ahead"],
        }
    ).reset_index(drop=True)
    programme = ProgrammeStandards.from_values(given.assumptions["programme"])
    answers = close_gap(chosen.measures, gap_targets(supply, settings.years_of_supply), standards=programme)
    measures, targets = gap_tables(answers, supply, chosen.measures)
    derived.tables |= {"programme_supply": supply, "programme_gap": measures, "programme_gap_targets": targets}
    missing = answers[0].targets["missing"]
    short, years = int(missing.gt(0).sum()), f"{settings.years_of_supply:g}"
    if short:
        derived.note(
            sv=f"Utbud för {years} år i varje område: inga åtgärder räcker; {short} områden saknar "
            f"{missing.sum():.0f} bostäder.",
            en=f"Supply for {years} years in every area: no set of measures is enough; {short} areas lack "
            f"{missing.sum():.0f} homes.",
        )
    else:
        derived.note(
            sv=f"Utbud för {years} år i varje område: {answers[0].count} åtgärder räcker.",
            en=f"Supply for {years} years in every area: {answers[0].count} measures are enough.",
        )
    if any(answer is not None and answer.status == "time_limit" for answer in answers):
        derived.note(
            sv="Tiden för den minsta mängden åtgärder tog slut; en annan maskin kan finna en annan.",
            en="Time for the smallest set of measures ran out; another machine may find another.",
        )


def _comma(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _without(prefix: str, years: Mapping[str, int]) -> dict[str, int]:
    return {id_.removeprefix(prefix): year for id_, year in years.items() if id_.startswith(prefix)}

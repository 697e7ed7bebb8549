"""Supply against need: the subtraction, who is served by what, and how long the supply lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geoplan.balance import balance
from geoplan.balance.allocation import Allocation, allocation
from geoplan.balance.choice import ChoiceStandards
from geoplan.balance.gates import gate_room, gates
from geoplan.balance.options import options_of
from geoplan.balance.queue import QueueStandards, check_queue, queue_check
from geoplan.balance.reaching import reachable
from geoplan.balance.seekers import household_groups, seekers
from geoplan.balance.trajectory import SupplyStandards, trajectory, yearly
from geoplan.homes.preferences import Preferences
from geoplan.places import UNASSIGNED, WHOLE
from geoplan.plots.likelihood.likelihood import likely_homes
from geoplan.plots.likelihood.priors import Priors
from geoplan.plots.travel.crossings import crossing_minutes
from geoplan.plots.travel.standards import TravelStandards
from geoplan.text import Text
from layers.chain.derived import Derived, Frame, Given
from layers.chain.land import Land
from layers.workspace import DemandSettings

__all__ = ["Choosing", "derive_balance"]

_GAP_PRIOR = {"gap": "gap", "partly_used": "remainder"}
"""The kind of plot whose prior a gap has."""


@dataclass(frozen=True)
class Choosing:
    """What households choose by, so that they can be asked again with other homes.

    Attributes
    ----------
    groups, wanted, need, stock
        Who seeks: see :func:`geoplan.balance.seekers.seekers`; the stock is that of the base year.
    likely
        ``id`` of the supply account, ``year``, ``likely`` homes.
    area_kinds
        The kind of area by plot.
    reach, room
        See :func:`geoplan.balance.allocation.allocation`.
    demand, standards
        The settings, and how households choose.
    """

    groups: Frame
    wanted: Frame
    need: Frame
    stock: Frame | None
    likely: Frame
    area_kinds: Mapping[str, str]
    reach: Frame | None
    room: dict[str, int] | None
    demand: DemandSettings
    standards: ChoiceStandards

    def ask(self, account: Frame) -> tuple[Allocation, Frame]:
        """Return who is served by what of a supply account, and the new homes that it offers."""
        options, lost = options_of(
            account, self.demand.years, standards=self.standards, likely=self.likely, area_kinds=self.area_kinds
        )
        who = seekers(
            self.groups,
            self.need,
            self.wanted,
            base_year=self.demand.base_year,
            stock=self.stock,
            lost=lost,
        )
        return allocation(who, options, standards=self.standards, reach=self.reach, room=self.room), options

    def course(self, found: Allocation, options: Frame, standards: SupplyStandards) -> Frame:
        """Return the trajectory of the need, and of new homes less those that actions take away."""
        base_year = self.demand.base_year
        comes = yearly(_with_whole(options, "homes"), "homes", base_year=base_year)
        goes = yearly(found.summary[found.summary["lost"] > 0], "lost", base_year=base_year)
        return trajectory(
            yearly(_with_whole(self.need, "need"), "need", base_year=base_year),
            pd.concat([table for table in (comes, goes.assign(homes=-goes["homes"])) if len(table)] or [comes]),
            standards=standards,
        )


def derive_balance(
    given: Given, land: Land, by_type: Frame, preferences: Preferences, demand: DemandSettings, derived: Derived
) -> Choosing | None:
    """Compare supply and need: by subtraction, and by letting households choose; return what they chose by."""
    tables, areas = derived.tables, given.layers.get("statistical_areas")
    names = {} if areas is None else dict(zip(areas["id"], areas["name"].fillna(areas["id"]), strict=True))
    plots = None if land.search is None else land.search.plots
    tables["balance"] = balance(plots, tables["need"], names=names)
    if plots is None:
        return None
    groups, wanted = household_groups(by_type, preferences, old_from=given.assumptions["preferences"]["old_from"])
    choosing = Choosing(
        groups=groups,
        wanted=wanted,
        need=tables["need"],
        stock=given.base_stock,
        likely=_likely(given, demand, derived),
        area_kinds=dict(zip(plots["id"], plots["area_kind"], strict=True)),
        reach=_reach(given, derived),
        room=_room(given, land, derived),
        demand=demand,
        standards=ChoiceStandards.from_values(given.assumptions["allocation"]),
    )
    found, options = choosing.ask(tables["supply"])
    tables |= {
        "allocation_served": found.served,
        "allocation_left": found.left,
        "allocation_unused": found.unused,
        "allocation_summary": found.summary,
        "trajectory": choosing.course(found, options, SupplyStandards.from_values(given.assumptions["supply"])),
    }
    derived.add_notes([*found.notes, *_notes_on_losses(tables["supply"], tables["need"], found)])
    if "plot_queue" in given.layers:
        smallest = QueueStandards.from_values(given.assumptions["plot_queue"]).smallest_count
        tables["queue_check"] = queue_check(check_queue(given.layers["plot_queue"], smallest_count=smallest), found)
    return choosing


def _notes_on_losses(account: Frame, need: Frame, found: Allocation) -> list[Text]:
    """Say how homes that go are counted, where two tell of them or where nobody knows the area."""
    notes = []
    if need["exits"].gt(0).any() and account["homes"].lt(0).any():
        notes.append(
            Text(
                sv="Avgång (exits_per_year) och åtgärder som tar bort bostäder är båda angivna: en bostad som en "
                "åtgärd nämner räknas som en av avgångarna, och den större av de två gäller i varje område.",
                en="Exits (exits_per_year) and actions that take homes away are both given: a home that an action "
                "names counts as one of the exits, and the larger of the two holds in each area.",
            )
        )
    nowhere = found.summary.loc[found.summary["area"].eq(UNASSIGNED), "lost"]
    if nowhere.gt(0).any():
        notes.append(
            Text(
                sv=f"Åtgärder tar bort {nowhere.max()} bostäder i områden som behovet inte känner; de som bor där når "
                "inget annat område. Rätta area i renewal_actions.",
                en=f"Actions take away {nowhere.max()} homes in areas that the need does not know; those who live "
                "there reach no other area. Mend area in renewal_actions.",
            )
        )
    return notes


def _likely(given: Given, demand: DemandSettings, derived: Derived) -> Frame:
    """Return likely homes by the id of the supply account: of plots as they are told, of gaps as of plots."""
    plots, gaps = derived.tables["likely"], derived.tables["gaps"]
    known = gaps[gaps["kind"].isin(_GAP_PRIOR) & gaps["dwellings_remaining"].gt(0)]
    like_plots = pd.DataFrame(
        {
            "id": known["parcel"],
            "parcel": known["parcel"],
            "kind": known["kind"].map(_GAP_PRIOR),
            "homes": known["dwellings_remaining"].astype(float),
            "plan_homes": "allowed",
        }
    )
    of_gaps = likely_homes(
        like_plots,
        given.spatial["parcels"],
        priors=Priors.from_values(given.assumptions["priors"]),
        completions=given.layers.get("completions"),
        base_year=demand.base_year,
        years=demand.years,
    )
    rows = [
        table.assign(id=prefix + table["plot"].astype(str)) for prefix, table in (("plots/", plots), ("gaps/", of_gaps))
    ]
    return pd.concat(rows, ignore_index=True)[["id", "year", "likely"]]


def _with_whole(table: Frame, value: str) -> Frame:
    """Return the totals of areas by year, and those of the whole."""
    rows = table[["area", "year", value]]
    if set(rows["area"]) == {WHOLE}:
        return rows
    return pd.concat([rows, rows.assign(area=WHOLE)], ignore_index=True)


def _reach(given: Given, derived: Derived) -> Frame | None:
    """Return which areas reach which across the water in winter; ``None`` where roads or areas are unknown."""
    spatial = given.spatial
    if not {"statistical_areas", "roads"} <= set(spatial):
        return None
    travel = TravelStandards.from_values(given.assumptions["reach"])
    areas = spatial["statistical_areas"]
    minutes = crossing_minutes(
        areas, spatial["roads"], spatial.get("ferries"), standards=travel, water=spatial.get("water")
    )
    derived.tables["crossings"] = minutes
    return reachable(areas["id"], minutes, travel.winter_crossing)


def _room(given: Given, land: Land, derived: Derived) -> dict[str, int] | None:
    """Return how many homes each island's gates still take; ``None`` where no gate is told of."""
    layer = given.layers.get("island_gates")
    if layer is None or land.search is None:
        return None
    plots = land.search.plots
    table = gates(layer, plots.loc[plots["plan_homes"] == "allowed", ["area", "homes"]])
    derived.tables["gates"] = table
    return gate_room(table, unknown=given.assumptions["allocation"]["unknown_gates"])

"""Is there other land? The search that a rule which guards land asks for before it lets go.

What is found is evidence, not a judgement: the search says how much land meets criteria that are stated beside it, and
what everything else falls on. Whether an interest weighs enough, and whether other land is suitable, others decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.alternatives.candidates import NOTHING_M2, Assessment, add_surroundings, assess
from geoplan.alternatives.criteria import OPENABLE, Criterion, Opened, opens
from geoplan.alternatives.guarded import Unguarded
from geoplan.alternatives.nearly import near_misses
from geoplan.alternatives.wanted import SearchArea, Wanted, site_values
from geoplan.frames import metres_per_unit
from geoplan.land.areas import AreaKind
from geoplan.land.rules import BLOCKING, Severity
from geoplan.plots.search import PlotSearch, PlotStandards
from geoplan.text import Text

__all__ = ["Alternatives", "find_alternatives"]

_FROM = Text(sv="Fastigheter i sökområdet", en="Parcels in the search area")
_MEETS = Text(sv="Uppfyller alla kriterier", en="Meets all criteria")
_UNKNOWN = Text(sv="okänt", en="unknown")


@dataclass(frozen=True)
class Alternatives:
    """What a search came to.

    Attributes
    ----------
    wanted, search, criteria, opened
        What was asked.
    waterfall
        ``step``, ``criterion``, ``kind`` (``total`` or ``loss``), ``title_sv``, ``title_en``, ``parcels`` and
        ``area_m2`` (negative for a loss): the losses between the two totals add up to their difference, in parcels
        and in m². A parcel is counted at the step that takes the last of it.
    candidates
        One row a parcel of the search: ``id``, ``area_m2``, ``meets``, ``fell`` (the step that took the last of it;
        ``None`` where it meets), ``class`` (``clear``, or the severity that has to be opened), ``together``
        (whether it does only with neighbours), ``meets_m2``, ``distance_m``, ``owner_kind``, ``site``.
    sites
        One row a site that meets all criteria, in the declared order, with the values of every criterion and
        geometry: ``number``, ``parcels`` (ids), ``class``, ``together``, ``area_m2``, ``width_m`` and so on.
    near
        One row a parcel that misses one criterion: ``criterion``, ``parcel``, ``answer``, ``has``, ``needs``,
        ``distance_m``, ``owner_kind`` and geometry; nearest first within a criterion.
    site
        The same values for the site that is wanted, ``guarded_m2`` and ``area_m2`` among them.
    unknown
        Ids of rules that were never asked: with any the finding is preliminary.
    guarded
        The guarded land of the parcels of the search, to be drawn.
    """

    wanted: Wanted
    search: SearchArea
    criteria: tuple[Criterion, ...]
    opened: Opened
    waterfall: pd.DataFrame
    candidates: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    near: gpd.GeoDataFrame
    site: Mapping[str, Any]
    unknown: tuple[str, ...]
    guarded: gpd.GeoSeries

    @property
    def preliminary(self) -> bool:
        """Whether a rule that could stand against what was found was never asked."""
        return bool(self.unknown)

    def criterion(self, name: str) -> Criterion:
        """Return a criterion by its id."""
        return next(criterion for criterion in self.criteria if criterion.id == name)


def find_alternatives(
    wanted: Wanted,
    search: SearchArea,
    parcels: gpd.GeoDataFrame,
    unguarded: Unguarded,
    *,
    criteria: Sequence[Criterion],
    layers: Mapping[str, gpd.GeoDataFrame],
    standards: Mapping[AreaKind, PlotStandards],
    plots: PlotSearch | None = None,
    opened: Opened = None,
    together: bool = True,
    unknown: tuple[str, ...] = (),
) -> Alternatives:
    """Search for other land than the site that is wanted.

    Parameters
    ----------
    wanted, search
        The site, and where other land is looked for.
    parcels
        The parcels of the search, with ``id`` and where known ``owner_kind`` and ``improvement_value``.
    unguarded
        From :func:`geoplan.alternatives.guarded.outside_guarded`, of the same parcels.
    criteria
        From :func:`geoplan.alternatives.criteria.criteria`, with the same ``opened``.
    layers
        ``plans``, ``utility_areas``, ``settlements``, ``roads``, ``buildings``, ``statistical_areas``: used where
        present. What is missing makes answers unknown.
    standards
        What makes a plot.
    plots
        The plots that the run found, where the guarding rule takes land there; default: they are looked for.
    opened
        The strongest severity of other rules that is admitted as a class of its own.
    together
        Whether pieces of neighbouring parcels that do not suffice alone are joined.
    unknown
        Ids of rules that were never asked.

    Returns
    -------
    Alternatives

    Notes
    -----
    Land is assessed clear first: where all other rules count. Only parcels that do not meet the criteria so are
    assessed again on the land that opening a severity adds; opening never takes a clear alternative away. The
    site's own parcel is a candidate like any other with its land outside the guarded.
    """
    values = site_values(wanted, layers)
    everywhere = np.ones(len(parcels), dtype=bool)
    first = _search(unguarded, "investigate", everywhere, parcels, layers, standards, unknown, plots, wanted)
    found = [("clear", assess(unguarded, everywhere, "investigate", first, criteria, together=together))]
    losses = found[0][1].losses
    meets = _meets(found[0][1], len(parcels))
    before = unguarded.areas["clear_m2"].to_numpy()
    for severity in OPENABLE:
        if not opens(opened, severity):
            continue
        counting: Severity = BLOCKING[BLOCKING.index(severity) - 1]
        after = unguarded.areas[f"{counting}_m2"].to_numpy()
        again = ~meets & (after > before + NOTHING_M2)
        more = _search(unguarded, counting, again, parcels, layers, standards, unknown, None, wanted)
        assessment = assess(unguarded, again, counting, more, criteria, together=together)
        found.append((severity, assessment))
        losses = pd.concat([losses[~losses.index.isin(assessment.losses.index)], assessment.losses]).fillna(0.0)
        meets |= _meets(assessment, len(parcels))
        before = after
    losses = losses.sort_index()
    some = [_sites(kind, one, parcels, wanted) for kind, one in found]
    sites = _number(pd.concat([one for one in some if len(one)] or some[:1], ignore_index=True))
    steps = _steps(criteria, losses)
    candidates = _candidates(parcels, unguarded, losses[steps], meets, sites, wanted)
    near = near_misses(parcels, unguarded, found, candidates, criteria, opened)
    return Alternatives(
        wanted=wanted,
        search=search,
        criteria=tuple(criteria),
        opened=opened,
        waterfall=_waterfall(candidates, losses[steps], criteria),
        candidates=candidates,
        sites=sites,
        near=near,
        site=values,
        unknown=unknown,
        guarded=gpd.GeoSeries(unguarded.guarded, crs=parcels.crs),
    )


def _search(
    unguarded: Unguarded,
    counting: Severity,
    where: npt.NDArray[np.bool_],
    parcels: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    standards: Mapping[AreaKind, PlotStandards],
    unknown: tuple[str, ...],
    known: PlotSearch | None,
    wanted: Wanted,
) -> PlotSearch:
    """Return the plots on what is left, with all that may be asked of them."""
    if known is None or (known.plots["kind"] == "subdivided").any():
        # What was divided into house plots is looked at whole.
        known = unguarded.plots(counting, where, parcels, layers, standards=standards, unknown=unknown)
    found = known
    plots = add_surroundings(found.plots, layers, wanted.shape)
    return replace(found, plots=plots.assign(owner_kind=_owners(plots["parcel"], parcels)))


def _owners(ids: pd.Series[Any], parcels: gpd.GeoDataFrame) -> npt.NDArray[Any]:
    if "owner_kind" not in parcels:
        return np.full(len(ids), None, dtype=object)
    kinds = ids.map(dict(zip(parcels["id"], parcels["owner_kind"], strict=True))).astype(object)
    return kinds.where(kinds.notna(), None).to_numpy(dtype=object)


def _meets(assessment: Assessment, size: int) -> npt.NDArray[np.bool_]:
    meets = np.zeros(size, dtype=bool)
    meets[assessment.pieces.loc[assessment.pieces["meets"], "row"]] = True
    return meets


def _sites(kind: str, assessment: Assessment, parcels: gpd.GeoDataFrame, wanted: Wanted) -> gpd.GeoDataFrame:
    """Make one site of a parcel's pieces that suffice alone, and one of every group that does together."""
    pieces = assessment.pieces[assessment.pieces["meets"]].reset_index(drop=True)
    ids = parcels["id"].to_numpy(dtype=object)
    # A group of pieces of one and the same parcel is that parcel's, like its pieces that suffice alone.
    several = pieces.groupby("site")["row"].transform("nunique").to_numpy() > 1
    pieces["key"] = np.where(several, -1 - pieces["site"].to_numpy(), pieces["row"].to_numpy())
    order = pieces.sort_values(["key", "site_area_m2"], ascending=[True, False], kind="stable")
    best = order.drop_duplicates("key")
    told = pd.DataFrame(assessment.plots)[[*_WORDS, *_DISTANCES]].astype(dict.fromkeys(_WORDS, object))
    named = pieces.join(told, on="plot")
    groups = named.groupby("key", sort=True)
    members = [[str(ids[row]) for row in dict.fromkeys(rows)] for _, rows in groups["row"]]
    columns: dict[str, Any] = {
        "parcels": pd.Series(members, dtype=object),
        "class": np.full(len(best), kind, dtype=object),
        "together": np.array([len(names) > 1 for names in members], dtype=bool),
        "area_m2": best["site_area_m2"].to_numpy(),
        "width_m": best["site_width_m"].to_numpy(),
        **{name: _several(named, name) for name in _WORDS},
        **{name: groups[name].min().to_numpy() for name in _DISTANCES},
        "own": np.array([wanted.parcel in names for names in members], dtype=bool),
    }
    shapes = pieces.geometry.to_numpy()
    parts = [shapes[places] for places in groups.indices.values()]
    geometry = np.array([one[0] if len(one) == 1 else shapely.union_all(one) for one in parts], dtype=object)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=parcels.crs)


_WORDS = ("plan_id", "plan_homes", "utility", "owner_kind", "area")
_DISTANCES = ("settlement_m", "road_m", "distance_m")


def _several(named: pd.DataFrame, column: str) -> npt.NDArray[Any]:
    """Return for every key the one value that its pieces have, or those that there are."""
    known = named[["key", column]].dropna().drop_duplicates().sort_values(["key", column])
    mixed = known["key"].duplicated(keep=False)
    texts = known[mixed].groupby("key")[column].agg(lambda values: ", ".join(map(str, values)))
    texts = pd.concat([known[~mixed].set_index("key")[column], texts])
    result = texts.reindex(np.unique(named["key"])).astype(object)
    words: npt.NDArray[Any] = result.where(result.notna(), None).to_numpy(dtype=object)
    return words


def _number(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put sites in the declared order: clear before opened, one parcel before several, then the nearest."""
    rank = sites["class"].map({"clear": 0, "investigate": 1, "needs_exemption": 2}).astype(int)
    first = sites["parcels"].map(lambda names: names[0]).astype(str)
    order = np.lexsort([first, sites["distance_m"], sites["together"], rank])
    ordered = sites.iloc[order].reset_index(drop=True)
    ordered.insert(0, "number", np.arange(1, len(ordered) + 1))
    return ordered


def _steps(criteria: Sequence[Criterion], losses: pd.DataFrame) -> list[str]:
    names = [step for criterion in criteria for step in (criterion.id, f"{criterion.id}:unknown")]
    return [step for step in names if step in losses]


def _candidates(
    parcels: gpd.GeoDataFrame,
    unguarded: Unguarded,
    losses: pd.DataFrame,
    meets: npt.NDArray[np.bool_],
    sites: gpd.GeoDataFrame,
    wanted: Wanted,
) -> gpd.GeoDataFrame:
    """Tell of every parcel what became of it."""
    lost = losses.to_numpy() > NOTHING_M2
    last = lost.shape[1] - 1 - np.argmax(lost[:, ::-1], axis=1)
    names = np.array(losses.columns, dtype=object)
    area = unguarded.areas["area_m2"].to_numpy()
    table = gpd.GeoDataFrame(
        {
            "id": parcels["id"].to_numpy(dtype=object),
            "area_m2": area,
            "meets": meets,
            "fell": pd.Series(np.where(meets, None, names[last]), dtype=object),
            "meets_m2": np.where(meets, area - losses.to_numpy().sum(axis=1), 0.0),
            "distance_m": shapely.distance(parcels.geometry.to_numpy(), wanted.shape) * metres_per_unit(parcels.crs),
            "owner_kind": pd.Series(_owners(parcels["id"], parcels), dtype=object),
        },
        geometry=parcels.geometry.to_numpy(),
        crs=parcels.crs,
    )
    first = sites.explode("parcels").drop_duplicates("parcels").set_index("parcels")
    table.insert(3, "class", table["id"].map(first["class"]))
    table.insert(4, "together", table["id"].map(first["together"]).astype("boolean"))
    table.insert(5, "site", table["id"].map(first["number"]).astype("Int64"))
    return table


def _waterfall(candidates: gpd.GeoDataFrame, losses: pd.DataFrame, criteria: Sequence[Criterion]) -> pd.DataFrame:
    """Account for every parcel and every square metre of the search."""
    titles = {criterion.id: criterion.title for criterion in criteria}
    rows: list[dict[str, Any]] = [_row("parcels", None, "total", _FROM, len(candidates), candidates["area_m2"].sum())]
    fell = candidates["fell"].value_counts()
    for step in losses.columns:
        name, _, word = step.partition(":")
        title = titles[name]
        if word:
            title = Text(sv=f"{title.sv}: {_UNKNOWN.sv}", en=f"{title.en}: {_UNKNOWN.en}")
        lost = float(losses[step].sum())
        rows.append(_row(step, name, "loss", title, -int(fell.get(step, 0)), -lost))
    left = candidates["area_m2"].sum() - losses.to_numpy().sum()
    rows.append(_row("meets", None, "total", _MEETS, int(candidates["meets"].sum()), left))
    return pd.DataFrame(rows)


def _row(step: str, criterion: str | None, kind: str, title: Text, parcels: int, area: float) -> dict[str, Any]:
    return {
        "step": step,
        "criterion": criterion,
        "kind": kind,
        "title_sv": title.sv,
        "title_en": title.en,
        "parcels": parcels,
        "area_m2": float(area),
    }

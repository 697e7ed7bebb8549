"""The fewest measures that close a named gap, and the second-best answer beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.balance.measures import ANY, Grouping, check_measures, clean_text, group_measures
from geoplan.balance.model import Limit, limit_use
from geoplan.balance.solver import Linear, Rows, solve
from geoplan.balance.standards import ProgrammeStandards, check_limits
from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.places import WHOLE
from geoplan.text import Text

__all__ = ["Answer", "close_gap", "supply_targets"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SAME = 1e-6


@dataclass(frozen=True)
class Answer:
    """A set of measures, and what it does to the targets.

    Attributes
    ----------
    status
        ``optimal``; ``time_limit`` where time ran out with something found; or ``infeasible``: no set of measures
        meets every target, and this one misses the least (homes).
    ids
        The measures, sorted.
    count, cost
        How many, and what they cost (currency); NaN where a cost is unknown.
    targets
        ``area``, ``dwelling_type``, ``year``, ``homes`` wanted, ``reached``, ``missing`` (likely homes).
    bound
        No set has fewer measures; for ``infeasible``, no set misses fewer homes.
    texts
        The same in words.
    """

    status: Literal["optimal", "time_limit", "infeasible"]
    ids: tuple[str, ...]
    count: int
    cost: float
    targets: pd.DataFrame
    bound: float
    texts: tuple[Text, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rows = self.targets.astype(object).where(self.targets.notna(), None).to_dict("records")
        values = asdict(self)
        return values | {
            "ids": list(self.ids),
            "cost": None if np.isnan(self.cost) else self.cost,
            "targets": rows,
            "texts": [text.model_dump() for text in self.texts],
        }


def supply_targets(table: pd.DataFrame, *, years_of_supply: float) -> pd.DataFrame:
    """Say how many homes each area lacks of a supply for some years.

    Parameters
    ----------
    table
        ``area``, ``per_year`` (homes required a year), ``supply`` (homes there are already), and where known
        ``dwelling_type`` and ``year``.
    years_of_supply
        How many years the supply is to last.

    Returns
    -------
    DataFrame
        The targets of :func:`close_gap`: ``homes`` = max(0, years · per_year − supply).

    Raises
    ------
    FrameError
        Columns are missing.
    """
    check_frame(table, name="supply", columns=["area", "per_year", "supply"])
    lacking = years_of_supply * table["per_year"].astype(float) - table["supply"].astype(float)
    kept = [name for name in ("area", "dwelling_type", "year") if name in table]
    return table[kept].assign(homes=lacking.clip(lower=0.0)).reset_index(drop=True)


def close_gap(
    measures: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    standards: ProgrammeStandards,
    limits: pd.DataFrame | None = None,
) -> tuple[Answer, Answer | None]:
    """Return the smallest set of measures that meets every target, and the second-best.

    Parameters
    ----------
    measures
        See :func:`geoplan.balance.measures.check_measures`.
    targets
        ``area`` (an area, an island of the measures, or ``*`` for all), ``homes`` (likely homes to add), and where
        known ``dwelling_type`` and ``year`` by which. A measure counts for every target that it fits.
    standards
        The end of the costs, the time limit, and the bands (not used: measures are alike to the digit).
    limits
        See :func:`geoplan.balance.standards.check_limits`; only those of all years together.

    Returns
    -------
    tuple
        The fewest measures, of those the cheapest, then the first by id; and the best set that is not the same but
        for alike measures, ``None`` where there is none. Where no set meets the targets the first answer is
        ``infeasible`` and says what is missing, and the second is ``None``.

    Raises
    ------
    FrameError
        A table is wrong.
    InputError
        A limit holds for one year.

    Notes
    -----
    minimise Σ x under Σ likely · x ≥ homes for each target, then the cost. The second-best has one more constraint,
    a no-good cut (Balas and Jeroslow 1972, Canonical cuts on the unit hypercube): the number from at least one group
    of alike measures differs. Where nothing is feasible, each target may be missed, and what is missed is least.
    """
    wanted = _targets(targets)
    table = check_measures(measures)
    bounds = _limits(limits, standards)
    table = table.assign(cost=standards.cost(table), first=table["earliest_year"].fillna(-np.inf))
    kinds = {limit.kind for limit in bounds}
    known = ~(table["cost"].isna() & ("budget" in kinds)) & ~(table["land_new_m2"].isna() & ("land_new" in kinds))
    gap = _Gap.of(table, known, wanted, bounds, standards)
    first = gap.fewest()
    if isinstance(first, str):
        return gap.elastic("infeasible" if first == "infeasible" else "time_limit"), None
    return first[0], gap.second(*first)


def _targets(targets: pd.DataFrame) -> pd.DataFrame:
    check_frame(targets, name="targets", columns=["area", "homes"])
    table = pd.DataFrame({"area": clean_text(targets, "area", None)})
    table["dwelling_type"] = clean_text(targets, "dwelling_type", ANY)
    table["year"] = pd.to_numeric(targets["year"]).astype("Int64") if "year" in targets else pd.NA
    table["year"] = table["year"].astype("Int64")
    table["homes"] = pd.to_numeric(targets["homes"]).astype(float)
    if table["area"].isna().any() or not np.isfinite(table["homes"]).all():
        raise FrameError("targets", ["rows have no area or no homes"])
    return table.sort_values(["area", "dwelling_type", "year"], kind="stable").reset_index(drop=True)


def _limits(limits: pd.DataFrame | None, standards: ProgrammeStandards) -> tuple[Limit, ...]:
    if limits is None:
        return ()
    if "year" in limits and limits["year"].notna().any():
        raise InputError(
            "A gap is closed without years: a limit of one year has no meaning here.",
            hint="Give limits of all years together, with no year.",
        )
    given = {str(kind) for kind in limits["limit"]} if "limit" in limits else set()
    bounds, _ = check_limits(limits, years=(), standards=standards)
    return tuple(limit for limit in bounds if limit.kind in given)


@dataclass(frozen=True)
class _Gap:
    """The problem: groups of alike measures, and what each adds to each target."""

    table: pd.DataFrame
    grouping: Grouping
    targets: pd.DataFrame
    adds: Floats
    rows: Rows
    seconds: float

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        known: pd.Series[bool],
        targets: pd.DataFrame,
        limits: Sequence[Limit],
        standards: ProgrammeStandards,
    ) -> _Gap:
        filled = table.assign(land=table["land_new_m2"].fillna(0.0), cost=table["cost"].fillna(0.0))
        # An island tells measures of one area apart as well.
        place = filled["area"].astype(str) + "\0" + filled["island"].fillna("").astype(str)
        # What is unknown is not alike what costs nothing.
        kind = filled["kind"] + known.map({True: "", False: "?"})
        grouping = group_measures(filled.assign(area=place, kind=kind), most=len(table) + 1, bands=standards.bands)
        groups = grouping.table
        adds = np.array(
            [
                [row["likely"] if _counts(row, target) else 0.0 for row in groups.to_dict("records")]
                for target in targets.to_dict("records")
            ],
            dtype=float,
        ).reshape(len(targets), len(groups))
        rows, every = Rows(), np.arange(len(groups))
        for limit in limits:
            use = limit_use(groups, limit.kind)
            scale = limit.allowed if limit.allowed > 0 else max(float(use.max(initial=0.0)), 1.0)
            rows.add(every, use / scale, high=limit.allowed / scale)
        of = {id_: number for number, ids in enumerate(grouping.members) for id_ in ids}
        for id_, needed, barred in zip(table["id"], table["requires"], table["excludes"], strict=True):
            for other in needed:
                rows.add([of[id_], of[other]], [1.0, -1.0], high=0.0)
            for other in barred:
                if id_ < other:
                    rows.add([of[id_], of[other]], 1.0, high=1.0)
        for id_ in table.loc[~known, "id"]:
            rows.add([of[id_]], 1.0, high=0.0)
        return cls(table, grouping, targets, adds, rows, standards.time_limit)

    def _linear(self, cost: Floats, *, slack: bool = False) -> Linear:
        """Return the programme over groups, and over what each target misses."""
        groups, count = len(self.adds.T), len(self.targets)
        rows = Rows([*self.rows.columns], [*self.rows.values], [*self.rows.low], [*self.rows.high])
        for number, (adds, homes) in enumerate(zip(self.adds, self.targets["homes"], strict=True)):
            scale = max(abs(homes), 1.0)
            rows.add([*range(groups), groups + number], [*(adds / scale), 1.0 / scale], low=homes / scale)
        upper = np.r_[self.grouping.table["size"].to_numpy(dtype=float), np.full(count, np.inf if slack else 0.0)]
        whole = np.r_[np.ones(groups), np.zeros(count)]
        return Linear(cost, whole, np.zeros(groups + count), upper, rows)

    def _ties(self, size: int) -> Floats:
        """Return the cost of each group, and a little for its place by id."""
        cost = self.grouping.table["cost"].to_numpy(dtype=float)
        result = np.zeros(size)
        result[: len(cost)] = cost / max(cost.max(initial=0.0), 1.0) + 1e-4 * np.arange(len(cost)) / max(len(cost), 1)
        return result

    def _solve(self, linear: Linear, number: int) -> tuple[Floats, float, bool] | str:
        """Return the fewest measures, cheapest: x, the bound on their number, and whether time ran out.

        Where there is no x, why: ``infeasible`` or ``stopped``.
        """
        fewest = solve(linear, seconds=self.seconds)
        if fewest.x is None:
            return fewest.status
        columns = np.arange(number)
        most = float(fewest.x[:number].sum())
        cheapest = solve(
            linear.but(cost=self._ties(len(linear.cost))).with_row(columns, 1.0, high=most), seconds=self.seconds
        )
        x = fewest.x if cheapest.x is None else cheapest.x
        return x, fewest.bound, fewest.status == "stopped" or cheapest.status == "stopped"

    def fewest(self) -> tuple[Answer, Ints] | str:
        """Return the smallest set, and how many of each group; or why there is none."""
        groups = len(self.adds.T)
        linear = self._linear(np.r_[np.ones(groups), np.zeros(len(self.targets))])
        found = self._solve(linear, groups)
        if isinstance(found, str):
            return found
        x, bound, stopped = found
        counts: Ints = np.round(x[:groups]).astype(np.int64)
        return self._answer(counts, "time_limit" if stopped else "optimal", bound), counts

    def second(self, first: Answer, counts: Ints) -> Answer | None:
        """Return the best set that takes another number from at least one group."""
        groups, count = len(counts), len(self.targets)
        size = self.grouping.table["size"].to_numpy(dtype=float)
        base = self._linear(np.r_[np.ones(groups), np.zeros(count)])
        # For each group: 1 where more are taken than before, and 1 where fewer are.
        total = groups + count
        more, fewer = total + np.arange(groups), total + groups + np.arange(groups)
        rows = base.rows
        for group, taken in enumerate(counts):
            rows.add([group, more[group]], [1.0, -(taken + 1.0)], low=0.0)
            rows.add([group, fewer[group]], [1.0, size[group] - taken + 1.0], high=float(size[group]))
        rows.add([*more, *fewer], 1.0, low=1.0)
        upper = np.r_[base.upper, (counts < size).astype(float), (counts > 0).astype(float)]
        linear = Linear(
            np.r_[base.cost, np.zeros(2 * groups)],
            np.r_[base.whole, np.ones(2 * groups)],
            np.zeros(total + 2 * groups),
            upper,
            rows,
        )
        found = self._solve(linear, groups)
        if isinstance(found, str):
            return None
        x, bound, stopped = found
        status: Literal["optimal", "time_limit"] = "time_limit" if stopped else "optimal"
        answer = self._answer(np.round(x[:groups]).astype(np.int64), status, bound)
        return Answer(**{**_fields(answer), "texts": (*answer.texts, _beside(first, answer))})

    def elastic(self, status: Literal["time_limit", "infeasible"]) -> Answer:
        """Return the set that misses the least, fewest measures first among such."""
        groups, count = len(self.adds.T), len(self.targets)
        linear = self._linear(np.r_[np.zeros(groups), np.ones(count)], slack=True)
        least = solve(linear, seconds=self.seconds)
        if least.x is None:
            return self._answer(np.zeros(groups, dtype=np.int64), status, 0.0)
        missed = float(least.x[groups : groups + count].sum())
        kept = linear.with_row(groups + np.arange(count), 1.0, high=missed + _SAME * max(missed, 1.0))
        cost = np.r_[np.ones(groups), np.zeros(count)] + 1e-3 * self._ties(groups + count) / max(groups, 1)
        few = solve(kept.but(cost=cost), seconds=self.seconds)
        x = least.x if few.x is None else few.x
        return self._answer(np.round(x[:groups]).astype(np.int64), status, max(least.bound, 0.0))

    def _answer(self, counts: Ints, status: Literal["optimal", "time_limit", "infeasible"], bound: float) -> Answer:
        taken = [members[:number] for members, number in zip(self.grouping.members, counts, strict=True)]
        ids = tuple(sorted(id_ for members in taken for id_ in members))
        reached = self.adds @ counts if len(counts) else np.zeros(len(self.targets))
        missing = np.maximum(self.targets["homes"].to_numpy(dtype=float) - reached, 0.0)
        told = self.targets.assign(reached=reached, missing=np.where(missing > _SAME, missing, 0.0))
        cost = float(self.table.loc[self.table["id"].isin(ids), "cost"].sum(skipna=False))
        return Answer(status, ids, len(ids), cost, told, bound, _texts(status, len(ids), told))


def _counts(row: Mapping[Any, Any], target: Mapping[Any, Any]) -> bool:
    """Say whether a measure counts for a target."""
    if target["area"] not in (WHOLE, *str(row["area"]).split("\0")):
        return False
    if target["dwelling_type"] not in (ANY, row["dwelling_type"]):
        return False
    return bool(pd.isna(target["year"]) or row["first"] <= target["year"])


def _fields(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in Answer.__dataclass_fields__}


def _texts(status: str, count: int, targets: pd.DataFrame) -> tuple[Text, ...]:
    missed = targets[targets["missing"] > 0]
    if missed.empty:
        return (Text(sv=f"{count} åtgärder når alla mål.", en=f"{count} measures meet every target."),)
    none = Text(sv="Inga åtgärder når alla mål.", en="No set of measures meets every target.")
    late = Text(sv="Tiden räckte inte till att nå alla mål.", en="Time ran out before every target was met.")
    texts = [none if status == "infeasible" else late]
    for area, kind, homes, missing in missed[["area", "dwelling_type", "homes", "missing"]].itertuples(index=False):
        what = "" if kind == ANY else f" ({kind})"
        texts.append(
            Text(
                sv=f"{area}{what}: {missing:.4g} av {homes:.4g} bostäder saknas.",
                en=f"{area}{what}: {missing:.4g} of {homes:.4g} homes are missing.",
            )
        )
    return tuple(texts)


def _beside(first: Answer, second: Answer) -> Text:
    gone, come = sorted(set(first.ids) - set(second.ids)), sorted(set(second.ids) - set(first.ids))
    away, here = ", ".join(gone) or "–", ", ".join(come) or "–"
    return Text(
        sv=f"Näst bäst: {second.count} åtgärder i stället för {first.count}; ut: {away}; in: {here}.",
        en=f"Second best: {second.count} measures instead of {first.count}; out: {away}; in: {here}.",
    )

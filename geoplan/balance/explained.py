"""Why a measure is, or is not, in a release programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from geoplan.balance.measures import ANY
from geoplan.balance.model import M2_PER_HA
from geoplan.balance.programme import Problem, Programme, relaxed_worth, solve_problem
from geoplan.balance.standards import LIMIT_KINDS
from geoplan.balance.wording import tell
from geoplan.errors import NotFoundError
from geoplan.text import Text

__all__ = ["Explained", "Why", "explain_measure"]

Why = Literal[
    "serves",
    "needed_by",
    "cost_unknown",
    "land_unknown",
    "too_late",
    "requires",
    "excluded",
    "no_homes",
    "no_need",
    "out_of_reach",
    "budget",
    "land_new",
    "measures",
    "homes",
    "need_met",
    "cannot",
    "replaceable",
]

_SAME = 2e-6
_NEAR_SECONDS = 4.0


@dataclass(frozen=True)
class Explained:
    """Why a measure is in a programme or out of it.

    Attributes
    ----------
    id, released
        The measure, and the year of its release; ``None`` where it is out.
    why
        In: ``serves`` (without it less is served), ``needed_by`` (another in the programme requires it), or
        ``replaceable`` (others would serve as much). Out: ``cost_unknown``, ``land_unknown``, ``too_late``,
        ``requires`` (what it requires cannot be released), ``excluded`` (a released measure excludes it),
        ``no_homes``, ``no_need`` of its type anywhere, ``out_of_reach`` (need of its type, but not where its homes
        are reached), the limits that stop it (``budget``, ``land_new``, ``measures``, ``homes``), ``need_met``
        (others serve the same need for as little or less), or ``cannot`` (no programme has it).
    serves
        In: ``area``, ``year``, ``group``, ``dwelling_type``, ``tenure``, ``homes``: whom its homes serve, as its share
        of all homes alike in the programme.
    objective, otherwise
        The worth of the programme; and of the best one without it (in) or with it (out), ``None`` where there is none.
    change
        ``otherwise − objective``, at most 0.
    exact
        Whether the change is that of two best programmes. Where the programme has a gap it is that of the best worth
        with measures released in part, since one measure is often worth less than the gap.
    displaced, added
        Ids that the other programme has not, and that it has more. With a gap: of a measure that is out, which of the
        programme would go out for it and nothing come in; of one that is in, not told.
    more
        By limit that stops it: what it uses of it (currency, ha, measures, homes); that much more would let it in
        without putting another out.
    texts
        The same in words.
    """

    id: str
    released: int | None
    why: tuple[Why, ...]
    serves: tuple[Mapping[str, Any], ...]
    objective: float
    otherwise: float | None
    change: float | None
    exact: bool
    displaced: tuple[str, ...]
    added: tuple[str, ...]
    more: Mapping[str, float]
    texts: tuple[Text, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = asdict(self)
        return values | {
            "why": list(self.why),
            "serves": [dict(row) for row in self.serves],
            "displaced": list(self.displaced),
            "added": list(self.added),
            "more": dict(self.more),
            "texts": [text.model_dump() for text in self.texts],
        }


def explain_measure(programme: Programme, id_: str) -> Explained:
    """Say why a measure is in a programme, or what stops it.

    Parameters
    ----------
    programme
        From :func:`geoplan.balance.programme.release_programme`.
    id_
        The measure.

    Returns
    -------
    Explained
        With the programme solved again without it, or with it.

    Raises
    ------
    NotFoundError
        There is no such measure.

    Notes
    -----
    A limit stops a measure where the programme with it, and with as much more of that limit as it uses, is worth more
    than the programme. Where only several limits together do, all are named that it uses. Each is solved anew; see
    docs/method-programme.md.
    """
    rows = programme.problem.measures.to_dict("records")
    measure = next((row for row in rows if row["id"] == id_), None)
    if measure is None:
        raise NotFoundError(f"There is no measure {id_}.", hint="Name one of the programme's measures.")
    released = programme.releases.loc[programme.releases["id"] == id_, "year"]
    if len(released):
        return _inside(programme, measure, int(released.iloc[0]))
    return _outside(programme, measure)


def _inside(programme: Programme, measure: Mapping[Any, Any], year: int) -> Explained:
    id_ = str(measure["id"])
    asked = _asked(programme, id_, forced=False)
    there = programme.problem.measures["id"].isin(programme.releases["id"])
    waits = np.array([id_ in ids for ids in programme.problem.measures["requires"]])
    why: list[Why] = []
    if asked.change is not None and asked.change < -_tolerance(programme):
        why.append("serves")
    if (there & waits).any():
        why.append("needed_by")
    return _told(programme, id_, year, why or ["replaceable"], asked, {}, serves=_served_by(programme, measure, year))


def _outside(programme: Programme, measure: Mapping[Any, Any]) -> Explained:
    id_, problem = str(measure["id"]), programme.problem
    if measure["barred"]:
        return _told(programme, id_, None, [measure["barred"]], _Asked(None, None), {})
    asked = _asked(programme, id_, forced=True)
    static = _never_useful(problem, measure)
    if static:
        return _told(programme, id_, None, [static], asked, {})
    use = _uses(problem, measure)
    stops = [kind for kind in use if _gains(programme, id_, {kind: use[kind]}, asked.before)]
    together = not stops and len(use) > 1 and _gains(programme, id_, use, asked.before)
    if together:
        stops = list(use)
    why: list[Why] = list(stops)  # type: ignore[arg-type]
    worse = asked.change is None or asked.change < -_tolerance(programme)
    if not why and worse and set(measure["excludes"]) & set(programme.releases["id"]):
        why = ["excluded"]
    if not why:
        why = ["cannot"] if asked.change is None else ["need_met"]
    return _told(programme, id_, None, why, asked, {kind: use[kind] for kind in stops}, together=together)


@dataclass(frozen=True)
class _Asked:
    """What changes when a measure is forced, and the programme that it was read from, where there is one.

    ``before`` is the worth with measures released in part and nothing forced, where it was asked for.
    """

    change: float | None
    programme: Programme | None
    before: float | None = None


def _asked(
    programme: Programme,
    id_: str,
    *,
    forced: bool,
    more: Mapping[str, float] | None = None,
    before: float | None = None,
) -> _Asked:
    """Solve once more with a measure in or out.

    One measure is often worth less than the gap of a large programme. Then the change is that of the best worth with
    measures released in part, which is known to the digit, and only what would go out is asked of whole measures:
    the programme's own and the one that is forced.
    """
    problem = programme.problem
    if programme.status == "optimal":
        other = solve_problem(problem, forced={id_: forced}, more=more)
        return _Asked(None if other.status == "infeasible" else other.objective - programme.objective, other)
    before = relaxed_worth(problem, id_) if before is None else before
    after = relaxed_worth(problem, id_, forced=forced, more=more)
    if before is None or after is None:
        return _Asked(None, None, before)
    near = None
    if forced and not more:
        # Only what would go out is read from it, so the best found in a few seconds will do.
        hasty = replace(problem.standards, time_limit=min(problem.standards.time_limit, _NEAR_SECONDS))
        mine = {*programme.releases["id"], *_required(problem, id_)}
        near = solve_problem(replace(problem, standards=hasty), forced={id_: True}, only=mine)
    return _Asked(after - before, near, before)


def _gains(programme: Programme, id_: str, more: Mapping[str, float], before: float | None) -> bool:
    change = _asked(programme, id_, forced=True, more=more, before=before).change
    return change is not None and change > _tolerance(programme)


def _tolerance(programme: Programme) -> float:
    """Return from what on worth differs, and is not rounded otherwise."""
    return _SAME * max(abs(programme.objective), 1.0)


def _uses(problem: Problem, measure: Mapping[Any, Any]) -> dict[str, float]:
    """Return what a measure and all that it requires use of the limits that there are."""
    rows = problem.measures[problem.measures["id"].isin(_required(problem, str(measure["id"])))]
    use = {
        "budget": float(rows["cost"].fillna(0.0).sum()),
        "land_new": float(rows["land_new_m2"].fillna(0.0).sum()) / M2_PER_HA,
        "measures": float(len(rows)),
        "homes": float(rows["homes"].clip(lower=0.0).sum()),
    }
    limited = {limit.kind for limit in problem.limits}
    return {kind: use[kind] for kind in LIMIT_KINDS if kind in limited and use[kind] > 0}


def _required(problem: Problem, id_: str) -> set[str]:
    """Return a measure and all that it requires."""
    requires = dict(zip(problem.measures["id"], problem.measures["requires"], strict=True))
    ids, open_ = {id_}, list(requires[id_])
    while open_:
        needed = open_.pop()
        if needed not in ids:
            ids.add(needed)
            open_ += requires[needed]
    return ids


def _never_useful(problem: Problem, measure: Mapping[Any, Any]) -> Why | None:
    """Say whether a measure's homes could serve nobody even without limits."""
    if any(measure["id"] in ids for ids in problem.measures["requires"]):
        return None
    if measure["likely"] <= 0:
        return "no_homes"
    fits = _fits(problem, problem.demands, measure)
    if not fits.any():
        return "no_need"
    areas = set(problem.demands.loc[fits, "area"])
    if not any(area == measure["area"] or (area, measure["area"]) in problem.pairs for area in areas):
        return "out_of_reach"
    return None


def _fits(problem: Problem, rows: pd.DataFrame, measure: Mapping[Any, Any]) -> pd.Series[bool]:
    fits = pd.Series(True, index=rows.index)
    # Who wants another type, and takes this one all the same.
    others = [wanted for wanted, row in problem.standards.instead.items() if measure["dwelling_type"] in row]
    for name, more in (("dwelling_type", others), ("tenure", [])):
        if measure[name] != ANY:
            fits &= rows[name].isin([measure[name], ANY, *more])
    return fits


def _served_by(programme: Programme, measure: Mapping[Any, Any], year: int) -> tuple[dict[str, Any], ...]:
    """Return whom a measure's homes serve: its share, by likely homes, of what homes of its area serve from then on."""
    rows = programme.served
    mine = rows[rows["home_area"].eq(measure["area"]) & rows["year"].ge(year) & _fits(programme.problem, rows, measure)]
    total = float(mine["homes"].sum())
    if total <= 0 or measure["likely"] <= 0:
        return ()
    share = min(float(measure["likely"]) / total, 1.0)
    told = mine.assign(homes=np.round(mine["homes"] * share, 6)).drop(columns=["home_area", "home_type"])
    return tuple({str(name): value for name, value in row.items()} for row in told.to_dict("records"))


def _told(
    programme: Programme,
    id_: str,
    released: int | None,
    why: Sequence[Why],
    asked: _Asked,
    more: Mapping[str, float],
    *,
    serves: tuple[dict[str, Any], ...] = (),
    together: bool = False,
) -> Explained:
    now = set(programme.releases["id"])
    other = asked.programme
    then = now if other is None or other.status == "infeasible" else set(other.releases["id"])
    exact = programme.status == "optimal" and not (other is not None and other.stopped)
    otherwise = None if asked.change is None else programme.objective + asked.change
    displaced, added = tuple(sorted(now - then - {id_})), tuple(sorted(then - now - {id_}))
    texts = tell(
        inside=released is not None,
        why=why,
        objective=programme.objective,
        otherwise=otherwise,
        exact=exact,
        displaced=displaced,
        added=added,
        more=more,
        together=together,
        names=_names(programme, id_, why),
    )
    return Explained(
        id_,
        released,
        tuple(why),
        serves,
        programme.objective,
        otherwise,
        asked.change,
        exact,
        displaced,
        added,
        more,
        texts,
    )


def _names(programme: Programme, id_: str, why: Sequence[Why]) -> tuple[str, ...]:
    """Return the other measures that a reason is about."""
    rows = {row["id"]: row for row in programme.problem.measures.to_dict("records")}
    released = set(programme.releases["id"])
    if "needed_by" in why:
        return tuple(other for other, row in rows.items() if id_ in row["requires"] and other in released)
    if "requires" in why:
        return tuple(other for other in rows[id_]["requires"] if rows[other]["barred"])
    if "excluded" in why:
        return tuple(other for other in rows[id_]["excludes"] if other in released)
    return ()

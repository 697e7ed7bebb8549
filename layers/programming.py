"""The last run's release programme, asked again: why something is in it or not, and what closes another gap."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Any

from geoplan.balance.closing import Answer, close_gap
from geoplan.balance.explained import Explained, explain_measure
from geoplan.balance.programme import Programme
from geoplan.balance.releasable import WHY_NOT
from geoplan.balance.standards import ProgrammeStandards
from geoplan.errors import InputError, NotFoundError
from geoplan.text import Text
from layers.assumptions import assumption_values
from layers.chain.derived import Frame
from layers.chain.programme import gap_tables, gap_targets, problem_of
from layers.lastrun import LastRun
from layers.store import Store
from layers.workspace import Workspace

__all__ = ["Closed", "LastProgramme", "Told"]

_PREFIXES = ("", "plots/", "gaps/", "renewal_actions/")
_NOT_IN = Text(sv="Den kan inte släppas: {why}.", en="It cannot be released: {why}.")
_MOST_YEARS = 100


@dataclass(frozen=True)
class Told:
    """Why a plot, a gap or an action is in the programme or not.

    Attributes
    ----------
    id, run
        As in the supply account; the run that made the programme.
    why
        Codes: of :class:`geoplan.balance.explained.Explained`, or of :data:`geoplan.balance.releasable.WHY_NOT`.
    texts
        The same in words.
    explained
        All of it where it may be released at all.
    """

    id: str
    run: int
    why: tuple[str, ...]
    texts: tuple[Text, ...]
    explained: Explained | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; ``releasable`` says whether it may be released at all."""
        told = {
            "id": self.id,
            "run": self.run,
            "releasable": self.explained is not None,
            "released": None,
            "why": list(self.why),
            "texts": [text.model_dump() for text in self.texts],
        }
        return told if self.explained is None else told | self.explained.to_dict()

    def text(self, language: str) -> str:
        """Return it in words, a sentence a line, the id first."""
        year = None if self.explained is None else self.explained.released
        head = self.id if year is None else f"{self.id}, {year}"
        return "\n".join([head, *(text.sv if language == "sv" else text.en for text in self.texts)])


@dataclass(frozen=True)
class Closed:
    """The smallest set of measures that gives every area so many years of supply, and the second-best.

    Attributes
    ----------
    years
        Years of supply.
    answers
        One, or two.
    measures, targets
        As the derived layers ``programme_gap`` and ``programme_gap_targets``.
    """

    years: float
    answers: tuple[Answer, ...]
    measures: Frame
    targets: Frame

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"years_of_supply": self.years, "answers": [answer.to_dict() for answer in self.answers]}


@dataclass(frozen=True)
class LastProgramme:
    """The programme of the last run, as it was stored, with what it was asked."""

    last: LastRun
    programme: Programme

    @classmethod
    def of(cls, store: Store) -> LastProgramme:
        """Read it; nothing is solved.

        Raises
        ------
        NotFoundError
            There is no run, or it made no programme.
        """
        last = LastRun.of(store)
        workspace = Workspace.from_mapping(dict(last.run.parameters))
        if "programme_result" not in last.run.outputs or workspace.programme is None:
            raise NotFoundError(
                "The last run has no release programme.",
                hint="Set [programme] in geoplan.toml, then run `geoplan plan`.",
            )
        problem = problem_of(
            last.output("programme_measures"),
            last.output("programme_needs"),
            last.output("crossings") if "crossings" in last.run.outputs else None,
            workspace.programme,
            assumption_values(workspace.assumptions),
        )
        result = last.output("programme_result").to_dict("records")[0]
        programme = Programme(
            releases=last.output("programme_releases"),
            served=last.output("programme_served"),
            left=last.output("programme_left"),
            usage=last.output("programme_usage"),
            objective=float(result["objective"]),
            bound=_known(result["bound"]),
            gap=_known(result["gap"]),
            status=result["status"],
            groups=int(result["groups"]),
            band=float(result["band"]),
            problem=problem,
            stopped=bool(result["stopped"]),
        )
        return cls(last, programme)

    @property
    def result(self) -> Frame:
        """The row of ``programme_result``."""
        row: Frame = self.last.output("programme_result")
        return row

    def explain(self, id_: str) -> Told:
        """Say why a plot, a gap or an action is in the programme or not.

        Parameters
        ----------
        id_
            As in the supply account (``plots/…``, ``gaps/…``, ``renewal_actions/…``), or without what is before the
            slash.

        Raises
        ------
        NotFoundError
            There is no such plot, gap or action; the closest are named.

        Notes
        -----
        Of what may be released the programme is solved again, with it or without it: that takes up to as long as the
        programme itself did, a few times.
        """
        run, names = self.last.run.id, [prefix + id_ for prefix in _PREFIXES]
        ids = set(self.programme.problem.measures["id"])
        for name in names:
            if name in ids:
                told = explain_measure(self.programme, name)
                return Told(name, run, told.why, told.texts, told)
        left = self.last.output("programme_left_out")
        why = dict(zip(left["id"], left["why"], strict=True))
        for name in names:
            if name in why:
                reason = WHY_NOT[why[name]]
                text = Text(sv=_NOT_IN.sv.format(why=reason.sv), en=_NOT_IN.en.format(why=reason.en))
                return Told(name, run, (why[name],), (text,))
        raise NotFoundError(
            f"There is no plot, gap or action {id_!r}.", hint=self._near(names, [*sorted(ids), *sorted(why)])
        )

    def close(self, years_of_supply: float) -> Closed:
        """Find the fewest measures that give every area so many years of supply.

        Raises
        ------
        InputError
            That is no number of years.
        """
        if not 0 < years_of_supply <= _MOST_YEARS:
            raise InputError(
                f"{years_of_supply:g} is no number of years.", hint=f"Give more than 0, up to {_MOST_YEARS}."
            )
        supply, measures = self.last.output("programme_supply"), self.last.output("programme_measures")
        targets = gap_targets(supply, years_of_supply)
        standards: ProgrammeStandards = self.programme.problem.standards
        answers = close_gap(measures, targets, standards=standards)
        chosen, told = gap_tables(answers, supply, measures)
        return Closed(years_of_supply, tuple(answer for answer in answers if answer is not None), chosen, told)

    def _near(self, names: list[str], ids: list[str]) -> str:
        elsewhere = self.last.output("supply_left_out")
        stands = dict(zip(elsewhere["id"], elsewhere["stands_as"], strict=True))
        for name in names:
            if stands.get(name):
                return f"It stands as {stands[name]}."
        bare = {found.partition("/")[2]: found for found in ids}
        asked = names[0].partition("/")[2] if names[0].startswith(_PREFIXES[1:]) else names[0]
        close = difflib.get_close_matches(asked, bare, n=2, cutoff=0.7)
        if close:
            return f"Did you mean {' or '.join(bare[name] for name in close)}?"
        return "`geoplan export programme_measures FILE.csv` lists all."


def _known(value: Any) -> float:
    """Return a stored number; unknown is endless, as it was before it was stored."""
    number = math.nan if value is None else float(value)
    return math.inf if math.isnan(number) else number

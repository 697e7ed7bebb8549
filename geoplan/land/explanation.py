"""An explanation as text for people: what one may build on first, then the reasons, strongest first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from geoplan.land.rules import BLOCKING
from geoplan.land.wording import words
from geoplan.text import Text

if TYPE_CHECKING:
    from geoplan.land.decisions import Decision
    from geoplan.land.facts import Explanation, Fact, Opening

__all__ = ["BOUNDARY_NOTICE", "printable", "tell", "tell_decision"]

BOUNDARY_NOTICE = Text(
    sv="Kartans gränser är inte juridiskt bindande.",
    en="Boundaries on the map are not legally binding.",
)
"""Source: Lantmäteriet, https://geotorget.lantmateriet.se/dokumentation/GEODOK/15/2025.02_gallande.html"""

_WIDTH = 96
_NEGLIGIBLE_M2 = 1e-6
_INDENT = 4
_LABEL = 12


def tell(explanation: Explanation, language: str) -> str:
    """Return an explanation as text, at most 96 characters wide where no word is longer.

    Parameters
    ----------
    explanation
        What is told.
    language
        ``sv`` or ``en``.
    """
    return "\n".join(_Teller(explanation, language).lines())


def tell_decision(decision: Decision, language: str) -> str:
    """Return a decision as a sentence or two: who, when, what, why, and what was computed."""
    told = words(language)
    who, day = decision.official or told["official"], decision.date or "–"
    if decision.holds == "computed":
        text = told["withdrawn"].format(who=who, day=day)
    else:
        text = told["decided"].format(who=who, day=day, what=told[f"holds.{decision.holds}"])
    sentences = [f"{text}: {decision.reason.rstrip('.')}." if decision.reason else f"{text}."]
    if decision.original is not None:
        what = told.get(f"was.{decision.original}", decision.original)
        basis = decision.original_basis
        sentences.append(
            told["original"].format(what=f"{what} ({told.get(f'basis.{basis}', basis)})" if basis else what)
        )
    return printable(" ".join(sentences))


class _Teller:
    """One explanation in one language."""

    def __init__(self, explanation: Explanation, language: str) -> None:
        self._it, self._language = explanation, language
        self._words = words(language)

    def lines(self) -> Iterator[str]:
        yield printable(self._it.subject)
        yield from self._head()
        for group, facts in self._it.groups().items():
            yield from ("", self._words[f"group.{group}"])
            if group == "never_asked":
                yield from self._never_asked(facts)
            elif group in ("outside", "clear"):
                yield from self._list(facts)
            else:
                yield from self._reasons(facts)
        yield ""
        yield BOUNDARY_NOTICE[self._language]

    def _head(self) -> Iterator[str]:
        it, words = self._it, self._words
        if it.area_m2 is not None and it.buildable_m2 is not None:
            parts = [words["buildable"].format(part=_number(it.buildable_m2), whole=_number(it.area_m2))]
            parts += self._if_opened(it.buildable_m2)
            if it.buildable_m2 <= 0 and it.left_forbidden_m2 is not None and round(it.left_forbidden_m2) == 0:
                parts.append(words["all_forbidden"])
            yield from _wrap("; ".join(parts) + ".", "")
        else:
            yield from _wrap(words[f"place_{it.buildable}"], "")
        if it.place is not None:
            yield from _wrap(words[it.place].format(parcel=it.parcel), "")
        if it.as_of is not None:
            yield words["as_of"].format(day=it.as_of.isoformat())

    def _if_opened(self, buildable: float) -> Iterator[str]:
        """Say what is left where what is unknown is settled, and where exemptions are granted besides."""
        settled, opened = self._it.left_needs_exemption_m2, self._it.left_forbidden_m2
        more = settled is not None and round(settled) > round(buildable)
        if settled is not None and more:
            yield self._words["investigated"].format(area=_number(settled))
        if opened is not None and round(opened) > round(max(settled or 0.0, buildable)):
            yield self._words["exempted_too" if more else "exempted"].format(area=_number(opened))

    def _reasons(self, facts: list[Fact]) -> Iterator[str]:
        for fact in facts:
            title = fact.rule.title[self._language]
            yield ""
            severity = "" if fact.holds == "no" else f" – {self._words[f'severity.{fact.rule.severity}']}"
            yield from _wrap(f"{title}{severity}", "  ")
            for label, text in self._rows(fact):
                yield from _row(self._words[label], printable(text))

    def _rows(self, fact: Fact) -> Iterator[tuple[str, str]]:
        """Yield what is told of a fact, as label and text."""
        rule, words = fact.rule, self._words
        if fact.area_m2 is not None and fact.share is not None:
            yield "concerns", "; ".join(self._areas(fact))
        if told := "; ".join(self._cause(fact)):
            yield "basis", told
        yield "law", rule.legal_basis[self._language]
        yield "layer", "; ".join(self._layer(fact))
        yield "source", rule.source
        if fact.holds != "no":
            if rule.exemption.thinkable:
                grounds = f": {rule.exemption.grounds[self._language]}" if rule.exemption.grounds else "."
                yield "exemption", words["thinkable"] + grounds
            elif rule.severity in ("forbidden", "needs_exemption"):
                yield "exemption", words["not_thinkable"]
            if fact.opened_by:
                yield "opened", "; ".join(self._opening(opening) for opening in fact.opened_by)
            if fact.settle:
                yield "settle", fact.settle[self._language]
            if rule.change:
                yield "change", rule.change[self._language]
        if fact.decision:
            yield "decision", tell_decision(fact.decision, self._language)
        if fact.pending:
            yield "pending", f"{tell_decision(fact.pending, self._language)} {words['apply']}"

    def _areas(self, fact: Fact) -> Iterator[str]:
        words = self._words
        yield self._area(fact.area_m2, fact.share)
        if fact.rule.severity in BLOCKING and fact.only_m2 is not None and fact.taken_m2 is not None:
            if fact.taken_m2 < _NEGLIGIBLE_M2:
                yield words["taken_before"]
                return
            yield words["only"].format(area=self._rounded(fact.only_m2))
            yield words["taken"].format(area=self._rounded(fact.taken_m2))

    def _area(self, area: float | None, share: float | None) -> str:
        told, part = self._rounded(area or 0.0), self._rounded(100 * (share or 0.0))
        return self._words["area"].format(area=told, share=part)

    def _rounded(self, value: float) -> str:
        """Write a number, and what is less than one but more than nothing as that."""
        return self._words["below"].format(number=1) if _NEGLIGIBLE_M2 < value < 1 else _number(value)

    def _cause(self, fact: Fact) -> Iterator[str]:
        words = self._words
        if fact.basis is not None:
            yield words.get(f"basis.{fact.basis}", fact.basis)
        if fact.why == "partly_asked":
            yield words["partly_asked"]
        if fact.distance_m is not None:
            kind = "distance_shore" if fact.rule.operation == "shore_zone" else "distance"
            yield words[kind].format(metres=_number(fact.distance_m))
        if fact.feature:
            yield words["cause"].format(feature=fact.feature)

    def _layer(self, fact: Fact) -> Iterator[str]:
        layer, words = fact.layer, self._words
        if layer is None:
            yield fact.rule.layer
            return
        yield f"{layer.title[self._language]} ({fact.rule.layer})"
        if layer.version is not None:
            yield words["version"].format(version=layer.version, day=layer.imported or "–")
        if layer.made_of:
            yield words["made_of"].format(layers=", ".join(layer.made_of))
        if layer.described:
            yield words["described"].format(day=layer.described)

    def _opening(self, opening: Opening) -> str:
        words = self._words
        title = opening.rule.title[self._language]
        if opening.holds != "yes":
            return f"{title}: {words['opened_unknown']}"
        where = words["opened_here"] if opening.share is None else self._area(opening.area_m2, opening.share)
        return f"{title}: {where}" + (f", {opening.feature}" if opening.feature else "")

    def _never_asked(self, facts: list[Fact]) -> Iterator[str]:
        """List what was never asked, each with what would settle it."""
        yield ""
        for fact in facts:
            name = f"{fact.rule.title[self._language]} ({fact.rule.layer})"
            settle = f": {fact.settle[self._language]}" if fact.settle else ""
            yield from _wrap(f"• {name}{settle}", "  ", "    ")
            if fact.pending:
                pending = tell_decision(fact.pending, self._language)
                yield from _wrap(f"{pending} {self._words['apply']}", "    ")

    def _list(self, facts: list[Fact]) -> Iterator[str]:
        """List facts of which there is nothing more to say, the nearest first, apart from those far off."""
        near, far = self._it.near_and_far(facts)
        yield ""
        if near:
            yield from _wrap("; ".join(self._short(fact) for fact in near) + ".", "  ")
        if far:
            names = "; ".join(fact.rule.title[self._language] for fact in far)
            yield from _wrap(
                f"{self._words['none_within'].format(metres=_number(self._it.reach_m or 0.0))}: {names}.", "  "
            )

    def _short(self, fact: Fact) -> str:
        title = fact.rule.title[self._language]
        # The number stays on the line of its unit.
        return title if fact.distance_m is None else f"{title} ({_number(fact.distance_m)}\u00a0m)"


def printable(text: str) -> str:
    """Return text without what would steer a terminal: names and reasons come from others."""
    return "".join(letter if letter.isprintable() or letter in "\u00a0\u202f" else "\ufffd" for letter in text)


def _number(value: float) -> str:
    return f"{round(value) + 0:,}".replace(",", "\u202f")


def _row(label: str, text: str) -> Iterator[str]:
    # A long address begins beside its label all the same.
    lines = _wrap(text, "", width=_WIDTH - _INDENT - _LABEL)
    for number, line in enumerate(lines):
        yield " " * _INDENT + f"{'' if number else label:<{_LABEL}}{line}"


def _wrap(text: str, indent: str, hanging: str | None = None, *, width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )

"""Why a measure is or is not in a programme, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geoplan.text import Text

__all__ = ["tell"]

_WHY: Mapping[str, Text] = {
    "serves": Text(sv="Den är med: utan den får färre hushåll en bostad.", en="It is in: without it fewer are served."),
    "needed_by": Text(sv="Den är med: {names} förutsätter den.", en="It is in: {names} requires it."),
    "cost_unknown": Text(
        sv="Den är inte med: kostnaden är okänd, och budgeten är begränsad.",
        en="It is out: its cost is unknown, and the budget is limited.",
    ),
    "land_unknown": Text(
        sv="Den är inte med: hur mycket ny mark den tar är okänt, och ny mark är begränsad.",
        en="It is out: how much new land it takes is unknown, and new land is limited.",
    ),
    "too_late": Text(
        sv="Den är inte med: den kan släppas först efter programmets sista år.",
        en="It is out: it can be released only after the programme's last year.",
    ),
    "requires": Text(
        sv="Den är inte med: den förutsätter {names}, som inte kan släppas.",
        en="It is out: it requires {names}, which cannot be released.",
    ),
    "excluded": Text(
        sv="Den är inte med: den går inte ihop med {names}, som är med.",
        en="It is out: it does not go together with {names}, which is in.",
    ),
    "no_homes": Text(sv="Den är inte med: den ger inga bostäder.", en="It is out: it brings no homes."),
    "no_need": Text(
        sv="Den är inte med: ingen behöver bostäder av dess slag.", en="It is out: nobody needs homes of its kind."
    ),
    "out_of_reach": Text(
        sv="Den är inte med: bostäder av dess slag behövs, men ingen av dem som behöver dem når dit.",
        en="It is out: homes of its kind are needed, but none of those who need them can reach it.",
    ),
    "budget": Text(
        sv="Den är inte med: budgeten räcker inte; {more} mer skulle räcka.",
        en="It is out: the budget stops it; {more} more would let it in.",
    ),
    "land_new": Text(
        sv="Den är inte med: ny mark är begränsad; {more} ha mer skulle räcka.",
        en="It is out: the limit on new land stops it; {more} ha more would let it in.",
    ),
    "measures": Text(
        sv="Den är inte med: planeringen räcker inte; {more} åtgärder mer skulle räcka.",
        en="It is out: planning capacity stops it; {more} more measures would let it in.",
    ),
    "homes": Text(
        sv="Den är inte med: planeringen räcker inte; {more} bostäder mer skulle räcka.",
        en="It is out: planning capacity stops it; {more} more homes would let it in.",
    ),
    "need_met": Text(
        sv="Den är inte med: andra möter samma behov, för mindre eller lika mycket.",
        en="It is out: others meet the same need, for less or as much.",
    ),
    "cannot": Text(
        sv="Den är inte med: inget program med den håller gränserna.",
        en="It is out: no programme with it keeps the limits.",
    ),
    "replaceable": Text(
        sv="Den är med, men andra kunde ge lika många hushåll en bostad.",
        en="It is in, but others could serve as many.",
    ),
}
_TOGETHER = Text(sv="Gränserna stoppar den först tillsammans.", en="Only together do these limits stop it.")
_MOST = 5


def tell(
    *,
    inside: bool,
    why: Sequence[str],
    objective: float,
    otherwise: float | None,
    exact: bool,
    displaced: Sequence[str],
    added: Sequence[str],
    more: Mapping[str, float],
    together: bool,
    names: Sequence[str],
) -> tuple[Text, ...]:
    """Return the sentences, the reasons first.

    Parameters
    ----------
    inside
        Whether it is in.
    why, objective, otherwise, exact, displaced, added, more
        As in :class:`geoplan.balance.explained.Explained`.
    together
        Whether the limits stop it only together.
    names
        The other measures that a reason is about.
    """
    words = {"names": _listed(names)}
    texts = [
        Text(
            sv=_WHY[reason].sv.format(**words, more=_number(more.get(reason, 0.0), "sv")),
            en=_WHY[reason].en.format(**words, more=_number(more.get(reason, 0.0), "en")),
        )
        for reason in why
    ]
    if together:
        texts.append(_TOGETHER)
    if otherwise is None:
        return tuple(texts)
    change = otherwise - objective
    sure = ("", "") if exact else (" (räknat med åtgärder i delar)", " (with measures released in part)")
    states = ("Utan den", "Without it") if inside else ("Med den", "With it")
    texts.append(
        Text(
            sv=f"{states[0]} är programmet värt {_number(otherwise, 'sv')} i stället för {_number(objective, 'sv')}, "
            f"{_number(change, 'sv', sign=True)}{sure[0]}.",
            en=f"{states[1]} the programme is worth {_number(otherwise, 'en')} instead of {_number(objective, 'en')}, "
            f"{_number(change, 'en', sign=True)}{sure[1]}.",
        )
    )
    if displaced:
        texts.append(Text(sv=f"Då går ut: {_listed(displaced)}.", en=f"Then these go out: {_listed(displaced)}."))
    if added:
        texts.append(Text(sv=f"Då kommer in: {_listed(added)}.", en=f"Then these come in: {_listed(added)}."))
    return tuple(texts)


def _listed(ids: Sequence[str]) -> str:
    rest = len(ids) - _MOST
    return ", ".join(ids[:_MOST]) + (f" (+{rest})" if rest > 0 else "")


def _number(value: float, language: str, *, sign: bool = False) -> str:
    """Write a number with at most three decimals, as the language does."""
    rounded = round(value, 3) + 0.0
    plain = f"{rounded:+,.3f}" if sign else f"{rounded:,.3f}"
    plain = plain.rstrip("0").rstrip(".")
    return plain if language == "en" else plain.replace(",", " ").replace(".", ",").replace("-", "−")

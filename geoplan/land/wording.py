"""The words of an explanation, in Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["words"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "buildable": ("{part} m² byggbart av {whole} m²", "{part} m² buildable of {whole} m²"),
    "investigated": (
        "om det som är okänt visar sig inte hindra {area} m²",
        "if what is unknown turns out not to stand against it {area} m²",
    ),
    "exempted": ("om dispenser ges {area} m²", "if exemptions are granted {area} m²"),
    "exempted_too": ("om dispenser dessutom ges {area} m²", "if exemptions are granted as well {area} m²"),
    "all_forbidden": ("förbud tar allt", "what is forbidden takes all of it"),
    "parcel": ("Platsen ligger på fastigheten {parcel}.", "The place lies on the parcel {parcel}."),
    "no_parcel": ("Platsen ligger inte på någon fastighet i lagret.", "The place lies on no parcel of the layer."),
    "no_parcels": (
        "Inga fastigheter är inlästa, så vilken fastighet platsen ligger på är okänt.",
        "No parcels are imported, so which parcel the place lies on is unknown.",
    ),
    "outside": (
        "Platsen ligger utanför kommunen eller dess data: att inget hittas betyder inte att det är fritt.",
        "The place lies outside the municipality or its data: that nothing is found does not mean clear.",
    ),
    "place_yes": (
        "Ingen tillfrågad regel hindrar att man bygger här.",
        "No rule that was asked keeps one from building here.",
    ),
    "place_no": ("Regler hindrar att man bygger här.", "Rules keep one from building here."),
    "place_unknown": (
        "Om man får bygga här är okänt: något måste utredas först.",
        "Whether one may build here is unknown: something must be found out first.",
    ),
    "place_disputed": ("Om man får bygga här är ifrågasatt.", "Whether one may build here is disputed."),
    "as_of": ("Lagen som den gällde {day}.", "The law as it was on {day}."),
    "group.yes": ("GÄLLER HÄR", "HOLDS HERE"),
    "group.unsure": ("OKÄNT OM DET GÄLLER", "UNKNOWN WHETHER IT HOLDS"),
    "group.disputed": ("IFRÅGASATT", "DISPUTED"),
    "group.decided_no": ("GÄLLER INTE, ENLIGT BESLUT", "DOES NOT HOLD, BY DECISION"),
    "group.waiting": ("TILLFRÅGAT OCH FRITT, MEN ETT BESLUT VÄNTAR", "ASKED AND CLEAR, BUT A DECISION WAITS"),
    "group.never_asked": ("OKÄNT, ALDRIG TILLFRÅGAT: LAGRET SAKNAS", "UNKNOWN, NEVER ASKED: THE LAYER IS MISSING"),
    "group.outside": ("OKÄNT: PLATSEN LIGGER UTANFÖR DATA", "UNKNOWN: THE PLACE LIES OUTSIDE THE DATA"),
    "group.clear": ("TILLFRÅGAT OCH FRITT", "ASKED AND CLEAR"),
    "concerns": ("Berör", "Concerns"),
    "area": ("{area} m² ({share}\u00a0%)", "{area} m² ({share}%)"),
    "below": ("under {number}", "below {number}"),
    "only": ("{area} m² som ingen annan regel tar", "{area} m² that no other rule takes"),
    "taken": ("{area} m² utöver vad reglerna före tar", "{area} m² beyond what the rules before it take"),
    "taken_before": ("allt har redan tagits av reglerna före", "all of it is taken by the rules before it"),
    "basis": ("Grund", "Basis"),
    "partly_asked": (
        "inget hittas, men bara en del av lagret är känd",
        "nothing found, but only part of the layer is known",
    ),
    "distance": ("avstånd {metres} m", "distance {metres} m"),
    "distance_shore": ("avstånd {metres} m till stranden", "distance {metres} m to the shore"),
    "cause": ("orsak {feature}", "cause {feature}"),
    "none_within": ("Inget inom {metres} m", "Nothing within {metres} m"),
    "law": ("Lagstöd", "Law"),
    "layer": ("Lager", "Layer"),
    "version": ("version {version} inläst {day}", "version {version} imported {day}"),
    "described": ("data från {day}", "data of {day}"),
    "made_of": ("beräknat ur {layers}", "computed from {layers}"),
    "source": ("Källa", "Source"),
    "exemption": ("Dispens", "Exemption"),
    "thinkable": ("Tänkbar", "Thinkable"),
    "not_thinkable": ("Inte tänkbar.", "Not thinkable."),
    "opened": ("Öppnas av", "Opened by"),
    "opened_unknown": ("okänt om det finns här", "unknown whether there is one here"),
    "opened_here": ("här", "here"),
    "change": ("Att ändra", "To change"),
    "settle": ("Avgörs av", "Settled by"),
    "decision": ("Beslut", "Decision"),
    "decided": ("{who} beslutade {day} att det {what}", "{who} decided on {day} that it {what}"),
    "withdrawn": ("{who} återkallade {day} det tidigare beslutet", "{who} withdrew the earlier decision on {day}"),
    "official": ("En tjänsteman", "An official"),
    "original": ("Beräknat var: {what}.", "Computed was: {what}."),
    "pending": ("Väntar", "Pending"),
    "apply": ("Räknas in nästa gång `geoplan plan` körs.", "The next `geoplan plan` applies it."),
    "holds.yes": ("gäller", "holds"),
    "holds.no": ("inte gäller", "does not hold"),
    "holds.unknown": ("är okänt", "is unknown"),
    "holds.disputed": ("är ifrågasatt", "is disputed"),
    "was.yes": ("gäller", "holds"),
    "was.no": ("gäller inte", "does not hold"),
    "was.unknown": ("okänt", "unknown"),
    "severity.forbidden": ("förbjudet", "forbidden"),
    "severity.needs_exemption": ("kräver dispens", "needs an exemption"),
    "severity.investigate": ("behöver utredas", "to be investigated"),
    "severity.costs": ("kostar", "costs"),
    "severity.noted": ("noterat", "noted"),
    "basis.computed": ("beräknat", "computed"),
    "basis.computed_general": ("beräknat generellt skydd", "computed general protection"),
    "basis.computed_unsure": (
        "beräknat, men en uppgift om vattnet som avgör saknas",
        "computed, but a fact about the water that decides is missing",
    ),
    "basis.decided": ("beslutat", "decided"),
    "basis.decided_extended": ("beslutad utvidgning", "decided extension"),
    "basis.lifted": ("upphävt", "lifted"),
    "basis.override": ("en tjänstemans beslut", "an official's decision"),
}


def words(language: str) -> dict[str, str]:
    """Return the words in ``sv`` or ``en``; coded values as ``field.value``."""
    which = 0 if language == "sv" else 1
    return {key: both[which] for key, both in _WORDS.items()}

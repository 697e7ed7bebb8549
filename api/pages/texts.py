"""What the pages besides the map say, in Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.maps.texts import LANGUAGES, Language
from geoplan.maps.texts import texts as map_texts

__all__ = ["texts"]

_TEXTS: Mapping[str, tuple[str, str]] = {
    "skip_to_content": ("Hoppa till innehållet", "Skip to content"),
    "main_menu": ("Huvudmeny", "Main menu"),
    "lead": (
        "Var det går att bygga, och om tomterna räcker till dem som behöver bostäder.",
        "Where one can build, and whether the plots suffice for those who need homes.",
    ),
    "open_map": ("Öppna kartan", "Open the map"),
    "figures": ("I korthet", "In brief"),
    "plots_found": ("tomter", "plots"),
    "plots_homes": ("bostäder i planer, nominellt", "homes in plans, nominally"),
    "parcels_read": ("fastigheter", "parcels"),
    "building_need": ("bostäder behövs till {year}", "homes needed by {year}"),
    "notes_heading": ("Vad som saknas eller antas", "What is lacking or assumed"),
    "no_plots": (
        "Inga tomter är beräknade: det saknas fastigheter.",
        "No plots have been computed: there are no parcels.",
    ),
    "nothing_yet": (
        "Inget är beräknat än. Läs in data och kör: geoplan plan",
        "Nothing has been computed yet. Import the data and run: geoplan plan",
    ),
    "data_heading": ("Data och gränssnitt", "Data and interfaces"),
    "homes_page": ("Bostäder", "Homes"),
    "homes_title": ("Bostäder: behov, utbud och balans", "Homes: need, supply and balance"),
    "homes_lead": (
        "Vilka som behöver bostäder, var och när, och om det som finns och planeras svarar mot det.",
        "Who needs homes, where and when, and whether what there is and what is planned answers it.",
    ),
    "homes_contents": ("På sidan", "On this page"),
    "homes_files": ("Siffrorna som filer", "The figures as files"),
    "link_demand": ("Behovet", "The need"),
    "link_programme": ("Programmet", "The programme"),
    "link_homes": ("Bostäder: behov, utbud och balans", "Homes: need, supply and balance"),
    "link_report": ("Rapport för utskrift", "Report to print"),
    "link_tables": ("Alla tabeller", "All tables"),
    "link_map_file": ("Kartan som en fil", "The map as one file"),
    "link_balance": ("Balansen", "The balance"),
    "link_waterfall": ("Från all mark till tomter", "From all land to plots"),
    "link_layers": ("Lager, versioner och källor", "Layers, versions and sources"),
    "link_docs": ("Gränssnitt för program (API)", "Interface for programs (API)"),
    "link_health": ("Driftläge", "Service status"),
    "explain_heading": ("Förklara en fastighet", "Explain a parcel"),
    "explain_label": ("Fastighetens beteckning", "Designation of the parcel"),
    "explain_button": ("Förklara", "Explain"),
    "explain_help": (
        "Svaret räknar upp varje regel, vad den grundar sig på och vad som skulle behöva ändras.",
        "The answer lists every rule, what it rests on, and what would have to change.",
    ),
    "runs_heading": ("Så är siffrorna gjorda", "How the figures were made"),
    "layer": ("Lager", "Layer"),
    "version": ("Version", "Version"),
    "features": ("Antal", "Features"),
    "created": ("Inläst eller beräknat", "Imported or computed"),
    "docs_title": ("Gränssnitt för program", "Interface for programs"),
    "docs_lead": (
        "Allt är öppet att läsa utan nyckel, utom vem som har beslutat vad, och varför. Areor är i m², avstånd i m, "
        "koordinater i grader (WGS 84, longitud först) där inget annat sägs. "
        "En fullständig beskrivning för program finns i",
        "Everything is open to read without a key, but who decided what, and why. Areas are in m², distances in m, "
        "coordinates in degrees (WGS 84, longitude first) unless said otherwise. "
        "A complete description for programs is found in",
    ),
    "parameter": ("Parameter", "Parameter"),
    "allowed_values": ("Värden", "Values"),
    "meaning": ("Betydelse", "Meaning"),
    "answers": ("Svar", "Answers"),
    "errors_heading": ("Fel", "Errors"),
    "errors_text": (
        "Fel svaras som application/problem+json (RFC 9457) med title, status, detail och ofta hint. "
        "En okänd parameter är ett fel, så att ett stavfel inte tyst ger alla tomter.",
        "Errors are answered as application/problem+json (RFC 9457) with title, status, detail and often a "
        "hint. An unknown parameter is an error, so that a misspelling does not silently give all plots.",
    ),
    "source": ("Källa", "Source"),
    "basis": ("Grund", "Basis"),
    "buildable_of": ("{part} av {whole} m² är byggbara.", "{part} of {whole} m² are buildable."),
    "left_investigated": (
        "om det som är okänt visar sig inte hindra: {area} m²",
        "if what is unknown turns out not to stand against it: {area} m²",
    ),
    "left_exempted": ("om dispenser ges: {area} m²", "if exemptions are granted: {area} m²"),
    "left_exempted_too": ("om dispenser dessutom ges: {area} m²", "if exemptions are granted as well: {area} m²"),
    "law_of": ("Lagen som den gällde {day}.", "The law as it was on {day}."),
    "only_this": ("som ingen annan regel tar", "that no other rule takes"),
    "takes_beyond": ("utöver vad reglerna före tar", "beyond what the rules before it take"),
    "taken_before": ("allt har redan tagits av reglerna före", "all of it is taken by the rules before it"),
    "below_one": ("under 1", "below 1"),
    "partly_asked": (
        "inget hittas, men bara en del av lagret är känd",
        "nothing found, but only part of the layer is known",
    ),
    "distance": ("Avstånd", "Distance"),
    "to_object": ("till närmaste objekt", "to the nearest object"),
    "to_shore": ("till stranden", "to the shore"),
    "nothing_within": ("Inget inom {metres} m", "Nothing within {metres} m"),
    "imported": ("inläst {day}", "imported {day}"),
    "described": ("data från {day}", "data of {day}"),
    "made_of": ("beräknat ur {layers}", "computed from {layers}"),
    "opened_by": ("Öppnas av", "Opened by"),
    "opened_unknown": ("okänt om det finns här", "unknown whether there is one here"),
    "settle": ("Avgörs av", "Settled by"),
    "decision": ("Beslut", "Decision"),
    "pending": ("Beslut som väntar", "Decision that waits"),
    "pending_help": ("Räknas in vid nästa beräkning.", "It is applied at the next computation."),
    "explanation": ("Förklaring", "Explanation"),
    "as_json": ("Samma svar som JSON", "The same answer as JSON"),
}


_MAPPINGS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "verdicts": {
        "yes": (
            "En del av marken tas inte av någon prövad regel.",
            "No rule that was asked takes all of the land.",
        ),
        "no": ("Reglerna tar all mark.", "The rules take all of the land."),
        "unknown": (
            "Marken måste utredas innan någon kan säga om det går att bygga.",
            "The land must be investigated before anyone can say whether one can build.",
        ),
        "disputed": ("Uppgifterna är ifrågasatta.", "The facts are disputed."),
    },
    "place_verdicts": {
        "yes": (
            "Ingen prövad regel hindrar att man bygger här.",
            "No rule that was asked keeps one from building here.",
        ),
        "no": ("Regler hindrar att man bygger här.", "Rules keep one from building here."),
        "unknown": (
            "Platsen måste utredas innan någon kan säga om det går att bygga.",
            "The place must be investigated before anyone can say whether one can build.",
        ),
        "disputed": ("Uppgifterna är ifrågasatta.", "The facts are disputed."),
    },
    "groups": {
        "yes": ("Gäller här", "Holds here"),
        "unsure": ("Okänt om det gäller", "Unknown whether it holds"),
        "disputed": ("Ifrågasatt", "Disputed"),
        "decided_no": ("Gäller inte, enligt beslut", "Does not hold, by decision"),
        "waiting": ("Prövat och fritt, men ett beslut väntar", "Asked and clear, but a decision waits"),
        "never_asked": (
            "Okänt: aldrig prövat, för att lagret saknas",
            "Unknown: never asked, because the layer is missing",
        ),
        "outside": ("Okänt: platsen ligger utanför data", "Unknown: the place lies outside the data"),
        "clear": ("Prövat och fritt", "Asked and clear"),
    },
    "places": {
        "parcel": ("Platsen ligger på fastigheten", "The place lies on the parcel"),
        "no_parcel": ("Platsen ligger inte på någon fastighet i lagret.", "The place lies on no parcel of the layer."),
        "no_parcels": (
            "Inga fastigheter är inlästa, så vilken fastighet platsen ligger på är okänt.",
            "No parcels are imported, so which parcel the place lies on is unknown.",
        ),
        "outside": (
            "Platsen ligger utanför kommunen eller dess data: att inget hittas betyder inte att det är fritt.",
            "The place lies outside the municipality or its data: that nothing is found does not mean clear.",
        ),
    },
}


def texts(language: Language) -> dict[str, Any]:
    """Return all texts in one language, those of the map among them."""
    which = LANGUAGES.index(language)
    found = {**map_texts(language), **{key: both[which] for key, both in _TEXTS.items()}}
    for name, mapping in _MAPPINGS.items():
        found[name] = {key: both[which] for key, both in mapping.items()}
    return found

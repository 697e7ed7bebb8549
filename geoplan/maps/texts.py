"""What the map pages say, in Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.plots.record import RECORD
from geoplan.text import Language

__all__ = ["LANGUAGES", "Language", "decimal", "language", "number", "texts"]

LANGUAGES: tuple[Language, ...] = ("sv", "en")

_TEXTS: Mapping[str, tuple[str, str]] = {
    # The page
    "map": ("Karta", "Map"),
    "page_title": ("Tomter och bostäder", "Plots and homes"),
    "skip_to_panel": ("Hoppa till tabell och teckenförklaring", "Skip to table and legend"),
    "map_label": (
        "Karta över tomter. Flytta med piltangenter, zooma med plus och minus. Alla tomter finns också som lista.",
        "Map of plots. Pan with the arrow keys, zoom with plus and minus. All plots are also found as a list.",
    ),
    "other_language": ("In English", "På svenska"),
    "other_language_code": ("en", "sv"),
    "download": ("Ladda ner kartan som en fil", "Download the map as one file"),
    "start_page": ("Startsida", "Start page"),
    "synthetic": (
        "Påhittade data: den här kommunen finns inte",
        "Synthetic data: this municipality does not exist",
    ),
    "not_binding": (
        "Gränserna på kartan är inte rättsligt bindande",
        "Boundaries on the map are not legally binding",
    ),
    "zoom_in": ("Zooma in", "Zoom in"),
    "zoom_out": ("Zooma ut", "Zoom out"),
    "close": ("Stäng", "Close"),
    "whole_area": ("Visa hela kommunen", "Show the whole municipality"),
    "no_script": (
        "Kartan behöver JavaScript; tabellen gör det inte.",
        "The map needs JavaScript; the table does not.",
    ),
    # The balance
    "balance_heading": ("Balans mellan tomter och behov", "Balance of plots against need"),
    "year": ("År", "Year"),
    "need": ("Behov", "Need"),
    "supply": ("Plats i planer", "Room in plans"),
    "balance": ("Balans", "Balance"),
    "homes_unit": ("bostäder", "homes"),
    "total": ("Hela kommunen", "Whole municipality"),
    "balance_caption": (
        "Bostäder till och med {year}: behov, vad tomter i detaljplan nominellt rymmer, och skillnaden",
        "Homes up to and including {year}: need, what plots in plans nominally hold, and the difference",
    ),
    "balance_help": (
        "Minus betyder brist på tomter. Ett negativt behov visas som det är: beståndet räcker till fler "
        "hushåll än de väntade.",
        "Minus means too few plots. A negative need is shown as it is: the stock holds more households "
        "than are expected.",
    ),
    "no_supply": (
        "Inga fastigheter är inlästa, så vad tomterna rymmer är okänt.",
        "No parcels are imported, so what the plots can hold is unknown.",
    ),
    "need_is_shown": ("Kartan visar behovet.", "The map shows the need."),
    "no_balance": ("Ingen balans är beräknad.", "No balance has been computed."),
    "choropleth": ("Balans per område", "Balance by area"),
    "choropleth_need": ("Behov per område", "Need by area"),
    "deficit": ("brist", "shortage"),
    "surplus": ("överskott", "surplus"),
    "need_high": ("stort behov", "large need"),
    "need_low": ("inget behov", "no need"),
    "less_than": ("under {x}", "below {x}"),
    "more_than": ("{x} och över", "{x} and above"),
    "between": ("{x} till {y}", "{x} to {y}"),
    "unknown_value": ("okänt", "unknown"),
    # Layers and legend
    "layers_heading": ("Teckenförklaring och lager", "Legend and layers"),
    "plots": ("Tomter", "Plots"),
    "preliminary": ("Preliminär: streckad yta, ring som punkt", "Preliminary: hatched area, ring as a dot"),
    "preliminary_short": ("Preliminär", "Preliminary"),
    "unplanned_short": ("Liten prick: utanför plan", "Small dot: outside every plan"),
    "constraints": ("Begränsningar", "Constraints"),
    "base": ("Underlag", "Base map"),
    "land": ("Land", "Land"),
    "water": ("Vatten", "Water"),
    "sea": ("Vatten eller utanför", "Water or outside"),
    "settlements": ("Tätorter och småorter", "Settlements"),
    "municipality": ("Kommungräns", "Municipal boundary"),
    "parcels": ("Fastighetsgränser (när du zoomar in)", "Parcel boundaries (when you zoom in)"),
    "ground": ("Mark", "Ground"),
    "areas": ("Statistikområden", "Statistical areas"),
    "unknown_rules": (
        "Aldrig prövat, för att lagret saknas: {rules}. Okänt räknas inte som byggbart.",
        "Never asked, because the layer is missing: {rules}. Unknown does not count as buildable.",
    ),
    "legend_zoom": (
        "Tomter ritas som punkter i liten skala och som ytor när du zoomar in.",
        "Plots are drawn as dots at small scales and as areas when you zoom in.",
    ),
    # Finding plots
    "find_heading": ("Hitta tomter", "Find plots"),
    "all": ("Alla", "All"),
    "min_area": ("Minst, m²", "At least, m²"),
    "search": ("Beteckning", "Designation"),
    "found": ("{n} av {total} tomter", "{n} of {total} plots"),
    "first_shown": ("de {n} första visas", "the first {n} are shown"),
    "show_on_map": ("Visa på kartan", "Show on the map"),
    # The record
    "plot": ("Tomt", "Plot"),
    "width_help": ("största inskrivna cirkel", "largest inscribed circle"),
    "price_unknown": ("okänt", "unknown"),
    "reasons": ("Skäl på fastigheten", "Reasons on the parcel"),
    "no_reasons": ("Ingen regel tar mark på fastigheten.", "No rule takes land of the parcel."),
    "takes": ("tar", "takes"),
    "concerns": ("berör", "concerns"),
    "of_parcel": ("av fastigheten", "of the parcel"),
    "legal_basis": ("Lagstöd", "Legal basis"),
    "exemption": ("Dispens", "Exemption"),
    "exemption_yes": ("Kan vara tänkbar", "May be thinkable"),
    "exemption_no": ("Inte tänkbar", "Not thinkable"),
    "change": ("Vad som skulle behöva ändras", "What would have to change"),
    "explain": ("Förklara hela fastigheten", "Explain the whole parcel"),
    "explain_place": ("Förklara platsen", "Explain this place"),
    "here": ("Här", "Here"),
    "nothing_here": (
        "Inget påslaget lager säger något här.",
        "No layer that is switched on says anything here.",
    ),
    "as_drawn": ("Så som det är ritat; gränser är förenklade.", "As drawn; outlines are simplified."),
    # About
    "about_heading": ("Om kartan", "About this map"),
    "generalised": (
        "Linjer är förenklade för skärmen: {layers}. Alla tal är räknade på full noggrannhet.",
        "Outlines are simplified for the screen: {layers}. All figures are computed at full precision.",
    ),
    "within": ("{layer} inom {metres} m", "{layer} within {metres} m"),
    "drawn_as_points": ("{layer} som punkter", "{layer} as points"),
    "nominal": (
        "Antalet bostäder är nominellt: vad storlek och plan medger, inte vad som blir byggt.",
        "The number of homes is nominal: what size and plan allow, not what will be built.",
    ),
    "software": ("Karta: Leaflet och Folium.", "Map: Leaflet and Folium."),
    "run": ("Körning", "Run"),
    "created_at": ("Beräknad", "Computed"),
    "code_version": ("Kodversion", "Code version"),
    "rule_set": ("Regler", "Rules"),
    "as_of": ("Gällande rätt den", "Law as of"),
    "data_date": ("Data från", "Data from"),
    "sources": ("Källor", "Sources"),
}

_VALUES: Mapping[str, tuple[str, str]] = {
    "area_kind.town": ("Tätort", "Town"),
    "area_kind.rural": ("Landsbygd", "Countryside"),
    "area_kind.archipelago": ("Skärgård", "Archipelago"),
    "area_kind.unknown": ("Okänt läge", "Unknown setting"),
    "kind.vacant_parcel": ("Obebyggd fastighet", "Vacant parcel"),
    "kind.remainder": ("Del av bebyggd fastighet", "Part of a built parcel"),
    "kind.subdivided": ("En av flera på en större mark", "One of several on a larger piece of land"),
    "access.road": ("Vid väg", "By a road"),
    "access.shared": ("Gemensam tillfart", "Shared access"),
    "access.none": ("Ingen", "None"),
    "access.unknown": ("Okänd", "Unknown"),
    "house_fits.yes": ("Ja", "Yes"),
    "house_fits.no": ("Nej", "No"),
    "house_fits.unknown": ("Okänt", "Unknown"),
    "utility.public": ("Kommunalt", "Public"),
    "utility.private": ("Enskilt", "Private"),
    "utility.unknown": ("Okänt", "Unknown"),
    "status.available": ("Ledig", "Available"),
    "status.reserved": ("Reserverad", "Reserved"),
    "status.sold": ("Såld", "Sold"),
    "status.private": ("Privat", "Private"),
    "status.unknown": ("Okänd", "Unknown"),
    "sale_form.queue": ("Tomtkö", "Queue"),
    "sale_form.direct": ("Direktförsäljning", "Direct sale"),
    "sale_form.lottery": ("Lottning", "Lottery"),
    "sale_form.allocation": ("Markanvisning", "Land allocation"),
    "sale_form.private": ("Privat", "Private"),
    "sale_form.unknown": ("Okänd", "Unknown"),
    "price_kind.fixed": ("fast", "fixed"),
    "price_kind.valuation": ("sätts genom värdering", "set by a valuation"),
    "price_kind.auction": ("sätts genom budgivning", "set by auction"),
    "price_kind.unknown": ("okänt hur det sätts", "unknown how it is set"),
    "offer_basis.offer": ("kommunens uppgift", "the municipality says so"),
    "offer_basis.default": ("ingen har sagt något", "nobody has said"),
    "plan_status.in_force": ("Gäller", "In force"),
    "plan_status.coming": ("Gäller ännu inte", "Not in force yet"),
    "plan_status.none": ("Ingen plan", "No plan"),
    "plan_status.unknown": ("Okänd", "Unknown"),
    "shore_protection.none": ("Inget", "None"),
    "shore_protection.unknown": ("Okänt", "Unknown"),
    "shore_protection.computed_general": ("Generellt, beräknat", "General, computed"),
    "shore_protection.computed": ("Beräknat", "Computed"),
    "shore_protection.computed_unsure": (
        "Okänt om det gäller: uppgift om vattnet saknas",
        "Unknown whether it holds: a fact about the water is missing",
    ),
    "shore_protection.decided": ("Beslutat", "Decided"),
    "shore_protection.decided_extended": ("Utvidgat genom beslut", "Extended by a decision"),
    "shore_protection.lifted": ("Upphävt", "Lifted"),
    "shore_protection.override": ("En tjänstemans beslut", "An official's decision"),
    "unit.SEK": ("kr", "SEK"),
    "right_quantity.building_area": ("Byggnadsarea högst", "Building area at most"),
    "right_quantity.gross_floor_area": ("Bruttoarea högst", "Gross floor area at most"),
    "right_quantity.height": ("Höjd högst", "Height at most"),
    "right_quantity.plot_min": ("Tomt minst", "Plot at least"),
    "right_quantity.plot_max": ("Tomt högst", "Plot at most"),
    "right_quantity.dwellings": ("Bostäder högst", "Dwellings at most"),
    "right_of.provision_area": ("av bestämmelsens område", "of the provision's area"),
    "right_of.use_area": ("av användningsområdet", "of the use area"),
    "right_of.property": ("av fastigheten", "of the property"),
    "right_per.property": ("per fastighet", "for each property"),
    "right_per.area": ("för området", "for the area"),
    "homes_basis.plan": ("enligt detaljplan", "from the plan"),
    "homes_basis.standard": ("enligt vald standard", "by the standard chosen"),
    "certainty.confirmed": ("Bekräftad", "Confirmed"),
    "certainty.preliminary": ("Preliminär", "Preliminary"),
    "plan_homes.allowed": ("Tillåtna", "Allowed"),
    "plan_homes.special": ("Efter särskild prövning", "After special review"),
    "plan_homes.prohibited": ("Inte tillåtna", "Not allowed"),
    "plan_homes.none": ("Ingen plan", "No plan"),
    "plan_homes.unknown": ("Okänt", "Unknown"),
    "severity.forbidden": ("Förbjudet", "Forbidden"),
    "severity.needs_exemption": ("Kräver dispens eller tillstånd", "Needs an exemption or permit"),
    "severity.investigate": ("Måste utredas", "Must be investigated"),
    "severity.costs": ("Kostar", "Costs"),
    "severity.noted": ("Noterat", "Noted"),
    "basis.computed": ("beräknat", "computed"),
    "basis.computed_general": ("beräknat generellt skydd", "computed general protection"),
    "basis.computed_unsure": (
        "okänt om det gäller: uppgift om vattnet saknas",
        "unknown whether it holds: a fact about the water is missing",
    ),
    "basis.decided": ("beslutat", "decided"),
    "basis.decided_extended": ("beslutad utvidgning", "decided extension"),
    "basis.lifted": ("upphävt", "lifted"),
    "basis.override": ("en tjänstemans beslut", "an official's decision"),
}


def language(value: str) -> Language:
    """Return the language that a tag such as ``sv-SE`` means.

    Raises
    ------
    ValueError
        It is neither Swedish nor English.
    """
    code = value.strip().lower().replace("_", "-").split("-")[0]
    if code not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {value!r}")
    return code


def texts(in_language: Language) -> dict[str, Any]:
    """Return all texts in one language; ``values`` holds those of coded values as ``field.value``."""
    which = LANGUAGES.index(in_language)
    found: dict[str, Any] = {field.name: field.title[in_language] for field in RECORD}
    found |= {key: both[which] for key, both in _TEXTS.items()}
    found["values"] = {key: both[which] for key, both in _VALUES.items()}
    return found


def number(value: float | None, in_language: Language, *, signed: bool = False) -> str:
    """Write a whole number as the language does; unknown is a dash.

    The minus sign is the real one (U+2212) and thousands are parted by a no-break space in Swedish.
    """
    if value is None or value != value:
        return "–"
    rounded = round(value)
    digits = f"{abs(rounded):,}"
    if in_language == "sv":
        digits = digits.replace(",", "\u00a0")
    sign = "\u2212" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + digits


def decimal(value: float, in_language: Language) -> str:
    """Write a number with at most one decimal, as the language does."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if in_language == "sv" else text

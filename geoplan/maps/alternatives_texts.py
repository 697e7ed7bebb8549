"""What the document on other land says, in Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping

from geoplan.alternatives.evidence import Evidence
from geoplan.maps.texts import Language, number, texts

__all__ = ["conclusion", "hectares", "near_text", "quantity", "values", "words"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Prövning av annan mark", "Test of other land"),
    "lead": (
        "Finns annan mark än den som regeln skyddar? Underlag för den som ska bedöma det.",
        "Is there other land than the land that the rule guards? Evidence for whoever has to judge.",
    ),
    "site": ("Plats", "Site"),
    "purpose": ("Ändamål", "Purpose"),
    "not_said": ("inte angivet", "not stated"),
    "need": ("Behov", "Need"),
    "need_homes": (
        "{homes} bostäder, räknat som {area} i ett stycke: antalet gånger arbetsytans minsta tomt",
        "{homes} homes, taken as {area} in one piece: their number times the workspace's smallest plot",
    ),
    "need_area": ("{area} i ett stycke", "{area} in one piece"),
    "need_width": ("minst {width} brett", "at least {width} wide"),
    "searched": ("Sökområde", "Searched"),
    "rule": ("Regel", "Rule"),
    "basis": ("Lagstöd", "Legal basis"),
    "guarded_part": ("Skyddad mark på platsen", "Guarded land on the site"),
    "guarded_of": ("{part} av {whole} ({share} %)", "{part} of {whole} ({share} %)"),
    "site_rules": ("Regler som gäller på platsen", "Rules that hold on the site"),
    "as_of": ("Gällande rätt den", "Law as of"),
    "computed": ("Beräknat", "Computed"),
    "found": ("Resultat", "Findings"),
    "map": ("Karta", "Map"),
    "map_title": ("Karta: platsen och de lägen som uppfyller kriterierna", "Map: the site and what meets the criteria"),
    "map_desc": (
        "Platsen P är markerad med en kvadrat. {n} lägen, med nummer i ringar, är de som tabellen listar. "
        "Skyddad mark är streckad.",
        "The site P is marked by a square. {n} places, numbered in circles, are those that the table lists. "
        "Guarded land is hatched.",
    ),
    "map_none": (
        "Platsen P är markerad med en kvadrat. Skyddad mark är streckad.",
        "The site P is marked by a square. Guarded land is hatched.",
    ),
    "map_note": ("Linjer är förenklade. Norr är rutnätets.", "Outlines are simplified. North is the grid's."),
    "criteria": ("Kriterier", "Criteria"),
    "criteria_note": (
        "Kriterierna är valda av den som frågar och är inte lag. Mark faller vid det första kriterium som den inte "
        "uppfyller, i denna ordning. Det som är okänt faller också, och redovisas för sig.",
        "The criteria are chosen by whoever asks and are not law. Land falls at the first criterion that it does not "
        "satisfy, in this order. What is unknown falls as well, and is told apart.",
    ),
    "criterion": ("Kriterium", "Criterion"),
    "threshold": ("Krav", "Asked"),
    "effect": ("Verkan", "Effect"),
    "why": ("Varför", "Why"),
    "excludes": ("utesluter", "excludes"),
    "reported": ("redovisas", "reported"),
    "admitted": ("tas med som egen klass", "admitted as a class of its own"),
    "asked_at_least": ("minst {value}", "at least {value}"),
    "asked_at_most": ("högst {value}", "at most {value}"),
    "asked_yes": ("ja", "yes"),
    "waterfall": ("Vad som faller på vad", "What falls on what"),
    "waterfall_note": (
        "Varje fastighet räknas en gång, där det sista av den faller. Hektar är den mark som faller vid steget. "
        "Talen är avrundade här; orundade går de jämnt ut.",
        "Every parcel is counted once, where the last of it falls. Hectares are the land that falls at the step. "
        "Figures are rounded here; unrounded they add up.",
    ),
    "waterfall_opened": (
        "Vid kriterier som tas med som egen klass faller bara mark på fastigheter som räcker utan den.",
        "At criteria that are admitted as a class of their own only land falls on parcels that suffice without it.",
    ),
    "step": ("Faller på kriteriet", "Falls on the criterion"),
    "parcels": ("Fastigheter", "Parcels"),
    "hectares": ("Hektar", "Hectares"),
    "sites": ("Lägen som uppfyller alla kriterier", "Places that meet all criteria"),
    "sites_note": (
        "{shown} av {all}. Ordning: fria från andra regler först, sedan en fastighet före flera, sedan närmast "
        "platsen. Ordningen säger inget om lämplighet. P är platsen själv, mätt på samma sätt.",
        "{shown} of {all}. Order: free of other rules first, then one parcel before several, then nearest to the site. "
        "The order says nothing of suitability. P is the site itself, measured the same way.",
    ),
    "no_sites": ("Inga.", "None."),
    "number": ("Nr", "No."),
    "place": ("Fastighet", "Parcel"),
    "area": ("Yta", "Area"),
    "width": ("Bredd", "Width"),
    "distance": ("Till platsen", "To the site"),
    "settlement": ("Till ort", "To settle\u00adment"),
    "road": ("Till väg", "To road"),
    "utility": ("Vatten, avlopp", "Water, sewer"),
    "plan": ("Plan", "Plan"),
    "owner": ("Ägare", "Owner"),
    "concerns": ("Regler som berör", "Rules that bear on it"),
    "own": ("Samma fastighet som platsen", "The same parcel as the site"),
    "together": ("{n} fastigheter tillsammans", "{n} parcels together"),
    "class.clear": ("fri från andra regler", "free of other rules"),
    "class.investigate": ("måste utredas", "to be investigated"),
    "class.needs_exemption": ("kräver dispens eller ny plan", "needs an exemption or a new plan"),
    "near": ("Nära att uppfylla", "Nearly"),
    "near_note": (
        "Fastigheter som så långt det är mätt missar ett enda kriterium, de närmaste av varje slag. Var och en står "
        "en gång.",
        "Parcels that miss a single criterion as far as was measured, the nearest of every kind. Each stands once.",
    ),
    "near.needs_exemption": (
        "Har ytan om mark räknas som kräver dispens eller ny plan",
        "Would have the area if land counted that needs an exemption or a new plan",
    ),
    "near.investigate": (
        "Har ytan om en utredning visar att inget hindrar",
        "Would have the area if an investigation shows that nothing stands against it",
    ),
    "near.area": ("Nästan tillräcklig yta i ett stycke", "Nearly enough area in one piece"),
    "near.width": ("Nästan tillräckligt bred", "Nearly wide enough"),
    "near.plan": ("Räcker, om planen ändras eller klargörs", "Suffices if the plan is altered or made clear"),
    "near.utility": (
        "Räcker, om allmänt vatten och avlopp når dit",
        "Suffices if public water and sewerage reach it",
    ),
    "near.settlement": ("Räcker, men ligger längre från ort", "Suffices, but lies farther from a settlement"),
    "near.road": ("Räcker, men ligger längre från väg", "Suffices, but lies farther from a road"),
    "near.owner": ("Räcker, men har annan ägare", "Suffices, but has another owner"),
    "near.whole": (
        "Yta i allt: om den ligger i ett stycke och är fri är inte prövat.",
        "Area in all: whether it lies in one piece, and free, was not looked at.",
    ),
    "near.count": ("{shown} av {all}", "{shown} of {all}"),
    "has": ("Har", "Has"),
    "needs": ("Krävs", "Asked"),
    "unknown": ("Okänt", "Unknown"),
    "unknown_note": (
        "De här reglerna har inte prövats, eller bara delvis, för att deras lager saknas. De kan hindra det "
        "som står ovan.",
        "These rules were not asked, or only in part, because their layers are missing. They may stand against what is "
        "listed above.",
    ),
    "unknown_none": (
        "Alla regler i regelverket har prövats. Uppgifter som ett lager saknar står som okända i tabellerna.",
        "Every rule of the set was asked. Facts that a layer lacks stand as unknown in the tables.",
    ),
    "notes": ("Körningens egna anmärkningar", "What the run told"),
    "settle": ("Vad som skulle avgöra", "What would settle it"),
    "asked_rules": ("Prövade regler", "Rules that were asked"),
    "rests": ("Vad underlaget vilar på", "What this rests on"),
    "run": ("Körning", "Run"),
    "snapshot": ("Adress för körningens data, regler och kod", "Address of the run's data, rules and code"),
    "code": ("Kod", "Code"),
    "rule_set": ("Regelverk", "Rule set"),
    "command": ("Räkna om med", "Recompute with"),
    "layers": ("Lager", "Layers"),
    "layer": ("Lager", "Layer"),
    "version": ("Version", "Version"),
    "rows": ("Rader", "Rows"),
    "date": ("Data från", "Data from"),
    "imported": ("Inläst", "Imported"),
    "source": ("Källa, licens", "Source, licence"),
    "joined": (
        "Bitar på angränsande fastigheter läggs ihop där ingen räcker för sig",
        "Pieces of neighbouring parcels are joined where none suffices alone",
    ),
    "not_judged": (
        "Underlaget visar hur mycket annan mark som uppfyller de angivna kriterierna och vad övrig mark faller på. "
        "Det avgör inte om ändamålet väger tillräckligt tungt, om marken på platsen eller annan mark är lämplig, eller "
        "om grunden för undantag är uppfylld. Det bedömer myndigheten.",
        "This shows how much other land meets the stated criteria, and what all other land falls on. It does not "
        "decide whether the purpose weighs enough, whether the site or other land is suitable, or whether the grounds "
        "for an exemption are met. That is for the authority to judge.",
    ),
    "as_homes": (
        "Reglerna är prövade som för bostäder.",
        "The rules are asked as they are for homes.",
    ),
    "grounds": ("Regelns grund för undantag", "The rule's grounds for an exemption"),
    "yes_found": (
        "Av {n} fastigheter {where} uppfyller {m} alla kriterier, på mark utanför den som regeln ”{rule}” skyddar. "
        "De ger {k} lägen: {a} där en fastighet räcker och {b} där angränsande fastigheter räcker tillsammans.",
        "Of {n} parcels {where}, {m} meet all criteria on land outside that guarded by the rule “{rule}”. They make "
        "{k} places: {a} where one parcel suffices and {b} where neighbouring parcels do together.",
    ),
    "by_class": (
        "Lägen fria från alla andra prövade regler: {clear}; som måste utredas: {investigate}; som kräver dispens "
        "eller ny plan: {needs_exemption}.",
        "Places free of every other rule that was asked: {clear}; to be investigated: {investigate}; in need of an "
        "exemption or a new plan: {needs_exemption}.",
    ),
    "none_found": (
        "Ingen av {n} fastigheter {where} uppfyller alla kriterier. Det visar inte att annan mark saknas: sökningen "
        "omfattar bara de fastigheter, regler och kriterier som står här, och {x} fastigheter missar så "
        "långt det är mätt ett enda kriterium.",
        "None of {n} parcels {where} meets all criteria. That does not show that there is no other land: the search "
        "covers only the parcels, rules and criteria stated here, and {x} parcels miss a single criterion, as far "
        "as was measured.",
    ),
    "preliminary": (
        "Resultatet är preliminärt: {n} regler har inte prövats helt ({names}).",
        "The finding is preliminary: {n} rules were not asked in full ({names}).",
    ),
}

_OWNERS: Mapping[str, tuple[str, str]] = {
    "municipality": ("kommunen", "municipality"),
    "company": ("bolag", "company"),
    "private": ("privat", "private"),
    "state": ("staten", "state"),
    "other": ("annan", "other"),
}

_DASH = "–"


def words(language: Language) -> dict[str, str]:
    """Return all texts in one language."""
    place = 0 if language == "sv" else 1
    return {key: both[place] for key, both in _WORDS.items()}


def quantity(value: object, unit: str, language: Language) -> str:
    """Write a number with its unit: m² become hectares from one hectare on, metres kilometres from ten on."""
    if not isinstance(value, int | float) or value != value:
        return _DASH
    if unit == "m²" and abs(value) >= 10_000:
        return f"{_one_decimal(value / 10_000, language)}\u00a0ha"
    if unit == "m" and abs(value) >= 10_000:
        return f"{_one_decimal(value / 1_000, language)}\u00a0km"
    return f"{number(value, language)}\u00a0{unit}"


def _one_decimal(value: float, language: Language) -> str:
    text = f"{value:,.1f}"
    return text.replace(",", "\u00a0").replace(".", ",") if language == "sv" else text


def hectares(value: float, language: Language) -> str:
    """Write an area in m² as hectares with two decimals."""
    text = f"{abs(value) / 10_000:,.2f}"
    if language == "sv":
        text = text.replace(",", "\u00a0").replace(".", ",")
    return ("\u2212" if value <= -50 else "") + text


def values(field: str, value: object, language: Language) -> str:
    """Write a coded value, or several with commas between, in words."""
    if not isinstance(value, str):
        return _DASH
    place = 0 if language == "sv" else 1
    known = texts(language)["values"]
    found = []
    for one in value.split(", "):
        if field == "owner_kind":
            found.append(_OWNERS[one][place] if one in _OWNERS else one)
        else:
            found.append(str(known.get(f"{field}.{one}", one)).lower())
    return ", ".join(found)


def near_text(criterion: str, value: object, language: Language) -> str:
    """Write what a near miss has, or what is asked."""
    said = words(language)
    if criterion in ("plan", "utility", "owner"):
        if value == "not prohibited":
            return said["asked_yes"] if language == "en" else "inget hinder"
        return values({"plan": "plan_homes", "utility": "utility", "owner": "owner_kind"}[criterion], value, language)
    return quantity(value, "m²" if criterion in ("area", "investigate", "needs_exemption") else "m", language)


def conclusion(evidence: Evidence, language: Language) -> list[str]:
    """Say what was found, and no more than that, in a few sentences."""
    said = words(language)
    found = evidence.found
    where = found.search.text()[language]
    count = {"n": number(len(found.candidates), language), "where": where, "rule": evidence.rule.title[language]}
    sentences: list[str] = []
    if len(found.sites):
        together = int(found.sites["together"].sum())
        text = said["yes_found"].format(
            **count,
            m=number(int(found.candidates["meets"].sum()), language),
            k=number(len(found.sites), language),
            a=number(len(found.sites) - together, language),
            b=number(together, language),
        )
        if found.opened is not None:
            kinds = found.sites["class"].value_counts()
            names = ("clear", "investigate", "needs_exemption")
            text += " " + said["by_class"].format(**{name: number(int(kinds.get(name, 0)), language) for name in names})
        sentences.append(text)
    else:
        sentences.append(said["none_found"].format(**count, x=number(len(found.near), language)))
    if found.preliminary:
        names_of = ", ".join(rule.title[language] for rule in evidence.never_asked())
        sentences.append(said["preliminary"].format(n=len(found.unknown), names=names_of))
    sentences.append(said["not_judged"])
    return sentences

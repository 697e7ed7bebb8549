"""The document on other land: one HTML file that stands alone and prints to A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import jinja2
import pandas as pd
from markupsafe import Markup

from geoplan.alternatives.criteria import Criterion
from geoplan.alternatives.evidence import Evidence
from geoplan.land.rules import SEVERITIES
from geoplan.maps.alternatives_texts import conclusion, hectares, near_text, quantity, values, words
from geoplan.maps.sketch import Mark, sketch
from geoplan.maps.texts import Language, number, texts

__all__ = ["alternatives_page"]

_SITE_LABEL = "P"


def alternatives_page(
    evidence: Evidence, backdrop: Mapping[str, gpd.GeoDataFrame], *, language: Language = "sv"
) -> str:
    """Write the document.

    Parameters
    ----------
    evidence
        What was found, and what it rests on.
    backdrop
        Layers to draw the map on (see :func:`geoplan.maps.sketch.sketch`).
    language
        Language of the document.

    Returns
    -------
    str
        HTML that loads nothing. The same evidence gives the same text, to the byte.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = words(language)
    found, origin = evidence.found, evidence.provenance
    return environment.get_template("alternatives.html").render(
        language=language,
        said=said,
        general=texts(language),
        title=f"{said['title']}: {found.wanted.title}",
        origin=origin,
        rule=evidence.rule.title[language],
        rule_set=origin.rule_set[language],
        facts=_facts(evidence, language),
        sentences=conclusion(evidence, language),
        grounds=evidence.rule.exemption.grounds[language] if evidence.rule.exemption.grounds else None,
        map=Markup(_map(evidence, backdrop, language)),  # noqa: S704 - every text in it is escaped
        criteria=[_criterion(criterion, language) for criterion in found.criteria],
        waterfall=_waterfall(evidence, language),
        opened=found.opened is not None,
        site=_site(evidence, language),
        sites=[_row(evidence, row, language) for row in found.sites.head(evidence.top).to_dict("records")],
        sites_note=said["sites_note"].format(
            shown=min(evidence.top, len(found.sites)), all=number(len(found.sites), language)
        ),
        near=_near(evidence, language),
        never_asked=[
            (rule.title[language], rule.legal_basis[language], rule.settle[language] if rule.settle else "–")
            for rule in evidence.never_asked()
        ],
        notes=[note[language] for note in origin.notes],
        asked_rules=_asked_rules(evidence, language),
        layers=[(used, used.title[language], number(used.rows, language)) for used in origin.layers],
    )


def _facts(evidence: Evidence, language: Language) -> list[tuple[str, str]]:
    """Return what was asked, as terms and texts."""
    said, found, origin = words(language), evidence.found, evidence.provenance
    area, width = (float(found.criterion(name).threshold or 0) for name in ("area", "width"))
    need = said["need_area"] if found.wanted.homes is None else said["need_homes"]
    need = need.format(homes=found.wanted.homes, area=quantity(area, "m²", language))
    need += ", " + said["need_width"].format(width=quantity(width, "m", language))
    whole, part = float(found.site["area_m2"]), float(found.site["guarded_m2"])
    guarded = said["guarded_of"].format(
        part=quantity(part, "m²", language),
        whole=quantity(whole, "m²", language),
        share=number(100 * part / whole, language),
    )
    where = found.search.text()[language]
    return [
        (said["site"], found.wanted.title),
        (said["purpose"], f"{found.wanted.purpose or said['not_said']}. {said['as_homes']}"),
        (said["need"], need),
        (said["searched"], where[0].upper() + where[1:]),
        (said["rule"], f"{evidence.rule.title[language]} ({evidence.rule.legal_basis[language]})"),
        (said["guarded_part"], guarded),
        (said["site_rules"], _site_rules(evidence, language)),
        (said["as_of"], origin.as_of),
    ]


def _site_rules(evidence: Evidence, language: Language) -> str:
    rows = evidence.site_reasons[evidence.site_reasons["basis"] != "lifted"]
    areas = rows.groupby("rule", sort=False)["area_m2"].sum()
    found = []
    for rule in evidence.rules.rules:
        if rule.id in areas.index:
            found.append(f"{rule.title[language]} ({quantity(float(areas[rule.id]), 'm²', language)})")
    return "; ".join(dict.fromkeys(found)) or "–"


def _criterion(criterion: Criterion, language: Language) -> dict[str, str]:
    said = words(language)
    asked = criterion.threshold
    if isinstance(asked, float | int):
        least = said["asked_at_least"] if criterion.id in ("area", "width") else said["asked_at_most"]
        text = least.format(value=quantity(asked, criterion.unit or "", language))
    elif criterion.id == "owner" and asked:
        text = values("owner_kind", asked, language)
    else:
        text = said["asked_yes"] if criterion.excludes else "–"
    effect = "admitted" if asked == "admitted" else "excludes" if criterion.excludes else "reported"
    return {
        "title": criterion.title[language],
        "asked": text,
        "effect": said[effect],
        "why": criterion.why[language],
    }


def _waterfall(evidence: Evidence, language: Language) -> list[dict[str, Any]]:
    rows = []
    for row in evidence.found.waterfall.to_dict("records"):
        nothing = row["parcels"] == 0 and abs(row["area_m2"]) < 1e-6
        if nothing and ":" in row["step"]:
            continue
        rows.append(
            {
                "total": row["kind"] == "total",
                "title": row[f"title_{language}"],
                "parcels": number(row["parcels"], language),
                "hectares": hectares(row["area_m2"], language),
            }
        )
    return rows


def _values(row: Mapping[str, Any], language: Language) -> dict[str, str]:
    return {
        "area": quantity(row["area_m2"], "m²", language),
        "width": quantity(row["width_m"], "m", language),
        "distance": quantity(row.get("distance_m"), "m", language),
        "settlement": quantity(row["settlement_m"], "m", language),
        "road": quantity(row["road_m"], "m", language),
        "utility": values("utility", row["utility"], language),
        "plan": _plan(row, language),
        "owner": values("owner_kind", row["owner_kind"], language),
    }


def _plan(row: Mapping[str, Any], language: Language) -> str:
    homes = values("plan_homes", row["plan_homes"], language)
    return f"{row['plan_id']}: {homes}" if isinstance(row["plan_id"], str) else homes


def _site(evidence: Evidence, language: Language) -> dict[str, Any]:
    found = evidence.found
    return _values(found.site, language) | {
        "number": _SITE_LABEL,
        "name": found.wanted.title,
        "distance": "–",
        "notes": "",
    }


def _row(evidence: Evidence, row: Mapping[Any, Any], language: Language) -> dict[str, Any]:
    said = words(language)
    names = row["parcels"]
    shown = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
    rules = [rule.title[language] for rule in evidence.concerning(list(names), str(row["class"]))]
    notes = []
    if row["together"]:
        notes.append(said["together"].format(n=len(names)))
    if row["own"]:
        notes.append(said["own"])
    if row["class"] != "clear":
        notes.append(said[f"class.{row['class']}"])
    if rules:
        notes.append(f"{said['concerns']}: {', '.join(rules)}")
    return _values(row, language) | {
        "number": str(row["number"]),
        "name": shown,
        "notes": ". ".join(note[0].upper() + note[1:] for note in notes),
    }


def _near(evidence: Evidence, language: Language) -> list[dict[str, Any]]:
    said = words(language)
    counts = evidence.found.near["criterion"].value_counts()
    groups = []
    for criterion, group in evidence.listed_near().groupby("criterion", sort=False):
        name = str(criterion)
        groups.append(
            {
                "title": said[f"near.{name}"],
                "count": said["near.count"].format(shown=len(group), all=number(int(counts[name]), language)),
                "note": said["near.whole"] if name in SEVERITIES else "",
                "rows": [
                    {
                        "name": row["parcel"],
                        "has": near_text(name, row["has"], language),
                        "needs": near_text(name, row["needs"], language),
                        "distance": quantity(row["distance_m"], "m", language),
                        "owner": values("owner_kind", row["owner_kind"], language),
                    }
                    for row in pd.DataFrame(group).to_dict("records")
                ],
            }
        )
    return groups


def _asked_rules(evidence: Evidence, language: Language) -> list[tuple[str, str]]:
    """Return the titles of the rules that were asked, by severity."""
    said = texts(language)["values"]
    found = []
    for severity in SEVERITIES:
        names = [rule.title[language] for rule in evidence.asked() if rule.severity == severity]
        if names:
            found.append((said[f"severity.{severity}"], "; ".join(dict.fromkeys(names))))
    return found


def _map(evidence: Evidence, backdrop: Mapping[str, gpd.GeoDataFrame], language: Language) -> str:
    said, found = words(language), evidence.found
    listed = found.sites.head(evidence.top)
    marks = [
        Mark(str(number_), shape) for number_, shape in zip(listed["number"], listed.geometry.to_numpy(), strict=True)
    ]
    marks.append(Mark(_SITE_LABEL, found.wanted.shape, site=True))
    text = said["map_desc"].format(n=len(listed)) if len(listed) else said["map_none"]
    return sketch(marks, backdrop, crs=found.candidates.crs, title=said["map_title"], description=text)

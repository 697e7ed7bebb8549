"""What the page around the map says: table, legend, notices, and how each layer is set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

import geoplan
from geoplan.land.rules import SEVERITIES
from geoplan.maps.choropleth import COLOURS, BalanceRow, Classes, classes
from geoplan.maps.data import MapData, MapLinks
from geoplan.maps.generalise import json_for_html
from geoplan.maps.page import layer_key
from geoplan.maps.records import SHARED_FIELDS, rule_texts
from geoplan.maps.styles import constraint_style, styles
from geoplan.maps.texts import Language, decimal, number, texts
from geoplan.plots.offers import STATUSES
from geoplan.plots.record import RECORD

__all__ = ["page_content"]

_KINDS = ("town", "rural", "archipelago", "unknown")
_PROVENANCE = ("data_date", "created_at", "as_of", "rule_set", "run", "code_version", "sources")


def page_content(
    data: MapData,
    *,
    title: str,
    language: Language,
    synthetic: bool,
    provenance: Mapping[str, str],
    notes: Sequence[str],
    links: MapLinks,
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return what ``map.html`` needs, and the arguments of each :class:`~geoplan.maps.page.DataLayer`.

    Everything is plain text; the template escapes it.
    """
    words = texts(language)
    rules = rule_texts(data.rules, language)
    found_styles = styles()
    setups, constraints = _setups(data, rules, found_styles)
    years = sorted({row.year for row in data.balance})
    scale = classes(data.balance)
    no_supply = scale.measure == "need" and bool(data.balance)
    kinds = [kind for kind in _KINDS if any(record["area_kind"] == kind for record in data.records)]
    groups = [
        _plot_group(data, kinds, words, language),
        *_constraint_groups(constraints, rules, words),
        _area_group(data, scale, words, language),
        _base_group(data, words),
    ]
    page_json = {
        "language": language,
        "texts": words,
        "styles": found_styles,
        "rules": rules,
        "fields": [
            {"name": field.name, "kind": field.kind, "unit": words["values"].get(f"unit.{field.unit}", field.unit)}
            for field in RECORD
        ],
        "shared": {name: data.shared.get(name) for name in SHARED_FIELDS},
        "years": years,
        "areas": _areas(data, scale, language),
        "explain": {"parcel": links.explain_parcel, "place": links.explain_place}
        if links.explain_parcel and links.explain_place
        else None,
    }
    content = {
        "generator": geoplan.__version__,
        "title": title,
        "t": words,
        "years": "–".join(dict.fromkeys((str(years[0]), str(years[-1])))) if years else "",
        "synthetic": synthetic,
        "wet": "land" in data.layers or "water" in data.layers,
        "links": links,
        "tables": _tables(data, scale, words, language),
        "no_supply": no_supply,
        "groups": [group for group in groups if group["entries"]],
        "plot_count": len(data.records),
        "statuses": [
            {"id": status, "title": words["values"][f"status.{status}"]}
            for status in STATUSES
            if any(record["status"] == status for record in data.records)
        ],
        "kinds": [{"id": kind, "title": words["values"][f"area_kind.{kind}"]} for kind in kinds],
        "any_unplanned": len({record["plan_homes"] == "none" for record in data.records}) == 2,
        "any_preliminary": any(record["certainty"] == "preliminary" for record in data.records),
        "ramp": _ramp(scale, words) if "areas" in data.layers and data.balance else None,
        "area_names": [
            {"id": key, "name": name} for key, name in sorted(data.area_names.items(), key=lambda item: item[1])
        ],
        "about": [*_about(data, rules, words, language), *notes],
        "provenance": _provenance(provenance, words, links),
        "page_json": Markup(json_for_html(page_json)),  # noqa: S704 - escaped for a script element
    }
    return content, setups


def _setups(
    data: MapData, rules: Mapping[str, Mapping[str, Any]], found_styles: dict[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str]]]:
    """Return each layer's arguments, and the constraints as (layer name, rule); adds their styles."""
    names = [name for name in data.layers if name.startswith("constraint:")]
    order = [*rules, *(name.partition(":")[2] for name in names if name.partition(":")[2] not in rules)]
    severities = {rule: str(rules.get(rule, {}).get("severity") or "noted") for rule in order}
    setups: dict[str, dict[str, Any]] = {}
    constraints = []
    for name in data.layers:
        if name in names:
            rule = name.partition(":")[2]
            severity = severities[rule]
            alike = [other for other in order if severities[other] == severity]
            found_styles[name] = constraint_style(rule, alike, severity)
            setups[name] = {"role": "constraint", "options": {"style": name}, "show": False}
            constraints.append((name, rule))
        else:
            options = {"labels": [dict(label) for label in data.labels]} if name == "settlements" else {}
            setups[name] = {"role": name, "options": options, "show": True}
    return setups, constraints


def _plot_group(data: MapData, kinds: Sequence[str], words: Mapping[str, Any], language: Language) -> dict[str, Any]:
    entries = []
    for kind in kinds:
        count = sum(record["area_kind"] == kind for record in data.records)
        entries.append(
            _entry(
                words["values"][f"area_kind.{kind}"],
                f"plots.{kind}",
                layer="plots",
                kind=kind,
                note=number(count, language),
            )
        )
    preliminary = [record for record in data.records if record["certainty"] == "preliminary"]
    if preliminary:
        kind = str(preliminary[0]["area_kind"])
        note = number(len(preliminary), language)
        entries.append(_entry(words["preliminary"], f"plots.{kind}.preliminary", note=note))
    return {"id": "plots", "title": words["plots"], "entries": entries, "help": words["legend_zoom"]}


def _constraint_groups(
    constraints: Sequence[tuple[str, str]], rules: Mapping[str, Mapping[str, Any]], words: Mapping[str, Any]
) -> list[dict[str, Any]]:
    groups = []
    for severity in SEVERITIES:
        entries = [
            _entry(str(rules.get(rule, {}).get("title") or rule), name, layer=name, show=False)
            for name, rule in constraints
            if (rules.get(rule, {}).get("severity") or "noted") == severity
        ]
        title = f"{words['constraints']}: {str(words['values'][f'severity.{severity}']).lower()}"
        groups.append({"id": severity, "title": title, "entries": entries, "help": ""})
    return groups


def _area_group(data: MapData, scale: Classes, words: Mapping[str, Any], language: Language) -> dict[str, Any]:
    if "areas" not in data.layers:
        return {"id": "areas", "title": "", "entries": [], "help": ""}
    if not data.balance:
        entry = _entry(words["areas"], "areas.unknown", layer="areas")
        return {"id": "areas", "title": words["areas"], "entries": [entry], "help": ""}
    heading = words["choropleth"] if scale.measure == "balance" else words["choropleth_need"]
    entries = [_entry(heading, "", layer="areas")]
    entries += [_entry(_class_title(index, scale, words, language), f"areas.{index}") for index in range(len(COLOURS))]
    if any(_measured(row, scale) is None for row in data.balance if not row.is_total):
        entries.append(_entry(words["unknown_value"], "areas.unknown"))
    return {"id": "areas", "title": f"{heading}, {words['homes_unit']}", "entries": entries, "help": ""}


def _class_title(index: int, scale: Classes, words: Mapping[str, Any], language: Language) -> str:
    breaks = scale.breaks
    low = breaks[index - 1] if index else None
    high = breaks[index] if index < len(breaks) else None
    side = words["deficit"] if index < len(COLOURS) // 2 else words["surplus"]
    if scale.measure == "need":  # what is missing is what is needed: the sign turns back
        low, high = (None if high is None else -high), (None if low is None else -low)
        side = ""
    if low is None:
        text = words["less_than"].format(x=number(high, language))
    elif high is None:
        text = words["more_than"].format(x=number(low, language))
    else:
        text = words["between"].format(x=number(low, language), y=number(high, language))
    return f"{text} ({side})" if side and index in (0, len(COLOURS) - 1) else str(text)


def _ramp(scale: Classes, words: Mapping[str, Any]) -> dict[str, Any]:
    ends = (words["deficit"], words["surplus"])
    if scale.measure == "need":
        ends = (words["need_high"], words["need_low"])
    return {"low": ends[0], "high": ends[1], "colours": COLOURS}


def _base_group(data: MapData, words: Mapping[str, Any]) -> dict[str, Any]:
    entries = [
        _entry(words[name], name, layer=name)
        for name in ("settlements", "municipality", "parcels", "water", "land")
        if name in data.layers
    ]
    if "land" in data.layers and "water" not in data.layers:
        entries.append(_entry(words["sea"], "sea"))
    return {"id": "base", "title": words["base"], "entries": entries, "help": ""}


def _entry(
    title: str,
    swatch: str,
    *,
    layer: str | None = None,
    kind: str | None = None,
    note: str = "",
    show: bool = True,
) -> dict[str, Any]:
    return {
        "title": title,
        "swatch": swatch,
        "layer": layer and layer_key(layer),
        "kind": kind,
        "note": note,
        "show": show,
    }


def _measured(row: BalanceRow, scale: Classes) -> float | None:
    if scale.measure == "balance":
        return row.balance
    return None if row.need is None else -row.need


def _tables(data: MapData, scale: Classes, words: Mapping[str, Any], language: Language) -> list[dict[str, Any]]:
    drawn = set(data.area_names) if "areas" in data.layers else set()
    tables = []
    for year, of_year in groupby(data.balance, key=lambda row: row.year):
        lines = [
            {
                "area": row.area,
                "name": row.name,
                "is_total": row.is_total,
                "need": number(row.need, language),
                "supply": number(row.supply, language),
                "balance": number(row.balance, language, signed=True),
                "drawn": row.area in drawn,
                "colour": scale.colour(_measured(row, scale)) if row.area in drawn else None,
            }
            for row in of_year
        ]
        tables.append(
            {
                "year": year,
                "caption": words["balance_caption"].format(year=year),
                "areas": [line for line in lines if not line["is_total"]],
                "total": [line for line in lines if line["is_total"]],
            }
        )
    return tables


def _areas(data: MapData, scale: Classes, language: Language) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {key: {"name": name} for key, name in data.area_names.items()}
    for row in data.balance:
        colour = scale.colour(_measured(row, scale))
        found.setdefault(row.area, {"name": row.name})[str(row.year)] = {
            "need": number(row.need, language),
            "supply": number(row.supply, language),
            "balance": number(row.balance, language, signed=True),
            "style": "areas.unknown" if colour is None else f"areas.{COLOURS.index(colour)}",
        }
    return found


def _about(
    data: MapData, rules: Mapping[str, Mapping[str, Any]], words: Mapping[str, Any], language: Language
) -> list[str]:
    lines = []
    if data.records:
        lines.append(words["nominal"])
    never_asked = sorted({rule for record in data.records for rule in record["unknown"]})
    if never_asked:
        titles = "; ".join(str(rules.get(rule, {}).get("title") or rule) for rule in never_asked)
        lines.append(words["unknown_rules"].format(rules=titles))
    told = []
    for tolerance in sorted({drawing.tolerance_m for drawing in data.layers.values() if drawing.tolerance_m > 0}):
        names = []
        for name, drawing in data.layers.items():
            rule = name.partition(":")[2]
            if drawing.tolerance_m == tolerance and not drawing.as_points:
                names.append(str(rules.get(rule, {}).get("title") or rule) if rule else str(words[name]).lower())
        if names:
            told.append(words["within"].format(layer=", ".join(names), metres=decimal(tolerance, language)))
    told += [
        words["drawn_as_points"].format(layer=str(words[name]).lower())
        for name, drawing in data.layers.items()
        if drawing.as_points
    ]
    if told:
        lines.append(words["generalised"].format(layers="; ".join(told)))
    return lines


def _provenance(
    provenance: Mapping[str, str], words: Mapping[str, Any], links: MapLinks
) -> list[dict[str, str | None]]:
    order = [
        *(key for key in _PROVENANCE if key in provenance),
        *(key for key in provenance if key not in _PROVENANCE),
    ]
    return [
        {
            "label": str(words.get(key, key)),
            "value": str(provenance[key]),
            "link": links.run if key == "run" else None,
        }
        for key in order
    ]

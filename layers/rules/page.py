"""The rule sets as a page of documentation, written from the sets themselves."""

from __future__ import annotations

import datetime as dt

from geoplan.land.rules import Condition, Rule, RuleSet
from layers.rules import load_rule_set, parent_set, shipped_rule_sets

__all__ = ["rules_page"]

_HEAD = """\
# Rules

The law as data. A rule set is a TOML file: `layers/rules/` has those that come with geoplan, and `set = "my.toml"`
under `[rules]` in `geoplan.toml` names one of your own. A set may `extends = "sweden"`: its rules and settings replace
those of the same id. This page is written by `python -m layers.rules > docs/rules.md`.

| key of a rule | meaning |
| --- | --- |
| `id`, `title` | what it is called; texts are `{ sv = "…", en = "…" }` |
| `layer`, `where` | the layer that it reads, and which features: `{ field, in = […] }`, `{ field, min, max }` (both \
inclusive; `min_setting`, `max_setting` name a setting) or `{ field, missing = true }`; `mapped = true` refuses a \
bound that is not among the layer's values |
| `operation` | `inside`, `outside`, `within_distance`, `touches` (the whole of each parcel that a feature touches) or \
`shore_zone` |
| `except_in` | layers of areas inside which the rule does not hold |
| `distance_m`, `distance_setting` | metres, or the name of a setting |
| `distance_by` | `{ field, values = { E4 = 50 } }` or `{ field, scale = 0.5 }`: by a field, else the others |
| `severity` | `forbidden`, `needs_exemption`, `investigate` (unknown, so not buildable), `costs`, `noted`; how severe \
a rule is, is the rule set's reading of the law |
| `basis` | `computed` from geometry, or `decided` by an authority |
| `legal_basis`, `source` | the provision, and where it was read |
| `valid_from`, `valid_to` | first day, and the day after the last |
| `exemption`, `change` | whether one is thinkable and on what grounds; what would have to change |
| `opens` | rules whose exemption is thinkable where this one, which is `noted`, holds |
| `settle` | what would settle it where the answer is unknown |
| `parameters` | of `shore_zone`: `lake_min_area_m2`, `stream_min_width_m`, `constructed_before` exempt waters; \
`extended = false` leaves decided extensions out |

Where a shore zone hangs on something unknown about the water (a watercourse's width, a constructed water's age, the
size of a lake that ends with the data), it has the basis `computed_unsure` and means `investigate`.

A rule whose layer is missing is *never asked*, which differs from asked and clear. A setting without a default is
required as soon as a feature hangs on it.
"""


def rules_page() -> str:
    """Return the page in Markdown."""
    parts = [_HEAD]
    for name in shipped_rule_sets():
        parts.append(_set_section(name, load_rule_set(name)))
    return "\n".join(parts)


def _set_section(name: str, rules: RuleSet) -> str:
    lines = [f"## `{name}`: {rules.title.en}", "", rules.description.en, ""]
    parent = parent_set(name)
    if parent is not None:
        base = load_rule_set(parent)
        lines += [f"All of `{parent}`, but these:", ""]
        settings = {key: value for key, value in rules.settings.items() if base.settings.get(key) != value}
        own = tuple(rule for rule in rules.rules if rule not in base.rules)
        rules = rules.model_copy(update={"settings": settings, "rules": own})
    if rules.settings:
        lines += [
            "| setting | unit | default | who decides, or where the default is from |",
            "| --- | --- | --- | --- |",
        ]
        for key, setting in rules.settings.items():
            default = "required" if setting.default is None else f"{setting.default:g}"
            lines.append(f"| `{key}`: {setting.title.en} | {setting.unit} | {default} | {setting.source} |")
        lines.append("")
    lines += [
        "| rule | layer | where it holds | means | basis and source | in force | unknown? |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(rule) for rule in rules.rules]
    return "\n".join([*lines, ""])


def _row(rule: Rule) -> str:
    where = rule.operation.replace("_", " ") + _distance(rule)
    if rule.where:
        where += ", " + "; ".join(_condition(condition) for condition in rule.where)
    if rule.parameters:
        where += ", " + ", ".join(f"{key} {value}" for key, value in rule.parameters.items())
    if rule.except_in:
        where += f", except in {', '.join(rule.except_in)}"
    means = f"{rule.severity}, opens {', '.join(rule.opens)}" if rule.opens else rule.severity
    first, last = rule.valid_from or "", rule.valid_to or ""
    force = f"{first} – {last}" if first or last else "always"
    basis = f"{rule.legal_basis.en}. {rule.source}"
    settle = rule.settle.en if rule.settle else ""
    return f"| `{rule.id}`: {rule.title.en} | {rule.layer} | {where} | {means} | {basis} | {force} | {settle} |"


def _distance(rule: Rule) -> str:
    parts = []
    if rule.distance_by is not None and rule.distance_by.scale is not None:
        parts.append(f"{rule.distance_by.scale:g} × {rule.distance_by.field}")
    elif rule.distance_by is not None:
        listed = (f"{value} {metres:g} m" for value, metres in rule.distance_by.values.items())
        parts.append(f"by {rule.distance_by.field}: {', '.join(listed)}")
    if rule.distance_m is not None:
        parts.append(f"{rule.distance_m:g} m")
    if rule.distance_setting is not None:
        parts.append(f"`{rule.distance_setting}`")
    return f" ({', else '.join(parts)})" if parts else ""


def _condition(condition: Condition) -> str:
    if condition.missing:
        return f"{condition.field} missing"
    if condition.one_of is not None:
        return f"{condition.field} in {', '.join(map(str, condition.one_of))}"
    low = _bound(condition.min, condition.min_setting)
    high = _bound(condition.max, condition.max_setting)
    return f"{f'{low} ≤ ' if low else ''}{condition.field}{f' ≤ {high}' if high else ''}"


def _bound(number: float | dt.date | None, setting: str | None) -> str:
    if setting is not None:
        return f"`{setting}`"
    return f"{number:g}" if isinstance(number, float) else str(number or "")

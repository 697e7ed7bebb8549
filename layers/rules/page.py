"""The rule sets as a page of documentation, written from the sets themselves."""

from __future__ import annotations

from geoplan.land.rules import Condition, Rule, RuleSet
from layers.rules import load_rule_set, shipped_rule_sets

__all__ = ["rules_page"]

_HEAD = """\
# Rules

The law as data. A rule set is a TOML file: `layers/rules/` has those that come with geoplan, and `set = "my.toml"`
under `[rules]` in `geoplan.toml` names one of your own. A set may `extends = "sweden"`: its rules and settings replace
those of the same id. This page is written by `python -m layers.rules > docs/rules.md`.

| key of a rule | meaning |
| --- | --- |
| `id`, `title` | what it is called; texts are `{ sv = "…", en = "…" }` |
| `layer`, `where` | the layer that it reads, and which features: `{ field, in = […] }` or `{ field, min, max }` |
| `operation` | `inside`, `outside`, `within_distance` or `shore_zone` |
| `distance_m`, `distance_setting` | metres, or the name of a setting |
| `distance_by` | `{ field, values = { E4 = 50 } }` or `{ field, scale = 0.5 }`: by a field, else the others |
| `severity` | `forbidden`, `needs_exemption`, `investigate` (unknown, so not buildable), `costs`, `noted` |
| `basis` | `computed` from geometry, or `decided` by an authority |
| `legal_basis`, `source` | the provision, and where it was read |
| `valid_from`, `valid_to` | first day, and the day after the last |
| `exemption`, `change` | whether one is thinkable and on what grounds; what would have to change |
| `parameters` | of `shore_zone`: `lake_min_area_m2`, `stream_min_width_m`, `constructed_before` |

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
        "| rule | layer | where it holds | means | basis and source | in force |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(rule) for rule in rules.rules]
    return "\n".join([*lines, ""])


def _row(rule: Rule) -> str:
    where = rule.operation.replace("_", " ") + _distance(rule)
    if rule.where:
        where += ", " + "; ".join(_condition(condition) for condition in rule.where)
    if rule.parameters:
        where += ", " + ", ".join(f"{key} {value}" for key, value in rule.parameters.items())
    first, last = rule.valid_from or "", rule.valid_to or ""
    force = f"{first} – {last}" if first or last else "always"
    basis = f"{rule.legal_basis.en}. {rule.source}"
    return f"| `{rule.id}`: {rule.title.en} | {rule.layer} | {where} | {rule.severity} | {basis} | {force} |"


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
    if condition.one_of is not None:
        return f"{condition.field} in {', '.join(map(str, condition.one_of))}"
    low = "" if condition.min is None else f"{condition.min} ≤ "
    high = "" if condition.max is None else f" ≤ {condition.max}"
    return f"{low}{condition.field}{high}"

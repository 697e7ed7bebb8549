"""The law as data: rules with their basis, their dates and their source.

A rule says which layer it reads, which geometry operation it applies, what that means for building, since when
it holds and who says so. Nothing of a country's law is in the engine; see ``layers/rules/*.toml``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from geoplan.errors import SettingsError
from geoplan.text import Text

__all__ = [
    "BLOCKING",
    "SEVERITIES",
    "Condition",
    "DistanceByField",
    "Exemption",
    "Operation",
    "Rule",
    "RuleSet",
    "Setting",
    "Severity",
]

Severity = Literal["forbidden", "needs_exemption", "investigate", "costs", "noted"]
Operation = Literal["inside", "outside", "within_distance", "touches", "shore_zone"]

SEVERITIES: tuple[Severity, ...] = ("forbidden", "needs_exemption", "investigate", "costs", "noted")
"""Strongest first."""

BLOCKING: tuple[Severity, ...] = ("forbidden", "needs_exemption", "investigate")
"""What takes land by default. ``investigate`` is unknown, and unknown never counts as buildable."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Model):
    """A filter on one field of the rule's layer; all given parts must hold.

    Attributes
    ----------
    field
        The layer's field.
    one_of
        Values that pass.
    min, max
        Bounds, both inclusive; dates as ISO text. A missing value never passes a bound.
    min_setting, max_setting
        The same, as names of settings of the rule set.
    mapped
        The bound must itself be a value of the layer. For extents that are mapped at steps, such as land below
        one level and the next: between two steps nothing is known, and a bound there would be answered wrongly.
    missing
        Only features that have no value: what a rule about the unknown asks for.
    """

    field: str
    one_of: tuple[str | int | float, ...] | None = Field(None, alias="in")
    min: float | dt.date | None = None
    max: float | dt.date | None = None
    min_setting: str | None = None
    max_setting: str | None = None
    mapped: bool = False
    missing: Literal[True] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        bounds = (self.min, self.max, self.min_setting, self.max_setting)
        given = sum(bound is not None for bound in bounds)
        if not given and self.one_of is None and self.missing is None:
            raise ValueError("a condition needs in, min, max, min_setting, max_setting or missing")
        if self.missing and (given or self.one_of is not None):
            raise ValueError("what is missing has no value to compare")
        if None not in (self.min, self.min_setting) or None not in (self.max, self.max_setting):
            raise ValueError("a bound is a number or a setting, not both")
        if self.mapped and not given:
            raise ValueError("mapped is about a bound, and there is none")
        return self

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings that bound it."""
        return tuple(name for name in (self.min_setting, self.max_setting) if name is not None)


class DistanceByField(_Model):
    """A distance in metres that a feature's own field decides: by its value, or as a multiple of its number.

    Attributes
    ----------
    field
        The layer's field, such as the road's number or width.
    values
        Metres by the field's value as text.
    scale
        Metres per unit of the field's number: 0.5 makes half of a width.
    """

    field: str
    values: dict[str, float] = {}
    scale: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.values) == (self.scale is not None):
            raise ValueError("a distance by field needs either values or a scale")
        return self


class Setting(_Model):
    """A number that the municipality decides; one without a default is required where its layer exists."""

    title: Text
    unit: str
    default: float | None = None
    source: str = Field(min_length=1, description="where the default comes from, or who decides it")


class Exemption(_Model):
    """Whether an exemption is thinkable, and on what grounds."""

    thinkable: bool
    grounds: Text | None = None


class Rule(_Model):
    """A rule.

    Attributes
    ----------
    id, title
        What it is called.
    layer
        The catalogue layer that it reads.
    operation
        ``inside`` the layer's areas, ``outside`` all of them, ``within_distance`` of its features, the whole of each
        parcel that a feature ``touches`` (for registers that have a point for a property, not an extent), or the
        ``shore_zone`` along water (see :mod:`geoplan.land.shoreline`).
    severity
        What it means for building.
    distance_m, distance_setting, distance_by
        The distance in metres: a number, a setting of the rule set, or the feature's own field; a feature that its
        field tells nothing of has the number or the setting, or no distance where there is neither.
    where
        Only features that satisfy all these conditions.
    except_in
        Layers of areas inside which the rule does not hold. One that is missing excepts nothing.
    parameters
        Further numbers of the operation (of ``shore_zone``: see :class:`geoplan.land.shoreline.ShoreRule`).
    basis
        ``computed`` from geometry, or ``decided`` by an authority.
    legal_basis, source
        The provision, and where it was read.
    valid_from, valid_to
        The rule holds from the first day up to, not including, the last.
    exemption, change
        Whether an exemption is thinkable; what would have to change for the rule not to hold.
    opens
        Ids of rules whose exemption is thinkable where this rule holds, on a ground that exists only there. Only a
        rule that is ``noted`` opens others.
    settle
        What would settle it where the answer is unknown: which layer to fetch from whom, or what to measure.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    layer: str
    operation: Operation
    severity: Severity
    distance_m: float | None = Field(None, ge=0)
    distance_setting: str | None = None
    distance_by: DistanceByField | None = None
    where: tuple[Condition, ...] = ()
    except_in: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    basis: Literal["computed", "decided"] = "computed"
    legal_basis: Text
    source: str = Field(min_length=1)
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    exemption: Exemption = Exemption(thinkable=False)
    change: Text | None = None
    opens: tuple[str, ...] = ()
    settle: Text | None = None

    @field_validator("parameters")
    @classmethod
    def _json_values(cls, values: dict[str, Any]) -> dict[str, Any]:
        # A stored rule set is JSON: dates are text there, so they are text from the start.
        return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}

    @model_validator(mode="after")
    def _one_distance(self) -> Self:
        fixed = sum(value is not None for value in (self.distance_m, self.distance_setting))
        if self.operation in {"within_distance", "shore_zone"} and (
            fixed > 1 or (fixed == 0 and self.distance_by is None)
        ):
            raise ValueError("needs distance_m or distance_setting, or distance_by with at most one of them")
        if self.operation in {"inside", "outside", "touches"} and (fixed or self.distance_by is not None):
            raise ValueError(f"{self.operation} takes no distance")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise ValueError("valid_from must be before valid_to")
        if self.opens and self.severity != "noted":
            raise ValueError("only a rule that is noted opens others")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """The layers without which the rule cannot be asked."""
        return (self.layer, "parcels") if self.operation == "touches" else (self.layer,)

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings that decide where it holds."""
        names = [name for condition in self.where for name in condition.settings]
        return tuple(names if self.distance_setting is None else [self.distance_setting, *names])

    def overlaps(self, other: Rule) -> bool:
        """Tell whether there is a day on which both hold."""
        latest_start = max(rule.valid_from or dt.date.min for rule in (self, other))
        return latest_start < min(rule.valid_to or dt.date.max for rule in (self, other))

    def in_force(self, day: dt.date) -> bool:
        """Tell whether the rule holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


class RuleSet(_Model):
    """A set of rules with its settings.

    Attributes
    ----------
    name, title, description
        What it is called.
    settings
        Numbers that the municipality decides, by name.
    rules
        The rules, in the order that the waterfall takes them within a severity.
    """

    name: str
    title: Text
    description: Text
    settings: dict[str, Setting] = {}
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for first, second in itertools.combinations(self.rules, 2):
            if first.id == second.id and first.overlaps(second):
                raise ValueError(f"rule {first.id!r} holds twice on the same days: give the older one a valid_to")
        known = {rule.id for rule in self.rules}
        for rule in self.rules:
            for name in rule.settings:
                if name not in self.settings:
                    raise ValueError(f"rule {rule.id!r} names an unknown setting {name!r}")
            for name in rule.opens:
                if name not in known:
                    raise ValueError(f"rule {rule.id!r} opens {name!r}, which is no rule")
        return self

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> Self:
        """Build a rule set from the content of a TOML file or of a stored run.

        Raises
        ------
        SettingsError
            Keys are wrong; every fault with its place.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'the set'}: {fault['msg']}" for fault in error.errors()
            )
            name = content.get("name", "without a name")
            raise SettingsError(
                f"Rule set {name} is wrong: {faults}.", hint="docs/rules.md describes every key."
            ) from error

    def to_mapping(self) -> dict[str, Any]:
        """Return the set as JSON values that :meth:`from_mapping` takes back."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def as_of(self, day: dt.date) -> Self:
        """Return the set with only the rules in force on a day."""
        return self.model_copy(update={"rules": tuple(rule for rule in self.rules if rule.in_force(day))})

    def with_settings(self, values: Mapping[str, float]) -> Self:
        """Return the set with settings decided.

        Raises
        ------
        SettingsError
            A setting is unknown, or not a number.
        """
        settings = dict(self.settings)
        for name, value in values.items():
            if name not in settings:
                near = difflib.get_close_matches(name, settings, 1)
                hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(settings) or 'none'}."
                raise SettingsError(f"rules.settings.{name}: rule set {self.name} has no such setting.", hint=hint)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise SettingsError(f"rules.settings.{name}: {value!r} is not a number of zero or more.")
            settings[name] = settings[name].model_copy(update={"default": float(value)})
        return self.model_copy(update={"settings": settings})

    def setting(self, name: str) -> float:
        """Return a setting's value.

        Raises
        ------
        SettingsError
            It is required and not decided.
        """
        value = self.settings[name].default
        if value is None:
            setting = self.settings[name]
            raise SettingsError(
                f"rules.settings.{name} is not decided ({setting.title.en}, {setting.unit}).",
                hint=f"Add it under [rules.settings] in geoplan.toml. Who decides: {setting.source}.",
            )
        return value

    def conditions(self, rule: Rule) -> tuple[Condition, ...]:
        """Return a rule's conditions with the settings that bound them as numbers.

        Raises
        ------
        SettingsError
            A setting is required and not decided.
        """
        return tuple(
            condition.model_copy(
                update={
                    bound: self.setting(name)
                    for bound, name in (("min", condition.min_setting), ("max", condition.max_setting))
                    if name is not None
                }
                | {"min_setting": None, "max_setting": None}
            )
            for condition in rule.where
        )

    def rule(self, rule_id: str) -> Rule:
        """Return the rule with an id; the last one where several dates have their own."""
        return next(rule for rule in reversed(self.rules) if rule.id == rule_id)

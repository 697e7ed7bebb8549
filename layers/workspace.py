"""A workspace: a folder with a ``geoplan.toml`` that says all it takes to recompute everything."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

import pyproj
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pyproj.exceptions import CRSError as ProjError

from geoplan.errors import CRSError, SettingsError
from geoplan.frames import metres_per_unit
from layers.assumptions import assumption_faults, assumption_values
from layers.catalogue import LayerType, catalogue
from layers.faults import did_you_mean, fault_lines, key_path
from layers.homesettings import DemandSettings, ProgrammeLimits, ProgrammeSettings, SettingsModel
from layers.sources.services.request import KoladaRequest, PxwebRequest
from layers.sources.source import LayerPart, LayerSource, Lookup, Unpivot
from layers.starting import starting_text

__all__ = [
    "SETTINGS_FILE",
    "AreaKind",
    "DemandSettings",
    "Municipality",
    "PlotOverrides",
    "PlotSettings",
    "PlotStatus",
    "ProgrammeLimits",
    "ProgrammeSettings",
    "RuleSettings",
    "Workspace",
    "init_workspace",
]

SETTINGS_FILE = "geoplan.toml"

AreaKind = Literal["town", "rural", "archipelago"]
PlotStatus = Literal["available", "reserved", "sold", "private", "unknown"]


class Municipality(SettingsModel):
    """Whom the workspace is for."""

    name: str = Field(min_length=1, description="the municipality's name")
    code: str = Field(min_length=1, description='its official code as text, such as "2182"')
    crs: str = Field(
        "EPSG:3006", description='the projected reference system of all that is computed, such as "EPSG:3006"'
    )
    language: Literal["sv", "en"] = Field("sv", description="the language of pages and print-outs")
    synthetic: bool = Field(False, description="true where the municipality is made up; every page then says so")

    @field_validator("name", "code")
    @classmethod
    def _printable(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("has a control character")
        return text

    @field_validator("crs")
    @classmethod
    def _projected(cls, crs: str) -> str:
        hint = 'set a projected one with an EPSG code, such as "EPSG:3006" in Sweden'
        try:
            system = pyproj.CRS.from_user_input(crs)
            metres_per_unit(system)
        except ProjError:
            raise ValueError(f"{crs!r} is no coordinate reference system; {hint}") from None
        except CRSError:
            raise ValueError(f"{crs!r} ({system.name}) is not a projected reference system; {hint}") from None
        if system.is_compound or system.to_epsg() is None:
            raise ValueError(f"{crs!r} ({system.name}) has heights or no EPSG code; {hint}")
        return crs

    @property
    def srid(self) -> int:
        """The EPSG code of the workspace's CRS."""
        return int(pyproj.CRS.from_user_input(self.crs).to_epsg() or 0)


class RuleSettings(SettingsModel):
    """Which law holds."""

    set: str = Field(
        description='the rule set: "sweden", "gavleborg", "generic", or the path of a TOML file of your own'
    )
    as_of: dt.date | None = Field(None, description="the day whose law holds; today where left out")
    settings: dict[str, float] = Field({}, description="the rule set's own settings")


class PlotOverrides(SettingsModel):
    """What differs from ``[plots]`` in one kind of area."""

    min_area_m2: float | None = Field(None, gt=0, description="the smallest plot in m²")
    min_width_m: float | None = Field(None, ge=0, description="the narrowest plot in metres")
    homes_per_plot: int | None = Field(None, ge=1, description="homes on a plot where no plan says more")
    default_status: PlotStatus | None = Field(None, description="the status of a plot that no source tells of")


class PlotSettings(SettingsModel):
    """What counts as a plot.

    The defaults are geoplan's own assumptions, not law: a detached house with its garden fits on 600 m², and
    a house of 8 m with the 4.5 m to each boundary that PBL asks for takes 17 m of width, here rounded to 18.
    """

    min_area_m2: float = Field(600.0, gt=0, description="the smallest plot in m²")
    min_width_m: float = Field(18.0, ge=0, description="the narrowest plot in metres")
    homes_per_plot: int = Field(1, ge=1, description="homes on a plot where no plan says more")
    default_status: PlotStatus = Field("unknown", description="the status of a plot that no source tells of")
    costs: bool = Field(
        True, description="whether to tell what a plot costs to make ready; false where the unit costs are not yours"
    )
    town: PlotOverrides = Field(PlotOverrides(), description="what differs in towns")
    rural: PlotOverrides = Field(PlotOverrides(), description="what differs in the countryside")
    archipelago: PlotOverrides = Field(PlotOverrides(), description="what differs on islands")

    def of(self, kind: AreaKind) -> PlotSettings:
        """Return the settings that hold in one kind of area, its overrides applied."""
        if kind not in get_args(AreaKind):
            raise ValueError(f"{kind!r} is no kind of area")
        given: PlotOverrides = getattr(self, kind)
        base = {name: getattr(self, name) for name in PlotOverrides.model_fields}
        return PlotSettings(**{**base, "costs": self.costs, **given.model_dump(exclude_none=True)})


class Workspace(SettingsModel):
    """A workspace's settings.

    Attributes
    ----------
    municipality, layers, rules, plots, demand, programme
        The tables of ``geoplan.toml``; ``demand`` is ``None`` where the file has none, and then no need is
        computed; so is ``programme``, and then nothing is released.
    assumptions
        Values of :mod:`layers.assumptions` that differ here, by subject and name.
    """

    municipality: Municipality = Field(description="a table [municipality] with name, code and crs")
    layers: dict[str, LayerSource] = Field({}, description="a table for each layer")
    rules: RuleSettings = Field(description='a table [rules] with set = "sweden" or "generic"')
    plots: PlotSettings = PlotSettings()
    demand: DemandSettings | None = None
    programme: ProgrammeSettings | None = None
    assumptions: dict[str, dict[str, Any]] = Field({}, description="what differs from docs/assumptions.md")

    _root: Path = PrivateAttr(default_factory=Path.cwd)

    @model_validator(mode="after")
    def _programme_has_its_ground(self) -> Self:
        programme, demand = self.programme, self.demand
        if programme is None:
            return self
        if demand is None:
            raise ValueError("[programme] serves a need, and there is no [demand] to compute it from; add it")
        if programme.years[0] <= demand.base_year:
            raise ValueError(f"programme.years must lie after demand.base_year ({demand.base_year})")
        if programme.limits_money and not self.plots.costs:
            raise ValueError(
                "a budget in [programme] takes what plots cost, and plots.costs is false; set it to true, or take "
                "the budget out"
            )
        return self

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Read the workspace in a folder.

        Raises
        ------
        SettingsError
            There is no ``geoplan.toml``, it is not TOML, or settings are wrong: every fault with its full key
            and the fix.
        """
        root = Path(directory).resolve()
        path = root / SETTINGS_FILE
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            raise SettingsError(
                f"{root} has no {SETTINGS_FILE}.",
                hint="Write one with `geoplan init DIR`, or name another folder with -w.",
            ) from None
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"{path} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8.") from error
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path} is not TOML: {error}.") from error
        return cls.from_mapping(content, root=root)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], *, root: Path | str = ".") -> Self:
        """Build a workspace from the content of a ``geoplan.toml``.

        Parameters
        ----------
        content
            The tables.
        root
            The folder that paths are relative to.

        Raises
        ------
        SettingsError
            Settings are wrong: every fault with its full key and the fix.
        """
        faults = _layer_faults(content.get("layers")) + assumption_faults(content.get("assumptions"))
        try:
            workspace = cls.model_validate(content)
        except ValidationError as error:
            faults = fault_lines(error, content, models=_MODELS) + faults
        if faults:
            count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
            raise SettingsError(f"{SETTINGS_FILE} has {count}:\n  " + "\n  ".join(faults))
        workspace._root = Path(root).resolve()
        return workspace

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self._root

    @property
    def crs(self) -> pyproj.CRS:
        """The coordinate reference system of all that is computed."""
        return pyproj.CRS.from_epsg(self.municipality.srid)

    def path(self, relative: str) -> Path:
        """Return a path of the settings, which is relative to the workspace's folder."""
        return self._root / relative

    def parameters(self) -> dict[str, Any]:
        """Return the settings that a run depends on besides its layers, as plain JSON values.

        The layers' own settings are left out: a run names the versions of the layers that they led to. Assumptions
        are there with all their values, so that a run can be recomputed when a default has changed since.
        """
        dumped: dict[str, Any] = self.model_dump(mode="json", exclude={"layers"})
        return dumped | {"assumptions": assumption_values(self.assumptions)}

    def canonical_parameters(self) -> str:
        """Return :meth:`parameters` as JSON text that is the same for the same settings, byte for byte."""
        return json.dumps(self.parameters(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def init_workspace(
    directory: Path | str,
    *,
    name: str,
    code: str,
    crs: str = "EPSG:3006",
    language: Literal["sv", "en"] = "sv",
    rule_set: str | None = None,
) -> Workspace:
    """Write a commented ``geoplan.toml`` into a folder, which is made where missing.

    Nothing is ever overwritten.

    Parameters
    ----------
    directory
        The folder.
    name, code, crs, language
        As in ``[municipality]``.
    rule_set
        As ``set`` in ``[rules]``; by default ``"sweden"`` in Swedish workspaces, else ``"generic"``.

    Returns
    -------
    Workspace
        The workspace, as loaded from the new file.

    Raises
    ------
    SettingsError
        A value is wrong, the folder already is a workspace, or it cannot be written.
    """
    root = Path(directory)
    rules = rule_set or ("sweden" if language == "sv" else "generic")
    text = starting_text(name=name, code=code, crs=crs, language=language, rule_set=rules)
    # What is wrong shows before anything is written.
    Workspace.from_mapping(tomllib.loads(text), root=root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / SETTINGS_FILE).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        ignore = root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("/.geoplan/\n", encoding="utf-8")
    except OSError as error:
        if isinstance(error, FileExistsError) and root.is_dir():
            raise SettingsError(
                f"{root / SETTINGS_FILE} already exists.", hint="Edit it, or choose another folder."
            ) from None
        raise SettingsError(f"{root} cannot be written: {error.strerror}.") from error
    return Workspace.load(root)


_MODELS: dict[str, tuple[type[BaseModel], ...]] = {
    "": (Workspace,),
    "municipality": (Municipality,),
    "rules": (RuleSettings,),
    "plots": (PlotSettings,),
    "plots.*": (PlotOverrides,),
    "demand": (DemandSettings,),
    "programme": (ProgrammeSettings,),
    "programme.*": (ProgrammeLimits,),
    "layers.*": (LayerPart, LayerSource),
    "layers.*.parts.*": (LayerPart,),
    "layers.*.lookup.*": (Lookup,),
    "layers.*.parts.*.lookup.*": (Lookup,),
    "layers.*.unpivot": (Unpivot,),
    "layers.*.parts.*.unpivot": (Unpivot,),
    "layers.*.pxweb": (PxwebRequest,),
    "layers.*.parts.*.pxweb": (PxwebRequest,),
    "layers.*.kolada": (KoladaRequest,),
    "layers.*.parts.*.kolada": (KoladaRequest,),
}


def _layer_faults(layers: object) -> list[str]:
    """Compare the layers' settings with the catalogue; tolerant of other faults, which pydantic tells."""
    if not isinstance(layers, Mapping):
        return []
    faults: list[str] = []
    for layer_id, given in layers.items():
        kind = catalogue().get(layer_id)
        if kind is None:
            faults.append(f"{key_path(['layers', layer_id])}: unknown layer, {did_you_mean(layer_id, catalogue())}")
            continue
        if not isinstance(given, Mapping):
            continue
        faults.extend(_field_faults(kind, given, ["layers", layer_id]))
        parts = given.get("parts")
        for number, part in enumerate(parts if isinstance(parts, list) else []):
            if isinstance(part, Mapping):
                faults.extend(_field_faults(kind, part, ["layers", layer_id, "parts", number]))
        within = given.get("within")
        if within is not None:
            faults.extend(_within_faults(layer_id, kind, within, layers))
    return faults


def _field_faults(kind: LayerType, given: Mapping[str, Any], place: list[str | int]) -> list[str]:
    faults: list[str] = []
    for section in ("columns", "constants", "values", "lookup"):
        table = given.get(section)
        for name, value in table.items() if isinstance(table, Mapping) else ():
            key = key_path([*place, section, name])
            field = kind.field(name)
            if field is None:
                faults.append(f"{key}: {kind.id} has no such field, {did_you_mean(name, kind.field_names)}")
                continue
            results = [value] if section == "constants" else []
            if section == "values" and isinstance(value, Mapping):
                results = list(value.values())
            faults.extend(
                f"{key}: {result!r} is not an allowed value, {did_you_mean(str(result), field.values)}"
                for result in dict.fromkeys(map(str, results))
                if field.values and result not in field.values
            )
    taken = {*kind.field_names, "geometry"}
    kept = given.get("keep")
    faults.extend(
        f"{key_path([*place, 'keep'])}: {name!r} is a field of {kind.id} itself; map it with columns instead"
        for name in (kept if isinstance(kept, list) else [])
        if name in taken
    )
    return faults


def _within_faults(layer_id: str, kind: LayerType, within: object, layers: Mapping[str, Any]) -> list[str]:
    key = key_path(["layers", layer_id, "within"])
    area = catalogue().get(str(within))
    if kind.is_table:
        return [f"{key}: {layer_id} is a table and lies nowhere; remove the key"]
    if within == layer_id:
        return [f"{key}: a layer cannot be within itself"]
    if area is None or "polygon" not in area.geometry:
        polygons = [name for name, entry in catalogue().items() if "polygon" in entry.geometry]
        return [f"{key}: {within!r} is no layer of areas, {did_you_mean(str(within), polygons)}"]
    other = layers.get(str(within))
    if other is None:
        return [f"{key}: there is no [layers.{within}] to lie within; add it, or remove the key"]
    if isinstance(other, Mapping) and other.get("within") is not None:
        return [f"{key}: {within} has itself a `within`; only one step is followed"]
    return []

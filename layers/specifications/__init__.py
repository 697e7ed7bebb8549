"""What other specifications call the fields of the plot record: a table of names as data, one TOML file each.

A field that a table does not name keeps our name, and so does a value; so a name that becomes known is put in without
a line of code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geoplan.errors import InputError, SettingsError
from geoplan.plots.record import RECORD_NAMES
from layers.catalogue import Text
from layers.faults import did_you_mean

__all__ = ["Specification", "load_specification", "shipped_specifications"]

_ALSO = ("reasons", "geometry")
"""What the record holds besides its fields."""


class Specification(BaseModel):
    """A specification's names for the plot record.

    Attributes
    ----------
    title, source
        What it is, and where its names stand.
    complete
        Whether its names are known; where not, nothing is written with them.
    fields
        Our name → theirs.
    values
        By our field's name: our value → theirs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    source: str = Field(min_length=1)
    complete: bool
    fields: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    def renamed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table of plot records under the specification's names and values.

        Raises
        ------
        InputError
            The specification's names are not known yet.
        """
        if not self.complete:
            raise InputError(
                f"The names of {self.title.en} are not known yet.",
                hint="Write them into a table of your own (docs/plot-record.md) and name its file.",
            )
        told = frame.copy()
        for name, values in self.values.items():
            if name in told:
                told[name] = told[name].map(lambda value, values=values: values.get(value, value))
        return told.rename(columns=self.fields)


def shipped_specifications() -> tuple[str, ...]:
    """Return the names of the specifications that come with geoplan."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def load_specification(name: str, *, folder: Path | None = None) -> Specification:
    """Load a specification.

    Parameters
    ----------
    name
        A shipped one's name, or the path of a TOML file that ends in ``.toml``.
    folder
        What a relative path is relative to.

    Raises
    ------
    SettingsError
        There is no such specification, or it is wrong.
    """
    try:
        if name.endswith(".toml"):
            text = ((folder or Path()) / name).read_text(encoding="utf-8-sig")
        elif name in shipped_specifications():
            text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
        else:
            hint = did_you_mean(name, shipped_specifications())
            raise SettingsError(f"There is no specification {name!r}.", hint=f"{hint[0].upper()}{hint[1:]}")
        found = Specification.model_validate(tomllib.loads(text))
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{name} is not TOML: {error}.") from error
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)
        )
        raise SettingsError(
            f"{name}: {told}.", hint="A table has title, source, complete, fields and values."
        ) from error
    _refuse_unknown(name, [*found.fields, *found.values])
    theirs = [found.fields.get(ours, ours) for ours in (*RECORD_NAMES, *_ALSO)]
    if twice := sorted({each for each in theirs if theirs.count(each) > 1}):
        raise SettingsError(f"{name}: two fields are called {', '.join(twice)}.")
    return found


def _refuse_unknown(name: str, fields: Iterable[str]) -> None:
    known = (*RECORD_NAMES, *_ALSO)
    for field in fields:
        if field not in known:
            raise SettingsError(f"{name}: the record has no field {field!r}, {did_you_mean(field, known)}.")

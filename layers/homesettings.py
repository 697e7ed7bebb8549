"""Settings of the homes: what the need is computed from, and what a release programme may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DemandSettings", "OwnerKind", "ProgrammeLimits", "ProgrammeSettings", "SettingsModel", "Share"]

OwnerKind = Literal["municipality", "company", "private", "state", "other"]
"""The kinds of owner that the layer ``parcels`` knows."""

Share = Annotated[float, Field(ge=0, le=1)]
_Year = Annotated[int, Field(ge=1900, le=2200)]


class SettingsModel(BaseModel):
    """A table of ``geoplan.toml``: it does not change, and a key that it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DemandSettings(SettingsModel):
    """What the need for homes is computed from, besides the layers.

    Figures by area are written as a table, ``{ "2182A0010" = 3, "*" = 1 }``, with ``*`` for all others.
    """

    base_year: int = Field(ge=1900, le=2200, description="the year that population and stock are taken from")
    years: tuple[_Year, ...] = Field(
        min_length=1, description="the years to compute the need for, such as [2030, 2035]"
    )
    vacancy_reserve: Share = Field(0.0, description="homes that should stand empty, as a share of the stock")
    exits_per_year: Share | dict[str, Share] = Field(
        0.0, description="homes that leave the stock each year, as a share of it"
    )
    initial_deficit: float | dict[str, float] = Field(
        0.0, description="homes that are missing in the base year; negative where there are too many"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.years) != sorted(set(self.years)) or self.years[0] <= self.base_year:
            raise ValueError(f"years must rise and lie after base_year ({self.base_year})")
        return self


class ProgrammeLimits(SettingsModel):
    """What a programme may take of money, new land and planning; what is left out has no limit."""

    budget: float | None = Field(None, ge=0, description="money, in the currency of the costs")
    land_new_ha: float | None = Field(None, ge=0, description="hectares of new land")
    measures: float | None = Field(None, ge=0, description="plots and actions that can be handled")
    homes: float | None = Field(None, ge=0, description="homes that can be handled")

    def given(self) -> Iterator[tuple[str, float]]:
        """Yield the limits that there are, by their names in :mod:`geoplan.balance.standards`."""
        for name, value in self:
            if value is not None:
                yield name.removesuffix("_ha"), float(value)


class ProgrammeSettings(SettingsModel):
    """Which years a release programme is for, whose land it may release, and under which limits."""

    years: tuple[_Year, ...] = Field(
        min_length=1, description="every year of the programme, such as [2027, 2028, 2029], after demand.base_year"
    )
    owners: tuple[OwnerKind, ...] = Field(("municipality",), description="kinds of owner whose plots can be released")
    years_of_supply: float = Field(
        5.0, gt=0, le=100, description="the years of supply that the smallest set of measures is to give each area"
    )
    limits: ProgrammeLimits = Field(ProgrammeLimits(), description="what may be taken each year")
    totals: ProgrammeLimits = Field(ProgrammeLimits(), description="what may be taken in all years together")

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        if list(self.years) != list(range(self.years[0], self.years[0] + len(self.years))):
            raise ValueError("years must follow each other; write every year once, such as [2027, 2028, 2029]")
        return self

    @property
    def limits_money(self) -> bool:
        """Whether there is a budget, of a year or of all."""
        return self.limits.budget is not None or self.totals.budget is not None

"""Which features of a layer a rule asks about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.errors import SettingsError
from geoplan.land.rules import Condition

__all__ = ["select_features"]

Bound = float | dt.date

_SHOWN = 12
_DECIMALS = 6


def select_features(frame: gpd.GeoDataFrame, conditions: tuple[Condition, ...]) -> gpd.GeoDataFrame:
    """Return the features that satisfy every condition.

    Parameters
    ----------
    frame
        The layer.
    conditions
        Bounds that are settings stand in them as numbers: see :meth:`geoplan.land.rules.RuleSet.conditions`.

    Raises
    ------
    KeyError
        The layer lacks a field.
    SettingsError
        A bound that must be mapped is no value of the layer, or a bound still is a setting's name.
    """
    keep = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        if condition.settings:
            raise SettingsError(
                f"{condition.field} is bounded by the setting {condition.settings[0]}, whose value is not known here.",
                hint="Pass the conditions that RuleSet.conditions returns.",
            )
        values = frame[condition.field]
        if condition.missing:
            keep &= values.isna().to_numpy()
        if condition.one_of is not None:
            keep &= values.isin(condition.one_of).to_numpy()
        for bound, low in ((condition.min, True), (condition.max, False)):
            if bound is None:
                continue
            comparable, limit = _comparable(values, bound)
            if condition.mapped and len(frame) and not (comparable == limit).any():
                raise _unmapped(condition.field, comparable, bound)
            keep &= (comparable >= limit if low else comparable <= limit).to_numpy(dtype=bool, na_value=False)
    return frame[keep]


def _comparable(values: pd.Series[Any], bound: Bound) -> tuple[pd.Series[Any], Any]:
    if isinstance(bound, dt.date):
        return pd.to_datetime(values, errors="coerce"), pd.Timestamp(bound)
    # Steps come in single precision as well: 2.7 is then 2.7000000477.
    return pd.to_numeric(values, errors="coerce").round(_DECIMALS), round(bound, _DECIMALS)


def _unmapped(field: str, values: pd.Series[Any], bound: Bound) -> SettingsError:
    steps = [str(step) for step in np.sort(values.dropna().unique())]
    listed = ", ".join(steps[:_SHOWN]) + (f" and {len(steps) - _SHOWN} more" if len(steps) > _SHOWN else "")
    return SettingsError(
        f"{field} is asked at {bound}, but the layer is mapped at {listed or 'no value'}.",
        hint="Import the extent of that value too, or decide the next one on the safe side.",
    )

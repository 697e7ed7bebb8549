"""What many draws say: quantiles, the chance of a shortage, and scenarios beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.homes.bands import Bands
from geoplan.homes.draws import Draws, nominal_factors
from geoplan.homes.needinputs import NeedInputs
from geoplan.homes.outcomes import outcome
from geoplan.homes.projection import Array
from geoplan.places import WHOLE

__all__ = ["CHANCE_COLUMNS", "QUANTILE_COLUMNS", "SCENARIO_COLUMNS", "chances", "quantiles", "scenario_needs"]

QUANTILE_COLUMNS = ("area", "year", "quantity", "p10", "p50", "p90", "mean", "nominal")
CHANCE_COLUMNS = ("area", "year", "need_positive", "short")
SCENARIO_COLUMNS = ("scenario", "area", "year", "quantity", "value")

_SHARES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def quantiles(draws: Draws) -> pd.DataFrame:
    """Return the range of every quantity, by area and year and for the whole.

    Parameters
    ----------
    draws
        From :func:`geoplan.homes.draws.draw_needs`.

    Returns
    -------
    DataFrame
        :data:`QUANTILE_COLUMNS`, one row an area (``*`` for the whole), year and ``quantity``: ``population``
        (persons), ``households``, ``need``, and where homes on plots are known ``supply`` and ``balance`` (supply −
        need), all homes. ``nominal`` is what the main values give. Of the means and the nominal figures the areas add
        up to ``*``; of the quantiles they do not, because the whole is summed within each draw.

    Notes
    -----
    80 % of the draws lie between P10 and P90; linear between draws.
    """
    main = draws.nominal.quantities()
    tables = []
    for name, cells in draws.drawn.quantities().items():
        drawn, nominal = _with_whole(cells, draws.areas), _with_whole(main[name], draws.areas)[0]
        values = dict(zip(_SHARES, np.quantile(drawn, list(_SHARES.values()), axis=0), strict=True))
        values |= {"mean": drawn.mean(axis=0), "nominal": nominal}
        tables.append(_rows(draws.areas, draws.years, values).assign(quantity=name))
    return _ordered(pd.concat(tables, ignore_index=True))[list(QUANTILE_COLUMNS)]


def chances(draws: Draws) -> pd.DataFrame:
    """Return how likely it is that homes are needed, and that more are needed than plots give.

    Parameters
    ----------
    draws
        From :func:`geoplan.homes.draws.draw_needs`.

    Returns
    -------
    DataFrame
        :data:`CHANCE_COLUMNS`, one row an area (``*`` for the whole) and year. ``need_positive``: share of the draws
        with a need above nought. ``short``: share with a need above the supply; missing where supply is not known.
    """
    need = _with_whole(draws.drawn.need, draws.areas)
    values = {"need_positive": (need > 0).mean(axis=0), "short": np.full(need.shape[1:], np.nan)}
    if draws.drawn.supply is not None:
        values["short"] = (need > _with_whole(draws.drawn.supply, draws.areas)).mean(axis=0)
    return _ordered(_rows(draws.areas, draws.years, values))[list(CHANCE_COLUMNS)]


def scenario_needs(inputs: NeedInputs, bands: Bands) -> pd.DataFrame:
    """Return what each scenario comes to: stories without a probability.

    Parameters
    ----------
    inputs
        The main values.
    bands
        With ``scenarios``: factors by input, in all years. An input that does not act here, such as ``population``
        where it is projected by cohorts, is passed over.

    Returns
    -------
    DataFrame
        :data:`SCENARIO_COLUMNS`, quantities as :func:`quantiles`; ``main`` is the scenario of the main values.
    """
    tables = []
    for scenario, factors in {"main": {}, **bands.scenarios}.items():
        found = outcome(inputs, nominal_factors(inputs, bands, factors), draws=1).quantities()
        for name, cells in found.items():
            values = {"value": _with_whole(cells, inputs.areas)[0]}
            tables.append(_rows(inputs.areas, inputs.years, values).assign(quantity=name, scenario=scenario))
    return _ordered(pd.concat(tables, ignore_index=True))[list(SCENARIO_COLUMNS)]


def _with_whole(cells: Array, areas: tuple[str, ...]) -> Array:
    """Add the sum of all areas within each draw, [draw, year, area + 1]; none where the whole is the only area."""
    if areas == (WHOLE,):
        return cells
    return np.concatenate([cells, cells.sum(axis=-1, keepdims=True)], axis=-1)


def _rows(areas: tuple[str, ...], years: tuple[int, ...], values: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    names = areas if areas == (WHOLE,) else (*areas, WHOLE)
    index = pd.MultiIndex.from_product([years, names], names=["year", "area"])
    return pd.DataFrame({name: cells.reshape(-1) for name, cells in values.items()}, index=index).reset_index()


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Order by year, the whole last; quantities and scenarios keep the order that they came in."""
    rank = table["area"].eq(WHOLE)
    return table.assign(rank=rank).sort_values(["year", "rank", "area"], kind="stable").reset_index(drop=True)

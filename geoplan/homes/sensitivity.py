"""Which input moves the result most: shares of the variance, and one input at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import qmc, sobol_indices

from geoplan.errors import InputError
from geoplan.homes.bands import INPUTS, Bands
from geoplan.homes.draws import acting, factors_of, nominal_factors, parts
from geoplan.homes.needinputs import NeedInputs
from geoplan.homes.outcomes import NeedFactors, People, outcome, people
from geoplan.homes.projection import Array
from geoplan.text import Text

__all__ = ["QUANTITIES", "SENSITIVITY_COLUMNS", "moves_most", "sensitivity"]

SENSITIVITY_COLUMNS = (
    "input",
    "quantity",
    "year",
    "first_order",
    "total_order",
    "low",
    "high",
    "swing",
    "nominal",
)
QUANTITIES = ("population", "households", "need", "supply", "balance")

_AFTER_PEOPLE = ("exits", "vacancy_reserve", "initial_deficit", "likely_homes")
"""Inputs that change neither persons nor households."""

_LOW, _HIGH = 0.1, 0.9


def sensitivity(
    inputs: NeedInputs, bands: Bands, *, quantity: str = "need", samples: int = 256, seed: int
) -> pd.DataFrame:
    """Return how much each input moves the whole municipality's result in the last year.

    Parameters
    ----------
    inputs, bands
        As :func:`geoplan.homes.draws.draw_needs`.
    quantity
        One of :data:`QUANTITIES`: the result to explain.
    samples
        A power of 2; the model runs samples × (inputs + 2) times.
    seed
        The same seed gives the same figures.

    Returns
    -------
    DataFrame
        :data:`SENSITIVITY_COLUMNS`, the input that moves most first. ``first_order``: share of the variance that the
        input explains alone; ``total_order``: with all that it does together with others. ``low`` and ``high``: the
        result with the input at its P10 and P90 and all others at their main values; ``swing`` is their distance.
        ``nominal``: the result at main values.

    Raises
    ------
    InputError
        The quantity is unknown, or samples are no power of 2.

    Notes
    -----
    Sobol' indices by :func:`scipy.stats.sobol_indices` (A. Saltelli et al. (2010), Variance based sensitivity analysis
    of model output, Computer Physics Communications 181), of groups of numbers: all years of an input that walks are
    one group. Samples are a scrambled Sobol' sequence. Estimates may lie a little outside 0 to 1, and are given as they
    come. ``area_shares`` stay at their main values: they move persons between areas, and the whole hardly.
    """
    if quantity not in QUANTITIES or (inputs.supply is None and quantity in ("supply", "balance")):
        raise InputError(f"The quantity {quantity!r} cannot be explained.", hint=f"Known: {', '.join(QUANTITIES)}.")
    if samples < 2 or samples & (samples - 1):
        raise InputError(f"{samples} samples are no power of 2.", hint="Take 256 or 512.")
    names = [name for name in acting(inputs, bands) if name != "area_shares"]
    first, second = _samples(inputs, bands, names, samples, seed)
    at_first, at_second = (people(inputs, factors_of(inputs, bands, each), draws=samples) for each in (first, second))

    def run(numbers: Mapping[str, Array], known: People | None) -> Array:
        return _whole(inputs, factors_of(inputs, bands, numbers), quantity, samples, known)

    one = run(first, at_first)
    mixed = [run({**first, name: second[name]}, at_first if name in _AFTER_PEOPLE else None)[None] for name in names]
    shares = _shares(one[None], run(second, at_second)[None], np.array(mixed))
    low, high = (_one_at_a_time(inputs, bands, names, quantity, share) for share in (_LOW, _HIGH))
    nominal = float(_whole(inputs, nominal_factors(inputs, bands), quantity, 1, None)[0])
    table = pd.DataFrame(
        {
            "input": names,
            "quantity": quantity,
            "year": inputs.years[-1],
            "first_order": shares[0],
            "total_order": shares[1],
            "low": low,
            "high": high,
            "swing": np.abs(high - low),
            "nominal": nominal,
        }
    )
    return table.sort_values(["total_order", "swing", "input"], ascending=[False, False, True]).reset_index(drop=True)


def moves_most(table: pd.DataFrame) -> Text:
    """Say which input moves the result most.

    Parameters
    ----------
    table
        From :func:`sensitivity`.
    """
    top = table.iloc[0]
    if top["total_order"] <= 0:
        return Text(
            sv="Inga tal har något band: inget flyttar resultatet.", en="No input has a band: nothing moves it."
        )
    what, share = INPUTS[top["input"]], f"{100 * min(top['total_order'], 1.0):.0f} %"
    low, high = sorted((round(top["low"]), round(top["high"])))
    name = _NAMES[top["quantity"]]
    return Text(
        sv=f"Mest flyttas {name.sv} {top['year']} av {what.sv}: "
        f"{share} av variansen, {low} till {high} när bara det talet ändras.",
        en=f"What moves {name.en} in {top['year']} most: {what.en}, "
        f"{share} of the variance, {low} to {high} when it alone changes.",
    )


_NAMES = {
    "population": Text(sv="folkmängden", en="the population"),
    "households": Text(sv="antalet hushåll", en="the number of households"),
    "need": Text(sv="behovet av hem", en="the need for homes"),
    "supply": Text(sv="antalet hem på tomter", en="the homes on plots"),
    "balance": Text(sv="balansen", en="the balance"),
}


def _samples(
    inputs: NeedInputs, bands: Bands, names: list[str], samples: int, seed: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return two independent sets of standard normal numbers, by input."""
    widths = [sum(part.band.columns(inputs.horizon) for part in parts(inputs, bands, name)) for name in names]
    size = sum(widths)
    sequence = qmc.Sobol(2 * size, rng=np.random.default_rng(seed)).random(samples)
    # No number is infinite where a sample lies on the edge.
    normal = ndtri(np.clip(sequence, 1e-12, 1 - 1e-12))
    ends = np.cumsum(widths)[:-1]
    sets = (np.split(normal[:, start : start + size], ends, axis=1) for start in (0, size))
    one, two = (dict(zip(names, blocks, strict=True)) for blocks in sets)
    return one, two


def _shares(one: Array, two: Array, mixed: Array) -> tuple[Array, Array]:
    """Return first and total order; nought where nothing varies."""
    if np.ptp(np.concatenate([one, two], axis=1)) == 0:
        nothing = np.zeros(len(mixed))
        return nothing, nothing
    found = sobol_indices(func={"f_A": one, "f_B": two, "f_AB": mixed}, n=one.shape[1])
    return found.first_order.ravel(), found.total_order.ravel()


def _one_at_a_time(inputs: NeedInputs, bands: Bands, names: list[str], quantity: str, share: float) -> Array:
    """Return the result with one input at a quantile, by input."""
    main = nominal_factors(inputs, bands)
    result = []
    for name in names:
        at = [part.band.at_quantile(share, inputs.horizon) for part in parts(inputs, bands, name)]
        moved = factors_of(inputs, bands, {name: np.concatenate(at, axis=1)})
        factors = NeedFactors({**main.by_input, **moved.by_input}, moved.supply)
        result.append(float(_whole(inputs, factors, quantity, 1, None)[0]))
    return np.array(result)


def _whole(inputs: NeedInputs, factors: NeedFactors, quantity: str, draws: int, known: People | None) -> Array:
    """Return the whole's result in the last year, [draw]."""
    found = outcome(inputs, factors, draws=draws, known=known).quantities()[quantity]
    result: Array = np.broadcast_to(found[:, -1].sum(axis=-1), (draws,))
    return result

"""How well the likelihood of homes would have foretold what was built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import betabinom

from geoplan.plots.likelihood.completions import checked, hazards
from geoplan.plots.likelihood.priors import Priors
from geoplan.text import Text

__all__ = ["CALIBRATION_COLUMNS", "SCORES", "Backtest", "backtest"]

CALIBRATION_COLUMNS = ("probability_low", "probability_high", "plot_years", "expected", "built")

SCORES = {
    "rows": Text(sv="Grupper och år som förutsagts", en="Groups and years that were foretold"),
    "plot_years": Text(sv="Tomtår", en="Plot-years"),
    "built": Text(sv="Bebyggda tomter", en="Plots built"),
    "expected": Text(sv="Väntade bebyggda tomter", en="Plots expected to be built"),
    "brier": Text(sv="Brierpoäng, lägre är bättre", en="Brier score, lower is better"),
    "brier_prior": Text(sv="Brierpoäng utan egen historik", en="Brier score without own history"),
    "log_score": Text(sv="Logaritmisk poäng, högre är bättre", en="Logarithmic score, higher is better"),
    "log_score_prior": Text(sv="Logaritmisk poäng utan egen historik", en="Logarithmic score without own history"),
    "coverage_80": Text(sv="Andel utfall inom 80-procentsintervallet", en="Share of outcomes within the 80 % interval"),
}

Floats = npt.NDArray[np.float64]

# Yearly probabilities are small: bins that double.
_EDGES = (0.0, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 1.0)
_TAIL = 0.1


@dataclass(frozen=True)
class Backtest:
    """What a back-test found.

    Attributes
    ----------
    split_year
        The first year that was foretold.
    scores
        By the names of :data:`SCORES`; empty where there is nothing to foretell.
    calibration
        :data:`CALIBRATION_COLUMNS`: by the yearly probability that was foretold, what was expected and what came.
    missing
        Why there are no scores; ``None`` where there are.
    """

    split_year: int
    scores: dict[str, float]
    calibration: pd.DataFrame
    missing: Text | None = None

    def table(self) -> pd.DataFrame:
        """Return the scores as rows: ``id``, ``value``, ``title_sv``, ``title_en``."""
        rows = [(name, self.scores[name], title.sv, title.en) for name, title in SCORES.items() if name in self.scores]
        return pd.DataFrame(rows, columns=["id", "value", "title_sv", "title_en"])


def backtest(
    completions: pd.DataFrame | None, priors: Priors, *, split_year: int, last_year: int | None = None
) -> Backtest:
    """Fit on the years before one, foretell the years from it on, and score.

    Parameters
    ----------
    completions
        The layer ``completions``. ``None``: no history.
    priors
        Declared priors.
    split_year
        The first year to foretell.
    last_year
        The last year to foretell: the base year of the figures. What was built later is not looked at; ``None``:
        all years.

    Returns
    -------
    Backtest

    Raises
    ------
    FrameError
        The completions lack columns or have impossible values.

    Notes
    -----
    With p the mean yearly hazard of a row's cell, n its plots and k those built: Brier score Σ[k(1 − p)² +
    (n − k)p²]/Σn and logarithmic score Σ[k ln p + (n − k) ln(1 − p)]/Σn over all plot-years (Gneiting and Raftery,
    Strictly Proper Scoring Rules, JASA 2007). Coverage: the share of rows with k within the 10th to the 90th
    percentile of the beta-binomial forecast; counts are whole, so a good forecast covers 80 % or more. Both scores
    are also given for the priors alone, so that it shows what the history is worth.
    """
    rows = checked(completions) if completions is not None else pd.DataFrame({"year": [], "plots_at_start": []})
    if last_year is not None:
        rows = rows[rows["year"] <= last_year]
    before = rows["year"] < split_year
    after = rows[~before & (rows["plots_at_start"] > 0)]
    if not before.any() or after.empty:
        empty = pd.DataFrame(columns=list(CALIBRATION_COLUMNS), dtype=float)
        return Backtest(split_year, {}, empty, _missing(split_year))
    fitted = hazards(priors, rows[before]).set_index("cell").loc[after["cell"], ["a", "b"]].to_numpy(dtype=float)
    alone = hazards(priors).set_index("cell").loc[after["cell"], ["a", "b"]].to_numpy(dtype=float)
    built, plots = after["built"].to_numpy(dtype=float), after["plots_at_start"].to_numpy(dtype=float)
    p, p_prior = (beta[:, 0] / beta.sum(axis=1) for beta in (fitted, alone))
    forecast = betabinom(plots.astype(int), fitted[:, 0], fitted[:, 1])
    inside = (built >= forecast.ppf(_TAIL)) & (built <= forecast.ppf(1 - _TAIL))
    scores = {
        "rows": float(len(after)),
        "plot_years": float(plots.sum()),
        "built": float(built.sum()),
        "expected": float((plots * p).sum()),
        "brier": _brier(p, built, plots),
        "brier_prior": _brier(p_prior, built, plots),
        "log_score": _log_score(p, built, plots),
        "log_score_prior": _log_score(p_prior, built, plots),
        "coverage_80": float(inside.mean()),
    }
    return Backtest(split_year, scores, _calibration(p, built, plots))


def _brier(p: Floats, built: Floats, plots: Floats) -> float:
    return float((built * (1 - p) ** 2 + (plots - built) * p**2).sum() / plots.sum())


def _log_score(p: Floats, built: Floats, plots: Floats) -> float:
    return float((built * np.log(p) + (plots - built) * np.log1p(-p)).sum() / plots.sum())


def _calibration(p: Floats, built: Floats, plots: Floats) -> pd.DataFrame:
    """Sum what was expected and what came over bins of the probability; empty bins are left out."""
    edges = np.array(_EDGES)
    rows = pd.DataFrame({"bin": np.digitize(p, edges) - 1, "plot_years": plots, "expected": plots * p, "built": built})
    sums = rows.groupby("bin", as_index=False).sum()
    sums["probability_low"], sums["probability_high"] = edges[sums["bin"]], edges[sums["bin"] + 1]
    return sums[list(CALIBRATION_COLUMNS)]


def _missing(split_year: int) -> Text:
    return Text(
        sv=f"Ingen bakåtprövning: det finns ingen historik om bebyggda tomter både före och från {split_year}.",
        en=f"No back-test: there is no history of plots built both before {split_year} and from then on.",
    )

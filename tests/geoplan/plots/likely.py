"""Helpers of the tests of likelihood: priors, plots and completions with everything filled in."""

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from geoplan.plots.likelihood.priors import KINDS, Priors

ASSUMPTIONS = Path(__file__).parents[3] / "layers" / "assumptions"

# Every cell expects a hazard of 0.05 at Beta(2, 38), so that all can be followed by hand.
FLAT: dict[str, Any] = {
    "yearly_hazard": {"vacant_parcel": 0.05, "gap": 0.05, "remainder": 0.05},
    "subdivided_hazard": 0.05,
    "owner_factor": dict.fromkeys(("municipality", "company", "private", "state", "other", "unknown"), 1.0),
    "plan_factor": {"yes": 1.0, "no": 1.0},
    "highest_hazard": 0.5,
    "prior_completions": 2.0,
    "pooling_completions": 5.0,
    "horizon_years": 20,
    "draws": 4000,
    "seed": 1,
}


PLOT = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(["municipality", "company", "private", "state", "other", None]),
    st.sampled_from(["allowed", "none", "unknown"]),
    st.integers(0, 40),
    st.sampled_from(["a", "b", None]),
)
YEARS = [2026, 2030, 2040]


def shipped(name: str) -> dict[str, Any]:
    """Return the values of an assumptions file."""
    content = tomllib.loads((ASSUMPTIONS / f"{name}.toml").read_text(encoding="utf-8"))
    content.pop("title")
    return {key: entry["value"] for key, entry in content.items()}


def flat(**given: object) -> Priors:
    return Priors.from_values(FLAT | given)


def history(*rows: tuple[int, str, str | None, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["year", "kind", "owner_kind", "plan", "plots_at_start", "built"])


def make_plots(
    *rows: tuple[str, str | None, str, int, str | None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return plots and parcels from kind, owner, plan_homes, homes and area of each."""
    plots = pd.DataFrame(rows, columns=["kind", "owner_kind", "plan_homes", "homes", "area"])
    plots.insert(0, "id", [f"p{n}" for n in range(len(plots))])
    plots["parcel"] = plots["id"]
    parcels = plots[["id", "owner_kind"]].copy()
    return plots.drop(columns="owner_kind"), parcels

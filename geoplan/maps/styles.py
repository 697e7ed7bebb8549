"""How things look on the map. Colours are told apart with any colour vision and again by pattern and word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoplan.maps.choropleth import COLOURS

__all__ = ["CONSTRAINT_COLOURS", "PLOT_COLOURS", "constraint_style", "styles"]

# Okabe and Ito's vermillion, green and blue, the green darkened to a contrast of 3 against land and water.
PLOT_COLOURS = {"town": "#d55e00", "rural": "#00755a", "archipelago": "#0072b2", "unknown": "#5b5b5b"}

# Paul Tol's "muted" scheme.
CONSTRAINT_COLOURS = (
    "#882255",
    "#332288",
    "#117733",
    "#999933",
    "#cc6677",
    "#44aa99",
    "#aa4499",
    "#6b6b6b",
    "#ddaa33",
)

_LAND = "#f8f6f0"
_SEA = "#dbe8ef"
_PATTERNS: dict[str, dict[str, Any]] = {
    "forbidden": {"opacity": 0.45},
    "needs_exemption": {"pattern": "forth", "opacity": 0.75},
    "investigate": {"pattern": "dots", "opacity": 0.85},
    "costs": {"pattern": "back", "opacity": 0.6},
    "noted": {"pattern": "wide", "opacity": 0.45},
}


def styles() -> dict[str, dict[str, Any]]:
    """Return the styles of everything but constraints, by the name that ``map.js`` asks for."""
    found: dict[str, dict[str, Any]] = {
        "land": {"fill": _LAND, "line": "#aebdc4", "weight": 0.7},
        "ground": {"fill": _LAND},
        "parcels": {"line": "#8b8577", "weight": 0.7, "ground": _LAND},
        "sea": {"fill": _SEA, "weight": 0.7, "line": "#aebdc4"},
        "water": {"fill": _SEA, "line": "#a3bccb", "weight": 0.9},
        "settlements": {
            "fill": "#8f7f5f",
            "opacity": 0.28,
            "line": "#8f7f5f",
            "weight": 0.8,
            "ground": _LAND,
        },
        "municipality": {"line": "#4d5a61", "weight": 1.2, "dash": "6 4"},
        "areas.unknown": {
            "fill": "#8a8a8a",
            "pattern": "wide",
            "opacity": 0.5,
            "line": "#6b777d",
            "weight": 1,
        },
    }
    for index, colour in enumerate(COLOURS):
        found[f"areas.{index}"] = {
            "fill": colour,
            "opacity": 0.62,
            "line": "#6b777d",
            "weight": 1,
            "ground": _LAND,
        }
    for kind, colour in PLOT_COLOURS.items():
        found[f"plots.{kind}"] = {"fill": colour, "opacity": 0.85, "line": colour, "weight": 1.5}
        found[f"plots.{kind}.preliminary"] = {
            "fill": colour,
            "pattern": "forth",
            "opacity": 1,
            "line": colour,
            "weight": 1.5,
            "dash": "3 2",
        }
    return found


def constraint_style(rule: str, order: Sequence[str], severity: str) -> dict[str, Any]:
    """Return the style of a rule's layer: colour by its place in ``order``, pattern by its severity."""
    colour = CONSTRAINT_COLOURS[order.index(rule) % len(CONSTRAINT_COLOURS)]
    return {
        "fill": colour,
        "line": colour,
        "weight": 0.8,
        "lineOpacity": 0.8,
        "ground": _LAND,
        **_PATTERNS[severity],
    }

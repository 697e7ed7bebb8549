"""The chain itself: the steps in their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import geopandas as gpd

from geoplan.land.mappers import Mapper, on_threads
from geoplan.land.rules import RuleSet
from layers.chain.derived import Derived, Frame, Given
from layers.chain.homes import derive_homes
from layers.chain.land import derive_constraints, derive_land
from layers.chain.programme import derive_programme
from layers.chain.supply import derive_stock, derive_supply
from layers.precision import without_grid
from layers.progress import Progress, silent
from layers.reuse import Reuse
from layers.workspace import Workspace

__all__ = ["derive"]


def derive(
    layers: Mapping[str, Frame],
    rules: RuleSet,
    workspace: Workspace,
    *,
    as_of: dt.date,
    reuse: Reuse | None = None,
    mapper: Mapper = on_threads,
    progress: Progress = silent,
) -> Derived:
    """Derive everything that the layers at hand allow; what is lacking is noted, not guessed.

    Parameters
    ----------
    layers
        Imported layers by catalogue id, in one projected CRS. A grid that geometries carry is taken off, so that the
        figures are those of the same layers from the store.
    rules
        The rule set with its settings decided.
    workspace
        Plot standards, assumptions and demand settings; no file of it is read.
    as_of
        The day whose law holds.
    reuse
        What an earlier run left; without it everything is computed.
    mapper
        Who computes the tiles of parcels.
    progress
        Told of every step.
    """
    layers = {name: without_grid(frame) for name, frame in layers.items()}
    spatial = {name: frame for name, frame in layers.items() if isinstance(frame, gpd.GeoDataFrame)}
    given = Given(layers, spatial, workspace, as_of, progress)
    derived = Derived()
    constraints = derive_constraints(given, rules, derived, reuse=reuse)
    land = derive_land(given, constraints, derived, reuse=reuse, mapper=mapper)
    derive_supply(given, land, derived)
    choosing = derive_homes(given, land, derived)
    released = derive_programme(given, land, choosing, derived)
    if released is not None:
        # Households chose among what there was before; the account says from now on what is released.
        derive_supply(given, land, derived, released)
    derive_stock(given, land, derived, released)
    return derived

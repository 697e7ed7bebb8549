"""Target groups: what each cares about, as weights over the parts of a plot's attractiveness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import InputError
from geoplan.land.areas import AREA_KINDS
from geoplan.plots.attraction.parts import PART_IDS, PARTS, SERVICE_KINDS
from geoplan.plots.attraction.worth import Points, read_number, read_points, read_worths, worth
from geoplan.plots.travel.standards import MODES
from geoplan.text import Text

__all__ = ["Group", "group_values", "groups_from_values"]

Wish: TypeAlias = Points | Mapping[str, float]

_BY_NUMBER = ("water", "size", "neighbours")
_BY_WORD: Mapping[str, tuple[str, ...]] = {"settlement": AREA_KINDS, "utility": ("public", "private")}
_DECIMALS = 12


@dataclass(frozen=True)
class Group:
    """A target group.

    Attributes
    ----------
    id, title
        What it is called.
    weights
        The weight of every part, 0 to 1; they sum to 1.
    modes
        How its trips are shared between modes; they sum to 1.
    wishes
        Its own worths of parts, in the place of the general ones.
    """

    id: str
    title: Text
    weights: Mapping[str, float]
    modes: Mapping[str, float]
    wishes: Mapping[str, Wish]

    @property
    def weight_vector(self) -> npt.NDArray[np.float64]:
        """The weights in the order of :data:`geoplan.plots.attraction.parts.PART_IDS`."""
        return np.array([self.weights[name] for name in PART_IDS])


def groups_from_values(values: Mapping[str, Any]) -> tuple[Group, ...]:
    """Make the groups of the values of ``layers/assumptions/weights.toml``.

    Returns
    -------
    tuple of Group
        By id; weights and modes are scaled to sum to 1.

    Raises
    ------
    InputError
        There is no group, or one of them is wrong.
    """
    groups = values.get("groups")
    if not isinstance(groups, Mapping) or not groups:
        raise InputError("There are no target groups.", hint="Write them under groups in the assumptions weights.")
    return tuple(_group(str(name), groups[name]) for name in sorted(groups))


def group_values(parts: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return what each part of each plot is worth to a group.

    Parameters
    ----------
    parts
        From :func:`geoplan.plots.attraction.attractiveness.plot_parts`.
    group
        The group.

    Returns
    -------
    DataFrame
        Indexed by plot, a column for each of :data:`geoplan.plots.attraction.parts.PART_IDS`: 0 to 1, NaN where
        unknown.

    Notes
    -----
    A service's worth is the mean of its worths by each mode, weighted by the group's share of trips by that mode, over
    the modes by which it is known. A part that the group has a wish of its own for is valued anew from its raw value.
    """
    columns: dict[str, Any] = {}
    for part in PARTS:
        if part.id in SERVICE_KINDS:
            shares = np.array([group.modes[mode] for mode in MODES])
            columns[part.id] = _mean(parts[list(part.readings)].to_numpy(dtype=float), shares)
            continue
        wish = group.wishes.get(part.id)
        if wish is None:
            columns[part.id] = parts[part.id].to_numpy(dtype=float)
        elif isinstance(wish, Mapping):
            columns[part.id] = parts[f"{part.id}_raw"].map(wish).to_numpy(dtype=float)
        else:
            columns[part.id] = worth(parts[f"{part.id}_raw"].to_numpy(dtype=float), wish)
    return pd.DataFrame(columns, index=pd.Index(parts["plot"], name="plot"))


def _mean(values: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the weighted mean of each row over what is known of it; NaN where nothing with a share is."""
    total, known = np.zeros(len(values)), np.zeros(len(values))
    # Column by column, so that a row's sum does not depend on how many rows there are.
    for column, share in zip(values.T, shares, strict=True):
        there = ~np.isnan(column)
        total += np.where(there, column, 0.0) * share
        known += np.where(there, share, 0.0)
    result = np.full(len(values), np.nan)
    np.divide(total, known, out=result, where=known > 0)
    return np.asarray(np.minimum(result, 1.0))


def _group(name: str, given: Any) -> Group:
    place = f"groups.{name}"
    if not isinstance(given, Mapping):
        raise InputError(f"{place} is no table.", hint="Give it title_sv, title_en, weights and modes.")
    unknown = set(given) - {"title_sv", "title_en", "weights", "modes", "values"}
    if unknown:
        raise InputError(
            f"{place} has {', '.join(sorted(unknown))}, which nothing reads.",
            hint="A group has title_sv, title_en, weights, modes and values.",
        )
    titles = [given.get(key) for key in ("title_sv", "title_en")]
    if not all(isinstance(title, str) and title for title in titles):
        raise InputError(f"{place} lacks a title.", hint="Write title_sv and title_en.")
    wishes = given.get("values", {})
    if not isinstance(wishes, Mapping):
        raise InputError(f"{place}.values is no table.", hint="Write the group's wishes by part.")
    return Group(
        id=name,
        title=Text(sv=str(titles[0]), en=str(titles[1])),
        weights=_shares(given, "weights", PART_IDS, place),
        modes=_shares(given, "modes", MODES, place),
        wishes={str(part): _wish(wishes, str(part), place) for part in wishes},
    )


def _shares(given: Mapping[str, Any], name: str, among: tuple[str, ...], place: str) -> dict[str, float]:
    """Read numbers and scale them to sum to 1; what is left out is 0."""
    points = given.get(name)
    if not isinstance(points, Mapping):
        raise InputError(f"{place}.{name} is missing.", hint=f"Write points for some of {', '.join(among)}.")
    wrong = set(points) - set(among)
    if wrong:
        raise InputError(f"{place}.{name} has {', '.join(sorted(wrong))}.", hint=f"There are {', '.join(among)}.")
    read = {one: read_number(points, one, least=0.0) if one in points else 0.0 for one in among}
    total = sum(read.values())
    if not total > 0:
        raise InputError(f"{place}.{name} are all zero.", hint="Give at least one of them points.")
    # Rounded so that points and ten times the points come to the same weights, to the last bit.
    return {one: round(number / total, _DECIMALS) for one, number in read.items()}


def _wish(wishes: Mapping[str, Any], part: str, place: str) -> Wish:
    if part in _BY_WORD:
        return read_worths(wishes, part, among=_BY_WORD[part])
    if part in _BY_NUMBER:
        return read_points(wishes, part)
    hint = f"A group may have wishes for {', '.join((*_BY_NUMBER, *_BY_WORD))}."
    raise InputError(f"{place}.values has {part}.", hint=hint)

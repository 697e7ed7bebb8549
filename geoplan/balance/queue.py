"""Those who queue for plots: a check of the model, and seekers of plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from geoplan.balance.allocation import Allocation
from geoplan.balance.seekers import CELL, Seekers
from geoplan.balance.whole import nearest, whole_parts
from geoplan.errors import FrameError, InputError
from geoplan.frames import check_frame
from geoplan.places import WHOLE

__all__ = ["QUEUE", "QueueStandards", "check_queue", "queue_check", "with_queue"]

QUEUE = "plot_queue"
"""The group of those who queue and whom the need does not count."""

_TEXT = ("plot_kind", "dwelling_type", "group")
_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class QueueStandards:
    """The numbers of ``layers/assumptions/plot_queue.toml``; each is told of there.

    Attributes
    ----------
    smallest_count
        Rows with fewer persons are refused.
    seeking
        The share of the queue that seeks a plot now, 0 to 1.
    takes_offer
        The probability that who is offered a plot takes it, above 0 to 1.
    need_order
        Rank by group where need decides.
    draws
        How often a release rule is tried.
    """

    smallest_count: int
    seeking: float
    takes_offer: float
    need_order: Mapping[str, int]
    draws: int

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> QueueStandards:
        """Take the numbers from ``{name: value}``.

        Raises
        ------
        InputError
            One is missing or wrong.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in values]
        if missing:
            raise InputError(f"The assumptions on the plot queue lack {', '.join(missing)}.")
        result = cls(**{name: values[name] for name in names})
        shares = 0 <= result.seeking <= 1 and 0 < result.takes_offer <= 1
        if not shares or result.draws < 1 or result.smallest_count < 1:
            raise InputError(
                "The assumptions on the plot queue are wrong.",
                hint="seeking is 0 to 1, takes_offer above 0 to 1, draws and smallest_count 1 or more.",
            )
        return result


def check_queue(layer: pd.DataFrame, *, smallest_count: int) -> pd.DataFrame:
    """Return the queue with every column there and checked, ordered.

    Parameters
    ----------
    layer
        The ``plot_queue`` layer: ``area``, ``since_from``, ``since_to``, ``persons``; where known ``plot_kind``,
        ``dwelling_type``, ``group``, ``persons_elsewhere``.
    smallest_count
        Rows with fewer persons, and at least one, could tell of somebody.

    Returns
    -------
    DataFrame
        ``area``, ``plot_kind``, ``dwelling_type``, ``group`` (``unknown`` where not given), ``since_from``,
        ``since_to``, ``persons``, ``persons_elsewhere``; whole numbers. Rows alike are put together, and rows without
        anybody left out.

    Raises
    ------
    FrameError
        Columns are missing, a count is too small, negative or no whole number, more live elsewhere than queue, or a
        band of years ends before it begins. No count is repeated in the message.
    """
    check_frame(layer, name="plot_queue", columns=["area", "since_from", "since_to", "persons"])
    table = layer[["area"]].astype(object).reset_index(drop=True)
    for name in _TEXT:
        given = layer[name].astype(object).reset_index(drop=True) if name in layer else pd.Series(_UNKNOWN, table.index)
        table[name] = given.where(given.notna() & given.ne(""), _UNKNOWN)
    for name in ("since_from", "since_to", "persons", "persons_elsewhere"):
        given = layer[name] if name in layer else pd.Series(0, index=layer.index)
        table[name] = pd.to_numeric(given).astype(float).to_numpy()
    table["persons_elsewhere"] = table["persons_elsewhere"].fillna(0.0)
    counts = table[["persons", "persons_elsewhere"]]
    small = ((counts > 0) & (counts < smallest_count)).any(axis=1)
    tests = {
        f"fewer than {smallest_count} persons, who could be identified; put rows together": small,
        "a count that is missing, negative or no whole number": ~((counts >= 0) & (counts % 1 == 0)).all(axis=1),
        "more persons elsewhere than persons": counts["persons_elsewhere"] > counts["persons"],
        "no band of years": ~(table["since_from"] <= table["since_to"]),
        "no area": table["area"].isna(),
    }
    faults = [f"{int(hit.sum())} rows have {words}" for words, hit in tests.items() if hit.any()]
    if faults:
        raise FrameError("plot_queue", faults)
    whole = table.astype(dict.fromkeys(("since_from", "since_to", "persons", "persons_elsewhere"), "int64"))
    keys = ["area", *_TEXT, "since_from", "since_to"]
    sums = whole.groupby(keys, as_index=False, sort=True)[["persons", "persons_elsewhere"]].sum()
    return sums[sums["persons"] > 0].reset_index(drop=True)


def queue_check(queue: pd.DataFrame, result: Allocation) -> pd.DataFrame:
    """Compare those who queue with those whom the need has seeking houses.

    Parameters
    ----------
    queue
        :func:`check_queue`.
    result
        The allocation.

    Returns
    -------
    DataFrame
        ``area`` (and ``*``), ``year``, ``queued`` persons, ``house_seekers``, of which ``served`` and ``left``
        (households), ``plots_taken`` in the area (homes), and ``above``: more queue than seek, so that either the
        need is too low or many queue who need no home. Those who queue for anywhere stand in ``*`` alone, as all do
        where the need is of the whole.
    """
    served, left = result.served, result.left
    if set(result.summary["area"]) == {WHOLE}:
        # The need knows no areas, so there is nothing to compare a queue by area with.
        return _check(queue.assign(area=WHOLE), served.assign(option_area=WHOLE), left, result.summary)
    return _check(queue, served, left, result.summary)


def _check(queue: pd.DataFrame, served: pd.DataFrame, left: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`queue_check`."""
    wants = [table[table["wanted_type"] == "one_or_two"] for table in (served, left)]
    plots = served[served["kind"] == "plot"].rename(columns={"area": "from_area", "option_area": "area"})
    keys = ["area", "year"]
    columns = {
        "served": wants[0].groupby(keys)["households"].sum(),
        "left": wants[1].groupby(keys)["households"].sum(),
        "plots_taken": plots.groupby(keys)["households"].sum(),
    }
    years = sorted(summary["year"].unique())
    areas = sorted({*summary["area"], *queue["area"]} - {WHOLE}) or [WHOLE]
    index = pd.MultiIndex.from_product([areas, years], names=keys)
    rows = pd.DataFrame({name: column.reindex(index).fillna(0) for name, column in columns.items()}).reset_index()
    rows["queued"] = rows["area"].map(queue.groupby("area")["persons"].sum()).fillna(0)
    counts = ["queued", "served", "left", "plots_taken"]
    if areas != [WHOLE]:
        whole = rows.groupby("year", as_index=False)[counts].sum().assign(area=WHOLE)
        whole["queued"] += queue.loc[queue["area"] == WHOLE, "persons"].sum()
        rows = pd.concat([rows, whole], ignore_index=True)
    table = rows.astype(dict.fromkeys(counts, "int64"))
    table["house_seekers"] = table["served"] + table["left"]
    table["above"] = table["queued"] > table["house_seekers"]
    return table[["area", "year", "queued", "house_seekers", "served", "left", "plots_taken", "above"]]


def with_queue(
    seekers: Seekers, queue: pd.DataFrame, *, stock: pd.DataFrame | None, standards: QueueStandards
) -> Seekers:
    """Add those who queue for a plot and would leave a home behind.

    Parameters
    ----------
    seekers
        The need.
    queue
        :func:`check_queue`.
    stock
        The ``dwelling_stock`` layer of the base year, as in :func:`geoplan.balance.seekers.seekers`.
    standards
        Which share of the queue seeks a plot now.

    Returns
    -------
    Seekers
        With more rows of the group :data:`QUEUE`, and as many homes freed as there are of them: they live in the
        municipality already, so the need is the same and what changes is which homes are asked for. Those who live
        elsewhere are left out, because the population projection has those who move in.

    Notes
    -----
    Whole numbers by largest remainders. What they leave is divided like the area's stock; those who queue for
    anywhere are divided over the areas like the stock, or like the seekers where there is none.
    """
    movers = (queue["persons"] - queue["persons_elsewhere"]) * standards.seeking
    kinds = queue["dwelling_type"].where(queue["dwelling_type"].ne(_UNKNOWN), "one_or_two")
    by_kind = movers.groupby([queue["area"], kinds]).sum()
    parts, areas = seekers.parts, sorted(seekers.parts["area"].unique())
    homes = _stock(stock)
    weights = homes.groupby("area")["dwellings"].sum().reindex(areas).fillna(0.0)
    if weights.sum() <= 0:
        weights = parts.groupby("area")["seekers"].sum().reindex(areas).fillna(0.0) + 1.0
    share = weights / weights.sum()
    wishes, left = [], []
    for kind in sorted(set(kinds)):
        mine = by_kind.xs(kind, level=1)
        exact = mine.reindex(areas).fillna(0.0) + mine.drop(areas, errors="ignore").sum() * share
        count = pd.Series(whole_parts(exact, nearest(exact.sum())), index=areas)
        wishes += [(area, kind, number) for area, number in count.items() if number]
        for area, number in count.items():
            cells = homes[homes["area"] == area] if (homes["area"] == area).any() else _stock(None)
            counts = whole_parts(cells["dwellings"].to_numpy(dtype=float), number)
            left.append(cells[list(CELL)].assign(area=str(area), homes=counts))
    if not wishes:
        return seekers
    years = parts[["year"]].drop_duplicates()
    asked = pd.DataFrame(wishes, columns=["area", "dwelling_type", "households"]).merge(years, how="cross")
    asked = asked.assign(group=QUEUE, tenure="all", size="all")[list(seekers.table.columns)]
    freed = pd.concat(left, ignore_index=True).query("homes > 0").merge(years, how="cross").assign(kind="freed")
    more = parts["area"].map(asked[asked["year"] == asked["year"].min()].groupby("area")["households"].sum())
    count = more.fillna(0).astype("int64")
    return replace(
        seekers,
        table=pd.concat([seekers.table, asked], ignore_index=True),
        homes=pd.concat([seekers.homes, freed[list(seekers.homes.columns)]], ignore_index=True),
        parts=parts.assign(seekers=parts["seekers"] + count, freed=parts["freed"] + count),
    )


def _stock(stock: pd.DataFrame | None) -> pd.DataFrame:
    """Return the stock by area and kind."""
    if stock is None or stock.empty:
        return pd.DataFrame({"area": [WHOLE], **{name: [_UNKNOWN] for name in CELL}, "dwellings": [1.0]})
    table = stock.rename(columns={"type": "dwelling_type"}).reindex(columns=["area", *CELL, "dwellings"])
    table = table[table["dwelling_type"].ne("leisure")].reset_index(drop=True)
    for name in CELL:
        table[name] = table[name].astype(object).where(table[name].notna() & table[name].ne(""), _UNKNOWN)
    return table.groupby(["area", *CELL], as_index=False)[["dwellings"]].sum()

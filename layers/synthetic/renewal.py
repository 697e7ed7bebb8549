"""The stock by period built and vacancy, and what is to be done with some of it; they agree with the buildings."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.synthetic.frames import table
from layers.synthetic.people import BASE_YEAR, largest_remainders

__all__ = ["renewal_table", "stock_by_period"]

# Made-up periods, by the last year of each.
_PERIODS: Final = ((1930, "-1930"), (1950, "1931-1950"), (1970, "1951-1970"), (1990, "1971-1990"), (9999, "1991-"))
_REASONS: Final = {"vacant_to_let": 0.6, "vacant_repair": 0.15, "vacant_demolition": 0.1, "vacant_other": 0.15}
# Made-up costs in SEK for each home, or for each place where no home is won or lost.
_COSTS: Final = {
    "renovate": (500_000, 1_200_000),
    "convert": (900_000, 2_000_000),
    "densify": (2_200_000, 3_400_000),
    "demolish": (150_000, 400_000),
    "reuse_plot": (2_400_000, 3_600_000),
}
_DENSIFIED_M2: Final = 450.0


def stock_by_period(stock: pd.DataFrame, areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    """Divide the stock by period built, say why dwellings stand empty, and add leisure homes.

    Parameters
    ----------
    stock
        Dwellings by area, tenure and type.
    areas, buildings
        The layers: periods are those of an area's buildings.

    Returns
    -------
    DataFrame
        The ``dwelling_stock`` layer. Each row of ``stock`` is the sum of its periods, and the vacant of their reasons.
    """
    area = _areas_of(areas, buildings)
    period = np.searchsorted([last for last, _ in _PERIODS], buildings["year_built"].to_numpy())
    homes, use = buildings["dwellings"].to_numpy(), buildings["use"].to_numpy()
    rows: list[dict[Hashable, Any]] = []
    place = {code: number for number, code in enumerate(areas["id"])}
    for row in stock.to_dict("records"):
        flats = row["type"] == "multi"
        mine = (area == place[row["area"]]) & ((homes > 2) == flats)
        weights = np.bincount(period[mine], homes[mine], minlength=len(_PERIODS))
        counts = largest_remainders(weights, int(row["dwellings"]))
        empty = largest_remainders(counts, int(row["vacant"]))
        for (_, name), count, vacant in zip(_PERIODS, counts, empty, strict=True):
            if count:
                why = largest_remainders(np.array(list(_REASONS.values())), int(vacant))
                rows.append(
                    {**row, "period": name, "dwellings": int(count), "vacant": int(vacant)}
                    | dict(zip(_REASONS, map(int, why), strict=True))
                )
    for number, code in enumerate(areas["id"]):
        count = int(((area == number) & (use == "leisure")).sum())
        if count:
            rows.append({"area": code, "year": BASE_YEAR, "type": "leisure", "dwellings": count})
    names = ["area", "year", "tenure", "type", "dwellings", "vacant", "period", *_REASONS]
    return table("dwelling_stock", **{name: [row.get(name) for row in rows] for name in names}).astype(
        dict.fromkeys(("dwellings", "vacant", *_REASONS), "float64")
    )


def renewal_table(
    rng: np.random.Generator, areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return renewal actions of every kind, none of which takes away more than there is.

    Parameters
    ----------
    rng
        Where the chance comes from.
    areas, buildings, parcels
        The layers: each action is on a building of its own, and where a building goes, its plot is left.
    """
    tree = shapely.STRtree(parcels.geometry.to_numpy())
    point, parcel = tree.query(shapely.point_on_surface(buildings.geometry.to_numpy()), predicate="within")
    place = np.full(len(buildings), -1)
    place[point] = parcel
    frame = pd.DataFrame(buildings.drop(columns="geometry")).assign(
        area=areas["id"].to_numpy()[_areas_of(areas, buildings)],
        parcel=parcels["id"].to_numpy()[place],
        land=np.round(parcels.geometry.area.to_numpy()[place]),
    )
    frame = frame[place >= 0].drop_duplicates("parcel")
    homes = frame[frame["dwellings"] > 0].sort_values(["year_built", "id"], kind="stable")
    count = max(2, len(homes) // 300)
    rows: list[dict[Hashable, Any]] = []
    old = homes.iloc[: 6 * count]
    for number, place_ in enumerate(_draw(rng, old, 3 * count).to_dict("records")):
        year = BASE_YEAR + 1 + int(rng.integers(8))
        dwellings = int(place_["dwellings"])
        if number % 3 == 0:
            # A renovation now and then makes two homes of one.
            rows.append(_row(place_, "renovate", year, int(number % 6 == 0)))
        else:
            rows.append(_row(place_, "demolish", year, -dwellings) | {"land_m2": place_["land"]})
        if number % 3 == 2:
            again = {"land_m2": place_["land"], "land_kind": "reused"}
            rows.append(_row(place_, "reuse_plot", year + 2, max(1, dwellings)) | again)
    rest = homes.iloc[6 * count :]
    for number, place_ in enumerate(_draw(rng, rest, count + 2).to_dict("records")):
        year = BASE_YEAR + 1 + int(rng.integers(10))
        if number < 2:
            rows.append(_row(place_, ("keep", "sell")[number], year, 0))
        else:
            added = {"land_m2": _DENSIFIED_M2, "land_kind": "reused"}
            rows.append(_row(place_, "densify", year, 1 + int(rng.integers(3))) | added)
    for place_ in _draw(rng, frame[frame["use"].isin(["industry", "public"])], count).to_dict("records"):
        inside = {"type": "multi", "tenure": "rental"}
        rows.append(_row(place_, "convert", BASE_YEAR + 3 + int(rng.integers(5)), 4) | inside)
    for place_ in _draw(rng, frame[frame["use"] == "leisure"], 2 * count).to_dict("records"):
        turned = {"type": "one_or_two", "from_type": "leisure", "tenure": "owned"}
        rows.append(_row(place_, "convert", BASE_YEAR + 1 + int(rng.integers(10)), 1) | turned)
    # What is done on one place is at one stage, so that nothing is built where a demolition is cancelled.
    places = sorted({str(row["object"]) for row in rows})
    statuses = rng.choice(["proposed", "decided", "under_way", "cancelled"], len(places), p=[0.55, 0.3, 0.1, 0.05])
    status = dict(zip(places, statuses.tolist(), strict=True))
    names = ["area", "parcel", "object", "action", "year", "net_dwellings", "type", "from_type", "tenure"]
    names += ["land_m2", "land_kind", "cost_low", "cost_high", "currency"]
    columns = {name: [row.get(name) for row in rows] for name in names}
    actions = table(
        "renewal_actions",
        id=[f"F{number}" for number in range(1, len(rows) + 1)],
        status=[status[str(row["object"])] for row in rows],
        source="Synthetic, made by geoplan",
        **columns,
    )
    return actions.astype(dict.fromkeys(("net_dwellings", "land_m2", "cost_low", "cost_high"), "float64"))


def _row(place: Mapping[Hashable, Any], action: str, year: int, net: int) -> dict[Hashable, Any]:
    flats = int(place["dwellings"]) > 2
    row: dict[Hashable, Any] = {
        "area": place["area"],
        "parcel": place["parcel"],
        "object": place["id"],
        "action": action,
        "year": year,
        "net_dwellings": net,
        "type": "multi" if flats else "one_or_two",
        "tenure": "rental" if flats else "owned",
    }
    if action in _COSTS:
        low, high = (cost * max(1, abs(net)) for cost in _COSTS[action])
        row |= {"cost_low": low, "cost_high": high, "currency": "SEK"}
    return row


def _draw(rng: np.random.Generator, frame: pd.DataFrame, count: int) -> pd.DataFrame:
    chosen = rng.choice(len(frame), min(count, len(frame)), replace=False)
    return frame.iloc[np.sort(chosen)]


def _areas_of(areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return the number of the area that each building lies in or nearest to."""
    middle = shapely.centroid(buildings.geometry.to_numpy())
    found: npt.NDArray[np.int64] = shapely.STRtree(areas.geometry.to_numpy()).query_nearest(middle, all_matches=False)[
        1
    ]
    return found

"""The homes' resources: the need, its balance with what there is, and the release programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.reading import Serving, Version, serving, snapshot, versions
from api.tabular import (
    CONTENT,
    AreaParameter,
    FormatParameter,
    Rows,
    YearParameter,
    answer,
    asked,
    chosen,
    rows,
    tagged,
)
from geoplan.errors import NotFoundError
from geoplan.places import WHOLE
from geoplan.report import table_abouts

__all__ = ["router"]

router = APIRouter(tags=["homes"])

_DEMANDS = {"area": "need", "type": "need_by_type", "group": "households_by_group"}
_RANGE = ("mean", "p10", "p50", "p90")
_BESIDE = ("seekers", "served", "left", "unused", "new_homes", "lost", "reserve_short", "subtraction")
_ALLOCATION = ("allocation_summary", "allocation_served", "allocation_left", "allocation_unused")
_PROGRAMME = (
    "programme_releases",
    "programme_served",
    "programme_left",
    "programme_usage",
    "programme_result",
)


@router.get("/demand", response_class=Response, responses=CONTENT, summary="Need for homes")
def demand(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    by: Annotated[
        Literal["area", "type", "group"],
        Query(description="By area with its range, by type of dwelling, or the households of each group."),
    ] = "area",
    area: AreaParameter = None,
    year: YearParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return the homes needed from the base year to each year; negative where the stock suffices.

    By area: the need and its parts, with the range where it is computed (`p10`, `p50`, `p90`, `mean`); area `*` is
    the whole. By type: shortage beside surplus of each type of dwelling. By group: households of the groups that the
    law names, which overlap and are never added up.
    """
    form, layer = chosen(request, f), _DEMANDS[by]
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        used = [_require(current, layer), *_there(current, ["need_range"] if by == "area" else [])]
        tag, unchanged = tagged(request, form, used)
        if unchanged is not None:
            return unchanged
        found = rows(connection, used[0], asked(year=year) if by == "area" else asked(area=area, year=year))
        if by == "area":
            ranges = rows(connection, used[1], asked(year=year)) if len(used) > 1 else []
            found = _with_range(found, ranges)
            found = [row for row in found if area is None or row["area"] == area]
        return answer(connection, form, {"demand": found}, name=f"demand-{by}", used=used, tag=tag, more={"by": by})


@router.get("/balance", response_class=Response, responses=CONTENT, summary="Balance of homes against need")
def balance(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    area: AreaParameter = None,
    year: Annotated[int | None, Query(ge=0, le=9999, description="Year up to which homes are counted.")] = None,
    f: FormatParameter = None,
) -> Response:
    """Return the homes needed and held by plots, by area and year, with the allocation beside it.

    `need` may be negative: the stock holds more households than are expected. `balance` is `supply_homes`
    minus `need`; both are null where no parcels are imported. Area `*` is the whole municipality. Where the
    allocation is computed, each row also has who seeks, who is `served` and `left`, and what is `unused`; JSON and
    XLSX tell who is served by what (`allocation_served`), who is left and why (`allocation_left`).
    """
    form, wanted = chosen(request, f), asked(area=area, year=year)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        used = [_require(current, "balance"), *_there(current, _ALLOCATION)]
        tag, unchanged = tagged(request, form, used)
        if unchanged is not None:
            return unchanged
        read = {version.layer: rows(connection, version, wanted) for version in used}
        parts = {"balance": _with_allocation(read["balance"], read.pop("allocation_summary", []))}
        parts |= {name: table for name, table in read.items() if name != "balance"}
        return answer(connection, form, parts, name="balance", used=used, tag=tag)


@router.get("/programme", response_class=Response, responses=CONTENT, summary="What is released when")
def programme(
    request: Request,
    serving: Annotated[Serving, Depends(serving)],
    area: AreaParameter = None,
    year: YearParameter = None,
    f: FormatParameter = None,
) -> Response:
    """Return the release programme: what is released in which year, whose need it meets, the limits, and the gap.

    CSV has the releases. `programme_result` tells how far from the best the programme may be.
    """
    form, wanted = chosen(request, f), asked(area=area, year=year)
    with snapshot(serving.engine) as connection:
        current = versions(connection)
        used = [_require(current, "programme_releases"), *_there(current, _PROGRAMME[1:])]
        tag, unchanged = tagged(request, form, used)
        if unchanged is not None:
            return unchanged
        parts = {version.layer: rows(connection, version, wanted) for version in used}
        return answer(connection, form, parts, name="programme", used=used, tag=tag)


def _require(current: Mapping[str, Version], layer: str) -> Version:
    """Return a version, or say what it takes for it to be there."""
    if layer not in current:
        about = table_abouts()[layer]
        raise NotFoundError(f"{about.title.en} has not been computed.", hint=about.needs.en)
    return current[layer]


def _there(current: Mapping[str, Version], names: Sequence[str]) -> list[Version]:
    return [current[name] for name in names if name in current]


def _with_range(need: Rows, ranges: Rows) -> Rows:
    """Return the need with a row for the whole of each year, and the range of each where it is computed."""
    whole: dict[int, dict[str, Any]] = {}
    # Where the need is of the whole, that is its row already.
    for row in [row for row in need if row["area"] != WHOLE]:
        sums = whole.setdefault(row["year"], {**dict.fromkeys(row, 0.0), "area": WHOLE, "year": row["year"]})
        for name, value in row.items():
            if name not in ("area", "year"):
                sums[name] = None if value is None or sums[name] is None else sums[name] + value
    # The sum of what is needed area by area is more than what the whole needs.
    for sums in whole.values():
        if "building_need" in sums and sums.get("need") is not None:
            sums["building_need"] = max(0.0, sums["need"])
    found = [*need, *whole.values()]
    if not ranges:
        return found
    known = {(row["area"], row["year"]): row for row in ranges if row.get("quantity") == "need"}
    return [row | {name: known.get((row["area"], row["year"]), {}).get(name) for name in _RANGE} for row in found]


def _with_allocation(balance: Rows, summary: Rows) -> Rows:
    """Return the simple balance with the allocation's sums beside it, where there are any."""
    if not summary:
        return balance
    known = {(row["area"], row["year"]): row for row in summary}
    return [row | {name: known.get((row["area"], row["year"]), {}).get(name) for name in _BESIDE} for row in balance]

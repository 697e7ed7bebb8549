"""How much plans let people build: provisions with the codes that real plans have, and numbers that are made up."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.synthetic.frames import layer
from layers.synthetic.parcels import Parcels
from layers.synthetic.planning import FRONT_M, plan_blocks

__all__ = ["building_right_layer"]

_AREA = "DP_KM_Eg_Utnytt_StorstaArea"
_HEIGHT = "DP_KM_Eg_Hojd_HogstaHojd_"

# By the plan's number modulo their count: the code, its unit, and the range of numbers for houses and for flats. A
# number of None is one that the block's size decides. The last is a code that nobody has read.
_CODES: Final[tuple[tuple[str, str, tuple[int, int] | None, tuple[int, int] | None] | None, ...]] = (
    None,
    (f"{_AREA}Proc_ByggnadsEgen", "%", (18, 26), (25, 40)),
    (f"{_AREA}Proc_ByggnadsAnv", "%", (14, 22), (25, 35)),
    (f"{_AREA}Kvm_BruttoFastigh", "m²", (200, 320), (2_000, 3_600)),
    (f"{_AREA}Kvm_Byggnadsarea", "m²", None, None),
    ("DP_KM_Eg_Utnytt_AreaPerByggnad_StorstaByggnadsKvm", "m²", (120, 180), (600, 900)),
    (f"{_AREA}Proc_BruttoEgen", "%", (22, 35), (60, 110)),
)
_SHARE_OF_BLOCK: Final = (0.12, 0.2)
"""What an area shares, over its size."""


def building_right_layer(rng: np.random.Generator, plans: gpd.GeoDataFrame, parcels: Parcels) -> gpd.GeoDataFrame:
    """Return, block by block, how much plans for homes let people build, and how high.

    Provision areas are the blocks without the ground along the streets where a code speaks of the provision's area,
    and the whole blocks else.
    """
    blocks, uses, plan = plan_blocks(plans, parcels)
    inner = shapely.buffer(blocks, -FRONT_M, join_style="mitre")
    names = plans["id"].to_numpy(dtype=object)[plan]
    number = np.array([int(name.split("/")[1].split("-")[0]) for name in names])
    # One number for a plan and a use, as on a plan map.
    draw = {key: rng.uniform(size=3) for key in sorted(set(zip(number.tolist(), uses.tolist(), strict=True)))}
    rows: list[dict[str, Any]] = []
    for block in range(len(blocks)):
        flats = uses[block] == "flats"
        how_much, how_high, datum = draw[number[block], uses[block]]
        chosen = _CODES[number[block] % len(_CODES)]
        own = inner[block] if chosen and "Anv" not in chosen[0] and "Fastigh" not in chosen[0] else blocks[block]
        shape = blocks[block] if shapely.is_empty(own) else own
        base = {"plan": names[block], "kind": "building_right", "shape": shape}
        if chosen is not None:
            code, unit, *ranges = chosen
            low, high = ranges[flats] or tuple(share * shapely.area(shape) for share in _SHARE_OF_BLOCK)
            value = round(low + how_much * (high - low), 0 if ranges[flats] else -1)
            rows.append(base | {"code": code, "unit": unit, "value": float(value)})
        height = round((9.0 if flats else 5.0) + how_high * (6.0 if flats else 4.0), 1)
        above = datum < 0.25
        rows.append(
            base
            | {"code": _HEIGHT + ("NockhojdNollplan" if above else "Nockhojd"), "unit": "m"}
            | {"value": round(height + 14.0, 1) if above else height}
        )
    table = pd.DataFrame(rows)
    return layer(
        "plan_provisions",
        table.pop("shape").to_numpy(),
        id=[f"PE{item + 1}" for item in range(len(table))],
        **{name: table[name].tolist() for name in table.columns},
    )

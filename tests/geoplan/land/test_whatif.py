import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from place import frame, make_rule, make_rules
from test_updating import Layers, assert_same, boxes, named

from geoplan.errors import CRSError, FrameError, InputError, SettingsError
from geoplan.land.buildable import Buildable, buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.land.rules import RuleSet
from geoplan.land.whatif import WhatIf

DAY = dt.date(2026, 1, 1)
RULES = (
    make_rule(id="a", layer="a", operation="inside", severity="needs_exemption", except_in=["c"]),
    make_rule(id="b", layer="b", operation="within_distance", distance_m=2),
    make_rule(id="out", layer="c", operation="outside", severity="investigate"),
    make_rule(id="touched", layer="b", operation="touches", severity="costs"),
)


def full(parcels: gpd.GeoDataFrame, rules: RuleSet, layers: Layers, overrides: pd.DataFrame | None) -> Buildable:
    return buildable_land(parcels, build_constraints(rules, layers, as_of=DAY), overrides=overrides)


def place(seed: int) -> tuple[np.random.Generator, Layers]:
    random = np.random.default_rng(seed)
    layers = {name: named(boxes(random, int(random.integers(3, 20)), 15), name) for name in "abc"}
    return random, layers | {"parcels": named([shapely.box(0, 0, 90, 90), *boxes(random, 20, 20)], "p")}


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_edits_that_are_kept_give_exactly_what_a_full_run_gives(seed: int) -> None:
    random, layers = place(seed)
    rules = make_rules(*RULES)
    parcels = layers["parcels"]
    overrides = pd.DataFrame({"parcel": ["p1", "p2"], "rule": ["a", "b"], "holds": ["unknown", "no"]})
    model = WhatIf(parcels, rules, layers, as_of=DAY, overrides=overrides)
    for number in range(3):
        name = str(random.choice(list("abc")))
        gone = list(random.choice(layers[name]["id"], int(random.integers(0, 3)), replace=False))
        add = named(boxes(random, int(random.integers(1, 4)), 15), f"{name}{number}-")
        change = model.edit(name, add=add, remove=gone)
        layers = layers | {name: pd.concat([layers[name][~layers[name]["id"].isin(gone)], add], ignore_index=True)}
        expected = full(parcels, rules, layers, overrides)
        touched = change.after.parcels["id"]
        assert_same(change.before, only(model.land, touched))
        assert_same(change.after, only(expected, touched))
        model.keep(change)
        assert_same(model.land, expected)
    other = make_rules(RULES[0] | {"severity": "noted"}, RULES[1] | {"distance_m": 4}, *RULES[3:])
    change = model.under(other)
    model.keep(change)
    assert_same(model.land, full(parcels, other, layers, overrides))


def only(land: Buildable, ids: pd.Series) -> Buildable:
    return Buildable(
        land.parcels[land.parcels["id"].isin(ids)].reset_index(drop=True),
        land.reasons[land.reasons["parcel"].isin(ids)].reset_index(drop=True),
        land.remainders[land.remainders["parcel"].isin(ids)].reset_index(drop=True),
    )


@pytest.fixture
def row() -> WhatIf:
    """Ten parcels in a row, the first half of which is forbidden."""
    parcels = named([shapely.box(n * 10, 0, n * 10 + 10, 10) for n in range(10)], "p")
    rules = make_rules(make_rule(id="a", layer="a", operation="inside"))
    return WhatIf(parcels, rules, {"parcels": parcels, "a": named([shapely.box(0, 0, 50, 10)], "a")}, as_of=DAY)


def test_a_change_says_what_is_gained_and_lost_by_parcel(row: WhatIf) -> None:
    change = row.edit("a", add=named([shapely.box(75, 0, 85, 10)], "new"), remove=["a0"])
    told = change.parcels.set_index("id")["gained_m2"].to_dict()
    # The parcel beside touches the edge: it was asked, and nothing changes for it.
    assert told == {"p0": 100, "p1": 100, "p2": 100, "p3": 100, "p4": 100, "p5": 0, "p7": -50, "p8": -50}
    assert change.gained_m2 == 400
    assert row.land.parcels["buildable_m2"].sum() == 500  # nothing is kept yet


def test_nothing_touched_is_an_empty_answer(row: WhatIf) -> None:
    change = row.edit("a", add=named([shapely.box(500, 500, 510, 510)], "new"))
    assert len(change.parcels) == 0
    assert change.gained_m2 == 0
    row.keep(change)
    assert row.edit("a", remove=["new0"]).gained_m2 == 0


def test_a_change_of_yesterday_is_not_kept(row: WhatIf) -> None:
    first, second = row.edit("a", remove=["a0"]), row.edit("a", remove=["a0"])
    row.keep(first)
    with pytest.raises(InputError, match="Compute it again"):
        row.keep(second)


def test_edits_that_make_no_sense_are_refused(row: WhatIf) -> None:
    new = named([shapely.box(0, 0, 1, 1)], "new")
    with pytest.raises(InputError, match="no layer b to edit"):
        row.edit("b", add=new)
    with pytest.raises(InputError, match="no layer parcels to edit"):
        row.edit("parcels", add=new)
    with pytest.raises(InputError, match="no feature x, y"):
        row.edit("a", remove=["y", "x", "a0"])
    with pytest.raises(InputError, match="has a feature a0 already"):
        row.edit("a", add=named([shapely.box(0, 0, 1, 1)], "a"))
    with pytest.raises(CRSError):
        row.edit("a", add=new.set_crs(3010, allow_override=True))
    with pytest.raises(FrameError, match="Self-intersection"):
        row.edit("a", add=frame([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])]))
    a, b = make_rule(id="a", layer="a", operation="inside"), make_rule(id="b", layer="a", operation="inside")
    row.keep(row.under(make_rules(a, b)))
    with pytest.raises(SettingsError, match="another order"):
        row.under(make_rules(b, a))


def test_rules_that_change_touch_parcels_that_officials_decided_of() -> None:
    parcels = named([shapely.box(0, 0, 10, 10)], "p")
    rules = make_rules(make_rule(id="a", layer="a", operation="inside"))
    decided = pd.DataFrame({"parcel": ["p0"], "rule": ["a"], "holds": ["yes"]})
    layers = {"a": named([shapely.box(50, 50, 60, 60)], "a")}
    model = WhatIf(parcels, rules, layers, as_of=DAY, overrides=decided)
    assert model.land.parcels["buildable_m2"].tolist() == [0]
    noted = make_rules(make_rule(id="a", layer="a", operation="inside", severity="noted"))
    assert model.under(noted).gained_m2 == 100


def test_kept_changes_do_not_pile_up(row: WhatIf) -> None:
    for number in range(100):
        gone = ["a0"] if number == 0 else [f"n{number - 1}-0"]
        row.keep(row.edit("a", add=named([shapely.box(0, 0, 50, 10)], f"n{number}-"), remove=gone))
    index = row._state.prepared.index
    assert len(index.shapes) < 100
    assert index.trees <= 33
    assert row.land.parcels["buildable_m2"].sum() == 500

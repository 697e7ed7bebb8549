from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from releasing import EXACT, YEARS, best, limits, measures, needs
from test_programme import bounds, linked, need, village

from geoplan.balance.explained import Explained, explain_measure
from geoplan.balance.programme import release_programme
from geoplan.errors import NotFoundError


def explained(table: pd.DataFrame, wanted: pd.DataFrame, most: pd.DataFrame, id_: str, **changes: Any) -> Explained:
    return explain_measure(
        release_programme(table, wanted, most, years=YEARS, standards=replace(EXACT, **changes)), id_
    )


@settings(max_examples=20, deadline=None)
@given(linked(), st.lists(need, min_size=1, max_size=3), bounds)
def test_with_and_without_agree_with_trying_everything(
    table: pd.DataFrame, wanted: list[tuple[str, int, float, float]], most: dict[str, float]
) -> None:
    asked, bound = needs(*wanted), limits(**most)
    programme = release_programme(table, asked, bound, years=YEARS, standards=EXACT)
    for id_ in programme.problem.measures["id"]:
        told = explain_measure(programme, id_)
        if told.released is not None:
            expected = best(table, asked, bound, EXACT, without=id_)
        else:
            expected = best(table, asked, bound, EXACT, within=id_)
        if expected is None:
            assert told.otherwise is None
        elif told.why[0] not in ("too_late", "requires"):
            assert told.otherwise == pytest.approx(expected, abs=1e-4)
            assert told.change is not None
            assert told.change <= 1e-4
        assert ("serves" in told.why) == (told.released is not None and told.change is not None and told.change < -1e-4)
        json.dumps(told.to_dict())


@pytest.mark.parametrize(
    ("row", "most", "why"),
    [
        ({"cost_high": 9.0}, {"budget": 4.0}, "budget"),
        ({"land_new_m2": 9000.0, "homes": 1.0}, {"land_new": 0.4}, "land_new"),
        ({"cost_high": 2.0}, {"measures": 1.0}, "measures"),
        ({"cost_high": 2.0}, {"homes": 1.0, "measures": 9.0}, "homes"),
        ({"area": "b"}, {}, "out_of_reach"),
        ({"dwelling_type": "special"}, {}, "no_need"),
        ({"likely": 0.0}, {}, "no_homes"),
        ({"cost_high": None}, {"budget": 4.0}, "cost_unknown"),
        ({"land_new_m2": None}, {"land_new": 4.0}, "land_unknown"),
        ({"earliest_year": 2050}, {}, "too_late"),
        ({"excludes": "m0"}, {}, "excluded"),
    ],
)
def test_what_stops_a_measure(row: dict[str, Any], most: dict[str, float], why: str) -> None:
    table = measures({"homes": 2.0} if why == "excluded" else {}, row)
    wanted = needs(("a", 2027, 2, 1.0)).assign(dwelling_type="one_or_two")
    told = explained(table, wanted, limits(**most), "m1")
    assert told.released is None
    assert told.why == (why,)
    assert told.texts[0].sv.startswith("Den är inte med")
    assert told.texts[0].en.startswith("It is out")
    if why in ("budget", "land_new", "measures", "homes"):
        assert list(told.more) == [why]


def test_what_is_dearer_and_serves_the_same_is_not_needed() -> None:
    told = explained(measures({}, {"cost_high": 5.0}), needs(("a", 2027, 1, 1.0)), limits(budget=100), "m1")
    assert told.why == ("need_met",)
    assert told.change == pytest.approx(0.0, abs=1e-6)
    assert told.displaced == ("m0",)


def test_a_measure_in_the_programme_says_whom_it_serves_and_what_is_lost_without_it() -> None:
    table = measures({}, {"homes": 2.0, "requires": "m2"}, {"homes": 0.0, "kind": "renewal"})
    wanted = needs(("a", 2027, 3, 1.0))
    told = explained(table, wanted, limits(), "m1")
    assert told.released == 2027
    assert told.why == ("serves",)
    assert told.change == pytest.approx(-2.0)
    assert sum(row["homes"] for row in told.serves) == pytest.approx(2.0)
    assert told.displaced == ("m2",)
    under = explained(table, wanted, limits(), "m2")
    assert under.why == ("serves", "needed_by")
    assert "m1 requires it" in under.texts[1].en


def test_limits_that_stop_only_together_are_all_named() -> None:
    told = explained(measures({}, {}), needs(("a", 2027, 2, 1.0)), limits(budget=1.0, measures=1.0), "m1")
    assert told.why == ("budget", "measures")
    assert told.more == {"budget": 1.0, "measures": 1.0}
    assert any("together" in text.en for text in told.texts)


def test_with_a_gap_the_change_is_told_of_measures_in_part() -> None:
    table, wanted, most = village(60)
    programme = release_programme(table, wanted, most, years=YEARS, standards=replace(EXACT, gap=0.3))
    if programme.status == "optimal":
        pytest.fail("the instance no longer has a gap")
    out = next(id_ for id_ in table["id"] if id_ not in set(programme.releases["id"]))
    told = explain_measure(programme, out)
    assert not told.exact
    assert told.change is not None
    assert told.change <= 1e-4
    assert told.added == ()
    assert "(with measures released in part)" in " ".join(text.en for text in told.texts)


def test_an_unknown_measure_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no measure m9"):
        explained(measures({}), needs(("a", 2027, 1, 1.0)), limits(), "m9")

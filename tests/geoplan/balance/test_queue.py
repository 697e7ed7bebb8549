"""Those who queue: nobody is told of, the need stays the same, and more queue than seek is said."""

from __future__ import annotations

import pandas as pd
import pytest
from choosing import assumptions, choose, homes, seeking, wishes

from geoplan.balance.queue import QUEUE, QueueStandards, check_queue, queue_check, with_queue
from geoplan.errors import FrameError, InputError

STANDARDS = QueueStandards.from_values(assumptions("plot_queue"))
STOCK = pd.DataFrame(
    {"area": ["A", "A", "B"], "type": ["multi", "one_or_two", "multi"], "tenure": "rental", "dwellings": [30, 10, 60]}
)


def queued(*rows: tuple[str, int, int], **columns: object) -> pd.DataFrame:
    """Area, persons, of which elsewhere."""
    table = pd.DataFrame(rows, columns=["area", "persons", "persons_elsewhere"])
    return table.assign(since_from=2015, since_to=2020, **columns)


def test_a_count_that_could_tell_of_somebody_is_refused_and_not_repeated() -> None:
    with pytest.raises(FrameError, match="fewer than 5 persons") as error:
        check_queue(queued(("Lilla skär", 3, 0)), smallest_count=5)
    assert "Lilla" not in str(error.value)
    assert "3" not in str(error.value)
    with pytest.raises(FrameError, match="fewer than 5 persons"):
        check_queue(queued(("A", 30, 2)), smallest_count=5)


def test_rows_alike_are_put_together_and_empty_ones_left_out() -> None:
    table = check_queue(queued(("B", 7, 0), ("A", 0, 0), ("B", 8, 5)), smallest_count=5)
    assert table[["area", "group", "persons", "persons_elsewhere"]].to_numpy().tolist() == [["B", "unknown", 15, 5]]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"persons": -8}, "negative"),
        ({"persons": 8.5}, "no whole number"),
        ({"persons_elsewhere": 99}, "more persons elsewhere"),
        ({"since_to": 1999}, "no band"),
        ({"area": None}, "no area"),
    ],
)
def test_wrong_queues_are_refused(change: dict[str, object], fault: str) -> None:
    with pytest.raises(FrameError, match=fault):
        check_queue(queued(("A", 10, 0)).assign(**change), smallest_count=5)


def test_those_who_queue_seek_a_house_and_leave_a_home() -> None:
    before = seeking(wishes(("A", "single", "multi", 5), ("B", "single", "multi", 2)))
    table = check_queue(queued(("A", 28, 8), ("*", 20, 0)), smallest_count=5)
    after = with_queue(before, table, stock=STOCK, standards=STANDARDS)
    mine = after.table[after.table["group"] == QUEUE]
    # A quarter of 20 in A, and of the 20 for anywhere 40 % in A and 60 % in B.
    assert mine.set_index("area")["households"].to_dict() == {"A": 7, "B": 3}
    assert mine["dwelling_type"].eq("one_or_two").all()
    assert after.homes.groupby(["area", "dwelling_type"])["homes"].sum().to_dict() == {
        ("A", "multi"): 5,
        ("A", "one_or_two"): 2,
        ("B", "multi"): 3,
    }
    parts = after.parts
    assert (parts["seekers"] - parts["freed"] == parts["need"]).all()
    assert parts["need"].tolist() == before.parts["need"].tolist()
    nobody = with_queue(before, table[table["area"] == "C"], stock=STOCK, standards=STANDARDS)
    assert nobody is before


def test_the_check_says_where_more_queue_than_seek() -> None:
    asked = wishes(("A", "couple", "one_or_two", 8), ("B", "single", "multi", 4))
    result = choose(asked, homes(("A", "plot", "one_or_two", 6)))
    told = queue_check(check_queue(queued(("A", 7, 0), ("B", 9, 0), ("*", 6, 0)), smallest_count=5), result)
    rows = told.set_index("area")[["queued", "house_seekers", "served", "left", "plots_taken", "above"]]
    assert rows.loc["A"].tolist() == [7, 8, 6, 2, 6, False]
    assert rows.loc["B"].tolist() == [9, 0, 0, 0, 0, True]
    assert rows.loc["*"].tolist() == [22, 8, 6, 2, 6, True]


@pytest.mark.parametrize("wrong", [{"seeking": 2.0}, {"takes_offer": 0.0}, {"draws": 0}])
def test_wrong_standards_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="wrong"):
        QueueStandards.from_values(assumptions("plot_queue") | wrong)


def test_a_need_of_the_whole_is_compared_with_the_whole_queue() -> None:
    result = choose(wishes(("*", "couple", "one_or_two", 8)), homes(("A", "plot", "one_or_two", 6)))
    for areas in (("*",), ("A", "*"), ("A", "B")):
        told = queue_check(check_queue(queued(*((area, 7, 0) for area in areas)), smallest_count=5), result)
        rows = told[["area", "queued", "house_seekers", "served", "left", "plots_taken", "above"]]
        queue = 7 * len(areas)
        assert rows.to_numpy().tolist() == [["*", queue, 8, 6, 2, 6, queue > 8]]

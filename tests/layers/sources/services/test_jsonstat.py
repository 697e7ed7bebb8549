from __future__ import annotations

from typing import Any

import pytest

from geoplan.errors import ServiceError
from layers.sources.services.jsonstat import read_dataset, values_of

# The order example of the standard: the last dimension changes fastest.
DATASET: dict[str, Any] = {
    "version": "2.0",
    "class": "dataset",
    "id": ["A", "B", "C"],
    "size": [2, 1, 3],
    "dimension": {
        "A": {"category": {"index": {"a2": 1, "a1": 0}, "label": {"a1": "first", "a2": "second"}}},
        "B": {"category": {"label": {"b": "only"}}},
        "C": {"category": {"index": ["x", "y", "z"]}},
    },
    "value": [1, 2.5, None, 4, 5, 6],
    "status": {"2": ".."},
}


def test_cells_are_in_the_standards_order() -> None:
    frame = read_dataset(DATASET)
    assert frame["A"].tolist() == ["a1"] * 3 + ["a2"] * 3
    assert frame["C"].tolist() == ["x", "y", "z"] * 2
    assert frame["A.label"].tolist()[3] == "second"
    assert frame["C.label"].tolist()[0] == "x"
    assert frame["value"].tolist() == ["1", "2.5", "", "4", "5", "6"]
    assert frame["status"].tolist() == ["", "", "..", "", "", ""]


@pytest.mark.parametrize(
    ("status", "told"),
    [("p", ["p"] * 6), (["", "..", "", "", "", None], ["", "..", "", "", "", ""]), (None, [""] * 6)],
)
def test_status_has_three_forms(status: Any, told: list[str]) -> None:
    assert read_dataset(DATASET | {"status": status})["status"].tolist() == told


def test_a_sparse_data_set_has_all_cells() -> None:
    sparse = DATASET | {"value": {"0": 1, "1": 2.5, "3": 4, "4": 5, "5": 6}}
    assert values_of(sparse) == DATASET["value"]
    assert read_dataset(sparse).equals(read_dataset(DATASET))


@pytest.mark.parametrize(
    "change",
    [{"size": [2, 1, 4]}, {"value": [1, 2]}, {"value": None}, {"id": ["A", "B"]}, {"dimension": {}}, {"id": None}],
)
def test_what_does_not_fit_is_told(change: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="malformed"):
        read_dataset(DATASET | change)

from __future__ import annotations

from typing import Any

import pytest

from geoplan.errors import InputError, ServiceError
from layers.sources.services.known import known_service
from layers.sources.services.kolada import fetch_kolada
from layers.sources.services.request import KoladaRequest


def ask(services: Any, **changes: Any) -> KoladaRequest:
    given = {"url": services.url + "/v3", "kpis": ["N07923", "N07913"], "municipalities": ["2182"]}
    return KoladaRequest.model_validate(given | changes)


def test_every_page_is_followed_and_deleted_values_are_left_out(services: Any) -> None:
    answer = fetch_kolada(ask(services, municipalities=["2184", "2182"], years=[2024, 2023, 2022]))
    frame = answer.frame
    assert list(frame.columns) == [
        "kpi", "municipality", "year", "gender", "value", "status", "count", "title", "source",
    ]  # fmt: skip
    # 2 key figures, 2 municipalities, 3 years, T and K; M is deleted.
    assert len(frame) == 2 * 2 * 3 * 2
    assert answer.left_out == 12
    assert frame.iloc[0].to_dict() == {
        "kpi": "N07913", "municipality": "2182", "year": "2022", "gender": "K", "value": "", "status": "Missing",
        "count": "0", "title": "Title of N07913", "source": "Kolada (RKA)",
    }  # fmt: skip
    assert frame.iloc[1]["value"] == "2122.5"
    assert frame["kpi"].is_monotonic_increasing
    assert sum(path == "/v3/data/" for _, _, path, _ in services.calls) == 6
    assert answer.licence == "CC BY 4.0"


def test_all_years_are_asked_for_where_none_is_named(services: Any) -> None:
    assert set(fetch_kolada(ask(services)).frame["year"]) == {"2023", "2024"}
    assert all("year" not in query for _, _, path, query in services.calls if path == "/v3/data/")


def test_many_ids_are_asked_for_in_parts(services: Any) -> None:
    municipalities = [f"{number:04}" for number in range(60)]
    services.page = 5_000
    frame = fetch_kolada(ask(services, municipalities=municipalities)).frame
    assert frame["municipality"].nunique() == 60
    asked = [query["municipality_id"] for _, _, path, query in services.calls if path == "/v3/data/"]
    assert [len(ids) for ids in asked] == [25, 25, 10]


def test_the_housing_key_figures_are_asked_for_by_default(services: Any) -> None:
    services.page = 5_000
    request = KoladaRequest.model_validate({"url": services.url + "/v3", "municipalities": ["2182"]})
    assert set(fetch_kolada(request).frame["kpi"]) == set(known_service("kolada").ids)


def test_a_circle_of_pages_and_a_strange_answer_end(services: Any) -> None:
    services.next_url = "https://elsewhere.example/?kpi_id=N07913&municipality_id=2182&municipality_id=2184&page=1"
    with pytest.raises(ServiceError, match="circle"):
        fetch_kolada(ask(services, municipalities=["2182", "2184"]))
    # The other host was never asked: all calls came here.
    services.next_url, services.first = None, [(200, {}, b'{"values": 3}')]
    with pytest.raises(ServiceError, match="without values"):
        fetch_kolada(ask(services))
    titles = b'{"values": [{"id": "N07913", "title": "x"}]}'
    null = b'{"values": [{"kpi": "N07913", "municipality": "2182", "period": 2024, "values": [null]}]}'
    services.first = [(200, {}, titles), (200, {}, null)]
    with pytest.raises(ServiceError, match="malformed"):
        fetch_kolada(ask(services, kpis=["N07913"]))


def test_unknown_key_figures_are_told(services: Any) -> None:
    with pytest.raises(InputError, match="no key figure N00000"):
        fetch_kolada(ask(services, kpis=["N00000", "N07913"]))


def test_nothing_found_is_told(services: Any) -> None:
    services.first = [(200, {}, b'{"values": [{"id": "N07913", "title": "x"}]}'), (200, {}, b'{"values": []}')]
    with pytest.raises(InputError, match="no values for N07913 in 2182"):
        fetch_kolada(ask(services, kpis=["N07913"]))


def test_offline_is_told() -> None:
    request = KoladaRequest.model_validate({"url": "http://127.0.0.1:9/v3", "municipalities": ["2182"]})
    with pytest.raises(ServiceError, match="cannot be reached"):
        fetch_kolada(request)

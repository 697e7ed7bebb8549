from __future__ import annotations

import time
from typing import Any

import pytest

from geoplan.errors import InputError, ServiceError
from layers.sources.services.pxweb import fetch_pxweb
from layers.sources.services.request import PxwebRequest

FULL = {"Region": "*", "Alder": "*", "Kon": "*", "ContentsCode": "BE0101N1", "Tid": "*"}


def ask(services: Any, **changes: Any) -> PxwebRequest:
    return PxwebRequest.model_validate(
        {"url": services.url + "/api/v2/", "table": "TAB638", "query": FULL} | changes,
    )


def test_every_cell_comes_with_its_codes_labels_and_status(services: Any) -> None:
    answer = fetch_pxweb(ask(services))
    frame = answer.frame
    assert list(frame.columns) == [
        "Region", "Region.label", "Alder", "Alder.label", "Kon", "Kon.label", "ContentsCode", "ContentsCode.label",
        "Tid", "Tid.label", "value", "status",
    ]  # fmt: skip
    assert len(frame) == 3 * 3 * 2 * 1 * 3
    row = frame[
        (frame["Region"] == "2184") & (frame["Alder"] == "5-9") & (frame["Kon"] == "2") & (frame["Tid"] == "2024")
    ]
    assert row[["Region.label", "Kon.label", "value", "status"]].to_numpy().tolist() == [
        ["Hudiksvall", "kvinnor", str(2 + 10 + 100 + 10_000 + 5), ""]
    ]
    hidden = frame[frame["status"] != ""]
    assert hidden[["Region", "Alder", "Kon", "Tid", "value", "status"]].to_numpy().tolist() == [
        ["2183", "80+", "2", "2025", "", ".."]
    ]
    assert (answer.title.startswith("Folkmängden"), answer.source, answer.updated) == (
        True,
        "SCB",
        "2026-02-21T07:00:00Z",
    )
    assert answer.licence == "https://creativecommons.org/share-your-work/public-domain/cc0/"
    assert answer.notes == ("Gräns för små tal",)


def test_a_sparse_answer_is_the_same(services: Any) -> None:
    dense = fetch_pxweb(ask(services)).frame
    services.sparse = True
    assert fetch_pxweb(ask(services)).frame.equals(dense)


def test_a_question_over_the_limit_of_cells_is_split_and_comes_out_the_same(services: Any) -> None:
    whole = fetch_pxweb(ask(services)).frame
    asked = sum(method == "POST" for _, method, *_ in services.calls)
    services.config["maxDataCells"] = 7
    split = fetch_pxweb(ask(services)).frame
    assert split.equals(whole)
    assert sum(method == "POST" for _, method, *_ in services.calls) - asked >= 54 / 7


def test_variables_that_may_be_left_out_are_and_wildcards_are_expanded(services: Any) -> None:
    query = {"Region": "218*", "ContentsCode": "*", "Tid": ["2024", "*25"]}
    frame = fetch_pxweb(ask(services, query=query)).frame
    assert frame["Region"].tolist() == ["2182", "2182", "2183", "2183", "2184", "2184"]
    assert "Kon" not in frame
    body = next(body for _, method, _, body in services.calls if method == "POST")
    assert {"variableCode": "Tid", "valueCodes": ["2024", "2025"]} in body["selection"]


def test_a_code_list_is_passed_on_and_its_wildcards_are_expanded(services: Any) -> None:
    query = FULL | {"Alder": "*"}
    frame = fetch_pxweb(ask(services, query=query, codelists={"Alder": "agg_alla"})).frame
    assert set(frame["Alder"]) == {"alla"}
    body = next(body for _, method, _, body in services.calls if method == "POST")
    assert {"variableCode": "Alder", "valueCodes": ["alla"], "codelist": "agg_alla"} in body["selection"]


def test_the_limit_on_calls_is_never_broken(services: Any) -> None:
    services.config |= {"maxCallsPerTimeWindow": 4, "timeWindow": 1, "maxDataCells": 6}
    services.hold_limit = True
    begun = time.monotonic()
    frame = fetch_pxweb(ask(services)).frame
    assert len(frame) == 54
    assert services.refused == 0
    assert len(services.calls) >= 11
    assert time.monotonic() - begun >= 2


def test_a_service_that_is_busy_is_asked_again_when_it_says(services: Any) -> None:
    services.first = [(429, {"Retry-After": "1"}, b"{}")]
    begun = time.monotonic()
    assert len(fetch_pxweb(ask(services)).frame) == 54
    assert time.monotonic() - begun >= 1
    services.first = [(429, {"Retry-After": "3600"}, b"{}")]
    with pytest.raises(ServiceError, match="busy") as caught:
        fetch_pxweb(ask(services))
    assert "3600 seconds" in str(caught.value.hint)
    assert services.calls[-1][2] == "/api/v2/config"


def test_a_service_that_stays_busy_is_given_up(services: Any) -> None:
    services.first = [(503, {"Retry-After": "0"}, b"")] * 3
    with pytest.raises(ServiceError, match="503"):
        fetch_pxweb(ask(services))
    assert len(services.calls) == 3


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ((403, {}, b'{"title": "Geolocation Block!"}'), "refuses to answer (403 Forbidden: Geolocation Block!)"),
        ((500, {}, b"<h1>oops</h1>"), "refuses to answer (500"),
        (
            (200, {"Content-Type": "text/html"}, b"<html>sign in</html>"),
            "something else than a JSON object (text/html)",
        ),
        ((200, {}, b'{"maxDataCells": 150000, "maxCa'), "something else than a JSON object"),
        ((200, {}, b"[1, 2]"), "something else than a JSON object"),
        ((200, {}, b'{"hello": 1}'), "is no PxWeb API 2"),
    ],
)
def test_refusals_are_told(services: Any, first: Any, told: str) -> None:
    services.first = [first]
    with pytest.raises(ServiceError) as caught:
        fetch_pxweb(ask(services))
    assert told in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 8


def test_a_service_that_does_not_answer_in_time_is_given_up(services: Any) -> None:
    services.delay_s = 1.0
    begun = time.monotonic()
    with pytest.raises(ServiceError, match=r"did not answer within 0\.2 seconds"):
        fetch_pxweb(ask(services), timeout_s=0.2)
    assert time.monotonic() - begun < 1.0


def test_offline_is_told_with_what_to_do() -> None:
    request = PxwebRequest.model_validate({"url": "http://127.0.0.1:9/api/v2", "table": "TAB638", "query": FULL})
    with pytest.raises(ServiceError, match="cannot be reached") as caught:
        fetch_pxweb(request)
    assert "Offline is no fault" in str(caught.value)


def test_a_malformed_data_set_is_told(services: Any) -> None:
    services.config["maxDataCells"] = 150_000
    request = ask(services)
    original = services._data

    def short(body: Any) -> Any:
        status, headers, dataset = original(body)
        return status, headers, dataset | {"value": dataset["value"][:-1]}

    services._data = short
    with pytest.raises(ServiceError, match="54 cells were expected"):
        fetch_pxweb(request)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (FULL | {"Regio": "*"}, ["no variable Regio, did you mean Region?"]),
        (FULL | {"Tid": "2042", "Region": ["2182", "21x*"]}, ["Tid has no code '2042'", "Region has no code '21x*'"]),
        ({"Region": "2182", "Tid": "2024"}, ["ContentsCode must be chosen"]),
    ],
)
def test_a_wrong_question_is_told_with_every_fault_before_data_are_asked(
    services: Any, query: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        fetch_pxweb(ask(services, query=query))
    assert not isinstance(caught.value, ServiceError)
    assert all(words in caught.value.message for words in told)
    assert all(method == "GET" for _, method, *_ in services.calls)


def test_a_table_that_is_not_there_is_a_wrong_question(services: Any) -> None:
    with pytest.raises(InputError, match="404 Not Found: Non-existent table") as caught:
        fetch_pxweb(ask(services, table="TAB0"))
    assert caught.value.exit_code == 4

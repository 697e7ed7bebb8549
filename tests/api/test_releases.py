"""Why a plot or an action is released or not, over HTTP, of a place that is really planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from layers.chain import plan
from layers.store import Store
from tests.releases import PROGRAMME, fill, workspace


def test_a_release_is_explained_in_json_and_in_words(
    serve_empty: httpx.Client, store: Store, assert_problem: Callable[..., dict[str, Any]]
) -> None:
    fill(store)
    missing = assert_problem(serve_empty.get("/programme/plots/0"), 404)
    assert "has not been computed" in missing["detail"]
    run = plan(workspace(), store).run
    answer = serve_empty.get("/programme/renewal_actions/a")
    told = answer.json()
    assert (told["released"], told["releasable"], told["why"]) == (2028, True, ["serves"])
    assert told["change"] < 0
    assert {"sv", "en"} == set(told["texts"][0])
    assert told["provenance"]["href"] == f"/runs/{run.id}"
    assert told == serve_empty.get("/programme/renewal_actions%2Fa").json()
    # What is before the slash may be left out, and the programme itself is where it was.
    assert serve_empty.get("/programme/1").json()["why"] == ["excluded"]
    assert serve_empty.get("/programme").json()["programme_result"][0]["status"] == "optimal"
    private = serve_empty.get("/programme/plots/5").json()
    assert (private["releasable"], private["why"]) == (False, ["owner"])
    text = serve_empty.get("/programme/plots/5", params={"f": "text", "lang": "sv"})
    assert text.headers["content-type"].startswith("text/plain")
    assert text.headers["content-language"] == "sv"
    assert "ägs inte" in text.text
    plain = serve_empty.get("/programme/plots/5", headers={"Accept": "text/plain", "Accept-Language": "en"})
    assert "not of an owner" in plain.text
    assert_problem(serve_empty.get("/programme/plots/77"), 404)
    assert_problem(serve_empty.get("/programme/plots/5?year=2027"), 400)


def test_the_answer_is_of_the_last_run(serve_empty: httpx.Client, store: Store) -> None:
    fill(store)
    plan(workspace(), store)
    first = serve_empty.get("/programme/plots/0")
    assert first.json()["releasable"] is True
    tag = {"If-None-Match": first.headers["etag"]}
    assert serve_empty.get("/programme/plots/0", headers=tag).status_code == 304
    run = plan(workspace(programme=PROGRAMME | {"owners": ["private"]}), store).run
    second = serve_empty.get("/programme/plots/0", headers=tag)
    assert second.status_code == 200
    assert (second.json()["run"], second.json()["why"]) == (run.id, ["owner"])

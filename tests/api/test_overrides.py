"""Officials' decisions over HTTP, on a real server with a real database: who may, what is kept, what is shown."""

import hashlib
import json
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from api.app import create_app
from api.officials import Officials, new_token
from geoplan.errors import InputError, SettingsError
from layers.overriding import all_decisions

PARCEL = "SKOBY 1:2"
PATH = f"/parcels/{quote(PARCEL)}/overrides"
BODY = {"rule": "shore_protection", "holds": "no", "reason": "The stream is 1.5 m wide; Bo Ek's note of 1 March."}


def fact(client, parcel=PARCEL, rule="shore_protection"):
    answer = client.get(f"/parcels/{quote(parcel)}/explain?f=json")
    assert answer.status_code == 200, answer.text
    return next(fact for fact in answer.json()["facts"] if fact["rule"] == rule)


def test_a_decision_is_added_waits_and_is_applied(deciding):
    answer = deciding.official.post(PATH, json=BODY)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == PATH
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["official"], told["status"]) == ("Anna <b>Å</b> Öberg", "pending")
    assert (told["original"], told["original_basis"]) == ("unknown", "computed_unsure")
    assert fact(deciding.client)["holds"] == "unknown"
    assert fact(deciding.client)["pending"]["holds"] == "no"
    deciding.plan()
    assert fact(deciding.client)["holds"] == "no"
    assert fact(deciding.client)["decision"]["original"] == "unknown"
    listed = deciding.official.get(PATH).json()["overrides"]
    assert [(row["holds"], row["status"], row["reason"]) for row in listed] == [("no", "applied", BODY["reason"])]
    back = deciding.official.post(PATH, json=BODY | {"holds": "computed", "reason": "Measured wrongly."})
    assert back.status_code == 201
    deciding.plan()
    assert fact(deciding.client)["holds"] == "unknown"
    assert len(deciding.official.get(PATH).json()["overrides"]) == 2


def test_who_and_why_is_for_officials_only(deciding):
    deciding.official.post(PATH, json=BODY | {"holds": "disputed"})
    public = deciding.client.get(f"/parcels/{quote(PARCEL)}/explain?f=json")
    named = deciding.official.get(f"/parcels/{quote(PARCEL)}/explain?f=json")
    for form in ("json", "html", "text"):
        page = deciding.client.get(f"/parcels/{quote(PARCEL)}/explain?f={form}").text
        assert "Bo Ek" not in page
        assert "Öberg" not in page
        assert "Bo Ek" in deciding.official.get(f"/parcels/{quote(PARCEL)}/explain?f={form}").text
    assert fact(deciding.client)["pending"]["official"] is None
    assert fact(deciding.official)["pending"]["official"] == "Anna <b>Å</b> Öberg"
    assert public.headers["etag"] != named.headers["etag"]
    assert "Authorization" in public.headers["vary"]
    assert "private" in named.headers["cache-control"]
    for path in ("/layers", "/", f"/runs/{public.json()['provenance']['run']}", "/map"):
        assert "Bo Ek" not in deciding.client.get(path).text


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer x y", "Bearer nonsense", "Basic QW5uYTp4", "Bearer é", "Bearer " + "x" * 5_000],
)
def test_without_an_official_s_token_nothing_is_read_or_written(deciding, assert_problem, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    before = len(all_decisions(deciding.store))
    for answer in (deciding.client.get(PATH, headers=headers), deciding.client.post(PATH, json=BODY, headers=headers)):
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len(all_decisions(deciding.store)) == before


def test_a_digest_is_no_token_and_a_line_that_goes_ends_a_token_at_once(deciding, assert_problem):
    line = deciding.file.read_text(encoding="utf-8")
    (digest,) = tomllib.loads(line).values()
    assert_problem(deciding.client.get(PATH, headers={"Authorization": f"Bearer {digest}"}), 401)
    assert deciding.official.get(PATH).status_code == 200
    try:
        deciding.file.write_text("", encoding="utf-8")
        assert_problem(deciding.official.get(PATH), 401)
        assert_problem(deciding.official.get(f"/parcels/{quote(PARCEL)}/explain"), 401)
        assert deciding.client.get(f"/parcels/{quote(PARCEL)}/explain").status_code == 200
        deciding.file.write_text("= nonsense", encoding="utf-8")
        document = assert_problem(deciding.official.get(PATH), 500)
        assert str(deciding.file) not in json.dumps(document)
    finally:
        deciding.file.write_text(line, encoding="utf-8")
    assert deciding.official.get(PATH).status_code == 200


def test_a_server_without_officials_says_how_to_have_some(served, assert_problem):
    name = served.store.read("plots")["id"].iloc[5]
    for answer in (
        served.client.get(f"/parcels/{name}/overrides"),
        served.client.post(f"/parcels/{name}/overrides", json=BODY, headers={"Authorization": "Bearer x"}),
    ):
        document = assert_problem(answer, 403)
        assert "GEOPLAN_OFFICIALS_FILE" in document["hint"]
        assert "--new-token" in document["hint"]
    assert served.client.get(f"/parcels/{name}/explain", headers={"Authorization": "Bearer x"}).status_code == 200
    assert "overrides" not in {version.layer for version in served.store.layers()}


def test_an_application_that_only_reads_has_no_engine_that_writes(database):
    app = create_app(database, title="Prov", crs="EPSG:3006")
    assert app.state.writer is None
    with pytest.raises(sa.exc.DBAPIError), app.state.serving.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM geoplan.layer_version"))


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"rule", "holds", "reason"}),
        ({"rule": "farmland", "holds": "maybe", "reason": "x"}, {"holds"}),
        ({"rule": "farmland", "holds": True, "reason": "x"}, {"holds"}),
        ({"rule": 7, "holds": "no", "reason": ["x"]}, {"rule", "reason"}),
        ({"rule": "farmland", "holds": "no", "reason": ""}, {"reason"}),
        ({"rule": "farmland", "holds": "no", "reason": "x" * 2_001}, {"reason"}),
        ({"rule": "farmland", "holds": "no", "reason": "x", "official": "Eve"}, {"official"}),
        ([], {"body"}),
        ("text", {"body"}),
    ],
)
def test_a_faulty_body_is_refused_member_by_member(deciding, assert_problem, body, names):
    document = assert_problem(deciding.official.post(PATH, json=body), 400)
    assert {fault["parameter"] for fault in document["errors"]} == names


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"rule": "\\ud800"}', b"[" * 16_000, b"nan"])
def test_what_is_no_json_is_refused(deciding, assert_problem, content):
    answer = deciding.official.post(PATH, content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, 400)


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[2J", "\u202egnp.exe", " \n\t "])
def test_a_reason_that_would_steer_whoever_reads_it_is_refused(deciding, assert_problem, text):
    assert_problem(deciding.official.post(PATH, json=BODY | {"reason": text}), 400)


def test_what_is_not_there_names_what_is_close(deciding, assert_problem):
    rule = assert_problem(deciding.official.post(PATH, json=BODY | {"rule": "shore_protect"}), 404)
    assert rule["hint"].startswith("Did you mean shore_protection")
    parcel = assert_problem(deciding.official.post("/parcels/SKOBY 1:3/overrides", json=BODY), 404)
    assert "SKOBY 1:" in parcel["hint"]
    assert_problem(deciding.official.get("/parcels/nowhere/overrides"), 404)
    assert_problem(deciding.official.post("/parcels/x%00y/overrides", json=BODY), 404)
    assert_problem(deciding.official.post(f"{PATH}?force=true", json=BODY), 400)
    never = deciding.official.post(PATH, json=BODY | {"rule": "farmland", "holds": "computed"})
    assert "no decision" in assert_problem(never, 400)["detail"]


def test_other_kinds_and_sizes_are_refused(deciding, assert_problem):
    text = deciding.official.post(PATH, content=json.dumps(BODY), headers={"Content-Type": "text/plain"})
    assert_problem(text, 415)
    assert_problem(deciding.official.post(PATH, data=BODY), 415)
    large = deciding.official.post(PATH, json=BODY | {"reason": "x" * 20_000})
    assert_problem(large, 413)
    assert_problem(deciding.official.put(PATH, json=BODY), 405)


def test_a_body_without_end_is_not_read_to_its_end(deciding):
    """Chunked, so that nothing says how large it is."""
    place = urlsplit(deciding.url)
    connection = HTTPConnection(place.hostname, place.port, timeout=20)
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(2_000):
            sent += 65_536
            yield b"x" * 65_536

    headers = {"Content-Type": "application/json", "Authorization": deciding.official.headers["authorization"]}
    try:
        connection.request("POST", PATH, body=chunks(), headers=headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server hung up on us
    finally:
        connection.close()
    assert sent < 100_000_000


def test_hostile_names_and_reasons_are_kept_and_shown_as_text(deciding, browser_page):
    hostile = next(name for name in deciding.store.read("parcels")["id"] if name.startswith("</script>"))
    nasty = "</dd><script>alert(1)</script> {{ 7 * 7 }} '; DROP TABLE geoplan.feature; --"
    path = f"/parcels/{quote(hostile, safe='')}"
    answer = deciding.official.post(
        f"{path}/overrides", json={"rule": "farmland", "holds": "disputed", "reason": nasty}
    )
    assert answer.status_code == 201, answer.text
    assert deciding.client.get(answer.headers["location"]).status_code == 401
    assert deciding.official.get(answer.headers["location"]).json()["overrides"][0]["reason"] == nasty
    deciding.plan()
    page = browser_page(extra_http_headers={"Authorization": deciding.official.headers["authorization"]})
    page.goto(f"{deciding.url}{path}/explain?lang=en")
    assert page.locator("#disputed").inner_text() == "Disputed"
    shown = page.locator("section[aria-labelledby=disputed]").inner_text()
    assert "Anna <b>Å</b> Öberg decided on" in shown
    assert nasty in shown
    assert "Computed was: holds (computed)." in shown
    odd = deciding.official.post("/parcels/a/b c/overrides", json={"rule": "farmland", "holds": "yes", "reason": "x"})
    assert odd.status_code == 201


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_page_is_for_everybody(deciding, browser_page, language):
    page = browser_page(width=390)
    page.goto(f"{deciding.url}/parcels/{quote('SKOBY 1:1')}/explain?lang={language}")
    assert page.locator("#unsure").is_visible()
    settle = {"sv": "ett vattendrags bredd mäts i fält", "en": "a watercourse's width is measured on site"}
    assert settle[language] in page.locator("section[aria-labelledby=unsure]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_officials_at_the_same_time_lose_nothing(deciding):
    before = len(all_decisions(deciding.store))

    def decide(number):
        return deciding.official.post(PATH, json=BODY | {"reason": f"Number {number}."}).status_code

    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(decide, range(40))) == {201}
    rows = all_decisions(deciding.store)
    assert len(rows) == before + 40
    assert {f"Number {number}." for number in range(40)} <= {row["reason"] for row in rows}


def test_openapi_describes_the_body_and_the_token(deciding):
    description = deciding.client.get("/openapi.json").json()
    operation = description["paths"]["/parcels/{parcel}/overrides"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"rule", "holds", "reason"}
    assert schema["additionalProperties"] is False
    assert operation["security"] == [{"HTTPBearer": []}]
    assert {"201", "400", "401", "403", "404", "413", "415"} <= set(operation["responses"])
    page = deciding.client.get("/docs?lang=en").text
    assert "POST /parcels/{parcel}/overrides" in page
    assert "<code>reason</code>" in page


def test_a_new_token_is_long_and_its_line_names_only_its_digest(tmp_path):
    token, line = new_token('Åke "Kula" \\ Ö')
    assert len(token) >= 43
    assert token not in line
    assert tomllib.loads(line) == {'Åke "Kula" \\ Ö': hashlib.sha256(token.encode()).hexdigest()}
    other, second = new_token("Bo")
    file = tmp_path / "officials.toml"
    file.write_text(f"{line}\n{second}\n", encoding="utf-8")
    officials = Officials(file)
    assert (officials.name_of(token), officials.name_of(other)) == ('Åke "Kula" \\ Ö', "Bo")
    assert officials.name_of(token[:-1]) is None
    assert officials.name_of("\udcff") is None
    assert Officials(None).name_of(token) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "\x1b[2J"])
def test_a_name_that_cannot_be_printed_gets_no_token(name):
    with pytest.raises(InputError):
        new_token(name)


@pytest.mark.parametrize(
    "content", ["x = 1", 'x = "abc"', "[x]\ny = 1", "= 2", b"\xff", f'x = "{"A" * 64}"', f'" " = "{"a" * 64}"', None]
)
def test_a_file_of_officials_that_is_wrong_is_told_when_the_server_starts(tmp_path, content):
    file = tmp_path / "officials.toml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match="GEOPLAN_OFFICIALS_FILE") as caught:
        Officials(file)
    assert not re.search(re.escape(str(tmp_path)), str(caught.value))

"""What is not code is in step with what is tested: locks, containers, documents."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "bench.txt"])
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(name: str) -> None:
    lock = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index|--find-links|--extra-index", lock)
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_the_locks_hold_what_the_project_asks_for_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[=~<>; ]", line)[0].lower().replace("_", "-") for line in lines}

    def locked(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", text, re.MULTILINE))

    run, dev = locked("run.txt"), locked("dev.txt")
    asked = names(project["dependencies"]) | names(project["optional-dependencies"]["build"])
    assert asked <= set(run)
    assert asked | names(project["optional-dependencies"]["dev"]) <= set(dev)
    assert all(dev[name] == version for name, version in run.items())
    bench = locked("bench.txt")
    assert asked | names(project["optional-dependencies"]["bench"]) <= set(bench)
    assert all(bench[name] == version for name, version in run.items())


def test_compose_serves_what_the_dockerfile_builds_and_waits_for_a_healthy_database() -> None:
    db, api = COMPOSE["services"]["db"], COMPOSE["services"]["api"]
    assert db["image"] == "postgis/postgis:15-3.3"  # the versions that Debian 12 has, which the tests run on
    assert "pg_isready" in str(db["healthcheck"]["test"])
    assert db["volumes"][0].split(":")[0] in COMPOSE["volumes"]
    assert api["depends_on"]["db"]["condition"] == "service_healthy"
    assert api["ports"] == ["127.0.0.1:8000:8000"]
    assert "/healthz" in str(api["healthcheck"]["test"])
    assert "@db:5432/geoplan" in api["environment"]["GEOPLAN_DATABASE_URL"]
    assert "/healthz" in DOCKERFILE
    assert "EXPOSE 8000" in DOCKERFILE
    assert "--require-hashes -r requirements/run.txt" in DOCKERFILE
    assert "USER geoplan" in DOCKERFILE


def test_no_password_stands_in_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if "PASSWORD" in line and not line.startswith("#"):
            assert "${GEOPLAN_DATABASE_PASSWORD:?" in line


@pytest.mark.parametrize(
    "page", sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]), ids=lambda page: page.name
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_every_error_class_and_its_exit_code_is_documented() -> None:
    from geoplan import errors

    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in errors.__all__:
        code = getattr(errors, name).exit_code
        assert re.search(rf"\| {code} \|.*`{name}`", page), name

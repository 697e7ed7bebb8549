from __future__ import annotations

import pytest

from layers.settings import Environment


def test_the_database_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOPLAN_DATABASE_URL", "postgresql://someone:secret@host/db")
    environment = Environment()
    assert environment.database_url == "postgresql://someone:secret@host/db"
    assert "secret" not in repr(environment)


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_there_is_none(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("GEOPLAN_DATABASE_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("GEOPLAN_DATABASE_URL", value)
    assert Environment().database_url is None

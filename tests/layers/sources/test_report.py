from __future__ import annotations

import json

import pytest

from layers.sources.report import ImportReport, Issue, RejectedError, SourceFile


def report(issues: int = 25, files: int = 1) -> ImportReport:
    file = SourceFile(path="data/p.gpkg", layer="p", driver="GeoPackage", sha256="0", crs="EPSG:3006", rows=30)
    return ImportReport(
        layer="parcels",
        files=(file,) * files,
        rows_read=30,
        rows_imported=30 - issues,
        rows_repaired=1,
        rows_rejected=issues,
        rows_filtered=0,
        issues=(
            *(
                Issue(severity="rejected", reason="there is no geometry", row=n, id=f"P {n}", file="data/p.gpkg")
                for n in range(issues)
            ),
            Issue(severity="warning", reason="heights were dropped", detail="3 features had them"),
        ),
    )


def test_the_whole_list_is_in_the_json() -> None:
    plain = report().to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert len(plain["issues"]) == 26
    assert plain["files"][0]["sha256"] == "0"
    assert plain["issues"][3] == {
        "severity": "rejected", "reason": "there is no geometry", "detail": "", "row": 3, "id": "P 3",
        "file": "data/p.gpkg",
    }  # fmt: skip


def test_the_text_shows_the_first_of_each_kind() -> None:
    text = report().summary("en")
    assert text.splitlines()[0] == "parcels: 5 of 30 rows imported, 1 repaired, 25 rejected."
    assert "  rejected: there is no geometry (25)" in text
    assert "    row 9 (P 9)" in text
    assert "row 10 (P 10)" not in text
    assert "… and 15 more (the report has the whole list)" in text
    assert "  warning: heights were dropped (1)\n    3 features had them" in text


def test_the_text_is_in_both_languages() -> None:
    text = report(0).summary("sv")
    assert text.startswith("parcels: 30 av 30 rader inlästa, 1 lagade.\n  varning: heights")
    with pytest.raises(KeyError):
        report().summary("de")


def test_of_several_files_each_is_named() -> None:
    assert "    p.gpkg row 9 (P 9)" in report(files=2).summary()


def test_what_failed_carries_its_report() -> None:
    error = RejectedError("too many", report=report(), hint="mend it")
    assert (str(error), error.exit_code, error.report.rows_rejected) == ("too many mend it", 4, 25)

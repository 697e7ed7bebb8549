"""The arithmetic of a published need, as a function and on the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import InputError
from geoplan.homes.arithmetic import KEYS, read_question, units_needed

SMALL = {"base_year": 2024, "population": {"2024": 1_000, "2030": 900}, "headship_rate": 0.5, "target_vacancy": 0.05}


def rows(**more: Any) -> list[dict[str, Any]]:
    return units_needed(read_question(SMALL | more)).to_dict("records")


def command(file: Path, *more: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        [sys.executable, "-m", "geoplan.cli", "need", "--from", str(file), *more],
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("GEOPLAN_")},
        timeout=100,
        check=False,
    )
    assert answer.returncode == code, answer.stderr + answer.stdout
    return answer


@pytest.mark.parametrize("ending", ["toml", "json"])
@pytest.mark.parametrize("county", ["08071", "08077", "08097"])
def test_colorado_comes_out_to_the_last_digit(shared_data: Path, tmp_path: Path, county: str, ending: str) -> None:
    """Three counties' published figures, in every year, negative ones too."""
    published = json.loads((shared_data / "colorado" / f"projection_{county}.json").read_text())
    need = published["housing_need"]
    population = dict(zip(map(str, published["years"]), published["population_dola"], strict=True))
    content = {
        "base_year": published["baseYear"],
        "headship_rate": published["base"]["headship_rate"],
        "target_vacancy": need["target_vacancy"],
    }
    file = tmp_path / f"county.{ending}"
    if ending == "json":
        file.write_text(json.dumps(content | {"population": population}))
    else:
        lines = [f"{key} = {value!r}" for key, value in content.items()]
        years = [f"{year} = {count!r}" for year, count in population.items()]
        file.write_text("\n".join([*lines, "[population]", *years]))
    answer = json.loads(command(file, "--json").stdout)
    assert [list(row) for row in answer] == [["year", "households", "units", "increment"]] * len(population)
    assert [row["year"] for row in answer] == published["years"]
    assert [row["households"] for row in answer] == need["households_dola"]
    assert [row["units"] for row in answer] == need["units_needed_dola"]
    assert [row["increment"] for row in answer] == need["incremental_units_needed_dola"]


def test_colorado_s_replacement_is_its_own_column(shared_data: Path) -> None:
    published = json.loads((shared_data / "colorado" / "projection_08071.json").read_text())
    need = published["housing_need"]
    population = dict(zip(map(str, published["years"]), published["population_dola"], strict=True))
    table = units_needed(
        read_question(
            {
                "base_year": 2024,
                "population": population,
                "households": published["base"]["households"],
                "target_vacancy": need["target_vacancy"],
                "replacement_per_year": need["replacement"]["annual_units"],
            }
        )
    )
    assert table["increment"].tolist() == need["incremental_units_needed_dola"]
    assert table["replacement"].tolist() == pytest.approx(need["replacement"]["cumulative_units"])


def test_stock_and_replacement_stand_beside_the_increment() -> None:
    plain, whole = rows(), rows(stock=500, replacement_per_year=2)
    assert [row["increment"] for row in whole] == [row["increment"] for row in plain]
    assert whole[1]["replacement"] == 12
    assert whole[1]["need"] == pytest.approx(450 / 0.95 - 500 + 12)
    assert plain[1]["increment"] < 0


def test_quotas_by_age_and_by_sex_and_age_and_known_households() -> None:
    ages = {"2024": {"0-19": 40, "20+": 100}, "2030": {"female": {"0-19": 20, "20+": 60}, "male": {"20+": 50}}}
    assert [row["households"] for row in rows(population=ages)] == [70, 65]
    given = {key: value for key, value in SMALL.items() if key != "headship_rate"} | {"population": ages}
    table = units_needed(read_question(given | {"quotas": {"0-19": 0.0, "20+": 0.6}}))
    assert table["households"].tolist() == pytest.approx([60, 66])
    table = units_needed(
        read_question(given | {"quotas": {"all": {"0-19": 0.0, "20+": 0.6}}, "households": {"2030": 70}})
    )
    assert table["households"].tolist() == pytest.approx([60, 70])
    alone = {key: value for key, value in given.items() if key != "population"} | {"population": {"2024": 100}}
    table = units_needed(read_question(alone | {"households": {"2024": 50, "2030": 60}}))
    assert table["households"].tolist() == [50, 60]


numbers = st.floats(0, 1e6)


@settings(max_examples=40, deadline=None)
@given(numbers, numbers, numbers, st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.4), numbers)
def test_the_need_is_monotone_in_what_it_must_be(
    base: float, later: float, more: float, rate: float, higher: float, vacancy: float, extra: float, replaced: float
) -> None:
    def need(**change: float) -> float:
        given = {"later": later, "rate": rate, "vacancy": vacancy, "replaced": 0.0} | change
        content = {
            "base_year": 2024,
            "population": {"2024": base, "2030": given["later"]},
            "headship_rate": given["rate"],
            "target_vacancy": given["vacancy"],
            "stock": 100.0,
            "replacement_per_year": given["replaced"],
        }
        return float(units_needed(read_question(content))["need"].iloc[1])

    slack = 1e-6
    assert need(later=later + more) >= need() - slack
    assert need(rate=max(rate, higher)) >= need() - slack
    assert need(vacancy=vacancy + extra) >= need() - slack
    assert need(replaced=replaced) >= need() - slack


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"base_yr": 2024}, "base_yr: unknown key, did you mean base_year?"),
        ({"base_year": "2024"}, "base_year: must be a whole year"),
        ({"base_year": 2023}, "base_year: 2023 has no population; add population.2023"),
        ({"base_year": 2026}, "population.2024: lies before the base year"),
        ({"target_vacancy": 5}, "target_vacancy: must be below 1, such as 0.05 for 5 %, not 5"),
        ({"target_vacancy": True}, "target_vacancy: must be a number, not True"),
        ({"headship_rate": 1.2}, "headship_rate: must be at most 1, not 1.2"),
        ({"population": {}}, "population: must be a table with at least one row"),
        ({"population": {"2024": float("nan")}}, "population.2024: must be a number, not nan"),
        ({"population": {"last": 3}}, "population.last: must be a year, such as 2024"),
        ({"population": {"2024": {"young": 3}}}, "population.2024.young: is not an age band"),
        ({"population": {"2024": {"women": {"0-4": 3}}}}, "population.2024.women: must be female, male, all"),
        ({"population": {"2024": 10**400}}, "population.2024: is too large a number"),
        ({"population": {"2024": {"20+": 9, "80+": 1}}}, "population.2024: all 20+ and all 80+ tell of the same"),
        (
            {"population": {"2024": {"female": {"0+": 5}, "all": {"0+": 9}}}},
            "population.2024: all 0+ and female 0+ tell of the same",
        ),
        ({"quotas": {"20+": 0.5, "80+": 0.7}}, "quotas: all 20+ and all 80+ tell of the same"),
        ({"quotas": {"0-19": -0.1}}, "quotas.0-19: must be 0 or more, not -0.1"),
        ({"quotas": {"0+": 0.1}}, "quotas: there is a headship_rate too"),
        ({"households": {"2024": "many"}}, "households.2024: must be a number, not 'many'"),
    ],
)
def test_every_fault_is_told_with_its_key_and_the_fix(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as raised:
        read_question(SMALL | change | {"stock": -1})
    lines = str(raised.value).splitlines()
    if "lies before" not in told and "has no population" not in told:
        assert "stock: must be 0 or more, not -1" in lines
        assert any(line.startswith(told) for line in lines), lines
    else:
        with pytest.raises(InputError, match=told.split(":")[0]) as raised:
            read_question(SMALL | change)
        assert told in str(raised.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"quotas": {"0-19": 0.0, "20+": 0.6}}, "population.2024: is a total, but quotas are by age"),
        ({"households": 900}, "households: 900 are more than the 100 persons of 2024"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], told: str) -> None:
    content = {"base_year": 2024, "population": {"2024": 100, "2025": 200}, "target_vacancy": 0.0}
    with pytest.raises(InputError, match=told):
        read_question(content | more)
    assert len(units_needed(read_question(content | {"quotas": {"0+": 0.6}}))) == 2


def test_what_is_missing_is_told_at_once() -> None:
    with pytest.raises(InputError) as raised:
        read_question({})
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "base_year",
        "population",
        "target_vacancy",
    ]
    with pytest.raises(InputError, match=r"headship_rate: is missing; .* or give quotas"):
        read_question({key: value for key, value in SMALL.items() if key != "headship_rate"})


def test_the_command_prints_a_table_in_both_languages_and_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "need.json"
    file.write_text(json.dumps(SMALL))
    assert "homes needed" in command(file, "--lang", "en").stdout
    assert "bostäder som behövs" in command(file).stdout
    file.write_text(json.dumps(SMALL | {"target_vacancy": 2, "stok": 1}))
    told = command(file, code=4).stderr
    assert "2 faults" in told
    assert "did you mean stock?" in told
    file.write_text("{")
    assert "is not JSON" in command(file, code=4).stderr
    file.write_text("[1]")
    assert "no table of keys" in command(file, code=4).stderr
    assert "cannot be read" in command(tmp_path / "none.toml", code=4).stderr
    assert "no ending that fits" in command(tmp_path / "need.txt", code=4).stderr


def test_every_key_is_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "method-need.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"| `{key}` |" in page, key

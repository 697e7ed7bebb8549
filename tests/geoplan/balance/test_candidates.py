from __future__ import annotations

import pandas as pd
import pytest

from geoplan.balance.candidates import plot_measures, renewal_measures
from geoplan.balance.measures import ANY, check_measures
from geoplan.errors import InputError
from geoplan.homes.actions import RenewalStandards

STANDARDS = RenewalStandards(
    ("proposed", "decided", "under_way", "done"), {"vacant_parcel": "new", "gap": "new", "remainder": "reused"}
)

PLOTS = pd.DataFrame(
    [
        ("p1", "P", "vacant_parcel", "a", 2, 1500.0),
        ("p2", "Q", "remainder", "a", 1, 900.0),
        ("p3", "R", "gap", None, 1, 800.0),
    ],
    columns=["id", "parcel", "kind", "area", "homes", "area_m2"],
)


def actions(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["id", "action", "net_dwellings", "status"])
    return table.assign(area="a", year=2030, parcel="P", object=table["id"], type="multi", tenure="unknown")


def test_plots_become_measures() -> None:
    likely = pd.DataFrame([("p1", 2030, 0.5), ("p1", 2035, 0.9), ("p2", 2035, 0.2)], columns=["plot", "year", "likely"])
    costs = pd.DataFrame([("p1", 1.0, 3.0)], columns=["plot", "total_low", "total_high"])
    table = check_measures(plot_measures(PLOTS, standards=STANDARDS, likely=likely, year=2035, costs=costs))
    assert table["id"].tolist() == ["p1", "p2"]
    assert table["likely"].tolist() == [0.9, 0.2]
    assert table["land_new_m2"].tolist() == [1500.0, 0.0]
    assert table["land_reused_m2"].tolist() == [0.0, 900.0]
    assert table["cost_high"].tolist()[0] == 3.0
    assert table["cost_high"].isna().tolist() == [False, True]
    assert set(table["dwelling_type"]) == {"one_or_two"}
    more = plot_measures(PLOTS.assign(homes=9, likely=4.5, cost_high=7.0, tenure="ownership"), standards=STANDARDS)
    said = check_measures(more)[["dwelling_type", "tenure", "likely", "cost_high"]]
    assert said.to_numpy().tolist() == [[ANY, "ownership", 4.5, 7.0]] * 2
    with pytest.raises(InputError, match="of a year"):
        plot_measures(PLOTS, standards=STANDARDS, likely=likely)
    with pytest.raises(InputError, match="castle"):
        plot_measures(PLOTS.assign(kind="castle"), standards=STANDARDS)


def test_actions_that_are_a_choice_become_measures_and_exclude_the_plots_on_their_parcel() -> None:
    rows = actions(
        ("r1", "densify", 4, "proposed"), ("r2", "demolish", -2, "decided"), ("r3", "keep", 0, "proposed"),
        ("r4", "convert", 3, "done"), ("r5", "renovate", 1, "cancelled"),
    )  # fmt: skip
    made = renewal_measures(rows, standards=STANDARDS, plots=PLOTS)
    assert made["id"].tolist() == ["r1", "r2"]
    assert made["land_new_m2"].isna().tolist() == [True, False]
    both = check_measures(pd.concat([plot_measures(PLOTS, standards=STANDARDS), made], ignore_index=True))
    table = both.set_index("id")
    assert table.at["p1", "excludes"] == ("r1", "r2")
    assert table.at["r1", "excludes"] == ("p1",)
    assert table.at["p2", "excludes"] == ()
    assert table.at["r1", "earliest_year"] == 2030
    assert table.at["r2", "homes"] == -2
    assert table.at["r1", "tenure"] == ANY

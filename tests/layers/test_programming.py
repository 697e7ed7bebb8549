"""The release programme from layers through a real database: made, stored, explained, verified."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from geoplan.errors import InputError, NotFoundError
from layers.chain import plan
from layers.database import Database
from layers.lastrun import LastRun
from layers.programming import LastProgramme
from layers.store import Store
from layers.verifying import verify
from tests.releases import PROGRAMME, fill, workspace


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


def released(store: Store) -> pd.DataFrame:
    return store.read("programme_releases").set_index("id")


def test_only_what_is_the_municipalitys_is_released_and_the_rest_says_why(filled: Store) -> None:
    plan(workspace(), filled)
    why = filled.read("programme_left_out").set_index("id")["why"].to_dict()
    assert why == {
        **{f"plots/{n}": "owner" for n in range(5, 9)},
        "plots/9": "owner_unknown",
        "renewal_actions/c": "nothing_to_do",
    }
    measures = filled.read("programme_measures")
    assert set(measures["id"]) == {*(f"plots/{n}" for n in range(5)), "renewal_actions/a", "renewal_actions/b"}
    plan(workspace(programme=PROGRAMME | {"owners": ["private"]}), filled)
    kinds = filled.read("programme_measures").groupby("kind")["id"].agg(list)
    assert kinds["plot"] == [f"plots/{n}" for n in range(5, 9)]


def test_limits_hold_and_the_programme_is_the_best(filled: Store) -> None:
    plan(workspace(), filled)
    result, usage = filled.read("programme_result").iloc[0], filled.read("programme_usage")
    assert (usage["used"] <= usage["allowed"] + 1e-9).all()
    assert (result["status"], result["stopped"], result["gap"]) == ("optimal", False, 0.0)
    assert usage.query("limit == 'measures'")["used"].tolist() == [2.0, 2.0, 2.0]
    # The two actions bring a whole home each, a plot less than half of one.
    assert {"renewal_actions/a", "renewal_actions/b"} <= set(released(filled).index)
    assert result["served"] == pytest.approx(released(filled)["likely"].sum())
    # What nobody knows the cost of is not free.
    assert np.isnan(released(filled).at["renewal_actions/a", "cost"])
    assert np.isnan(result["cost"])


def test_the_need_is_what_is_left_by_what_comes_anyway(filled: Store) -> None:
    plan(workspace(), filled)
    assert filled.read("programme_needs")["homes"].sum() == pytest.approx(8)
    actions = filled.read("renewal_actions")
    # What is under way is no choice any more: it serves three, and the programme is asked for the rest.
    begun = actions.assign(status=["under_way", "proposed", "decided"], net_dwellings=[3, 1, 0])
    filled.write("renewal_actions", begun)
    plan(workspace(), filled)
    assert filled.read("programme_needs")["homes"].sum() == pytest.approx(5)
    assert filled.read("programme_left_out").set_index("id").at["renewal_actions/a", "why"] == "begun"


def test_the_ledger_and_the_account_are_those_of_the_programme(filled: Store) -> None:
    plan(workspace(), filled)
    rows = released(filled)
    ledger = filled.read("land_ledger")
    whole = ledger[ledger["area"].eq("*")].set_index("year")
    for year, mine in rows.groupby("year"):
        assert whole.at[year, "new_ha"] == pytest.approx(mine["land_new_m2"].sum() / 10_000)
        assert whole.at[year, "reused_ha"] == pytest.approx(mine["land_reused_m2"].sum() / 10_000)
        assert whole.at[year, "dwellings"] == mine["homes"].sum()
    supply = filled.read("supply").set_index("id")
    assert (supply.loc[rows.index, "year"].astype(int) == rows["year"]).all()
    assert set(supply.loc[rows.index, "stage"]) == {"decided"}
    assert set(supply.drop(rows.index)["stage"]) == {"planned"}


def test_a_released_plot_displaces_the_action_on_its_land(filled: Store) -> None:
    actions = filled.read("renewal_actions")
    # The action is worth less than the plot, and both are on parcel 1.
    filled.write("renewal_actions", actions.assign(net_dwellings=[1, 0, 0], year=2028))
    plan(workspace(programme=PROGRAMME | {"limits": {"measures": 9}}), filled)
    assert "plots/1" in released(filled).index
    assert "renewal_actions/b" not in released(filled).index
    ids = set(filled.read("supply")["id"])
    assert "plots/1" in ids
    assert "renewal_actions/b" not in ids
    whole = filled.read("land_ledger").query("area == '*'")
    assert whole[whole["year"].isna()]["new_ha"].iloc[0] == pytest.approx(5 * 0.16)


def test_a_gap_of_supply_is_closed_or_said_to_be_missing(filled: Store) -> None:
    plan(workspace(programme=PROGRAMME | {"years_of_supply": 1}), filled)
    targets, chosen = filled.read("programme_gap_targets"), filled.read("programme_gap")
    assert set(targets["status"]) == {"optimal"}
    assert set(targets["answer"]) == {1, 2}
    assert targets["missing"].eq(0).all()
    first = chosen[chosen["answer"] == 1]
    row = targets[targets["answer"] == 1].iloc[0]
    assert row["homes"] == pytest.approx(row["per_year"] - row["supply"])
    assert first["likely"].sum() == pytest.approx(row["reached"])
    assert row["reached"] >= row["homes"]
    assert set(first["id"]) != set(chosen[chosen["answer"] == 2]["id"])
    last = LastProgramme.of(filled)
    again = last.close(1)
    pd.testing.assert_frame_equal(again.measures, chosen, check_dtype=False)
    pd.testing.assert_frame_equal(again.targets, targets, check_dtype=False)
    more = last.close(50)
    assert more.answers[0].status == "infeasible"
    assert more.targets["missing"].sum() > 0
    assert len(more.to_dict()["answers"]) == 1
    with pytest.raises(InputError, match="number of years"):
        last.close(0)


def test_what_is_in_and_what_is_out_is_explained(filled: Store) -> None:
    run = plan(workspace(), filled).run
    last = LastProgramme.of(filled)
    stored = filled.read("programme_result").iloc[0]
    assert (last.programme.objective, last.programme.gap) == (stored["objective"], stored["gap"])
    inside = last.explain("renewal_actions/a")
    assert inside.explained is not None
    assert (inside.run, inside.explained.released, inside.why) == (run.id, 2028, ("serves",))
    assert "Without it" in inside.text("en")
    assert "Utan den" in inside.text("sv")
    assert inside.to_dict()["releasable"] is True
    # Plot 1 cannot go together with the action on its land; its name alone will do.
    outside = last.explain("1")
    assert outside.id == "plots/1"
    assert outside.why == ("excluded",)
    private = last.explain("plots/5")
    assert (private.why, private.explained) == (("owner",), None)
    assert private.to_dict()["releasable"] is False
    assert "ägs inte" in private.text("sv")
    assert "not of an owner" in private.text("en")
    with pytest.raises(NotFoundError, match="no plot, gap or action 'plots/77'") as caught:
        last.explain("plots/77")
    assert caught.value.hint == "`geoplan export programme_measures FILE.csv` lists all."


def test_a_limit_that_stops_a_measure_is_named(filled: Store) -> None:
    plan(workspace(programme=PROGRAMME | {"limits": {"measures": 1}}), filled)
    out = set(filled.read("programme_measures")["id"]) - set(released(filled).index) - {"plots/1"}
    told = LastProgramme.of(filled).explain(min(out))
    assert told.why == ("measures",)
    assert told.explained is not None
    assert dict(told.explained.more) == {"measures": 1.0}


def test_a_run_with_a_programme_is_recomputed_to_the_digit(filled: Store) -> None:
    run = plan(workspace(), filled).run
    result = verify(filled, run=run.id)
    assert result.equal
    assert (result.stopped, result.reasons) == (False, ())
    assert result.to_dict()["reasons"] == []


def test_a_programme_that_ran_out_of_time_says_so_and_verify_says_why_it_differs(
    filled: Store, database: Database
) -> None:
    run = plan(workspace(), filled).run
    # As a slower machine would have left it: another programme, and time that ran out.
    with database.engine.begin() as connection:
        for layer, name, value in (("programme_result", "stopped", "true"), ("programme_result", "objective", "1")):
            connection.execute(
                sa.text(
                    f"UPDATE geoplan.feature SET properties = jsonb_set(properties, '{{{name}}}', '{value}') WHERE"
                    f" version_id = (SELECT id FROM geoplan.layer_version WHERE layer = '{layer}')"
                )
            )
    stored = filled.rehash("programme_result", version=1)
    with database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE geoplan.run SET outputs = jsonb_set(outputs, '{programme_result,content_hash}', :hash)"),
            {"hash": f'"{stored}"'},
        )
    result = verify(filled, run=run.id)
    assert not result.equal
    assert result.stopped
    assert "ran out of time" in result.reasons[0].en
    assert "tog slut på tid" in result.reasons[0].sv


def test_no_time_at_all_is_told_in_the_notes(filled: Store) -> None:
    hasty = {"programme": {"time_limit": 0}}
    run = plan(workspace(assumptions=hasty), filled).run
    result = filled.read("programme_result").iloc[0]
    told = any("Time for the programme ran out" in note["en"] for note in run.notes)
    assert told == bool(result["stopped"])


def test_without_a_programme_need_or_owners_it_is_said(filled: Store) -> None:
    def notes(**changes: Any) -> str:
        return " ".join(note["en"] for note in plan(workspace(**changes), filled).run.notes)

    assert "[programme] is missing" in notes(programme=None)
    assert "programme_releases" not in LastRun.of(filled).run.outputs
    with pytest.raises(NotFoundError, match="no release programme"):
        LastProgramme.of(filled)
    parcels = filled.read("parcels")
    filled.write("parcels", parcels.drop(columns="owner_kind"))
    assert "owners of the parcels are unknown" in notes()
    assert set(filled.read("programme_measures")["kind"]) == {"renewal"}
    quotas = filled.current("household_quotas")
    assert quotas is not None
    filled.write("household_quotas", filled.read("household_quotas"))
    assert "No release programme" not in notes(programme=PROGRAMME | {"years": [2027]})


def test_a_cost_in_another_currency_is_unknown(filled: Store) -> None:
    actions = filled.read("renewal_actions")
    foreign = actions.assign(cost_low=[1e5, 1e5, None], cost_high=[2e5, 2e5, None], currency=["EUR", "SEK", None])
    filled.write("renewal_actions", foreign)
    run = plan(workspace(programme=PROGRAMME | {"totals": {"budget": 1e6}}), filled).run
    assert any("another currency" in note["en"] for note in run.notes)
    measures = filled.read("programme_measures").set_index("id")
    assert np.isnan(measures.at["renewal_actions/a", "cost_high"])
    assert measures.at["renewal_actions/b", "cost_high"] == 2e5
    assert "renewal_actions/a" not in released(filled).index
    usage = filled.read("programme_usage").query("limit == 'budget'").iloc[0]
    assert 0 < usage["used"] <= usage["allowed"] == 1e6
    assert LastProgramme.of(filled).explain("renewal_actions/a").why == ("cost_unknown",)


def test_an_island_whose_gates_take_no_more_releases_nothing(filled: Store) -> None:
    gates = pd.DataFrame(
        {"area": "0", "gate": ["water", "sewage", "quay", "school"], "capacity_homes": 5.0, "used_homes": 5.0}
    )
    filled.write("island_gates", gates)
    plan(workspace(), filled)
    assert filled.read("programme_measures").empty
    assert filled.read("programme_releases").empty
    why = filled.read("programme_left_out").set_index("id")["why"]
    assert why["plots/0"] == why["renewal_actions/a"] == "gate"
    assert filled.read("programme_result").iloc[0]["served"] == 0
    assert verify(filled).equal
    filled.write("island_gates", gates.assign(used_homes=4.0))
    run = plan(workspace(), filled).run
    assert any("more homes than the gates" in note["en"] for note in run.notes)

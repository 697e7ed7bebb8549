"""The plot record: every field once, in both languages, and what the plan and the shore say."""

import datetime as dt

import pandas as pd

from geoplan.land.rules import RuleSet
from geoplan.maps.records import plot_records, said
from geoplan.plots.record import RECORD, RECORD_NAMES, complete_plots, plan_status, shore_protection

DAY = dt.date(2026, 3, 1)
PLOTS = pd.DataFrame(
    {
        "id": ["a", "b-1", "b-2", "c"],
        "parcel": ["a", "b", "b", "c"],
        "plan_id": ["P1", None, None, "P2"],
        "plan_homes": ["allowed", "unknown", "none", "allowed"],
    },
    index=[4, 2, 7, 1],
)
PLANS = pd.DataFrame({"id": ["P1", "P1", "P2"], "in_force": ["2030-01-01", "1980-05-01", "2027-01-01"]})
REASONS = pd.DataFrame(
    {
        "parcel": ["a", "a", "c", "c"],
        "rule": ["coast", "coast", "coast", "farm"],
        "basis": ["lifted", "computed_general", "lifted", "decided"],
    }
)
TEXT = {"sv": "x", "en": "x"}
RULES = RuleSet.from_mapping(
    {
        "name": "t",
        "title": TEXT,
        "description": TEXT,
        "rules": [
            {
                "id": name,
                "title": TEXT,
                "layer": layer,
                "operation": operation,
                "severity": "needs_exemption",
                "legal_basis": TEXT,
                "source": "t",
                **more,
            }
            for name, layer, operation, more in (
                ("coast", "water", "shore_zone", {"distance_m": 100}),
                ("farm", "farmland", "inside", {}),
            )
        ],
    }
)


def test_every_field_has_a_name_of_its_own_and_a_title_in_both_languages() -> None:
    assert len(set(RECORD_NAMES)) == len(RECORD)
    for field in RECORD:
        assert field.title.sv
        assert field.title.en
        assert not field.unit or field.kind == "number"


def test_names_in_the_register_come_from_the_parcel() -> None:
    parcels = pd.DataFrame({"id": ["a", "b"], "designation": ["A 1:1", None], "property": ["u1", "u2"]})
    told = complete_plots(PLOTS, as_of=DAY, parcels=parcels, municipality_code="2182")
    assert told["designation"].tolist() == ["A 1:1", None, None, None]
    assert told["property"].tolist() == ["u1", "u2", "u2", None]
    assert set(told["municipality_code"]) == {"2182"}
    assert told.index.tolist() == PLOTS.index.tolist()
    pd.testing.assert_frame_equal(complete_plots(told, as_of=DAY, parcels=parcels, municipality_code="2182"), told)
    bare = complete_plots(PLOTS, as_of=DAY)
    assert bare["designation"].isna().all()
    assert "designation" not in PLOTS


def test_a_plan_is_in_force_from_its_first_day_on() -> None:
    assert plan_status(PLOTS, PLANS, as_of=DAY).tolist() == ["in_force", "unknown", "none", "coming"]
    assert plan_status(PLOTS, None, as_of=DAY).tolist() == ["unknown", "unknown", "none", "unknown"]
    assert plan_status(PLOTS[["id"]], PLANS, as_of=DAY).tolist() == ["none"] * 4


def test_what_is_written_of_a_plan_counts_before_its_date() -> None:
    plans = PLANS.assign(status=["repealed", "repealed", "in_force"])
    assert plan_status(PLOTS, plans, as_of=DAY).tolist() == ["repealed", "unknown", "none", "coming"]
    for status, told in (("in_force", "in_force"), ("adopted", "coming"), ("in_preparation", "coming")):
        undated = pd.DataFrame({"id": ["P1", "P2"], "status": [status, None]})
        assert plan_status(PLOTS, undated, as_of=DAY).tolist() == [told, "unknown", "none", "unknown"]
    several = PLANS.assign(status=["repealed", None, None])
    assert plan_status(PLOTS, several, as_of=DAY).tolist()[0] == "in_force"


def test_shore_protection_is_never_a_plain_no() -> None:
    told = shore_protection(PLOTS, REASONS, RULES)
    assert told.tolist() == ["computed_general", "none", "none", "lifted"]
    assert set(shore_protection(PLOTS, None, RULES)) == {"unknown"}
    assert set(shore_protection(PLOTS, REASONS, None)) == {"unknown"}
    unasked = shore_protection(PLOTS, REASONS.iloc[3:], RULES, unknown=("coast",))
    assert set(unasked) == {"unknown"}


def test_a_page_leaves_out_what_nobody_has_said() -> None:
    plots = PLOTS.assign(
        area_m2=1.0, status="unknown", sale_form="unknown", price_kind="unknown", offer_basis="default"
    )
    record = said(plot_records(plots, None)[0])
    assert record == {
        "id": "a",
        "parcel": "a",
        "area_kind": "unknown",
        "status": "unknown",
        "area_m2": 1,
        "plan_id": "P1",
        "plan_homes": "allowed",
        "unknown": [],
        "reasons": [],
    }
    offered = said(plot_records(plots.assign(offer_basis="offer"), None)[0])
    assert (offered["sale_form"], offered["offer_basis"]) == ("unknown", "offer")

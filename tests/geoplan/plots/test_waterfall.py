import numpy as np
import shapely
from place import frame, make_rule, make_rules

from geoplan.land.buildable import buildable_land
from geoplan.land.constraints import build_constraints
from geoplan.plots.search import PlotSearch, PlotStandards, find_plots
from geoplan.plots.waterfall import waterfall


def test_what_is_taken_because_something_is_unknown_is_a_step_of_its_own() -> None:
    rule = make_rule(
        id="shore",
        layer="water",
        operation="shore_zone",
        severity="needs_exemption",
        distance_m=10,
        parameters={"stream_min_width_m": 2},
    )
    water = frame(
        [shapely.LineString([(-50, 0), (100, 0)]), shapely.LineString([(-50, 100), (100, 100)])],
        kind="stream",
        width_m=[3.0, None],
    )
    parcels = frame([shapely.box(0, 0, 40, 100)])
    layers = {"water": water, "parcels": parcels}
    constraints = build_constraints(make_rules(rule), layers)
    buildable = buildable_land(parcels, constraints)
    search: PlotSearch = find_plots(
        parcels,
        buildable,
        layers | {"buildings": frame(np.empty(0, dtype=object))},
        standards={kind: PlotStandards(min_area_m2=1, min_width_m=1) for kind in ("town", "rural", "archipelago")},
    )
    table = waterfall(buildable, constraints, search).set_index("step")
    assert table["area_m2"].round(6).to_dict() == {
        "parcels": 4_000.0,
        "shore": -400.0,
        "shore:investigate": -400.0,
        "buildable": 3_200.0,
        "plots": 3_200.0,
    }
    assert table["severity"].dropna().to_dict() == {"shore": "needs_exemption", "shore:investigate": "investigate"}
    assert table.loc["shore:investigate", "title_en"] == "en: unknown whether it holds"

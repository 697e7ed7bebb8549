"""How Swedish provisions are read."""

import pytest

from geoplan.errors import SettingsError
from layers.readings import load_readings, shipped_readings

AREA = "DP_KM_Eg_Utnytt_StorstaArea"
HEIGHT = "DP_KM_Eg_Hojd_HogstaHojd_"


@pytest.mark.parametrize(
    ("code", "quantity", "unit", "of", "per"),
    [
        (f"{AREA}Proc_ByggnadsEgen", "building_area", "%", "provision_area", "property"),
        (f"{AREA}Proc_BruttoEgen", "gross_floor_area", "%", "provision_area", "property"),
        (f"{AREA}Proc_ByggnadsAnv", "building_area", "%", "use_area", "property"),
        (f"{AREA}Proc_BruttoAnv", "gross_floor_area", "%", "use_area", "property"),
        (f"{AREA}Kvm_BruttoFastigh", "gross_floor_area", "m²", None, "property"),
        (f"{AREA}Kvm_Byggnadsarea", "building_area", "m²", "provision_area", "area"),
        (f"{AREA}Kvm_Brutto", "gross_floor_area", "m²", "provision_area", "area"),
    ],
)
def test_the_denominator_is_the_codes(code, quantity, unit, of, per):
    reading = load_readings("sweden")[code]
    assert (reading.quantity, reading.unit, reading.of, reading.per) == (quantity, unit, of, per)


def test_a_ridge_is_measured_from_the_ground_or_from_a_level():
    readings = load_readings("sweden")
    assert readings[f"{HEIGHT}Nockhojd"].height_reference == "ground"
    assert readings[f"{HEIGHT}NockhojdNollplan"].height_reference == "datum"


def test_every_reading_has_a_source_and_only_limits_upwards_or_plot_sizes_are_read():
    for name in shipped_readings():
        for code, reading in load_readings(name).items():
            assert reading.source, code
            assert "Minsta" not in code or reading.quantity == "plot_min"


def test_an_unknown_table_is_refused():
    with pytest.raises(SettingsError, match="sweden"):
        load_readings("swedem")

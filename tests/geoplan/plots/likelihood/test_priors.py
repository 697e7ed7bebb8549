import pytest
from likely import FLAT, flat, shipped

from geoplan.errors import InputError
from geoplan.plots.likelihood.priors import KINDS, OWNERS, PLANS, Priors


def test_the_priors_that_ship_are_whole_and_the_hazard_is_the_product() -> None:
    cells = Priors.from_values(shipped("priors")).cells().set_index("cell")["hazard"]
    assert len(cells) == len(KINDS) * len(OWNERS) * len(PLANS)
    assert cells["vacant_parcel/private/no"] == pytest.approx(0.035 * 0.5 * 0.3)
    assert cells["subdivided/unknown/yes"] == 0.01
    assert cells.between(0, 0.5, inclusive="right").all()


def test_the_hazards_with_a_source_are_what_the_sources_say() -> None:
    values = shipped("priors")["yearly_hazard"]
    assert 1 - (1 - values["vacant_parcel"]) ** 8 == pytest.approx(0.25, abs=0.005)
    assert 1 - (1 - values["remainder"]) ** 5 == pytest.approx(0.012, abs=0.0005)


def test_no_hazard_is_higher_than_the_highest() -> None:
    cells = flat(owner_factor=FLAT["owner_factor"] | {"company": 40.0}).cells().set_index("cell")["hazard"]
    assert cells["gap/company/yes"] == 0.5
    assert cells["gap/state/yes"] == 0.05


def test_every_fault_is_told_at_once() -> None:
    wrong = {name: value for name, value in FLAT.items() if name != "seed"}
    wrong |= {"plan_factor": {"yes": 1.0, "no": -1}, "draws": "many"}
    with pytest.raises(InputError, match=r"seed is missing.*plan_factor\.no.*draws must be a number"):
        Priors.from_values(wrong)
    with pytest.raises(InputError, match="highest_hazard must be below 1"):
        flat(highest_hazard=1.0)

"""A verdict follows from measurements: made-up ones of each kind give each verdict."""

import pytest
from tests.claims.synthetic import BY_CLAIM, measurements

from keras_cnn.claims import CLAIMS

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.slug)


def verdict(claim, changes=()):
    made = BY_CLAIM[claim.id]
    return claim.verdict(measurements({**made.true, **dict(changes)}))


def test_the_sixteen_claims_are_all_there_in_their_order():
    assert [claim.id for claim in CLAIMS] == list(range(1, 17))
    assert len({claim.slug for claim in CLAIMS}) == 16


@each_claim
def test_measurements_as_the_claim_says_make_it_hold(claim):
    found = verdict(claim)
    assert found.ruling == "holds"
    assert found.correction == ""


@each_claim
def test_measurements_of_the_opposite_kind_refute_it(claim):
    found = verdict(claim, BY_CLAIM[claim.id].false)
    assert found.ruling == "does not hold"
    assert found.correction


@each_claim
def test_a_wrong_wording_is_corrected(claim):
    changes = BY_CLAIM[claim.id].corrected
    wordings = [part for part in verdict(claim).parts if not part.refutes]
    assert (changes is not None) == bool(wordings)
    if changes is not None:
        found = verdict(claim, changes)
        assert found.ruling == "holds with a correction"
        assert found.correction


@each_claim
def test_an_interval_across_the_bound_leaves_it_undecided(claim):
    assert verdict(claim, BY_CLAIM[claim.id].between).ruling == "undecided"


@each_claim
def test_quick_settings_are_settings_and_name_at_least_five_seeds(claim):
    assert set(claim.quick) <= set(claim.settings)
    assert 5 <= claim.quick["seeds"] <= claim.settings["seeds"]

"""A verdict follows from measurements, and from nothing else."""

import numpy as np
import pytest

from keras_cnn.claims import CLAIMS, Estimate, Statement, Verdict

from .made_up import CORRECTED, HOLDING, OPPOSITE, measurements

by_number = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.slug)


@by_number
def test_a_claim_that_is_borne_out_holds(claim):
    verdict = claim.verdict(measurements(HOLDING[claim.id]))
    assert verdict.ruling == "holds"
    assert verdict.correction == ""


@by_number
def test_the_opposite_measurements_give_the_opposite_verdict(claim):
    numbers = HOLDING[claim.id] | OPPOSITE[claim.id]
    verdict = claim.verdict(measurements(numbers))
    assert verdict.ruling == "does not hold"
    assert verdict.correction


@pytest.mark.parametrize(
    "claim",
    [claim for claim in CLAIMS if claim.id in CORRECTED],
    ids=lambda claim: claim.slug,
)
def test_what_is_wrong_beside_the_core_is_a_correction(claim):
    numbers = HOLDING[claim.id] | CORRECTED[claim.id]
    verdict = claim.verdict(measurements(numbers))
    assert verdict.ruling == "holds with a correction"
    assert verdict.correction


@by_number
def test_seeds_that_disagree_leave_a_claim_undecided(claim):
    made = measurements(HOLDING[claim.id], changes=OPPOSITE[claim.id])
    assert claim.verdict(made).ruling == "undecided"


@by_number
def test_every_statement_says_what_is_true_instead(claim):
    for statement in claim.judge(measurements(HOLDING[claim.id])):
        assert (
            statement.text.endswith(".") and statement.effect and statement.correction
        )
        assert np.isfinite(statement.min_value) or np.isfinite(statement.max_value)


def statement(low, high, *, refutes=True, **bounds):
    found = Estimate((low + high) / 2, low, high)
    return Statement(
        "It is so.", "effect", found, correction="No.", refutes=refutes, **bounds
    )


@pytest.mark.parametrize(
    ("low", "high", "bounds", "outcome"),
    [
        (2.0, 3.0, {"min_value": 1.0}, "yes"),
        (0.0, 0.5, {"min_value": 1.0}, "no"),
        (0.5, 3.0, {"min_value": 1.0}, "undecided"),
        (0.0, 0.5, {"max_value": 1.0}, "yes"),
        (2.0, 3.0, {"max_value": 1.0}, "no"),
        (-0.5, 0.5, {"min_value": -1.0, "max_value": 1.0}, "yes"),
        (-3.0, -2.0, {"min_value": -1.0, "max_value": 1.0}, "no"),
        (-2.0, 2.0, {"min_value": -1.0, "max_value": 1.0}, "undecided"),
    ],
)
def test_an_interval_is_within_a_bound_beyond_it_or_across(low, high, bounds, outcome):
    assert statement(low, high, **bounds).outcome == outcome


def test_a_claim_falls_with_its_core_alone():
    yes, no = statement(2, 3, min_value=1), statement(0, 0.5, min_value=1)
    beside, unsure = (
        statement(0, 0.5, min_value=1, refutes=False),
        statement(0, 2, min_value=1),
    )
    assert Verdict((yes, yes)).ruling == "holds"
    assert Verdict((yes, no)).ruling == "does not hold"
    assert Verdict((yes, beside)).ruling == "holds with a correction"
    assert Verdict((yes, unsure)).ruling == "undecided"
    assert Verdict((no, unsure)).ruling == "does not hold"
    assert Verdict((yes, beside)).correction == "No."

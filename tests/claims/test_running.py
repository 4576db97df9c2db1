"""Settings are checked before anything runs; a result is what was measured, judged."""

import dataclasses

import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.claims import (
    CLAIMS,
    Claim,
    Estimate,
    Measurements,
    Statement,
    run,
)
from keras_cnn.claims.report import about, record
from keras_cnn.claims.running import settings_of

_SETTINGS = {"seeds": 8, "steps": 100, "rate": 0.1, "kind": "max"}


def _measure(settings, progress):
    progress(0.5)
    progress(1.0)
    return Measurements(
        {"size": np.full(settings["seeds"], settings["rate"])}, data="x"
    )


def _judge(measured):
    size = measured["size"].mean()
    return (
        Statement("It is large.", "size", Estimate(size, size, size), min_value=1.0),
    )


CLAIM = Claim(
    id=99,
    title="Size",
    section="Nowhere",
    statement="It is large.",
    refuted_by="A small one.",
    method="Look.",
    settings=_SETTINGS,
    quick={"seeds": 5, "steps": 10},
    measure=_measure,
    judge=_judge,
    draw=lambda measured, figure: None,
)
OTHER = dataclasses.replace(CLAIM, id=98, settings={"seeds": 8, "side": 3}, quick={})


def test_a_quick_run_changes_what_the_claim_names():
    assert settings_of([CLAIM])[99] == _SETTINGS
    assert settings_of([CLAIM], quick=True)[99] == _SETTINGS | {"seeds": 5, "steps": 10}


def test_a_change_goes_to_every_claim_that_has_the_setting():
    changes = {"rate": "2", "steps": "7", "kind": "average"}
    found = settings_of([CLAIM, OTHER], quick=True, seeds=6, changes=changes)
    assert found == {
        99: {"seeds": 6, "steps": 7, "rate": 2.0, "kind": "average"},
        98: {"seeds": 6, "side": 3},
    }
    assert isinstance(found[99]["rate"], float)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"stepz": "3"}, "`set` must name a setting of the claim: kind, rate, seeds, "),
        ({"steps": "0"}, "`steps` must be"),
        ({"steps": "2.5"}, "`steps` must be a whole number. Received: steps='2.5'."),
        ({"rate": "fast"}, "`rate` must be a number. Received: rate='fast'."),
        ({"rate": "-1"}, "`rate` must be"),
        ({"rate": "nan"}, "`rate` must be"),
        ({"seeds": "4"}, "`seeds` must be"),
    ],
)
def test_a_bad_change_is_refused(changes, rule):
    with pytest.raises(InputError) as raised:
        settings_of([CLAIM], changes=changes)
    assert rule in str(raised.value)


def test_a_misspelt_setting_is_told_its_name():
    with pytest.raises(InputError, match="steps"):
        settings_of([CLAIM], changes={"stepz": "3"})


@pytest.mark.parametrize(
    ("settings", "rule"),
    [({"stepz": 3}, "Did you mean"), ({"seeds": 4}, ">= 5"), ({"rate": 0.0}, "> 0")],
)
def test_run_refuses_a_setting_before_it_measures(settings, rule):
    shares = []
    with pytest.raises(InputError, match=rule):
        run(CLAIM, settings, shares.append)
    assert not shares


def test_run_takes_what_differs_from_the_full_run():
    assert run(CLAIM).extent == "full"
    assert run(CLAIM, CLAIM.quick).extent == "quick"
    assert run(CLAIM, {"rate": 2.0}).settings == _SETTINGS | {"rate": 2.0}


def test_fewer_than_five_seeds_are_refused():
    with pytest.raises(InputError, match="`seeds` must be"):
        settings_of([CLAIM], seeds=4)


@pytest.mark.parametrize(("rate", "ruling"), [(2.0, "holds"), (0.5, "does not hold")])
def test_the_verdict_is_of_what_was_measured(rate, ruling):
    shares = []
    result = run(CLAIM, _SETTINGS | {"rate": rate}, shares.append)
    assert result.verdict.ruling == ruling
    assert shares == [0.5, 1.0]
    assert result.seconds >= 0
    written = record(result)
    assert written["id"] == 99 and written["verdict"] == ruling
    assert written["effect"] == rate and written["interval"] == [rate, rate]
    assert written["seeds"] == 8


@pytest.mark.parametrize(
    ("given", "extent", "words"),
    [
        ({}, "full", "A full run."),
        ({"quick": True}, "quick", "A quick run"),
        ({"seeds": 20}, "changed", "Settings stand with each claim."),
    ],
)
def test_a_result_says_which_run_it_is_of(given, extent, words):
    result = run(CLAIM, settings_of([CLAIM], **given)[99], lambda share: None)
    assert result.extent == extent
    assert record(result)["run"] == extent
    assert about([result]).startswith(words)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.slug)
def test_a_quick_run_is_of_the_same_settings_and_of_enough_seeds(claim):
    assert set(claim.quick) <= set(claim.settings)
    full, quick = settings_of([claim]), settings_of([claim], quick=True)
    assert 5 <= quick[claim.id]["seeds"] <= full[claim.id]["seeds"]

"""A few of the labelled programs that `benchmarks/doctor.py` scores, the quickest."""

import sys
from pathlib import Path

import pytest

from keras_cnn.doctor import diagnose, lint

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FAULTY = (
    "ask-iris-1-3",  # labels 1..3
    "ask-iris-below-0",
    "ask-words-beyond",  # word numbers that the embedding has no row for
    "ask-diabetes-nan",
    "ask-wine-raw",
    "ask-tower-frozen",  # siamese, frozen after compile
    "ask-encoder-again",  # validation labels numbered otherwise
    "ask-forgetful",  # a train_step that applies nothing
    "ask-head-only",  # a train_step that trains one bias
    "ask-pixels-axis",  # softmax over the wrong axis by a Lambda
)
HEALTHY = (
    "learn-iris-few",
    "learn-transferred",  # on a frozen base
    "learn-word-vectors",  # frozen, too
    "learn-similar",  # two texts, a contrastive loss
    "learn-weighted-batches",  # a PyDataset
    "learn-ten-dense-he",
)


@pytest.fixture(scope="module")
def cases():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from doctor_cases import CASES
    finally:
        sys.path.remove(str(BENCHMARKS))
    return CASES


def diagnosed(case):
    built = case.build(0)
    plan = {"batch_size": case.batch_size, "epochs": case.epochs, **built.options}
    # More than is needed, however slow the machine is.
    return diagnose(built.model, built.x, built.y, **plan, budget_seconds=120)


@pytest.mark.parametrize("name", FAULTY)
def test_the_cause_comes_first(cases, name):
    diagnosis = diagnosed(cases[name])
    assert diagnosis.verdict == "faulty"
    assert diagnosis.findings[0].code in cases[name].faults
    assert diagnosis.findings[0].counts


@pytest.mark.parametrize("name", HEALTHY)
def test_a_tutorial_is_not_called_ill(cases, name):
    built = cases[name].build(0)
    assert [one.code for one in lint(built.model, built.x, built.y) if one.counts] == []
    diagnosis = diagnosed(cases[name])
    assert [one.code for one in diagnosis.findings if one.counts] == []
    assert diagnosis.verdict != "faulty"

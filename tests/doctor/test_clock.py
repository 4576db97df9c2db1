"""The clock decides how much is looked at, never what is true."""

import itertools

import keras
import pytest

from keras_cnn.doctor import diagnose

# Seconds that pass whenever the doctor looks at the clock: the same program on
# machines each four times slower than the one before, down to one too slow for it.
TICKS = (0.005, 0.02, 0.08, 0.32, 1.28)


@pytest.fixture
def ticking(monkeypatch):
    """Sets a clock that goes on by as many seconds at each look."""

    def tick(seconds):
        looks = itertools.count()
        monkeypatch.setattr("keras_cnn.doctor.clock.now", lambda: next(looks) * seconds)

    return tick


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "healthy"),
        ({"optimizer": keras.optimizers.Adam(1e-6)}, "faulty"),
        ({"kernel_initializer": "zeros"}, "faulty"),
    ],
    ids=["healthy", "low-rate", "zeros"],
)
def test_a_slower_machine_gives_the_same_verdict_or_none(
    blobs, make, ticking, changes, verdict
):
    model = make(16, 3, **changes)
    verdicts, updates = [], []
    for seconds in TICKS:
        ticking(seconds)
        diagnosis = diagnose(model, *blobs, epochs=40)
        verdicts.append(diagnosis.verdict)
        updates.append(diagnosis.updates)
        assert diagnosis.verdict != "undecided" or "budget" in diagnosis.reason
    assert verdicts[0] == verdict
    assert set(verdicts) <= {verdict, "undecided"}
    assert updates[-1] < updates[0]  # the clock was slow enough to matter

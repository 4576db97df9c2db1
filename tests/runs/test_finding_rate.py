"""A range test of learning rates: what it suggests, and that it leaves nothing."""

import numpy as np
import pytest

from keras_cnn.runs import RunConfig, find_rate
from keras_cnn.runs.finding_rate import judged, smoothed


def test_losses_are_averaged_without_a_pull_to_zero():
    # By hand: 1; (0.9 * 0.1 * 1 + 0.1 * 3) / 0.19; and of a constant the constant.
    assert smoothed([1.0, 3.0]) == pytest.approx([1.0, 0.39 / 0.19])
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)


def test_a_tenth_of_the_rate_at_the_lowest_loss_is_suggested():
    rates = np.geomspace(1e-6, 1, 100)
    # Falls until 0.01, then rises steeply: the average is lowest there.
    losses = np.where(rates < 0.01, 2 - np.log10(rates / 1e-6) / 4, 50.0)
    test = judged(rates, [*losses[:-1], np.nan])
    lowest = rates[rates < 0.01][-1]
    assert test.suggested == pytest.approx(lowest / 10)
    assert len(test.rates) == len(test.losses) == 99
    assert judged(rates, np.full(100, 2.3)).suggested is None
    assert judged(rates, [np.nan]).suggested is None


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_a_test_of_digits_suggests_a_rate_that_adam_takes(schedule):
    config = RunConfig(
        dataset="digits", limit=256, schedule=schedule, learning_rate=0.1
    )
    test = find_rate(config)
    assert 1e-5 < test.suggested < 3e-2
    assert test.rates[0] == pytest.approx(1e-6)

"""Intervals and corrections, against what theory or SciPy says."""

import numpy as np
import pytest
from scipy import stats

from keras_cnn.claims.statistics import comparisons, difference, estimate, holm, ratio


def test_an_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        found = estimate(rng.normal(3.0, 2.0, 6))
        covered += found.low <= 3.0 <= found.high
    # 0.95, give or take what 400 draws and six seeds allow.
    assert 0.91 <= covered / 400 <= 0.985


def test_an_interval_of_many_is_students():
    values = np.random.default_rng(1).normal(size=200)
    error = stats.sem(values)
    low, high = stats.t.interval(0.95, 199, values.mean(), error)
    found = estimate(values)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(low, abs=0.05 * error)
    assert found.high == pytest.approx(high, abs=0.05 * error)


def test_pairs_take_away_what_seeds_share():
    seeds = np.array([1.0, 5.0, 9.0, 2.0, 7.0])
    found = difference(seeds + 0.5, seeds)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    found = ratio(3 * seeds, seeds)
    assert found.low == pytest.approx(3) and found.high == pytest.approx(3)


def test_holms_correction_by_hand():
    rng = np.random.default_rng(2)
    base = rng.normal(size=8)
    arms = {str(shift): base + shift + 0.5 * rng.normal(size=8) for shift in (0, 1, 2)}
    raw = {name: stats.ttest_rel(one, base).pvalue for name, one in arms.items()}
    least, middle, most = sorted(raw, key=raw.get)
    found = holm(arms, base)
    assert found[least] == pytest.approx(min(1, 3 * raw[least]))
    assert found[middle] == pytest.approx(max(3 * raw[least], min(1, 2 * raw[middle])))
    assert found[most] >= found[middle]


def test_every_arm_is_compared_with_the_base_and_not_the_base_with_itself():
    arms = {"base": np.zeros(5), "same": np.zeros(5), "more": np.ones(5)}
    found = {one.arm: one for one in comparisons(arms, "base", "effect")}
    assert set(found) == {"same", "more"}
    assert found["same"].p == 1 and found["more"].p == 0
    assert found["more"].found.value == 1


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan], [[1.0, 2.0], [3.0, 4.0]]])
def test_numbers_that_give_no_interval_are_refused(values):
    with pytest.raises(ValueError, match="one finite number a seed"):
        estimate(values)

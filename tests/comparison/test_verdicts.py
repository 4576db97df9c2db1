"""Verdicts on tables of scores, beside NumPy, SciPy and simulation. No TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from keras_cnn import InputError
from keras_cnn.comparison.differences import differences, quantile_against_others, spent
from keras_cnn.comparison.verdicts import judge, mean_interval, seeds_to_see

MARGIN = 0.001


def raced(table, planned=None, **options):
    """Runs a race over a whole table; gives the last judgement and its trainings."""
    seeds, count = table.shape
    known = np.full(table.shape, np.nan)
    known[: min(2, seeds)] = table[:2]
    while True:
        found = judge(known, margin=MARGIN, planned=planned, **options)
        if not found.running or found.looks >= seeds:
            return found, int(np.isfinite(known).sum())
        running = list(found.running)
        known[found.looks, running] = table[found.looks, running]


def verdicts(found):
    return [standing.verdict for standing in found.standings]


def test_two_candidates_are_compared_by_students_paired_interval():
    one, other = [0.90, 0.92, 0.91, 0.93, 0.90], [0.82, 0.91, 0.84, 0.90, 0.84]
    found = judge(np.array([one, other]).T, margin=MARGIN, race=False)
    value, low, high = found.standings[1].difference
    gaps = np.subtract(other, one)
    # One pair; the last of the planned looks has half of the level of 0.05.
    half = stats.t.isf(0.05 * 0.5 / 2, 4) * gaps.std(ddof=1) / np.sqrt(5)
    np.testing.assert_allclose([value, low, high], gaps.mean() + [0, -half, half])
    assert verdicts(found) == ["best", "worse"]


def test_with_more_candidates_variances_are_moved_towards_their_mean():
    table = np.random.default_rng(0).normal(size=(5, 4))
    found = differences(table, planned=5)
    gaps = table[:, :, None] - table[:, None, :]
    own = gaps.var(axis=0, ddof=1)
    rows = np.triu_indices(4, 1)
    low, high = own[rows].min() / 5, own[rows].max() / 5
    moved = found.error[rows] ** 2
    assert low <= moved.min() and moved.max() <= high
    assert np.ptp(moved) < np.ptp(own[rows] / 5)
    assert 4 < found.freedom[0, 1] <= 8


def test_where_spreads_differ_each_pair_keeps_more_of_its_own():
    rng = np.random.default_rng(1)
    alike = rng.normal(size=(20, 6))
    unlike = alike * [0.001, 0.01, 0.1, 1, 10, 100]
    assert differences(unlike).freedom[0, 1] < differences(alike).freedom[0, 1]


@pytest.mark.parametrize("planned", [2, 3, 5, 10])
def test_all_looks_together_spend_no_more_than_the_level(planned):
    parts = [spent(look, planned) for look in range(2, 50_000)]
    assert min(parts) > 0
    assert sum(parts) <= 1 + 1e-9


def test_identical_scores_are_equivalent_and_nothing_divides_by_zero():
    table = np.tile(np.linspace(0.8, 0.9, 5)[:, None], (1, 2))
    assert verdicts(raced(table)[0]) == ["best", "equivalent"]
    noisy = np.column_stack([table, np.random.default_rng(0).normal(size=5)])
    assert verdicts(judge(noisy, margin=MARGIN))[1] != "worse"


def test_differences_within_the_margin_are_equivalent_and_beyond_it_worse():
    rng = np.random.default_rng(2)
    noise = rng.normal(scale=0.00005, size=(5, 3))
    table = 0.9 + noise + [0.0, -0.0005, -0.02]
    found = judge(table, margin=MARGIN, race=False)
    assert verdicts(found) == ["best", "equivalent", "worse"]
    assert found.indistinguishable == (0, 1)


def test_what_the_seeds_cannot_tell_is_undecided_with_the_seeds_that_would():
    rng = np.random.default_rng(3)
    table = 0.9 + rng.normal(scale=0.01, size=(5, 2)) + [0.0, -0.008]
    found = judge(table, margin=MARGIN)
    worse = found.standings[1 - found.best]
    assert worse.verdict == "undecided"
    more = worse.more_seeds
    gaps = table[:, 0] - table[:, 1]
    deviation = gaps.std(ddof=1)
    for total, tells in ((5 + more, True), (4 + more, False)):
        half = quantile_against_others(0.025, 2, total - 1) * deviation / np.sqrt(total)
        assert (half <= max(abs(gaps.mean()), MARGIN - abs(gaps.mean()))) == tells


def test_seeds_to_see_counts_none_where_nothing_would_do():
    assert seeds_to_see(0.0, 1.0, 5, 4.0, 2, 5) is None
    assert seeds_to_see(1e-9, 1.0, 5, 4.0, 2, 5) is None


def test_a_failed_candidate_is_out_and_the_others_are_judged():
    table = np.array([[0.9, np.nan, 0.5], [0.91, np.nan, 0.52], [0.9, np.nan, 0.51]])
    found = judge(table, [False, True, False], margin=MARGIN)
    assert verdicts(found) == ["best", "failed", "worse"]
    assert found.best == 0
    nothing = judge(table, [True] * 3, margin=MARGIN)
    assert nothing.best is None and not nothing.running


def test_one_seed_gives_a_best_mean_and_no_verdict():
    found = judge(np.array([[0.5, 0.9]]), margin=MARGIN)
    assert verdicts(found) == ["undecided", "best"]
    assert found.seen is None
    assert mean_interval(np.array([0.5])) is None


def test_the_interval_of_a_mean_is_students():
    values = np.array([0.1, 0.4, 0.3])
    expected = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    np.testing.assert_allclose(mean_interval(values), expected)


def test_a_table_that_is_cut_off_gives_the_verdict_of_its_whole_looks():
    table = 0.9 + np.random.default_rng(4).normal(scale=0.001, size=(5, 3))
    table[:, 2] -= 0.4
    cut = table.copy()
    cut[3:, 0] = np.nan
    assert judge(cut, margin=MARGIN).looks == 3
    assert judge(cut, margin=MARGIN).standings[2].verdict == "worse"


def test_who_is_out_trains_on_without_a_race_and_its_verdict_stands():
    table = 0.9 + np.random.default_rng(8).normal(scale=0.003, size=(5, 4))
    table[:, 1] -= 0.5
    without = judge(table[:3], margin=MARGIN, planned=5, race=False)
    assert without.running == (0, 1, 2, 3)
    assert without.standings[1].verdict == "worse"
    assert 1 not in judge(table[:3], margin=MARGIN, planned=5).running


def test_a_race_ends_with_the_verdict_of_its_whole_table():
    rng = np.random.default_rng(5)
    for _ in range(20):
        truth = rng.permutation([0, -0.3, -0.4, -0.5])
        table = 0.9 + truth + rng.normal(scale=0.003, size=(5, 4))
        found, trainings = raced(table, planned=5)
        assert found.standings == judge(table, margin=MARGIN).standings
        assert trainings <= 10
        assert found.best == int(np.argmax(truth))


def test_where_nothing_differs_few_differences_are_claimed():
    """A small one of benchmarks/compare_verdicts.py: chance gives 22 of 200 or fewer.

    Binomial(200, 0.05) exceeds 18 with a probability of 0.01.
    """
    rng = np.random.default_rng(6)
    claimed = 0
    for _ in range(200):
        spread = rng.choice([0.002, 0.004, 0.008], size=6)
        table = 0.9 + rng.normal(size=(5, 6)) * spread
        claimed += "worse" in verdicts(raced(table, planned=5)[0])
    assert claimed <= 18


def test_a_difference_keeps_the_best_among_the_set():
    rng = np.random.default_rng(7)
    kept = 0
    for _ in range(100):
        table = 0.9 + rng.normal(size=(5, 6)) * 0.004 + [0.01, 0, 0, 0, 0, 0]
        kept += 0 in raced(table, planned=5)[0].indistinguishable
    assert kept >= 90


@pytest.mark.parametrize("scores, margin", [([0.9, 0.8], 0.001), ([[0.9, 0.8]], -1.0)])
def test_what_cannot_be_judged_is_refused(scores, margin):
    with pytest.raises(InputError):
        judge(scores, margin=margin)


def test_a_table_is_judged_without_keras_and_tensorflow():
    code = (
        "import sys; from keras_cnn.comparison import judge\n"
        "judge([[0.9, 0.8], [0.9, 0.8]], margin=0.001)\n"
        "print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

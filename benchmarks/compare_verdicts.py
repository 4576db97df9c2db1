"""What the verdicts of `compare` are worth, on tables with the spread of real seeds.

    python benchmarks/compare_verdicts.py train    # a table of real seeds, once
    python benchmarks/compare_verdicts.py          # the simulation

Residuals of each real candidate about its own mean are drawn anew for made-up tables:
without a difference, with one of a stated size, and with the differences of a race.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from keras_cnn.comparison.verdicts import judge

TABLE = Path(__file__).with_name("compare_seeds.json")
MARGIN = 0.001
SEEDS = 5


def train(seeds=20):
    """Trains a table of real seeds on the bundled digits, and keeps its scores.

    Networks of scikit-learn's, since a table takes seconds: each seed draws its own
    division of the images, initial weights and order of batches.
    """
    import itertools
    import warnings

    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")
    x, y = load_digits(return_X_y=True)
    scores = {}
    for activation, rate, depth in itertools.product(
        ("relu", "tanh", "logistic"), (1e-3, 1e-2), (1, 3)
    ):
        name = f"{activation}, rate {rate}, {depth} hidden"
        scores[name] = []
        for seed in range(seeds):
            order = np.random.default_rng(seed).permutation(len(y))
            rows, held = order[360:], order[:360]
            model = MLPClassifier(
                (32,) * depth,
                activation=activation,
                learning_rate_init=rate,
                batch_size=32,
                max_iter=5,
                random_state=seed,
            ).fit(x[rows] / 16, y[rows])
            scores[name].append(round(model.score(x[held] / 16, y[held]), 4))
    TABLE.write_text(json.dumps(scores, indent=1) + "\n")


def raced(table):
    """Returns the last judgement of a race over a table, and its share of trainings."""
    known = np.full(table.shape, np.nan)
    known[:2] = table[:2]
    while True:
        found = judge(known, margin=MARGIN, planned=len(table))
        if not found.running or found.looks >= len(table):
            return found, np.isfinite(known).mean()
        running = list(found.running)
        known[found.looks, running] = table[found.looks, running]


def made_up(rng, residuals, differences):
    """Returns a table whose columns spread as real candidates do about their means."""
    table = np.empty((SEEDS, len(differences)))
    for column, gap in enumerate(differences):
        drawn = rng.choice(residuals[rng.integers(len(residuals))], SEEDS)
        # Accuracies come in steps; without it, draws would repeat to the bit.
        table[:, column] = 0.9 - gap + drawn + rng.normal(scale=1e-4, size=SEEDS)
    return table


def wilcoxon_claims(table):
    """Whether Wilcoxon's test of the two best calls one better, at 0.05."""
    from scipy import stats

    order = np.argsort(-table.mean(axis=0))
    gaps = table[:, order[0]] - table[:, order[1]]
    return bool(gaps.any() and stats.wilcoxon(gaps).pvalue < 0.05)


def student_claims(table):
    """Whether a paired t-test of the two best calls one better, at 0.05."""
    from scipy import stats

    order = np.argsort(-table.mean(axis=0))
    return bool(stats.ttest_rel(table[:, order[0]], table[:, order[1]]).pvalue < 0.05)


def simulate(tables):
    """Prints how often each way of judging is wrong, and what a race costs."""
    scores = json.loads(TABLE.read_text())
    learned = [np.array(s) for s in scores.values() if len(s) > 1 and np.mean(s) > 0.5]
    residuals = [s - s.mean() for s in learned]
    spreads = [100 * r.std(ddof=1) for r in residuals]
    print(f"{len(residuals)} candidates; points: {min(spreads):.2f}-{max(spreads):.2f}")
    rng = np.random.default_rng(0)
    for count in (2, 6, 12):
        worse = winner = wilcoxon = student = 0
        for _ in range(tables):
            table = made_up(rng, residuals, np.zeros(count))
            found, _ = raced(table)
            worse += any(s.verdict == "worse" for s in found.standings)
            winner += len(found.indistinguishable) == 1
            wilcoxon += wilcoxon_claims(table)
            student += student_claims(table)
        print(
            f"{count} without a difference: any called worse {worse / tables:.1%}, "
            f"one winner {winner / tables:.1%}; best of {SEEDS} 100 %, t-test of the "
            f"two best {student / tables:.1%}, Wilcoxon's {wilcoxon / tables:.1%}"
        )
    for count in (2, 6, 12):
        kept = 0
        for _ in range(tables):
            gaps = np.full(count, 0.01)
            gaps[0] = 0
            found, _ = raced(made_up(rng, residuals, gaps))
            kept += 0 in found.indistinguishable
        print(f"{count}, one ahead by a point: it is in the set {kept / tables:.1%}")
    shares, same = [], 0
    for _ in range(20):
        gaps = np.sort(rng.exponential(0.15, 12))
        table = made_up(rng, residuals, gaps - gaps.min())
        found, share = raced(table)
        whole = judge(table, margin=MARGIN, race=False)
        shares.append(share)
        same += found.indistinguishable == whole.indistinguishable
    print(
        f"20 races of 12: {np.mean(shares):.0%} of the trainings "
        f"({min(shares):.0%}-{max(shares):.0%}), the same set in {same}"
    )
    if all(len(s) >= SEEDS for s in scores.values()):
        table = np.array([s[:SEEDS] for s in scores.values()]).T
        found, share = raced(table)
        whole = judge(table, margin=MARGIN, race=False)
        told = (
            "the same" if found.indistinguishable == whole.indistinguishable else "not"
        )
        print(f"the real table: {share:.0%} of the trainings, {told} set")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["train", "simulate"])
    parser.add_argument("--tables", type=int, default=1000)
    given = parser.parse_args()
    if given.what == "train":
        train()
    else:
        simulate(given.tables)

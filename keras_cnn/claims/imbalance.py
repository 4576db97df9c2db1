"""Claim 9: cross-entropy and imbalanced classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.class_weight import compute_sample_weight

from ..losses.binary_crossentropy import binary_crossentropy
from ..losses.binary_focal_crossentropy import binary_focal_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import Images, images
from .networks import dense_network
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import Comparison, comparisons, difference, estimate

# Two digits that are mistaken for each other; the second is the rare one.
_CLASSES = (4, 9)
_RATIOS = (1, 10, 100)
_ARMS = ("plain", "weighted", "focal", "plain, threshold moved")


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains on fewer and fewer images of one class, and tests on as many of both."""
    splits = images()
    train = splits.train.of(*_CLASSES)
    validation, test = splits.validation.of(*_CLASSES), splits.test.of(*_CLASSES)
    shape = train.x.shape[1:]
    trainings = {
        "plain": StatelessTraining(
            dense_network(shape, [64], 1, answer="sigmoid"), _plain
        ),
        "focal": StatelessTraining(
            dense_network(shape, [64], 1, answer="sigmoid"), _focal
        ),
    }

    def trained(job: tuple[int, int, str]) -> dict[str, float]:
        seed, ratio, arm = job
        some = imbalanced(train, ratio, settings["images"], seed)
        training = trainings["focal" if arm == "focal" else "plain"]
        weights = (
            compute_sample_weight("balanced", some.y) if arm == "weighted" else None
        )
        order = batches(seed, len(some), settings["steps"], 32)
        state = training.run(
            training.start(seed), some.x, some.y, order, settings["rate"], weights
        )
        answers = training.answers(state, test.x)[:, 0]
        row = {f"1:{ratio}/{arm}": balanced_accuracy_score(test.y, answers > 0.5)}
        if arm == "plain":
            held = training.answers(state, validation.x)[:, 0]
            # Chosen on validation images, in both classes alike.
            tried = np.quantile(held, np.linspace(0.01, 0.99, 99))
            scores = [
                balanced_accuracy_score(validation.y, held > threshold)
                for threshold in tried
            ]
            best = tried[int(np.argmax(scores))]
            moved = balanced_accuracy_score(test.y, answers > best)
            row[f"1:{ratio}/plain, threshold moved"] = moved
        return row

    seeds = range(settings["seeds"])
    jobs = [
        (seed, ratio, arm) for seed in seeds for ratio in _RATIOS for arm in _ARMS[:3]
    ]
    rows: list[dict[str, float]] = [{} for _ in seeds]
    found = side_by_side(trained, jobs, progress)
    for (seed, _, _), values in zip(jobs, found, strict=True):
        rows[seed].update(values)
    return Measurements(arms_of(rows), data=splits.name)


def imbalanced(images: Images, ratio: int, count: int, seed: int) -> Images:
    """Returns images of which the second class has one in `ratio` + 1, at least two.

    There are as many of them as the rarest ratio allows, whatever the ratio is, so that
    arms differ in the balance and not in the number.
    """
    rng = np.random.default_rng([seed, 6])
    common, rare = (rng.permutation(np.flatnonzero(images.y == y)) for y in (0, 1))
    count = min(count, len(common), 2 * len(rare))
    few = max(2, round(count / (ratio + 1)))
    chosen = np.concatenate([common[: count - few], rare[:few]])
    return Images(images.x[chosen], images.y[chosen])


def _column(labels: Any) -> Any:
    return tf.cast(labels[:, tf.newaxis], tf.float32)


def _plain(labels: Any, answers: Any) -> Any:
    return binary_crossentropy(_column(labels), answers)


def _focal(labels: Any, answers: Any) -> Any:
    return binary_focal_crossentropy(_column(labels), answers)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Looks at what plain cross-entropy loses when one class becomes rare."""
    even, rare = measured.group("1:1"), measured.group("1:100")
    loss = difference(even["plain"], rare["plain"])
    lost = round(100 * loss.value)
    weighted, moved, focal = (
        round(100 * difference(rare[name], rare["plain"]).value)
        for name in ("weighted", "plain, threshold moved", "focal")
    )
    return (
        Statement(
            "Plain cross-entropy handles 1:100 as well as 1:1.",
            "balanced accuracy, 1:1 less 1:100, plain",
            loss,
            max_value=0.03,
            correction="With one class a hundred times rarer plain cross-entropy "
            f"loses {lost} points of balanced accuracy; class weights give back "
            f"{weighted}, a threshold chosen on validation images {moved}, the focal "
            f"loss {focal}.",
        ),
        Statement(
            "It suits the balanced case.",
            "balanced accuracy at 1:1, plain",
            estimate(even["plain"]),
            min_value=0.9,
            correction="Even balanced, the classes are not told apart.",
        ),
    )


def compare(measured: Measurements) -> list[Comparison]:
    """Compares each remedy with plain cross-entropy at 1:100."""
    return comparisons(measured.group("1:100"), "plain", "balanced accuracy at 1:100")


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the balanced accuracy of each arm at each ratio."""
    for axes, ratio in zip(figure.subplots(1, 3, sharey=True), _RATIOS, strict=True):
        arms = measured.group(f"1:{ratio}")
        draw_arms(axes, {name: arms[name] for name in _ARMS}, f"1:{ratio}")
    figure.supxlabel("balanced accuracy on test images, by balance of the training")


CLAIM = Claim(
    id=9,
    title="Imbalance",
    section="Loss functions: cross-entropy",
    statement="Cross-entropy handles imbalanced data.",
    refuted_by="Plain cross-entropy that loses more than 3 points of balanced accuracy "
    "from a balance of 1:1 to 1:100, with as many images in all.",
    method="A network of one hidden layer tells 4 from 9, trained on as many images "
    "with 1, 10 and 100 times fewer nines: with plain cross-entropy, with class "
    "weights, with the focal loss, and plain with the threshold chosen on validation "
    "images; balanced accuracy on test images.",
    settings={"seeds": 10, "images": 4000, "steps": 2000, "rate": 0.001},
    quick={"seeds": 5, "steps": 800},
    measure=measure,
    judge=judge,
    draw=draw,
    compare=compare,
)

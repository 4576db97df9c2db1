"""Claim 8: cross-entropy for two classes, and beside MSE in the article's network."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ..losses.binary_crossentropy import binary_crossentropy
from ..losses.mean_squared_error import mean_squared_error
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .learning_curve import LearningCurve, train_watched
from .networks import dense_network
from .pictures import draw_arms, draw_band
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import difference, estimate, ratio

# Two digits that are mistaken for each other.
_CLASSES = (4, 9)

_ARMS = ("cross-entropy", "MSE")
_EVERY = 50
_BINS = 15

# How far on the wrong side a confident mistake lies.
_WRONG = -8.0


def squared(labels: Any, answers: Any) -> Any:
    """Returns the mean squared distance of probabilities from the one-hot label."""
    return mean_squared_error(tf.one_hot(labels, answers.shape[-1]), answers)


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains the article's network by both losses, and a small one on two classes."""
    splits = images()
    train, held = splits.train, splits.validation.first(settings["validation"])
    test = splits.test.first(settings["test"])
    losses = (sparse_categorical_crossentropy, squared)
    trainings = {
        name: StatelessTraining(article_cnn(), loss)
        for name, loss in zip(_ARMS, losses, strict=True)
    }
    pair, pair_test = splits.train.of(*_CLASSES), splits.test.of(*_CLASSES)
    two = StatelessTraining(
        dense_network(pair.x.shape[1:], [64], 1, answer="sigmoid"), _binary
    )

    def trained(job: tuple[int, str]) -> tuple[LearningCurve, dict[str, float]]:
        seed, name = job
        training = trainings[name]
        order = batches(seed, len(train), settings["steps"], 32)
        curve = train_watched(
            training, training.start(seed), train, held, order, 0.001, _EVERY
        )
        answers = training.answers(curve.state, test.x)
        told = float(np.mean(answers.argmax(axis=-1) == test.y))
        return curve, {
            f"steps/{name}": curve.steps_to(settings["accuracy"]),
            f"accuracy/{name}": told,
            f"calibration error/{name}": calibration_error(answers, test.y),
        }

    seeds = range(settings["seeds"])
    jobs = [(seed, name) for seed in seeds for name in _ARMS]
    found = dict(zip(jobs, side_by_side(trained, jobs, progress), strict=True))
    rows = []
    for seed in seeds:
        row = {}
        for name in _ARMS:
            row.update(found[seed, name][1])
        order = batches(seed, len(pair), settings["steps"], 32)
        state = two.run(two.start(seed), pair.x, pair.y, order, 0.001)
        told = two.answers(state, pair_test.x)[:, 0] > 0.5
        row["two classes"] = float(np.mean(told == pair_test.y))
        logits = np.random.default_rng(seed).uniform(_WRONG - 1, _WRONG + 1, (500, 1))
        row["gradient of a mistake/cross-entropy"] = _slopes(_binary, logits).mean()
        row["gradient of a mistake/MSE"] = _slopes(_binary_squared, logits).mean()
        rows.append(row)
    logits = np.linspace(-10, 10, 201)[:, np.newaxis]
    curves: dict[str, Any] = {
        "logits": logits[:, 0],
        "steps": found[0, _ARMS[0]][0].steps,
        "slope/cross-entropy": _slopes(_binary, logits),
        "slope/MSE": _slopes(_binary_squared, logits),
    }
    for name in _ARMS:
        runs = [found[seed, name][0].accuracy for seed in seeds]
        curves[f"accuracy/{name}"] = np.array(runs)
    return Measurements(arms_of(rows), curves, splits.name)


def calibration_error(answers: Any, labels: Any) -> float:
    """Returns the expected calibration error, in [0, 1].

    Answers are put into 15 equal bins by their largest probability; the error is the
    mean distance of a bin's accuracy from its mean probability, weighted by its size.

    Reference: [Guo et al., 2017](https://arxiv.org/abs/1706.04599)
    """
    sure, right = answers.max(axis=-1), answers.argmax(axis=-1) == labels
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [
        np.abs(right[bins == each].mean() - sure[bins == each].mean())
        * np.mean(bins == each)
        for each in np.unique(bins)
    ]
    return float(np.sum(gaps))


def _binary(labels: Any, answers: Any) -> Any:
    return binary_crossentropy(_column(labels, answers), answers)


def _binary_squared(labels: Any, answers: Any) -> Any:
    return mean_squared_error(_column(labels, answers), answers)


def _column(labels: Any, answers: Any) -> Any:
    return tf.cast(labels[:, tf.newaxis], answers.dtype)


def _slopes(loss: Any, logits: Any) -> Any:
    """Returns |derivative by the logit| of samples of class 1, (n,)."""
    x = tf.constant(logits, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.ones(len(logits), tf.int32), tf.sigmoid(x))
    return np.abs(tape.gradient(value, x).numpy()[:, 0])


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares gradients, steps, accuracy and calibration of the two losses."""
    wrong = measured.group("gradient of a mistake")
    steps = measured.group("steps")
    accuracy = measured.group("accuracy")
    error = measured.group("calibration error")
    faster = ratio(steps["cross-entropy"], steps["MSE"])
    gain = difference(accuracy["cross-entropy"], accuracy["MSE"])
    return (
        Statement(
            "Cross-entropy suits two classes.",
            "test accuracy on 4 against 9",
            estimate(measured["two classes"]),
            min_value=0.95,
            correction="Cross-entropy does not tell two classes apart.",
        ),
        Statement(
            "At a confident mistake its gradient is far larger than MSE's.",
            "gradient by the logit near -8, cross-entropy over MSE",
            ratio(wrong["cross-entropy"], wrong["MSE"]),
            min_value=10.0,
            correction="MSE's gradient at a confident mistake is as large.",
        ),
        Statement(
            "In the article's network it is no less accurate than MSE.",
            "test accuracy, cross-entropy less MSE",
            gain,
            min_value=-0.01,
            correction="In the article's network MSE is more accurate, by "
            f"{-100 * gain.value:.1f} points.",
        ),
        Statement(
            "In the article's network it needs no more steps than MSE.",
            "steps to the accuracy, cross-entropy over MSE",
            faster,
            max_value=1.25,
            correction=f"In the article's network it takes {faster.value:.2f} times "
            "MSE's steps.",
            refutes=False,
        ),
        Statement(
            "Its probabilities are about as good as MSE's.",
            "calibration error, cross-entropy less MSE",
            difference(error["cross-entropy"], error["MSE"]),
            max_value=0.02,
            correction="Its probabilities are worse calibrated than MSE's.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws gradients by the logit, accuracy by step, and calibration."""
    left, middle, right = figure.subplots(1, 3)
    for name in _ARMS:
        left.plot(
            measured.curves["logits"], measured.curves[f"slope/{name}"], label=name
        )
        curves = measured.curves[f"accuracy/{name}"]
        draw_band(middle, measured.curves["steps"], curves, name)
    left.set(xlabel="logit of the right class", ylabel="|gradient|")
    middle.set(xlabel="steps", ylabel="validation accuracy", ylim=(0.85, 1.0))
    left.legend()
    middle.legend()
    draw_arms(right, measured.group("calibration error"), "calibration error")


CLAIM = Claim(
    id=8,
    title="Cross-entropy",
    section="Loss functions: cross-entropy",
    statement="Cross-entropy suits the classification of two classes.",
    refuted_by="A test accuracy below 0.95 on 4 against 9, a gradient at confident "
    "mistakes that is no larger than MSE's, or an accuracy in the article's network "
    "that is a point below MSE's.",
    method="A network of one hidden layer on two digits; then the article's network "
    "with cross-entropy and with MSE, from the same weights on the same batches: steps "
    "to an accuracy on validation images, accuracy and calibration on test images. "
    "Gradients by the logit are the tape's.",
    settings={
        "seeds": 8,
        "accuracy": 0.97,
        "steps": 1500,
        "validation": 2000,
        "test": 10_000,
    },
    quick={
        "seeds": 5,
        "accuracy": 0.92,
        "steps": 300,
        "validation": 1000,
        "test": 3000,
    },
    measure=measure,
    judge=judge,
    draw=draw,
)

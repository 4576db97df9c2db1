"""Claim 1: the sigmoid, its range, its use for two classes, where its gradient is."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from .. import activations
from ..losses.binary_crossentropy import binary_crossentropy
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .networks import dense_network
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches
from .statistics import difference, estimate, ratio

# Two digits that are hard enough to tell apart by a plane.
_CLASSES = (3, 8)

# Beyond about 16.6 a float32 rounds the sigmoid to exactly 1.
_WIDEST = 12.0


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Draws inputs, takes derivatives by the tape, and trains one sigmoid unit."""
    splits = images()
    train = splits.train.of(*_CLASSES).first(settings["images"])
    test = splits.test.of(*_CLASSES)
    unit = StatelessTraining(
        dense_network(train.x.shape[1:], [], 1, answer="sigmoid"), _two_class_loss
    )
    pair = StatelessTraining(
        dense_network(train.x.shape[1:], [], 2), sparse_categorical_crossentropy
    )
    rows = []
    for seed in range(settings["seeds"]):
        row = _gradient(seed, settings["inputs"])
        order = batches(seed, len(train), settings["steps"], 32)
        given = (train.x, train.y, order, settings["rate"])
        answers = unit.answers(unit.run(unit.start(seed), *given), test.x)[:, 0]
        row["accuracy, one sigmoid unit"] = np.mean((answers > 0.5) == test.y)
        state = pair.run(pair.start(seed), *given)
        row["accuracy, softmax over two"] = pair.accuracy(state, test.x, test.y)
        rows.append(row)
        progress((seed + 1) / settings["seeds"])
    x = np.linspace(-10, 10, 401)
    value, slope = value_and_slope(activations.sigmoid, x)
    return Measurements(
        arms_of(rows),
        {"x": x, "value": value, "slope": slope},
        splits.name,
    )


def value_and_slope(activation: Any, x: Any) -> tuple[Any, Any]:
    """Returns an activation and its derivative by the tape, in float64."""
    x = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = activation(x)
    return value.numpy(), tape.gradient(value, x).numpy()


def _gradient(seed: int, count: int) -> dict[str, Any]:
    x = np.random.default_rng(seed).uniform(-_WIDEST, _WIDEST, count)
    value, slope = value_and_slope(activations.sigmoid, x)
    return {
        "smallest value": value.min(),
        "distance of the largest value from 1": 1 - value.max(),
        "largest gradient": slope.max(),
        "gradient where |x| < 1": slope[np.abs(x) < 1].mean(),
        "gradient where |x| > 6": slope[np.abs(x) > 6].mean(),
    }


def _two_class_loss(targets: Any, answers: Any) -> Any:
    return binary_crossentropy(tf.cast(targets[:, tf.newaxis], tf.float32), answers)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the gradient near 0 and far away with its maximum."""
    top = measured["largest gradient"]
    near, far = measured["gradient where |x| < 1"], measured["gradient where |x| > 6"]
    one, two = (
        measured["accuracy, one sigmoid unit"],
        measured["accuracy, softmax over two"],
    )
    outside = np.minimum(
        measured["smallest value"], measured["distance of the largest value from 1"]
    )
    share = ratio(near, top)
    return (
        Statement(
            "The sigmoid's gradient vanishes somewhere.",
            "mean gradient where |x| > 6, over the largest",
            ratio(far, top),
            max_value=0.05,
            correction="The sigmoid's gradient does not vanish.",
        ),
        Statement(
            "The sigmoid maps to (0, 1).",
            "distance of the values from 0 and 1, the smaller",
            estimate(outside),
            min_value=1e-12,
            correction="The sigmoid leaves (0, 1).",
        ),
        Statement(
            "One sigmoid unit suits two classes.",
            "test accuracy on 3 against 8",
            estimate(one),
            min_value=0.9,
            correction="One sigmoid unit does not tell two classes apart.",
        ),
        Statement(
            "It does so as well as a softmax over two units.",
            "test accuracy, one sigmoid unit less softmax over two",
            difference(one, two),
            min_value=-0.01,
            max_value=0.01,
            correction="A softmax over two units answers differently.",
        ),
        Statement(
            'The gradient vanishes "when the input is small".',
            "mean gradient where |x| < 1, over the largest",
            share,
            max_value=0.05,
            correction="The gradient vanishes where |x| is large; where x is small it "
            f"is largest, {share.value:.0%} of its maximum of {top.mean():.3g} on "
            "average for |x| < 1.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the function and its derivative, and the two classifiers."""
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    x = measured.curves["x"]
    left.plot(x, measured.curves["value"], label="sigmoid")
    left.plot(x, measured.curves["slope"], label="its gradient")
    left.axvspan(-1, 1, alpha=0.15, color="tab:green", label="input small")
    left.axvspan(6, 10, alpha=0.15, color="tab:red", label="|input| large")
    left.axvspan(-10, -6, alpha=0.15, color="tab:red")
    left.set_xlabel("input")
    left.legend(loc="center left", fontsize=8)
    draw_arms(
        right,
        {
            "one sigmoid\nunit": measured["accuracy, one sigmoid unit"],
            "softmax\nover two": measured["accuracy, softmax over two"],
        },
        "test accuracy, 3 against 8",
    )


CLAIM = Claim(
    id=1,
    title="Sigmoid",
    section="Activation functions: sigmoid",
    statement="The sigmoid maps to (0, 1) and suits two classes; its gradient vanishes "
    "when the input is small.",
    refuted_by="Values outside (0, 1), a gradient that vanishes nowhere, or a sigmoid "
    "unit that cannot tell two digits apart. If the gradient is not small at small "
    "inputs, the claim needs a correction.",
    method="Each seed draws inputs evenly from -12 to 12 and takes our sigmoid's "
    "gradient by TensorFlow's tape; then it trains one sigmoid unit, and a softmax "
    "over two, on the images of 3 and 8.",
    settings={
        "seeds": 10,
        "inputs": 20_000,
        "images": 10_000,
        "steps": 1000,
        "rate": 0.001,
    },
    quick={"seeds": 5, "steps": 600},
    measure=measure,
    judge=judge,
    draw=draw,
)

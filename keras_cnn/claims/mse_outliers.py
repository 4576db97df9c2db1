"""Claim 6: mean squared error, its use for regression, and outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ..losses.mean_absolute_error import mean_absolute_error
from ..losses.mean_squared_error import mean_squared_error
from . import regression
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .networks import dense_network
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import estimate, ratio

_SHARES = (0.01, 0.05, 0.1, 0.2)
_SIZES = (5.0, 10.0, 20.0, 40.0)

# What the verdict rests on: one sample in ten, twenty times the noise away.
_SHARE, _SIZE = 0.1, 20.0

_FAR = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Fits a curve with outliers of each share and size, and weighs one sample."""
    training = StatelessTraining(
        dense_network(1, (32, 32), 1, "tanh", answer="linear"),
        mean_squared_error,
        targets="float32",
    )
    arms = [(0.0, 0.0), *((share, size) for share in _SHARES for size in _SIZES)]

    def fitted(job: tuple[int, tuple[float, float]]) -> Any:
        seed, (share, size) = job
        x, y = regression.samples(seed, share, size)
        order = batches(seed, len(x), settings["steps"], 64)
        state = training.run(training.start(seed), x, y, order, settings["rate"])
        return training.answers(state, regression.POINTS)

    jobs = [(seed, arm) for seed in range(settings["seeds"]) for arm in arms]
    answers = dict(zip(jobs, side_by_side(fitted, jobs, progress), strict=True))
    truth = regression.curve(regression.POINTS)
    rows = []
    for seed in range(settings["seeds"]):
        errors = {arm: regression.error_to_truth(answers[seed, arm]) for arm in arms}
        clean = errors.pop((0.0, 0.0))
        row = {"error/clean": clean, "explained": 1 - clean**2 / truth.var()}
        for (share, size), error in errors.items():
            row[f"error/{share:g} of the samples, {size:g} away"] = error
        for far in _FAR:
            row[f"weight/{far:g}"] = _weight(mean_squared_error, seed, far)
            row[f"weight of MAE/{far:g}"] = _weight(mean_absolute_error, seed, far)
        rows.append(row)
    x, y = regression.samples(0, _SHARE, _SIZE)
    curves = {
        "x": x,
        "y": y,
        "clean": answers[0, (0.0, 0.0)],
        "outliers": answers[0, (_SHARE, _SIZE)],
    }
    return Measurements(arms_of(rows), curves, "a noisy sine, 512 samples")


def _weight(loss: Any, seed: int, far: float) -> float:
    """Returns the gradient of a sample that is `far` off, over the others' mean."""
    errors = np.random.default_rng([seed, 4]).standard_normal(100)
    answer = tf.constant(np.append(errors, far)[:, np.newaxis], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(answer)
        value = loss(tf.zeros_like(answer), answer)
    sizes = np.abs(tape.gradient(value, answer).numpy())[:, 0]
    return float(sizes[-1] / sizes[:-1].mean())


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the error with outliers and without, and the weight of a far sample."""
    hit = measured[f"error/{_SHARE:g} of the samples, {_SIZE:g} away"]
    growth = measured["weight/100"] / measured["weight/10"]
    return (
        Statement(
            "MSE is sensitive to outliers.",
            f"error on clean data with {_SHARE:.0%} of outliers {_SIZE:g} noises "
            "away, over that without",
            ratio(hit, measured["error/clean"]),
            min_value=1.5,
            correction="Outliers hardly change what MSE fits.",
        ),
        Statement(
            "It weighs a sample by its distance, without bound.",
            "gradient of a sample 100 noises away, over that of one 10 away",
            estimate(growth),
            min_value=5.0,
            correction="A far sample's share of the gradient does not grow with it.",
        ),
        Statement(
            "MSE suits regression.",
            "share of the curve's variance that is explained, fitted to clean data",
            estimate(measured["explained"]),
            min_value=0.9,
            correction="MSE does not fit the clean curve.",
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws one fit with and without outliers, errors, and weights."""
    left, middle, right = figure.subplots(1, 3)
    curves = measured.curves
    left.plot(curves["x"], curves["y"], ".", color="0.7", markersize=3)
    left.plot(regression.POINTS, curves["clean"], label="fitted to clean data")
    left.plot(regression.POINTS, curves["outliers"], label="with outliers")
    left.set(xlabel="x", ylim=(-12, 30))
    left.legend(fontsize=7)
    for share in _SHARES:
        errors = [
            measured[f"error/{share:g} of the samples, {size:g} away"].mean()
            for size in _SIZES
        ]
        middle.plot(_SIZES, errors, "o-", markersize=3, label=f"{share:.0%} outliers")
    middle.axhline(measured["error/clean"].mean(), color="0.5", label="none")
    middle.set(xlabel="their distance, in noises", ylabel="error on clean data")
    middle.legend(fontsize=7)
    for name, label in (("weight", "MSE"), ("weight of MAE", "MAE")):
        means = [values.mean() for values in measured.group(name).values()]
        right.loglog(_FAR, means, "o-", markersize=3, label=label)
    right.set(xlabel="a sample's distance", ylabel="its gradient over the others'")
    right.legend(fontsize=7)


CLAIM = Claim(
    id=6,
    title="MSE outliers",
    section="Loss functions: mean squared error",
    statement="Mean squared error suits regression, and is sensitive to outliers.",
    refuted_by="A clean curve that is not fitted, or one that is fitted nearly as well "
    "(its error less than half as large again) with one sample in ten far off.",
    method="A network of two hidden layers is fitted to a sine with noise; 1 % to 20 % "
    "of the samples are moved up by 5 to 40 times the noise; the error is that to the "
    "true curve. The weight of one far sample among a hundred is its gradient by the "
    "tape.",
    settings={"seeds": 10, "steps": 2000, "rate": 0.01},
    quick={"seeds": 5, "steps": 600},
    measure=measure,
    judge=judge,
    draw=draw,
)

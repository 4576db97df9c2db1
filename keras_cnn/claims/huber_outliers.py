"""Claim 7: the Huber loss against outliers, its cost, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ..losses.huber import huber
from ..losses.log_cosh import log_cosh
from ..losses.mean_absolute_error import mean_absolute_error
from ..losses.mean_squared_error import mean_squared_error
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from . import regression
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .networks import dense_network
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import estimate, ratio
from .timing import REPEATS, interleaved, loss_alone

_DELTAS = (0.1, 0.3, 1.0, 3.0, 10.0)
_SHARE, _SIZE = 0.1, 20.0
_BASE = "Huber, delta 1"
_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "MSE": mean_squared_error,
    "MAE": mean_absolute_error,
    "log-cosh": log_cosh,
    **{f"Huber, delta {delta:g}": partial(huber, delta=delta) for delta in _DELTAS},
}
_DATA = {"clean": (0.0, 0.0), "outliers": (_SHARE, _SIZE)}


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Fits a curve by each loss with and without outliers, and times their steps."""
    trainings = {
        name: StatelessTraining(
            dense_network(1, (32, 32), 1, "tanh", answer="linear"),
            loss,
            targets="float32",
        )
        for name, loss in _LOSSES.items()
    }

    def fitted(job: tuple[int, str, str]) -> Any:
        seed, name, data = job
        x, y = regression.samples(seed, *_DATA[data])
        order = batches(seed, len(x), settings["steps"], 64)
        training = trainings[name]
        state = training.run(training.start(seed), x, y, order, settings["rate"])
        return training.answers(state, regression.POINTS)

    alone = {name: loss_alone(_LOSSES[name], tf.identity) for name in ("MSE", _BASE)}
    step = StatelessTraining(article_cnn(), sparse_categorical_crossentropy)
    seeds = range(settings["seeds"])
    jobs = [(seed, name, data) for seed in seeds for name in _LOSSES for data in _DATA]
    found = side_by_side(fitted, jobs, lambda share: progress(share * 0.7))
    answers = dict(zip(jobs, found, strict=True))
    rows = []
    for seed in seeds:
        row = {
            f"error, {data}/{name}": regression.error_to_truth(
                answers[seed, name, data]
            )
            for data in _DATA
            for name in _LOSSES
        }
        row.update(_times(alone, step, seed, settings))
        row["|Huber less the clipped form|"] = _difference(seed, _by_clipping)
        row["|Huber less the larger branch|"] = _difference(seed, _by_max)
        rows.append(row)
        progress(0.7 + 0.3 * (seed + 1) / len(seeds))
    curves = {name: answers[0, name, "outliers"] for name in ("MSE", "MAE", _BASE)}
    x, y = regression.samples(0, _SHARE, _SIZE)
    return Measurements(
        arms_of(rows), {"x": x, "y": y, **curves}, "a noisy sine, 512 samples"
    )


def _times(
    alone: dict[str, Any], step: StatelessTraining, seed: int, settings: Settings
) -> dict[str, float]:
    """Times Huber and MSE alone and a step of the article's network, in turns."""
    rng = np.random.default_rng(seed)
    pair = [tf.constant(rng.normal(size=(32, 10)), tf.float32) for _ in range(2)]
    x = rng.random((256, 28, 28, 1), np.float32)
    y = rng.integers(0, 10, 256).astype(np.int32)
    order = batches(seed, len(x), settings["timed_steps"], 32)

    def train() -> None:
        step.run(step.start(seed), x, y, order, 0.001).step.numpy()

    contenders = [partial(loss, *pair) for loss in alone.values()]
    mse, own, whole = interleaved([*contenders, train], settings["rounds"])
    added = (own - mse) / REPEATS / (whole / settings["timed_steps"])
    return {
        "time alone, over MSE's": float(np.median(own / mse)),
        "time added to a step": float(np.median(added)),
    }


def _by_clipping(distance: Any) -> Any:
    """Returns m (|e| - m / 2) with m = min(|e|, 1)."""
    clipped = np.minimum(distance, 1)
    return clipped * (distance - clipped / 2)


def _by_max(distance: Any) -> Any:
    """Returns the larger of the two branches, e^2 / 2 and |e| - 1/2."""
    return np.maximum(distance**2 / 2, distance - 0.5)


def _difference(seed: int, formula: Callable[[Any], Any]) -> float:
    """Returns how far a formula is from our Huber loss, over the loss, at worst."""
    errors = np.random.default_rng(seed).uniform(-10, 10, (2000, 1))
    ours = np.asarray(huber(np.zeros_like(errors), errors))
    return float(np.max(np.abs(formula(np.abs(errors[:, 0])) - ours)) / ours.max())


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares errors with and without outliers, time, and the two formulas."""
    dirty, clean = measured.group("error, outliers"), measured.group("error, clean")
    ratio_alone = measured["time alone, over MSE's"].mean()
    return (
        Statement(
            "Huber is less sensitive to outliers than MSE.",
            f"error on clean data after fitting with {_SHARE:.0%} of outliers, Huber "
            "(delta 1) over MSE",
            ratio(dirty[_BASE], dirty["MSE"]),
            max_value=0.7,
            correction="Huber is as sensitive to outliers as MSE.",
        ),
        Statement(
            "Without outliers it fits as well.",
            "error without outliers, Huber (delta 1) over MSE",
            ratio(clean[_BASE], clean["MSE"]),
            max_value=1.25,
            correction="Without outliers Huber fits worse than MSE.",
            refutes=False,
        ),
        Statement(
            "It costs about the same.",
            "time that it takes more than MSE, over a step of the article's network",
            estimate(measured["time added to a step"]),
            max_value=0.05,
            correction=f"It takes {ratio_alone:.1f} times MSE's time.",
            refutes=False,
        ),
        Statement(
            "It clips the error: m (|e| - m / 2) with m = min(|e|, delta).",
            "largest difference from our Huber, over the largest loss",
            estimate(measured["|Huber less the clipped form|"]),
            max_value=1e-6,
            correction="Huber is not the clipped form.",
            refutes=False,
        ),
        Statement(
            'It "uses the max function", of its two branches.',
            "largest difference from our Huber, over the largest loss",
            estimate(measured["|Huber less the larger branch|"]),
            max_value=1e-6,
            correction="It uses a minimum: m (|e| - m / 2) with m = min(|e|, delta); "
            "the larger of its two branches is always e^2 / 2, which is MSE.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws three fits to the same outliers, and the errors of all losses."""
    left, middle, right = figure.subplots(1, 3)
    left.plot(
        measured.curves["x"], measured.curves["y"], ".", color="0.7", markersize=3
    )
    left.plot(
        regression.POINTS, regression.curve(regression.POINTS), "k--", label="truth"
    )
    for name in ("MSE", "MAE", _BASE):
        left.plot(regression.POINTS, measured.curves[name], label=name)
    left.set(xlabel="x", ylim=(-10, 28))
    left.legend(fontsize=7)
    draw_arms(middle, measured.group("error, outliers"), "error, with outliers")
    draw_arms(right, measured.group("error, clean"), "error, without")
    for axes in (middle, right):
        axes.tick_params("y", labelsize=7)


CLAIM = Claim(
    id=7,
    title="Huber",
    section='Loss functions: the "Husker" loss',
    statement='The Huber loss (the article calls it "Husker") lowers the sensitivity '
    "to outliers at about the same cost as MSE, by use of the max function.",
    refuted_by="An error with outliers that is more than 0.7 of MSE's. A worse fit to "
    "clean data, a slower step, or another formula needs a correction.",
    method="The curve and network of claim 6, with one sample in ten moved by 20 times "
    "the noise, fitted by Huber at five deltas, MAE, log-cosh and MSE; Huber, MSE and "
    "a training step of the article's network timed in turns, medians; both formulas "
    "against our Huber.",
    settings={
        "seeds": 10,
        "steps": 2000,
        "rate": 0.01,
        "timed_steps": 20,
        "rounds": 15,
    },
    quick={"seeds": 5, "steps": 600, "rounds": 7, "timed_steps": 10},
    measure=measure,
    judge=judge,
    draw=draw,
)

"""Claim 4: ReLU's gradient, and whether ReLU trains faster."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .. import activations
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .learning_curve import LearningCurve, train_watched
from .pictures import draw_arms
from .sigmoid import value_and_slope
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import estimate, ratio

_ARMS = ("relu", "tanh", "sigmoid")
_EVERY = 50


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Takes ReLU's gradient, and trains the article's network to an accuracy."""
    splits = images()
    train, held = splits.train, splits.validation.first(settings["validation"])
    trainings = {
        name: StatelessTraining(
            article_cnn(activation=getattr(activations, name)),
            sparse_categorical_crossentropy,
        )
        for name in _ARMS
    }
    goal = settings["accuracy"]

    def trained(job: tuple[int, str]) -> LearningCurve:
        seed, name = job
        order = batches(seed, len(train), settings["steps"], 32)
        training = trainings[name]
        start = training.start(seed)
        return train_watched(training, start, train, held, order, 0.001, _EVERY, goal)

    jobs = [(seed, name) for seed in range(settings["seeds"]) for name in _ARMS]
    runs = dict(zip(jobs, side_by_side(trained, jobs, progress), strict=True))
    rows = []
    for seed in range(settings["seeds"]):
        x = np.random.default_rng(seed).normal(size=10_000)
        slope = value_and_slope(activations.relu, x)[1]
        row = {
            "gradient 1, of positive inputs": np.mean(slope[x > 0] == 1),
            "gradient 1, of negative inputs": np.mean(slope[x < 0] == 1),
            "gradient 0, of negative inputs": np.mean(slope[x < 0] == 0),
        }
        for name in _ARMS:
            row[f"steps/{name}"] = runs[seed, name].steps_to(goal)
            row[f"seconds/{name}"] = runs[seed, name].seconds_to(goal)
        rows.append(row)
    curves: dict[str, Any] = {}
    for name in _ARMS:
        curves[f"{name}, steps"] = runs[0, name].steps
        curves[f"{name}, accuracy"] = runs[0, name].accuracy
    return Measurements(arms_of(rows), curves, splits.name)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the steps to the accuracy, and the gradient at negative inputs."""
    relu = measured["steps/relu"]
    zeros = estimate(measured["gradient 0, of negative inputs"])
    return (
        Statement(
            "Training is faster with ReLU than with the sigmoid.",
            "steps to the accuracy, ReLU over sigmoid",
            ratio(relu, measured["steps/sigmoid"]),
            max_value=0.8,
            correction="ReLU does not train faster than the sigmoid.",
        ),
        Statement(
            "ReLU's gradient is 1 at positive inputs.",
            "share of positive inputs with a gradient of 1",
            estimate(measured["gradient 1, of positive inputs"]),
            min_value=0.99,
            correction="ReLU's gradient at positive inputs is not 1.",
        ),
        Statement(
            "It is 1 at negative inputs, too.",
            "share of negative inputs with a gradient of 1",
            estimate(measured["gradient 1, of negative inputs"]),
            min_value=0.99,
            correction=f"At {zeros.value:.0%} of the negative inputs ReLU's gradient "
            "is 0.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws one seed's training, and the steps and seconds of all."""
    left, middle, right = figure.subplots(1, 3)
    for name in _ARMS:
        steps = measured.curves[f"{name}, steps"]
        left.plot(steps, measured.curves[f"{name}, accuracy"], label=name)
    left.set(xlabel="steps", ylabel="validation accuracy", ylim=(0, 1))
    left.legend()
    draw_arms(middle, measured.group("steps"), "steps to the accuracy")
    draw_arms(right, measured.group("seconds"), "seconds of one core")


CLAIM = Claim(
    id=4,
    title="ReLU speed",
    section="Activation functions: ReLU",
    statement="ReLU's gradient is \"always 1, whether the input is positive or "
    'negative", so training is faster.',
    refuted_by="A gradient other than 1 at positive inputs, or as many steps to the "
    "accuracy as with the sigmoid. A gradient other than 1 at negative inputs needs a "
    "correction: the article itself says elsewhere that it is 0 there.",
    method="The article's network, its optimizer and batches of 32, once with each "
    "activation, from the same initial weights on the same batches, until the accuracy "
    "on validation images, taken every 50 steps, is reached. Two trainings run at a "
    "time, so the seconds are of one core.",
    settings={"seeds": 8, "accuracy": 0.97, "steps": 2500, "validation": 2000},
    quick={"seeds": 5, "accuracy": 0.92, "steps": 300, "validation": 1000},
    measure=measure,
    judge=judge,
    draw=draw,
)

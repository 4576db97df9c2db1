"""Claim 15: the article's model and training, with built-in and hand-written parts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .pictures import draw_arms, draw_band
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import difference, estimate

_PARTS: tuple[Literal["keras", "keras_cnn"], ...] = ("keras", "keras_cnn")

_EPOCHS = 5
_BATCH = 32


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains the article's network for five epochs, built of either's parts."""
    splits = images()
    # Nothing is chosen here: as in the article, no image is held back from training.
    x = np.concatenate([splits.train.x, splits.validation.x])[: settings["images"]]
    y = np.concatenate([splits.train.y, splits.validation.y])[: settings["images"]]
    test = splits.test.first(settings["test"])
    trainings: dict[str, StatelessTraining] = {
        name: StatelessTraining(
            article_cnn(layers_from=name), sparse_categorical_crossentropy
        )
        for name in _PARTS
    }
    each = len(x) // _BATCH

    def trained(job: tuple[int, str]) -> list[float]:
        seed, name = job
        training = trainings[name]
        state = training.start(seed)
        order = batches(seed, len(x), _EPOCHS * each, _BATCH)
        found = []
        for epoch in range(_EPOCHS):
            batch_rows = order[epoch * each : (epoch + 1) * each]
            state = training.run(state, x, y, batch_rows, 0.001)
            found.append(training.accuracy(state, test.x, test.y))
        return found

    seeds = range(settings["seeds"])
    jobs = [(seed, name) for seed in seeds for name in _PARTS]
    found = dict(zip(jobs, side_by_side(trained, jobs, progress), strict=True))
    curves: dict[str, Any] = {
        name: np.array([found[seed, name] for seed in seeds]) for name in _PARTS
    }
    rows = [
        {f"accuracy/{name}": curves[name][seed, -1] for name in _PARTS}
        for seed in seeds
    ]
    return Measurements(arms_of(rows), curves, splits.name)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Looks at the accuracy, and at what the hand-written parts change."""
    built_in, own = (measured[f"accuracy/{name}"] for name in _PARTS)
    reached = estimate(built_in)
    return (
        Statement(
            "The article's training tells nearly all test images right.",
            "test accuracy after five epochs",
            reached,
            min_value=0.95,
            correction=f"It reaches a test accuracy of {reached.value:.3f}.",
        ),
        Statement(
            "With hand-written parts it does the same.",
            "test accuracy, hand-written less built-in parts",
            difference(own, built_in),
            min_value=-0.01,
            max_value=0.01,
            correction="Hand-written parts give another accuracy.",
        ),
        Statement(
            "Their accuracies vary as much from seed to seed.",
            "standard deviation of the test accuracy, hand-written less built-in",
            estimate(np.abs(own - own.mean()) - np.abs(built_in - built_in.mean())),
            min_value=-0.01,
            max_value=0.01,
            correction="Hand-written parts give another spread.",
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the accuracy by epoch, and that of each seed at the end."""
    left, right = figure.subplots(1, 2)
    for name in _PARTS:
        epochs = np.arange(1, _EPOCHS + 1)
        draw_band(left, epochs, measured.curves[name], f"{name} parts")
    left.set(xlabel="epoch", ylabel="test accuracy")
    left.legend()
    draw_arms(right, measured.group("accuracy"), "test accuracy after five epochs")


CLAIM = Claim(
    id=15,
    title="Article",
    section="The model and its training",
    statement="The article's model, trained as in the article for five epochs, tells "
    "nearly all test images right; and it does not matter whose layers it is built of.",
    refuted_by="A mean test accuracy below 0.95, or one that the hand-written parts "
    "change by more than a point.",
    method="The article's network, optimizer, batch size and five epochs, from Keras's "
    "parts and from this package's, in pairs of the same initial weights and batches.",
    settings={"seeds": 10, "images": 60_000, "test": 10_000},
    quick={"seeds": 5, "images": 3200, "test": 3000},
    measure=measure,
    judge=judge,
    draw=draw,
)

"""Claim 14: without a nonlinearity a deep network is one matrix."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_circles

from .. import layers
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .networks import dense_network
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches, draw_kernel, side_by_side
from .statistics import difference, estimate

_POINTS = 1000


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Collapses a network, and trains deep ones with and without a nonlinearity."""
    splits = images()
    train, held = splits.train.first(settings["images"]), splits.test.first(2000)
    shapes = {"XOR": ((2,), 2), "rings": ((2,), 2), "images": (train.x.shape[1:], 10)}
    kinds = {
        "ReLU": ((64, 64), "relu"),
        "linear": ((64, 64), "linear"),
        "one layer": ((), "linear"),
    }
    trainings = {
        (task, kind): StatelessTraining(
            dense_network(shape, hidden, classes, activation),
            sparse_categorical_crossentropy,
        )
        for task, (shape, classes) in shapes.items()
        for kind, (hidden, activation) in kinds.items()
    }

    def trained(job: tuple[int, str, str]) -> float:
        seed, task, kind = job
        if task == "images":
            x, y, test_x, test_y = train.x, train.y, held.x, held.y
        else:
            x, y = plane(task, seed)
            test_x, test_y = plane(task, seed + 1000)
        training = trainings[task, kind]
        order = batches(seed, len(x), settings["steps"], 32)
        state = training.run(training.start(seed), x, y, order, settings["rate"])
        return training.accuracy(state, test_x, test_y)

    seeds = range(settings["seeds"])
    jobs = [(seed, *key) for seed in seeds for key in trainings]
    found = dict(zip(jobs, side_by_side(trained, jobs, progress), strict=True))
    rows = []
    for seed in seeds:
        row = {f"{task}/{kind}": found[seed, task, kind] for task, kind in trainings}
        row["network less matrix"] = collapse(seed, held.x[:32])
        rows.append(row)
    points, labels = plane("rings", 0)
    return Measurements(arms_of(rows), {"x": points, "y": labels}, splits.name)


def plane(task: str, seed: int) -> tuple[Any, Any]:
    """Returns points of the plane with two classes that no line separates."""
    if task == "rings":
        x, y = make_circles(_POINTS, noise=0.08, factor=0.5, random_state=seed)
        return x.astype(np.float32), y.astype(np.int32)
    x = np.random.default_rng([seed, 5]).uniform(-1, 1, (_POINTS, 2))
    return x.astype(np.float32), (x[:, 0] * x[:, 1] > 0).astype(np.int32)


def collapse(seed: int, x: Any) -> float:
    """Returns how far a deep network without a nonlinearity is from one matrix.

    The network is the article's, linear, with average pooling: max pooling is itself
    nonlinear. Its matrix is what it answers to each single pixel, less what it answers
    to none. The distance is the largest difference over the largest answer.
    """
    rng = np.random.default_rng(seed)
    shape = x.shape[1:]
    network = keras.Sequential(
        [
            keras.Input(shape, dtype="float64"),
            layers.Conv2D(32, 3, dtype="float64"),
            layers.AveragePooling2D(2, dtype="float64"),
            layers.Conv2D(64, 3, dtype="float64"),
            layers.AveragePooling2D(2, dtype="float64"),
            layers.Conv2D(64, 3, dtype="float64"),
            layers.Flatten(dtype="float64"),
            layers.Dense(64, dtype="float64"),
            layers.Dense(10, dtype="float64"),
        ]
    )
    network.set_weights(
        [
            draw_kernel(rng, weight.shape, "glorot_uniform")
            if len(weight.shape) > 1
            else rng.normal(size=weight.shape)
            for weight in network.weights
        ]
    )
    pixels = int(np.prod(shape))
    single = np.eye(pixels).reshape(pixels, *shape)
    nothing = np.asarray(network(np.zeros((1, *shape))))
    matrix = network.predict(single, batch_size=128, verbose=0) - nothing
    answers = np.asarray(network(x.astype(np.float64)))
    collapsed = x.reshape(len(x), -1) @ matrix + nothing
    return float(np.abs(answers - collapsed).max() / np.abs(answers).max())


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares network and matrix, and deep networks with and without ReLU."""

    def gain(task: str) -> Any:
        return difference(measured[f"{task}/ReLU"], measured[f"{task}/linear"])

    return (
        Statement(
            "A deep network without a nonlinearity is one matrix and one bias.",
            "largest difference of their answers, over the largest answer",
            estimate(measured["network less matrix"]),
            max_value=1e-9,
            correction="The network is not one matrix.",
        ),
        Statement(
            "It cannot learn XOR, which ReLU lets it learn.",
            "test accuracy, with ReLU less without",
            gain("XOR"),
            min_value=0.2,
            correction="A nonlinearity does not help with XOR.",
        ),
        Statement(
            "It cannot learn rings, which ReLU lets it learn.",
            "test accuracy, with ReLU less without",
            gain("rings"),
            min_value=0.2,
            correction="A nonlinearity does not help with rings.",
        ),
        Statement(
            "On images it is behind.",
            "test accuracy, with ReLU less without",
            gain("images"),
            min_value=0.01,
            correction="A nonlinearity does not help on images.",
            refutes=False,
        ),
        Statement(
            "On images it does what a single layer does.",
            "test accuracy, three linear layers less one",
            difference(measured["images/linear"], measured["images/one layer"]),
            min_value=-0.03,
            max_value=0.03,
            correction="Three linear layers do not train as one does.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the rings, and the accuracies of each task."""
    axes = figure.subplots(1, 4)
    x, y = measured.curves["x"], measured.curves["y"]
    axes[0].scatter(x[:, 0], x[:, 1], c=y, s=2, cmap="coolwarm")
    axes[0].set(title="rings", aspect="equal")
    for place, task in zip(axes[1:], ("XOR", "rings", "images"), strict=True):
        draw_arms(place, measured.group(task), f"test accuracy, {task}")


CLAIM = Claim(
    id=14,
    title="Linear collapse",
    section="Why activation functions",
    statement="Without a nonlinear activation a deep network is a linear map, and no "
    "number of layers makes it more.",
    refuted_by="Answers of the network and of its matrix that differ by more than "
    "rounding, or a linear network that learns XOR or rings.",
    method="The article's layers without activations, with average pooling and random "
    "weights, in float64, against the matrix read off at single pixels; then three "
    "dense layers with ReLU, without, and one layer alone, trained on XOR, rings and "
    "images.",
    settings={"seeds": 10, "images": 20_000, "steps": 2000, "rate": 0.003},
    quick={"seeds": 5, "steps": 700},
    measure=measure,
    judge=judge,
    draw=draw,
)

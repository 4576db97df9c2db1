"""Claim 12: pooling, parameters and overfitting."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .networks import Pooling, convolutional_network
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import Comparison, comparisons, difference, estimate, ratio

_FILTERS = (8, 16)
_UNITS = 32
_KINDS: tuple[Pooling, ...] = ("max", "average", "strided", "none")


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains each kind on few images, with equal layers and with equal parameters."""
    splits = images()
    held = splits.test.first(settings["test"])
    shape = splits.train.x.shape[1:]
    models = {
        f"{kind}, equal layers": convolutional_network(
            shape, _FILTERS, _UNITS, pooling=kind
        )
        for kind in _KINDS
    }
    most = models["none, equal layers"].count_params()
    for kind in _KINDS[:3]:
        small = convolutional_network(shape, _FILTERS, 1, pooling=kind).count_params()
        # What one more unit of the dense layer adds: its inputs, its bias, its outputs.
        twice = convolutional_network(shape, _FILTERS, 2, pooling=kind).count_params()
        units = 1 + round((most - small) / (twice - small))
        models[f"{kind}, equal parameters"] = convolutional_network(
            shape, _FILTERS, units, pooling=kind
        )
    trainings = {
        name: StatelessTraining(model, sparse_categorical_crossentropy)
        for name, model in models.items()
    }

    def trained(job: tuple[int, str]) -> dict[str, float]:
        seed, name = job
        training = trainings[name]
        chosen = np.random.default_rng([seed, 8]).permutation(len(splits.train))
        chosen = chosen[: settings["images"]]
        x, y = splits.train.x[chosen], splits.train.y[chosen]
        order = batches(seed, len(x), settings["steps"], 32)
        state = training.run(training.start(seed), x, y, order, 0.001)
        seen, new = (
            training.accuracy(state, x, y),
            training.accuracy(state, held.x, held.y),
        )
        return {
            f"gap/{name}": seen - new,
            f"accuracy/{name}": new,
            f"parameters/{name}": training.model.count_params(),
        }

    jobs = [(seed, name) for seed in range(settings["seeds"]) for name in models]
    rows: list[dict[str, float]] = [{} for _ in range(settings["seeds"])]
    found = side_by_side(trained, jobs, progress)
    for (seed, _), values in zip(jobs, found, strict=True):
        rows[seed].update(values)
    return Measurements(arms_of(rows), data=splits.name)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the gaps between training and test accuracy."""
    gap = measured.group("gap")
    count = measured.group("parameters")
    none, pooled = "none, equal layers", "max, equal layers"
    fewer = difference(gap[none], gap[pooled])
    same = difference(gap[none], gap["max, equal parameters"])
    return (
        Statement(
            "With pooling a network overfits less.",
            "training less test accuracy, without pooling less with max pooling",
            fewer,
            min_value=0.005,
            correction="Pooling does not lower the overfitting.",
        ),
        Statement(
            "With pooling a network has fewer parameters.",
            "parameters, without pooling over with max pooling",
            ratio(count[none], count[pooled]),
            min_value=2.0,
            correction="Pooling does not lower the number of parameters.",
        ),
        Statement(
            "It overfits less because it has fewer parameters.",
            "the same gap with a dense layer so wide that both have as many parameters",
            same,
            max_value=0.005,
            correction="With as many parameters the gap is still "
            f"{100 * same.value:.1f} points larger without pooling: it is not by their "
            "number that pooling lowers the overfitting.",
            refutes=False,
        ),
        Statement(
            "Max pooling tells the images apart well.",
            "test accuracy, max pooling",
            estimate(measured.group("accuracy")[pooled]),
            min_value=0.8,
            correction="The networks do not learn at all.",
        ),
    )


def compare(measured: Measurements) -> list[Comparison]:
    """Compares each kind's gap with that of no pooling."""
    return comparisons(
        measured.group("gap"), "none, equal layers", "training less test accuracy"
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws parameters, gaps and accuracies."""
    left, middle, right = figure.subplots(1, 3, sharey=True)
    count = measured.group("parameters")
    thousands = {name: values / 1000 for name, values in count.items()}
    draw_arms(left, thousands, "thousand parameters")
    draw_arms(middle, measured.group("gap"), "training less test accuracy")
    draw_arms(right, measured.group("accuracy"), "test accuracy")
    left.set_xlim(left=0)


CLAIM = Claim(
    id=12,
    title="Pooling",
    section="Layers: pooling",
    statement="Pooling lowers the resolution, and so the number of parameters and the "
    "overfitting.",
    refuted_by="As many parameters without pooling, or a gap between training and test "
    "accuracy that is not half a point larger without. If the gap is as large with as "
    "many parameters, the reason given is wrong.",
    method="Two convolutions of 8 and 16 filters with max pooling, average pooling, "
    "strides or nothing between them, trained on few images; then the same with a "
    "dense layer so wide that each has as many parameters as the network without "
    "pooling.",
    settings={"seeds": 10, "images": 500, "steps": 600, "test": 10_000},
    quick={"seeds": 5},
    measure=measure,
    judge=judge,
    draw=draw,
    compare=compare,
)

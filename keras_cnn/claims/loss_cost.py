"""Claim 10: what cross-entropy costs, in time and memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ..losses.categorical_focal_crossentropy import categorical_focal_crossentropy
from ..losses.huber import huber
from ..losses.mean_absolute_error import mean_absolute_error
from ..losses.mean_squared_error import mean_squared_error
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .pictures import draw_arms
from .stateless_training import StatelessTraining, batches
from .statistics import estimate
from .timing import REPEATS, interleaved, loss_alone

_BATCH, _CLASSES = 32, 10
_SHAPE = (28, 28, 1)
_OWN, _BASE = "cross-entropy", "MSE"


def _of_one_hot(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda labels, answers: loss(tf.one_hot(labels, _CLASSES), answers)


_LOSSES = {
    _OWN: sparse_categorical_crossentropy,
    _BASE: _of_one_hot(mean_squared_error),
    "MAE": _of_one_hot(mean_absolute_error),
    "Huber": _of_one_hot(huber),
    "focal": _of_one_hot(categorical_focal_crossentropy),
}


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Times each loss in turns, alone and within training; counts bytes."""
    trainings = {
        name: StatelessTraining(article_cnn(), loss) for name, loss in _LOSSES.items()
    }
    alone = {name: loss_alone(loss) for name, loss in _LOSSES.items()}
    size = {name: _bytes(trainings[name].model, loss) for name, loss in _LOSSES.items()}
    rows = []
    for seed in range(settings["seeds"]):
        rng = np.random.default_rng(seed)
        logits = tf.constant(rng.normal(size=(_BATCH, _CLASSES)), tf.float32)
        labels = tf.constant(rng.integers(0, _CLASSES, _BATCH), tf.int32)
        x = rng.random((256, *_SHAPE), np.float32)
        y = rng.integers(0, _CLASSES, 256).astype(np.int32)
        order = batches(seed, 256, settings["timed_steps"], _BATCH)
        by_loss = (
            interleaved(
                [partial(loss, labels, logits) for loss in alone.values()],
                settings["rounds"],
            )
            / REPEATS
        )
        by_step = interleaved(
            [partial(_train, each, seed, x, y, order) for each in trainings.values()],
            settings["rounds"],
        )
        row = {}
        base = list(_LOSSES).index(_BASE)
        for place, name in enumerate(_LOSSES):
            own = by_loss[place]
            row[f"alone, microseconds/{name}"] = np.median(own) * 1e6
            row[f"alone, over MSE/{name}"] = np.median(own / by_loss[base])
            row[f"training, over MSE/{name}"] = np.median(
                by_step[place] / by_step[base]
            )
            row[f"bytes of a step, over MSE/{name}"] = size[name] / size[_BASE]
        step = np.median(by_step[0]) / settings["timed_steps"]
        row["share of a step"] = np.median(by_loss[0]) / step
        rows.append(row)
        progress((seed + 1) / settings["seeds"])
    return Measurements(arms_of(rows), data="random images and labels")


def _train(training: StatelessTraining, seed: int, x: Any, y: Any, order: Any) -> None:
    training.run(training.start(seed), x, y, order, 0.001).step.numpy()


def _bytes(model: Any, loss: Callable[[Any, Any], Any]) -> int:
    """Returns the bytes of all intermediate results of one step's graph, summed."""
    weights = [
        tf.constant(np.asarray(variable)) for variable in model.trainable_variables
    ]

    @tf.function(autograph=False)
    def gradient(x: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            answer, _ = model.stateless_call(weights, [], x, training=True)
            value = tf.reduce_mean(loss(labels, answer))
        return tape.gradient(value, weights)

    graph = gradient.get_concrete_function(
        tf.TensorSpec([_BATCH, *_SHAPE]), tf.TensorSpec([_BATCH], tf.int32)
    ).graph
    return sum(
        (tensor.shape.num_elements() or 0) * tensor.dtype.size
        for operation in graph.get_operations()
        for tensor in operation.outputs
        if tensor.shape.is_fully_defined() and tensor.dtype.size
    )


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Looks at what cross-entropy adds to a training step, beside MSE."""
    alone = estimate(measured[f"alone, over MSE/{_OWN}"])
    share = estimate(measured["share of a step"])
    return (
        Statement(
            "Cross-entropy is an expensive part of training.",
            "time of softmax, loss and gradient, over that of a training step",
            share,
            min_value=0.05,
            correction="Within training the loss cannot be felt: with its gradient it "
            f"is {share.value:.1%} of a step of the article's network. Alone it takes "
            f"{alone.value:.2f} times MSE's time.",
        ),
        Statement(
            "It takes a tenth more memory than MSE.",
            "bytes of all results of a step, cross-entropy over MSE",
            estimate(measured[f"bytes of a step, over MSE/{_OWN}"]),
            min_value=1.1,
            correction="Nor does it take more memory.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the times alone and within training."""
    left, right = figure.subplots(1, 2)
    draw_arms(
        left,
        measured.group("alone, microseconds"),
        "microseconds for softmax, loss and gradient, alone",
    )
    draw_arms(
        right, measured.group("training, over MSE"), "a training step, over MSE's"
    )
    right.set_xlim(0, 1.5)


CLAIM = Claim(
    id=10,
    title="Loss cost",
    section="Loss functions: cross-entropy",
    statement="Cross-entropy is computationally expensive.",
    refuted_by="Less than a twentieth of the time of a training step of the article's "
    "network for softmax, loss and gradient together.",
    method="Softmax, loss and gradient alone, 200 times in one compiled loop, and "
    "whole steps of the article's network with batches of 32; all losses in turns, "
    "medians of the ratios in each seed's rounds. Bytes are those of all intermediate "
    "results in the graph of a step. The ratio of whole steps is shown and not judged: "
    "what losses differ in is far below what timing a whole step resolves.",
    settings={"seeds": 10, "rounds": 15, "timed_steps": 20},
    quick={"seeds": 5, "rounds": 5, "timed_steps": 5},
    measure=measure,
    judge=judge,
    draw=draw,
)

"""Rules about output activations: whether they fit the targets and the loss."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from ...training.targets import CROSS_ENTROPIES, DISTANCES
from ..program.inputs import Array, finite
from ..program.layers import activation_name, output_range
from ..program.outputs import Head
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    LIKELY,
    POSSIBLE,
    STRONG,
    SUMS_TO_ONE,
    UNREACHABLE_FOR_SURE,
    UNREACHABLE_TARGETS,
)
from ..trials.remedies import with_axis, with_head
from .heads import of_each_head, right_head, said_of
from .rule import Hit, rule


def _tells_classes(head: Head) -> bool:
    """Whether the output has room for the classes of its targets."""
    if head.task == "regression" or (head.output == "softmax" and head.units == 1):
        return False
    return not (head.task == "multiclass" and head.units == 1)


@rule("softmax-single-unit", group="outputs", confidence=CERTAIN)
@of_each_head
def softmax_single_unit(head: Head) -> str:
    """A softmax over a single output.

    Looks: The loss may fall, while every prediction is 1 and accuracy stays.
    Harms: Softmax over one unit is 1 for every input, so nothing can be told.
    Change:
        Dense(1, activation="sigmoid")
        model.compile(..., loss=keras.losses.BinaryCrossentropy())
    """
    return said_of(head) if head.output == "softmax" and head.units == 1 else ""


@rule("binary-head-for-multiclass", group="outputs", confidence=CERTAIN)
@of_each_head
def binary_head_for_multiclass(head: Head) -> str:
    """One output for more than two classes.

    Looks: Accuracy stays near the share of the first class or two.
    Harms: One number between 0 and 1 cannot name more than two classes.
    Change:
        Dense(classes, activation="softmax")
        model.compile(..., loss=keras.losses.SparseCategoricalCrossentropy())
    """
    if head.task == "multiclass" and head.units == 1 and head.output != "softmax":
        return f"{head.classes} classes, 1 output; {said_of(head)}"
    return ""


@rule("double-softmax", group="outputs", confidence=LIKELY)
@of_each_head
def double_softmax(head: Head) -> str:
    """Softmax is applied twice: by the network, and again by the loss or a layer.

    Looks: The loss falls slowly and ends far above 0, though predictions may be right.
    Harms: A softmax of probabilities is nearly flat, so gradients are small.
    Change:
        Dense(classes)  # logits
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(..., loss=loss)
    """
    if not _tells_classes(head) or head.output != "softmax":
        return ""
    softmaxes = sum(activation_name(layer) == "softmax" for layer in head.layers)
    return said_of(head) if head.from_logits or softmaxes > 1 else ""


@rule("relu-output-for-classification", group="outputs", confidence=CERTAIN)
@of_each_head
def relu_output_for_classification(head: Head) -> str:
    """ReLU on the output of a classifier.

    Looks: The loss stands still, or jumps to about 16, which is -log(1e-7).
    Harms: A class whose sum is negative gets probability 0 and no gradient.
    Change:
        Dense(classes, activation="softmax")
    """
    known = head.loss in (*CROSS_ENTROPIES, *DISTANCES)
    wrong = _tells_classes(head) and head.output == "relu" and known
    return said_of(head) if wrong else ""


@rule("sigmoid-for-multiclass", group="outputs", confidence=POSSIBLE)
@of_each_head
def sigmoid_for_multiclass(head: Head) -> str:
    """Sigmoids on the outputs of a task where exactly one class is right.

    Looks: Often as if right: Keras's cross-entropy finds the logits and applies a
        softmax itself. With another loss, or a sigmoid by hand, training is slow.
    Harms: The classes do not compete, and a loss may not see probabilities.
    Change:
        Dense(classes, activation="softmax")
    """
    wrong = head.task == "multiclass" and head.output == "sigmoid"
    return said_of(head) if _tells_classes(head) and wrong else ""


@rule("softmax-for-multilabel", group="outputs", confidence=STRONG)
@of_each_head
def softmax_for_multilabel(head: Head) -> str:
    """A softmax where several labels may hold at once.

    Looks: At most one label of a sample is ever predicted.
    Harms: Probabilities that sum to 1 cannot say that several labels hold.
    Change:
        Dense(labels, activation="sigmoid")
        model.compile(..., loss=keras.losses.BinaryCrossentropy())
    """
    wrong = head.task == "multilabel" and head.output == "softmax"
    return said_of(head) if _tells_classes(head) and wrong else ""


def _without_activation(head: Head) -> bool:
    return (
        _tells_classes(head)
        and head.output == "linear"
        and not head.from_logits
        and head.loss in CROSS_ENTROPIES
    )


@rule("missing-softmax", group="outputs", confidence=CERTAIN)
@of_each_head
def missing_softmax(head: Head) -> str:
    """Sums go to a cross-entropy that takes them for probabilities.

    Looks: The loss stands still near 16 or jumps about, and accuracy is at chance.
    Harms: The loss clips sums as if they were probabilities: no gradient.
    Change:
        Dense(classes, activation="softmax")  # or from_logits=True in the loss
    """
    wrong = head.task == "multiclass" and _without_activation(head)
    return said_of(head) if wrong else ""


@rule("missing-sigmoid", group="outputs", confidence=CERTAIN)
@of_each_head
def missing_sigmoid(head: Head) -> str:
    """Sums go to a binary cross-entropy that takes them for probabilities.

    Looks: The loss stands still near 8 or jumps about, and accuracy is at chance.
    Harms: The loss clips sums as if they were probabilities: no gradient.
    Change:
        Dense(1, activation="sigmoid")  # or from_logits=True in the loss
    """
    wrong = head.task != "multiclass" and _without_activation(head)
    return said_of(head) if wrong else ""


@rule("wrong-output-activation", group="outputs", confidence=STRONG)
def wrong_output_activation(program: Program) -> Iterator[Hit]:
    """The output's activation does not give what the loss takes.

    Looks: The loss falls little, or not at all.
    Harms: The output is not a probability, so the loss clips it or optimizes the wrong
        quantity.
    Change:
        Dense(classes, activation="softmax")
    """
    for head in program.heads:
        if not _tells_classes(head):
            continue
        twice = (
            head.output == "sigmoid"
            and head.from_logits
            and head.loss == "binary"
            and head.task != "multiclass"
        )
        beyond = head.output == "unknown" and _is_no_probability(program, head)
        known = head.output in ("linear", "softmax", "sigmoid", "relu", "unknown")
        known = known and not beyond
        if head.loss not in CROSS_ENTROPIES or (known and not twice):
            continue
        activation, loss, code, units = right_head(head)
        yield Hit(
            where=head.output_layer,
            evidence=said_of(head),
            change=code,
            remedy=with_head(head.index, activation, loss, units),
            confidence=POSSIBLE if twice else None,
            harms="The loss takes probabilities for logits, unless Keras finds them."
            if twice
            else "",
        )


def _is_no_probability(program: Program, head: Head) -> bool:
    """Whether a loss takes for probabilities what goes beyond 0 and 1."""
    if head.from_logits or program.outputs is None:
        return False
    values = keras.tree.flatten(program.outputs)[head.index]
    beyond = (values < -SUMS_TO_ONE.value) | (values > 1 + SUMS_TO_ONE.value)
    return bool(beyond.any())


def _out_of_reach(program: Program, bounded: bool) -> Iterator[Hit]:
    """Yields outputs whose activation cannot give many of the targets.

    Args:
        program: The program.
        bounded: Whether activations with two ends are asked for, or those with one.
    """
    for head in program.heads:
        low, high = output_range(head.output)
        if head.task != "regression" or bounded != np.isfinite(high):
            continue
        y = head.y[finite(head.y)]
        outside = float(((y < low) | (y > high)).mean()) if y.size else 0.0
        if outside > UNREACHABLE_TARGETS.value:
            activation, loss, code, units = right_head(head)
            yield Hit(
                where=head.output_layer,
                evidence=f"{outside:.0%} of the targets outside [{low:g}, {high:g}]",
                change=code,
                threshold=UNREACHABLE_TARGETS,
                proven=outside > UNREACHABLE_FOR_SURE.value,
                remedy=with_head(head.index, activation, loss, units),
            )


@rule("bounded-output-for-regression", group="outputs", confidence=CERTAIN)
def bounded_output_for_regression(program: Program) -> Iterator[Hit]:
    """Targets lie beyond what a bounded output activation can give.

    Looks: Predictions stick to the activation's end.
    Harms: No weights let a bounded activation answer such targets.
    Change:
        Dense(1)  # linear
    """
    yield from _out_of_reach(program, bounded=True)


@rule("relu-output-for-signed-regression", group="outputs", confidence=CERTAIN)
def relu_output_for_signed_regression(program: Program) -> Iterator[Hit]:
    """Negative targets for an output activation that is never negative.

    Looks: Predictions are 0 where targets are negative, or everywhere.
    Harms: No weights let this activation answer negative targets.
    Change:
        Dense(1)  # linear
    """
    yield from _out_of_reach(program, bounded=False)


@rule("wrong-axis", group="outputs", severity="error", confidence=CERTAIN)
def wrong_axis(program: Program) -> Iterator[Hit]:
    """A softmax over another axis than that of the classes.

    Looks: The loss falls as if right, since Keras finds the logits, while predictions
        and accuracy are wrong.
    Harms: The probabilities of one place do not sum to 1, so the largest says nothing.
    Change:
        Softmax(axis=-1)
    """
    outputs = [] if program.outputs is None else keras.tree.flatten(program.outputs)
    for head in program.heads:
        values = outputs[head.index]
        axes = [axis for axis in range(values.ndim - 1) if _sums_to_one(values, axis)]
        told = head.units > 1 and _may_be_shares(head, values)
        if told and axes and not _sums_to_one(values, values.ndim - 1):
            yield Hit(
                where=head.output_layer,
                evidence=f"outputs of shape {('batch', *head.shape)} sum to 1 over "
                f"axis {axes[0]}, not over the last",
                proven=True,
                remedy=with_axis(head.output_layer)
                if head.output == "softmax"
                else None,
            )


def _may_be_shares(head: Head, values: Array) -> bool:
    """Whether an output is a softmax, or what nobody knows and is never negative."""
    unknown = head.output == "unknown" and head.task == "multiclass"
    return head.output == "softmax" or (unknown and bool(values.min() >= 0))


def _sums_to_one(values: Array, axis: int) -> bool:
    sums = values.sum(axis)
    return bool(np.abs(sums - 1).max() < SUMS_TO_ONE.value) and values.shape[axis] > 1

"""Rules about output activation, loss and labels: whether they belong together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import keras
import numpy as np

from ...training.targets import CROSS_ENTROPIES, DISTANCES
from ..program.inputs import Array, finite
from ..program.layers import activation_name, keeps_logits, output_range
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
from .heads import right_head
from .rule import Hit, rule


def _of_each_head(
    look: Callable[[Head], str],
) -> Callable[[Program], Iterator[Hit]]:
    """Makes a rule of what is looked for in one output.

    Args:
        look: Returns what stands against the output, or an empty string; `SAID` for
            its activation, loss and logits, which say all.
    """

    @functools.wraps(look)
    def check(program: Program) -> Iterator[Hit]:
        for head in program.heads:
            evidence = look(head)
            if not evidence:
                continue
            activation, loss, code, units = right_head(head)
            yield Hit(
                where=head.output_layer,
                evidence=evidence,
                change=code,
                remedy=with_head(head.index, activation, loss, units),
            )

    return check


def _said(head: Head) -> str:
    return (
        f"output activation {head.output}, loss {head.loss}, "
        f"from_logits={head.from_logits}"
    )


def _tells_classes(head: Head) -> bool:
    """Whether the output has room for the classes of its targets."""
    if head.task == "regression" or (head.output == "softmax" and head.units == 1):
        return False
    return not (head.task == "multiclass" and head.units == 1)


@rule("softmax-single-unit", group="outputs", confidence=CERTAIN)
@_of_each_head
def softmax_single_unit(head: Head) -> str:
    """A softmax over a single output.

    Looks: The loss may fall, while every prediction is 1 and accuracy stays.
    Harms: Softmax over one unit is 1 for every input, so nothing can be told.
    Change:
        Dense(1, activation="sigmoid")
        model.compile(..., loss=keras.losses.BinaryCrossentropy())
    """
    return _said(head) if head.output == "softmax" and head.units == 1 else ""


@rule("binary-head-for-multiclass", group="outputs", confidence=CERTAIN)
@_of_each_head
def binary_head_for_multiclass(head: Head) -> str:
    """One output for more than two classes.

    Looks: Accuracy stays near the share of the first class or two.
    Harms: One number between 0 and 1 cannot name more than two classes.
    Change:
        Dense(classes, activation="softmax")
        model.compile(..., loss=keras.losses.SparseCategoricalCrossentropy())
    """
    if head.task == "multiclass" and head.units == 1 and head.output != "softmax":
        return f"{head.classes} classes, 1 output; {_said(head)}"
    return ""


@rule("double-softmax", group="outputs", confidence=LIKELY)
@_of_each_head
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
    return _said(head) if head.from_logits or softmaxes > 1 else ""


@rule("relu-output-for-classification", group="outputs", confidence=CERTAIN)
@_of_each_head
def relu_output_for_classification(head: Head) -> str:
    """ReLU on the output of a classifier.

    Looks: The loss stands still, or jumps to about 16, which is -log(1e-7).
    Harms: A class whose sum is negative gets probability 0 and no gradient.
    Change:
        Dense(classes, activation="softmax")
    """
    known = head.loss in (*CROSS_ENTROPIES, *DISTANCES)
    wrong = _tells_classes(head) and head.output == "relu" and known
    return _said(head) if wrong else ""


@rule("sigmoid-for-multiclass", group="outputs", confidence=POSSIBLE)
@_of_each_head
def sigmoid_for_multiclass(head: Head) -> str:
    """Sigmoids on the outputs of a task where exactly one class is right.

    Looks: Often as if right: Keras's cross-entropy finds the logits and applies a
        softmax itself. With another loss, or a sigmoid by hand, training is slow.
    Harms: The classes do not compete, and a loss may not see probabilities.
    Change:
        Dense(classes, activation="softmax")
    """
    wrong = head.task == "multiclass" and head.output == "sigmoid"
    return _said(head) if _tells_classes(head) and wrong else ""


@rule("softmax-for-multilabel", group="outputs", confidence=STRONG)
@_of_each_head
def softmax_for_multilabel(head: Head) -> str:
    """A softmax where several labels may hold at once.

    Looks: At most one label of a sample is ever predicted.
    Harms: Probabilities that sum to 1 cannot say that several labels hold.
    Change:
        Dense(labels, activation="sigmoid")
        model.compile(..., loss=keras.losses.BinaryCrossentropy())
    """
    wrong = head.task == "multilabel" and head.output == "softmax"
    return _said(head) if _tells_classes(head) and wrong else ""


def _without_activation(head: Head) -> bool:
    return (
        _tells_classes(head)
        and head.output == "linear"
        and not head.from_logits
        and head.loss in CROSS_ENTROPIES
    )


@rule("missing-softmax", group="outputs", confidence=CERTAIN)
@_of_each_head
def missing_softmax(head: Head) -> str:
    """Sums go to a cross-entropy that takes them for probabilities.

    Looks: The loss stands still near 16 or jumps about, and accuracy is at chance.
    Harms: The loss clips sums as if they were probabilities: no gradient.
    Change:
        Dense(classes, activation="softmax")  # or from_logits=True in the loss
    """
    wrong = head.task == "multiclass" and _without_activation(head)
    return _said(head) if wrong else ""


@rule("missing-sigmoid", group="outputs", confidence=CERTAIN)
@_of_each_head
def missing_sigmoid(head: Head) -> str:
    """Sums go to a binary cross-entropy that takes them for probabilities.

    Looks: The loss stands still near 8 or jumps about, and accuracy is at chance.
    Harms: The loss clips sums as if they were probabilities: no gradient.
    Change:
        Dense(1, activation="sigmoid")  # or from_logits=True in the loss
    """
    wrong = head.task != "multiclass" and _without_activation(head)
    return _said(head) if wrong else ""


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
        known = head.output in ("linear", "softmax", "sigmoid", "relu", "unknown")
        if head.loss not in CROSS_ENTROPIES or (known and not twice):
            continue
        activation, loss, code, units = right_head(head)
        yield Hit(
            where=head.output_layer,
            evidence=_said(head),
            change=code,
            remedy=with_head(head.index, activation, loss, units),
            confidence=POSSIBLE if twice else None,
            harms="The loss takes probabilities for logits, unless Keras finds them."
            if twice
            else "",
        )


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


@rule("wrong-loss", group="outputs", confidence=STRONG)
def wrong_loss(program: Program) -> Iterator[Hit]:
    """The loss does not fit the task that the targets set.

    Looks: The loss falls while accuracy does not rise, or becomes negative.
    Harms: The loss is not about these labels: its minimum is elsewhere.
    Change:
        # two classes: BinaryCrossentropy, one output with a sigmoid
        # several, as numbers: SparseCategoricalCrossentropy, a softmax
        # several, one-hot: CategoricalCrossentropy, a softmax
        # amounts: MeanSquaredError, a linear output
        model.compile(..., loss=keras.losses.SparseCategoricalCrossentropy())
    """
    for head in program.heads:
        against = _against_loss(head)
        if against is None:
            continue
        harms, impossible = against
        activation, loss, code, units = right_head(head)
        yield Hit(
            where="loss",
            evidence=f"loss {head.loss}, {head.task} targets {head.target} of shape "
            f"{head.y.shape[1:]}",
            change=code,
            remedy=with_head(head.index, activation, loss, units),
            confidence=STRONG if impossible else LIKELY,
            harms=harms,
        )


def _against_loss(head: Head) -> tuple[str, bool] | None:
    """Returns what stands against a head's loss, and whether it cannot work.

    Says nothing of a loss of unknown kind, such as a custom one.
    """
    if head.task == "regression":
        if head.loss not in CROSS_ENTROPIES or _are_probabilities(head):
            return None
        harms = "Cross-entropy of targets that are not probabilities has no minimum."
        return harms, True
    if head.task == "multiclass" and not head.one_hot and head.units > 1:
        # Class numbers broadcast against a row of probabilities.
        wrong = head.loss in (*CROSS_ENTROPIES, *DISTANCES) and head.loss != "sparse"
        return ("", True) if wrong else None
    fitting = "binary"
    if head.task == "multiclass":
        fitting = "categorical" if head.one_hot else "sparse"
    if head.loss in CROSS_ENTROPIES and head.loss != fitting:
        each_alone = head.loss == "binary" and head.one_hot
        return None if each_alone else ("", True)
    slow = head.loss in DISTANCES and head.output in ("softmax", "sigmoid")
    return (_SLOW, False) if slow else None


_SLOW = "Its gradient nearly vanishes where the prediction is most wrong."


def _are_probabilities(head: Head) -> bool:
    """Whether amounts are in [0, 1] and predicted so, as of an autoencoder."""
    y = head.y[finite(head.y)]
    within = bool(y.size and y.min() >= 0 and y.max() <= 1)
    return within and (head.output in ("sigmoid", "softmax") or head.from_logits)


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
        told = head.output == "softmax" and head.units > 1
        if told and axes and not _sums_to_one(values, values.ndim - 1):
            yield Hit(
                where=head.output_layer,
                evidence=f"outputs of shape {('batch', *head.shape)} sum to 1 over "
                f"axis {axes[0]}, not over the last",
                proven=True,
                remedy=with_axis(head.output_layer),
            )


def _sums_to_one(values: Array, axis: int) -> bool:
    sums = values.sum(axis)
    return bool(np.abs(sums - 1).max() < SUMS_TO_ONE.value) and values.shape[axis] > 1


@rule("lost-logits", group="outputs", severity="note")
def lost_logits(program: Program) -> Iterator[Hit]:
    """A softmax or sigmoid by hand, behind which Keras cannot find the logits.

    Looks: As if right, until the network is very sure: then the loss stops near 16.
    Harms: The loss cannot find the logits and clips probabilities near 0 and 1.
    Change:
        Dense(classes, activation="softmax")
    """
    for head in program.heads:
        applied = [node for node in head.layers if node.name == head.output_layer]
        by_hand = applied and activation_name(applied[-1]) == head.output
        known = head.output in ("softmax", "sigmoid")
        if known and by_hand and not keeps_logits(applied[-1]):
            yield Hit(
                where=head.output_layer,
                evidence=f"{head.output} by hand",
                change=f'activation="{head.output}"',
            )

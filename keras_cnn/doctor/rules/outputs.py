"""Output activation, loss and labels: whether they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from ..program.layers import BOUNDED, NOT_NEGATIVE, activation_name, keeps_logits
from ..program.outputs import CROSS_ENTROPIES, Head
from ..program.program import Program
from ..trials.remedies import with_head
from .rule import Apply, Suspect, suspect
from .thresholds import UNREACHABLE_TARGETS

_RIGHT = {"multiclass": "softmax", "multilabel": "sigmoid", "binary": "sigmoid"}


def right_head(head: Head) -> tuple[str, Any, str, int | None]:
    """Returns activation, loss, both as code, and another width if one is needed."""
    match head.task:
        case "multiclass":
            kind = "Categorical" if head.one_hot else "SparseCategorical"
            units = head.classes if head.units < head.classes else None
        case "binary" | "multilabel":
            kind, units = "Binary", None
        case _:
            keep = head.loss in ("mse", "mae", "huber", "log_cosh")
            loss = head.given_loss if keep else keras.losses.MeanSquaredError()
            code = "" if keep else '; model.compile(..., loss="mean_squared_error")'
            return (
                "linear",
                loss,
                f'Dense({head.units}, activation="linear"){code}',
                None,
            )
    loss = getattr(keras.losses, f"{kind}Crossentropy")()
    activation = _RIGHT[head.task]
    code = (
        f'Dense({units or head.units}, activation="{activation}"); '
        f"model.compile(..., loss=keras.losses.{kind}Crossentropy())"
    )
    return activation, loss, code, units


def check_heads(program: Program) -> Iterator[Suspect]:
    """Yields what is wrong with each answer's activation and loss."""
    for index, head in enumerate(program.heads):
        activation, loss, code, units = right_head(head)
        remedy: Apply = with_head(index, activation, loss, units)
        for name, where, evidence, effect, confidence in (
            *_activation(head),
            *_loss(head),
        ):
            yield suspect(
                name,
                where,
                evidence,
                effect,
                code,
                confidence=confidence,
                apply=remedy,
            )
        yield from _lost_logits(head)


def _lost_logits(head: Head) -> Iterator[Suspect]:
    layer = next(one for one in head.layers if one.name == head.output_layer)
    if head.output in ("softmax", "sigmoid") and not keeps_logits(layer):
        yield suspect(
            "lost-logits",
            head.output_layer,
            f"{head.output} by hand",
            "The loss cannot find the logits and clips probabilities near 0 and 1.",
            f'activation="{head.output}"',
            severity="note",
        )


Mismatch = tuple[str, str, str, str, float]


def _activation(head: Head) -> Iterator[Mismatch]:
    task, output, units = head.task, head.output, head.units
    where, logits = head.output_layer, head.from_logits
    said = f"output activation {output}, loss {head.loss}, from_logits={logits}"
    if output == "softmax" and units == 1:
        effect = "Softmax over one unit is 1 for every input, so nothing can be told."
        yield "softmax-single-unit", where, said, effect, 1.0
        return
    if task == "regression":
        yield from _reach(head)
        return
    if task == "multiclass" and units == 1:
        evidence = f"{head.classes} classes, 1 output; {said}"
        effect = "One number between 0 and 1 cannot name more than two classes."
        yield "binary-head-for-multiclass", where, evidence, effect, 1.0
        return
    twice = output == "softmax" and (logits or _softmaxes(head) > 1)
    if twice:
        effect = "A softmax of probabilities is nearly flat, so gradients are small."
        yield "double-softmax", where, said, effect, 0.8
    elif output == "relu":
        effect = "A class whose sum is negative gets probability 0 and no gradient."
        yield "relu-output-for-classification", where, said, effect, 1.0
    elif task == "multiclass" and output == "sigmoid":
        effect = "The classes do not compete, and a loss may not see probabilities."
        yield "sigmoid-for-multiclass", where, said, effect, 0.6
    elif task == "multilabel" and output == "softmax":
        effect = "Probabilities that sum to 1 cannot say that several labels hold."
        yield "softmax-for-multilabel", where, said, effect, 0.9
    elif output == "linear" and not logits and head.loss in CROSS_ENTROPIES:
        name = "missing-softmax" if task == "multiclass" else "missing-sigmoid"
        effect = "The loss clips sums as if they were probabilities: no gradient."
        yield name, where, said, effect, 1.0
    elif output == "sigmoid" and logits and head.loss == "binary":
        effect = "The loss takes probabilities for logits, unless Keras finds them."
        yield "wrong-output-activation", where, said, effect, 0.6
    elif output not in ("linear", "softmax", "sigmoid"):
        effect = "The answer is no probability, so the loss clips it or learns askew."
        yield "wrong-output-activation", where, said, effect, 0.9


def _softmaxes(head: Head) -> int:
    return sum(activation_name(layer) == "softmax" for layer in head.layers)


def _reach(head: Head) -> Iterator[Mismatch]:
    output, y = head.output, head.y[np.isfinite(head.y)]
    if output in BOUNDED:
        low, high = BOUNDED[output]
        code = "bounded-output-for-regression"
    elif output in NOT_NEGATIVE:
        low, high = 0.0, np.inf
        code = "relu-output-for-signed-regression"
    else:
        return
    outside = float(((y < low) | (y > high)).mean()) if y.size else 0.0
    if outside > UNREACHABLE_TARGETS.value:
        evidence = f"{outside:.0%} of the targets outside [{low:g}, {high:g}]"
        effect = f"No weights let {output} answer them."
        yield code, head.output_layer, evidence, effect, 1.0


def _loss(head: Head) -> Iterator[Mismatch]:
    task, loss = head.task, head.loss
    fitting = {
        "multiclass": ("categorical",) if head.one_hot else ("sparse",),
        "binary": ("binary",),
        "multilabel": ("binary",),
        "regression": None,
    }[task]
    evidence = f"loss {loss}, {task} targets {head.target} of shape {head.y.shape[1:]}"
    if fitting is None:
        if loss in CROSS_ENTROPIES:
            effect = (
                "Cross-entropy of targets that are no probabilities has no minimum."
            )
            yield "wrong-loss", "loss", evidence, effect, 1.0
        return
    if loss in fitting:
        return
    harmless = loss == "binary" and head.one_hot
    impossible = loss in CROSS_ENTROPIES and not harmless
    if task == "multiclass" and not head.one_hot and head.units > 1:
        impossible = True  # class numbers broadcast against a row of probabilities
    effect = (
        "The loss is not about these labels: its minimum is elsewhere."
        if impossible
        else "Its gradient nearly vanishes where the answer is most wrong."
    )
    yield "wrong-loss", "loss", evidence, effect, 0.9 if impossible else 0.7

"""Output activation, loss and labels: whether they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from .program import BOUNDED, CROSS_ENTROPIES, NOT_NEGATIVE, Program
from .remedies import with_head
from .suspects import Apply, Suspect, suspect
from .thresholds import UNREACHABLE_TARGETS

_RIGHT = {"multiclass": "softmax", "multilabel": "sigmoid", "binary": "sigmoid"}


def right_head(program: Program) -> tuple[str, Any, str, int | None]:
    """Returns activation, loss, both as code, and another width if one is needed."""
    match program.task:
        case "multiclass":
            one_hot = program.y.ndim > 1 and program.y.shape[-1] > 1
            kind = "Categorical" if one_hot else "SparseCategorical"
            units = program.classes if program.units < program.classes else None
        case "binary" | "multilabel":
            kind, units = "Binary", None
        case _:
            keep = program.loss in ("mse", "mae", "huber", "log_cosh")
            loss = program.model.loss if keep else keras.losses.MeanSquaredError()
            code = "" if keep else '; model.compile(..., loss="mean_squared_error")'
            return (
                "linear",
                loss,
                f'Dense({program.units}, activation="linear"){code}',
                None,
            )
    loss = getattr(keras.losses, f"{kind}Crossentropy")()
    activation = _RIGHT[program.task]
    code = (
        f'Dense({units or program.units}, activation="{activation}"); '
        f"model.compile(..., loss=keras.losses.{kind}Crossentropy())"
    )
    return activation, loss, code, units


def check_head(program: Program) -> Iterator[Suspect]:
    """Yields what is wrong with the answer's activation and the loss."""
    activation, loss, code, units = right_head(program)
    remedy: Apply = with_head(activation, loss, units)
    found = list(_activation(program)) + list(_loss(program))
    for name, where, evidence, effect, confidence in found:
        yield suspect(
            name,
            where,
            evidence,
            effect,
            code,
            confidence=confidence,
            apply=remedy,
        )


Mismatch = tuple[str, str, str, str, float]


def _activation(program: Program) -> Iterator[Mismatch]:
    task, output, units = program.task, program.output, program.units
    where, logits = program.output_layer, program.from_logits
    said = f"output activation {output}, loss {program.loss}, from_logits={logits}"
    if output == "softmax" and units == 1:
        effect = "Softmax over one unit is 1 for every input, so nothing can be told."
        yield "softmax-single-unit", where, said, effect, 1.0
        return
    if task == "regression":
        yield from _reach(program)
        return
    if task == "multiclass" and units == 1:
        evidence = f"{program.classes} classes, 1 output; {said}"
        effect = "One number between 0 and 1 cannot name more than two classes."
        yield "binary-head-for-multiclass", where, evidence, effect, 1.0
        return
    twice = output == "softmax" and (logits or _softmaxes(program) > 1)
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
    elif output == "linear" and not logits and program.loss in CROSS_ENTROPIES:
        name = "missing-softmax" if task == "multiclass" else "missing-sigmoid"
        effect = "The loss clips sums as if they were probabilities: no gradient."
        yield name, where, said, effect, 1.0
    elif output == "sigmoid" and logits and program.loss == "binary":
        effect = "The loss takes probabilities for logits, unless Keras finds them."
        yield "wrong-output-activation", where, said, effect, 0.6
    elif output not in ("linear", "softmax", "sigmoid"):
        effect = "The answer is no probability, so the loss clips it or learns askew."
        yield "wrong-output-activation", where, said, effect, 0.9


def _softmaxes(program: Program) -> int:
    return sum(name == "softmax" for name in program.activations.values())


def _reach(program: Program) -> Iterator[Mismatch]:
    output, y = program.output, program.y[np.isfinite(program.y)]
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
        yield code, program.output_layer, evidence, effect, 1.0


def _loss(program: Program) -> Iterator[Mismatch]:
    task, loss = program.task, program.loss
    one_hot = program.y.ndim > 1 and program.y.shape[-1] > 1
    fitting = {
        "multiclass": ("categorical",) if one_hot else ("sparse",),
        "binary": ("binary",),
        "multilabel": ("binary",),
        "regression": None,
    }[task]
    evidence = f"loss {loss}, {task} targets of shape {program.y.shape[1:]}"
    if fitting is None:
        if loss in CROSS_ENTROPIES:
            effect = (
                "Cross-entropy of targets that are no probabilities has no minimum."
            )
            yield "wrong-loss", "loss", evidence, effect, 1.0
        return
    if loss in fitting:
        return
    harmless = loss == "binary" and one_hot
    impossible = loss in CROSS_ENTROPIES and not harmless
    if task == "multiclass" and not one_hot and program.units > 1:
        impossible = True  # class numbers broadcast against a row of probabilities
    effect = (
        "The loss is not about these labels: its minimum is elsewhere."
        if impossible
        else "Its gradient nearly vanishes where the answer is most wrong."
    )
    yield "wrong-loss", "loss", evidence, effect, 0.9 if impossible else 0.7

"""The output that suits a task, and the rules that propose it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from ...training.targets import CROSS_ENTROPIES
from ..program.outputs import Head
from ..program.program import Program
from ..trials.remedies import with_head
from .rule import Hit

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
            keep = head.given_loss is not None and head.loss not in CROSS_ENTROPIES
            loss = head.given_loss if keep else keras.losses.MeanSquaredError()
            code = "" if keep else '\nmodel.compile(..., loss="mean_squared_error")'
            dense = f'Dense({head.units}, activation="linear")'
            return "linear", loss, dense + code, None
    loss = getattr(keras.losses, f"{kind}Crossentropy")()
    activation = _RIGHT[head.task]
    code = (
        f'Dense({units or head.units}, activation="{activation}")\n'
        f"model.compile(..., loss=keras.losses.{kind}Crossentropy())"
    )
    return activation, loss, code, units


def of_each_head(
    look: Callable[[Head], str],
) -> Callable[[Program], Iterator[Hit]]:
    """Makes a rule of what is looked for in one output.

    Args:
        look: Returns what stands against the output, or an empty string: `said_of`
            where activation, loss and logits say all.
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


def said_of(head: Head) -> str:
    """Returns an output's activation, loss and logits, where they say all."""
    return (
        f"output activation {head.output}, loss {head.loss}, "
        f"from_logits={head.from_logits}"
    )

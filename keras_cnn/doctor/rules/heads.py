"""The output that suits a task: its activation, its width, its loss."""

from __future__ import annotations

from typing import Any

import keras

from ...training.targets import CROSS_ENTROPIES
from ..program.outputs import Head

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

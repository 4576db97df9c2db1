"""A model's outputs: of each, its activation, its loss and the task that it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from ..thresholds import MOST_CLASS_NUMBERS, MOST_CLASSES
from .inputs import Array
from .layers import activation_name, is_weighted

Task = Literal["binary", "multiclass", "multilabel", "regression"]

CROSS_ENTROPIES = ("categorical", "sparse", "binary")
# What the name of a loss, or of its class, tells; the first that fits.
_KINDS = {
    "sparsecategorical": "sparse",
    "categorical": "categorical",
    "binary": "binary",
    "squarederror": "mse",
    "absoluteerror": "mae",
    "huber": "huber",
    "logcosh": "log_cosh",
}


@dataclass(frozen=True, eq=False)
class Head:
    """One output of a model, with its targets.

    Attributes:
        target: How the targets are written: `y`, or `y['name']` of several.
        y: The targets as given, (n, ...).
        layers: From the last layer with weights to the output, in order; operations
            that are no layers are among them.
        output: Its activation.
        output_layer: The name of the layer that applies it.
        units: Its width.
        given_loss: The loss as compiled.
        loss: `categorical`, `sparse`, `binary`, `mse`, `mae`, `huber`, `log_cosh`, or
            the loss's own name.
        from_logits: What the loss expects.
        task: What the targets ask for.
        classes: How many classes there are, of a task with classes.
    """

    target: str
    y: Array
    layers: tuple[Any, ...]
    output: str
    output_layer: str
    units: int
    given_loss: Any
    loss: str
    from_logits: bool
    task: Task
    classes: int

    @property
    def weighted(self) -> str:
        """The name of the layer with the last weights; empty without one."""
        return self.layers[0].name if is_weighted(self.layers[0]) else ""

    @property
    def one_hot(self) -> bool:
        """Whether the targets are rows, not single values."""
        return self.y.ndim > 1 and self.y.shape[-1] > 1

    @property
    def threshold(self) -> float:
        """Above which the output means yes: 0 of logits, a half of probabilities."""
        return 0.0 if self.from_logits and self.output == "linear" else 0.5


def read_head(target: str, y: Array, layers: list[Any], units: int, loss: Any) -> Head:
    """Reads one output: see `Head` for the arguments."""
    output, output_layer = _activation(layers)
    kind, from_logits = loss_kind(loss)
    task, classes = _task(y, units, kind, output)
    return Head(
        target,
        y,
        tuple(layers),
        output,
        output_layer,
        units,
        loss,
        kind,
        from_logits,
        task,
        classes,
    )


def _activation(layers: list[Any]) -> tuple[str, str]:
    for layer in reversed(layers):
        name = activation_name(layer)
        if name is not None and (name != "linear" or is_weighted(layer)):
            return name, layer.name
    return "linear", layers[-1].name


def loss_kind(loss: Any) -> tuple[str, bool]:
    """Returns what kind a loss is, as `Head.loss` names it, and whether of logits."""
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
    words = f"{type(loss).__name__} {name}".lower().replace("_", "")
    # Keras's own losses keep their arguments with the function that they wrap.
    wrapped = getattr(loss, "_fn_kwargs", None) or {}
    from_logits = wrapped.get("from_logits", getattr(loss, "from_logits", False))
    kind = next((kind for part, kind in _KINDS.items() if part in words), str(name))
    return kind, bool(from_logits)


def _task(y: Array, units: int, loss: str, output: str) -> tuple[Task, int]:
    """Returns what the targets ask for, and how many classes there are."""
    rows = y.reshape(-1, y.shape[-1]) if y.ndim > 1 else y.reshape(-1, 1)
    values = np.unique(rows[np.isfinite(rows)])
    zero_one = bool(np.isin(values, (0, 1)).all())
    whole = bool((values == np.rint(values)).all()) and values.size > 0
    speaks_of_classes = loss in CROSS_ENTROPIES or output == "softmax"
    if rows.shape[1] == 1:
        if zero_one and units == 1:
            return "binary", 2
        few = (
            whole
            and values.size
            and values[0] >= 0
            and values[-1] < MOST_CLASS_NUMBERS.value
        )
        if few and (
            units > 1 or (speaks_of_classes and values.size <= MOST_CLASSES.value)
        ):
            return "multiclass", max(units, int(values[-1]) + 1)
        if units == 1 and loss == "binary" and values.size <= MOST_CLASSES.value:
            return "binary", 2
        return "regression", 0
    if zero_one:
        one_hot = bool((rows.sum(1) == 1).all())
        return ("multiclass" if one_hot else "multilabel"), rows.shape[1]
    if speaks_of_classes and np.allclose(rows.sum(1), 1) and rows.min() >= 0:
        return "multiclass", rows.shape[1]
    return "regression", 0

"""A model's outputs: of each, its activation, its loss and the task that it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from ...training.targets import CROSS_ENTROPIES, DISTANCES, kind_by_name, option
from ..thresholds import (
    MOST_CLASS_NUMBERS,
    MOST_CLASSES,
    SAME_LOSS,
    SUMS_TO_ONE,
)
from .inputs import Array
from .layers import KNOWN, activation_name, is_linear, is_weighted, output_range

Task = Literal["binary", "multiclass", "multilabel", "regression"]


@dataclass(frozen=True, eq=False)
class Head:
    """One output of a model, with its targets.

    Attributes:
        index: Its place among the model's outputs.
        target: How the targets are written: `y`, or `y['name']` of several.
        y: The targets as given, (n, ...).
        layers: From the last layer with weights to the output, in order; operations
            that are not layers are among them. Empty where that is not known.
        output: Its activation; `unknown` where that is not known.
        output_layer: The name of the layer that applies it.
        shape: Of the output of one sample.
        given_loss: The loss as compiled; None where the model computes its own.
        loss: `categorical`, `sparse`, `binary`, `mse`, `mae`, `huber`, `log_cosh`,
            `hinge`, or the loss's own name.
        from_logits: What the loss expects.
        task: What the targets ask for.
        classes: How many classes there are, of a task with classes.
        threshold: Above which the output means yes.
        reverse: Whether it means yes below the threshold: of a distance.
        scored: Whether predictions can be read from the output at all. They cannot
            where only the loss knows what it means, as of an embedding.
    """

    index: int
    target: str
    y: Array
    layers: tuple[Any, ...]
    output: str
    output_layer: str
    shape: tuple[int, ...]
    given_loss: Any
    loss: str
    from_logits: bool
    task: Task
    classes: int
    threshold: float
    reverse: bool
    scored: bool

    @property
    def units(self) -> int:
        """Its width."""
        return self.shape[-1] if self.shape else 1

    @property
    def weighted(self) -> str:
        """The name of the layer with the last weights; empty without one."""
        first = self.layers[0] if self.layers else None
        return first.name if first is not None and is_weighted(first) else ""

    @property
    def one_hot(self) -> bool:
        """Whether the targets are rows, not class numbers."""
        return bool(self.rows.shape[1] > 1)

    @property
    def rows(self) -> Array:
        """The targets, one row a place that is predicted: a sample, a pixel, a word."""
        return rows_of(self.y, self.shape)


def rows_of(y: Array, shape: tuple[int, ...]) -> Array:
    """Returns targets as rows, as wide as what is predicted in one place.

    Args:
        y: Targets, (n, ...).
        shape: Of the output of one sample.
    """
    places = shape[:-1]
    if places and y.shape[1:] in (places, (*places, 1)):
        return y.reshape(-1, 1)
    return y.reshape(-1, y.shape[-1]) if y.ndim > 1 else y.reshape(-1, 1)


def read_head(
    index: int,
    target: str,
    y: Array,
    layers: list[Any],
    values: Array,
    loss: Any,
) -> Head:
    """Reads one output.

    Args:
        index: See `Head`.
        target: See `Head`.
        y: See `Head`.
        layers: See `Head`.
        values: What it is for a few samples.
        loss: See `Head.given_loss`.
    """
    shape = tuple(values.shape[1:])
    output, output_layer = _activation(layers, values)
    kind, from_logits = loss_kind(loss)
    task, classes = _task(rows_of(y, shape), shape, kind, output)
    threshold, reverse = _decision(task, kind, output, from_logits, loss)
    scored = _is_scored(rows_of(y, shape), shape, task, output, kind, loss)
    return Head(
        index,
        target,
        y,
        tuple(layers),
        output,
        output_layer,
        shape,
        loss,
        kind,
        from_logits,
        task,
        classes,
        threshold,
        reverse,
        scored,
    )


def _activation(layers: list[Any], values: Array) -> tuple[str, str]:
    """Returns what an output goes through, checked by what comes out, and where."""
    name, layer = "unknown", layers[-1].name if layers else "model"
    for candidate in reversed(layers):
        known = activation_name(candidate)
        if known not in (None, "linear"):
            name, layer = known if known in KNOWN else "unknown", candidate.name
            break
        if is_weighted(candidate) or candidate is layers[0]:
            name, layer = "linear", candidate.name
        if not is_linear(candidate):
            name, layer = "unknown", candidate.name
            break
    low, high = output_range(name)
    finite = values[np.isfinite(values)]
    if finite.size and (finite.min() < low - 1e-6 or finite.max() > high + 1e-6):
        name = "unknown"
    if name == "unknown" and _are_shares(values):
        name = "softmax"
    return name, layer


def _are_shares(values: Array) -> bool:
    """Whether numbers are not negative and sum to 1."""
    if values.ndim < 2 or values.shape[-1] < 2 or not np.isfinite(values).all():
        return False
    sums = values.sum(-1)
    return bool(values.min() >= 0 and np.abs(sums - 1).max() < SUMS_TO_ONE.value)


def loss_kind(loss: Any) -> tuple[str, bool]:
    """Returns what kind a loss is, as `Head.loss` names it, and whether of logits."""
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
    return kind_by_name(loss) or str(name), bool(option(loss, "from_logits", False))


def _task(
    rows: Array, shape: tuple[int, ...], loss: str, output: str
) -> tuple[Task, int]:
    """Returns what the targets ask for, and how many classes there are."""
    units = shape[-1] if shape else 1
    values = np.unique(rows[np.isfinite(rows)])
    zero_one = bool(np.isin(values, (0, 1)).all())
    whole = bool((values == np.rint(values)).all()) and values.size > 0
    speaks_of_classes = loss in CROSS_ENTROPIES or output == "softmax"
    if rows.shape[1] == 1:
        if (zero_one and units == 1) or loss == "hinge":
            return "binary", 2
        few = whole and values[-1] < MOST_CLASS_NUMBERS.value
        numbers = values.size <= MOST_CLASSES.value
        named = speaks_of_classes and (loss == "sparse" or numbers)
        if few and units > 1 and (values[0] >= 0 or speaks_of_classes):
            return "multiclass", max(units, int(values[-1]) + 1)
        if few and named and not _two_only(values, units, loss):
            return "multiclass", max(units, int(values[-1]) + 1)
        if units == 1 and loss == "binary" and numbers:
            return "binary", 2
        return "regression", 0
    if zero_one:
        one_hot = bool((rows.sum(1) == 1).all())
        single = one_hot and units == 1 and rows.shape[1] == 2
        if single:
            return "binary", 2
        return ("multiclass" if one_hot else "multilabel"), rows.shape[1]
    if speaks_of_classes and np.allclose(rows.sum(1), 1) and rows.min() >= 0:
        return "multiclass", rows.shape[1]
    return "regression", 0


def _two_only(values: Array, units: int, loss: str) -> bool:
    """Whether two classes are meant, whatever they are numbered."""
    return units == 1 and loss == "binary" and values.size <= 2


def _decision(
    task: Task, kind: str, output: str, from_logits: bool, loss: Any
) -> tuple[float, bool]:
    """Returns above which number an output means yes, and whether below it."""
    if kind == "hinge" or (from_logits and output in ("linear", "unknown")):
        return 0.0, False
    known = kind in CROSS_ENTROPIES or kind in DISTANCES
    if task != "binary" or known or not callable(loss):
        return 0.5, False
    # Only the loss knows: yes is where it is least for a target of 1.
    low, high = np.maximum(output_range(output)[0], -2), output_range(output)[1]
    grid = np.linspace(low, np.minimum(high, 2), 41).astype("float32")
    try:
        least = [
            float(grid[np.argmin([_loss_at(loss, [target], [p]) for p in grid])])
            for target in (1.0, 0.0)
        ]
    except Exception:  # a custom loss may take only its own batches
        return 0.5, False
    if abs(least[0] - least[1]) < SAME_LOSS.value:
        return 0.5, False
    return (least[0] + least[1]) / 2, least[0] < least[1]


def _loss_at(loss: Any, y: Any, predicted: Any) -> float:
    value = loss(np.array([y], "float32"), np.array([predicted], "float32"))
    return float(np.mean(keras.ops.convert_to_numpy(value)))


def _is_scored(
    rows: Array,
    shape: tuple[int, ...],
    task: Task,
    output: str,
    kind: str,
    loss: Any,
) -> bool:
    """Whether predictions can be read from an output."""
    units = shape[-1] if shape else 1
    if task == "regression":
        return bool(rows.shape[1] == units)
    if kind in CROSS_ENTROPIES or kind in DISTANCES or kind == "hinge":
        return True
    if task != "multiclass" or output == "softmax" or not callable(loss):
        return True
    # Of an embedding, the loss is the same whatever number a class has.
    classes = min(units, len(np.unique(rows))) if rows.shape[1] == 1 else units
    if classes < 2:
        return False
    given = np.arange(2 * classes) % classes
    target = given if rows.shape[1] == 1 else np.eye(units)[given]
    try:
        right, wrong = (
            float(np.mean(loss(target, 10 * np.eye(units, dtype="float32")[named])))
            for named in (given, (given + 1) % classes)
        )
    except Exception:  # as above
        return False
    return wrong - right > SAME_LOSS.value

"""What a training program is: its layers, its activations, its loss and its task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt

from .._checks import InputError

Task = Literal["binary", "multiclass", "multilabel", "regression"]
Array = npt.NDArray[Any]

CROSS_ENTROPIES = ("categorical", "sparse", "binary")
BOUNDED = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
NOT_NEGATIVE = ("relu", "softplus", "exponential", "relu6")
# Integers with at most so many distinct values are read as classes where the rest of
# the program speaks of classes.
_MOST_CLASSES = 50
# Distinguishes the known activations from each other.
_TEST_INPUT = np.array([[-7.0, -2.5, -0.5, 0.5], [2.0, 2.5, 3.5, 8.0]], "float32")
_KNOWN = """
    linear relu sigmoid softmax tanh exponential softplus elu selu leaky_relu silu
    gelu softsign hard_sigmoid relu6
""".split()
_KNOWN_SQUEEZED = {name.replace("_", "") for name in _KNOWN}


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled model with its data, read for the checks.

    Attributes:
        model: The model, only ever looked at.
        x: Inputs, (n, ...).
        y: Targets as given, (n, ...).
        batch_size: What the user plans.
        epochs: What the user plans.
        layers: The layers without children, in order.
        activations: The activation of each that has one, by the layer's name.
        output: The activation of the answer.
        output_layer: The name of the layer that applies it.
        units: The width of the answer.
        loss: `categorical`, `sparse`, `binary`, or the loss's own name.
        from_logits: What the loss expects.
        task: What the targets ask for.
        classes: How many classes there are, of a task with classes.
    """

    model: keras.Model
    x: Array
    y: Array
    batch_size: int
    epochs: int
    layers: tuple[keras.Layer, ...]
    activations: dict[str, str]
    output: str
    output_layer: str
    units: int
    loss: str
    from_logits: bool
    task: Task
    classes: int

    @property
    def hidden(self) -> list[tuple[keras.Layer, str]]:
        """The layers with weights before the last, each with what follows its sums."""
        weighted = [layer for layer in self.layers if is_weighted(layer)]
        return [(layer, self.following(layer)) for layer in weighted[:-1]]

    def following(self, layer: keras.Layer) -> str:
        """Returns the first activation at or after a layer, before the next weights."""
        at = self.layers.index(layer)
        for later in self.layers[at:]:
            if later is not layer and is_weighted(later):
                break
            name = self.activations.get(later.name, "linear")
            if name != "linear":
                return name
        return "linear"

    @property
    def learning_rate(self) -> float:
        """The rate; of a schedule, its median over the planned updates."""
        optimizer = self.model.optimizer
        rate = getattr(optimizer, "_learning_rate", optimizer.learning_rate)
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            steps = np.linspace(0, max(self.updates - 1, 0), 9)
            return float(np.median([float(rate(int(step))) for step in steps]))
        return float(keras.ops.convert_to_numpy(optimizer.learning_rate))

    @property
    def updates(self) -> int:
        """The updates that the user plans."""
        return self.epochs * -(-len(self.x) // self.batch_size)


def read_program(
    model: keras.Model, x: Any, y: Any, batch_size: int = 32, epochs: int = 5
) -> Program:
    """Reads a compiled model and its data.

    Raises:
        InputError: If the model is not compiled, has several inputs or outputs, or the
            data does not fit it.
    """
    if not getattr(model, "compiled", False):
        raise InputError(
            "The model must be compiled: call `model.compile` first. "
            f"Received: model={model!r}."
        )
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype.kind not in "fiub" or y.dtype.kind not in "fiub":
        raise InputError(
            "`x` and `y` must be arrays of numbers. "
            f"Received: x of dtype {x.dtype}, y of dtype {y.dtype}."
        )
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise InputError(
            "`x` and `y` must have as many rows, and at least one. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}."
        )
    x = x.astype("float32")
    if not model.built:
        model.build((None, *x.shape[1:]))
    if len(getattr(model, "inputs", None) or [0]) != 1 or isinstance(model.loss, dict):
        raise InputError(
            f"The model must have one input and one output. Received: {model.name}."
        )
    given = getattr(model, "input_shape", (None, *x.shape[1:]))
    if len(given) != x.ndim or any(
        a is not None and a != b for a, b in zip(given[1:], x.shape[1:], strict=True)
    ):
        raise InputError(
            f"`x` must have the model's input shape, {given}. "
            f"Received: x of shape {x.shape}."
        )
    layers = tuple(leaves(model))
    activations = {
        layer.name: name
        for layer in layers
        if (name := activation_name(layer)) is not None
    }
    output, output_layer = _output(layers, activations)
    units = int(model.output_shape[-1]) if hasattr(model, "output_shape") else 1
    loss, from_logits = _loss(model.loss)
    task, classes = _task(y, units, loss, output)
    return Program(
        model,
        x,
        y,
        batch_size,
        epochs,
        layers,
        activations,
        output,
        output_layer,
        units,
        loss,
        from_logits,
        task,
        classes,
    )


def leaves(model: keras.Layer) -> Iterator[keras.Layer]:
    """Yields the layers that have no layers of their own, in order."""
    for layer in model.layers:
        if getattr(layer, "layers", None):
            yield from leaves(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def is_weighted(layer: keras.Layer) -> bool:
    """Whether a layer multiplies by a kernel."""
    return getattr(layer, "kernel", None) is not None


def activation_name(layer: keras.Layer) -> str | None:
    """Returns the name of a layer's activation by what it computes; None without.

    A function is compared with the known ones on a few numbers, so that a hand-written
    or renamed one is told as well.
    """
    function = getattr(layer, "activation", None)
    if function is None:
        known = _squeezed(type(layer).__name__) in _KNOWN_SQUEEZED
        if layer.weights or not known:
            return None
        function = layer
    if not callable(function):
        return None
    try:
        answer = np.asarray(keras.ops.convert_to_numpy(function(_TEST_INPUT)))
    # An activation of one's own may refuse this shape in whatever way it likes.
    except Exception:
        return str(getattr(function, "__name__", type(function).__name__)).lower()
    for name in _KNOWN:
        known = keras.ops.convert_to_numpy(keras.activations.get(name)(_TEST_INPUT))
        if answer.shape == known.shape and np.allclose(answer, known, atol=1e-2):
            return name
    return str(getattr(function, "__name__", type(function).__name__)).lower()


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "")


def keeps_logits(program: Program) -> bool:
    """Whether the answer's activation lets Keras's losses find the logits again."""
    layer = next(one for one in program.layers if one.name == program.output_layer)
    probe = keras.ops.convert_to_tensor(_TEST_INPUT)
    function = getattr(layer, "activation", layer)
    return hasattr(function(probe), "_keras_logits")


def _output(
    layers: tuple[keras.Layer, ...], activations: dict[str, str]
) -> tuple[str, str]:
    for layer in reversed(layers):
        if layer.name in activations:
            name = activations[layer.name]
            if name != "linear" or is_weighted(layer):
                return name, layer.name
    return "linear", layers[-1].name


def _loss(loss: Any) -> tuple[str, bool]:
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__)
    words = f"{type(loss).__name__} {name}".lower().replace("_", "")
    from_logits = bool(getattr(loss, "from_logits", False))
    kwargs = getattr(loss, "_fn_kwargs", {}) or {}
    from_logits = bool(kwargs.get("from_logits", from_logits))
    for part, kind in (
        ("sparsecategorical", "sparse"),
        ("categorical", "categorical"),
        ("binary", "binary"),
        ("squarederror", "mse"),
        ("absoluteerror", "mae"),
        ("huber", "huber"),
        ("logcosh", "log_cosh"),
    ):
        if part in words:
            return kind, from_logits
    return str(name), from_logits


def _task(y: Array, units: int, loss: str, output: str) -> tuple[Task, int]:
    """Reads from the targets what is asked for."""
    rows = y.reshape(-1, y.shape[-1]) if y.ndim > 1 else y.reshape(-1, 1)
    values = np.unique(rows[np.isfinite(rows)])
    zero_one = bool(np.isin(values, (0, 1)).all())
    whole = bool((values == np.rint(values)).all()) and values.size > 0
    speaks_of_classes = loss in CROSS_ENTROPIES or output == "softmax"
    if rows.shape[1] == 1:
        if zero_one and units == 1:
            return "binary", 2
        few = whole and values.size and values[0] >= 0 and values[-1] < 1000
        if few and (units > 1 or (speaks_of_classes and values.size <= _MOST_CLASSES)):
            return "multiclass", max(units, int(values[-1]) + 1)
        if units == 1 and loss == "binary" and values.size <= _MOST_CLASSES:
            return "binary", 2
        return "regression", 0
    if zero_one:
        one_hot = bool((rows.sum(1) == 1).all())
        return ("multiclass" if one_hot else "multilabel"), rows.shape[1]
    if speaks_of_classes and np.allclose(rows.sum(1), 1) and rows.min() >= 0:
        return "multiclass", rows.shape[1]
    return "regression", 0

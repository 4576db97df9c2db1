"""Whether targets fit a model's outputs and loss, told from shapes and values alone.

Keras and TensorFlow notice most of these mistakes inside a traced graph, in words that
name neither the argument nor the remedy, and some of them never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

CROSS_ENTROPIES = ("categorical", "sparse", "binary")
# Losses whose targets are amounts, by a distance that is 0 where they are met.
DISTANCES = ("mse", "mae", "huber", "log_cosh")

# What the name of a loss, or of its class, tells; the first that fits.
_KINDS = {
    "sparsecategorical": "sparse",
    "categorical": "categorical",
    "binary": "binary",
    "squarederror": "mse",
    "absoluteerror": "mae",
    "huber": "huber",
    "logcosh": "log_cosh",
    "hinge": "hinge",
}

# Packages whose losses are known to be what their names say.
_KNOWN = ("keras", "keras_cnn")


@dataclass(frozen=True)
class Mismatch:
    """Why targets do not fit.

    Attributes:
        statement: The rule that is broken, and what was received.
        remedy: What to change.
        impossible: Whether no loss can be computed at all; else one can, but it means
            nothing.
    """

    statement: str
    remedy: str
    impossible: bool = True

    def __str__(self) -> str:
        """Returns the whole sentence."""
        return f"{self.statement} {self.remedy}"


def loss_kind(loss: Any) -> str:
    """Returns what a loss compares, by its name or its class.

    Returns:
        "sparse", "categorical" or "binary" for cross-entropies, "regression", or an
        empty string for any other.

    Example:
        >>> loss_kind("mse"), loss_kind(keras.losses.SparseCategoricalCrossentropy())
        ('regression', 'sparse')
    """
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return ""
    written = getattr(loss, "fn", loss)  # by Keras's wrapper around a function
    if not hasattr(written, "__module__"):
        return ""
    if written.__module__.partition(".")[0] not in _KNOWN:
        return ""  # a user's own loss may read anything out of its targets
    kind = kind_by_name(loss)
    if kind in DISTANCES:
        return "regression"
    return kind if kind in CROSS_ENTROPIES else ""


def kind_by_name(loss: Any) -> str:
    """Returns what the name of a loss says that it is; empty where it says nothing.

    Args:
        loss: A loss, or the function of one.

    Returns:
        One of `CROSS_ENTROPIES` or `DISTANCES`, "hinge", or an empty string.
    """
    name = getattr(loss, "name", None) or getattr(loss, "__name__", "")
    words = f"{type(loss).__name__} {name}".lower().replace("_", "")
    return next((kind for part, kind in _KINDS.items() if part in words), "")


def find_mismatch(
    loss: Any, y: Any, output_shape: tuple[int | None, ...], name: str = "`y`"
) -> Mismatch | None:
    """Returns why targets do not fit an output and its loss; None where they may.

    Args:
        loss: A loss, as `compile` takes it.
        y: The targets, or a spec of their shape: values are looked at where there are
            some.
        output_shape: Of the output, (None, ...).
        name: What the targets are called in the message. Defaults to `"`y`"`.

    Example:
        >>> y = np.array([1, 10])
        >>> print(find_mismatch("sparse_categorical_crossentropy", y, (None, 10)))
        `y` must hold class numbers from 0 to 9, since the model has 10 outputs. \
Received: class numbers from 1 to 10. Pass `y - 1`.
    """
    shape = tuple(y.shape)
    if not shape or not output_shape or option(loss, "axis", -1) != -1:
        return None
    check = {
        "sparse": _sparse,
        "categorical": _categorical,
        "binary": _binary,
        "regression": _regression,
    }.get(loss_kind(loss))
    return check(loss, y, shape, output_shape, name) if check else None


def _sparse(loss: Any, y: Any, shape: Any, output: Any, name: str) -> Mismatch | None:
    classes = output[-1]
    if len(shape) == len(output) and shape[-1] not in (1, None):
        remedy = (
            f"Compile with `categorical_crossentropy`, or pass {_call(name, 'argmax')}."
            if shape[-1] == classes
            else "Pass one class number a sample."
        )
        return Mismatch(
            f"{name} must hold class numbers for sparse categorical cross-entropy. "
            f"Received: rows of {shape[-1]} numbers.",
            remedy,
        )
    values = _range(y, without=option(loss, "ignore_class", None))
    if classes is None or values is None or (values[0] >= 0 and values[1] < classes):
        return None
    low, high = values
    if classes == 1:
        remedy = "For one output compile with `binary_crossentropy`."
    elif low >= 1 and high <= classes:
        remedy = f"Pass {_call(name, '- 1')}."
    elif low >= 0:
        remedy = f"Give the last layer {high + 1:g} units."
    else:
        remedy = "Number the classes from 0 on."
    return Mismatch(
        f"{name} must hold class numbers from 0 to {classes - 1}, since the model has "
        f"{classes} output{'s' * (classes > 1)}. Received: class numbers from {low:g} "
        f"to {high:g}.",
        remedy,
    )


def _categorical(
    loss: Any, y: Any, shape: Any, output: Any, name: str
) -> Mismatch | None:
    classes = output[-1]
    if len(shape) == len(output) and _same(shape[-1], classes):
        return None
    single = len(shape) == len(output) - 1 or shape[-1] == 1
    received = "one number a sample" if single else f"rows of {shape[-1]} numbers"
    remedy = (
        "Compile with `sparse_categorical_crossentropy`, which takes class numbers."
        if single
        else f"Give the last layer {shape[-1]} units."
    )
    return Mismatch(
        f"{name} must hold a row of {classes} numbers a sample for categorical "
        f"cross-entropy, as many as the model has outputs. Received: {received}.",
        remedy,
    )


def _binary(loss: Any, y: Any, shape: Any, output: Any, name: str) -> Mismatch | None:
    width = output[-1]
    columns = shape[-1] if len(shape) == len(output) else 1
    if len(shape) <= len(output) and not _same(columns, width):
        if width == 1 and columns == 2:
            remedy = f"Pass {_call(name, 'argmax')}, or give the last layer 2 units."
        elif columns == 1:
            remedy = (
                "To tell classes apart compile with "
                "`sparse_categorical_crossentropy` and end in a softmax."
            )
        else:
            remedy = f"Give the last layer {columns} units."
        return Mismatch(
            f"{name} must hold as many numbers a sample as the model has outputs for "
            f"binary cross-entropy. Received: {columns} for {width}.",
            remedy,
        )
    values = _range(y)
    if values is None or (values[0] >= 0 and values[1] <= 1):
        return None
    return Mismatch(
        f"{name} must hold numbers from 0 to 1 for binary cross-entropy, which has no "
        f"minimum else. Received: numbers from {values[0]:g} to {values[1]:g}.",
        "Pass 0 and 1, or compile with `sparse_categorical_crossentropy` for several "
        "classes.",
        impossible=False,
    )


def _regression(
    loss: Any, y: Any, shape: Any, output: Any, name: str
) -> Mismatch | None:
    single = len(shape) == len(output) - 1 or shape[-1] == 1
    if len(output) != 2 or output[-1] in (1, None) or not single or len(shape) > 2:
        return None
    return Mismatch(
        f"{name} must have the shape of the outputs. Received: one number a sample, "
        f"which is compared with each of {output[-1]} outputs.",
        "For class numbers compile with `sparse_categorical_crossentropy`.",
        impossible=False,
    )


def option(loss: Any, name: str, default: Any) -> Any:
    """Returns an argument of a loss; Keras keeps its own with the wrapped function.

    Args:
        loss: A loss, as `compile` takes it.
        name: The argument.
        default: What it is where the loss does not say.
    """
    wrapped = getattr(loss, "_fn_kwargs", None) or {}
    return wrapped.get(name, getattr(loss, name, default))


def _range(y: Any, without: Any = None) -> tuple[float, float] | None:
    """The least and the largest finite value; None where values are unknown."""
    if not hasattr(y, "__array__") or not hasattr(y, "dtype"):
        return None
    values = np.asarray(y)
    if values.dtype.kind not in "biuf" or not values.size:
        return None
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if without is not None:
        values = values[values != without]
    return (float(values.min()), float(values.max())) if values.size else None


def _same(size: int | None, other: int | None) -> bool:
    return size is None or other is None or size == other


def _call(name: str, change: str) -> str:
    bare = name.strip("`")
    return f"`{bare}.argmax(-1)`" if change == "argmax" else f"`{bare} {change}`"

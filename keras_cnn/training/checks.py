"""What must hold of the arguments of a run before it begins."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count
from .steps import overrides


def as_count(name: str, value: Any, *, min_value: int = 1) -> int | None:
    """Returns a number of batches or samples as an int; None where none is given.

    Raises:
        InputError: If it is not a whole number of at least `min_value`.
    """
    if value is None:
        return None
    try:  # what counts as Python does, such as `dataset.cardinality()`, an eager tensor
        whole = value if isinstance(value, bool) else operator.index(value)
    except TypeError:
        whole = value
    check_count(name, whole, min_value=min_value)
    return int(whole)


def capped(name: str, count: int | None, limit: int | None) -> int | None:
    """Returns a count, or the limit that `keras.config` sets below it, with a warning.

    Args:
        name: The argument that is counted.
        count: None for as many as there are.
        limit: None for none.
    """
    if not limit or (count is not None and count <= limit):
        return count
    warnings.warn(f"Limiting {name} to {limit}", stacklevel=4)
    return limit


def check_not_empty(x: Any, name: str = "`x`") -> None:
    """Raises if arrays hold no sample.

    Args:
        x: Structure of arrays; anything else passes.
        name: What they are called in the message. Defaults to "`x`".

    Raises:
        InputError: If one of them has a first axis of 0.
    """
    for leaf in keras.tree.flatten(x):
        shape = getattr(leaf, "shape", None)
        if shape is not None and len(shape) and shape[0] == 0:
            raise InputError(
                f"{name} must have at least one sample. "
                f"Received: an array of shape {tuple(shape)}."
            )


def check_batches(example: Any) -> None:
    """Raises unless every part of a batch has a known rank of at least 1.

    Args:
        example: What a batch is like.

    Raises:
        InputError: If one has not.
    """
    for path, spec in keras.tree.flatten_with_path(example):
        shape = getattr(spec, "shape", None)
        if shape is None:
            continue
        where = "".join(f"[{key!r}]" for key in path)
        if shape.rank is None:
            raise InputError(
                "The shapes in a stream must have a known rank: call "
                "`tensor.set_shape` after a function that TensorFlow cannot look "
                f"into, such as `tf.py_function`. Received: an element{where} of "
                "unknown rank."
            )
        if shape.rank == 0:
            raise InputError(
                "A stream must give batches: call `.batch(32)` on the data set. "
                f"Received: an element{where} of shape ()."
            )


def check_class_weight(class_weight: Any) -> None:
    """Raises unless class weights are a dictionary from class numbers to numbers.

    Raises:
        InputError: If they are not: Keras ignores other keys.
    """
    if class_weight is None:
        return
    rule = "`class_weight` must be a dictionary from class numbers to weights >= 0"
    if not isinstance(class_weight, Mapping):
        hint = (
            " Did you mean dict(enumerate(class_weight))?"
            if isinstance(class_weight, list | tuple | np.ndarray)
            else ""
        )
        raise InputError(f"{rule}. Received: class_weight={class_weight!r}.{hint}")
    for key, weight in class_weight.items():
        whole = isinstance(key, Integral) or (
            isinstance(key, Real) and float(key).is_integer()
        )
        if not whole:
            raise InputError(
                f"{rule}. Received: the key {key!r}, by which Keras finds no sample."
            )
        if not _as_number(weight) >= 0:
            raise InputError(f"{rule}. Received: {key}: {weight!r}.")


def check_targets_given(model: keras.Model, example: Any) -> None:
    """Raises if a model is compiled with a loss and the data have no targets.

    Args:
        model: The compiled model, which computes its loss as Keras does.
        example: What a batch is like.

    Raises:
        InputError: If so.
    """
    _, y, _ = keras.utils.unpack_x_y_sample_weight(example)
    if y is not None or model._compile_loss is None:
        return
    losses = keras.tree.flatten(model._compile_loss._user_loss)
    if any(loss is not None for loss in losses):
        raise InputError(
            "`y` must be given, since the model is compiled with a loss. "
            f"Received: y=None and loss={model.loss!r}."
        )


def check_optimizer(model: keras.Model) -> None:
    """Raises unless the model's optimizer can train its trainable weights.

    Raises:
        InputError: If there is none, or it does not know them.
    """
    if overrides(model, "train_step") or not model.trainable_weights:
        return
    optimizer = model.optimizer
    if optimizer is None:
        raise InputError(
            "The model must be compiled with an optimizer to be trained. "
            "Received: optimizer=None."
        )
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer) or not optimizer.built:
        return
    known = {id(variable) for variable in optimizer._trainable_variables}
    unknown = [
        weight.path for weight in model.trainable_weights if id(weight) not in known
    ]
    if known and unknown:  # a user's optimizer may keep its own list
        raise InputError(
            "The optimizer must know every trainable weight: call `model.compile` "
            "again after unfreezing or adding a layer. Received: "
            f"{len(unknown)} weights that it does not know, such as {unknown[0]}."
        )


def _as_number(value: Any) -> float:
    """Returns a number, or NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")

"""Targets against the model and its loss, before any step: one pair for each output."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import keras

from .._checks import InputError
from ._keras import Functional
from .targets import find_mismatch, option


def check_targets(model: keras.Model, batch: Any) -> None:
    """Raises if targets cannot fit the model; warns if their loss means nothing.

    Args:
        model: The compiled model.
        batch: (x, y) or (x, y, sample_weight): arrays, or specs of a stream's batches.

    Raises:
        InputError: With the rule that is broken and what to change.
    """
    for name, loss, y, output in _pairs(model, batch):
        _check_alpha(loss)
        mismatch = find_mismatch(loss, y, tuple(output.shape), name)
        if mismatch is None:
            continue
        if mismatch.impossible:
            raise InputError(str(mismatch))
        warnings.warn(str(mismatch), stacklevel=4)


def _pairs(model: keras.Model, batch: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yields the name of targets, their loss, themselves and their output."""
    x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
    losses = None if model._compile_loss is None else model._compile_loss._user_loss
    outputs = None if y is None or losses is None else _outputs(model, x)
    if outputs is None:
        return
    flat = keras.tree.flatten(outputs)
    if len(flat) == 1:
        keys: list[Any] = [next(iter(outputs))] if isinstance(outputs, dict) else [0]
    else:
        keys = list(outputs) if isinstance(outputs, dict) else list(range(len(flat)))
    names = list(getattr(model, "output_names", None) or keys)
    for index, (key, output) in enumerate(
        zip(keys, outputs.values() if isinstance(outputs, dict) else flat, strict=False)
    ):
        loss = _of(losses, key, names, index)
        targets = _of(y, key, names, index)
        if loss is not None and hasattr(targets, "shape"):
            nested = keras.tree.is_nested(y)
            yield f"`y[{key!r}]`" if nested else "`y`", loss, targets, output


def _outputs(model: keras.Model, x: Any) -> Any:
    """Returns the model's outputs, symbolic; None where they cannot be told."""
    if isinstance(model, keras.Sequential):
        model = model._functional or model
    if isinstance(model, Functional):
        return model._outputs_struct
    if not all(layer.built for layer in model._flatten_layers()):
        return None
    inputs = keras.tree.map_structure(
        lambda leaf: keras.KerasTensor((None, *leaf.shape[1:]), leaf.dtype.name), x
    )
    try:
        return model.compute_output_spec(inputs, training=False)
    except Exception:
        # Training itself says what is wrong; there is nothing to compare with here.
        return None


def _of(structure: Any, key: Any, names: list[Any], index: int) -> Any:
    """Returns what belongs to an output, by its key, its name or its place."""
    if isinstance(structure, dict):
        name = names[index] if index < len(names) else key
        return structure.get(key, structure.get(name))
    if isinstance(structure, list | tuple):
        return structure[index] if index < len(structure) else None
    return structure


def _check_alpha(loss: Any) -> None:
    """Raises for a weight of class 1 above 1: class 0 would have a negative one.

    Raises:
        InputError: If so.
    """
    if "binaryfocal" not in type(loss).__name__.lower():
        return
    balancing = option(loss, "apply_class_balancing", False)
    alpha = option(loss, "alpha", 0.25)
    if balancing and not 0 <= alpha <= 1:
        raise InputError(
            "`alpha` must be a number in [0, 1]: class 0 weighs 1 - alpha. "
            f"Received: alpha={alpha!r}."
        )

"""Where a loss that is NaN or infinite came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def find_cause(model: keras.Model, batch: Any) -> str:
    """Says what first went non-finite in a batch: data, weights, a layer, or the loss.

    Args:
        model: The model, with the weights that it had before the step.
        batch: (x,), (x, y) or (x, y, sample_weight).
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(batch)
    for name, part in (("x", x), ("y", y), ("sample_weight", weight)):
        if not _all_finite(part):
            return f"`{name}`"
    for variable in model.weights:
        if not _all_finite(variable.value):
            return f"the weight {variable.path}, by an earlier update"
    return _first_layer(model, x) or "the loss"


def _first_layer(model: keras.Model, x: Any) -> str:
    """Runs the model layer by layer, and names the first whose output is not finite."""
    causes: list[str] = []
    layers = [layer for layer in model._flatten_layers() if not layer._layers]
    calls: dict[Any, Callable[..., Any]] = {layer: layer.call for layer in layers}

    def watched(layer: keras.layers.Layer) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            outputs = calls[layer](*args, **kwargs)
            if not causes and not _all_finite(outputs):
                causes.append(f"the output of layer {layer.name}")
            return outputs

        return call

    states = [
        (variable, variable.numpy()) for variable in model.non_trainable_variables
    ]
    try:
        for layer in layers:
            layer.call = watched(layer)
        model(x, training=True) if model._call_has_training_arg else model(x)
    finally:
        for layer in layers:
            del layer.call
        for variable, value in states:
            variable.assign(value)
    return next(iter(causes), "")


def _all_finite(data: Any) -> bool:
    for leaf in keras.tree.flatten(data):
        if leaf is None or not keras.backend.is_float_dtype(_dtype(leaf)):
            continue
        if not np.isfinite(
            keras.ops.convert_to_numpy(keras.ops.cast(leaf, "float64"))
        ).all():
            return False
    return True


def _dtype(leaf: Any) -> str:
    return str(keras.backend.standardize_dtype(leaf.dtype))

"""Copies of a model, changed or not; the original is only ever read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from ..._checks import InputError, first_line

Edit = Callable[[keras.Layer, dict[str, Any]], keras.Layer | None]


def copy_model(model: keras.Model, edit: Edit | None = None) -> keras.Model:
    """Returns a copy of a model with fresh weights, not compiled.

    Args:
        model: The model.
        edit: Called with each layer and its config, which it may change in place; a
            layer that it returns takes the original's place. Defaults to none.

    Raises:
        InputError: If Keras cannot copy the model.
    """

    def copy_layer(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        # A function is handed over as it is: Keras cannot find again what nobody has
        # registered.
        if callable(getattr(layer, "activation", None)) and "activation" in config:
            config["activation"] = layer.activation
        replacement = edit(layer, config) if edit else None
        return replacement or type(layer).from_config(config)

    try:
        if isinstance(model, keras.Sequential):
            return _copy_sequential(model, copy_layer)
        return keras.models.clone_model(model, clone_function=copy_layer)
    # What a layer's config lacks shows in whatever error its constructor raises.
    except (TypeError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"The model must be one that Keras can copy. Received: {model.name} "
            f"({first_line(error)})."
        ) from error


def _copy_sequential(
    model: keras.Sequential, copy_layer: Callable[[keras.Layer], keras.Layer]
) -> keras.Sequential:
    copies = [
        copy_model(layer) if isinstance(layer, keras.Model) else copy_layer(layer)
        for layer in model.layers
    ]
    return keras.Sequential([keras.Input(model.input_shape[1:]), *copies])


def copy_optimizer(
    optimizer: keras.optimizers.Optimizer, learning_rate: float
) -> keras.optimizers.Optimizer:
    """Returns an optimizer of the same kind and settings, at a constant rate."""
    config = optimizer.get_config() | {"learning_rate": learning_rate}
    return type(optimizer).from_config(config)

"""Remedies: each takes what a trial trains, and returns it with one thing changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ..._fans import fans
from ..program.inputs import Array
from ..program.layers import is_dropout, leaves
from ..thresholds import MANY_PIXELS, PIXEL_RANGE
from .copies import copy_model
from .trial import Remedy, TrialConfig


def statistics(x: Array) -> tuple[Array, Array]:
    """Returns mean and spread of each feature, or one of each for images."""
    axis = 0 if x.ndim == 2 and not _alike(x) else None
    mean, spread = x.mean(axis, dtype="float64"), x.std(axis, dtype="float64")
    return np.asarray(mean), np.where(spread > 0, spread, 1.0)


def standardize(x: Array) -> Array:
    """Returns inputs with mean 0 and spread 1, by `statistics`."""
    mean, spread = statistics(x)
    return np.asarray((x - mean) / spread, "float32")


def _alike(x: Array) -> bool:
    # Flattened pixels: many features on one scale, of which some never change.
    within = float(x.max() - x.min()) <= PIXEL_RANGE.value and float(x.min()) >= 0
    return x.shape[1] > MANY_PIXELS.value and within


def with_input_standardized(index: int) -> Remedy:
    """Changes one input, and nothing of the model."""
    return lambda config: config.changed(
        x=_with(config.x, index, standardize(config.x[index]))
    )


def with_target_standardized(index: int) -> Remedy:
    """Changes the targets of one output; skill does not depend on their scale."""

    def apply(config: TrialConfig) -> TrialConfig:
        y = config.y[index].astype("float64")
        y = (y - y.mean(0)) / np.maximum(y.std(0), 1e-12)
        return config.changed(y=_with(config.y, index, y.astype("float32")))

    return apply


def _with(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


def with_rate(factor: float) -> Remedy:
    """Multiplies the learning rate."""
    return lambda config: config.changed(learning_rate=config.learning_rate * factor)


def with_updates(factor: int) -> Remedy:
    """Trains for longer."""
    return lambda config: config.changed(updates=config.updates * factor)


def with_batch(size: int) -> Remedy:
    """Sets the batch size; the number of updates stays."""
    return lambda config: config.changed(batch_size=size)


def with_loss(index: int, loss: Any) -> Remedy:
    """Sets the loss of one output."""
    return lambda config: config.changed(losses=_with(config.losses, index, loss))


def with_fresh_weights(config: TrialConfig) -> TrialConfig:
    """Draws weights anew by He's rule before ReLU and Glorot's elsewhere; biases 0."""
    draws = np.random.default_rng(0)
    layers = zip(leaves(config.model), config.program.layers, strict=True)
    by_path: dict[str, Array] = {
        variable.path: _fresh(variable, layer, draws)
        for mine, layer in layers
        for variable in mine.weights
    }
    kept = zip(config.model.weights, config.weights, strict=True)
    return config.changed(weights=[by_path.get(one.path, value) for one, value in kept])


def _fresh(variable: Any, layer: Any, draws: np.random.Generator) -> Array:
    if variable.name == "kernel":
        shape = tuple(variable.shape)
        fan_in, fan_out = fans(shape)
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        scale = 2 / fan_in if name == "relu" else 2 / (fan_in + fan_out)
        return draws.normal(0, np.sqrt(scale), shape).astype("float32")
    if variable.name == "bias":
        return np.zeros(tuple(variable.shape), "float32")
    return np.asarray(variable)


def with_head(
    index: int, activation: str, loss: Any, units: int | None = None
) -> Remedy:
    """Gives one output another activation and loss, and another width if asked."""

    def apply(config: TrialConfig) -> TrialConfig:
        head = config.program.heads[index]
        names = {one.name for one in head.layers}

        def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
            if layer.name not in names:
                return None
            if layer.name == head.weighted:
                layer_config["activation"] = activation
                if units and "units" in layer_config:
                    layer_config["units"] = units
            elif layer.name in config.program.activations and not layer.weights:
                return keras.layers.Activation("linear", name=layer.name)
            return None

        changed = _rebuilt(config, edit, fresh=bool(units))
        return changed.changed(
            losses=_with(config.losses, index, loss),
            thresholds=_with(config.thresholds, index, 0.5),
        )

    return apply


def with_hidden(activation: str) -> Remedy:
    """Gives every hidden layer another activation, and weights that suit it."""

    def apply(config: TrialConfig) -> TrialConfig:
        program = config.program
        heads = {one.name for head in program.heads for one in head.layers}
        hidden = {one.name for one in program.layers} - heads

        def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
            if layer.name in hidden and "activation" in layer_config:
                layer_config["activation"] = activation
            if layer.name in hidden and "kernel_initializer" in layer_config:
                layer_config["kernel_initializer"] = "he_normal"
            return None

        return _rebuilt(config, edit, fresh=True)

    return apply


def with_less_depth(config: TrialConfig) -> TrialConfig:
    """Leaves out hidden layers that only repeat the width before them."""
    hidden: list[Any] = [layer for layer, _ in config.program.hidden]
    dropped = {
        one.name
        for one in hidden[1:]
        if len(one.kernel.shape) == 2 and one.kernel.shape[0] == one.kernel.shape[1]
    }

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if layer.name in dropped:
            return keras.layers.Identity(name=layer.name)
        return None

    return _rebuilt(config, edit, fresh=False)


def with_dropout_of(rate: float) -> Remedy:
    """Sets every dropout rate above `rate` to it."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if is_dropout(layer) and layer_config["rate"] > rate:
            layer_config["rate"] = rate
        return None

    return lambda config: _rebuilt(config, edit)


def with_all_trainable(config: TrialConfig) -> TrialConfig:
    """Lets every layer learn."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        layer_config["trainable"] = True
        return None

    return _rebuilt(config, edit)


def _rebuilt(config: TrialConfig, edit: Any, fresh: bool = False) -> TrialConfig:
    """Returns it on an edited copy, with the old weights where they fit.

    They are matched by the layers' places, since Keras gives a copy other names.
    """
    model = copy_model(config.model, edit)
    value_of = dict(
        zip((id(one) for one in config.model.weights), config.weights, strict=True)
    )
    kept: dict[int, Array] = {}
    for old_layer, layer in zip(leaves(config.model), leaves(model), strict=True):
        for old, new in zip(old_layer.weights, layer.weights, strict=False):
            if old.shape == new.shape and not fresh:
                kept[id(new)] = value_of[id(old)]
    weights = [kept.get(id(one), np.asarray(one)) for one in model.weights]
    return config.changed(model=model, weights=weights)

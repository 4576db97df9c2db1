"""Remedies: each takes a setting and gives it back with one thing changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ..._fans import fans
from ..program.inputs import Array
from ..program.layers import is_dropout, leaves
from ..rules.rule import Apply
from .copies import copy_model
from .trial import Setting


def statistics(x: Array) -> tuple[Array, Array]:
    """Returns mean and spread of each feature, or one of each for images."""
    axis = 0 if x.ndim == 2 and not _alike(x) else None
    mean, spread = x.mean(axis, dtype="float64"), x.std(axis, dtype="float64")
    return np.asarray(mean), np.where(spread > 0, spread, 1.0)


def standardise(x: Array) -> Array:
    """Returns inputs with mean 0 and spread 1, by `statistics`."""
    mean, spread = statistics(x)
    return np.asarray((x - mean) / spread, "float32")


def _alike(x: Array) -> bool:
    # Flattened pixels: many features on one scale, of which some never change.
    return x.shape[1] > 32 and float(x.max() - x.min()) <= 512 and float(x.min()) >= 0


def with_input_standardised(index: int) -> Apply:
    """Changes one input, and nothing of the model."""
    return lambda setting: setting.changed(
        x=_with(setting.x, index, standardise(setting.x[index]))
    )


def with_target_standardised(index: int) -> Apply:
    """Changes the targets of one output; skill does not depend on their scale."""

    def apply(setting: Setting) -> Setting:
        y = setting.y[index].astype("float64")
        y = (y - y.mean(0)) / np.maximum(y.std(0), 1e-12)
        return setting.changed(y=_with(setting.y, index, y.astype("float32")))

    return apply


def _with(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


def with_rate(factor: float) -> Apply:
    """Multiplies the learning rate."""
    return lambda setting: setting.changed(learning_rate=setting.learning_rate * factor)


def with_updates(factor: int) -> Apply:
    """Trains for longer."""
    return lambda setting: setting.changed(updates=setting.updates * factor)


def with_batch(size: int) -> Apply:
    """Sets the batch size; the number of updates stays."""
    return lambda setting: setting.changed(batch_size=size)


def with_loss(index: int, loss: Any) -> Apply:
    """Sets the loss of one output."""
    return lambda setting: setting.changed(losses=_with(setting.losses, index, loss))


def with_fresh_weights(setting: Setting) -> Setting:
    """Draws weights anew by He's rule before ReLU and Glorot's elsewhere; biases 0."""
    draws = np.random.default_rng(0)
    layers = zip(leaves(setting.model), setting.program.layers, strict=True)
    by_path: dict[str, Array] = {
        variable.path: _fresh(variable, layer, draws)
        for mine, layer in layers
        for variable in mine.weights
    }
    kept = zip(setting.model.weights, setting.weights, strict=True)
    return setting.changed(
        weights=[by_path.get(one.path, value) for one, value in kept]
    )


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
) -> Apply:
    """Gives one output another activation and loss, and another width if asked."""

    def apply(setting: Setting) -> Setting:
        head = setting.program.heads[index]
        names = {one.name for one in head.layers}

        def edit(layer: Any, config: dict[str, Any]) -> Any:
            if layer.name not in names:
                return None
            if layer.name == head.weighted:
                config["activation"] = activation
                if units and "units" in config:
                    config["units"] = units
            elif layer.name in setting.program.activations and not layer.weights:
                return keras.layers.Activation("linear", name=layer.name)
            return None

        changed = _rebuilt(setting, edit, fresh=bool(units))
        return changed.changed(
            losses=_with(setting.losses, index, loss),
            thresholds=_with(setting.thresholds, index, 0.5),
        )

    return apply


def with_hidden(activation: str) -> Apply:
    """Gives every hidden layer another activation, and weights that suit it."""

    def apply(setting: Setting) -> Setting:
        program = setting.program
        heads = {one.name for head in program.heads for one in head.layers}
        hidden = {one.name for one in program.layers} - heads

        def edit(layer: Any, config: dict[str, Any]) -> Any:
            if layer.name in hidden and "activation" in config:
                config["activation"] = activation
            if layer.name in hidden and "kernel_initializer" in config:
                config["kernel_initializer"] = "he_normal"
            return None

        return _rebuilt(setting, edit, fresh=True)

    return apply


def with_less_depth(setting: Setting) -> Setting:
    """Leaves out hidden layers that only repeat the width before them."""
    hidden: list[Any] = [layer for layer, _ in setting.program.hidden]
    dropped = {
        one.name
        for one in hidden[1:]
        if len(one.kernel.shape) == 2 and one.kernel.shape[0] == one.kernel.shape[1]
    }

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        if layer.name in dropped:
            return keras.layers.Identity(name=layer.name)
        return None

    return _rebuilt(setting, edit, fresh=False)


def with_dropout_of(rate: float) -> Apply:
    """Sets every dropout rate above `rate` to it."""

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        if is_dropout(layer) and config["rate"] > rate:
            config["rate"] = rate
        return None

    return lambda setting: _rebuilt(setting, edit)


def with_all_trainable(setting: Setting) -> Setting:
    """Lets every layer learn."""

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        config["trainable"] = True
        return None

    return _rebuilt(setting, edit)


def _rebuilt(setting: Setting, edit: Any, fresh: bool = False) -> Setting:
    """Returns the setting on an edited copy, with the old weights where they fit."""
    before = dict(
        zip((one.path for one in setting.model.weights), setting.weights, strict=True)
    )
    model = copy_model(setting.model, edit)
    weights = []
    for variable in model.weights:
        old = before.get(variable.path)
        fits = old is not None and old.shape == tuple(variable.shape) and not fresh
        weights.append(old if fits else np.asarray(variable))
    return setting.changed(model=model, weights=weights)

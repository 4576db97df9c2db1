"""Remedies: each takes a setting and gives it back with one thing changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .copying import copy_model
from .program import Array, is_weighted, leaves
from .suspects import Apply
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


def with_inputs_standardised(setting: Setting) -> Setting:
    """Changes the inputs, and nothing of the model."""
    return setting.changed(x=standardise(setting.x))


def with_targets_standardised(setting: Setting) -> Setting:
    """Changes the targets; skill does not depend on their scale."""
    y = setting.y.astype("float64")
    return setting.changed(
        y=((y - y.mean(0)) / np.maximum(y.std(0), 1e-12)).astype("float32")
    )


def with_rate(factor: float) -> Apply:
    """Multiplies the learning rate."""
    return lambda setting: setting.changed(learning_rate=setting.learning_rate * factor)


def with_rate_of(rate: float) -> Apply:
    """Sets the learning rate."""
    return lambda setting: setting.changed(learning_rate=rate)


def with_updates(factor: int) -> Apply:
    """Trains for longer."""
    return lambda setting: setting.changed(updates=setting.updates * factor)


def with_batch(size: int) -> Apply:
    """Sets the batch size; the number of updates stays."""
    return lambda setting: setting.changed(batch_size=size)


def with_loss(loss: Any) -> Apply:
    """Sets the loss."""
    return lambda setting: setting.changed(loss=loss)


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
        fan_in = int(np.prod(shape[:-1]))
        fan_out = int(np.prod(shape[:-2], initial=1)) * shape[-1]
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        scale = 2 / fan_in if name == "relu" else 2 / (fan_in + fan_out)
        return draws.normal(0, np.sqrt(scale), shape).astype("float32")
    if variable.name == "bias":
        return np.zeros(tuple(variable.shape), "float32")
    return np.asarray(variable)


def with_head(activation: str, loss: Any, units: int | None = None) -> Apply:
    """Gives the answer another activation and loss, and another width if asked."""

    def apply(setting: Setting) -> Setting:
        program = setting.program
        weighted = [one.name for one in program.layers if is_weighted(one)]
        last = weighted[-1] if weighted else ""
        names = [one.name for one in program.layers]
        head = set(names[names.index(last) :]) if last else set()

        def edit(layer: Any, config: dict[str, Any]) -> Any:
            if layer.name not in head:
                return None
            if layer.name == last:
                config["activation"] = activation
                if units and "units" in config:
                    config["units"] = units
            elif layer.name in program.activations and not layer.weights:
                return keras.layers.Activation("linear", name=layer.name)
            return None

        changed = _rebuilt(setting, edit, fresh=bool(units))
        return changed.changed(loss=loss, threshold=0.5)

    return apply


def with_hidden(activation: str) -> Apply:
    """Gives every hidden layer another activation, and weights that suit it."""

    def apply(setting: Setting) -> Setting:
        program = setting.program
        weighted = [one for one in program.layers if is_weighted(one)]
        names = [one.name for one in program.layers]
        until = names.index(weighted[-1].name)
        hidden = {one.name for one in program.layers[:until]}

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
    weighted: list[Any] = list(filter(is_weighted, setting.program.layers))
    keep = {weighted[0].name, weighted[-1].name}
    repeated = [
        one.name
        for one in weighted[1:-1]
        if one.name not in keep
        and len(one.kernel.shape) == 2
        and one.kernel.shape[0] == one.kernel.shape[1]
    ]
    dropped = set(repeated)

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        if layer.name in dropped:
            return keras.layers.Identity(name=layer.name)
        return None

    return _rebuilt(setting, edit, fresh=False)


def with_dropout_of(rate: float) -> Apply:
    """Sets every dropout rate above `rate` to it."""

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        if "Dropout" in type(layer).__name__ and config.get("rate", 0) > rate:
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

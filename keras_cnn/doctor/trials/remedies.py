"""Remedies: each takes what a trial trains, and returns it with one thing changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ..._fans import fans
from ..program.inputs import Array
from ..program.layers import is_dropout, leaves
from .config import Remedy, TrialConfig
from .copies import CannotRebuild, copy_model
from .data_remedies import replaced


def with_rate(factor: float) -> Remedy:
    """Multiplies the learning rate."""

    def apply(config: TrialConfig) -> TrialConfig:
        if config.learning_rate is None:
            raise CannotRebuild("the model keeps its optimizers to itself")
        return config.changed(learning_rate=config.learning_rate * factor)

    return apply


def with_updates(factor: int) -> Remedy:
    """Trains for longer."""
    return lambda config: config.changed(
        updates=config.updates * factor, holds_back=True
    )


def with_batch(size: int) -> Remedy:
    """Sets the batch size; the number of updates stays."""
    return lambda config: config.changed(batch_size=size)


def with_optimizer(**settings: Any) -> Remedy:
    """Changes settings of the optimizer, such as its clipping."""
    return lambda config: config.changed(optimizer=config.optimizer | settings)


def with_loss(index: int, loss: Any) -> Remedy:
    """Sets the loss of one output."""

    def apply(config: TrialConfig) -> TrialConfig:
        if not config.rebuilds:
            raise CannotRebuild("the model's loss is not replaced in the model itself")
        return config.changed(losses=replaced(config.losses, index, loss))

    return apply


def with_fresh_weights(config: TrialConfig) -> TrialConfig:
    """Draws weights anew by He's rule before ReLU and Glorot's elsewhere; biases 0."""
    draws = np.random.default_rng(0)
    layers = zip(leaves(config.model), config.program.layers, strict=True)
    by_variable: dict[int, Array] = {
        id(variable): _fresh(variable, layer, draws)
        for mine, layer in layers
        for variable in mine.weights
    }
    kept = zip(config.model.weights, config.weights, strict=True)
    return config.changed(
        weights=[by_variable.get(id(one), value) for one, value in kept]
    )


def _fresh(variable: Any, layer: Any, draws: np.random.Generator) -> Array:
    shape = tuple(variable.shape)
    if variable.name == "kernel" and len(shape) > 1:
        fan_in, fan_out = fans(shape)
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        scale = 2 / fan_in if name == "relu" else 2 / (fan_in + fan_out)
        return draws.normal(0, np.sqrt(scale), shape).astype("float32")
    if variable.name == "bias":
        return np.zeros(shape, "float32")
    return np.asarray(variable)


def with_head(
    index: int, activation: str, loss: Any, units: int | None = None
) -> Remedy:
    """Gives one output another activation and loss, and another width if asked."""

    def apply(config: TrialConfig) -> TrialConfig:
        head = next(one for one in config.program.heads if one.index == index)
        if not head.weighted:
            raise CannotRebuild(f"{head.output_layer} has no weights to be replaced")
        names = {node.name for node in head.layers}

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
            losses=replaced(config.losses, index, loss),
            thresholds=replaced(config.thresholds, index, 0.5),
        )

    return apply


def with_axis(name: str) -> Remedy:
    """Lets a softmax run over the last axis."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if layer.name == name:
            return keras.layers.Softmax(axis=-1, name=name)
        return None

    return lambda config: _rebuilt(config, edit)


def with_hidden(activation: str) -> Remedy:
    """Gives every hidden layer another activation, and weights that suit it."""

    def apply(config: TrialConfig) -> TrialConfig:
        hidden = {layer.name for layer, _ in config.program.hidden}
        heads = {node.name for head in config.program.heads for node in head.layers}
        hidden |= {
            layer.name
            for layer in config.program.layers
            if layer.name not in heads and not layer.weights
        }

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
        layer.name for layer in hidden[1:] if _repeats(tuple(layer.kernel.shape), layer)
    }
    if not dropped:
        raise CannotRebuild("no layer only repeats the width before it")

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if layer.name in dropped:
            return keras.layers.Identity(name=layer.name)
        return None

    return _rebuilt(config, edit, fresh=False)


def _repeats(kernel: tuple[int, ...], layer: Any) -> bool:
    same = len(kernel) > 1 and kernel[-1] == kernel[-2]
    return same and tuple(layer.input.shape) == tuple(layer.output.shape)


def with_width(factor: int, least: int) -> Remedy:
    """Makes hidden layers wider, or gives a network without any of them one."""

    def apply(config: TrialConfig) -> TrialConfig:
        program = config.program
        hidden = {layer.name for layer, _ in program.hidden}
        heads = {head.weighted for head in program.heads}

        def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
            for name in ("units", "filters"):
                if layer.name in hidden and name in layer_config:
                    layer_config[name] = max(factor * layer_config[name], least)
            if not hidden and layer.name in heads and len(layer.kernel.shape) == 2:
                inner = keras.layers.Dense(
                    least, "relu", kernel_initializer="he_normal"
                )
                last = type(layer).from_config(layer_config)
                return keras.Sequential([inner, last], name=f"{layer.name}_deeper")
            return None

        return _rebuilt(config, edit, fresh=True).changed(holds_back=True)

    return apply


def with_dropout_of(rate: float) -> Remedy:
    """Sets every dropout rate above `rate` to it."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if is_dropout(layer) and layer_config["rate"] > rate:
            layer_config["rate"] = rate
        return None

    return lambda config: _rebuilt(config, edit)


def with_less_penalty(factor: float) -> Remedy:
    """Multiplies each layer's penalties on weights and outputs."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        for name in layer_config:
            penalty = getattr(layer, name, None)
            if name.endswith("_regularizer") and penalty is not None:
                layer_config[name] = _weaker(penalty, factor)
        return None

    return lambda config: _rebuilt(config, edit)


def _weaker(penalty: Any, factor: float) -> Any:
    known = penalty.get_config() if hasattr(penalty, "get_config") else {}
    numbers = {
        name: value * factor
        for name, value in known.items()
        if name in ("l1", "l2", "factor")
    }
    return type(penalty).from_config(known | numbers) if numbers else None


def with_norm_momentum(momentum: float) -> Remedy:
    """Sets how slowly batch normalization takes up what it sees."""

    def edit(layer: Any, layer_config: dict[str, Any]) -> Any:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer_config["momentum"] = momentum
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
    if not config.rebuilds:
        raise CannotRebuild("the model is not rebuilt: its layers are in its own code")
    model = copy_model(config.model, edit)
    value_of = dict(
        zip((id(one) for one in config.model.weights), config.weights, strict=True)
    )
    kept: dict[int, Array] = {}
    old_layers, layers = list(leaves(config.model)), list(leaves(model))
    for old_layer, layer in zip(old_layers, layers, strict=False):
        for old, new in zip(old_layer.weights, layer.weights, strict=False):
            if old.shape == new.shape and not fresh:
                kept[id(new)] = value_of[id(old)]
    weights = [kept.get(id(one), np.asarray(one)) for one in model.weights]
    return config.changed(model=model, weights=weights)

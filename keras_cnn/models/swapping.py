"""A model with another activation in its hidden layers."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any, Literal

import keras

from .. import activations, layers
from .._checks import InputError, check_choice, check_count, did_you_mean
from .copying import CannotCopy, copy_model
from .hidden_activations import (
    LAYERS,
    activated,
    activation_name,
    find,
    is_activation,
    leaves,
)
from .initializers import follow, reseed

Initializers = Literal["model", "matched"]


def swap_activation(
    model: keras.Model,
    activation: Any,
    *,
    seed: int | None = None,
    replaces: Any = None,
    initializer: Initializers = "model",
) -> keras.Model:
    """Returns a copy of a model with another activation in its hidden layers.

    Both kinds are replaced: a layer's argument, as in `Dense(64, activation="relu")`,
    and a layer or operation of its own, as `ReLU()`. The activation that reaches an
    output is the head's, and stays; layers that are shared stay shared. What is left
    alone beside the head (a recurrent cell's gates, an attention's softmax, a gate that
    multiplies, a layer's own code) is told in a warning, and listed by
    `keras_cnn.models.hidden_activations`.

    Args:
        model: A built Sequential or functional model, nested or not. It is not changed.
        activation: What the hidden layers shall have: a name, a function of a tensor
            that keeps its shape, or a layer such as `keras.layers.PReLU()`, of which
            each place gets one of its own.
        seed: Whole number: the weights are drawn anew from it, each layer's by its
            place alone, so that models that differ in their activation start from the
            same weights. Layers with `trainable=False` keep theirs. Defaults to
            `None`: all weights are kept.
        replaces: The activation to be replaced, a name or a function. Defaults to
            `None`, for all that are hidden.
        initializer: What new weights are drawn by: `"model"` for the layers' own
            initializers, `"matched"` for what theory asks of the activation (He, LeCun
            or Glorot) in their place. Defaults to `"model"`.

    Returns:
        The copy, not compiled, with the layers' names.

    Raises:
        InputError: If the model has no such hidden activation, its layers are in its
            own code, or `activation` is unknown or changes the shape, as `glu` does.

    Warns:
        UserWarning: Of hidden activations that were left alone.

    Example:
        >>> from keras_cnn import article_cnn, swap_activation
        >>> model = swap_activation(article_cnn(), "gelu")
        >>> [layer.activation.__name__ for layer in model.layers[::2]][:3]
        ['gelu', 'gelu', 'gelu']
        >>> model.layers[-1].activation.__name__
        'softmax'
    """
    check_choice("initializer", initializer, ("model", "matched"))
    if seed is not None:
        check_count("seed", seed, min_value=0)
    wanted = as_activation(activation)
    hidden = find(model)
    if replaces is not None:
        name = activation_name(replaces)
        hidden = [each for each in hidden if each[1].activation == name]
    swapped = {id(layer) for layer, known in hidden if not known.kept_because}
    if not swapped:
        what = "a hidden activation" if replaces is None else f"{name!r} in its middle"
        kept = [f"{one.layer} ({one.kept_because})" for _, one in hidden]
        raise InputError(
            f"`model` must have {what} that can be swapped. Received: {model.name} "
            f"with {'; '.join(kept) or 'none'}."
        )
    left = [f"{k.layer} ({k.activation}): {k.kept_because}" for _, k in hidden]
    left = [words for words in left if not words.endswith(": ")]
    if left:
        warnings.warn(
            f"Left alone in {model.name}: {'; '.join(left)}.", UserWarning, stacklevel=2
        )

    def edit(layer: Any, config: dict[str, Any]) -> Any:
        if id(layer) not in swapped:
            return None
        return _with_activation(layer, config, wanted)

    return copied(
        model,
        edit,
        seed=seed,
        gain=activation_name(wanted) if initializer == "matched" else None,
        matched=swapped,
    )


def copied(
    model: keras.Model,
    edit: Callable[[Any, dict[str, Any]], Any] | None = None,
    *,
    seed: int | None = None,
    gain: str | None = None,
    matched: set[int] | None = None,
) -> keras.Model:
    """Returns a copy of a model with its weights, or with new ones.

    Args:
        model: A built Sequential or functional model.
        edit: As `copy_model` takes it. Defaults to `None`.
        seed: What weights are drawn from. Defaults to `None`: they are kept.
        gain: The activation that initializers follow. Defaults to `None`, for none.
        matched: The ids of the layers that they follow it in, and of activations that
            stand behind one. Defaults to `None`.

    Raises:
        InputError: If the model cannot be copied.
    """
    place = 0
    scaled = _scaled_layers(matched or set(), model) if gain else set()

    def seeded(layer: Any, config: dict[str, Any]) -> Any:
        nonlocal place
        place += 1
        if seed is not None:
            # Where a layer draws without a seed of its own, Keras asks this generator.
            random.seed(f"{seed}/{place}")
            reseed(config, f"{seed}/{place}")
            if gain is not None and id(layer) in scaled:
                follow(config, gain)
        return edit(layer, config) if edit else None

    state = random.getstate()
    try:
        made = copy_model(model, seeded)
    except CannotCopy as error:
        raise InputError(
            "`model` must be one that Keras can copy layer by layer. "
            f"Received: {error}."
        ) from error
    finally:
        random.setstate(state)
    if seed is None:
        made.keep_weights()
    else:
        made.keep_weights(lambda layer: not layer.trainable)
    return made.model


def as_activation(activation: Any) -> Any:
    """Returns a name that Keras knows, a function, or a layer, checked.

    Raises:
        InputError: If it is unknown, or changes the shape of what it acts on.
    """
    if isinstance(activation, type) and issubclass(activation, keras.layers.Layer):
        activation = activation()
    if isinstance(activation, str):
        activation = _by_name(activation)
    if activation is None or not (isinstance(activation, str) or callable(activation)):
        raise InputError(
            "`activation` must be a name, a function or a layer. "
            f"Received: activation={activation!r}."
        )
    if not isinstance(activation, keras.layers.Layer):
        function = keras.activations.get(activation)
        try:
            shape = tuple(keras.ops.shape(function(keras.ops.zeros((2, 4)))))
        except Exception as error:
            raise InputError(
                "`activation` must be a function of one tensor. "
                f"Received: activation={activation!r} ({error})."
            ) from error
        if shape != (2, 4):
            raise InputError(
                "`activation` must keep the shape of what it acts on, or the layers "
                f"behind it would not fit. Received: {activation_name(activation)}, "
                f"which makes {shape} of (2, 4)."
            )
    return activation


def _by_name(name: str) -> Any:
    """Returns a name of Keras's as it is, else what is ours of that name."""
    known = [each for each in dir(activations) if each.islower() and each[0] != "_"]
    known = [n for n in known if n not in ("get", "deserialize", "serialize")]
    if name in known:
        return name if hasattr(keras.activations, name) else getattr(activations, name)
    for each in dir(layers):
        kind = getattr(layers, each)
        if each.lower() == name.lower() and isinstance(kind, type):
            if issubclass(kind, LAYERS):
                return getattr(keras.layers, each, kind)()
    raise InputError(
        "`activation` must be one that Keras or keras_cnn has. Received: "
        f"activation={name!r}.{did_you_mean(name, known)}"
    )


def _with_activation(layer: Any, config: dict[str, Any], activation: Any) -> Any:
    """Changes a layer's config to another activation, or returns what replaces it."""
    inner = activated(layer)
    alone = is_activation(inner)
    is_layer = isinstance(activation, keras.layers.Layer)
    if alone and inner is layer:
        return _own_layer(layer, activation)
    if inner is not layer:
        if alone:
            inner_copy = _own_layer(inner, activation)
        else:
            given = {"activation": "linear" if is_layer else activation}
            inner_copy = type(inner).from_config(inner.get_config() | given)
        config["layer"] = keras.saving.serialize_keras_object(inner_copy)
    else:
        config["activation"] = "linear" if is_layer else activation
    return [_another(activation)] if is_layer and not alone else None


def _own_layer(layer: Any, activation: Any) -> keras.Layer:
    """Returns an activation as a layer of its own, in the place of another."""
    kept = {}
    if isinstance(layer, keras.Layer):
        kept = {"name": layer.name, "dtype": layer.dtype_policy}
    if isinstance(activation, keras.layers.Layer):
        return _another(activation, **kept)
    return keras.layers.Activation(activation, **kept)


def _another(activation: keras.Layer, **kept: Any) -> keras.Layer:
    """Returns a layer of the same kind, under a name of its own."""
    config = {k: v for k, v in activation.get_config().items() if k != "name"}
    return type(activation).from_config(config | kept)


def _scaled_layers(swapped: set[int], model: keras.Model) -> set[int]:
    """Returns the ids of the layers whose weights are drawn for the swapped ones.

    They have the activation themselves, or it stands behind them.
    """
    found: set[int] = set()

    def visit(layer: Any) -> None:
        if id(layer) in found or isinstance(layer, keras.layers.InputLayer):
            return
        found.add(id(layer))
        if hasattr(activated(layer), "kernel_initializer"):
            return
        for node in getattr(layer, "_inbound_nodes", ()):
            for tensor in node.input_tensors:
                source = tensor._keras_history.operation
                if not is_activation(source) and not isinstance(source, keras.Model):
                    visit(source)

    for _, layer in leaves(model):
        if id(layer) in swapped:
            visit(layer)
    return found

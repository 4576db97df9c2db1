"""Copies of models: the same layers and the same graph, each layer changed or not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

# Called with each layer, or operation such as `x + y`, and the config of its copy,
# which it may change in place; a layer that it returns takes the original's place, and
# a list of layers the original's and those that follow it.
Edit = Callable[[Any, dict[str, Any]], Any]


class CannotCopy(Exception):
    """Keras cannot make a model again from its layers' configurations."""


@dataclass
class Copy:
    """A copy of a model.

    Attributes:
        model: With weights of its own, not compiled.
        pairs: Each layer of the original, nested ones included, and its copy.
    """

    model: Any = None
    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def keep_weights(self, wanted: Callable[[Any], bool] = lambda layer: True) -> None:
        """Gives the copies the weights of those originals that are `wanted`."""
        for layer, copy in self.pairs:
            given, made = layer.get_weights(), copy.get_weights()
            if wanted(layer) and [w.shape for w in given] == [w.shape for w in made]:
                copy.set_weights(given)


def copy_model(model: keras.Model, edit: Edit | None = None) -> Copy:
    """Returns a copy of a model. A layer that is shared stays shared.

    Args:
        model: A built Sequential or functional model.
        edit: What is changed. Defaults to `None`, for nothing.

    Raises:
        CannotCopy: If the model has its layers in its own code, or a layer cannot be
            made again from its config.
    """
    copied = Copy()
    try:
        copied.model = _copied(model, edit, copied.pairs, {})
    except CannotCopy:
        raise
    # What a layer's config lacks shows in whatever error its constructor raises.
    except Exception as error:
        raise CannotCopy(
            f"{model.name} cannot be made again from its configuration: {error}"
        ) from error
    for layer, copy in _outermost_first(copied.pairs):
        if copy.trainable != layer.trainable:
            copy.trainable = layer.trainable
    return copied


def is_graph(model: Any) -> bool:
    """Whether a model's layers are known by their graph, and not in its own code."""
    return type(model) is keras.Sequential or (
        isinstance(model, keras.Model) and hasattr(model, "_nodes_by_depth")
    )


def _copied(
    model: keras.Model,
    edit: Edit | None,
    pairs: list[tuple[Any, Any]],
    made: dict[int, list[Any]],
) -> keras.Model:
    def copy(layer: Any) -> list[Any]:
        if id(layer) not in made:
            if is_graph(layer):
                made[id(layer)] = [_copied(layer, edit, pairs, made)]
            else:
                made[id(layer)] = _copies_of(layer, edit)
                if isinstance(layer, keras.Layer):
                    pairs.append((layer, made[id(layer)][0]))
        return made[id(layer)]

    if not is_graph(model) or not model.built:
        raise CannotCopy(f"{model.name} has no graph of layers, or is not built yet")
    if type(model) is keras.Sequential:
        layers = [each for layer in model.layers for each in copy(layer)]
        inputs = [input_like(tensor) for tensor in model.inputs]
        copied = keras.Sequential([*inputs, *layers], name=model.name)
    else:
        following: dict[int, list[Any]] = {}

        def first(layer: Any) -> Any:
            copies = copy(layer)
            following[id(copies[0])] = copies[1:]
            return copies[0]

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            outputs = layer(*args, **kwargs)
            for each in following[id(layer)]:
                outputs = each(outputs)
            return outputs

        with _as_if_not_compiled(model):
            copied = keras.models.clone_model(
                model, clone_function=first, call_function=call
            )
    pairs.append((model, copied))
    return copied


def _copies_of(layer: Any, edit: Edit | None) -> list[Any]:
    is_layer = isinstance(layer, keras.Layer)
    config = config_of(layer) if is_layer else {}

    def made() -> Any:  # an operation holds no weights
        return copy_layer(layer, config) if is_layer else layer

    replaced = edit(layer, config) if edit else None
    if isinstance(replaced, list):
        return [made(), *replaced]
    return [made() if replaced is None else replaced]


def config_of(layer: keras.Layer) -> dict[str, Any]:
    """Returns a layer's config, with its functions as they are.

    Keras cannot find again by name what nobody has registered.
    """
    config: dict[str, Any] = layer.get_config()
    for name in ("activation", "function"):
        if callable(getattr(layer, name, None)) and name in config:
            config[name] = getattr(layer, name)
    return config


def copy_layer(layer: keras.Layer, config: dict[str, Any]) -> keras.Layer:
    """Returns a layer of the same class, with what the original learned by `adapt`.

    Args:
        layer: The original.
        config: What `config_of` returns for it, changed or not.
    """
    if isinstance(layer, keras.layers.Lambda):
        return _copy_lambda(layer)
    copy = type(layer).from_config(config)
    hand_over(layer, copy)
    return copy


@contextmanager
def _as_if_not_compiled(model: keras.Model) -> Any:
    """Lets Keras copy a model without its loss, which may not survive its config."""
    compiled, model.compiled = model.compiled, False
    try:
        yield
    finally:
        model.compiled = compiled


def _outermost_first(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """A model comes after its layers; switching it switches all of them."""
    return list(reversed(pairs))


def input_like(tensor: Any) -> Any:
    """Returns an input of the same shape, dtype and name."""
    name = tensor.name.partition(":")[0]
    return keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)


def _copy_lambda(layer: keras.layers.Lambda) -> keras.layers.Lambda:
    """Returns the same function as a layer, whose config would not be let through."""
    return keras.layers.Lambda(
        layer.function,
        output_shape=getattr(layer, "_output_shape", None),
        mask=getattr(layer, "mask", None),
        arguments=layer.arguments,
        name=layer.name,
    )


def hand_over(layer: keras.Layer, copy: keras.Layer) -> None:
    """Gives a copy what a layer has learned by `adapt`, which its config may lack."""
    if not hasattr(layer, "adapt"):
        return
    if layer.built and layer.weights:
        if not copy.built:
            copy.build(layer.get_build_config()["input_shape"])
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        copy.load_own_variables({key: np.asarray(one) for key, one in store.items()})
    elif hasattr(layer, "save_assets"):
        with tempfile.TemporaryDirectory() as folder:
            layer.save_assets(folder)
            copy.load_assets(folder)

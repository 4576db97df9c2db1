"""A model's layers, nested ones too, and listening to what they put out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

# Held while a graph is made or layers are listened to: one of the two at a time.
TRACING = threading.RLock()


def named_layers(model: keras.Model) -> dict[str, keras.Layer]:
    """Returns the layers by name, those of nested models as `model/layer`."""
    return dict(_walk(model, ""))


def _walk(model: keras.Layer, path: str) -> Iterator[tuple[str, keras.Layer]]:
    # There is no public way to the layers of a model that is no graph of layers.
    for layer in model._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if not isinstance(layer, keras.Model):
            yield path + layer.name, layer
        yield from _walk(layer, f"{path}{layer.name}/")


@contextmanager
def listening(layers: list[keras.Layer]) -> Iterator[list[tuple[keras.Layer, Any]]]:
    """Yields a list to which each call of one of the layers adds itself and its output.

    Keras has no hooks. A second model up to a layer, the usual way, does not exist for
    layers within nested models, nor for a model that is no graph of layers.
    """
    once = {id(layer): layer for layer in layers}.values()  # some have two names
    heard: list[tuple[keras.Layer, Any]] = []
    thread = threading.get_ident()

    def heard_call(layer: keras.Layer) -> Callable[..., Any]:
        inner = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            output = inner(*args, **kwargs)
            # Another thread may be using the model at the same time.
            if threading.get_ident() == thread:
                heard.append((layer, output))
            return output

        return call

    with TRACING:
        for layer in once:
            layer.call = heard_call(layer)
        try:
            yield heard
        finally:
            for layer in once:
                del layer.call

"""A model's layers, nested ones too: their names, their order, their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from .._checks import InputError, did_you_mean
from ._target import Target, listening


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


def maps_by_layer(target: Target) -> dict[str, tuple[int, ...]]:
    """Returns the output shapes of the layers that give maps, in order of execution.

    Maps are outputs of four dimensions. Shapes are without the batch.
    """
    names = {id(layer): name for name, layer in named_layers(target.model).items()}
    blank = np.zeros((1, *target.image_shape), np.float32)
    with listening(list(named_layers(target.model).values())) as heard:
        target.model(blank, training=False)
    return {
        names[id(layer)]: tuple(output.shape[1:])
        for layer, output in heard
        if len(getattr(output, "shape", ())) == 4
    }


def layer_named(target: Target, name: str | None) -> str:
    """Returns the full name of a layer that gives maps; by default of the best one.

    That is the last convolution, or, where layers with maps of the same shape follow it
    (its normalisation, its activation), the last of these: what the classifier's head
    gets to see.

    Args:
        target: What is explained.
        name: A name as in `named_layers`, or its last part where no other has it.

    Raises:
        InputError: If no layer gives maps, or none or several are named so.
    """
    shapes = maps_by_layer(target)
    if name is not None:
        found = [one for one in shapes if one == name or one.endswith(f"/{name}")]
        if name in shapes:
            return name
        if len(found) == 1:
            return found[0]
        hint = did_you_mean(name, shapes) if not found else ""
        raise InputError(
            "`layer` must name one layer that gives maps: "
            f"{', '.join(shapes)}. Received: layer={name!r}.{hint}"
        )
    layers = named_layers(target.model)
    convolutions = [one for one in shapes if hasattr(layers[one], "kernel_size")]
    if not convolutions:
        raise InputError(
            "The model must have a convolution, or `layer` must be given. "
            f"Received: {target.model.name} without one."
        )
    last = convolutions[-1]
    order = list(shapes)
    following = order[order.index(last) :]
    return [one for one in following if shapes[one] == shapes[last]][-1]


def output_of(target: Target, name: str, images: Any) -> tuple[Any, Any]:
    """Calls the model; returns one layer's output and the model's scores.

    For use in a graph. Of a layer that is called several times the last call counts.
    """
    layer = named_layers(target.model)[name]
    with listening([layer]) as heard:
        scores = target.all_scores(images)
    return heard[-1][1], scores

"""Feature maps: what each layer makes of an image."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count
from ._layers import layer_named
from ._listening import listening, named_layers
from ._question import batches, check_images
from ._target import Array, target_of


def feature_maps(
    model: keras.Model,
    images: Any,
    layers: list[str] | None = None,
    *,
    batch_size: int = 64,
) -> dict[str, Array]:
    """Returns the outputs of layers that give maps, by layer, in order of execution.

    Args:
        model: A Keras image classifier, built.
        images: Floats in the model's range, (n, height, width, channels).
        layers: Names of layers, `inner/conv2d` if one lies in a nested model `inner`.
            Defaults to None, all whose output has four dimensions.
        batch_size: How many images are computed at once.

    Returns:
        float32, (n, height, width, maps), by the layer's name.

    Raises:
        InputError: If the model or the images are not as described, or no layer with
            maps has that name.

    Example:
        >>> conv = keras.layers.Conv2D(4, 3, name="edges")
        >>> head = [keras.layers.Flatten(), keras.layers.Dense(2)]
        >>> model = keras.Sequential([keras.Input((8, 8, 1)), conv, *head])
        >>> images = np.zeros((5, 8, 8, 1), "float32")
        >>> {name: maps.shape for name, maps in feature_maps(model, images).items()}
        {'edges': (5, 6, 6, 4)}

    Reference: [Zeiler, Fergus, 2014](https://arxiv.org/abs/1311.2901)
    """
    check_count("batch_size", batch_size)
    images = check_images(model, images)
    target = target_of(model, images.shape[1:])
    shapes = target.map_shapes
    if not shapes:
        raise InputError(
            "The model must have a layer that gives maps. "
            f"Received: {model.name} without one."
        )
    names = list(shapes)
    if layers is not None:
        names = [layer_named(target, name) for name in layers]

    def outputs(images: Any) -> dict[str, Any]:
        named = named_layers(target.model)
        of_layers = [named[name] for name in names]
        with listening(of_layers) as heard:
            target.all_scores(images)
        # of a layer that is called several times the last call counts
        last = {id(layer): output for layer, output in heard}
        return {name: last[id(named[name])] for name in names}

    key = ("feature_maps", *names)
    compiled = target.compiled(key, outputs, classes=False)
    parts = [compiled(images[part]) for part in batches(len(images), batch_size)]
    return {
        name: np.concatenate(
            [np.zeros((0, *shapes[name]), np.float32)] + [part[name] for part in parts]
        )
        for name in names
    }

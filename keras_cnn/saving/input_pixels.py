"""What values a network's input takes, as far as its first layers tell."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .._preparation import Preparation
from .classifier import image_shape

# Layers with weights that only shift and scale what they are given.
_SCALING = (keras.layers.Normalization, keras.layers.BatchNormalization)

# What a network computes with is rarely wider than this: where its first layers bring
# pixels of 0..255 into it, or move black this far, they expect such pixels.
_MAX_RANGE = 32.0
_MAX_SHIFT = 16.0


def input_pixels(model: keras.Model) -> str | None:
    """Returns what values a model takes, told from the layers before its first weights.

    A black and a white image are passed through them: a model that begins with
    `Rescaling(1 / 255)`, or with Keras's own `preprocess_input`, takes pixels of
    0..255, and so does one with an integer input.

    Args:
        model: A built classifier of images.

    Returns:
        `"0..255"`; `"0..1"`; or None where the first layers say nothing, as in a
        model whose images are scaled before it sees them.

    Example:
        >>> layers = [keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255)]
        >>> input_pixels(keras.Sequential([*layers, keras.layers.Conv2D(4, 3)]))
        '0..255'
    """
    shape = image_shape(model)
    inputs = getattr(model, "inputs", None)
    if inputs and not keras.backend.is_float_dtype(inputs[0].dtype):
        return "0..255"
    black_and_white = np.stack([np.zeros(shape), np.full(shape, 255)])
    try:
        black, white = np.asarray(
            _before_weights(model, black_and_white.astype("float32")), "float64"
        )
    # A layer may refuse such images, in whatever way it likes: then nothing is told.
    except Exception:
        return None
    reach = float(np.abs(white - black).max())
    shift = float(np.abs(black).max())
    if 0 < reach <= _MAX_RANGE or shift > _MAX_SHIFT:
        return "0..255"
    # A batch normalization that has learned nothing leaves them within its epsilon.
    return None if shift == 0 and np.isclose(reach, 255, rtol=0.01) else "0..1"


def likely_preparation(model: keras.Model) -> Preparation:
    """Returns how images are prepared for a model, where nothing was recorded.

    They are resized, and have the values that `input_pixels` tells, else 0..1.

    Args:
        model: A built classifier of images.
    """
    plain = Preparation.of_shape(image_shape(model))
    return plain.changed(pixels=input_pixels(model))


def _before_weights(model: Any, images: Any) -> Any:
    """Passes images through a model's layers up to the first that has learned."""
    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            if isinstance(layer, keras.Model):
                return _before_weights(layer, images)
            if _has_learned(layer):
                return images
            images = layer(images, training=False) if layer.built else layer(images)
        return images
    # There is no public way to what a nested model is called with: its `input` is its
    # own. The greatest depth is that of the inputs.
    calls = model._nodes_by_depth
    first = next(
        call
        for depth in sorted(calls, reverse=True)
        for call in calls[depth]
        if _has_learned(call.operation)
    )
    before = keras.Model(model.inputs[0], first.input_tensors[0])
    images = before(images, training=False)
    is_nested = isinstance(first.operation, keras.Model)
    return _before_weights(first.operation, images) if is_nested else images


def _has_learned(layer: Any) -> bool:
    if isinstance(layer, keras.Model):
        return True
    return bool(getattr(layer, "weights", ())) and not isinstance(layer, _SCALING)

"""Kernels: what each convolution looks for."""

from __future__ import annotations

import keras
import numpy as np

from .._checks import InputError
from ._listening import named_layers
from ._target import Array


def kernels(model: keras.Model) -> dict[str, Array]:
    """Returns the kernels of the convolutions over images, by layer.

    Args:
        model: A built Keras model.

    Returns:
        float32, (height, width, channels in, channels out), by the layer's name,
        `inner/conv2d` if it lies in a nested model `inner`. (A depthwise convolution
        has its multiplier last.)

    Raises:
        InputError: If there is no such layer.

    Example:
        >>> from keras_cnn.models import article_cnn
        >>> [kernel.shape for kernel in kernels(article_cnn()).values()]
        [(3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 64)]
    """
    found = {
        name: np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float32)
        for name, layer in named_layers(model).items()
        if hasattr(layer, "kernel_size")
        and getattr(layer, "kernel", None) is not None
        and len(layer.kernel.shape) == 4
    }
    if not found:
        raise InputError(
            "The model must be built and have a convolution over images. "
            f"Received: {model.name} without one."
        )
    return found

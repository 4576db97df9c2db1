"""Networks small enough to be worked out by hand."""

import keras
import numpy as np


def linear(weights, activation=None, shape=(2, 2, 1)):
    """Scores that are sums of pixels times `weights`, (pixels, classes)."""
    weights = np.asarray(weights, "float32")
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(weights.shape[1], activation, use_bias=False),
        ]
    )
    model.layers[-1].set_weights([weights])
    return model


def pointwise(kernel, dense, shape=(2, 2, 1), bias=None, activation="relu"):
    """A 1x1 convolution, the mean of each of its maps, and weights to the classes."""
    kernel, dense = np.asarray(kernel, "float32"), np.asarray(dense, "float32")
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(
                kernel.shape[-1], 1, activation=activation, name="conv"
            ),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(dense.shape[1], use_bias=False),
        ]
    )
    bias = np.zeros(kernel.shape[-1]) if bias is None else np.asarray(bias)
    model.get_layer("conv").set_weights([kernel.reshape(1, 1, *kernel.shape), bias])
    model.layers[-1].set_weights([dense])
    return model


def images(*rows):
    """Gray 2x2 images from their four pixels."""
    return np.array(rows, "float32").reshape(-1, 2, 2, 1)

"""The small networks that the experiments train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras

Pooling = Literal["max", "average", "strided", "none"]


def dense_network(
    inputs: int | tuple[int, ...],
    hidden: Sequence[int],
    outputs: int,
    activation: Any = "relu",
    *,
    answer: Any = "softmax",
    normalised: bool = False,
) -> keras.Sequential:
    """Builds Flatten - Dense(h, activation) for each h - Dense(outputs, answer).

    Args:
        inputs: Shape of one input, or its length.
        hidden: Units of each hidden layer.
        outputs: Units of the last layer.
        activation: The hidden layers': a name or a function of a tensor.
        answer: The last layer's activation. Defaults to `"softmax"`.
        normalised: Whether batch normalisation stands before each activation.
    """
    shape = (inputs,) if isinstance(inputs, int) else inputs
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    for units in hidden:
        if normalised:
            model.add(keras.layers.Dense(units))
            model.add(keras.layers.BatchNormalization())
            model.add(keras.layers.Activation(activation))
        else:
            model.add(keras.layers.Dense(units, activation=activation))
    model.add(keras.layers.Dense(outputs, activation=answer))
    return model


def convolutional_network(
    shape: tuple[int, ...],
    filters: Sequence[int],
    units: int,
    *,
    pooling: Pooling = "max",
    activation: Any = "relu",
) -> keras.Sequential:
    """Builds a narrow network of the article's kind, for ten classes.

    Conv2D(f, 3x3) for each of `filters` with a pooling after each but the last,
    Flatten, Dense(units), Dense(10, softmax).

    Args:
        shape: (height, width, channels).
        filters: Of each convolution.
        units: Of the dense layer.
        pooling: `"max"` or `"average"` over 2x2, `"strided"` for convolutions with
            strides of 2 instead, or `"none"`.
        activation: Of all but the last layer. Defaults to `"relu"`.
    """
    layers = keras.layers
    kinds = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    model = keras.Sequential([keras.Input(shape)])
    for place, count in enumerate(filters):
        last = place == len(filters) - 1
        strides = 2 if pooling == "strided" and not last else 1
        model.add(layers.Conv2D(count, 3, strides, activation=activation))
        if pooling in kinds and not last:
            model.add(kinds[pooling](2))
    model.add(layers.Flatten())
    model.add(layers.Dense(units, activation=activation))
    model.add(layers.Dense(10, activation="softmax"))
    return model

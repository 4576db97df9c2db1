"""The small networks that the experiments train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


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

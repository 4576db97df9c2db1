"""The article's convolutional network."""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras

from .. import layers as our_layers
from .._checks import InputError, check_choice, check_count

# Three 3x3 convolutions and two 2x2 poolings leave one pixel of 18, and none of 17.
LEAST_SIDE = 18

LayersFrom = Literal["keras", "keras_cnn"]


def article_cnn(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    num_classes: int = 10,
    activation: Any = "relu",
    *,
    layers_from: LayersFrom = "keras",
    dtype: Any = None,
    name: str = "article_cnn",
) -> keras.Sequential:
    """Builds the article's network, not yet compiled.

    Conv2D(32, 3x3) - MaxPooling2D(2x2) - Conv2D(64, 3x3) - MaxPooling2D(2x2) -
    Conv2D(64, 3x3) - Flatten - Dense(64) - Dense(num_classes, softmax), with an
    activation after each convolution and after the first dense layer. By default it is
    the article's to the letter: 93,322 parameters, and, after the same
    `keras.utils.set_random_seed`, the same initial weights as the article's own lines.

    Args:
        input_shape: (height, width, channels), without the batch; (channels, height,
            width) where `keras.config.image_data_format()` is `"channels_first"`. Both
            sides are at least 18.
        num_classes: Classes to tell apart, at least 2.
        activation: The hidden layers' activation: a name, a function, or any other
            that Keras's layers take. Defaults to `"relu"`.
        layers_from: Whose layers and activations to build it from: Keras's own, or
            those of `keras_cnn`, which start from the same weights and give the same
            numbers. Defaults to `"keras"`.
        dtype: Policy of the layers, such as `"mixed_bfloat16"`. The last layer computes
            in float32 under a mixed policy, since probabilities need the precision.
            Defaults to None, Keras's global policy for all of them.
        name: The model's name.

    Returns:
        A built `keras.Sequential` from images in [0, 1], (batch, *input_shape), to
        probabilities, (batch, num_classes).

    Raises:
        InputError: If `input_shape` is not the shape of an image, or too small for the
            convolutions and poolings; if `num_classes` is less than 2; or if
            `layers_from` is neither of the two.

    Example:
        >>> article_cnn().count_params()
        93322
    """
    _check_input_shape(input_shape)
    check_count("num_classes", num_classes, min_value=2)
    check_choice("layers_from", layers_from, get_args(LayersFrom))
    layers: Any = keras.layers if layers_from == "keras" else our_layers
    mixed = dtype is not None and keras.dtype_policies.get(dtype).name.startswith(
        "mixed"
    )
    return keras.Sequential(
        [
            keras.Input(shape=input_shape, name="image"),
            layers.Conv2D(32, (3, 3), activation=activation, dtype=dtype),
            layers.MaxPooling2D((2, 2), dtype=dtype),
            layers.Conv2D(64, (3, 3), activation=activation, dtype=dtype),
            layers.MaxPooling2D((2, 2), dtype=dtype),
            layers.Conv2D(64, (3, 3), activation=activation, dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(64, activation=activation, dtype=dtype),
            layers.Dense(
                num_classes, activation="softmax", dtype="float32" if mixed else dtype
            ),
        ],
        name=name,
    )


def _check_input_shape(input_shape: tuple[int, int, int]) -> None:
    if len(input_shape) != 3:
        raise InputError(
            "`input_shape` must be three numbers, without the batch. "
            f"Received: input_shape={input_shape!r}."
        )
    for side in input_shape:
        check_count("input_shape", side)
    first = keras.config.image_data_format() == "channels_first"
    height, width = input_shape[1:] if first else input_shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise InputError(
            f"`input_shape` must be at least {LEAST_SIDE}x{LEAST_SIDE} pixels: less "
            "does not survive three 3x3 convolutions and two 2x2 poolings. "
            f"Received: input_shape={input_shape!r}."
        )

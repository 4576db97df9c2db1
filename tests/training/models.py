"""Tiny models and data sets for tests of the trainer, which learn something."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

SIDE = 6
CLASSES = 4


def images(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns noise, (count, 6, 6, 1), brighter in the quarter that is the label."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=count)
    pictures = rng.normal(size=(count, SIDE, SIDE, 1))
    half = SIDE // 2
    for picture, label in zip(pictures, labels, strict=True):
        row, column = divmod(int(label), 2)
        picture[row * half :, column * half :][:half, :half] += 1.0
    return pictures.astype(keras.config.floatx()), labels


def rows(count: int, width: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns features, (count, width), and a noisy linear target, (count, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width))
    y = x @ rng.normal(size=(width, 1)) + 0.1 * rng.normal(size=(count, 1))
    floatx = keras.config.floatx()
    return x.astype(floatx), y.astype(floatx)


def convolutional(
    *between: layers.Layer, output: Any = "softmax", **conv: Any
) -> keras.Sequential:
    """A convolution, layers `between`, and a dense layer over the classes."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(3, 3, activation="relu", **conv),
            *between,
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(CLASSES, activation=output),
        ]
    )


def dense(*, width: int = 5, **hidden: Any) -> keras.Sequential:
    """Two dense layers over rows."""
    return keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dense(6, activation="tanh", **hidden),
            layers.Dense(1),
        ]
    )


def residual() -> keras.Model:
    """A functional model that adds its branches by `+`, not by a layer."""
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    y = layers.Conv2D(3, 3, padding="same")(x)
    x = layers.ReLU()(x + y)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))


def normalized_blocks() -> keras.Model:
    """Batch normalization of maps and of rows, in a nested model, shared and frozen."""
    inputs = keras.Input((SIDE, SIDE, 1))
    block = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Conv2D(3, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8, scale=False),
            layers.ReLU(),
        ]
    )
    frozen = layers.BatchNormalization(trainable=False)
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    x = block(block(x)) + x
    x = layers.GlobalAveragePooling2D()(frozen(x))
    x = layers.BatchNormalization(axis=1, epsilon=1e-2)(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))


def attention() -> keras.Model:
    """One block of a Transformer over sequences of pairs."""
    inputs = keras.Input((None, 2))
    x = layers.Dense(4)(inputs)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=2)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(1)(x))


def two_by_two() -> keras.Model:
    """Inputs `image` and `row`, outputs `label` and `value`."""
    image = keras.Input((SIDE, SIDE, 1), name="image")
    row = keras.Input((5,), name="row")
    x = layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(image))
    x = layers.Concatenate()([x, layers.Dense(3, activation="tanh")(row)])
    label = layers.Dense(CLASSES, activation="softmax", name="label")(x)
    value = layers.Dense(1, name="value")(x)
    return keras.Model(
        {"image": image, "row": row}, {"label": label, "value": value}, name="two"
    )


def compiled(model: keras.Model, optimizer: Any = "adam", **options: Any) -> Any:
    """Compiles a model for labels, unless told otherwise, and returns it."""
    options.setdefault("loss", "sparse_categorical_crossentropy")
    model.compile(optimizer, **options)
    return model


def compiled_dense(optimizer: Any = "adam", **options: Any) -> Any:
    """A compiled model for `rows`."""
    options.setdefault("loss", "mse")
    return compiled(dense(), optimizer, **options)

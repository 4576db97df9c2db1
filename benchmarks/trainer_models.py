"""The Keras models of the training benchmark, compiled, and the data they see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from trainer_data import Arrays, cifar_like, mnist_like

from keras_cnn import article_cnn

CLASSIFIER = {
    "optimizer": "adam",
    "loss": "sparse_categorical_crossentropy",
    "metrics": ["accuracy"],
}


def article() -> keras.Model:
    """The article's network."""
    return article_cnn()


def article_bfloat16() -> keras.Model:
    """The same, computing in bfloat16."""
    return article_cnn(dtype="mixed_bfloat16")


def mlp() -> keras.Model:
    """Two hidden layers: little arithmetic, so that the loop itself is what counts."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def normalised() -> keras.Model:
    """A deeper network with batch normalization and dropout."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (16, 32, 64):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


def residual() -> keras.Model:
    """Three stages of two residual blocks on colour images, without normalisation."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    for filters, first_stride in ((16, 1), (32, 2), (64, 2)):
        for stride in (first_stride, 1):
            short = x
            if stride > 1:
                short = layers.Conv2D(filters, 1, stride, padding="same")(x)
            x = layers.Conv2D(filters, 3, stride, padding="same", activation="relu")(x)
            x = layers.Conv2D(filters, 3, padding="same")(x)
            x = layers.Activation("relu")(layers.Add()([x, short]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def resnet20() -> keras.Model:
    """Three stages of three residual blocks, with batch normalization.

    Reference: [He et al., 2015](https://arxiv.org/abs/1512.03385), section 4.2.
    """

    def convolution(x: Any, filters: int, side: int, stride: int) -> Any:
        x = layers.Conv2D(filters, side, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    image = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(convolution(image, 16, 3, 1))
    for filters in (16, 32, 64):
        for index in range(3):
            stride = 2 if index == 0 and filters > 16 else 1
            short = x if stride == 1 else convolution(x, filters, 1, stride)
            x = layers.Activation("relu")(convolution(x, filters, 3, stride))
            x = convolution(x, filters, 3, 1)
            x = layers.Activation("relu")(layers.Add()([x, short]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def mobilenet() -> keras.Model:
    """Keras's MobileNetV3Small, on small images."""
    return keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), weights=None, classes=10
    )


def lstm() -> keras.Model:
    """An image's rows as a sequence."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Reshape((28, 28)),
            layers.LSTM(64),
            layers.Dense(10, activation="softmax"),
        ]
    )


def transformer() -> keras.Model:
    """An image's rows as a sequence, through two blocks of attention."""
    image = keras.Input((28, 28, 1))
    x = layers.Dense(64)(layers.Reshape((28, 28))(image))
    for _ in range(2):
        y = layers.MultiHeadAttention(num_heads=4, key_dim=16)(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, y]))
        y = layers.Dense(64)(layers.Dense(128, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


class Contrastive(keras.losses.Loss):
    """Pulls samples of a class together and pushes all others of the batch away.

    Reference: [Khosla et al., 2020](https://arxiv.org/abs/2004.11362), equation 2.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one loss a sample, each of which depends on the whole batch."""
        ops = keras.ops
        y_pred = ops.normalize(y_pred, axis=-1)
        itself = ops.eye(ops.shape(y_pred)[0])
        scores = ops.matmul(y_pred, ops.transpose(y_pred)) / 0.1 - 1e9 * itself
        labels = ops.reshape(y_true, (-1, 1))
        same = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32") - itself
        likelihoods = ops.sum(same * ops.log_softmax(scores, axis=-1), axis=-1)
        return -likelihoods / ops.maximum(ops.sum(same, axis=-1), 1.0)


def contrastive() -> keras.Model:
    """The article's convolutions, and a loss in which every sample meets all others."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64),
        ]
    )


Make = Callable[[], keras.Model]
MODELS: dict[str, tuple[Make, Callable[[Path, int], Arrays]]] = {
    "article": (article, mnist_like),
    "article_bfloat16": (article_bfloat16, mnist_like),
    "mlp": (mlp, mnist_like),
    "normalised": (normalised, mnist_like),
    "residual": (residual, cifar_like),
    "resnet20": (resnet20, cifar_like),
    "mobilenet": (mobilenet, cifar_like),
    "lstm": (lstm, mnist_like),
    "transformer": (transformer, mnist_like),
    "contrastive": (contrastive, mnist_like),
}


def compiled(name: str, **settings: Any) -> keras.Model:
    """Builds a model and compiles it with Adam and the loss that is its own.

    Args:
        name: One of `MODELS`.
        **settings: What else `compile` is to be given.
    """
    keras.utils.set_random_seed(0)
    model = MODELS[name][0]()
    rest = {"optimizer": "adam", "loss": Contrastive()}
    model.compile(**(rest if name == "contrastive" else CLASSIFIER), **settings)
    return model


def operations_per_sample(model: keras.Model) -> int:
    """Counts the multiplications and additions of one training step, by sample.

    Three products a layer: the output, the gradient to the weights, and the gradient to
    the input, which the first layer does not need and which is counted all the same.
    Activations, pooling and the optimizer are left out, as usual.
    """
    forward = 0
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.Dense):
            places = np.prod(layer.output.shape[1:-1])  # 1 where there are none
            forward += 2 * int(places) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, layers.LSTM):
            kernels = (layer.cell.kernel, layer.cell.recurrent_kernel)
            weights = sum(int(np.prod(kernel.shape)) for kernel in kernels)
            forward += 2 * layer.input.shape[1] * weights
        elif isinstance(layer, layers.MultiHeadAttention):
            length = layer.output.shape[1]
            weights = layer.count_params()  # of its four projections
            forward += 2 * length * weights
            forward += 4 * length**2 * layer.num_heads * layer.key_dim
    return 3 * forward

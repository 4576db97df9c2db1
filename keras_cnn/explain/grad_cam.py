"""Grad-CAM and Grad-CAM++: which places of the last convolution speak for a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ._layers import layer_named, output_of
from ._question import Question, ask
from ._target import Target, gradient
from .explanation import Explanation, explanation

Weights = Callable[[Any, Any], Any]


def grad_cam(
    model: keras.Model,
    images: Any,
    classes: Any = None,
    *,
    layer: str | None = None,
    batch_size: int = 64,
) -> Explanation:
    """Maps which places of a convolution's output raise a class's score.

    Formula: map = ReLU(sum over k of a_k A_k), a_k the mean over all places of
    d score / d A_k, A_k the layer's k-th map; enlarged to the image bilinearly. It is
    never negative. Its unit is a logit's change if the whole map were scaled.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        layer: The name of a layer that gives maps, `inner/conv2d` if it lies in a
            nested model `inner`. Defaults to the last convolution, or the last of the
            layers behind it that give maps of the same shape.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images, the classes or the layer is not as
            described.

    Example:
        >>> conv = keras.layers.Conv2D(1, 1, kernel_initializer="ones")
        >>> mean = keras.layers.GlobalAveragePooling2D()
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), conv, mean])
        >>> one = np.array([[[0.0], [1.0]], [[3.0], [4.0]]], "float32")
        >>> grad_cam(model, one[np.newaxis]).maps.tolist()  # each place counts a fourth
        [[[0.0, 0.25], [0.75, 1.0]]]

    Reference: [Selvaraju et al., 2017](https://arxiv.org/abs/1610.02391)
    """
    question = ask(model, images, classes, batch_size)
    return _cam(question, "grad_cam", layer, _mean_gradients)


def grad_cam_plus_plus(
    model: keras.Model,
    images: Any,
    classes: Any = None,
    *,
    layer: str | None = None,
    batch_size: int = 64,
) -> Explanation:
    """Maps as `grad_cam` does, with places weighted so that several objects all show.

    Formula: map = ReLU(sum over k of w_k A_k), w_k = sum over places of
    alpha * ReLU(g), g = d score / d A_k there, alpha = g^2 / (2 g^2 + g^3 * the sum of
    A_k), 0 where g is 0. These are the derivatives of exp(score), as in the paper, but
    for the common factor exp(score), which overflows.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        layer: As of `grad_cam`.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images, the classes or the layer is not as
            described.

    Example:
        >>> conv = keras.layers.Conv2D(1, 1, kernel_initializer="ones")
        >>> mean = keras.layers.GlobalAveragePooling2D()
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), conv, mean])
        >>> one = np.array([[[0.0], [1.0]], [[3.0], [4.0]]], "float32")
        >>> grad_cam_plus_plus(model, one[np.newaxis]).maps.tolist()  # w = 1/4
        [[[0.0, 0.25], [0.75, 1.0]]]

    Reference: [Chattopadhyay et al., 2018](https://arxiv.org/abs/1710.11063)
    """
    question = ask(model, images, classes, batch_size)
    return _cam(question, "grad_cam_plus_plus", layer, _second_order)


def _mean_gradients(maps: Any, gradients: Any) -> Any:
    return tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)


def _second_order(maps: Any, gradients: Any) -> Any:
    total = tf.reduce_sum(maps, axis=(1, 2), keepdims=True)
    square = gradients**2
    alpha = tf.math.divide_no_nan(square, 2 * square + square * gradients * total)
    return tf.reduce_sum(alpha * tf.nn.relu(gradients), axis=(1, 2), keepdims=True)


def _cam(
    question: Question, method: str, layer: str | None, weights: Weights
) -> Explanation:
    """Returns the explanation by a layer's maps, weighted as the method says."""
    target = question.target
    name = layer_named(target, layer)
    first = keras.config.image_data_format() == "channels_first"
    size = target.image_shape[1:] if first else target.image_shape[:2]

    def enlarged(images: Any, classes: Any) -> Any:
        maps, gradients = _maps_and_gradients(target, name, images, classes)
        if first:
            maps, gradients = (tf.transpose(x, (0, 2, 3, 1)) for x in (maps, gradients))
        weighted = tf.reduce_sum(weights(maps, gradients) * maps, axis=-1)
        return tf.image.resize(tf.nn.relu(weighted)[..., tf.newaxis], size)[..., 0]

    def why_zero(i: int) -> str:
        one = slice(i, i + 1)
        maps, gradients = _maps_and_gradients(
            target, name, tf.constant(question.images[one]), question.classes[one]
        )
        if not np.any(maps):
            return f"The layer {name} gives 0 everywhere for this image."
        if not np.any(gradients):
            return (
                f"The score of class {question.classes[i]} does not change with "
                f"anything that the layer {name} gives for this image."
            )
        return (
            f"No place of the layer {name} speaks for class {question.classes[i]}: the "
            "weighted sum of its maps is nowhere above 0, and only what is above 0 is "
            "kept."
        )

    maps = question.answered(target.compiled((method, name), enlarged))
    return explanation(question, method, maps, why_zero)


def _maps_and_gradients(
    target: Target, name: str, images: Any, classes: Any
) -> tuple[Any, Any]:
    """Returns a layer's output and the gradient of the scores by it."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps, scores = output_of(target, name, images)
        score = tf.gather(scores, classes, batch_dims=1)
    return maps, gradient(tape, score, maps)

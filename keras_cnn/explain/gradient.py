"""Saliency by the score's gradient, alone and times the input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ._question import ask
from .explanation import Explanation, explanation, no_gradient, over_channels


def saliency(
    model: keras.Model, images: Any, classes: Any = None, *, batch_size: int = 64
) -> Explanation:
    """Maps how strongly each pixel would change a class's score.

    Formula: map = max over channels of |d score / d image|, as in the paper, in logits
    a unit of pixel value. It is never negative: it says where the score is sensitive,
    not in which direction.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images or the classes are not as described.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.1], [0.2]], [[0.7], [0.4]]], "float32")
        >>> found = saliency(model, one[np.newaxis])  # its pixels are its scores
        >>> found.classes.tolist(), found.maps.tolist()
        ([2], [[[0.0, 0.0], [1.0, 0.0]]])

    Reference: [Simonyan, Vedaldi, Zisserman, 2014](https://arxiv.org/abs/1312.6034)
    """
    question = ask(model, images, classes, batch_size)
    gradients = question.answered(question.target.gradients)
    maps = over_channels(np.max, np.abs(gradients))
    return explanation(question, "saliency", maps, lambda i: no_gradient(question, i))


def gradient_x_input(
    model: keras.Model, images: Any, classes: Any = None, *, batch_size: int = 64
) -> Explanation:
    """Maps each pixel's share in a class's score, as if the score were linear.

    Formula: map = sum over channels of image * d score / d image, in logits. A black
    pixel (0) always gets 0.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images or the classes are not as described.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.1], [0.2]], [[0.5], [0.4]]], "float32")
        >>> gradient_x_input(model, one[np.newaxis]).maps.tolist()
        [[[0.0, 0.0], [0.5, 0.0]]]

    Reference: [Shrikumar et al., 2016](https://arxiv.org/abs/1605.01713)
    """
    question = ask(model, images, classes, batch_size)
    gradients = question.answered(question.target.gradients)

    def why_zero(i: int) -> str:
        if not question.images[i].any():
            return "The image is 0 everywhere, and the map is a product with it."
        if not gradients[i].any():
            return no_gradient(question, i)
        return "The score changes only with pixels that are 0 in this image."

    maps = over_channels(np.sum, gradients * question.images)
    return explanation(question, "gradient_x_input", maps, why_zero)

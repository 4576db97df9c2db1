"""SmoothGrad: the gradient averaged over noisy copies of the image."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .._checks import check_count, check_not_negative
from ._question import ask
from .explanation import Explanation, explanation, no_gradient, over_channels


def smooth_grad(
    model: keras.Model,
    images: Any,
    classes: Any = None,
    *,
    samples: int = 32,
    noise: float = 0.15,
    seed: int = 0,
    batch_size: int = 64,
) -> Explanation:
    """Maps how strongly each pixel would change a class's score, near the image.

    Formula: map = max over channels of |mean over samples of d score / d image at
    image + e|, e normal with a standard deviation of `noise` times the image's range.
    Unit as of `saliency`.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        samples: How many noisy copies of each image.
        noise: The noise's standard deviation as a share of the difference between each
            image's largest and smallest value. 0.1 to 0.2 in the paper.
        seed: Fixes the noise.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images, the classes or a number is not as
            described.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.1], [0.2]], [[0.7], [0.4]]], "float32")
        >>> smooth_grad(model, one[np.newaxis], samples=4).maps.tolist()
        [[[0.0, 0.0], [1.0, 0.0]]]

    Reference: [Smilkov et al., 2017](https://arxiv.org/abs/1706.03825)
    """
    check_count("samples", samples)
    check_not_negative("noise", noise)
    check_count("seed", seed, min_value=0)
    question = ask(model, images, classes, batch_size)
    rng = np.random.default_rng(seed)
    images = question.images
    axes = (1, 2, 3)
    spread = noise * np.ptp(images, axis=axes, keepdims=True) if len(images) else 0
    total = np.zeros(images.shape)
    for _ in range(samples):
        drawn = rng.standard_normal(images.shape, np.float32) * spread
        total += question.answered(
            question.target.gradients, (images + drawn).astype(np.float32)
        )
    maps = over_channels(np.max, np.abs(total / samples))
    return explanation(
        question, "smooth_grad", maps, lambda i: no_gradient(question, i)
    )

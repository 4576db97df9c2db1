"""Deletion and insertion: whether what a map points at is what the model uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy.special import softmax

from .._checks import InputError, check_count
from ._question import ask
from ._target import Array


@dataclass(frozen=True, eq=False)
class Curves:
    """A class's probability while pixels go, and while they come.

    Attributes:
        shares: (steps + 1,), from 0 to 1: the share of pixels deleted or inserted,
            those first at which the map is greatest.
        deletion: (n, steps + 1): the probability with them replaced by `fill`.
        insertion: (n, steps + 1): the probability with nothing but them.
    """

    shares: Array
    deletion: Array
    insertion: Array

    @property
    def deletion_area(self) -> Array:
        """The area under each deletion curve, (n,), in [0, 1]; small is good."""
        area: Array = np.trapezoid(self.deletion, self.shares)
        return area

    @property
    def insertion_area(self) -> Array:
        """The area under each insertion curve, (n,), in [0, 1]; great is good."""
        area: Array = np.trapezoid(self.insertion, self.shares)
        return area


def deletion_and_insertion(
    model: keras.Model,
    images: Any,
    maps: Any,
    classes: Any = None,
    *,
    steps: int = 28,
    fill: float = 0.0,
    seed: int = 0,
    batch_size: int = 64,
) -> Curves:
    """Deletes and inserts an image's pixels in the order of a map.

    A map that points at what the model uses makes the probability fall early while
    pixels are deleted and rise early while they are inserted. Compare it with a random
    map: the areas depend on the images and on `fill`.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        maps: (n, height, width), such as an `Explanation` has.
        classes: The class whose probability is followed, one for all images or one for
            each. Defaults to None, the class that the model gives each.
        steps: In how many equal parts the pixels go and come.
        fill: The value of a pixel that is not there.
        seed: Pixels at which the map is equal are put in a random order.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images, the maps, the classes or a number is not
            as described.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.0], [0.0]], [[9.0], [0.0]]], "float32")
        >>> curves = deletion_and_insertion(
        ...     model, one[np.newaxis], [[[0.1, 0.0], [1.0, 0.0]]], steps=4
        ... )
        >>> curves.deletion.round(2).tolist(), curves.insertion.round(2).tolist()
        ([[1.0, 0.25, 0.25, 0.25, 0.25]], [[0.25, 1.0, 1.0, 1.0, 1.0]])

    Reference: [Petsiuk, Das, Saenko, 2018](https://arxiv.org/abs/1806.07421)
    """
    check_count("steps", steps)
    check_count("seed", seed, min_value=0)
    if not np.isfinite(fill):
        raise InputError(f"`fill` must be a finite number. Received: fill={fill!r}.")
    question = ask(model, images, classes, batch_size)
    images, maps = question.images, np.asarray(maps)
    first = keras.config.image_data_format() == "channels_first"
    sides = images.shape[2:] if first else images.shape[1:3]
    if maps.shape != (len(images), *sides) or not np.isfinite(maps).all():
        raise InputError(
            f"`maps` must be finite, of shape {(len(images), *sides)}. "
            f"Received: maps of shape {maps.shape}."
        )
    rng = np.random.default_rng(seed)
    pixels = sides[0] * sides[1]
    counts = np.round(np.linspace(0, pixels, steps + 1)).astype(int)
    curves = np.zeros((2, len(images), steps + 1))
    for i, (image, one) in enumerate(zip(images, maps, strict=True)):
        chosen = _ranks(one.ravel(), rng) < counts[:, np.newaxis]
        masks = chosen.reshape(-1, *sides)
        masks = masks[:, np.newaxis] if first else masks[..., np.newaxis]
        without = np.where(masks, np.float32(fill), image)
        only = np.where(masks, image, np.float32(fill))
        for curve, variants in zip(curves, (without, only), strict=True):
            curve[i] = _probabilities(question.target.scores(variants))[
                :, question.classes[i]
            ]
    return Curves(counts / pixels, curves[0], curves[1])


def _ranks(values: Array, rng: np.random.Generator) -> Array:
    """Returns each value's place, the greatest first, equal ones in a random order."""
    shuffled = rng.permutation(len(values))
    order = shuffled[np.argsort(-values[shuffled], kind="stable")]
    ranks = np.empty(len(values), int)
    ranks[order] = np.arange(len(values))
    return ranks


def _probabilities(scores: Array) -> Array:
    """Returns the softmax of logits, or the sigmoid of a single one."""
    logits = scores.astype(np.float64)
    if logits.shape[1] == 1:
        logits = np.concatenate([logits, np.zeros_like(logits)], axis=1)
    probabilities: Array = softmax(logits, axis=1)
    return probabilities

"""Activation maximization: an image that excites a class, or a layer's map, most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .._checks import InputError, check_count, check_not_negative, check_positive
from ._layers import layer_named, output_of
from ._question import check_classes, check_images
from ._target import Array, Target, gradient, target_of


@dataclass(frozen=True, eq=False)
class ActivationMaximization:
    """Images that excite something most.

    Attributes:
        images: float32, (n, height, width, channels), in the range asked for.
        units: int64, (n,): the class, or the map of `layer`, that each excites.
        activations: float32, (n,): how much it does, without the penalties: the class's
            logit, or the mean of the map.
        layer: The layer's name; None for classes.
    """

    images: Array
    units: Array
    activations: Array
    layer: str | None


def activation_maximization(
    model: keras.Model,
    units: int | Sequence[int] | None = None,
    *,
    layer: str | None = None,
    image_shape: tuple[int, int, int] | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    steps: int = 200,
    step_size: float = 0.05,
    jitter: int = 2,
    smoothness: float = 0.5,
    decay: float = 0.3,
    seed: int = 0,
) -> ActivationMaximization:
    """Climbs from noise to an image that excites a class, or a layer's map, most.

    Formula: each step goes along g / rms(g) - smoothness * L - decay * x, itself
    brought to a root mean square of `step_size`: g is the activation's gradient, x the
    image in [0, 1], and L the sum of a pixel's differences from its four neighbours,
    the gradient of half their squares. g is taken of the image shifted by up to
    `jitter` pixels, and each step ends within the range. Without penalties and jitter
    one gets noise that excites, and no shape. A map that is 0 for all of the noise has
    no gradient to climb: its image fades to the range's lower end.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        units: Numbers of classes, or of maps of `layer`. Defaults to None, all classes,
            or the layer's first sixteen.
        layer: The name of a layer that gives maps. Defaults to None, the classes.
        image_shape: (height, width, channels), where the model's own leaves it open.
        value_range: The least and the greatest value of a pixel.
        steps: How many steps are made.
        step_size: The length of a step, as a share of the range.
        jitter: By how many pixels the image is shifted before a step, at most.
        smoothness: How much neighbours are drawn to each other.
        decay: How much pixels are drawn to the range's lower end.
        seed: Fixes noise and shifts.

    Raises:
        InputError: If the model, a unit, the layer, the shape or a number is not as
            described.

    Example:
        >>> flat = keras.layers.Flatten()
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), flat])
        >>> found = activation_maximization(model, 3, jitter=0, smoothness=0)
        >>> found.images[0, :, :, 0].round().tolist()  # the fourth score is that pixel
        [[0.0, 0.0], [0.0, 1.0]]

    Reference: [Erhan et al., 2009](https://www.researchgate.net/publication/265022827);
    [Mordvintsev et al., 2015](https://research.google/blog/inceptionism-going-deeper-into-neural-networks/)
    for the jitter.
    """
    check_count("steps", steps)
    check_positive("step_size", step_size)
    check_count("jitter", jitter, min_value=0)
    check_not_negative("smoothness", smoothness)
    check_not_negative("decay", decay)
    low, high = value_range
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(
            "`value_range` must be two finite numbers, the lower first. "
            f"Received: value_range={value_range!r}."
        )
    target = target_of(model, _shape(model, image_shape))
    name = layer_named(target, layer) if layer is not None else None
    count = target.classes if name is None else _maps_of(target, name)
    if units is None:
        units = range(count if name is None else min(count, 16))
    chosen = check_classes(np.atleast_1d(np.asarray(units)), np.size(units), count)

    climb = target.compiled(("climb", name), _activation_and_gradient(target, name))
    rng = np.random.default_rng(seed)
    width = high - low
    noise = rng.standard_normal((len(chosen), *target.image_shape), np.float32)
    images = np.clip(low + width * (0.5 + 0.1 * noise), low, high).astype(np.float32)
    axes = _sides()
    for _ in range(steps):
        shift = rng.integers(-jitter, jitter + 1, 2)
        moved = np.roll(images, shift, axes)
        _, slope = climb(moved, chosen)
        slope = _of_unit_size(np.roll(slope, -shift, axes))
        level = (images - low) / width
        slope += smoothness * _roughness(level, axes) - decay * level
        step = step_size * width * _of_unit_size(slope)
        images = np.clip(images + step, low, high).astype(np.float32)
    activations = np.asarray(climb(images, chosen)[0])
    return ActivationMaximization(images, chosen, activations, name)


def _shape(
    model: keras.Model, image_shape: tuple[int, int, int] | None
) -> tuple[int, ...]:
    shape = image_shape or tuple(getattr(model, "input_shape", (None,) * 4))[1:]
    if None in shape:
        raise InputError(
            "`image_shape` must be given for a model that takes images of any size. "
            f"Received: a model with inputs of shape (batch, {shape})."
        )
    blank = np.zeros((1, *shape), np.float32)
    return tuple(check_images(model, blank).shape[1:])


def _maps_of(target: Target, name: str) -> int:
    first = keras.config.image_data_format() == "channels_first"
    return target.map_shapes[name][0 if first else -1]


def _sides() -> tuple[int, int]:
    """Returns the axes of height and width."""
    first = keras.config.image_data_format() == "channels_first"
    return (2, 3) if first else (1, 2)


def _activation_and_gradient(target: Target, name: str | None) -> Any:
    """Returns a function of images and units, for use in a graph."""
    sides = _sides()

    def climb(images: Any, units: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            if name is None:
                values = target.all_scores(images)
            else:
                maps, _ = output_of(target, name, images)
                values = tf.reduce_mean(maps, axis=sides)
            activation = tf.gather(values, units, batch_dims=1)
        return activation, gradient(tape, activation, images)

    return climb


def _of_unit_size(slope: Array) -> Array:
    """Divides each image's gradient by its root mean square; zeros stay."""
    size = np.sqrt(np.mean(slope**2, axis=(1, 2, 3), keepdims=True))
    scaled: Array = slope / np.where(size > 0, size, 1)
    return scaled


def _roughness(images: Array, axes: tuple[int, int]) -> Array:
    """Returns the sum of each pixel's neighbours' differences from it."""
    total = np.zeros_like(images)
    for axis in axes:
        difference = np.diff(images, axis=axis)
        ends = [(0, 0)] * images.ndim
        ends[axis] = (1, 1)
        total += np.diff(np.pad(difference, ends), axis=axis)
    return total

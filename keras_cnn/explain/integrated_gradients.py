"""Integrated gradients: the gradient along the way from a baseline to the image."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count, check_not_negative
from ._question import Question, ask, scores_of
from ._target import Array
from .explanation import Explanation, explanation, no_gradient, over_channels


def integrated_gradients(
    model: keras.Model,
    images: Any,
    classes: Any = None,
    *,
    baseline: Any = 0.0,
    steps: int = 64,
    max_steps: int = 1024,
    max_gap: float = 0.01,
    batch_size: int = 64,
) -> Explanation:
    """Maps each pixel's share in the change of a class's score from a baseline.

    Formula: map = sum over channels of (image - baseline) * the mean of d score / d x
    over x on the straight line between the two, in logits; the mean is taken at the
    middles of `steps` equal parts. In the limit the map sums to score(image) -
    score(baseline) (completeness). The result's `convergence_delta` says by what
    share of that difference it does not.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        baseline: What an image without anything is: a number, one image, or one for
            each. Defaults to 0, black.
        steps: Points on the way.
        max_steps: For images whose gap is above `max_gap`, the steps are doubled
            as long as they stay within this number.
        max_gap: The gap above which that is done, and above which a gap that is
            left is warned of.
        batch_size: How many images are computed at once.

    Raises:
        InputError: If the model, the images, the classes, the baseline or a number is
            not as described.

    Warns:
        UserWarning: If a gap is above `max_gap` in the end.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.1], [0.2]], [[0.5], [0.4]]], "float32")
        >>> found = integrated_gradients(model, one[np.newaxis], baseline=0.25)
        >>> found.maps.tolist(), found.convergence_delta.tolist()
        ([[[0.0, 0.0], [0.25, 0.0]]], [0.0])

    Reference: [Sundararajan, Taly, Yan, 2017](https://arxiv.org/abs/1703.01365)
    """
    check_count("steps", steps)
    check_count("max_steps", max_steps, min_value=steps)
    check_not_negative("max_gap", max_gap)
    question = ask(model, images, classes, batch_size)
    start = _checked_baseline(baseline, question.images)
    way = question.images - start
    change = _change(question, start)
    means = np.zeros(way.shape)
    gaps = np.full(len(way), np.inf)
    rows = np.arange(len(way))
    while len(rows) and steps <= max_steps:
        means[rows] = _mean_gradient(question.only(rows), start[rows], steps)
        sums = np.sum(means[rows] * way[rows], axis=(1, 2, 3))
        gaps[rows] = _shares(sums - change[rows], change[rows])
        rows = rows[gaps[rows] > max_gap]
        steps *= 2
    if len(rows):
        _warn(gaps[rows], len(gaps), max_gap, steps // 2)

    def why_zero(i: int) -> str:
        if not way[i].any():
            return "The image is its baseline, and nothing lies between them."
        if not means[i].any():
            return no_gradient(question, i)
        return "The score changes only with pixels that are as in the baseline."

    maps = over_channels(np.sum, means * way)
    gaps = gaps.astype(np.float32)
    return explanation(question, "integrated_gradients", maps, why_zero, gaps)


def _checked_baseline(baseline: Any, images: Array) -> Array:
    given = np.asarray(baseline)
    number = given.dtype.kind in "fiu" and np.isfinite(given).all()
    if not number or given.shape not in ((), images.shape[1:], images.shape):
        raise InputError(
            f"`baseline` must be a finite number, one image of shape "
            f"{images.shape[1:]}, or one for each. Received: {given.dtype} of shape "
            f"{given.shape}."
        )
    return np.broadcast_to(given, images.shape).astype(np.float32)


def _change(question: Question, start: Array) -> Array:
    """Returns by how much each score differs from that of its baseline."""
    before = scores_of(question.target, start, question.batch_size)
    of_class = before[np.arange(len(start)), question.classes]
    change: Array = question.scores.astype(np.float64) - of_class
    return change


def _mean_gradient(question: Question, start: Array, steps: int) -> Array:
    """Returns the mean of the gradient along the way, by the midpoint rule."""
    way = question.images - start
    total = np.zeros(way.shape)
    for step in range(steps):
        point = start + np.float32((step + 0.5) / steps) * way
        total += question.answered(question.target.gradients, point)
    return total / steps


def _shares(missing: Array, change: Array) -> Array:
    """Returns |missing| as a share of |change|, 0 where nothing is missing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(missing == 0, 0, np.abs(missing) / np.abs(change))


def _warn(gaps: Array, count: int, largest: float, steps: int) -> None:
    warnings.warn(
        f"Of {count} maps {len(gaps)} do not sum to the score's change within "
        f"{largest:.1%}, but only within {gaps.max():.1%}, after {steps} steps. A "
        "higher `max_steps` brings them nearer; where the score hardly changes, or "
        "jumps, no number does.",
        UserWarning,
        stacklevel=3,
    )

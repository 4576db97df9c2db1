"""What every explanation starts from: checked images, their classes and scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count
from ._target import Array, Target, target_of

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Question:
    """Why does the model give these images these scores?

    Attributes:
        target: The model's scores.
        images: float32, (n, height, width, channels).
        classes: int64, (n,): whose score is explained.
        scores: float32, (n,): that score, a logit.
        batch_size: How many images are computed at once.
    """

    target: Target
    images: Array
    classes: Array
    scores: Array
    batch_size: int

    def only(self, rows: Array) -> Question:
        """Returns the question about some of the images, by their positions."""
        return replace(
            self,
            images=self.images[rows],
            classes=self.classes[rows],
            scores=self.scores[rows],
        )

    def answered(
        self, function: Callable[[Array, Array], Any], images: Array | None = None
    ) -> Array:
        """Returns a function of images and classes for all of them, batch by batch.

        Args:
            function: From (batch, height, width, channels) and (batch,) to a row each.
            images: Others than the question's own, as many.
        """
        images = self.images if images is None else images
        if not len(images):  # convolutions on a CPU fail on an empty batch
            blank = np.zeros((1, *self.target.image_shape), np.float32)
            return np.asarray(function(blank, np.zeros(1, np.int64)))[:0]
        return np.concatenate(
            [
                np.asarray(function(images[part], self.classes[part]))
                for part in batches(len(images), self.batch_size)
            ]
        )


def ask(
    model: keras.Model, images: Any, classes: Any = None, batch_size: int = 64
) -> Question:
    """Checks what a user asks, and computes the scores in question.

    Raises:
        InputError: If the model is not built or no classifier, the images do not fit
            it or are not finite, a class does not exist, or the scores are not finite.
    """
    check_count("batch_size", batch_size)
    images = check_images(model, images)
    target = target_of(model, images.shape[1:])
    all_scores = scores_of(target, images, batch_size)
    if classes is None:
        chosen = all_scores.argmax(axis=1)
    else:
        chosen = check_classes(classes, len(images), target.classes)
    rows = np.arange(len(images))
    return Question(target, images, chosen, all_scores[rows, chosen], batch_size)


def scores_of(target: Target, images: Array, batch_size: int) -> Array:
    """Returns the scores of all classes, (n, classes), batch by batch.

    Raises:
        InputError: If one of them is not finite.
    """
    parts = [target.scores(images[part]) for part in batches(len(images), batch_size)]
    scores = np.concatenate([np.zeros((0, target.classes), np.float32), *parts])
    if not np.isfinite(scores).all():
        bad = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
        raise InputError(
            "The model's scores must be finite to be explained. "
            f"Received: {scores[bad, :_SHOWN].tolist()} for image {bad}."
        )
    return scores


def batches(count: int, size: int) -> list[slice]:
    """Returns slices that cut `count` rows into batches."""
    return [slice(start, start + size) for start in range(0, count, size)]


def check_images(model: keras.Model, images: Any) -> Array:
    """Returns images as float32.

    Raises:
        InputError: If they are not floats, not finite, or not of the model's shape.
    """
    if not model.built:
        raise InputError(
            "The model must be built: give it a `keras.Input`, or call it once. "
            f"Received: model={model!r}."
        )
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise InputError(
            "`images` must be floats in the range on which the model was trained; "
            "pixels in 0..255 are usually divided by 255. "
            f"Received: images of dtype {images.dtype}."
        )
    expected = getattr(model, "input_shape", (None,) * 4)
    if isinstance(expected, list | dict) or len(expected) != 4:
        raise InputError(
            "An explained model must have one input, of images. "
            f"Received: {model.name} with inputs of shape {expected}."
        )
    fits = images.ndim == 4 and all(
        want in (None, side)
        for want, side in zip(expected[1:], images.shape[1:], strict=True)
    )
    if not fits:
        sides = ", ".join("any" if side is None else str(side) for side in expected[1:])
        raise InputError(
            f"`images` must be of shape (batch, {sides}). "
            f"Received: images of shape {images.shape}."
        )
    if not np.isfinite(images).all():
        raise InputError("`images` must be finite. Received: NaN or infinite pixels.")
    checked: Array = images.astype(np.float32)
    return checked


def check_classes(classes: Any, count: int, most: int) -> Array:
    """Returns one class an image, int64, from one for all or one for each.

    Raises:
        InputError: If they are of another number, or one is no class of the model.
    """
    given = np.asarray(classes)
    if given.dtype.kind not in "iu" or given.shape not in ((), (count,)):
        raise InputError(
            f"`classes` must be one class number, or one for each of {count} images. "
            f"Received: classes={classes!r}."
        )
    if not ((given >= 0) & (given < most)).all():
        raise InputError(
            f"A class must be a number from 0 to {most - 1}. "
            f"Received: classes={classes!r}."
        )
    return np.broadcast_to(given, (count,)).astype(np.int64)

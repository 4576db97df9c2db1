"""Occlusion: what the score loses where a part of the image is covered."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count
from .._patches import mean_over_patches, patch_masks, usual_patch
from ._question import Question, ask, batches
from ._target import Array
from .explanation import Explanation, explanation

# In a batch of another size the same image may get a score that differs by rounding.
_ROUNDING = 1e-5


def occlusion(
    model: keras.Model,
    images: Any,
    classes: Any = None,
    *,
    patch: int | None = None,
    stride: int | None = None,
    fill: float = 0.0,
    batch_size: int = 64,
) -> Explanation:
    """Maps how much of a class's score is lost when a patch over a pixel is covered.

    Formula: map at a pixel = mean over the patches that cover it of score(image) -
    score(image with the patch filled), in logits. No gradient is taken.

    Args:
        model: A Keras image classifier, built, with logits or probabilities.
        images: Floats in the model's range, (n, height, width, channels).
        classes: The class to explain, one for all images or one for each. Defaults to
            None, the class that the model gives each.
        patch: The side of the square patch in pixels, at most the image's. Defaults to
            None, about a fifth of the image's shorter side.
        stride: Pixels from one patch to the next, at most `patch`, so that every pixel
            is covered. The last patches end at the edges. Defaults to None, half a
            patch.
        fill: The value that a covered pixel gets. Defaults to 0, black.
        batch_size: How many covered images are computed at once.

    Raises:
        InputError: If the model, the images, the classes or a number is not as
            described.

    Example:
        >>> model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
        >>> one = np.array([[[0.1], [0.2]], [[0.5], [0.4]]], "float32")
        >>> occlusion(model, one[np.newaxis], patch=1).maps.tolist()
        [[[0.0, 0.0], [0.5, 0.0]]]

    Reference: [Zeiler, Fergus, 2014](https://arxiv.org/abs/1311.2901)
    """
    question = ask(model, images, classes, batch_size)
    if not np.isfinite(fill):
        raise InputError(f"`fill` must be a finite number. Received: fill={fill!r}.")
    first = keras.config.image_data_format() == "channels_first"
    shape = question.target.image_shape
    height, width = shape[1:] if first else shape[:2]
    shorter = min(height, width)
    patch = usual_patch(height, width) if patch is None else patch
    check_count("patch", patch)
    stride = max(1, patch // 2) if stride is None else stride
    check_count("stride", stride)
    if patch > shorter or stride > patch:
        raise InputError(
            f"`patch` must be at most the image's shorter side, {shorter}, and "
            f"`stride` at most `patch`. Received: patch={patch!r}, stride={stride!r}."
        )
    masks = patch_masks(height, width, patch, stride)
    lost = _losses(question, masks[:, np.newaxis] if first else masks[..., None], fill)
    maps = mean_over_patches(lost, masks)

    def why_zero(i: int) -> str:
        if (question.images[i] == fill).all():
            return f"The image is {fill:g} everywhere, the value that patches have."
        return (
            f"The score of class {question.classes[i]} is the same wherever a patch of "
            f"{patch}x{patch} pixels lies."
        )

    return explanation(question, "occlusion", maps, why_zero)


def _losses(question: Question, masks: Array, fill: float) -> Array:
    """Returns what each image's score loses under each patch, (n, patches)."""
    lost = np.zeros((len(question.images), len(masks)))
    for i, image in enumerate(question.images):
        for part in batches(len(masks), question.batch_size):
            hidden = np.where(masks[part], np.float32(fill), image)
            scores = question.target.scores(hidden)[:, question.classes[i]]
            lost[i, part] = question.scores[i] - scores
    least = _ROUNDING * np.maximum(1, np.abs(question.scores))
    return np.where(np.abs(lost) <= least[:, np.newaxis], 0, lost)

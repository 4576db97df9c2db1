"""What an explanation consists of, whichever method it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from ._question import Question
from ._target import Array


@dataclass(frozen=True, eq=False)
class Explanation:
    """How much each place of each image says for one class.

    Attributes:
        method: The name of the function that it comes from.
        maps: float32, (n, height, width), as large as the images. Its unit is the
            method's; what is above 0 speaks for the class, what is below against it.
        classes: int64, (n,): the class explained.
        scores: float32, (n,): that class's logit.
        notes: (n,): why a map is 0 everywhere; "" where it is not.
        convergence_delta: float32, (n,), of `integrated_gradients` alone: by what share
            of the score's change the map's sum misses it; None for other methods.
    """

    method: str
    maps: Array
    classes: Array
    scores: Array
    notes: tuple[str, ...]
    convergence_delta: Array | None = None


def explanation(
    question: Question,
    method: str,
    maps: Array,
    why_zero: Callable[[int], str],
    convergence_delta: Array | None = None,
) -> Explanation:
    """Returns an explanation; `why_zero` is asked about each map that is all zero."""
    maps = maps.astype(np.float32)
    notes = tuple("" if one.any() else why_zero(i) for i, one in enumerate(maps))
    return Explanation(
        method=method,
        maps=maps,
        classes=question.classes,
        scores=question.scores,
        notes=notes,
        convergence_delta=convergence_delta,
    )


def no_gradient(question: Question, i: int) -> str:
    """Says that the score of image `i` depends on no pixel."""
    return (
        f"The gradient is 0 everywhere: the score of class {question.classes[i]} does "
        "not change with any pixel of this image. What lies between them gives a "
        "constant here (such as ReLUs whose inputs are all negative)."
    )


def over_channels(reduce: Callable[..., Array], values: Array) -> Array:
    """Reduces (n, height, width, channels) to (n, height, width).

    The channels are where `keras.config.image_data_format()` says that they are.
    """
    first = keras.config.image_data_format() == "channels_first"
    reduced: Array = reduce(values, axis=1 if first else -1)
    return reduced

"""How a model does on images that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._chance import is_at_chance
from .._images import scale
from ..data import Split
from ..data.file_split import file_errors

_BATCH_SIZE = 256


@dataclass(frozen=True, eq=False)
class Scores:
    """A model's predictions beside the truth.

    Attributes:
        labels: int64, (n,): the true classes.
        probabilities: float32, (n, classes): what the model gave.
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """int64, (n,): the most probable class of each image."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def accuracy(self) -> float:
        """The share of images, in [0, 1], whose most probable class is the true one."""
        return float(np.mean(self.predicted == self.labels))

    @property
    def is_at_chance(self) -> bool:
        """Whether the model does no better than one that ignores its images."""
        return is_at_chance(self.accuracy, self.labels)

    def mistakes(self) -> npt.NDArray[np.int64]:
        """Returns the positions of the errors, the most confident one first."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        confidence = self.probabilities[wrong, self.predicted[wrong]]
        return wrong[np.argsort(-confidence, kind="stable")]


def compile_classifier(
    classify: Callable[[Any], Any], image_shape: tuple[int, int, int]
) -> Callable[[Any], Any]:
    """Returns a classifier as a compiled function, traced once for any batch size.

    Args:
        classify: From images to probabilities, such as a Keras model.
        image_shape: (height, width, channels).
    """
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *image_shape), tf.float32)]
    compiled: Callable[[Any], Any] = tf.function(classify, input_signature=signature)
    return compiled


def evaluate_split(
    predict: Callable[[Any], Any],
    split: Split,
    normalize: Callable[[Any], Any] = scale,
) -> Scores:
    """Predicts the class of every image of a split.

    Args:
        predict: A function from float32 images, (batch, height, width, channels), to
            probabilities, (batch, classes).
        split: The images and their labels.
        normalize: From pixels to the values that the function takes. Defaults to
            scaling them to [0, 1].

    Returns:
        The predictions, in the split's order.
    """
    labels, probabilities = [], []
    batches = split.batches(_BATCH_SIZE, normalize=normalize)
    with file_errors():
        for images, true in batches.as_numpy_iterator():
            probabilities.append(np.asarray(predict(images), np.float32))
            labels.append(true)
    return Scores(np.concatenate(labels), np.concatenate(probabilities))

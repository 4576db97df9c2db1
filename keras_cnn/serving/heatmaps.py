"""Where in an image a model finds what speaks for a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .._images import UInt8Array, scale

if TYPE_CHECKING:
    import keras


_NO_SCORE = "The model scores its second class alone: nothing speaks for the first."


@dataclass(frozen=True, eq=False)
class Heatmap:
    """How much each pixel of an image speaks for a class.

    Attributes:
        values: (height, width), at least 0, in any unit.
        note: Why it is 0 everywhere. Defaults to "", where it is not.
    """

    values: npt.NDArray[Any]
    note: str = ""


def grad_cam_heatmaps(
    model: keras.Model, normalize: Callable[[UInt8Array], Any] = scale
) -> Callable[[UInt8Array, int], Heatmap]:
    """Returns a function that explains a Keras model's answers by Grad-CAM.

    Args:
        model: An image classifier.
        normalize: From pixels to the values that it takes. Defaults to 0..1.

    Returns:
        The function for `ServedModel(heatmap=...)`: of an image, uint8 (height, width,
        channels), and a class's number. It raises InputError for a model that
        `keras_cnn.explain.grad_cam` cannot explain.

    Example:
        >>> from keras_cnn import article_cnn
        >>> heatmap = grad_cam_heatmaps(article_cnn())
        >>> heatmap(np.zeros((28, 28, 1), np.uint8), 3).values.shape
        (28, 28)
    """
    from ..explain import grad_cam
    from ..saving.classifier import has_one_score

    scores_one_class = has_one_score(model)

    def heatmap(image: UInt8Array, label: int) -> Heatmap:
        if scores_one_class:
            if label == 0:
                return Heatmap(np.zeros(image.shape[:2]), _NO_SCORE)
            label = 0
        explanation = grad_cam(model, normalize(image[np.newaxis]), label)
        return Heatmap(explanation.maps[0], explanation.notes[0])

    return heatmap

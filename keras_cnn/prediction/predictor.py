"""A classifier as seen by whoever wants labels, whatever file it was loaded from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._images import UInt8Array, fit_to, read_image, scale


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of one image.

    Attributes:
        label: The name of the most probable class.
        probability: Its probability, in [0, 1].
        runner_up: The name of the second.
        runner_up_probability: Its probability, in [0, 1].
        probabilities: One a class, in the order of the classes.
    """

    label: str
    probability: float
    runner_up: str
    runner_up_probability: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Predictor:
    """A loaded classifier.

    Attributes:
        probabilities: From float32 images in [0, 1], (batch, height, width, channels),
            to (batch, classes).
        image_shape: (height, width, channels) of its images.
        class_names: One name a class.
    """

    probabilities: Callable[[Any], Any]
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]

    def predict(self, images: UInt8Array) -> list[Prediction]:
        """Classifies images that have the model's own shape.

        Args:
            images: uint8, (batch, height, width, channels).

        Raises:
            InputError: If the images have another shape or dtype.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise InputError(
                f"Images must be uint8 of shape (batch, "
                f"{', '.join(map(str, self.image_shape))}). Received: {images.dtype} "
                f"of shape {images.shape}."
            )
        if not len(images):
            return []
        rows = np.asarray(self.probabilities(scale(images)), np.float64)
        return [self._prediction(row) for row in rows]

    def read(self, paths: Sequence[str], *, raw: bool = False) -> UInt8Array:
        """Reads image files into the form that the model was trained on.

        For a model of gray images they are brought to it as MNIST's digits were made:
        inverted if dark on light, cropped, fitted and centred by mass. For a model of
        colour images they are resized.

        Args:
            paths: Image files of any size and colour.
            raw: Whether to resize only, even for a model of gray images.

        Returns:
            uint8, (len(paths), height, width, channels).

        Raises:
            InputError: If a file is no image, or nothing is drawn on it.
        """
        images = []
        for path in paths:
            image = read_image(path)
            try:
                images.append(fit_to(image, self.image_shape, raw=raw))
            except InputError as error:
                raise InputError(f"{path}: {error}") from error
        return np.array(images, np.uint8).reshape(-1, *self.image_shape)

    def _prediction(self, row: npt.NDArray[np.float64]) -> Prediction:
        second, first = np.argsort(row, kind="stable")[-2:]
        return Prediction(
            label=self.class_names[first],
            probability=float(row[first]),
            runner_up=self.class_names[second],
            runner_up_probability=float(row[second]),
            probabilities=tuple(row.tolist()),
        )

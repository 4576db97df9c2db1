"""The model that is served, under the name and version that requests ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError, check_count
from .._preparation import Preparation
from ..prediction import Predictor


class NotServed(LookupError):
    """A request is for a model or a version that is not served: 404."""


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A classifier with the name and the version under which it is served.

    Attributes:
        predictor: The classifier.
        name: Its name in `/v1/models/NAME`. Defaults to "model".
        version: Its version in `/v1/models/NAME/versions/VERSION`. Defaults to 1.

    Raises:
        InputError: If the name could not stand in a URL, or the version is not a whole
            number above 0.

    Example:
        >>> from keras_cnn.prediction import Predictor
        >>> predictor = Predictor(lambda images: None, (28, 28, 1), ("cat", "dog"))
        >>> ServedModel(predictor, "pets").version
        1
    """

    predictor: Predictor
    name: str = "model"
    version: int = 1

    def __post_init__(self) -> None:
        """Checks name and version."""
        if not re.fullmatch(r"[\w.-]+", self.name, re.ASCII):
            raise InputError(
                "`name` must be made of letters, digits, '_', '-' and '.'. "
                f"Received: name={self.name!r}."
            )
        check_count("version", self.version)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of its images."""
        return self.predictor.image_shape

    @property
    def labels(self) -> tuple[str, ...]:
        """One label a class."""
        return self.predictor.labels

    @property
    def preparation(self) -> Preparation:
        """How an image becomes what the model sees."""
        return self.predictor.preparation

    def probabilities(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Classifies a batch.

        Args:
            images: (batch, height, width, channels): uint8 pixels, or float32 numbers
                as the model takes them.

        Returns:
            (batch, classes).
        """
        if images.dtype == np.uint8:
            images = self.preparation.normalize(images)
        return np.asarray(self.predictor.probabilities(images), np.float32)

    def max_images(self, numbers: int) -> int:
        """Returns how many images and their scores have at most so many numbers."""
        each = int(np.prod(self.image_shape)) + 2 * len(self.labels) + 1
        return max(1, numbers // each)

    def check(self, name: str, version: str | None) -> None:
        """Raises unless a request is for this model, and for its version or any.

        Raises:
            NotServed: If it is for another.
        """
        # Compared as text: a number of thousands of digits cannot be converted.
        own = version is None or version.lstrip("0") == str(self.version)
        if name == self.name and own:
            return
        wanted = name if version is None else f"{name} in version {version}"
        raise NotServed(
            f"The model served is {self.name} in version {self.version}. "
            f"Received: {wanted[:100]}."
        )

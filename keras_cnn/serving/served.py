"""The model that is served, under the name and version that requests ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .._checks import InputError, check_count
from .._images import UInt8Array
from ..prediction import Predictor
from .heatmaps import Heatmap


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A classifier with the name and the version under which it is served.

    Attributes:
        predictor: The classifier.
        name: Its name in `/v1/models/NAME`. Defaults to "model".
        version: Its version in `/v1/models/NAME/versions/VERSION`. Defaults to 1.
        heatmap: From an image, uint8 (height, width, channels), and a class's number
            to what speaks for that class, as `grad_cam_heatmaps` makes it. Defaults to
            None, for a model that cannot be looked into, such as an exported one.

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
    heatmap: Callable[[UInt8Array, int], Heatmap] | None = None

    def __post_init__(self) -> None:
        """Raises InputError for a name that could not stand in a URL."""
        if not re.fullmatch(r"[\w.-]+", self.name, re.ASCII):
            raise InputError(
                "`name` must be made of letters, digits, '_', '-' and '.'. "
                f"Received: name={self.name!r}."
            )
        check_count("version", self.version)

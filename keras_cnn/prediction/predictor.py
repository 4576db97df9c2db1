"""A loaded classifier: labels for images, whatever file it was loaded from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import numpy as np

from .._checks import InputError, first_line
from .._decoding import decode_image, read_image, reduction_for
from .._files import shown
from .._images import UInt8Array
from .._preparation import Preparation as Preparation
from ..saving.metadata import ModelMetadata

# The most images at once, so that memory is bounded.
_BATCH_SIZE = 256

# The most files: between two batches nothing is printed.
_FILES_AT_ONCE = 32


class Prediction(NamedTuple):
    """What a classifier predicts for one image.

    Attributes:
        probabilities: One a class, in [0, 1], in the order of the classes.
        labels: One label a class.

    Example:
        >>> prediction = Prediction((0.2, 0.7, 0.1), ("cat", "dog", "owl"))
        >>> prediction.label, prediction.probability, prediction.runner_up
        ('dog', 0.7, 'cat')
    """

    probabilities: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def label(self) -> str:
        """The label of the most probable class, the first of equals."""
        return self.labels[self._ranking[0]]

    @property
    def probability(self) -> float:
        """The probability of `label`."""
        return self.probabilities[self._ranking[0]]

    @property
    def runner_up(self) -> str:
        """The label of the second."""
        return self.labels[self._ranking[1]]

    @property
    def runner_up_probability(self) -> float:
        """The probability of `runner_up`."""
        return self.probabilities[self._ranking[1]]

    @property
    def _ranking(self) -> list[int]:
        places = range(len(self.probabilities))
        return sorted(places, key=self.probabilities.__getitem__, reverse=True)

    def to_dict(self) -> dict[str, Any]:
        """Returns label, runner-up and probabilities as JSON's types."""
        return {
            "label": self.label,
            "probability": self.probability,
            "runner_up": self.runner_up,
            "runner_up_probability": self.runner_up_probability,
            "probabilities": self.probabilities,
        }


@dataclass(frozen=True, eq=False)
class Predictor:
    """A loaded classifier.

    Attributes:
        probabilities: From float32 images with the values that the model takes, a
            NumPy array of shape (batch, height, width, channels) with at least one, to
            NumPy (batch, classes).
        image_shape: (height, width, channels) of its images.
        labels: One label a class: its name, or its number where names are unknown.
        metadata: What else is known of the model, its version and accuracy among it.
        preparation: How images become the model's input. Defaults to that of
            `metadata`, else to resizing, with values in 0..1.
        file: What it was loaded from; None if it was not.
        not_loaded: Why each faster file of its folder was not.

    Raises:
        InputError: If images are prepared for another shape.

    Example:
        >>> import numpy as np
        >>> def probabilities(images):
        ...     bright = images.mean(axis=(1, 2, 3))
        ...     return np.stack([1 - bright, bright], axis=1)
        >>> predictor = Predictor(probabilities, (4, 4, 1), ("dark", "bright"))
        >>> (prediction,) = predictor.predict(np.full((1, 4, 4, 1), 51, np.uint8))
        >>> prediction.label, round(float(prediction.probability), 3)
        ('dark', 0.8)
    """

    probabilities: Callable[[Any], Any]
    image_shape: tuple[int, int, int]
    labels: tuple[str, ...]
    metadata: ModelMetadata = ModelMetadata()
    preparation: Preparation = None  # type: ignore[assignment]
    file: Path | None = None
    not_loaded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Fills in how images are prepared, and checks that it fits the model."""
        chosen = (
            self.preparation
            or self.metadata.preparation
            or Preparation.of_shape(self.image_shape)
        )
        chosen.check_shape(self.image_shape)
        object.__setattr__(self, "preparation", chosen)

    def prepared(self, fitting: str | None = None, pixels: str | None = None) -> Self:
        """Returns the classifier with images prepared otherwise.

        Args:
            fitting: What becomes of an image of another size: `mnist`, `resize`,
                `crop` or `pad`. Defaults to what it is now.
            pixels: What values the model takes: `0..1`, `0..255`, `-1..1`, `caffe` or
                `torch`. Defaults to what they are now.

        Raises:
            InputError: If one is not such a word, or is not for the model's images.
        """
        return replace(self, preparation=self.preparation.changed(fitting, pixels))

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The classes' names in the order of the outputs; None where unknown."""
        return self.metadata.class_names

    def predict(
        self,
        images: UInt8Array | Sequence[str | os.PathLike[str]],
    ) -> list[Prediction]:
        """Classifies images: pixels, or files of any size and color.

        Args:
            images: uint8, (batch, height, width, channels), of the model's own shape,
                with red first; or paths of image files, which `read` brings to that
                shape.

        Returns:
            One prediction an image; none for an empty batch.

        Raises:
            InputError: If the images have another shape or dtype, or a file is not
                an image.
        """
        pixels = (
            images
            if isinstance(images, np.ndarray)
            else self.read([os.fspath(path) for path in images])
        )
        if pixels.dtype != np.uint8 or pixels.shape[1:] != self.image_shape:
            raise InputError(
                f"Images must be uint8 of shape (batch, "
                f"{', '.join(map(str, self.image_shape))}). Received: {pixels.dtype} "
                f"of shape {pixels.shape}."
            )
        return [
            Prediction(tuple(row), self.labels)
            for start in range(0, len(pixels), _BATCH_SIZE)
            for row in self.probabilities(
                self.preparation.normalize(pixels[start : start + _BATCH_SIZE])
            ).tolist()
        ]

    def predict_each(
        self, sources: Iterable[str | os.PathLike[str] | IO[bytes]]
    ) -> Iterator[Prediction | InputError]:
        """Classifies image files one after another, however many there are.

        Only some of them are in memory at a time, and one that is damaged does not
        keep the others from being classified.

        Args:
            sources: Paths of image files of any size and color, or files that are open
                for reading bytes.

        Yields:
            For each file, in their order, its prediction; or the error that says why
            it has none.
        """
        sources = iter(sources)
        while some := list(islice(sources, _FILES_AT_ONCE)):
            read = [self._read_or_error(source) for source in some]
            whole = [image for image in read if not isinstance(image, InputError)]
            predictions = iter(self.predict(np.array(whole)) if whole else ())
            for image in read:
                if isinstance(image, InputError):
                    yield image
                else:
                    yield next(predictions)

    def read(self, paths: Sequence[str]) -> UInt8Array:
        """Reads image files into the model's size and color, as `preparation` says.

        Args:
            paths: Image files of any size and color.

        Returns:
            uint8, (len(paths), height, width, channels), with red first.

        Raises:
            InputError: If a file is not an image, or nothing is drawn on it.
        """
        images = [self._read(path) for path in paths]
        return np.array(images, np.uint8).reshape(-1, *self.image_shape)

    def _read_or_error(
        self, source: str | os.PathLike[str] | IO[bytes]
    ) -> UInt8Array | InputError:
        try:
            return self._read(source)
        except InputError as error:
            return error
        except OSError as error:  # it vanished, or may not be read
            name = shown(source) if isinstance(source, str | os.PathLike) else "-"
            return InputError(
                f"An image file must be readable. Received: {name!r} "
                f"({first_line(error)})."
            )

    def _read(self, source: str | os.PathLike[str] | IO[bytes]) -> UInt8Array:
        preparation = self.preparation
        reduction = reduction_for(preparation.size, preparation.fitting)
        if isinstance(source, str | os.PathLike):
            name = shown(source)
            image = read_image(source, preparation.white, reduction)
        else:
            name = "the image"
            image = decode_image(
                source, name, white=preparation.white, reduction=reduction
            )
        try:
            return preparation.fit(image)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error

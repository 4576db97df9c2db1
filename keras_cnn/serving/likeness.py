"""Whether a drawing is like a digit at all: a network names a class for anything."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._images import PIXEL_MAX, UInt8Array
from .served import ServedModel

# Made by `benchmarks/scribbles.py`, which also measures what follows from it.
_FILE = "digits.npz"

# How much a factor of e in the class's probability counts beside a squared distance.
WEIGHT = 3.0

_TINY = 1e-9


class Shapes(NamedTuple):
    """What MNIST's training digits look like, on a grid of 14x14.

    Attributes:
        means: (10, 196), the mean digit of each class.
        parts: (10, parts, 196), the orthonormal directions in which they differ most.
        limit: The strangeness that few digits exceed.
    """

    means: npt.NDArray[Any]
    parts: npt.NDArray[Any]
    limit: float


def strangeness(
    shapes: Shapes, images: UInt8Array, probabilities: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Returns how far images are from the digits that a network takes them for.

    Formula: |r|^2 - 3 ln p, where r is what the class's mean and principal components
    leave of the image, and p the class's probability.

    Args:
        shapes: What the digits look like.
        images: uint8, (batch, 28, 28, 1), as the network sees them.
        probabilities: (batch, 10).
    """
    coarse = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / PIXEL_MAX
    labels = probabilities.argmax(axis=-1)
    apart = coarse.reshape(-1, 196) - shapes.means[labels]
    shares = np.einsum("np,nkp->nk", apart, shapes.parts[labels])
    left = (apart**2).sum(axis=-1) - (shares**2).sum(axis=-1)
    found: npt.NDArray[np.float64] = left - WEIGHT * np.log(
        np.maximum(probabilities.max(axis=-1), _TINY)
    )
    return found


def tells_digits(served: ServedModel) -> bool:
    """Whether a model is for digits that are prepared as MNIST's."""
    return (
        served.labels == tuple("0123456789")
        and served.image_shape == (28, 28, 1)
        and served.preparation.fitting == "mnist"
    )


def is_strange(
    served: ServedModel, image: UInt8Array, probabilities: npt.NDArray[Any]
) -> bool:
    """Whether an image is unlike the digits; False for a model of other things.

    Args:
        served: The model.
        image: uint8, (height, width, channels), as the model sees it.
        probabilities: (classes,).
    """
    if not tells_digits(served):
        return False
    shapes = _known_shapes()
    (found,) = strangeness(shapes, image[np.newaxis], probabilities[np.newaxis])
    return bool(found > shapes.limit)


@lru_cache(maxsize=1)
def _known_shapes() -> Shapes:
    content = (files(__package__) / _FILE).read_bytes()
    with np.load(io.BytesIO(content)) as arrays:
        means, parts = (arrays[name].astype(np.float32) for name in ("means", "parts"))
        return Shapes(means, parts, float(arrays["limit"]))

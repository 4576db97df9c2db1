"""Pixels on their way into a network: scaled, resized, gray or in color."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

PIXEL_MAX = 255

UInt8Array = npt.NDArray[np.uint8]


def scale(images: Any, high: float = 1.0) -> Any:
    """Scales pixels from 0..255 to float32 in [0, `high`].

    Formula: x * float32(high / 255). It multiplies because TensorFlow's graph optimiser
    turns a division by 255 into this product: so a NumPy array and a TensorFlow graph
    give the same bits, which 126 of the 256 pixel values would not do otherwise. 255
    gives exactly 1.

    Args:
        images: uint8 NumPy array or TensorFlow tensor, any shape.
        high: What 255 becomes. Defaults to 1.

    Returns:
        float32 of the same kind and shape, in [0, `high`].

    Example:
        >>> scale(np.array([0, 255], np.uint8)).tolist()
        [0.0, 1.0]
    """
    factor = np.float32(high / PIXEL_MAX)
    if isinstance(images, np.ndarray):
        scaled = images.astype(np.float32)
        scaled *= factor  # in place: for one small image, a third of the time
        return scaled
    import tensorflow as tf  # whoever holds a tensor has already loaded it

    return tf.cast(images, tf.float32) * factor


def resize(image: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Resizes to (height, width), without keeping the proportions."""
    height, width = size
    pillow = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(pillow)


def to_gray(image: UInt8Array) -> UInt8Array:
    """Turns (height, width, 3) into (height, width) by ITU-R 601 luma; gray stays."""
    return np.asarray(Image.fromarray(image).convert("L"))


def to_rgb(image: UInt8Array) -> UInt8Array:
    """Turns (height, width) into (height, width, 3); colour stays."""
    return np.asarray(Image.fromarray(image).convert("RGB"))

"""Images on which formats are likeliest to differ: no data set has the like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NOISE = 16
_PIXELS = 16


def stress_images(image_shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Returns black, white, noise, binary noise, and single pixels here and there.

    Args:
        image_shape: (height, width, channels).

    Returns:
        uint8, (n, height, width, channels), the same whenever it is called.

    Example:
        >>> images = stress_images((4, 4, 1))
        >>> images[0].max(), images[1].min(), (images[-1] > 0).sum()
        (np.uint8(0), np.uint8(255), np.int64(1))
    """
    rng = np.random.default_rng(0)
    plain = np.stack([np.full(image_shape, value, np.uint8) for value in (0, 255)])
    noise = rng.integers(0, 256, (_NOISE, *image_shape), np.uint8)
    binary = 255 * rng.integers(0, 2, (_NOISE, *image_shape), np.uint8)
    pixels = np.zeros((_PIXELS, *image_shape), np.uint8)
    height, width, _ = image_shape
    pixels[
        np.arange(_PIXELS),
        rng.integers(0, height, _PIXELS),
        rng.integers(0, width, _PIXELS),
    ] = 255
    return np.concatenate([plain, noise, binary, pixels])

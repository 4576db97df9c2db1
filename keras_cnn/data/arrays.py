"""Arrays of images as uint8: their shape, and one range for all parts of a set."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._depth import find_white, to_8_bits
from .._images import UInt8Array

# Images converted at a time: no copy of all of them in float64.
_CHUNK = 1024


def uint8_images(
    arrays: dict[str, Any], white: float | None = None
) -> tuple[dict[str, UInt8Array], list[str]]:
    """Returns the images of all parts as uint8, (n, height, width, channels).

    Rule of the range, decided once by the numbers of all parts: see `find_white`;
    floats that reach from -1 to 1 are those; unsigned bytes stay as they are unless
    they are all 0 and 1.

    Args:
        arrays: The images of each part, by what messages call them: (n, height, width),
            (n, height, width, 1 or 3), (n, 1 or 3, height, width), or (n, side * side).
        white: What number white has, black being 0. Defaults to None: by the rule.

    Returns:
        The images, and what a reader should know of how they were read.

    Raises:
        InputError: Names the array and the rule that it breaks.
    """
    images = {name: _in_shape(given, name) for name, given in arrays.items()}
    spans = {name: _span(values, name) for name, values in images.items()}
    low = min(span[0] for span in spans.values())
    high = max(span[1] for span in spans.values())
    everything = ", ".join(
        f"{name} with values from {start:g} to {end:g}"
        for name, (start, end) in spans.items()
    )
    if low < 0:
        if white is not None or max(abs(low + 1), abs(high - 1)) > 1e-3:
            raise InputError(
                f"Pixels must be >= 0, or floats from -1 to 1. Received: {everything}."
            )
        note = "Pixels from -1 to 1 were brought to 0..255."
        changed = {name: _converted(x, 2.0, 1.0) for name, x in images.items()}
        return changed, [note]
    in_bytes = all(values.dtype == np.uint8 for values in images.values())
    if white is None:
        _check_alike(spans, everything)
        white = find_white(high, everything, in_bytes=in_bytes) if high else 255
    elif high > white * (1 + 1e-3):
        raise InputError(
            f"Pixels must be at most `white`. Received: white={white!r}, {everything}."
        )
    usual = white == 255 or (white == 1 and not in_bytes)
    notes = [] if usual else [f"Pixels from 0 to {white:g} were brought to 0..255."]
    return {name: _converted(x, white) for name, x in images.items()}, notes


def _in_shape(given: Any, origin: str) -> npt.NDArray[Any]:
    """Returns numbers of shape (n, height, width, channels), or says what is wrong."""
    images: npt.NDArray[Any] = np.asarray(given)
    if images.dtype == object:
        raise InputError(f"Images must all have one shape. Received: {origin}.")
    if images.dtype == bool:
        images = images.astype(np.uint8)
    if not np.issubdtype(images.dtype, np.number) or np.iscomplexobj(images):
        raise InputError(
            f"Images must be numbers. Received: {origin} of dtype {images.dtype}."
        )
    if not images.size:
        raise InputError(
            f"A split must have images. Received: {origin} of shape {images.shape}."
        )
    shape = images.shape
    if images.ndim == 2 and (side := math.isqrt(shape[1])) ** 2 == shape[1] > 1:
        return images.reshape(-1, side, side, 1)
    if images.ndim == 3:
        return images[..., np.newaxis]
    if images.ndim == 4 and shape[3] not in (1, 3) and shape[1] in (1, 3):
        return np.moveaxis(images, 1, 3)
    if images.ndim != 4 or shape[3] not in (1, 3):
        raise InputError(
            "Images must have the shape (n, height, width), (n, height, width, 1 or "
            "3), (n, 1 or 3, height, width), or (n, side * side). "
            f"Received: {origin} of shape {shape}."
        )
    return images


def _span(images: npt.NDArray[Any], origin: str) -> tuple[float, float]:
    """Returns the smallest and the largest number; NaN is an error."""
    low, high = images.min(), images.max()
    if not (np.isfinite(low) and np.isfinite(high)):  # either is NaN where any is
        raise InputError(
            f"Pixels must be finite. Received: {origin} with "
            f"{np.count_nonzero(~np.isfinite(images)):,} NaN or infinite values."
        )
    return float(low), float(high)


def _check_alike(spans: dict[str, tuple[float, float]], everything: str) -> None:
    """Refuses parts of which some are scaled and others are not."""
    scaled = {high <= 1.5 for _, high in spans.values() if high}
    if len(scaled) > 1:
        raise InputError(
            "The pixels of all splits must have one range, unless `white` is given. "
            f"Received: {everything}."
        )
    deep = {high > 256 for _, high in spans.values() if high}
    if len(deep) > 1:
        raise InputError(
            "The pixels of all splits must have one depth, unless `white` is given. "
            f"Received: {everything}."
        )


def _converted(
    images: npt.NDArray[Any], white: float, shift: float = 0.0
) -> UInt8Array:
    """Brings (`images` + `shift`) in 0..`white` to 0..255."""
    if images.dtype == np.uint8 and white == 255:
        return images
    converted = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        converted[start : start + _CHUNK] = to_8_bits(chunk + shift, white)
    return converted

"""A drawing brought to the form of MNIST's digits: light on black, and centered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._checks import InputError
from ._images import PIXEL_MAX, UInt8Array, resize, to_gray

# MNIST's digits fill 20 of 28 pixels; other sizes keep that share.
_FILLED = 20 / 28

# The most by which shaded paper differs from its middle level at the border.
_SHADE = 64

# The smallest range of gray levels (of 255) in which something can be said to be drawn.
_MIN_CONTRAST = 16


class NothingDrawn(InputError):
    """An image is (almost) of one gray: there is nothing on it to classify."""


def center_like_mnist(
    image: UInt8Array, size: tuple[int, int] = (28, 28)
) -> UInt8Array:
    """Brings a drawing to the form in which MNIST's digits were made.

    Dark on light is inverted; the drawing is cropped, fitted with its proportions into
    20x20 of 28x28 (other sizes: the same share), and placed so that its centre of mass
    is the centre of the image.

    Args:
        image: uint8, (height, width) or (height, width, 3).
        size: (height, width) of the result.

    Returns:
        uint8 of shape `size`: light on black.

    Raises:
        NothingDrawn: If all pixels are (almost) of one gray.

    Reference: [LeCun, Cortes, Burges](http://yann.lecun.com/exdb/mnist/), on how the
    digits were size-normalised and centred.
    """
    ink = _ink(to_gray(image))
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    drawing = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    shrink = min(
        round(_FILLED * side) / length
        for side, length in zip(size, drawing.shape, strict=True)
    )
    fitted = resize(
        drawing.astype(np.uint8),
        (
            max(1, round(drawing.shape[0] * shrink)),
            max(1, round(drawing.shape[1] * shrink)),
        ),
    )
    return _place_by_mass(fitted, size)


def _ink(gray: UInt8Array) -> npt.NDArray[np.float64]:
    """Returns the amount of ink, 0 on the ground to 255 in the boldest stroke."""
    values = gray.astype(np.float64)
    ground, is_pure = _ground(values)
    # Strokes lie to whichever side of the ground reaches further.
    above, below = (values - ground).max(), (ground - values).max()
    if max(above, below) < _MIN_CONTRAST:
        raise NothingDrawn(
            "An image must have something drawn on it. "
            f"Received: gray levels from {values.min():.0f} to {values.max():.0f}."
        )
    ink = values - ground if above >= below else ground - values
    ink = np.clip(ink / max(above, below), 0, 1)
    if not is_pure:
        # Paper grain and JPEG ripples are a small part of the contrast; on pure black
        # or white there are none, and soft edges are kept.
        ink[ink < _otsu(ink) / 2] = 0
    return np.asarray(ink * PIXEL_MAX)


def _ground(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], bool]:
    """Returns the ground's gray level at each pixel, and whether it is pure.

    The border is ground. Where it is mostly black or white, that is the ground;
    elsewhere it is paper in some light: a plane through the border, from which what
    differs much (a stroke that reaches the edge) is left out.
    """
    border = np.ones(values.shape, bool)
    border[1:-1, 1:-1] = False
    level = np.median(values[border])
    if level in (0, PIXEL_MAX):
        return np.full(values.shape, level), True
    border &= np.abs(values - level) < _SHADE
    rows, columns = np.nonzero(border)
    plane = np.stack([np.ones(len(rows)), rows, columns], axis=-1)
    (middle, down, across), *_ = np.linalg.lstsq(plane, values[border], rcond=None)
    height, width = values.shape
    return middle + down * np.arange(height)[:, None] + across * np.arange(width), False


def _otsu(values: npt.NDArray[np.float64]) -> float:
    """Returns the threshold in [0, 1] that maximizes the variance between two classes.

    Reference: [Otsu, 1979](https://doi.org/10.1109/TSMC.1979.4310076)
    """
    counts, edges = np.histogram(values, bins=PIXEL_MAX + 1, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    # Where no pixel lies between paper and ink, all thresholds there do alike.
    return float(edges[1:][between == np.nanmax(between)].mean())


def _place_by_mass(drawing: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Pastes a drawing on black so that its centre of mass is the centre."""
    canvas = np.zeros(size, np.uint8)
    mass = drawing.astype(np.float64)
    starts = []
    for axis, side in enumerate(size):
        profile = mass.sum(axis=1 - axis)
        center = np.average(np.arange(len(profile)) + 0.5, weights=profile)
        start = round(side / 2 - center)
        starts.append(min(max(start, 0), side - len(profile)))
    top, left = starts
    canvas[top : top + drawing.shape[0], left : left + drawing.shape[1]] = drawing
    return canvas

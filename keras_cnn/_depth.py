"""What number a white pixel has: the depth of image files and arrays.

It is decided once for all images of a data set, since no single image shows it: a dark
one uses only a part of the range.
"""

from __future__ import annotations

import sys
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ._checks import InputError

# What white can be: 1, then 8, 10, 12 and 16 bits.
WHITES = (1, 255, 1023, 4095, 65535)

# Large images are converted so many rows at a time: as float64 they take eight times
# the memory.
_ROWS = 64

# Sums of floats exceed white by a rounding error; interpolation by a little more.
_ROUNDING = 1e-3
_OVERSHOOT = 1.5

# The least by which the brightest pixel of 8-bit images differs from black. Below, the
# numbers may as well be of another range, such as 0..16 or 0..100. What is stored in
# bytes says by itself that it has 8 bits, and may be darker.
_BRIGHTEST = 128
_BRIGHTEST_BYTE = 32

# The other half of a 16-bit color in Pillow's raw modes: it keeps the high byte only.
_OTHER_BYTE = {
    "B": "L",
    "L": "B",
    "N": "B" if sys.byteorder == "little" else "L",
}


def find_white(high: float, received: str, *, in_bytes: bool = False) -> float:
    """Returns what number a white pixel has where the largest number is `high`.

    Rule: the smallest of `WHITES` that is not exceeded, by more than a rounding error.
    Up to 1.5 the numbers are scaled to 0..1 and overshoot: the largest is white, so
    that none is cut off.

    Args:
        high: The largest number in all images of the set, >= 0.
        received: What messages say was received: the images and their numbers.
        in_bytes: Whether the numbers are stored as unsigned bytes.

    Raises:
        InputError: If the numbers fit two ranges or none.

    Example:
        >>> find_white(0.93, "x"), find_white(1.02, "x"), find_white(3071, "x")
        (1, 1.02, 4095)
    """
    if high <= WHITES[0] * (1 + _ROUNDING):
        return WHITES[0]
    if high <= _OVERSHOOT:
        return high
    if high < (_BRIGHTEST_BYTE if in_bytes else _BRIGHTEST):
        raise InputError(
            "Pixels must be in 0..1 or use at least half of 0..255, unless `white` is "
            f"given. Received: {received}: white may be {high:g} or 255."
        )
    for white in WHITES:
        if high <= white * (1 + _ROUNDING):
            return white
    raise InputError(
        f"Pixels must be at most {WHITES[-1]:,}, unless `white` is given. "
        f"Received: {received}."
    )


def to_8_bits(values: npt.NDArray[Any], white: float) -> npt.NDArray[np.uint8]:
    """Brings numbers in 0..`white` to 0..255, rounded; what exceeds it becomes 255.

    Example:
        >>> to_8_bits(np.array([0, 2048, 4095]), 4095).tolist()
        [0, 128, 255]
    """
    pixels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        scaled = np.multiply(values[rows], 255, dtype=np.float64) / white
        pixels[rows] = np.rint(np.clip(scaled, 0, 255))
    return pixels


def deep_values(image: Image.Image, file: IO[bytes]) -> npt.NDArray[Any] | None:
    """Returns an image's numbers if they have more than 8 bits, turned upright.

    Args:
        image: As Pillow opened it from `file`, not yet loaded.
        file: The open file: where color has 16 bits it is read twice, since Pillow
            keeps one byte of two.

    Returns:
        Integers or floats, (height, width) or (height, width, 3 or 4); None for an
        image of 8 bits.
    """
    if image.mode.startswith(("I", "F")):
        return _upright(image)
    kind, sixteen, order = _raw_mode(image).partition(";16")
    if not sixteen:
        return None
    values = _upright(image).astype(np.uint16)
    if kind == "LA":  # Pillow has no way to the low byte
        if values[..., 0].max(initial=0) < 16:
            raise InputError("16-bit gray of 12 bits or less must have no transparency")
        return None
    file.seek(0)
    with Image.open(file) as again:
        other = f"{kind};16{_OTHER_BYTE[order]}"
        again.tile = [_with_raw_mode(tile, other) for tile in again.tile]
        values <<= 8
        values |= _upright(again)
    return values


def _upright(image: Image.Image) -> npt.NDArray[Any]:
    ImageOps.exif_transpose(image, in_place=True)
    return np.asarray(image)


def stated_white(image: Image.Image, file: IO[bytes]) -> int | None:
    """Returns what number white has by the file's own statement, or None.

    A PNG may say how many of its 16 bits are used (`sBIT`), a TIFF has fewer than 16
    bits a sample or a largest value, and Pillow brings PNM and JPEG 2000 to 16 bits.
    """
    if image.format in ("PPM", "JPEG2000"):
        return WHITES[-1] if image.mode.startswith("I") else None
    if image.format == "PNG":
        file.seek(0)
        head = file.read(4096).partition(b"IDAT")[0]
        place = head.find(b"sBIT")
        bits = head[place + 4] if 0 < place < len(head) - 4 else 0
        return 2**bits - 1 if 8 < bits < 16 else None
    tags = getattr(image, "tag_v2", {})
    bits = np.ravel(tags.get(258, 0))[0]  # BitsPerSample
    if 8 < bits < 16:
        return int(2**bits - 1)
    top = int(np.ravel(tags.get(281, 0))[0])  # MaxSampleValue: not the image's own
    return top if 255 < top < 65535 and top & (top + 1) == 0 else None


def _raw_mode(image: Image.Image) -> str:
    """Returns the layout in which Pillow takes the numbers from the file."""
    tiles = getattr(image, "tile", ())
    arguments = tiles[0][3] if tiles else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _with_raw_mode(tile: Any, mode: str) -> Any:
    arguments = tile[3]
    changed = (mode, *arguments[1:]) if isinstance(arguments, tuple) else mode
    return getattr(type(tile), "_make", tuple)((*tile[:3], changed))

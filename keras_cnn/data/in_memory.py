"""Whether the images of files fit into memory, told from a few of their headers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .._checks import InputError
from .._decoding import learn_heic
from .._files import check_file

# What a network computes with are float32 numbers; they lie beside the pixels.
_BYTES_A_VALUE = 5
_SHARE = 1 / 8

# Where the system does not say how much it has.
_USUAL_MEMORY = 8 * 2**30

# Where a container's limit stands: in bytes, or a word.
_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)

# How many files are asked whether they have color.
_ASKED = 32

_GRAY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")


def pixels_in_memory() -> int:
    """Returns how many bytes of pixels are held in memory at most.

    Rule: the pixels, and the numbers that a network computes with, fill an eighth of
    the memory that this process may use.
    """
    return int(memory() * _SHARE / _BYTES_A_VALUE)


def memory() -> int:
    """Returns how many bytes of memory the machine, or the container, has."""
    sizes = [_USUAL_MEMORY]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _LIMITS:
        try:
            sizes.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # another system, or no limit
            continue
    return min(sizes)


def decoded_bytes(paths: Sequence[Path], image_size: tuple[int, int] | None) -> int:
    """Returns how many bytes of pixels image files hold, by a few of their headers.

    Args:
        paths: The files.
        image_size: (height, width) that they are resized to; None if all have one size.

    Returns:
        The bytes; 0 if none of those that were opened can be read.
    """
    chosen = np.linspace(0, len(paths) - 1, min(len(paths), _ASKED)).astype(int)
    headers = [header for i in chosen if (header := _header(paths[i]))]
    if not headers:
        return 0
    area = max(width * height for (width, height), _ in headers)
    if image_size:
        area = image_size[0] * image_size[1]
    channels = 1 if all(mode in _GRAY for _, mode in headers) else 3
    return len(paths) * area * channels


def _header(path: Path) -> tuple[tuple[int, int], str] | None:
    """Returns (width, height) and Pillow's mode of an image; None if it is none."""
    try:
        check_file(path, "An image file")
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # what is wrong is said when it is read
            learn_heic(file)
            with Image.open(file) as image:
                return image.size, image.mode
    except (InputError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None

"""What sources of batches have in common, whatever form the data have."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from .eager_loop import EagerLoop
from .loop import Loop, LoopResult

AnyLoop = Loop | EagerLoop

# How many steps the next call should take; asked before each.
NextSteps = Callable[[], int]

LoopResults = Generator[LoopResult, None, None]


def checksum(data: Any) -> str:
    """Returns 8 hexadecimal digits that differ where the content of the data does.

    Args:
        data: Structure of tensors or arrays.

    Example:
        >>> checksum({"x": np.array([1, 2])}) == checksum({"x": np.array([1, 3])})
        False
    """
    import tensorflow as tf

    total = 0
    for leaf in tf.nest.flatten(data, expand_composites=True):
        array = np.ascontiguousarray(leaf)
        total = zlib.crc32(f"{array.dtype} {array.shape}".encode(), total)
        # Texts are objects, of which the bytes would be addresses.
        content = array.astype(str) if array.dtype == object else array
        total = zlib.crc32(content.tobytes(), total)
    return f"{total:08x}"


def warn_of_the_end() -> None:
    """Warns that an epoch ends before its last step."""
    warnings.warn(
        "The data ran out before the end of the epoch: they must have at least "
        "`steps_per_epoch * epochs` batches, or be repeated.",
        stacklevel=2,
    )

"""How many inputs and outputs a kernel connects, by which initializers scale."""

import math
from collections.abc import Sequence


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Returns fan-in and fan-out of a kernel, as Keras's initializers count them.

    Args:
        shape: (..., inputs, outputs); what stands before is a window. A vector counts
            as both.

    Example:
        >>> fans((3, 3, 32, 64))
        (288, 576)
    """
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    *window, inputs, outputs = shape
    area = math.prod(window)
    return area * inputs, area * outputs

"""Squareplus: a smooth ReLU of a square root."""

import math

from keras import ops

from .._checks import check_not_negative
from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def squareplus(x: Tensor, b: float = 4) -> Tensor:
    """Applies squareplus, which rises from 0 to x as softplus does, without exp.

    Formula: `f(x) = (x + sqrt(x^2 + b)) / 2`; for `x < 0`, where the sum cancels,
    `b / (2 * (sqrt(x^2 + b) - x))`.

    Derivative: `f'(x) = (1 + x / sqrt(x^2 + b)) / 2`.

    Input/output: any shape, same shape; floating, same dtype; range `[0, inf)`.
    NaN stays NaN.

    Args:
        x: Input tensor.
        b: Number >= 0. How round the bend is: `f(0)` is `sqrt(b) / 2`, and 0 gives
            ReLU. Defaults to `4`.

    Raises:
        ValueError: If `b` is negative or NaN.

    Differs from `keras.activations.squareplus`: it keeps its digits for negative
    inputs, where Keras returns 0 from about -10,000 on; numbers whose square
    overflows give their limits; a negative `b` is an error, and the derivative of
    `b=0` at 0 is 0 instead of NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.squareplus([-1.5, 0.0, 1.5])))
        [0.5 1.  2. ]

    Reference: [Barron, 2021](https://arxiv.org/abs/2112.11687)
    """
    check_not_negative("b", b)
    if b == 0:
        return ops.relu(x)
    size = ops.where(x > 0, x, -x)
    # Further out b vanishes beside the square, which would overflow in the end.
    is_near = size < 1e9 * max(math.sqrt(b), 1)
    near = ops.where(is_near, size, ops.zeros_like(x))
    root = ops.where(is_near, ops.sqrt(ops.square(near) + b), size)
    half = size / 2 + root / 2
    return ops.where(x > 0, half, b / half / 4)

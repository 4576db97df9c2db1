"""Shrinking functions: what lies near 0 becomes 0, or much smaller."""

import math

from keras import ops

from .._checks import check_not_negative
from ._activation import Tensor, activation, in_float32


@activation
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """Sets inputs up to `threshold` in size to 0.

    Formula: `f(x) = x` if `|x| > threshold`, otherwise 0.

    Derivative: 1 where `|x| > threshold`, otherwise 0.

    Input/output: any shape, same shape and dtype. NaN stays NaN.

    Args:
        x: Input tensor.
        threshold: Number >= 0. Inputs up to this size become 0. Defaults to `0.5`.

    Raises:
        ValueError: If `threshold` is negative or NaN.

    Differs from `keras.activations.hard_shrink`: NaN stays NaN, where Keras returns 0;
    a negative `threshold` is an error.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.hard_shrink([-2.0, -0.5, 0.3, 2.0])))
        [-2.  0.  0.  2.]
    """
    check_not_negative("threshold", threshold)
    return ops.where(ops.abs(x) <= threshold, ops.zeros_like(x), x)


@activation
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """Moves inputs towards 0 by `threshold`, and no further.

    Formula: `f(x) = sign(x) * max(|x| - threshold, 0)`.

    Derivative: 1 where `|x| > threshold`, otherwise 0.

    Input/output: any shape, same shape and dtype. NaN stays NaN.

    Args:
        x: Input tensor.
        threshold: Number >= 0. How far inputs are moved. Defaults to `0.5`.

    Raises:
        ValueError: If `threshold` is negative or NaN.

    Differs from `keras.activations.soft_shrink`: NaN stays NaN, where Keras returns 0;
    a negative `threshold` is an error.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.soft_shrink([-2.0, -0.5, 0.3, 2.0])))
        [-1.5  0.   0.   1.5]

    Reference: [Donoho, 1995](https://doi.org/10.1109/18.382009)
    """
    check_not_negative("threshold", threshold)
    moved = ops.where(x > 0, x - threshold, x + threshold)
    return ops.where(ops.abs(x) <= threshold, ops.zeros_like(x), moved)


@activation
@in_float32
def tanh_shrink(x: Tensor) -> Tensor:
    """Subtracts tanh from the input.

    Formula: `f(x) = x - tanh(x)`; for `|x| < 2`, where the difference cancels,
    `(x * cosh(x) - sinh(x)) / cosh(x)` with the numerator as its power series.

    Derivative: `f'(x) = tanh(x)^2`.

    Input/output: any shape, same shape; floating, same dtype. NaN stays NaN.

    Args:
        x: Input tensor.

    Differs from `keras.activations.tanh_shrink`: it keeps its digits near 0, where
    Keras subtracts two nearly equal numbers: at 0.001 it has lost all of them.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.round(activations.tanh_shrink([-20.0, 0.0, 1.0]), 4))
        [-19.       0.       0.2384]
    """
    is_near = ops.abs(x) < 2
    near = ops.where(is_near, x, ops.zeros_like(x))
    square = ops.square(near)
    # x cosh(x) - sinh(x) is the sum of x^(2k+1) * 2k / (2k+1)!, of positive terms only;
    # thirteen of them are exact in float64 up to 2.
    series = ops.zeros_like(x)
    for k in range(13, 0, -1):
        series = series * square + 2 * k / math.factorial(2 * k + 1)
    small = near * square * series / ops.cosh(near)
    return ops.where(is_near, small, x - ops.tanh(x))

"""Threshold: inputs that do not exceed it are replaced."""

from keras import ops

from ._activation import Tensor, activation


@activation
def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    """Replaces inputs up to `threshold` by `default_value`.

    Formula: `f(x) = x` if `x > threshold`, otherwise `default_value`.

    Derivative: 1 where `x > threshold`, otherwise 0.

    Input/output: any shape, same shape and dtype. NaN stays NaN.

    Args:
        x: Input tensor.
        threshold: Number up to which inputs are replaced.
        default_value: Number that replaces them.

    Differs from `keras.activations.threshold`: NaN stays NaN, where Keras returns
    `default_value`.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.threshold([-2.0, 0.5, 3.0], 0.5, -1.0)))
        [-1. -1.  3.]
    """
    return ops.where(x <= threshold, ops.full_like(x, default_value), x)

"""GELU: the input times the chance that a standard normal value lies below it."""

import math

from keras import ops

from ._activation import Tensor, activation, in_float32
from ._gated import FAR, gated


@activation
@in_float32
def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """Applies the Gaussian error linear unit.

    Formula: `f(x) = x * P(x)`, `P(x) = erfc(-x / sqrt(2)) / 2`; if `approximate`,
    `P(x) = (1 + tanh(u)) / 2`, `u = sqrt(2 / pi) * (x + 0.044715 * x^3)`, computed
    as the equal `sigmoid(2 * u)`, which keeps its digits for negative `x`.

    Derivative: `f'(x) = P(x) + x * P'(x)`, `P'(x) = exp(-x^2 / 2) / sqrt(2 * pi)`; if
    `approximate`, `P'(x) = 2 * u'(x) * P(x) * (1 - P(x))`.

    Input/output: any shape, same shape; floating, same dtype; range `[-0.17, inf)`.

    Args:
        x: Input tensor.
        approximate: Whether to use the form with tanh. Defaults to `False`.

    Differs from `keras.activations.gelu`: -inf gives its limit 0, and infinite `x`
    has the derivatives 0 and 1, where Keras's are NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.gelu([-100.0, 0.0, 1.0])))
        [-0.         0.         0.8413447]

    Reference: [Hendrycks & Gimpel, 2016](https://arxiv.org/abs/1606.08415)
    """
    if approximate:
        return gated(x, _tanh_gate)
    # Halving x and not erfc, which underflows first.
    return gated(0.5 * x, lambda half: ops.erfc(-math.sqrt(2.0) * half), limit=2.0)


def _tanh_gate(x: Tensor) -> Tensor:
    near = ops.clip(x, -FAR, FAR)  # the square of an infinite x has derivative NaN
    steepness = math.sqrt(8.0 / math.pi)
    return ops.sigmoid(near * (steepness + 0.044715 * steepness * ops.square(near)))

"""Mish: the input times tanh of its softplus."""

from keras import ops

from ._activation import Tensor, activation, in_float32
from ._gated import gated


@activation
@in_float32
def mish(x: Tensor) -> Tensor:
    """Applies the mish function.

    Formula: `f(x) = x * tanh(log(1 + exp(x)))`, computed as the equal
    `x * n / (n + 2)`, `n = exp(x) * (exp(x) + 2)`, scaled by `exp(-2x)` above 0.

    Derivative: `f'(x) = t + x * sigmoid(x) * (1 - t^2)`, `t = f(x) / x`.

    Input/output: any shape, same shape; floating, same dtype; range `[-0.31, inf)`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.mish`: -inf gives its limit 0, with derivative 0,
    where Keras's is NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.mish([-1000.0, 0.0, 1.0])))
        [0.        0.        0.8650984]

    Reference: [Misra, 2019](https://arxiv.org/abs/1908.08681)
    """
    return gated(x, _product)


def _product(x: Tensor) -> Tensor:
    positive = x >= 0
    # Not abs(x): its derivative at 0 is 0, which would make ours wrong there.
    z = ops.exp(ops.where(positive, -x, x))
    numerator = ops.where(positive, 1.0 + 2.0 * z, z * (z + 2.0))
    return x * numerator / (numerator + 2.0 * ops.where(positive, z * z, 1.0))

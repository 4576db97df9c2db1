"""Exponential linear units: ELU, its scaled form SELU and its smooth form CELU."""

from keras import ops

from .._checks import check_positive
from ._activation import Tensor, activation, in_float32

# The fixed point of mean 0 and variance 1, from the paper on SELU.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@activation
@in_float32
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Applies the exponential linear unit.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `alpha * exp(x)`; at 0 `alpha`, as Keras.

    Input/output: any shape, same shape; floating, same dtype; range `(-alpha, inf)`.

    Args:
        x: Input tensor.
        alpha: Number. Minus the limit for `x` to `-inf`.

    Differs from `keras.activations.elu`: the derivative keeps its digits for large
    negative `x`, where Keras's is `f(x) + alpha`, which cancels to 0.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.elu([-100.0, 0.0, 2.0], alpha=0.5)))
        [-0.5  0.   2. ]

    Reference: [Clevert et al., 2016](https://arxiv.org/abs/1511.07289)
    """
    return ops.where(x > 0, x, alpha * exp_minus_one(x))


@activation
@in_float32
def selu(x: Tensor) -> Tensor:
    """Applies the scaled exponential linear unit.

    Formula: `f(x) = scale * x` if `x >= 0`, otherwise
    `scale * alpha * (exp(x) - 1)`, with `scale = 1.0507...`, `alpha = 1.6732...`:
    the values that keep mean 0 and variance 1 from layer to layer.

    Derivative: `scale` if `x >= 0`, otherwise `scale * alpha * exp(x)`; at 0 `scale`,
    as Keras on TensorFlow.

    Input/output: any shape, same shape; floating, same dtype.

    Args:
        x: Input tensor.

    Differs from `keras.activations.selu`: the derivative keeps its digits for large
    negative `x`, where Keras's cancels to 0.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.selu([-100.0, 0.0, 1.0])))
        [-1.7580993  0.         1.050701 ]

    Reference: [Klambauer et al., 2017](https://arxiv.org/abs/1706.02515)
    """
    below = SELU_SCALE * SELU_ALPHA * exp_minus_one(x)
    return ops.where(x >= 0, SELU_SCALE * x, below)


@activation
@in_float32
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Applies the exponential linear unit that is smooth at 0 for every `alpha`.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x / alpha) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `exp(x / alpha)`.

    Input/output: any shape, same shape; floating, same dtype; range `(-alpha, inf)`.

    Args:
        x: Input tensor.
        alpha: Number > 0. Minus the limit for `x` to `-inf`.

    Raises:
        ValueError: If `alpha` is not a finite number > 0.

    Differs from `keras.activations.celu`: `alpha <= 0`, for which the formula
    divides by 0 or is no longer monotone, is an error.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.celu([-100.0, 0.0, 2.0], alpha=0.5)))
        [-0.5  0.   2. ]

    Reference: [Barron, 2017](https://arxiv.org/abs/1704.07483)
    """
    check_positive("alpha", alpha)
    return ops.where(x > 0, x, alpha * exp_minus_one(x / alpha))


def exp_minus_one(x: Tensor) -> Tensor:
    """Returns `exp(x) - 1` for `x <= 0`, and 0 with derivative 0 above."""
    # Without the inner where, exp overflows above 0, and 0 * inf in the derivative
    # of the outer one is NaN.
    return ops.expm1(ops.where(x > 0, 0.0, x))

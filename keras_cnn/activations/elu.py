"""Exponential linear units: ELU, its scaled form SELU and its smooth form CELU."""

from keras import ops

from .._checks import check_positive
from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Applies the exponential linear unit.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `alpha * exp(x)`; at 0 `alpha`, as Keras.

    Input/output: any shape, same shape; floating, same dtype; range `(-alpha, inf)`.

    Args:
        x: Input tensor.
        alpha: Number. Minus the limit for `x` to `-inf`. Defaults to `1.0`.

    Differs from `keras.activations.elu`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.elu([-100.0, 0.0, 2.0], alpha=0.5)))
        [-0.5  0.   2. ]

    Reference: [Clevert et al., 2016](https://arxiv.org/abs/1511.07289)
    """
    # The backend's own operation, one pass each way. Written out with expm1, which
    # keeps more digits near 0, it was 4 times slower both ways.
    unit = ops.elu(x)
    return unit if alpha == 1 else ops.where(x > 0, unit, alpha * unit)


@activation
@in_float32
def selu(x: Tensor) -> Tensor:
    """Applies the scaled exponential linear unit.

    Formula: `f(x) = scale * x` if `x >= 0`, otherwise
    `scale * alpha * (exp(x) - 1)`, with `scale = 1.0507...`, `alpha = 1.6732...`:
    the values that keep mean 0 and variance 1 from layer to layer.

    Derivative: `scale` if `x >= 0`, otherwise `scale * alpha * exp(x)`; at 0 `scale`
    on TensorFlow, and `scale * alpha` with XLA, JAX or PyTorch, as Keras.

    Input/output: any shape, same shape; floating, same dtype.

    Args:
        x: Input tensor.

    Differs from `keras.activations.selu`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.selu([-100.0, 0.0, 1.0])))
        [-1.7580993  0.         1.050701 ]

    Reference: [Klambauer et al., 2017](https://arxiv.org/abs/1706.02515)
    """
    # The backend's own operation: written out, it was 5 times slower both ways.
    return ops.selu(x)


@activation
@in_float32
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Applies the exponential linear unit that is smooth at 0 for every `alpha`.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x / alpha) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `exp(x / alpha)`; at 0 it is 1.

    Input/output: any shape, same shape; floating, same dtype; range `(-alpha, inf)`.

    Args:
        x: Input tensor.
        alpha: Number > 0. Minus the limit for `x` to `-inf`. Defaults to `1.0`.

    Raises:
        ValueError: If `alpha` is not a finite number > 0.

    Differs from `keras.activations.celu`: `alpha <= 0`, for which the formula
    divides by 0 or is no longer monotone, is an error; the derivative at 0 is 1,
    where Keras's is 2 on TensorFlow.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.celu([-100.0, 0.0, 2.0], alpha=0.5)))
        [-0.5  0.   2. ]

    Reference: [Barron, 2017](https://arxiv.org/abs/1704.07483)
    """
    check_positive("alpha", alpha)
    # Not minimum(x, 0): its derivative at 0 is 1/2 on JAX and PyTorch.
    below = ops.where(x > 0, 0.0, x)
    return ops.relu(x) + alpha * ops.expm1(below / alpha)

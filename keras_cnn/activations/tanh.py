"""The hyperbolic tangent."""

from keras import ops

from ._activation import Tensor, activation


@activation
def tanh(x: Tensor) -> Tensor:
    """Applies the hyperbolic tangent.

    Formula: `f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))`.

    Derivative: `f'(x) = 1 - f(x)^2`, at most 1, at `x = 0`.

    Input/output: any shape, same shape; floating, same dtype; range `[-1, 1]`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.tanh`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.tanh([-100.0, 0.0, 100.0])))
        [-1.  0.  1.]
    """
    # The backend's own operation. Written out from exp(-2|x|), with a continued
    # fraction near 0, it was 0.6 ulp better, and 13 times slower both ways.
    return ops.tanh(x)

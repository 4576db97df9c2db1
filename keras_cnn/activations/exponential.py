"""The exponential function."""

from keras import ops

from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def exponential(x: Tensor) -> Tensor:
    """Applies the exponential function.

    Formula: `f(x) = exp(x)`. Derivative: `f'(x) = exp(x)`.

    Input/output: any shape, same shape; floating, same dtype; range `[0, inf]`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.exponential`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.exponential([0.0, 1.0])))
        [1.        2.7182817]
    """
    return ops.exp(x)

"""Softsign, a slow relative of tanh."""

from keras import ops

from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def softsign(x: Tensor) -> Tensor:
    """Applies the softsign function.

    Formula: `f(x) = x / (1 + |x|)`.

    Derivative: `f'(x) = 1 / (1 + |x|)^2`.

    Input/output: any shape, same shape; floating, same dtype; range `[-1, 1]`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.softsign`: +-inf gives its limit +-1, where
    Keras's is NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.softsign([-1.0, 0.0, 3.0])))
        [-0.5   0.    0.75]

    Reference: [Bergstra et al., 2009](http://www.iro.umontreal.ca/~lisa/publications2/index.php/attachments/single/205)
    """
    positive = x >= 0
    sum_ = 1.0 + ops.where(positive, x, -x)
    value = ops.where(ops.isinf(x), ops.sign(x), x / sum_)
    rest = 1.0 / sum_
    # Differentiating the value subtracts two nearly equal numbers for large |x|.
    # 1 - rest has the same derivative without that, but the wrong digits near 0:
    # so the value comes from one and the derivative from the other.
    smooth = ops.where(positive, -rest, rest)
    return ops.stop_gradient(value) + (smooth - ops.stop_gradient(smooth))

"""Softplus, the smooth form of ReLU."""

from keras import ops

from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def softplus(x: Tensor) -> Tensor:
    """Applies the softplus function.

    Formula: `f(x) = log(1 + exp(x))`, computed as
    `max(x, 0) + log1p(exp(-|x|))`, which never overflows.

    Derivative: `f'(x) = sigmoid(x)`.

    Input/output: any shape, same shape; floating, same dtype; range `[0, inf)`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.softplus`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.softplus([-1000.0, 1000.0])))
        [   0. 1000.]

    Reference: [Dugas et al., 2001](https://proceedings.neurips.cc/paper/2000/hash/44968aece94f667e4095002d140b5896-Abstract.html)
    """
    return log_one_plus_exp(x)


def log_one_plus_exp(x: Tensor) -> Tensor:
    """Returns `log(1 + exp(x))`."""
    positive = x > 0
    # Not abs(x): its derivative at 0 is 0, which would make ours 0 there too.
    rest = ops.log1p(ops.exp(ops.where(positive, -x, x)))
    return ops.where(positive, x, ops.zeros_like(x)) + rest

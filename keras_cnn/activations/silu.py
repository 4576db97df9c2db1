"""SiLU, also called Swish: the input times its sigmoid."""

from keras import ops

from ._activation import Tensor, activation, in_float32
from ._gated import gated


@activation
@in_float32
def silu(x: Tensor) -> Tensor:
    """Applies the sigmoid linear unit.

    Formula: `f(x) = x * sigmoid(x)`.

    Derivative: `f'(x) = sigmoid(x) * (1 + x * sigmoid(-x))`.

    Input/output: any shape, same shape; floating, same dtype; range `[-0.279, inf)`.

    Args:
        x: Input tensor.

    Differs from `keras.activations.silu`: -inf gives its limit 0, with derivative 0,
    where Keras's is NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.silu([0.0, 1.0, 100.0])))
        [  0.          0.7310586 100.       ]

    Reference: [Ramachandran et al., 2017](https://arxiv.org/abs/1710.05941)
    """
    return gated(x, ops.sigmoid)

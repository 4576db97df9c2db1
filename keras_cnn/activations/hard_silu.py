"""Hard SiLU: the input times a piecewise linear sigmoid."""

from keras import ops

from ._activation import Tensor, activation, in_float32
from ._gated import gated


@activation
@in_float32
def hard_silu(x: Tensor) -> Tensor:
    """Applies the hard SiLU, also known as hard swish.

    Formula: `f(x) = x * min(max((x + 3) / 6, 0), 1)`.

    Derivative: `(2 * x + 3) / 6` in `(-3, 3)`, 1 above, 0 below; at the kinks 0 and 1,
    as Keras.

    Input/output: any shape, same shape; floating, same dtype; range `[-0.375, inf)`.
    NaN stays NaN.

    Args:
        x: Input tensor.

    Differs from `keras.activations.hard_silu`: -inf gives its limit 0, where Keras's is
    NaN, and so is its derivative there.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.hard_silu([-9.0, -1.5, 0.0, 1.5, 9.0])))
        [-0.    -0.375  0.     1.125  9.   ]

    Reference: [Howard et al., 2019](https://arxiv.org/abs/1905.02244)
    """
    return gated(x, lambda x: ops.relu6(x + 3.0) / 6.0)

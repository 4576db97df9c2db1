"""Sparse forms of softplus and the sigmoid: polynomials with exact zeros."""

from keras import ops

from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def sparse_plus(x: Tensor) -> Tensor:
    """Applies SparsePlus, a softplus that is exactly 0 below -1 and x above 1.

    Formula: `f(x) = 0` for `x <= -1`, `(x + 1)^2 / 4` for `-1 < x < 1`, and `x` for
    `x >= 1`.

    Derivative: `(x + 1) / 2` in `(-1, 1)`, 0 below, 1 above: `sparse_sigmoid`.

    Input/output: any shape, same shape; floating, same dtype; range `[0, inf)`.
    NaN stays NaN.

    Args:
        x: Input tensor.

    Differs from `keras.activations.sparse_plus`: the derivative is 0 and 1 at -inf and
    inf, where Keras's is NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.sparse_plus([-9.0, 0.0, 0.5, 9.0])))
        [0.     0.25   0.5625 9.    ]

    Reference: [Blondel et al., 2019](https://arxiv.org/abs/1901.02324)
    """
    inside = ops.clip(x, -1, 1)
    return ops.where(x < 1, ops.square(inside + 1) / 4, x)


@activation
@in_float32
def sparse_sigmoid(x: Tensor) -> Tensor:
    """Applies the sparse sigmoid, a straight line from 0 at -1 to 1 at 1.

    Formula: `f(x) = min(max((x + 1) / 2, 0), 1)`.

    Derivative: 1/2 in `(-1, 1)`, otherwise 0; at both kinks 0, as Keras.

    Input/output: any shape, same shape; floating, same dtype; range `[0, 1]`.
    NaN stays NaN.

    Args:
        x: Input tensor.

    Differs from `keras.activations.sparse_sigmoid`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.sparse_sigmoid([-9.0, 0.0, 0.5, 9.0])))
        [0.   0.5  0.75 1.  ]

    Reference: [Blondel et al., 2019](https://arxiv.org/abs/1901.02324)
    """
    inside = ops.where(ops.abs(x) >= 1, ops.sign(x), x)
    return (inside + 1) / 2

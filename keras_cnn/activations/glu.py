"""GLU: one half of the channels times the sigmoid of the other half."""

from typing import Any

from keras import ops

from .._checks import InputError
from ._activation import Tensor, activation, in_float32


@activation
@in_float32
def glu(x: Tensor, axis: int = -1) -> Tensor:
    """Applies the gated linear unit, which halves the size of `axis`.

    Formula: `f(a, b) = a * sigmoid(b)`, where `a` is the first half of `x` along `axis`
    and `b` the second.

    Derivative: by `a` `sigmoid(b)`, by `b` `a * sigmoid(b) * (1 - sigmoid(b))`.

    Input/output: any shape; the same with half the size along `axis`; floating, same
    dtype.

    Args:
        x: Input tensor, with an even size along `axis`.
        axis: Axis that is halved. Defaults to `-1`.

    Raises:
        ValueError: If the size along `axis` is odd.

    Differs from `keras.activations.glu`: half precision is rounded once.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.glu([2.0, 3.0, 0.0, 0.0])))
        [1.  1.5]

    Reference: [Dauphin et al., 2017](https://arxiv.org/abs/1612.08083)
    """
    size: Any = x.shape[axis]
    if size is not None and size % 2:
        raise InputError(
            "The size along `axis` must be even, since it is halved. "
            f"Received: x.shape={tuple(x.shape)}, axis={axis}."
        )
    a, b = ops.split(x, 2, axis=axis)
    return a * ops.sigmoid(b)

"""Softmax and its logarithm."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import backend, ops

from .._logits import attach_logits
from ._activation import Tensor, activation, in_float32

Axis = int | Sequence[int] | None


@activation
def softmax(x: Tensor, axis: Axis = -1) -> Tensor:
    """Turns scores into probabilities that sum to 1 along `axis`.

    Formula: `f(x)_i = exp(x_i) / sum_j exp(x_j)`, computed from `x - max(x)`, which
    never overflows.

    Derivative: `df_i / dx_j = f_i * ((i == j) - f_j)`.

    Input/output: any shape, same shape; floating, same dtype; range `[0, 1]`.

    Args:
        x: Input tensor, the logits. On TensorFlow they stay attached to the result,
            and Keras's cross-entropies compute from them.
        axis: Axis or axes that are normalized together; `None` means all of them.
            Defaults to `-1`.

    Differs from `keras.activations.softmax`: several axes may be negative; one
    infinite score gets probability 1 instead of NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.softmax([1.0, 1.0, 1.0, 1.0])))
        [0.25 0.25 0.25 0.25]
    """
    if isinstance(axis, int) and -len(x.shape) <= axis < len(x.shape):
        if x.shape[axis] == 1:
            warnings.warn(
                f"Softmax over axis {axis} of a tensor of shape {tuple(x.shape)}: that "
                "axis has size 1, so every value becomes 1. Did you mean a sigmoid?",
                stacklevel=3,
            )
    return attach_logits(_softmax(x, axis), x)


@in_float32
def _softmax(x: Tensor, axis: Axis) -> Tensor:
    exps = ops.exp(shifted(x, axis))
    return exps / ops.sum(exps, axis=axis, keepdims=True)


def shifted(x: Tensor, axis: Axis) -> Tensor:
    """Returns `x - max(x)`; an infinite score counts as the largest finite number."""
    limit: Any = np.finfo(backend.standardize_dtype(x.dtype)).max
    x = ops.minimum(x, ops.cast(limit, x.dtype))
    return x - ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))


@activation
@in_float32
def log_softmax(x: Tensor, axis: Axis = -1) -> Tensor:
    """Applies the logarithm of softmax along `axis`.

    Formula: `f(x)_i = x_i - log(sum_j exp(x_j))`, computed from `x - max(x)`.

    Derivative: `df_i / dx_j = (i == j) - softmax(x)_j`.

    Input/output: any shape, same shape; floating, same dtype; range `(-inf, 0]`.

    Args:
        x: Input tensor, the logits.
        axis: Axis or axes that are normalized together; `None` means all of them.
            Defaults to `-1`.

    Differs from `keras.activations.log_softmax`: several axes may be negative.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.log_softmax([0.0, -1000.0])))
        [    0. -1000.]
    """
    scores = shifted(x, axis)
    exps = ops.exp(scores)
    top = scores >= 0
    # The sum without the 1 of the largest score, for log1p: in 1 + rest, a small rest
    # is rounded away.
    zeros = ops.zeros_like(exps)
    others = ops.sum(ops.where(top, zeros, exps), axis=axis, keepdims=True)
    ties = ops.sum(ops.where(top, exps, zeros), axis=axis, keepdims=True) - 1.0
    rest = others + ties
    # TensorFlow differentiates log1p with an approximate reciprocal, which leaves
    # 6e-8 of a derivative that should vanish.
    series = rest * (1.0 - rest * (0.5 - rest / 3.0))
    log = ops.where(rest < 1e-5, series, ops.log1p(rest))
    return scores - log

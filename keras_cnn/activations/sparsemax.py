"""Sparsemax: the probabilities nearest to the scores, many of them exactly 0."""

from keras import ops

from ._activation import Tensor, activation, in_float32
from .softmax import shifted


@activation
@in_float32
def sparsemax(x: Tensor, axis: int = -1) -> Tensor:
    """Turns scores into probabilities along `axis`, and low scores into exactly 0.

    Formula: `f(x)_i = max(x_i - t, 0)`, with the threshold `t` at which they sum to 1;
    computed from `x - max(x)`.

    Derivative: `df_i / dx_j = (i == j) - 1 / k` where both probabilities are above 0,
    `k` being the number of those that are; otherwise 0.

    Input/output: any shape, same shape; floating, same dtype; range `[0, 1]`. NaN in a
    row makes the row NaN.

    Args:
        x: Input tensor, the logits.
        axis: Axis that is normalized. Defaults to `-1`.

    Differs from `keras.activations.sparsemax`: Keras 3.15 sums the scores' cumulative
    sums, so that its probabilities do not sum to 1 unless one of them is 1. Here scores
    of any size do, one infinite score gets probability 1 instead of NaN, and half
    precision is rounded once.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.sparsemax([1.0, 0.75, -1.0])))
        [0.625 0.375 0.   ]

    Reference: [Martins & Astudillo, 2016](https://arxiv.org/abs/1602.02068)
    """
    scores = shifted(x, axis)
    total, count = _support(ops.stop_gradient(scores), axis)
    dropped = scores <= (total - 1) / count
    zeros = ops.zeros_like(scores)
    # Again, of the scores themselves: the threshold's derivative is 1 / k for each.
    total = ops.sum(ops.where(dropped, zeros, scores), axis=axis, keepdims=True)
    return ops.where(dropped, zeros, scores - (total - 1) / count)


def _support(scores: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Returns the sum and the number of the scores whose probability is above 0.

    They are the `k` highest, for the largest `k` whose lowest score still lies above
    the threshold that they would have.
    """
    falling = ops.flip(ops.sort(scores, axis=axis), axis=axis)
    ones = ops.ones_like(falling)
    rank = ops.cumsum(ones, axis=axis)
    inside = 1 + rank * falling > ops.cumsum(falling, axis=axis)
    zeros = ops.zeros_like(falling)
    return (
        ops.sum(ops.where(inside, falling, zeros), axis=axis, keepdims=True),
        ops.sum(ops.where(inside, ones, zeros), axis=axis, keepdims=True),
    )

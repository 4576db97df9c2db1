"""The logarithm of the hyperbolic cosine of the error."""

import math
from typing import Any

import keras
from keras import ops

from ._base import BaseLoss
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of log(cosh(error)) over the last axis.

    See `LogCosh` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `LogCosh` takes them.
        y_pred: Predictions of the same shape.

    Example:
        >>> from keras_cnn.losses import log_cosh
        >>> [round(float(x), 4) for x in log_cosh([[0.0]], [[1.0]])]
        [0.4338]
    """
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    distance = ops.abs(y_pred - y_true)
    # cosh(x) = 1 + 2 sinh(x / 2)^2 = exp(x) (1 + exp(-2 x)) / 2: the first is exact
    # near 0, where the second subtracts log(2) from log(2), and overflows far out.
    is_near = distance < 1
    near = ops.where(is_near, distance, 0)
    near_loss = ops.log1p(2 * ops.square(ops.sinh(near / 2)))
    far_loss = distance + ops.log1p(ops.exp(-2 * distance)) - math.log(2)
    loss = ops.where(is_near, near_loss, far_loss)
    return ops.cast(ops.mean(loss, axis=-1), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class LogCosh(BaseLoss):
    """Log-cosh loss, the mean of log(cosh(error)), of targets and predictions.

    It is a smooth Huber loss: half the square near 0, the distance far out.

    Formula: mean(log(cosh(p - t)))
    Derivative: tanh(p - t) / d for each of the d predictions of a sample; 0 at p = t,
    +-1 / d at an infinite error

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Unit: that of the target, squared near 0.

    Args:
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"log_cosh"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `y_true` and `y_pred` differ in shape by more than a last axis of
            length 1, as class numbers against class probabilities do.

    Differs from `keras.losses.LogCosh`: at an error of 0.001 it has lost two digits in
    seven and below 0.0001 all; an error of -inf is NaN there, here inf. It broadcasts,
    and overflows in half precision. `get_config` keeps `dtype`.

    Example:
        >>> from keras_cnn.losses import LogCosh
        >>> round(float(LogCosh()([[0.0, 0.0]], [[1.0, -1.0]])), 4)
        0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return log_cosh(y_true, y_pred)

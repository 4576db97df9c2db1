"""The mean squared error."""

from typing import Any

import keras
from keras import ops

from ._base import BaseLoss
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of the squared errors over the last axis.

    See `MeanSquaredError` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `MeanSquaredError` takes them.
        y_pred: Predictions of the same shape.

    Example:
        >>> from keras_cnn.losses import mean_squared_error
        >>> [float(x) for x in mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]])]
        [2.0]
    """
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    return ops.cast(ops.mean(ops.square(y_pred - y_true), axis=-1), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class MeanSquaredError(BaseLoss):
    """Mean squared error between targets and predictions.

    A large error outweighs many small ones.

    Formula: mean((p - t)^2)
    Derivative: 2 (p - t) / d for each of the d predictions of a sample; 0 at p = t

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Unit: that of the target, squared. An infinite error gives an infinite loss.

    Args:
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"mean_squared_error"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `y_true` and `y_pred` differ in shape by more than a last axis of
            length 1, as class numbers against class probabilities do.

    Differs from `keras.losses.MeanSquaredError`: it broadcasts one against the other
    without a word; and a float16 error of 300 gives infinity there, whatever the mean.
    `get_config` keeps `dtype`.

    Example:
        >>> from keras_cnn.losses import MeanSquaredError
        >>> float(MeanSquaredError()([[0.0, 0.0]], [[1.0, 3.0]]))
        5.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return mean_squared_error(y_true, y_pred)

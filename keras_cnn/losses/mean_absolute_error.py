"""The mean absolute error."""

from typing import Any

import keras
from keras import ops

from ._base import BaseLoss
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of the absolute errors over the last axis.

    See `MeanAbsoluteError` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `MeanAbsoluteError` takes them.
        y_pred: Predictions of the same shape.

    Example:
        >>> from keras_cnn.losses import mean_absolute_error
        >>> [float(x) for x in mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]])]
        [1.0]
    """
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    return ops.cast(ops.mean(ops.abs(y_true - y_pred), axis=-1), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class MeanAbsoluteError(BaseLoss):
    """Mean absolute error between targets and predictions.

    An outlier pulls no harder than any other sample.

    Formula: mean(|p - t|)
    Derivative: sign(p - t) / d for each of the d predictions of a sample; 0 at p = t,
    except on JAX, where it is -1 / d there, as in Keras

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Unit: that of the target. At an infinite error the derivative is still +-1 / d.

    Args:
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"mean_absolute_error"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `y_true` and `y_pred` differ in shape by more than a last axis of
            length 1, as class numbers against class probabilities do.

    Differs from `keras.losses.MeanAbsoluteError`: it broadcasts one against the other
    without a word; and many losses of half precision overflow their sum there.
    `get_config` keeps `dtype`.

    Example:
        >>> from keras_cnn.losses import MeanAbsoluteError
        >>> float(MeanAbsoluteError()([[0.0, 0.0]], [[1.0, -3.0]]))
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return mean_absolute_error(y_true, y_pred)

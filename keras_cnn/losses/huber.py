"""The Huber loss."""

from typing import Any

import keras
from keras import ops

from .._checks import check_positive
from ._base import BaseLoss
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Returns the mean of the Huber losses over the last axis.

    See `Huber` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `Huber` takes them.
        y_pred: Predictions of the same shape.
        delta: See `Huber`. Defaults to `1.0`.

    Example:
        >>> from keras_cnn.losses import huber
        >>> [float(x) for x in huber([[0.0, 0.0]], [[1.0, 3.0]])]
        [1.5]
    """
    check_positive("delta", delta)
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    distance = ops.abs(y_pred - y_true)
    # The error is cut off before each formula too: behind one `where`, the formula that
    # is not taken has the derivative 0 * inf at an infinite error.
    is_near = distance < delta
    near = ops.where(is_near, distance, 0)
    far = ops.where(is_near, delta, distance)
    loss = ops.where(is_near, ops.square(near) / 2, delta * far - delta**2 / 2)
    return ops.cast(ops.mean(loss, axis=-1), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class Huber(BaseLoss):
    """Huber loss between targets and predictions.

    It squares small errors and takes the distance of large ones.

    Formula: the mean of e^2 / 2 up to |e| = delta and delta |e| - delta^2 / 2 beyond,
    with e = p - t; both are m (|e| - m / 2), with m = min(|e|, delta)
    Derivative: e / d up to delta, delta sign(e) / d beyond, for each of the d
    predictions of a sample; +-delta / d at e = +-delta and at e = +-inf

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Unit: that of the target, squared near 0.

    Args:
        delta: Finite number > 0, in the unit of the target: errors above it are
            outliers. Defaults to `1.0`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"huber_loss"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `delta` is not a finite number > 0, or if `y_true` and `y_pred`
            differ in shape by more than a last axis of length 1.

    Differs from `keras.losses.Huber`: it forgets `delta` in `get_config`, so a loaded
    model trains with 1; its derivative at an infinite error is NaN; it takes any
    `delta`, broadcasts, and overflows in half precision. As in Keras, a config without
    `delta` means the default.

    Example:
        >>> from keras_cnn.losses import Huber
        >>> float(Huber(delta=2.0)([[0.0, 0.0]], [[1.0, 5.0]]))
        4.25

    Reference: [Huber, 1964](https://doi.org/10.1214/aoms/1177703732)
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        check_positive("delta", delta)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return huber(y_true, y_pred, self.delta)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss, `delta` if it is not 1."""
        config = super().get_config()
        # Keras's own config of a default Huber has no `delta`.
        if self.delta != 1.0:
            config["delta"] = self.delta
        return config

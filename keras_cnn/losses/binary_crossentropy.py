"""The cross-entropy of yes-or-no labels."""

from typing import Any

import keras
from keras import ops

from .._checks import check_between
from ._base import BaseLoss
from ._crossentropy import clip_probability, recover_logits, smooth_binary, weigh
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns the mean of the binary cross-entropies over `axis`.

    See `BinaryCrossentropy` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `BinaryCrossentropy` takes them.
        y_pred: Predictions of the same shape.
        from_logits: See `BinaryCrossentropy`. Defaults to `False`.
        label_smoothing: See `BinaryCrossentropy`. Defaults to `0.0`.
        axis: See `BinaryCrossentropy`. Defaults to `-1`.

    Example:
        >>> from keras_cnn.losses import binary_crossentropy
        >>> [round(float(x), 4) for x in binary_crossentropy([[1.0]], [[0.5]])]
        [0.6931]
    """
    y_pred, from_logits = recover_logits(y_pred, from_logits, "sigmoid")
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    y_true = smooth_binary(y_true, label_smoothing)
    loss = of_each(y_true, y_pred, from_logits)
    return ops.cast(ops.mean(loss, axis=axis), dtype)


def of_each(y_true: Tensor, y_pred: Tensor, from_logits: bool) -> Tensor:
    """Returns the binary cross-entropy of each element."""
    if from_logits:
        # `where` gives |x| a slope at 0, which makes the whole slope 1/2 - t there.
        positive = y_pred >= 0
        distance = ops.where(positive, y_pred, -y_pred)
        against = ops.where(positive, 1 - y_true, y_true)
        return weigh(against, distance) + ops.log1p(ops.exp(-distance))
    p = clip_probability(y_pred)
    return -(y_true * ops.log(p) + (1 - y_true) * ops.log1p(-p))


@keras.saving.register_keras_serializable(package="keras_cnn")
class BinaryCrossentropy(BaseLoss):
    """Binary cross-entropy between labels of 0 and 1 and predicted probabilities.

    Formula: mean(-t log(p) - (1 - t) log(1 - p)); of a logit x, p = 1 / (1 + exp(-x)),
    it is mean(|x| w + log(1 + exp(-|x|))) with w = 1 - t if x >= 0, else t
    Derivative: (p - t) / (p (1 - p) d) for each of the d predictions of a sample; by
    the logit (p - t) / d

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Labels are numbers in [0, 1]. Unit: nats. A probability is clipped to
    `keras.backend.epsilon()` from 0 and 1, so the loss is at most about 16 there, and
    its derivative +-1e7; a logit of 40 costs 40.

    Args:
        from_logits: Whether `y_pred` holds logits and not probabilities. On TensorFlow
            the output of a sigmoid is traced to its logits either way.
            Defaults to `False`.
        label_smoothing: Number in [0, 1]; s turns labels of 0 and 1 into s / 2 and
            1 - s / 2. Defaults to `0.0`.
        axis: Axis of the mean. Defaults to `-1`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"binary_crossentropy"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `label_smoothing` is outside [0, 1], or if `y_true` and `y_pred`
            differ in shape by more than a last axis of length 1.

    Differs from `keras.losses.BinaryCrossentropy`: at a probability of exactly 0 or 1
    its derivative is 0, so the worst mistakes are never corrected, and in half
    precision its loss there is NaN; an infinite logit on the right side is NaN, here 0;
    mixed precision hides the logits from it; it smooths beyond 1 into negative labels.

    Example:
        >>> from keras_cnn.losses import BinaryCrossentropy
        >>> round(float(BinaryCrossentropy()([[1.0, 0.0]], [[0.9, 0.1]])), 4)
        0.1054
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        check_between("label_smoothing", label_smoothing, 0, 1)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return binary_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }

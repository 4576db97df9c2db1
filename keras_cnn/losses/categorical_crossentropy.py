"""The cross-entropy of one-hot labels."""

from typing import Any

import keras
from keras import ops

from .._checks import check_between
from ._base import BaseLoss
from ._crossentropy import (
    check_class_axis,
    log_softmax,
    odds,
    recover_logits,
    smooth_categorical,
    warn_of_one_class,
    weigh,
)
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns the categorical cross-entropy of each distribution along `axis`.

    See `CategoricalCrossentropy` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `CategoricalCrossentropy` takes them.
        y_pred: Predictions of the same shape.
        from_logits: See `CategoricalCrossentropy`. Defaults to `False`.
        label_smoothing: See `CategoricalCrossentropy`. Defaults to `0.0`.
        axis: See `CategoricalCrossentropy`. Defaults to `-1`.

    Example:
        >>> from keras_cnn.losses import categorical_crossentropy
        >>> loss = categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> [round(float(x), 4) for x in loss]
        [0.6931]
    """
    y_pred, from_logits = recover_logits(y_pred, from_logits, "softmax")
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    check_class_axis(axis, y_pred)
    warn_of_one_class(y_pred, axis, "categorical_crossentropy")
    y_true = smooth_categorical(y_true, label_smoothing, axis)
    if from_logits:
        surprise = -log_softmax(y_pred, axis)
    else:
        # log(sum(p) / p), whose derivative is a difference of two large numbers.
        share, others = odds(y_pred, axis)
        surprise = ops.log1p(others / share)
    return ops.cast(ops.sum(weigh(y_true, surprise), axis=axis), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class CategoricalCrossentropy(BaseLoss):
    """Categorical cross-entropy between one-hot labels and predicted probabilities.

    Formula: -sum(t log(p / sum(p))); of logits x, p = exp(x) / sum(exp(x))
    Derivative: -t / p + sum(t) / sum(p); by the logits sum(t) p - t

    `y_true` (batch, ..., classes), one-hot or any weights; `y_pred` the same shape ->
    (batch, ...) before reduction. Unit: nats. A probability is clipped to
    `keras.backend.epsilon()` from 0 and 1, so the loss is at most about 16 there, and
    its derivative by the true class -1e7; logits that are 80 apart cost 80.

    Args:
        from_logits: Whether `y_pred` holds logits and not probabilities. On TensorFlow
            the output of a softmax is traced to its logits either way.
            Defaults to `False`.
        label_smoothing: Number in [0, 1]; s takes s of each label and gives s / classes
            to every class. Defaults to `0.0`.
        axis: Axis of the classes. Defaults to `-1`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"categorical_crossentropy"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `label_smoothing` is outside [0, 1], `axis` is a bool, or
            `y_true` and `y_pred` differ in shape, as class numbers against
            probabilities do.

    Differs from `keras.losses.CategoricalCrossentropy`: at a probability of exactly 0
    or 1 its derivative is 0; in half precision its loss may be NaN there; a logit of
    -inf, which masks a class, or of +inf makes its loss NaN; mixed precision hides the
    logits from it; on TensorFlow its derivative by the logits is p - t also where the
    labels do not sum to 1, so that a row of zeros still trains; it counts the classes
    of `label_smoothing` on the last axis, whatever `axis` is, and smooths beyond 1.

    Example:
        >>> from keras_cnn.losses import CategoricalCrossentropy
        >>> loss = CategoricalCrossentropy()
        >>> round(float(loss([[0, 1, 0]], [[0.05, 0.9, 0.05]])), 4)
        0.1054
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
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
        return categorical_crossentropy(
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

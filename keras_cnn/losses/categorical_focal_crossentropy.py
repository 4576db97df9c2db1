"""The focal cross-entropy of one-hot labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from .._checks import InputError, check_between
from ._base import BaseLoss
from ._crossentropy import (
    below_top,
    check_class_axis,
    odds,
    power_of_share,
    recover_logits,
    smooth_categorical,
    sum_of_others,
    warn_of_one_class,
    weigh,
)
from ._tensors import Tensor, prepare


@keras.saving.register_keras_serializable(package="keras_cnn")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns the categorical focal cross-entropy of each distribution on `axis`.

    See `CategoricalFocalCrossentropy` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `CategoricalFocalCrossentropy` takes them.
        y_pred: Predictions of the same shape.
        alpha: See `CategoricalFocalCrossentropy`. Defaults to `0.25`.
        gamma: See `CategoricalFocalCrossentropy`. Defaults to `2.0`.
        from_logits: See `CategoricalFocalCrossentropy`. Defaults to `False`.
        label_smoothing: See `CategoricalFocalCrossentropy`. Defaults to `0.0`.
        axis: See `CategoricalFocalCrossentropy`. Defaults to `-1`.

    Example:
        >>> from keras_cnn.losses import categorical_focal_crossentropy
        >>> loss = categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> [round(float(x), 4) for x in loss]
        [0.0433]
    """
    y_pred, from_logits = recover_logits(y_pred, from_logits, "softmax")
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    check_class_axis(axis, y_pred)
    warn_of_one_class(y_pred, axis, "categorical_focal_crossentropy")
    y_true = smooth_categorical(y_true, label_smoothing, axis)
    of = _of_logits if from_logits else _of_shares
    missed, surprise = of(y_pred, axis)
    focus = power_of_share(missed, gamma)
    loss = _along(axis, alpha, y_pred) * focus * weigh(y_true, surprise)
    return ops.cast(ops.sum(loss, axis=axis), dtype)


def _of_shares(y_pred: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Returns 1 - q and -log(q) of each q = p / sum(p), neither as a difference."""
    share, others = odds(y_pred, axis)
    return 1 / (1 + share / others), ops.log1p(others / share)


def _of_logits(logits: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Returns 1 - q and -log(q) of each q = softmax(logits).

    Both keep their digits where q has rounded to 1: log(softmax) is 0 there.
    """
    below = below_top(logits, axis)
    # Beyond -1000 the share is 0, and its slope of 0 times an infinite loss is NaN.
    exps = ops.exp(ops.where(below < -1000, -1000, below))
    total = ops.sum(exps, axis, keepdims=True)
    others = sum_of_others(exps, total, axis)
    most = exps > others
    less = ops.where(most, others, exps) / ops.where(most, exps, others)
    missed = ops.where(most, less, 1) / (1 + less)
    return missed, ops.where(most, ops.log1p(less), ops.log(total) - below)


def _along(axis: int, alpha: Any, y_pred: Tensor) -> Tensor:
    """Returns `alpha` so that a list of it lies along the axis of the classes."""
    alpha = ops.convert_to_tensor(alpha, dtype=y_pred.dtype)
    if len(alpha.shape) != 1:
        return alpha
    classes = y_pred.shape[axis]
    if classes is not None and alpha.shape[0] not in (1, classes):
        raise InputError(
            "`alpha` must be a number, or hold one for each class. Received: "
            f"{alpha.shape[0]} numbers for {classes} classes."
        )
    shape = [1] * len(y_pred.shape)
    shape[axis] = -1
    return ops.reshape(alpha, shape)


@keras.saving.register_keras_serializable(package="keras_cnn")
class CategoricalFocalCrossentropy(BaseLoss):
    """Categorical focal cross-entropy between one-hot labels and probabilities.

    It weakens the categorical cross-entropy of samples that are right already.

    Formula: -sum(alpha (1 - q)^gamma t log(q)), with q = p / sum(p); of logits x,
    q = exp(x) / sum(exp(x))
    Derivative by q: alpha t (gamma (1 - q)^(gamma - 1) log(q) - (1 - q)^gamma / q)

    `y_true` (batch, ..., classes), one-hot or any weights; `y_pred` the same shape ->
    (batch, ...) before reduction. Unit: nats. At 0 and 1 as `CategoricalCrossentropy`.

    Args:
        alpha: Weight of every class, or a list with one for each.
            Defaults to `0.25`.
        gamma: Number >= 0, how much the easy samples are weakened; 0 is the plain
            cross-entropy, times `alpha`. Defaults to `2.0`.
        from_logits: Whether `y_pred` holds logits and not probabilities. On TensorFlow
            the output of a softmax is traced to its logits either way.
            Defaults to `False`.
        label_smoothing: Number in [0, 1]; s takes s of each label and gives s / classes
            to every class. Defaults to `0.0`.
        axis: Axis of the classes. Defaults to `-1`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"categorical_focal_crossentropy"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `label_smoothing` is outside [0, 1], `axis` is a bool, `alpha`
            has another length than the classes, or `y_true` and `y_pred` differ in
            shape, as class numbers against probabilities do.

    Differs from `keras.losses.CategoricalFocalCrossentropy`: it turns logits into
    probabilities and clips them, so logits that are 80 apart cost no more than 16 and
    have a derivative of 0, and the loss of sure ones is not the small number it should
    be; a list of `alpha` lies on the last axis whatever `axis` is,
    and an array is lost in a saved model; and as `CategoricalCrossentropy`.

    Example:
        >>> from keras_cnn.losses import CategoricalFocalCrossentropy
        >>> loss = CategoricalFocalCrossentropy(alpha=[0.2, 0.8])
        >>> round(float(loss([[0, 1]], [[0.5, 0.5]])), 4)
        0.1386

    Reference: [Lin et al., 2017](https://arxiv.org/abs/1708.02002)
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        check_between("label_smoothing", label_smoothing, 0, 1)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return categorical_focal_crossentropy(
            y_true,
            y_pred,
            alpha=self.alpha,
            gamma=self.gamma,
            from_logits=self.from_logits,
            label_smoothing=self.label_smoothing,
            axis=self.axis,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss, `alpha` as plain numbers."""
        return {
            **super().get_config(),
            "alpha": np.asarray(self.alpha).tolist(),
            "gamma": self.gamma,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }

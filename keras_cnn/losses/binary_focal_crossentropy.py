"""The focal cross-entropy of yes-or-no labels."""

from typing import Any

import keras
from keras import ops

from .._checks import check_between
from ._base import BaseLoss
from ._crossentropy import power_of_share, recover_logits, smooth_binary
from ._tensors import Tensor, prepare
from .binary_crossentropy import of_each


@keras.saving.register_keras_serializable(package="keras_cnn")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns the mean of the binary focal cross-entropies over `axis`.

    See `BinaryFocalCrossentropy` for the formula and for what differs from Keras.

    Args:
        y_true: Targets, as `BinaryFocalCrossentropy` takes them.
        y_pred: Predictions of the same shape.
        apply_class_balancing: See `BinaryFocalCrossentropy`. Defaults to `False`.
        alpha: See `BinaryFocalCrossentropy`. Defaults to `0.25`.
        gamma: See `BinaryFocalCrossentropy`. Defaults to `2.0`.
        from_logits: See `BinaryFocalCrossentropy`. Defaults to `False`.
        label_smoothing: See `BinaryFocalCrossentropy`. Defaults to `0.0`.
        axis: See `BinaryFocalCrossentropy`. Defaults to `-1`.

    Example:
        >>> from keras_cnn.losses import binary_focal_crossentropy
        >>> [round(float(x), 4) for x in binary_focal_crossentropy([[1.0]], [[0.5]])]
        [0.1733]
    """
    y_pred, from_logits = recover_logits(y_pred, from_logits, "sigmoid")
    y_true, y_pred, dtype = prepare(y_true, y_pred)
    y_true = smooth_binary(y_true, label_smoothing)
    # Both shares apart: 1 - sigmoid(20) is 0 in float32, sigmoid(-20) is not.
    yes, no = y_pred, 1 - y_pred
    if from_logits:
        # The slope of an infinite logit is 0 here; times an infinite loss it is NaN.
        certain = 1000 * ops.sign(y_pred)
        finite = ops.where(ops.abs(y_pred) < 1000, y_pred, certain)
        yes, no = ops.sigmoid(finite), ops.sigmoid(-finite)
    missed = y_true * no + (1 - y_true) * yes
    loss = power_of_share(missed, gamma) * of_each(y_true, y_pred, from_logits)
    if apply_class_balancing:
        loss = (y_true * alpha + (1 - y_true) * (1 - alpha)) * loss
    return ops.cast(ops.mean(loss, axis=axis), dtype)


@keras.saving.register_keras_serializable(package="keras_cnn")
class BinaryFocalCrossentropy(BaseLoss):
    """Binary focal cross-entropy between labels of 0 and 1 and probabilities.

    It weakens the binary cross-entropy of samples that are right already.

    Formula: mean(u^gamma c), with the binary cross-entropy c and the share that went to
    the wrong side, u = t (1 - p) + (1 - t) p; with `apply_class_balancing` each term
    times t alpha + (1 - t) (1 - alpha)
    Derivative: (gamma u^(gamma - 1) (1 - 2 t) c + u^gamma (p - t) / (p (1 - p))) / d
    for each of the d predictions of a sample

    `y_true` (batch, ..., d), `y_pred` (batch, ..., d) -> (batch, ...) before reduction.
    Labels are numbers in [0, 1]. Unit: nats. Where p = t = 0 or 1 the loss is 0, as is
    its derivative for gamma > 0. Otherwise at 0 and 1 as `BinaryCrossentropy`.

    Args:
        apply_class_balancing: Whether to weigh the two classes. Defaults to `False`.
        alpha: Weight of class 1; class 0 has 1 - alpha. Defaults to `0.25`.
        gamma: Number >= 0, how much the easy samples are weakened; 0 is the plain
            cross-entropy. Defaults to `2.0`.
        from_logits: Whether `y_pred` holds logits and not probabilities. On TensorFlow
            the output of a sigmoid is traced to its logits either way.
            Defaults to `False`.
        label_smoothing: Number in [0, 1]; s turns labels of 0 and 1 into s / 2 and
            1 - s / 2. Defaults to `0.0`.
        axis: Axis of the mean. Defaults to `-1`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"binary_focal_crossentropy"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `label_smoothing` is outside [0, 1], or if `y_true` and `y_pred`
            differ in shape by more than a last axis of length 1.

    Differs from `keras.losses.BinaryFocalCrossentropy`: where p = t = 0 or 1 and
    gamma < 1 (0 as well) its derivative is NaN; where p is 0 or 1 and wrong it lacks
    the part of the cross-entropy; and as `BinaryCrossentropy`.

    Example:
        >>> from keras_cnn.losses import BinaryFocalCrossentropy
        >>> round(float(BinaryFocalCrossentropy()([[1.0, 0.0]], [[0.9, 0.5]])), 4)
        0.0872

    Reference: [Lin et al., 2017](https://arxiv.org/abs/1708.02002)
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        check_between("label_smoothing", label_smoothing, 0, 1)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return binary_focal_crossentropy(
            y_true,
            y_pred,
            apply_class_balancing=self.apply_class_balancing,
            alpha=self.alpha,
            gamma=self.gamma,
            from_logits=self.from_logits,
            label_smoothing=self.label_smoothing,
            axis=self.axis,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "apply_class_balancing": self.apply_class_balancing,
            "alpha": self.alpha,
            "gamma": self.gamma,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }

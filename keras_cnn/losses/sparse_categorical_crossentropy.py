"""The cross-entropy of class numbers."""

from typing import Any

import keras
from keras import ops

from .._checks import InputError
from ._base import BaseLoss
from ._crossentropy import (
    below_top,
    check_class_axis,
    clip_probability,
    log_softmax,
    recover_logits,
)
from ._tensors import Tensor, as_tensor, as_wide, mark_ignored, may_be_equal

_ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@keras.saving.register_keras_serializable(package="keras_cnn")
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """Returns the sparse categorical cross-entropy of each class number.

    See `SparseCategoricalCrossentropy` for the formula and what differs from Keras.

    Args:
        y_true: Targets, as `SparseCategoricalCrossentropy` takes them.
        y_pred: Predictions, with one more axis than the targets.
        from_logits: See `SparseCategoricalCrossentropy`. Defaults to `False`.
        ignore_class: See `SparseCategoricalCrossentropy`. Defaults to `None`.
        axis: See `SparseCategoricalCrossentropy`. Defaults to `-1`.

    Example:
        >>> from keras_cnn.losses import sparse_categorical_crossentropy
        >>> loss = sparse_categorical_crossentropy([1], [[0.5, 0.5]])
        >>> [round(float(x), 4) for x in loss]
        [0.6931]
    """
    y_pred, from_logits = recover_logits(y_pred, from_logits, "softmax")
    y_pred, dtype = as_wide(y_pred)
    # Straight to integers: half precision would round a large class number to another.
    labels = ops.cast(as_tensor(y_true), "int64" if _ON_TENSORFLOW else "int32")
    labels, y_pred = _classes_last(labels, y_pred, axis)

    if ignore_class is not None:
        valid = labels != ignore_class
        labels = ops.where(valid, labels, 0)
        # Ones, not zeros: a row of them is a distribution, and 0 / 0 is not.
        y_pred = ops.where(ops.expand_dims(valid, -1), y_pred, 1)

    # The logarithms of probabilities are logits, too.
    logits = y_pred if from_logits else ops.log(clip_probability(y_pred))
    loss = ops.cast(_surprise(labels, logits), dtype)
    if ignore_class is not None:
        loss = ops.where(valid, loss, 0)
        mark_ignored(loss, valid)
    return loss


def _classes_last(labels: Tensor, y_pred: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Returns labels without an axis of length 1, and the classes on the last."""
    check_class_axis(axis, y_pred)
    rank = len(y_pred.shape)
    received = f"y_true.shape={tuple(labels.shape)}, y_pred.shape={tuple(y_pred.shape)}"
    if axis % rank != rank - 1 and keras.backend.backend() != "torch":
        # As Keras, so that a model means the same with either.
        raise InputError(
            f"Only axis=-1 is currently supported. Received: axis={axis}, {received}."
        )
    one_hot = tuple(labels.shape) == tuple(y_pred.shape) and y_pred.shape[axis] != 1
    if len(labels.shape) == rank and labels.shape[axis] == 1:
        labels = ops.squeeze(labels, axis)
    y_pred = ops.moveaxis(y_pred, axis, -1) if axis % rank != rank - 1 else y_pred
    if not may_be_equal(labels.shape, y_pred.shape[:-1]):
        hint = (
            " Did you mean CategoricalCrossentropy, whose `y_true` is one-hot?"
            if one_hot
            else ""
        )
        raise InputError(
            "`y_true` must have the same shape as `y_pred` up until the last "
            f"dimension, which holds the classes. Received: {received}.{hint}"
        )
    return labels, y_pred


def _surprise(labels: Tensor, logits: Tensor) -> Tensor:
    """Returns -log(softmax(logits)) of the class that each label names."""
    if _ON_TENSORFLOW:
        # One kernel for value and derivative: with softmax on (32, 10) it takes 1.08 to
        # 1.11 of Keras's time and has its 2.00 ulp; a log_softmax and a gather took
        # longer and had 2.01.
        return ops.sparse_categorical_crossentropy(
            labels, below_top(logits, -1), from_logits=True
        )
    return -_pick(log_softmax(logits, axis=-1), labels)


def _pick(values: Tensor, labels: Tensor) -> Tensor:
    """Returns the entry of the last axis that each label names.

    A label outside 0 ... classes - 1 is an error of the gather on a CPU, and NaN where
    kernels cannot raise. A negative one must not count from the end.
    """
    classes = ops.shape(values)[-1]
    outside = (labels < 0) | (labels >= classes)
    index = ops.where(labels < 0, classes, labels)
    picked = ops.take_along_axis(values, ops.expand_dims(index, -1), axis=-1)
    return ops.where(outside, float("nan"), ops.squeeze(picked, -1))


@keras.saving.register_keras_serializable(package="keras_cnn")
class SparseCategoricalCrossentropy(BaseLoss):
    """Sparse categorical cross-entropy between class numbers and probabilities.

    Formula: -log(p[t] / sum(p)); of logits x, p = exp(x) / sum(exp(x))
    Derivative: -[class = t] / p + 1 / sum(p); by the logits p - [class = t]

    `y_true` (batch, ...) or (batch, ..., 1), whole numbers from 0 to classes - 1 of any
    dtype; `y_pred` (batch, ..., classes) -> (batch, ...) before reduction. Unit: nats.
    A probability is clipped to `keras.backend.epsilon()` from 0 and 1, so the loss is
    at most about 16 there, and its derivative by the true class -1e7; logits that are
    80 apart cost 80. A class number that does not exist is an error on a CPU, and NaN
    in compiled code and on accelerators.

    Args:
        from_logits: Whether `y_pred` holds logits and not probabilities. On TensorFlow
            the output of a softmax is traced to its logits either way.
            Defaults to `False`.
        ignore_class: Class number whose samples cost nothing and are left out of the
            mean, or None. Defaults to `None`.
        reduction: See `keras_cnn.losses`. Defaults to `"sum_over_batch_size"`.
        axis: Axis of the classes; only the last, except on torch. Defaults to `-1`.
        name: Name of the loss. Defaults to `"sparse_categorical_crossentropy"`.
        dtype: Dtype of the answer. Defaults to `None`, for `keras.backend.floatx()`.

    Raises:
        InputError: If `y_true` has neither of the shapes above (one-hot labels do not),
            or `axis` is not the last.

    Differs from `keras.losses.SparseCategoricalCrossentropy`: at a probability of
    exactly 0 or 1 its derivative is 0; in half precision its loss may be NaN there, and
    large class numbers are rounded to others; a logit of +inf makes its loss NaN;
    `ignore_class` and mixed precision hide the logits from it; on JAX a class number
    that does not exist costs 0. It forgets `axis` in `get_config`.

    Example:
        >>> from keras_cnn.losses import SparseCategoricalCrossentropy
        >>> loss = SparseCategoricalCrossentropy(ignore_class=255)
        >>> round(float(loss([1, 255], [[0.1, 0.9], [0.5, 0.5]])), 4)
        0.1054
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns one loss for each sample."""
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss."""
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
            "axis": self.axis,
        }

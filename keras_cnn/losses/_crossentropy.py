"""What the cross-entropies share: logits, clipped probabilities, smoothed labels."""

import warnings
from typing import Any, Literal

import keras
from keras import ops

from .._checks import InputError, check_between
from ._tensors import Tensor


def recover_logits(
    y_pred: Any, from_logits: bool, activation: Literal["sigmoid", "softmax"]
) -> tuple[Any, bool]:
    """Returns the logits behind `y_pred` and True, where TensorFlow lets us see them.

    A probability that has rounded to 0 or 1 has forgotten its logit, so the loss asks
    for it: Keras's (and our) sigmoid and softmax leave it on their output, and a tensor
    of a graph knows the operation that made it. As in Keras, only on TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        return y_pred, from_logits
    logits = getattr(y_pred, "_keras_logits", None)
    operation: Any = getattr(y_pred, "op", None)  # only tensors of a graph have one
    if logits is None and getattr(operation, "type", "").lower() == activation:
        logits = operation.inputs[0]
    if logits is None:
        return y_pred, from_logits
    if from_logits:
        warnings.warn(
            f"`y_pred` is the output of a {activation}, yet `from_logits=True` says "
            "that it holds logits. The logits before the activation are used.",
            stacklevel=3,
        )
    return ops.cast(logits, y_pred.dtype), True


def clip_probability(p: Tensor) -> Tensor:
    """Keeps `p` off 0 and 1 by `keras.backend.epsilon()`, and keeps its derivative.

    A clipped value has a derivative of 0, so a prediction of exactly 0 for the true
    class would never learn. Inside [0, 1] the derivative is 1 here, outside it is 0.
    """
    epsilon = keras.backend.epsilon()
    value = ops.stop_gradient(ops.clip(p, epsilon, 1 - epsilon))
    zero_with_slope_1 = p - ops.stop_gradient(p)
    return value + ops.where((p < 0) | (p > 1), 0, zero_with_slope_1)


def log_softmax(logits: Tensor, axis: int) -> Tensor:
    """Returns log(softmax(logits)), for a logit of +inf too."""
    # inf - inf would be NaN, where the limit is a probability of 1.
    top = ops.max(logits, axis, keepdims=True)
    limit = ops.where(logits == top, 0.0, -float("inf"))
    logits = ops.where(top == float("inf"), limit, logits)
    # The primitive, because it has its own derivative: that of log(sum) goes through a
    # reciprocal, which on a CPU makes 1 / 1 = 0.99999994, and 6e-8 of a slope of 0.
    return ops.log_softmax(logits, axis)


def log_proportion(y_pred: Tensor, axis: int) -> Tensor:
    """Returns log(y_pred / sum(y_pred)), clipped as a probability."""
    total = ops.sum(y_pred, axis, keepdims=True)
    proportion = clip_probability(y_pred / ops.stop_gradient(total))
    # The value of log(total) is in the quotient already; its derivative must not go
    # through the clipped quotient, where a class predicted as 0 would swallow it.
    log_total = ops.log(total)
    return ops.log(proportion) - (log_total - ops.stop_gradient(log_total))


def weigh(weights: Tensor, values: Tensor) -> Tensor:
    """Multiplies, and gives 0 where a weight of 0 meets an infinite value."""
    nothing = (weights == 0) & ops.isinf(values)
    return ops.where(nothing, 0, weights * values)


def power_of_share(share: Tensor, gamma: float) -> Tensor:
    """Returns share ** gamma for a share in [0, 1], with a finite derivative at 0.

    The derivative of x ** 0.5 is infinite at 0, and times the cross-entropy of 0 there
    NaN, where their limit is 0.
    """
    tiny = 1e-37
    return ops.power(ops.where(share > tiny, share, tiny), gamma)


def smooth_binary(y_true: Tensor, label_smoothing: float) -> Tensor:
    """Moves labels of 0 and 1 towards 0.5."""
    check_between("label_smoothing", label_smoothing, 0, 1)
    if not label_smoothing:
        return y_true
    return y_true * (1 - label_smoothing) + 0.5 * label_smoothing


def smooth_categorical(y_true: Tensor, label_smoothing: float, axis: int) -> Tensor:
    """Moves one-hot labels towards one in the number of classes."""
    check_between("label_smoothing", label_smoothing, 0, 1)
    if not label_smoothing:
        return y_true
    classes = ops.cast(ops.shape(y_true)[axis], y_true.dtype)
    return y_true * (1 - label_smoothing) + label_smoothing / classes


def check_class_axis(axis: Any, y_pred: Tensor) -> None:
    """Raises unless `axis` can be the axis of the classes of `y_pred`.

    Raises:
        InputError: If `axis` is a bool, or `y_pred` has no axis.
    """
    if isinstance(axis, bool):
        raise InputError(f"`axis` must be of type `int`. Received: axis={axis!r}.")
    if len(y_pred.shape) < 1:
        raise InputError(
            "`y_pred` must be at least rank 1, with one number for each class. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}."
        )


def warn_of_one_class(y_pred: Tensor, axis: int, loss: str) -> None:
    """Warns if there is one class only, whose share is 1 whatever was predicted."""
    if y_pred.shape[axis] == 1:
        warnings.warn(
            f"{loss} expects two classes or more: with one it cannot learn. Received: "
            f"y_pred.shape={tuple(y_pred.shape)}, axis={axis}. "
            "Did you mean binary_crossentropy?",
            SyntaxWarning,
            stacklevel=3,
        )

"""What the cross-entropies share: logits, clipped probabilities, smoothed labels."""

import warnings
from typing import Any, Literal

import keras
from keras import ops

from .._checks import InputError, check_between
from .._logits import find_logits
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
    logits = find_logits(y_pred)
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


def below_top(logits: Tensor, axis: int) -> Tensor:
    """Returns logits - max(logits), 0 for a logit of +inf, with a derivative of 1.

    For functions that no common shift of the logits changes. inf - inf would be NaN,
    where the limit is a probability of 1; and `where` alone would stop the derivative.
    """

    @ops.custom_gradient
    def apply(x: Tensor) -> Any:
        distance = x - ops.max(x, axis, keepdims=True)
        return ops.where(x == float("inf"), 0, distance), _upstream

    return apply(logits)


def log_softmax(logits: Tensor, axis: int) -> Tensor:
    """Returns log(softmax(logits)), for a logit of +inf too."""

    # The primitive's derivative is exp(answer), which multiplies the rounding of an
    # answer of -60 by 60. That of log(sum) goes through a reciprocal, which on a CPU
    # makes 1 / 1 = 0.99999994, and 6e-8 of a slope of 0.
    @ops.custom_gradient
    def apply(x: Tensor) -> Any:
        def slope(*args: Any, **named: Any) -> Tensor:
            upstream = _upstream(*args, **named)
            exps = ops.exp(x)
            share = exps / ops.sum(exps, axis, keepdims=True)
            return upstream - share * ops.sum(upstream, axis, keepdims=True)

        return ops.log_softmax(x, axis), slope

    return apply(below_top(logits, axis))


def _upstream(*args: Any, upstream: Tensor = None) -> Tensor:
    # Torch is handed it by name, after the function's own arguments; others get it
    # alone.
    return args[0] if upstream is None else upstream


def sum_of_others(x: Tensor, total: Tensor, axis: int) -> Tensor:
    """Returns, for each of `x` >= 0, the sum of all others; `total` is that of all.

    total - x loses digits where x is most of the total, so there the others are
    added. Its derivative by x itself is then 0 and no difference of two sums.
    """
    most = 2 * x > total
    minor = ops.sum(ops.where(most, 0, x), axis, keepdims=True)
    return ops.where(most, minor, total - x)


def odds(y_pred: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Returns p and sum(p) - p of each class, from epsilon of the sum to all of it.

    As with `clip_probability`, the derivative is 1 inside [0, sum(p)], and 0 outside.
    """
    epsilon = keras.backend.epsilon()
    total = ops.sum(y_pred, axis, keepdims=True)
    others = sum_of_others(y_pred, total, axis)
    whole = ops.stop_gradient(total)
    share_of_p = ops.stop_gradient(y_pred) / whole

    def clip(x: Tensor, share: Tensor) -> Tensor:
        inside = ops.where(share > 1, whole, ops.stop_gradient(x))
        value = ops.where(share < epsilon, epsilon * whole, inside)
        outside = (share < 0) | (share > 1)
        return value + ops.where(outside, 0, x - ops.stop_gradient(x))

    return clip(y_pred, share_of_p), clip(others, 1 - share_of_p)


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

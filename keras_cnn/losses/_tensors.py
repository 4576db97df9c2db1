"""What every loss does with its two arguments before and after its formula."""

from typing import Any

import keras
from keras import ops

# Keras exports no public name for these two.
from keras.src.backend import get_keras_mask, set_keras_mask

from .._checks import InputError
from .._logits import keep_logits

Tensor = Any

HALF = ("float16", "bfloat16")


def as_tensor(x: Any) -> Tensor:
    """Returns `x` itself if it is an array or a tensor, else a tensor of the list."""
    return x if hasattr(x, "shape") else ops.convert_to_tensor(x)


def wide_dtype(dtype: str) -> str:
    """Returns the dtype to compute in: float32 for half precision, else `dtype`.

    In float16 the square of 300 is already infinite, and 65,520 losses of 1 sum to
    infinity; in bfloat16 the number of a class above 256 is rounded to another class.
    """
    if dtype in HALF:
        return "float32"
    return dtype if "float" in dtype else str(keras.backend.floatx())


def mark_ignored(loss: Tensor, valid: Tensor) -> None:
    """Hangs a mask on `loss`, so that a mean over the batch counts `valid` alone."""
    set_keras_mask(loss, valid)


def cast_prediction(y_pred: Tensor, dtype: str) -> Tensor:
    """Casts a prediction without losing what Keras has hung on it.

    These are its mask, and the logits that a softmax or a sigmoid leaves on its output:
    in mixed precision the output is bfloat16, the loss is float32, and a bare cast
    would throw both away.
    """
    if keras.backend.standardize_dtype(y_pred.dtype) == dtype:
        return y_pred
    cast = ops.convert_to_tensor(y_pred, dtype=dtype)
    mask = get_keras_mask(y_pred)
    if mask is not None:
        set_keras_mask(cast, mask)
    return keep_logits(cast, y_pred)


def as_wide(y_pred: Any) -> tuple[Tensor, str]:
    """Returns the prediction in the dtype to compute in, and the answer's dtype."""
    y_pred = ops.convert_to_tensor(as_tensor(y_pred))
    given = keras.backend.standardize_dtype(y_pred.dtype)
    wide = wide_dtype(given)
    return ops.cast(y_pred, wide), given if given in HALF else wide


def prepare(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor, str]:
    """Returns both, wide and of the same shape, and the dtype of the answer."""
    y_pred, dtype = as_wide(y_pred)
    y_true = ops.cast(as_tensor(y_true), y_pred.dtype)
    y_true, y_pred = align(y_true, y_pred)
    return y_true, y_pred, dtype


def align(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Gives both the same shape if they differ by a last axis of length 1.

    (n,) against (n, 1) gives (n, 1); (n, k) against (n, k, 1) gives (n, k).

    Raises:
        InputError: If the shapes still differ; nothing is ever broadcast.
    """
    received = f"y_true.shape={_shape(y_true)}, y_pred.shape={_shape(y_pred)}"
    classes = _looks_like_class_numbers(y_true, y_pred)
    if len(y_true.shape) == len(y_pred.shape) + 1:
        y_true, y_pred = _drop_last_axis(y_true, y_pred)
    elif len(y_pred.shape) == len(y_true.shape) + 1:
        y_pred, y_true = _drop_last_axis(y_pred, y_true)
    if not may_be_equal(y_true.shape, y_pred.shape):
        hint = (
            " Did you mean SparseCategoricalCrossentropy, whose `y_true` holds one "
            "class number for each row of `y_pred`?"
        )
        raise InputError(
            "`y_true` and `y_pred` must have the same shape, or differ by a last axis "
            f"of length 1. Received: {received}.{hint if classes else ''}"
        )
    return y_true, y_pred


def _drop_last_axis(longer: Tensor, shorter: Tensor) -> tuple[Tensor, Tensor]:
    if longer.shape[-1] != 1:
        return longer, shorter
    if len(shorter.shape) == 1:
        return longer, ops.expand_dims(shorter, -1)
    return ops.squeeze(longer, -1), shorter


def _looks_like_class_numbers(y_true: Tensor, y_pred: Tensor) -> bool:
    labels = tuple(y_true.shape)
    if len(labels) == len(y_pred.shape) and labels[-1:] == (1,):
        labels = labels[:-1]
    wider = len(labels) + 1 == len(y_pred.shape) and y_pred.shape[-1] != 1
    return wider and may_be_equal(labels, y_pred.shape[:-1])


def may_be_equal(a: Any, b: Any) -> bool:
    """Whether two shapes are equal, as far as their known dimensions tell."""
    return len(a) == len(b) and all(
        x is None or y is None or x == y for x, y in zip(a, b, strict=True)
    )


def _shape(x: Tensor) -> tuple[int | None, ...]:
    return tuple(x.shape)

"""The losses that accuracy.py measures, as functions of one prediction.

The target is fixed, and so are the other predictions of a sample that has several.
Probabilities stay where Keras clips nothing; what happens at 0 and 1 is tested.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from accuracy import Subject

import keras_cnn.losses


def softplus(m: Any, x: Any) -> Any:
    """Returns log(1 + exp(x))."""
    return m.where(x > 0, x, 0 * x) + m.log1p(m.exp(-m.abs(x)))


def sigmoid(m: Any, x: Any) -> Any:
    """Returns 1 / (1 + exp(-x))."""
    return m.exp(-softplus(m, -x))


def shares(m: Any, x: Any) -> tuple[Any, Any]:
    """Returns softmax([x, 0, 0]) of the first class and of the two others together.

    Exactly 1 where the rest vanishes: the last place of 1 - 1e-19 is half as large.
    """
    small = m.exp(-m.abs(x))
    first = m.where(x > 0, 1 / (1 + 2 * small), small / (2 + small))
    return first, m.where(x > 0, 2 * small / (1 + 2 * small), 2 / (2 + small))


def log_shares(m: Any, x: Any) -> tuple[Any, Any]:
    """Returns log(softmax([x, 0, 0])) of the first class and of another."""
    log_2 = m.log(2 + 0 * x)
    return -softplus(m, log_2 - x), -log_2 - softplus(m, x - log_2)


def size(m: Any, x: Any) -> Any:
    """Returns log(cosh(x)), by a product near 0, where 1 - 1 is left of a sum."""
    near = m.where(m.abs(x) < 1, x, 0 * x)
    half = (m.exp(near / 2) - m.exp(-near / 2)) / 2
    half = m.where(m.abs(near) < 1e-4, near / 2 + near**3 / 48, half)
    far = m.abs(x) + m.log1p(m.exp(-2 * m.abs(x))) - m.log(2 + 0 * x)
    return m.where(m.abs(x) < 1, m.log1p(2 * half * half), far)


def alone(function: Any, target: float, **options: Any) -> Callable[[Any], Any]:
    """Makes a loss of one prediction a sample a function of that prediction."""

    def loss(x: Any) -> Any:
        return function(tf.fill([tf.size(x), 1], target), x[:, None], **options)

    return loss


def among(
    function: Any, target: int, others: list[float], **options: Any
) -> Callable[[Any], Any]:
    """Makes a loss of several classes a function of the first class's prediction."""

    def loss(x: Any) -> Any:
        row = [x, *[tf.fill(tf.shape(x), tf.cast(other, x.dtype)) for other in others]]
        labels = tf.fill([tf.size(x)], target)
        if "sparse" not in function.__name__:
            labels = tf.one_hot(labels, len(row))
        return function(labels, tf.stack(row, axis=-1), **options)

    return loss


def subject(
    name: str,
    make: Callable[..., Any],
    function: str,
    value: Any,
    slope: Any,
    *where: Any,
    limits: tuple[float, ...] = (),
    **options: Any,
) -> Subject:
    """Builds a subject from the function of the same name here and in Keras."""
    ours, theirs = getattr(keras_cnn.losses, function), getattr(keras.losses, function)
    return Subject(
        name,
        make(ours, *where, **options),
        make(theirs, *where, **options),
        value,
        slope,
        *limits,
    )


def huber(delta: float) -> Subject:
    """Builds the Huber loss of one delta."""

    def value(m: Any, x: Any) -> Any:
        near = m.where(m.abs(x) < delta, x, 0 * x)
        return m.where(
            m.abs(x) < delta, near * near / 2, delta * (m.abs(x) - delta / 2)
        )

    def slope(m: Any, x: Any) -> Any:
        far = m.where(x > 0, delta + 0 * x, -delta + 0 * x)
        return m.where(m.abs(x) < delta, x, far)

    name = f"huber(delta={delta:g})"
    return subject(name, alone, "huber", value, slope, 0.0, delta=delta)


LOGITS: dict[str, Any] = {"from_logits": True}
SHARES = (1e-6, 1 - 1e-6)


SUBJECTS = [
    subject(
        "mean_squared_error", alone, "mean_squared_error",
        lambda m, x: x * x, lambda m, x: 2 * x, 0.0,
    ),
    subject(
        "mean_absolute_error", alone, "mean_absolute_error",
        lambda m, x: m.abs(x),
        lambda m, x: m.where(x > 0, 1 + 0 * x, m.where(x < 0, -1 + 0 * x, 0 * x)),
        0.0,
    ),
    huber(1.0),
    huber(0.75),
    subject(
        "log_cosh", alone, "log_cosh", size,
        lambda m, x: m.tanh(x), 0.0,
    ),
    subject(
        "binary_crossentropy(t=1)", alone, "binary_crossentropy",
        lambda m, x: -m.log(x), lambda m, x: -1 / x, 1.0, limits=SHARES,
    ),
    subject(
        "binary_crossentropy(t=0)", alone, "binary_crossentropy",
        lambda m, x: -m.log1p(-x), lambda m, x: 1 / (1 - x), 0.0, limits=SHARES,
    ),
    subject(
        "binary_crossentropy(t=1, logits)", alone, "binary_crossentropy",
        lambda m, x: softplus(m, -x), lambda m, x: -sigmoid(m, -x), 1.0, **LOGITS,
    ),
    subject(
        "binary_crossentropy(t=0, logits)", alone, "binary_crossentropy",
        lambda m, x: softplus(m, x), lambda m, x: sigmoid(m, x), 0.0, **LOGITS,
    ),
    subject(
        "categorical_crossentropy(first)", among, "categorical_crossentropy",
        lambda m, x: m.log1p(0.5 / x), lambda m, x: -0.5 / (x * (x + 0.5)),
        0, [0.5], limits=(1e-6, 1),
    ),
    subject(
        "categorical_crossentropy(first, logits)", among, "categorical_crossentropy",
        lambda m, x: -log_shares(m, x)[0],
        lambda m, x: -shares(m, x)[1], 0, [0, 0], **LOGITS,
    ),
    subject(
        "categorical_crossentropy(other, logits)", among, "categorical_crossentropy",
        lambda m, x: -log_shares(m, x)[1],
        lambda m, x: shares(m, x)[0], 1, [0, 0], **LOGITS,
    ),
    subject(
        "sparse_categorical_crossentropy(first)", among,
        "sparse_categorical_crossentropy",
        lambda m, x: m.log1p(0.5 / x), lambda m, x: -0.5 / (x * (x + 0.5)),
        0, [0.5], limits=SHARES,
    ),
    subject(
        "sparse_categorical_crossentropy(first, logits)", among,
        "sparse_categorical_crossentropy",
        lambda m, x: -log_shares(m, x)[0],
        lambda m, x: -shares(m, x)[1], 0, [0, 0], **LOGITS,
    ),
    subject(
        "sparse_categorical_crossentropy(other, logits)", among,
        "sparse_categorical_crossentropy",
        lambda m, x: -log_shares(m, x)[1],
        lambda m, x: shares(m, x)[0], 1, [0, 0], **LOGITS,
    ),
    subject(
        "binary_focal_crossentropy(t=1)", alone, "binary_focal_crossentropy",
        lambda m, x: -((1 - x) ** 2) * m.log(x),
        lambda m, x: (1 - x) * (2 * m.log(x) - (1 - x) / x), 1.0, limits=SHARES,
    ),
    subject(
        "binary_focal_crossentropy(t=1, logits)", alone, "binary_focal_crossentropy",
        lambda m, x: sigmoid(m, -x) ** 2 * softplus(m, -x),
        lambda m, x: -(sigmoid(m, -x) ** 2)
        * (2 * sigmoid(m, x) * softplus(m, -x) + sigmoid(m, -x)),
        1.0, **LOGITS,
    ),
    subject(
        "categorical_focal_crossentropy(first)", among,
        "categorical_focal_crossentropy",
        lambda m, x: 0.25 * (0.5 / (x + 0.5)) ** 2 * m.log1p(0.5 / x),
        lambda m, x: -0.25 * (0.5 / (x + 0.5)) ** 2
        * (2 * m.log1p(0.5 / x) / (x + 0.5) + 0.5 / (x * (x + 0.5))),
        0, [0.5], limits=(1e-6, 1),
    ),
    subject(
        "categorical_focal_crossentropy(first, logits)", among,
        "categorical_focal_crossentropy",
        lambda m, x: -shares(m, x)[1] ** 2 * log_shares(m, x)[0] / 4,
        lambda m, x: -(shares(m, x)[1] ** 2)
        * (shares(m, x)[1] - 2 * shares(m, x)[0] * log_shares(m, x)[0]) / 4,
        0, [0, 0], **LOGITS,
    ),
]  # fmt: skip

"""Each loss and its derivative in NumPy float64, as one would write it on a board.

`t` holds the targets and `p` the predictions, both (samples, d). A loss gives one
number for each sample; `<loss>_derivative` gives the derivative of their sum by each
prediction. Probabilities lie inside (0, 1): nothing is clipped here.
"""

from typing import Any

import numpy as np

Array = Any  # of NumPy, float64


def mean_squared_error(t: Any, p: Any) -> Array:
    """Returns mean((p - t)^2)."""
    return _mean(_error(t, p) ** 2)


def mean_squared_error_derivative(t: Any, p: Any) -> Array:
    """Returns 2 (p - t) / d."""
    return 2 * _error(t, p) / _width(p)


def mean_absolute_error(t: Any, p: Any) -> Array:
    """Returns mean(|p - t|)."""
    return _mean(np.abs(_error(t, p)))


def mean_absolute_error_derivative(t: Any, p: Any) -> Array:
    """Returns sign(p - t) / d."""
    return np.sign(_error(t, p)) / _width(p)


def huber(t: Any, p: Any, delta: float = 1.0) -> Array:
    """Returns the mean of e^2 / 2 up to delta, of delta |e| - delta^2 / 2 beyond."""
    e = np.abs(_error(t, p))
    return _mean(np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2))


def huber_derivative(t: Any, p: Any, delta: float = 1.0) -> Array:
    """Returns e, but at most delta in size, over d."""
    return np.clip(_error(t, p), -delta, delta) / _width(p)


def log_cosh(t: Any, p: Any) -> Array:
    """Returns mean(log(cosh(p - t)))."""
    e = _error(t, p)
    return _mean(np.logaddexp(e, -e) - np.log(2))


def log_cosh_derivative(t: Any, p: Any) -> Array:
    """Returns tanh(p - t) / d."""
    return np.tanh(_error(t, p)) / _width(p)


def binary_crossentropy(t: Any, p: Any) -> Array:
    """Returns mean(-t log(p) - (1 - t) log(1 - p))."""
    t, p = _float64(t, p)
    return _mean(-t * np.log(p) - (1 - t) * np.log1p(-p))


def binary_crossentropy_derivative(t: Any, p: Any) -> Array:
    """Returns (p - t) / (p (1 - p)) / d."""
    t, p = _float64(t, p)
    return (p - t) / (p * (1 - p)) / _width(p)


def binary_crossentropy_of_logits(t: Any, x: Any) -> Array:
    """Returns mean(t log(1 + exp(-x)) + (1 - t) log(1 + exp(x)))."""
    t, x = _float64(t, x)
    return _mean(t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x))


def binary_crossentropy_of_logits_derivative(t: Any, x: Any) -> Array:
    """Returns (sigmoid(x) - t) / d."""
    t, x = _float64(t, x)
    return (_sigmoid(x) - t) / _width(x)


def categorical_crossentropy(t: Any, p: Any) -> Array:
    """Returns -sum(t log(p / sum(p)))."""
    t, p = _float64(t, p)
    return -np.sum(t * np.log(p / _total(p)), axis=-1)


def categorical_crossentropy_derivative(t: Any, p: Any) -> Array:
    """Returns sum(t) / sum(p) - t / p."""
    t, p = _float64(t, p)
    return _total(t) / _total(p) - t / p


def categorical_crossentropy_of_logits(t: Any, x: Any) -> Array:
    """Returns -sum(t log(softmax(x)))."""
    t, x = _float64(t, x)
    return -np.sum(t * _log_softmax(x), axis=-1)


def categorical_crossentropy_of_logits_derivative(t: Any, x: Any) -> Array:
    """Returns sum(t) softmax(x) - t."""
    t, x = _float64(t, x)
    return _total(t) * np.exp(_log_softmax(x)) - t


def sparse_categorical_crossentropy(t: Any, p: Any) -> Array:
    """Returns -log(p[t] / sum(p)) for class numbers t."""
    return categorical_crossentropy(_one_hot(t, p), p)


def sparse_categorical_crossentropy_derivative(t: Any, p: Any) -> Array:
    """Returns 1 / sum(p) - [class = t] / p."""
    return categorical_crossentropy_derivative(_one_hot(t, p), p)


def sparse_categorical_crossentropy_of_logits(t: Any, x: Any) -> Array:
    """Returns -log(softmax(x))[t] for class numbers t."""
    return categorical_crossentropy_of_logits(_one_hot(t, x), x)


def sparse_categorical_crossentropy_of_logits_derivative(t: Any, x: Any) -> Array:
    """Returns softmax(x) - [class = t]."""
    return categorical_crossentropy_of_logits_derivative(_one_hot(t, x), x)


def binary_focal_crossentropy(t: Any, p: Any, gamma: float = 2.0) -> Array:
    """Returns the mean of u^gamma times the cross-entropy; u went to the wrong side."""
    t, p = _float64(t, p)
    u = t * (1 - p) + (1 - t) * p
    return _mean(u**gamma * (-t * np.log(p) - (1 - t) * np.log1p(-p)))


def binary_focal_crossentropy_derivative(t: Any, p: Any, gamma: float = 2.0) -> Array:
    """Returns the derivative of the product, u^gamma by its own rule, over d."""
    t, p = _float64(t, p)
    u = t * (1 - p) + (1 - t) * p
    crossentropy = -t * np.log(p) - (1 - t) * np.log1p(-p)
    of_focus = gamma * u ** (gamma - 1) * (1 - 2 * t) * crossentropy
    of_crossentropy = u**gamma * (p - t) / (p * (1 - p))
    return (of_focus + of_crossentropy) / _width(p)


def categorical_focal_crossentropy(
    t: Any, p: Any, alpha: Any = 0.25, gamma: float = 2.0
) -> Array:
    """Returns -sum(alpha (1 - q)^gamma t log(q)) with q = p / sum(p)."""
    t, p = _float64(t, p)
    q = p / _total(p)
    return -np.sum(np.asarray(alpha) * (1 - q) ** gamma * t * np.log(q), axis=-1)


def categorical_focal_crossentropy_derivative(
    t: Any, p: Any, alpha: Any = 0.25, gamma: float = 2.0
) -> Array:
    """Returns (g - sum(q g)) / sum(p), with the derivative g by q = p / sum(p)."""
    t, p = _float64(t, p)
    q = p / _total(p)
    slope = gamma * (1 - q) ** (gamma - 1) * np.log(q) - (1 - q) ** gamma / q
    g = np.asarray(alpha) * t * slope
    return (g - _total(q * g)) / _total(p)


def _float64(*arrays: Any) -> tuple[Array, ...]:
    return tuple(np.asarray(array, np.float64) for array in arrays)


def _error(t: Any, p: Any) -> Array:
    t, p = _float64(t, p)
    return p - t


def _mean(x: Array) -> Array:
    return np.asarray(np.mean(x, axis=-1))


def _total(x: Array) -> Array:
    return np.sum(x, axis=-1, keepdims=True)


def _width(p: Any) -> int:
    return int(np.shape(p)[-1])


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def _log_softmax(x: Array) -> Array:
    return x - np.logaddexp.reduce(x, axis=-1, keepdims=True)


def _one_hot(t: Any, p: Any) -> Array:
    return np.eye(_width(p))[np.asarray(t, int)]

"""The activation functions and their derivatives, as one would write them on a board.

In NumPy float64, one value at a time or whole arrays. Nothing here is arranged for
speed or for the far ends of the number range: these are the formulas that the
others are checked against. Each `<name>_derivative` has the value at a kink that
Keras has on TensorFlow; those of softmax, its logarithm, sparsemax and GLU return the
Jacobian of one vector.
"""

import math
from typing import Any

import numpy as np

# A number or anything NumPy makes an array of; a float64 array comes out.
Array = Any

# Functions of one number, and of it alone: threshold needs arguments, and softmax, its
# logarithm, sparsemax and GLU are functions of a whole vector.
ELEMENTWISE = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "tanh",
    "tanh_shrink",
)

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def _floats(x: Array) -> Any:
    return np.asarray(x, np.float64)


def linear(x: Array) -> Array:
    """`x`."""
    return _floats(x)


def linear_derivative(x: Array) -> Array:
    """`1`."""
    return np.ones_like(_floats(x))


def relu(
    x: Array,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """`max(x, 0)`; generally `min(x, max_value)` above `threshold`, a line below."""
    x = _floats(x)
    top = np.inf if max_value is None else max_value
    return np.where(x > threshold, np.minimum(x, top), negative_slope * (x - threshold))


def relu_derivative(
    x: Array,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Array:
    """1 above `threshold`, 0 above `max_value`, `negative_slope` below.

    At `x = threshold` it is 0, but `negative_slope` if that is the only argument; at
    `x = max_value` it is 1, but 0 for ReLU6, which `max_value = 6` becomes.
    """
    x = _floats(x)
    top = np.inf if max_value is None else max_value
    rising = x < top if top == 6 and threshold == 0 else x <= top
    at_kink = negative_slope if max_value is None and threshold == 0 else 0.0
    below = np.where(x < threshold, negative_slope, at_kink)
    return np.where(x > threshold, np.where(rising, 1.0, 0.0), below)


def relu6(x: Array) -> Array:
    """`min(max(x, 0), 6)`."""
    return np.minimum(np.maximum(_floats(x), 0), 6)


def relu6_derivative(x: Array) -> Array:
    """1 between 0 and 6, otherwise 0."""
    x = _floats(x)
    return np.where((x > 0) & (x < 6), 1.0, 0.0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """`x` above 0, `negative_slope * x` below."""
    x = _floats(x)
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_derivative(x: Array, negative_slope: float = 0.2) -> Array:
    """1 above 0, otherwise `negative_slope`."""
    return np.where(_floats(x) > 0, 1.0, negative_slope)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    x = _floats(x)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_derivative(x: Array, alpha: float = 1.0) -> Array:
    """1 above 0, otherwise `alpha * exp(x)`."""
    x = _floats(x)
    return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


def selu(x: Array) -> Array:
    """`scale * elu(x, alpha)` with the two constants of the paper."""
    return SELU_SCALE * elu(x, SELU_ALPHA)


def selu_derivative(x: Array) -> Array:
    """`scale` from 0 on, `scale * alpha * exp(x)` below."""
    x = _floats(x)
    below = SELU_ALPHA * np.exp(np.minimum(x, 0))
    return SELU_SCALE * np.where(x >= 0, 1.0, below)


def celu(x: Array, alpha: float = 1.0) -> Array:
    """`x` above 0, `alpha * (exp(x / alpha) - 1)` below."""
    x = _floats(x)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def celu_derivative(x: Array, alpha: float = 1.0) -> Array:
    """1 above 0, otherwise `exp(x / alpha)`."""
    return np.exp(np.minimum(_floats(x), 0) / alpha)


def gelu(x: Array, approximate: bool = False) -> Array:
    """`x * P(x)`: P is the normal distribution, or its approximation by tanh."""
    x = _floats(x)
    return x * (_normal_by_tanh(x) if approximate else _normal(x))


def gelu_derivative(x: Array, approximate: bool = False) -> Array:
    """`P(x) + x * P'(x)`."""
    x = _floats(x)
    if not approximate:
        return _normal(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    p = _normal_by_tanh(x)
    slope = 2 * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return p + x * p * (1 - p) * slope


def _normal(x: Array) -> Array:
    return np.asarray(
        np.vectorize(lambda z: math.erfc(-z / np.sqrt(2)) / 2)(x), np.float64
    )


def _normal_by_tanh(x: Array) -> Array:
    return (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def silu(x: Array) -> Array:
    """`x * sigmoid(x)`."""
    return _floats(x) * sigmoid(x)


def silu_derivative(x: Array) -> Array:
    """`s + x * s * (1 - s)` with `s = sigmoid(x)`."""
    return sigmoid(x) + _floats(x) * sigmoid_derivative(x)


def mish(x: Array) -> Array:
    """`x * tanh(log(1 + exp(x)))`."""
    return _floats(x) * np.tanh(softplus(x))


def mish_derivative(x: Array) -> Array:
    """`t + x * sigmoid(x) * (1 - t^2)` with `t = tanh(log(1 + exp(x)))`."""
    t = np.tanh(softplus(x))
    return t + _floats(x) * sigmoid(x) * (1 - t**2)


def softplus(x: Array) -> Array:
    """`log(1 + exp(x))`."""
    return np.logaddexp(0.0, _floats(x))


def softplus_derivative(x: Array) -> Array:
    """`sigmoid(x)`."""
    return sigmoid(x)


def softsign(x: Array) -> Array:
    """`x / (1 + |x|)`."""
    x = _floats(x)
    return x / (1 + np.abs(x))


def softsign_derivative(x: Array) -> Array:
    """`1 / (1 + |x|)^2`."""
    return 1 / (1 + np.abs(_floats(x))) ** 2


def sigmoid(x: Array) -> Array:
    """`1 / (1 + exp(-x))`."""
    return np.exp(-np.logaddexp(0.0, -_floats(x)))


def sigmoid_derivative(x: Array) -> Array:
    """`s * (1 - s)` with `s = sigmoid(x)`, and `1 - s = sigmoid(-x)`."""
    return sigmoid(x) * sigmoid(-_floats(x))


def hard_sigmoid(x: Array) -> Array:
    """`min(max((x + 3) / 6, 0), 1)`."""
    return np.clip((_floats(x) + 3) / 6, 0, 1)


def hard_sigmoid_derivative(x: Array) -> Array:
    """1/6 between -3 and 3, otherwise 0."""
    return np.where(np.abs(_floats(x)) < 3, 1 / 6, 0.0)


def hard_silu(x: Array) -> Array:
    """`x * hard_sigmoid(x)`."""
    return _floats(x) * hard_sigmoid(x)


def hard_silu_derivative(x: Array) -> Array:
    """`hard_sigmoid(x) + x * hard_sigmoid'(x)`."""
    return hard_sigmoid(x) + _floats(x) * hard_sigmoid_derivative(x)


def sparse_sigmoid(x: Array) -> Array:
    """`min(max((x + 1) / 2, 0), 1)`."""
    return np.clip((_floats(x) + 1) / 2, 0, 1)


def sparse_sigmoid_derivative(x: Array) -> Array:
    """1/2 between -1 and 1, otherwise 0."""
    return np.where(np.abs(_floats(x)) < 1, 0.5, 0.0)


def sparse_plus(x: Array) -> Array:
    """`(x + 1)^2 / 4` between -1 and 1, 0 below, `x` above."""
    x = _floats(x)
    return np.where(x < 1, np.clip(x + 1, 0, 2) ** 2 / 4, x)


def sparse_plus_derivative(x: Array) -> Array:
    """`sparse_sigmoid(x)`."""
    return sparse_sigmoid(x)


def squareplus(x: Array, b: float = 4) -> Array:
    """`(x + sqrt(x^2 + b)) / 2`."""
    # In long double: for negative x the sum cancels.
    x = _floats(x).astype(np.longdouble)
    return _floats((x + np.sqrt(x**2 + b)) / 2)


def squareplus_derivative(x: Array, b: float = 4) -> Array:
    """`(1 + x / sqrt(x^2 + b)) / 2`."""
    x = _floats(x).astype(np.longdouble)
    return _floats((1 + x / np.sqrt(x**2 + b)) / 2)


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    """`x` where it is larger than `threshold` in size, otherwise 0."""
    x = _floats(x)
    return np.where(np.abs(x) > threshold, x, 0.0)


def hard_shrink_derivative(x: Array, threshold: float = 0.5) -> Array:
    """1 beyond `threshold` in size, otherwise 0."""
    return np.where(np.abs(_floats(x)) > threshold, 1.0, 0.0)


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    """`sign(x) * max(|x| - threshold, 0)`."""
    x = _floats(x)
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)


def soft_shrink_derivative(x: Array, threshold: float = 0.5) -> Array:
    """1 beyond `threshold` in size, otherwise 0."""
    return hard_shrink_derivative(x, threshold)


def tanh_shrink(x: Array) -> Array:
    """`x - tanh(x)`."""
    # In long double: near 0 the difference cancels.
    x = _floats(x).astype(np.longdouble)
    return _floats(x - np.tanh(x))


def tanh_shrink_derivative(x: Array) -> Array:
    """`tanh(x)^2`."""
    return np.tanh(_floats(x)) ** 2


def threshold(x: Array, threshold: float, default_value: float) -> Array:
    """`x` above `threshold`, otherwise `default_value`."""
    x = _floats(x)
    return np.where(x > threshold, x, default_value)


def threshold_derivative(x: Array, threshold: float, default_value: float) -> Array:
    """1 above `threshold`, otherwise 0."""
    return np.where(_floats(x) > threshold, 1.0, 0.0)


def log_sigmoid(x: Array) -> Array:
    """`log(sigmoid(x)) = -log(1 + exp(-x))`."""
    return -np.logaddexp(0.0, -_floats(x))


def log_sigmoid_derivative(x: Array) -> Array:
    """`1 - sigmoid(x) = sigmoid(-x)`."""
    return sigmoid(-_floats(x))


def tanh(x: Array) -> Array:
    """`(exp(x) - exp(-x)) / (exp(x) + exp(-x))`."""
    return np.tanh(_floats(x))


def tanh_derivative(x: Array) -> Array:
    """`1 - tanh(x)^2`, which is `4 * sigmoid'(2x)`."""
    return 4 * sigmoid_derivative(2 * _floats(x))


def hard_tanh(x: Array) -> Array:
    """`min(max(x, -1), 1)`."""
    return np.clip(_floats(x), -1, 1)


def hard_tanh_derivative(x: Array) -> Array:
    """1 from -1 to 1, otherwise 0."""
    return np.where(np.abs(_floats(x)) <= 1, 1.0, 0.0)


def exponential(x: Array) -> Array:
    """`exp(x)`."""
    return np.exp(_floats(x))


def exponential_derivative(x: Array) -> Array:
    """`exp(x)`."""
    return np.exp(_floats(x))


def softmax(x: Array, axis: Any = -1) -> Array:
    """`exp(x_i) / sum_j exp(x_j)`."""
    return np.exp(log_softmax(x, axis))


def softmax_derivative(x: Array) -> Array:
    """`df_i / dx_j = f_i * ((i == j) - f_j)`."""
    f = softmax(x)
    return np.diag(f) - np.outer(f, f)


def log_softmax(x: Array, axis: Any = -1) -> Array:
    """`x_i - log(sum_j exp(x_j))`."""
    x = _floats(x)
    x = x - x.max(axis=axis, keepdims=True)
    return np.asarray(x - np.log(np.exp(x).sum(axis=axis, keepdims=True)))


def log_softmax_derivative(x: Array) -> Array:
    """`df_i / dx_j = (i == j) - softmax(x)_j`."""
    f = softmax(x)
    return np.eye(len(f)) - f


def sparsemax(x: Array, axis: Any = -1) -> Array:
    """`max(x_i - t, 0)`, with `t` found by halving until the sum along `axis` is 1."""
    x = _floats(x)
    high = x.max(axis=axis, keepdims=True)
    low = high - 1  # at which the highest alone has 1
    for _ in range(100):
        middle = (low + high) / 2
        enough = np.maximum(x - middle, 0).sum(axis=axis, keepdims=True) >= 1
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return np.maximum(x - low, 0)


def sparsemax_derivative(x: Array) -> Array:
    """`df_i / dx_j = (i == j) - 1 / k` among the `k` that are above 0."""
    inside = (sparsemax(x) > 0).astype(np.float64)
    return np.diag(inside) - np.outer(inside, inside) / inside.sum()


def glu(x: Array, axis: int = -1) -> Array:
    """`a * sigmoid(b)` of the halves `a` and `b` of `x`."""
    a, b = np.split(_floats(x), 2, axis=axis)
    return a * sigmoid(b)


def glu_derivative(x: Array) -> Array:
    """`sigmoid(b)` by `a`, and `a * sigmoid'(b)` by `b`."""
    a, b = np.split(_floats(x), 2)
    return np.hstack([np.diag(sigmoid(b)), np.diag(a * sigmoid_derivative(b))])

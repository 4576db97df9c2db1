"""What each activation function should be, for accuracy.py."""

import functools
from typing import Any

import keras
from accuracy import Subject
from keras import ops

from keras_cnn import activations

SCALE = 1.0507009873554804934193349852946
ALPHA = 1.6732632423543772848170429916717


def pair(name: str, label: str, value: Any, slope: Any, **arguments: Any) -> Subject:
    """Returns the subject of one function of this package and Keras's of the name."""
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    return Subject(
        label,
        functools.partial(ours, **arguments),
        functools.partial(theirs, **arguments),
        value,
        slope,
    )


def first_of_three(function: Any) -> Any:
    """Returns the first of three normalised scores: x, 0 and 1."""

    def first(x: Any) -> Any:
        zeros = ops.zeros_like(x)
        return function(ops.stack([x, zeros, zeros + 1], axis=-1))[..., 0]

    return first


def sigmoid(m, x):
    """1 / (1 + exp(-x))."""
    # Both forms are the same; this one is accurate on each side in long double.
    small = m.exp(-m.abs(x))
    return m.where(x >= 0, 1 / (1 + small), small / (1 + small))


def sigmoid_slope(m, x):
    """Its derivative."""
    small = m.exp(-m.abs(x))
    return small / (1 + small) ** 2


def softplus(m, x):
    """log(1 + exp(x))."""
    return m.where(x > 0, x, 0 * x) + m.log1p(m.exp(-m.abs(x)))


def tanh(m, x):
    """The hyperbolic tangent."""
    return m.tanh(x)


def tanh_slope(m, x):
    """1 - tanh(x)^2."""
    small = m.exp(-2 * m.abs(x))
    return 4 * small / (1 + small) ** 2


def safe(m, x):
    """X without what lies too far out for a product with a vanished gate."""
    return m.where(m.abs(x) > 1e4, 0 * x, x)


def gated(gate, gate_slope):
    """Returns x * gate(x) and its derivative, with their limits far out."""

    def value(m, x):
        near = safe(m, x)
        return m.where(m.abs(x) > 1e4, m.where(x > 0, x, 0 * x), near * gate(m, near))

    def slope(m, x):
        near = safe(m, x)
        inside = gate(m, near) + near * gate_slope(m, near)
        return m.where(m.abs(x) > 1e4, m.where(x > 0, 1 + 0 * x, 0 * x), inside)

    return value, slope


def normal(m, x):
    """The normal distribution."""
    return m.erfc(-x / m.sqrt(2 + 0 * x)) / 2


def normal_slope(m, x):
    """The normal density."""
    return m.exp(-x * x / 2) / m.sqrt(2 * m.pi)


def inner(m, x):
    """Twice what GELU's approximation takes tanh of."""
    return 2 * m.sqrt(2 / m.pi) * (x + 0.044715 * x**3)


def tanh_gate(m, x):
    """GELU's approximation of the normal distribution."""
    return sigmoid(m, inner(m, x))


def tanh_gate_slope(m, x):
    """Its derivative."""
    steep = 2 * m.sqrt(2 / m.pi) * (1 + 3 * 0.044715 * x**2)
    return sigmoid_slope(m, inner(m, x)) * steep


def mish_gate(m, x):
    """tanh(softplus(x))."""
    z = m.exp(-m.abs(x))
    upper = (1 + 2 * z) / (1 + 2 * z + 2 * z * z)
    lower = z * (z + 2) / (z * (z + 2) + 2)
    return m.where(x >= 0, upper, lower)


def mish_gate_slope(m, x):
    """Its derivative."""
    # tanh(s)' s' with s = softplus(x), and 1 - tanh(s)^2 as 1 / cosh(s)^2.
    return sigmoid(m, x) / m.cosh(softplus(m, x)) ** 2


def softmax_value(m, x):
    """The first of softmax(x, 0, 1)."""
    # sigmoid(x - log(1 + e))
    return sigmoid(m, x - m.log1p(m.exp(1 + 0 * x)))


def softmax_slope(m, x):
    """Its derivative by x."""
    return sigmoid_slope(m, x - m.log1p(m.exp(1 + 0 * x)))


def log_softmax_value(m, x):
    """The logarithm of the first of softmax(x, 0, 1)."""
    return -softplus(m, m.log1p(m.exp(1 + 0 * x)) - x)


def log_softmax_slope(m, x):
    """Its derivative by x."""
    return sigmoid(m, m.log1p(m.exp(1 + 0 * x)) - x)


def shrunk(m, x):
    """X - tanh(x), as (x cosh(x) - sinh(x)) / cosh(x) where the difference cancels."""
    near = m.where(m.abs(x) < 1, x, 0 * x)
    series, term = 0 * x, near / 1
    for k in range(1, 14):
        term = term * near * near / (2 * k) / (2 * k + 1)
        series = series + 2 * k * term
    cosh = (m.exp(near) + m.exp(-near)) / 2
    return m.where(m.abs(x) < 1, series / cosh, x - m.tanh(x))


def squareplus(m, x):
    """(x + sqrt(x^2 + 4)) / 2, by a quotient where the sum cancels."""
    near = m.where(m.abs(x) < 1e15, x, 0 * x)
    root = m.where(m.abs(x) < 1e15, m.sqrt(near * near + 4), m.abs(x))
    half = m.abs(x) / 2 + root / 2
    return m.where(x > 0, half, 1 / half)


def squareplus_slope(m, x):
    """Its derivative."""
    near = m.where(m.abs(x) < 1e15, x, 1 + 0 * x)
    root = m.sqrt(near * near + 4)
    below = 2 / root / (root + m.abs(near))
    above = (1 + m.abs(near) / root) / 2
    far = m.where(x > 0, 1 + 0 * x, 1 / x / x)
    return m.where(m.abs(x) < 1e15, m.where(x > 0, above, below), far)


def hard_step(m, x):
    """The hard sigmoid."""
    return m.where(x <= -3, 0 * x, m.where(x >= 3, 1 + 0 * x, (x + 3) / 6))


def negative(m, x):
    """min(x, 0)."""
    return m.where(x > 0, 0 * x, x)


SUBJECTS = [
    pair("linear", "linear", lambda m, x: x, lambda m, x: 1 + 0 * x),
    pair(
        "relu",
        "relu",
        lambda m, x: m.where(x > 0, x, 0 * x),
        lambda m, x: m.where(x > 0, 1 + 0 * x, 0 * x),
    ),
    pair(
        "relu",
        "relu(negative_slope=0.1, max_value=10, threshold=0.5)",
        lambda m, x: m.where(x > 0.5, m.where(x > 10, 10 + 0 * x, x), 0.1 * (x - 0.5)),
        lambda m, x: m.where(
            x > 0.5,
            m.where(x > 10, 0 * x, 1 + 0 * x),
            m.where(x < 0.5, 0.1 + 0 * x, 0 * x),
        ),
        negative_slope=0.1,
        max_value=10.0,
        threshold=0.5,
    ),
    pair(
        "relu6",
        "relu6",
        lambda m, x: m.where(x > 6, 6 + 0 * x, m.where(x > 0, x, 0 * x)),
        lambda m, x: m.where(x >= 6, 0 * x, m.where(x > 0, 1 + 0 * x, 0 * x)),
    ),
    pair(
        "leaky_relu",
        "leaky_relu",
        lambda m, x: m.where(x > 0, x, 0.2 * x),
        lambda m, x: m.where(x > 0, 1 + 0 * x, 0.2 + 0 * x),
    ),
    pair(
        "elu",
        "elu",
        lambda m, x: m.where(x > 0, x, m.expm1(negative(m, x))),
        lambda m, x: m.exp(negative(m, x)),
    ),
    pair(
        "elu",
        "elu(alpha=0.7)",
        lambda m, x: m.where(x > 0, x, 0.7 * m.expm1(negative(m, x))),
        lambda m, x: m.where(x > 0, 1 + 0 * x, 0.7 * m.exp(negative(m, x))),
        alpha=0.7,
    ),
    pair(
        "selu",
        "selu",
        lambda m, x: SCALE * m.where(x >= 0, x, ALPHA * m.expm1(negative(m, x))),
        lambda m, x: SCALE * m.where(x >= 0, 1 + 0 * x, ALPHA * m.exp(negative(m, x))),
    ),
    pair(
        "celu",
        "celu",
        lambda m, x: m.where(x > 0, x, m.expm1(negative(m, x))),
        lambda m, x: m.exp(negative(m, x)),
    ),
    pair(
        "celu",
        "celu(alpha=1.7)",
        lambda m, x: m.where(x > 0, x, 1.7 * m.expm1(negative(m, x) / 1.7)),
        lambda m, x: m.exp(negative(m, x) / 1.7),
        alpha=1.7,
    ),
    pair("gelu", "gelu", *gated(normal, normal_slope)),
    pair(
        "gelu",
        "gelu(approximate)",
        *gated(tanh_gate, tanh_gate_slope),
        approximate=True,
    ),
    pair("silu", "silu", *gated(sigmoid, sigmoid_slope)),
    pair("mish", "mish", *gated(mish_gate, mish_gate_slope)),
    pair("softplus", "softplus", softplus, sigmoid),
    pair(
        "softsign",
        "softsign",
        lambda m, x: x / (1 + m.abs(x)),
        lambda m, x: 1 / (1 + m.abs(x)) ** 2,
    ),
    pair("sigmoid", "sigmoid", sigmoid, sigmoid_slope),
    pair(
        "hard_sigmoid",
        "hard_sigmoid",
        lambda m, x: m.where(x <= -3, 0 * x, m.where(x >= 3, 1 + 0 * x, (x + 3) / 6)),
        lambda m, x: m.where(m.abs(x) >= 3, 0 * x, (1 + 0 * x) / 6),
    ),
    pair(
        "hard_silu",
        "hard_silu",
        *gated(hard_step, lambda m, x: m.where(m.abs(x) < 3, (1 + 0 * x) / 6, 0 * x)),
    ),
    pair(
        "hard_shrink",
        "hard_shrink",
        lambda m, x: m.where(m.abs(x) > 0.5, x, 0 * x),
        lambda m, x: m.where(m.abs(x) > 0.5, 1 + 0 * x, 0 * x),
    ),
    pair(
        "soft_shrink",
        "soft_shrink",
        lambda m, x: m.where(x > 0.5, x - 0.5, m.where(x < -0.5, x + 0.5, 0 * x)),
        lambda m, x: m.where(m.abs(x) > 0.5, 1 + 0 * x, 0 * x),
    ),
    pair("tanh_shrink", "tanh_shrink", shrunk, lambda m, x: m.tanh(x) ** 2),
    pair(
        "sparse_plus",
        "sparse_plus",
        lambda m, x: m.where(
            x >= 1, x, m.where(x <= -1, 0 * x, (safe(m, x) + 1) ** 2 / 4)
        ),
        lambda m, x: m.where(
            x >= 1, 1 + 0 * x, m.where(x <= -1, 0 * x, (safe(m, x) + 1) / 2)
        ),
    ),
    pair(
        "sparse_sigmoid",
        "sparse_sigmoid",
        lambda m, x: m.where(x >= 1, 1 + 0 * x, m.where(x <= -1, 0 * x, (x + 1) / 2)),
        lambda m, x: m.where(m.abs(x) >= 1, 0 * x, (1 + 0 * x) / 2),
    ),
    pair("squareplus", "squareplus", squareplus, squareplus_slope),
    pair(
        "threshold",
        "threshold(0.5, -2)",
        lambda m, x: m.where(x > 0.5, x, -2 + 0 * safe(m, x)),
        lambda m, x: m.where(x > 0.5, 1 + 0 * x, 0 * x),
        threshold=0.5,
        default_value=-2.0,
    ),
    pair(
        "log_sigmoid",
        "log_sigmoid",
        lambda m, x: -softplus(m, -x),
        lambda m, x: sigmoid(m, -x),
    ),
    pair("tanh", "tanh", tanh, tanh_slope),
    pair(
        "hard_tanh",
        "hard_tanh",
        lambda m, x: m.where(x > 1, 1 + 0 * x, m.where(x < -1, -1 + 0 * x, x)),
        lambda m, x: m.where(m.abs(x) > 1, 0 * x, 1 + 0 * x),
    ),
    pair("exponential", "exponential", lambda m, x: m.exp(x), lambda m, x: m.exp(x)),
    Subject(
        "softmax",
        first_of_three(activations.softmax),
        first_of_three(keras.activations.softmax),
        softmax_value,
        softmax_slope,
    ),
    Subject(
        "log_softmax",
        first_of_three(activations.log_softmax),
        first_of_three(keras.activations.log_softmax),
        log_softmax_value,
        log_softmax_slope,
    ),
]

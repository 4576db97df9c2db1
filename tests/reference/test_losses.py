"""The board formulas: by hand, and each derivative against finite differences."""

import inspect

import numpy as np
import pytest

from keras_cnn.reference import losses

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(size=(4, 3)) * 2
PREDICTIONS = RNG.normal(size=(4, 3)) * 2
SHARES = RNG.uniform(0.05, 0.95, size=(4, 3))
SOFT = RNG.uniform(0, 1, size=(4, 3))
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]
CLASSES = np.array([0, 2, 1, 1])

CASES = [
    ("mean_squared_error", TARGETS, PREDICTIONS, {}),
    ("mean_absolute_error", TARGETS, PREDICTIONS, {}),
    ("huber", TARGETS, PREDICTIONS, {"delta": 0.7}),
    ("log_cosh", TARGETS, PREDICTIONS, {}),
    ("binary_crossentropy", SOFT, SHARES, {}),
    ("binary_crossentropy_of_logits", SOFT, PREDICTIONS, {}),
    ("categorical_crossentropy", SOFT, SHARES, {}),
    ("categorical_crossentropy_of_logits", SOFT, PREDICTIONS, {}),
    ("sparse_categorical_crossentropy", CLASSES, SHARES, {}),
    ("sparse_categorical_crossentropy_of_logits", CLASSES, PREDICTIONS, {}),
    ("binary_focal_crossentropy", SOFT, SHARES, {"gamma": 1.5}),
    (
        "categorical_focal_crossentropy",
        ONE_HOT,
        SHARES,
        {"alpha": [0.2, 0.5, 0.9], "gamma": 0.5},
    ),
]


@pytest.mark.parametrize(
    ("name", "t", "p", "arguments"), CASES, ids=[case[0] for case in CASES]
)
def test_derivative_equals_central_difference(name, t, p, arguments):
    loss = getattr(losses, name)
    derivative = getattr(losses, f"{name}_derivative")(t, p, **arguments)
    step = 1e-6
    for index in np.ndindex(p.shape):
        nudge = np.zeros_like(p)
        nudge[index] = step
        rise = loss(t, p + nudge, **arguments) - loss(t, p - nudge, **arguments)
        assert np.sum(rise) / (2 * step) == pytest.approx(
            derivative[index], rel=1e-6, abs=1e-8
        )


def test_every_loss_has_a_derivative_and_a_case():
    public = {
        name
        for name, value in vars(losses).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    names = {case[0] for case in CASES}
    assert public == names | {f"{name}_derivative" for name in names}


@pytest.mark.parametrize(
    ("name", "t", "p", "expected"),
    [
        ("mean_squared_error", [[0, 0]], [[1, 3]], 5),  # (1 + 9) / 2
        ("mean_absolute_error", [[0, 0]], [[1, -3]], 2),  # (1 + 3) / 2
        ("huber", [[0, 0]], [[1, -3]], 1.5),  # (1/2 + (3 - 1/2)) / 2
        ("log_cosh", [[0]], [[np.log(3)]], np.log(5 / 3)),  # cosh = (3 + 1/3) / 2
        ("binary_crossentropy", [[1, 0]], [[0.25, 0.5]], np.log(8) / 2),  # 4 * 2
        ("binary_crossentropy_of_logits", [[1]], [[-np.log(3)]], np.log(4)),  # p = 1/4
        ("categorical_crossentropy", [[0, 1]], [[1, 3]], np.log(4 / 3)),  # q = 3/4
        ("categorical_crossentropy_of_logits", [[1, 0]], [[0, np.log(7)]], np.log(8)),
        ("sparse_categorical_crossentropy", [1], [[1, 3]], np.log(4 / 3)),
        ("sparse_categorical_crossentropy_of_logits", [0], [[0, np.log(7)]], np.log(8)),
        ("binary_focal_crossentropy", [[1]], [[0.5]], np.log(2) / 4),  # (1/2)^2
        ("categorical_focal_crossentropy", [[1, 0]], [[1, 1]], np.log(2) / 16),
    ],
)
def test_formula_at_a_point_worked_by_hand_gives_the_number(name, t, p, expected):
    assert getattr(losses, name)(t, p) == pytest.approx([expected], rel=1e-12)


def test_derivatives_at_the_kinks_are_those_of_the_docstrings():
    zero = [[0.0]]
    assert losses.mean_absolute_error_derivative(zero, zero) == 0
    assert losses.huber_derivative(zero, [[2.0]], delta=2.0) == 2
    assert losses.huber_derivative(zero, [[-np.inf]], delta=2.0) == -2
    assert losses.log_cosh_derivative(zero, [[np.inf]]) == 1

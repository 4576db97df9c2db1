"""log(cosh): exact near 0, finite far out."""

import keras
import numpy as np
import pytest

from keras_cnn.losses import log_cosh
from tests.gradients import value_and_grad


def test_log_cosh_at_points_worked_by_hand_gives_the_numbers():
    # cosh(log 3) = (3 + 1/3) / 2 = 5/3; tanh(log 3) = (3 - 1/3) / (3 + 1/3) = 0.8
    errors = np.float32([[0], [np.log(3)], [-np.log(3)]])
    value, grad = value_and_grad(lambda p: log_cosh(0 * p, p), errors)
    np.testing.assert_allclose(value, np.log([1, 5 / 3, 5 / 3]), rtol=2e-7)
    np.testing.assert_allclose(grad[:, 0], [0, 0.8, -0.8], rtol=2e-7)


@pytest.mark.parametrize("error", [1e-4, -1e-6, 1e-15])
def test_log_cosh_near_zero_keeps_its_digits(error):
    point, zero = np.float32([[error]]), np.float32([[0]])
    value, grad = value_and_grad(lambda p: log_cosh(zero, p), point)
    assert value[0] == pytest.approx(error**2 / 2, rel=1e-6)
    assert grad[0, 0] == pytest.approx(error, rel=1e-6)
    keras_value = float(keras.losses.log_cosh(zero, point)[0])
    assert abs(keras_value - error**2 / 2) > 0.5 * error**2 / 2


@pytest.mark.parametrize("error", [100, -100, 3e38, -3e38, np.inf, -np.inf])
def test_log_cosh_far_out_is_the_distance_less_log_2(error):
    point, zero = np.float32([[error]]), np.float32([[0]])
    value, grad = value_and_grad(lambda p: log_cosh(zero, p), point)
    assert value[0] == pytest.approx(abs(error) - np.log(2))
    assert grad[0, 0] == np.sign(error)


def test_log_cosh_of_minus_infinity_is_nan_in_keras():
    assert np.isnan(float(keras.losses.log_cosh([[0.0]], [[-np.inf]])[0]))

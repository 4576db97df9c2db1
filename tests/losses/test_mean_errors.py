"""The squared and the absolute error: by hand, at 0, and where float16 ends."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import losses
from tests.gradients import value_and_grad


def test_mean_squared_error_at_points_worked_by_hand_gives_the_numbers():
    # (0 + 1 + 9) / 3 and the derivative 2 e / 3
    value, grad = value_and_grad(
        lambda p: losses.mean_squared_error([[0.0, 0.0, 0.0]], p),
        np.float32([[0, 1, -3]]),
    )
    np.testing.assert_allclose(value, [10 / 3], rtol=1e-6)
    np.testing.assert_allclose(grad, [[0, 2 / 3, -2]], rtol=1e-6)


def test_mean_absolute_error_at_points_worked_by_hand_gives_the_numbers():
    # (0 + 1 + 3 + inf) and the derivative sign(e), 0 at 0
    value, grad = value_and_grad(
        lambda p: losses.mean_absolute_error([[0.0]] * 4, p),
        np.float32([[0], [1], [-3], [np.inf]]),
    )
    np.testing.assert_array_equal(value, [0, 1, 3, np.inf])
    at_zero = -1 if keras.backend.backend() == "jax" else 0
    np.testing.assert_array_equal(grad[:, 0], [at_zero, 1, -1, 1])


def test_mean_squared_error_of_float16_fits_where_the_mean_fits():
    y_pred = ops.cast([[300.0, 0.0]], "float16")
    y_true = ops.zeros((1, 2), "float16")
    # 300^2 / 2 = 45,000 < 65,504, but 300^2 is not.
    assert float(losses.mean_squared_error(y_true, y_pred)[0]) == 44_992  # nearest
    assert float(losses.MeanSquaredError(dtype="float16")(y_true, y_pred)) == 44_992
    assert np.isinf(float(keras.losses.mean_squared_error(y_true, y_pred)[0]))


@pytest.mark.parametrize("name", ["mean_squared_error", "mean_absolute_error"])
def test_whole_numbers_as_predictions_give_float_losses_as_in_keras(name):
    y_true, y_pred = np.array([[1, 2]]), np.array([[3, 5]])
    own, other = getattr(losses, name), getattr(keras.losses, name)
    assert own(y_true, y_pred).dtype == other(y_true, y_pred).dtype
    assert float(own(y_true, y_pred)[0]) == float(other(y_true, y_pred)[0])

"""The Huber loss: its kinks, its end at infinity, and the delta that Keras forgets."""

import keras
import numpy as np
import pytest

from keras_cnn.losses import Huber, huber
from tests.gradients import gradient, value_and_grad


def test_huber_at_points_worked_by_hand_gives_the_numbers():
    # delta 2: 0; 1^2/2 = 0.5; at the kink 2^2/2 = 2; 2*5 - 2^2/2 = 8; the same negative
    errors = np.float32([[0], [1], [2], [5], [-1], [-2], [-5], [np.inf], [-np.inf]])
    value, grad = value_and_grad(lambda p: huber(0 * p, p, 2.0), errors[:7])
    np.testing.assert_array_equal(value, [0, 0.5, 2, 8, 0.5, 2, 8])
    np.testing.assert_array_equal(grad[:, 0], [0, 1, 2, 2, -1, -2, -2])


def test_huber_at_an_infinite_error_has_the_gradient_delta():
    errors, zeros = np.float32([[np.inf], [-np.inf]]), np.zeros((2, 1), "float32")
    value, grad = value_and_grad(lambda p: huber(zeros, p, 2.0), errors)
    np.testing.assert_array_equal(value, [np.inf, np.inf])
    np.testing.assert_array_equal(grad, [[2], [-2]])
    assert np.isnan(gradient(lambda p: keras.losses.huber(zeros, p, 2.0), errors)).all()


def test_huber_after_a_round_trip_keeps_delta_and_keras_forgets_it():
    def again(loss):
        saved = keras.saving.serialize_keras_object(loss)
        return float(keras.saving.deserialize_keras_object(saved)([[0.0]], [[5.0]]))

    assert again(Huber(delta=2)) == 8  # 2 * 5 - 2^2 / 2
    assert again(keras.losses.Huber(delta=2)) == 4.5  # 1 * 5 - 1^2 / 2


@pytest.mark.parametrize("delta", [0, -1, np.nan, np.inf, "1", None, True], ids=str)
def test_huber_with_an_impossible_delta_is_an_error(delta):
    rule = "`delta` must be a finite number > 0. Received: delta="
    with pytest.raises(ValueError, match=rule):
        Huber(delta=delta)
    with pytest.raises(ValueError, match=rule):
        huber([[0.0]], [[1.0]], delta=delta)
    keras.losses.Huber(delta=delta)  # says nothing


def test_huber_takes_a_numpy_number_for_delta():
    assert float(Huber(delta=np.float32(2))([[0.0]], [[5.0]])) == 8


def test_huber_second_derivative_is_one_inside_and_zero_outside():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("nested tapes are TensorFlow's")
    import tensorflow as tf

    x = tf.constant([[0.5], [3.0]])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = huber(tf.zeros_like(x), x)
        slope = inner.gradient(y, x)
    np.testing.assert_array_equal(outer.gradient(slope, x), [[1], [0]])

"""PReLU: values, both gradients, its weight, and its arguments."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import layers
from tests.gradients import value_and_grad

X = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
X[0, 0] = [-2.0, 0.0, -0.0, 2.0]
FULL = {
    "alpha_initializer": keras.initializers.Constant(0.3),
    "alpha_regularizer": keras.regularizers.L2(0.1),
    "alpha_constraint": keras.constraints.NonNeg(),
    "shared_axes": [1],
}


def test_prelu_equals_hand_values():
    layer = layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25))
    got = layer(np.array([[-8.0, 0.0, 3.0]], "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(got), [[-2, 0, 3]])


@pytest.mark.parametrize("shared_axes", [None, 1, (1, 2)])
def test_prelu_beside_keras_has_same_value_gradient_and_weight(shared_axes):
    arguments = {**FULL, "shared_axes": shared_axes, "name": "x"}
    ours, theirs = layers.PReLU(**arguments), keras.layers.PReLU(**arguments)
    for got, want in zip(
        value_and_grad(ours, X), value_and_grad(theirs, X), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-6)
    assert ours.alpha.shape == theirs.alpha.shape
    assert ours.get_config() == theirs.get_config()
    ours_loss, theirs_loss = (ops.convert_to_numpy(m.losses[0]) for m in (ours, theirs))
    np.testing.assert_allclose(ours_loss, theirs_loss)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="kinks are as on TensorFlow"
)
def test_prelu_at_0_has_derivative_0_by_input_and_slope():
    import tensorflow as tf

    layer = layers.PReLU(alpha_initializer="ones")
    x = tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    by_input, by_slope = tape.gradient(y, [x, layer.alpha.value])
    assert not by_input.numpy().any() and not by_slope.numpy().any()


def test_prelu_from_config_keeps_every_argument():
    layer = layers.PReLU(**FULL)
    again = layers.PReLU.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(X)), ops.convert_to_numpy(layer(X))
    )
    assert isinstance(again.alpha_constraint, keras.constraints.NonNeg)
    assert again.alpha_regularizer.l2 == pytest.approx(0.1)


def test_prelu_of_other_size_than_built_for_raises_only_where_not_shared():
    layer = layers.PReLU(shared_axes=[1])
    layer(X)
    assert layer(X[:, :2]).shape == (2, 2, 4)
    with pytest.raises(ValueError, match="incompatible"):
        layer(X[:, :, :2])


def test_prelu_of_unknown_batch_and_mixed_precision():
    layer = layers.PReLU(dtype="mixed_bfloat16")
    output = layer(keras.Input((3, 4)))
    assert output.shape == (None, 3, 4) and output.dtype == "bfloat16"
    assert layer.alpha.dtype == "float32" and layer.supports_masking

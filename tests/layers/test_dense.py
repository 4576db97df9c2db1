"""Dense: by hand, beside Keras's, and against the formulas of the reference."""

import keras
import numpy as np
import pytest

from keras_cnn.layers import Dense
from keras_cnn.reference import layers as reference

TOLERANCE = {
    "float32": {"rtol": 1e-5, "atol": 1e-5},
    "bfloat16": {"rtol": 2e-2, "atol": 5e-2},
}


def both(options, shape, drawn):
    """Ours and Keras's layer, built, with the same weights, none of them zero."""
    ours, theirs = Dense(**options), keras.layers.Dense(**options)
    ours.build(shape)
    theirs.build(shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    weights = [drawn(*w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def assert_same(ours, theirs, dtype="float32"):
    for mine, other in zip(
        [ours.value, ours.by_x, *ours.by_weights],
        [theirs.value, theirs.by_x, *theirs.by_weights],
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, **TOLERANCE[dtype])


def test_dense_of_two_inputs_equals_sums_by_hand():
    layer = Dense(2)
    layer.build((None, 2))
    layer.set_weights([np.array([[1.0, -2.0], [3.0, -4.0]]), np.array([5.0, -6.0])])
    # -1 * 1 + 2 * 3 + 5 = 10; -1 * -2 + 2 * -4 - 6 = -12
    y = keras.ops.convert_to_numpy(layer(np.array([[-1.0, 2.0]])))
    assert y.tolist() == [[10, -12]]
    layer.activation = None
    assert keras.ops.convert_to_numpy(layer(np.array([[-1.0, 2.0]]))).tolist() == [
        [10, -12]
    ]


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (2, 1, 3, 4)], ids=str)
@pytest.mark.parametrize(
    "options",
    [{}, {"use_bias": False}, {"activation": "relu"}, {"activation": "softmax"}],
    ids=str,
)
def test_dense_values_and_gradients_equal_keras(shape, options, mode, drawn, run):
    ours, theirs = both({"units": 5, **options}, shape, drawn)
    x, u = drawn(*shape), drawn(*shape[:-1], 5)
    assert_same(run(ours, x, u, mode), run(theirs, x, u, mode))


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
def test_dense_values_and_gradients_equal_the_reference(shape, drawn, run):
    ours, _ = both({"units": 5}, shape, drawn)
    x, u = drawn(*shape), drawn(*shape[:-1], 5)
    result = run(ours, x, u)
    kernel, bias = ours.get_weights()
    for mine, exact in [
        (result.value, reference.dense(x, kernel, bias)),
        (result.by_x, reference.dense_input_gradient(kernel, u)),
        (result.by_weights[0], reference.dense_kernel_gradient(x, u)),
        (result.by_weights[1], reference.dense_bias_gradient(u)),
    ]:
        np.testing.assert_allclose(mine, exact, **TOLERANCE["float32"])


def test_dense_starts_from_the_weights_that_keras_would_draw():
    def weights(layer):
        keras.utils.set_random_seed(3)
        made = [layer(4, bias_initializer="random_uniform"), layer(3), layer(2)]
        return keras.Sequential([keras.Input((5,)), *made]).get_weights()

    for mine, other in zip(weights(Dense), weights(keras.layers.Dense), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_dense_weights_file_of_keras_loads(tmp_path):
    def model(layer):
        return keras.Sequential([keras.Input((5,)), layer(3), layer(4)])

    theirs, ours = model(keras.layers.Dense), model(Dense)
    theirs.save_weights(tmp_path / "model.weights.h5")
    ours.load_weights(tmp_path / "model.weights.h5")
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("penalty", [None, "l2"])
def test_dense_config_has_the_keys_and_values_of_keras(penalty):
    options = {"units": 4, "activity_regularizer": penalty, "name": "d"}
    ours = Dense(**options).get_config()
    theirs = keras.layers.Dense(**options).get_config()
    assert ours.keys() == theirs.keys()
    assert {k for k in ours if ours[k] != theirs[k]} <= {"activation"}


@pytest.mark.parametrize(
    "shape", [(None, 4), (None, 3, 4), (None, None, 4), (2, 3, 4)], ids=str
)
def test_dense_symbolic_shape_equals_keras(shape):
    x = keras.Input(batch_shape=shape)
    assert Dense(5)(x).shape == keras.layers.Dense(5)(x).shape == (*shape[:-1], 5)
    assert Dense(5).compute_output_shape(shape) == (*shape[:-1], 5)


@pytest.mark.parametrize("units", [0, -3, 2.5, None, "64"], ids=str)
def test_dense_bad_units_raise_value_error_as_keras(units):
    for layer in (Dense, keras.layers.Dense):
        with pytest.raises(ValueError, match="positive integer"):
            layer(units)


@pytest.mark.parametrize(
    "option, value",
    [("lora_rank", 2), ("lora_alpha", 2.0), ("quantization_config", {"mode": "int8"})],
)
def test_dense_adaptation_and_quantization_raise_unless_none(option, value):
    assert Dense(2, **{option: None}).units == 2
    with pytest.raises(ValueError, match=f"`{option}` must be None"):
        Dense(2, **{option: value})


@pytest.mark.parametrize("shape", [(3,), (3, None)], ids=str)
def test_dense_bad_input_raises_value_error_as_keras(shape):
    for layer in (Dense, keras.layers.Dense):
        with pytest.raises(ValueError):
            layer(2)(keras.Input(batch_shape=shape))


def test_dense_other_channels_after_build_raise():
    layer = Dense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="incompatible with the layer"):
        layer(np.zeros((1, 4)))


def test_dense_lets_a_mask_through_as_keras():
    x = keras.layers.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    for layer in (Dense(2), keras.layers.Dense(2)):
        assert layer.supports_masking
        mask = keras.ops.convert_to_numpy(layer(x)._keras_mask)
        assert mask.tolist() == [[True, False]]


def test_dense_mixed_precision_keeps_float32_weights(mixed_precision, drawn, run):
    ours, theirs = both({"units": 3}, (2, 4), drawn)
    assert {w.dtype for w in ours.weights} == {"float32"}
    x, u = drawn(2, 4), drawn(2, 3)
    assert keras.backend.standardize_dtype(ours(x).dtype) == "bfloat16"
    assert_same(run(ours, x, u), run(theirs, x, u), "bfloat16")


def test_dense_attributes_appear_with_the_build():
    layer = Dense(2, use_bias=False)
    with pytest.raises(AttributeError):
        _ = layer.kernel
    layer.build((None, 3))
    assert layer.kernel.shape == (3, 2)
    assert layer.bias is None


def test_dense_subclass_may_hand_training_on_as_with_keras():
    for base in (Dense, keras.layers.Dense):

        class Wrapped(base):
            def call(self, inputs, training=None):
                return super().call(inputs, training=training)

        assert Wrapped(2)(np.zeros((1, 3)), training=True).shape == (1, 2)


def test_dense_clone_and_file_give_the_same_numbers(tmp_path, drawn):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            Dense(
                3,
                activation="relu",
                bias_initializer=keras.initializers.Constant(0.25),
                kernel_regularizer=keras.regularizers.L2(0.5),
                activity_regularizer=keras.regularizers.L1(0.5),
                kernel_constraint=keras.constraints.MaxNorm(2.0),
            ),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    x = drawn(2, 4)
    expected = keras.ops.convert_to_numpy(model(x))
    losses = [float(keras.ops.convert_to_numpy(loss)) for loss in model.losses]
    for other in (loaded, clone):
        assert type(other.layers[0]) is Dense
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(other(x)), expected)
        penalties = [float(keras.ops.convert_to_numpy(loss)) for loss in other.losses]
        assert penalties == losses
        assert other.layers[0].kernel.constraint.max_value == 2.0

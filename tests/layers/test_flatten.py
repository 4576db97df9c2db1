"""Flatten: by hand, and beside Keras's."""

import keras
import numpy as np
import pytest

from keras_cnn.layers import Flatten
from keras_cnn.reference import layers as reference

SHAPES = [(4,), (4, 3), (2, 3, 4), (2, 3, 2, 4), (2, 2, 3, 2, 2), (2, 0, 3), (0, 3, 4)]


def call(layer, x):
    return keras.ops.convert_to_numpy(layer(x))


def test_flatten_lets_the_channels_run_fastest_in_both_data_formats():
    last = np.arange(8.0).reshape(1, 2, 2, 2)
    assert call(Flatten("channels_last"), last).tolist() == [list(range(8))]
    first = last.transpose(0, 3, 1, 2)
    assert call(Flatten("channels_first"), first).tolist() == [list(range(8))]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_flatten_values_and_gradients_equal_keras(shape, data_format, mode, drawn, run):
    x = drawn(*shape)
    ours, theirs = Flatten(data_format), keras.layers.Flatten(data_format)
    u = drawn(*ours.compute_output_shape(shape))
    mine, other = run(ours, x, u, mode), run(theirs, x, u, mode)
    assert mine.value.shape == u.shape
    np.testing.assert_array_equal(mine.value, other.value)
    np.testing.assert_array_equal(mine.by_x, other.by_x)


def test_flatten_value_and_gradient_equal_the_reference(drawn, run):
    x, u = drawn(2, 3, 2, 4), drawn(2, 24)
    result = run(Flatten(), x, u)
    np.testing.assert_array_equal(result.value, reference.flatten(x))
    by_x = reference.flatten_input_gradient(u, x.shape)
    np.testing.assert_array_equal(result.by_x, by_x)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float32"])
def test_flatten_keeps_the_dtype_as_keras(dtype):
    x = np.ones((2, 3, 2), dtype)
    assert call(Flatten(), x).dtype == call(keras.layers.Flatten(), x).dtype == dtype
    assert Flatten()(keras.Input((3, 2), dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    "shape",
    [(None,), (None, 3), (None, None), (None, 3, None), (2, None, None, 4), (2, 3, 4)],
    ids=str,
)
def test_flatten_symbolic_shape_equals_keras(shape, data_format):
    x = keras.Input(batch_shape=shape)
    ours, theirs = Flatten(data_format), keras.layers.Flatten(data_format)
    assert ours(x).shape == theirs(x).shape
    assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)


def test_flatten_of_unknown_sizes_in_a_model_equals_keras(drawn):
    x = keras.Input((None, None, 2))
    model = keras.Model(x, [Flatten()(x), keras.layers.Flatten()(x)])
    for shape in [(2, 3, 4, 2), (1, 5, 1, 2)]:
        mine, other = model.predict(drawn(*shape), verbose=0)
        np.testing.assert_array_equal(mine, other)


def test_flatten_config_has_the_keys_and_values_of_keras():
    ours = Flatten("channels_first", name="f").get_config()
    assert ours == keras.layers.Flatten("channels_first", name="f").get_config()
    assert Flatten.from_config(ours).get_config() == ours


def test_flatten_bad_argument_raises_value_error_as_keras():
    for layer in (Flatten, keras.layers.Flatten):
        with pytest.raises(ValueError, match="`data_format`"):
            layer("NHWC")
        with pytest.raises(ValueError, match="min_ndim=1"):
            layer()(keras.Input(batch_shape=()))


def test_flatten_drops_a_mask_with_the_warning_of_keras(drawn):
    x = keras.layers.Masking()(drawn(1, 4, 1))
    for layer in (Flatten(), keras.layers.Flatten()):
        with pytest.warns(UserWarning, match="does not support masking"):
            layer(x)


def test_flatten_mixed_precision_casts_floats_to_bfloat16(mixed_precision, drawn):
    y = Flatten()(drawn(1, 4, 2))
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"


def test_flatten_clone_and_file_give_the_same_numbers(tmp_path, drawn):
    model = keras.Sequential([keras.Input((2, 3, 4)), Flatten("channels_first")])
    model.save(tmp_path / "model.keras")
    x = drawn(2, 2, 3, 4)
    for other in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras.models.clone_model(model),
    ):
        assert type(other.layers[0]) is Flatten
        np.testing.assert_array_equal(call(other, x), call(model, x))

"""The pooling layers: by hand, beside Keras's, and against the reference's formulas."""

import keras
import numpy as np
import pytest

from keras_cnn.layers import AveragePooling2D, MaxPooling2D
from keras_cnn.reference import layers as reference

BACKEND = keras.backend.backend()
TOLERANCE = {"float32": {"rtol": 1e-6, "atol": 1e-6}}

CASES = {
    "2x2": {"pool_size": 2},
    "2x3": {"pool_size": (2, 3)},
    "overlapping": {"pool_size": 3, "strides": (1, 2)},
    "apart": {"pool_size": 2, "strides": 3},
    "same": {"pool_size": (3, 2), "strides": (2, 1), "padding": "same"},
    "same-2x2": {"pool_size": 2, "padding": "SAME"},
}


@pytest.fixture(params=CASES, ids=str)
def options(request):
    return CASES[request.param]


@pytest.fixture(params=[MaxPooling2D, AveragePooling2D], ids=lambda c: c.__name__)
def pooling(request):
    return request.param


def keras_twin(pooling):
    return getattr(keras.layers, pooling.__name__)


def call(layer, x):
    return keras.ops.convert_to_numpy(layer(np.asarray(x, "float32")))


def test_max_pooling2d_of_a_small_image_equals_maxima_by_hand():
    x = -np.reshape([1, 2, 3, 4, 5, 6, 7, 8, 9], (1, 3, 3, 1))
    assert call(MaxPooling2D(2), x).ravel().tolist() == [-1]
    assert call(MaxPooling2D(2, 1), x).ravel().tolist() == [-1, -2, -4, -5]
    # The padding is not 0 but nothing: -3, -7 and -9 win against it.
    y = call(MaxPooling2D(2, padding="same"), x)
    assert y.ravel().tolist() == [-1, -3, -7, -9]


def test_average_pooling2d_of_a_small_image_equals_means_by_hand():
    x = np.reshape([1, 2, 3, 4, 5, 6, 7, 8, 9], (1, 3, 3, 1))
    # (1 + 2 + 4 + 5) / 4
    assert call(AveragePooling2D(2), x).ravel().tolist() == [3]
    # at the border (3 + 6) / 2, (7 + 8) / 2, 9 / 1: padding does not count
    y = call(AveragePooling2D(2, padding="same"), x)
    assert y.ravel().tolist() == [3, 4.5, 7.5, 9]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pooling2d_values_and_gradients_equal_keras(
    pooling, options, data_format, mode, drawn, run
):
    shape = (2, 7, 8, 3) if data_format == "channels_last" else (2, 3, 7, 8)
    # Halves: many equal values under a window.
    x = np.round(drawn(*shape) * 2) / 2
    ours = pooling(**options, data_format=data_format)
    theirs = keras_twin(pooling)(**options, data_format=data_format)
    u = drawn(*ours.compute_output_shape(shape))
    mine, other = run(ours, x, u, mode), run(theirs, x, u, mode)
    np.testing.assert_array_equal(mine.value, other.value)
    np.testing.assert_array_equal(mine.by_x, other.by_x)


def test_max_pooling2d_values_and_gradients_equal_the_reference(options, drawn, run):
    layer = MaxPooling2D(**options)
    x = drawn(2, 7, 8, 3)
    u = drawn(*layer.compute_output_shape(x.shape))
    result = run(layer, x, u)
    where = (layer.pool_size, layer.strides, layer.padding)
    np.testing.assert_array_equal(result.value, reference.max_pooling2d(x, *where))
    by_x = reference.max_pooling2d_input_gradient(x, u, *where)
    np.testing.assert_allclose(result.by_x, by_x, **TOLERANCE["float32"])


def test_average_pooling2d_values_and_gradients_equal_the_reference(
    options, drawn, run
):
    if BACKEND == "torch" and options.get("padding"):
        pytest.skip("on torch, Keras counts repeated border values in the mean")
    layer = AveragePooling2D(**options)
    x = drawn(2, 7, 8, 3)
    u = drawn(*layer.compute_output_shape(x.shape))
    result = run(layer, x, u)
    where = (layer.pool_size, layer.strides, layer.padding)
    value = reference.average_pooling2d(x, *where)
    np.testing.assert_allclose(result.value, value, **TOLERANCE["float32"])
    by_x = reference.average_pooling2d_input_gradient(u, x.shape, *where)
    np.testing.assert_allclose(result.by_x, by_x, **TOLERANCE["float32"])


@pytest.mark.skipif(BACKEND == "torch", reason="torch breaks ties in its own way")
@pytest.mark.parametrize("value", [0.0, 1.0, -np.inf])
def test_max_pooling2d_gradient_at_a_tie_goes_to_the_first(value, run):
    x = np.full((1, 2, 2, 1), value, "float32")
    gradient = run(MaxPooling2D(2), x, np.full((1, 1, 1, 1), 3.0, "float32")).by_x
    assert gradient.ravel().tolist() == [3, 0, 0, 0]


def test_pooling2d_keeps_nan_and_infinity_as_keras(pooling):
    x = np.array([np.nan, 1, np.inf, 2, -np.inf, 3, np.inf, -np.inf], "float32")
    x = x.reshape(1, 1, 8, 1)
    ours, theirs = pooling((1, 2)), keras_twin(pooling)((1, 2))
    np.testing.assert_array_equal(call(ours, x), call(theirs, x))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("image", [(None, None), (None, 9), (8, 9)], ids=str)
def test_pooling2d_symbolic_shape_equals_keras(pooling, options, data_format, image):
    shape = (*image, 3) if data_format == "channels_last" else (3, *image)
    ours = pooling(**options, data_format=data_format)
    lower = {**options, "padding": options.get("padding", "valid").lower()}
    theirs = keras_twin(pooling)(**lower, data_format=data_format)
    expected = theirs.compute_output_shape((None, *shape))
    assert ours(keras.Input(shape)).shape == expected
    assert ours.compute_output_shape((None, *shape)) == expected


def test_pooling2d_is_built_from_the_start_and_has_no_weights(pooling):
    assert pooling(2).built
    assert pooling(2).weights == []


def test_max_pooling2d_pool_size_defaults_to_two_and_average_has_no_default():
    assert MaxPooling2D().pool_size == (2, 2)
    for layer in (AveragePooling2D, keras.layers.AveragePooling2D):
        with pytest.raises(TypeError, match="pool_size"):
            layer()


def test_pooling2d_config_has_the_keys_and_values_of_keras(pooling):
    options = {"pool_size": (2, 3), "strides": 1, "padding": "same", "name": "p"}
    ours = pooling(**options).get_config()
    assert ours == keras_twin(pooling)(**options).get_config()
    assert pooling.from_config(ours).get_config() == ours


@pytest.mark.parametrize(
    "options, message",
    [
        ({"pool_size": 0}, "`pool_size` argument must be a tuple of 2"),
        ({"pool_size": (2, 2, 2)}, "`pool_size` argument must be a tuple of 2"),
        ({"pool_size": "ab"}, "`pool_size` argument must be a tuple of 2"),
        ({"strides": -1}, r"including values \{-1\}"),
        ({"data_format": "NHWC"}, "`data_format` must be one of"),
        ({"poolsize": 2}, "poolsize"),
    ],
    ids=str,
)
def test_pooling2d_bad_argument_raises_value_error_as_keras(pooling, options, message):
    options = {"pool_size": 2, **options}
    with pytest.raises(ValueError, match=message):
        pooling(**options)
    with pytest.raises(ValueError):
        keras_twin(pooling)(**options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"padding": "causal"}, "`padding` must be one of valid, same"),
        ({"strides": 0}, "`strides` argument must be a tuple of 2"),
    ],
    ids=str,
)
def test_pooling2d_bad_argument_raises_at_once_unlike_keras(pooling, options, message):
    with pytest.raises(ValueError, match=message):
        pooling(2, **options)
    later = keras_twin(pooling)(2, **options)
    with pytest.raises((ValueError, OverflowError)), np.errstate(divide="ignore"):
        later.compute_output_shape((1, 4, 4, 1))


def test_pooling2d_upper_case_padding_works_in_a_symbolic_call_unlike_keras(pooling):
    assert pooling(2, padding="SAME")(keras.Input((5, 5, 1))).shape == (None, 3, 3, 1)
    with pytest.raises(ValueError):
        keras_twin(pooling)(2, padding="SAME")(keras.Input((5, 5, 1)))


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 8, 8, 8, 1), (2, 1, 8, 1)], ids=str)
def test_pooling2d_bad_input_raises_value_error_as_keras(pooling, shape):
    for layer in (pooling, keras_twin(pooling)):
        with pytest.raises(ValueError):
            layer(2)(keras.Input(batch_shape=shape))


def test_pooling2d_mixed_precision_computes_in_bfloat16(
    pooling, mixed_precision, drawn
):
    y = pooling(2)(drawn(1, 4, 4, 2))
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"


def test_pooling2d_drops_a_mask_with_the_warning_of_keras(pooling, drawn):
    x = keras.layers.Masking()(drawn(1, 4, 4, 1))
    for layer in (pooling(2), keras_twin(pooling)(2)):
        with pytest.warns(UserWarning, match="does not support masking"):
            layer(x)


def test_pooling2d_clone_and_file_give_the_same_numbers(pooling, tmp_path, drawn):
    model = keras.Sequential(
        [
            keras.Input((2, 7, 9)),
            pooling((3, 2), (1, 3), "same", "channels_first", name="p"),
        ]
    )
    model.save(tmp_path / "model.keras")
    x = drawn(2, 2, 7, 9)
    for other in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras.models.clone_model(model),
    ):
        assert type(other.get_layer("p")) is pooling
        np.testing.assert_array_equal(call(other, x), call(model, x))

"""Conv2D: by hand, beside Keras's, and against the formulas of the reference."""

import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_cnn import layers
from keras_cnn.layers import Conv2D
from keras_cnn.reference import layers as reference

TENSORFLOW = keras.backend.backend() == "tensorflow"
TOLERANCE = {
    "float32": {"rtol": 1e-5, "atol": 2e-5},
    "bfloat16": {"rtol": 2e-2, "atol": 5e-2},
}

CASES = {
    "plain": {},
    "same": {"padding": "same"},
    "strides": {"strides": (2, 1)},
    "strides-same": {"strides": (2, 3), "padding": "SAME"},
    "dilation": {"dilation_rate": (1, 2)},
    "dilation-same": {"dilation_rate": 2, "padding": "same"},
    "groups": {"groups": 2},
    "groups-same-strides": {"groups": 2, "strides": 2, "padding": "same"},
    "no-bias": {"use_bias": False},
    "kernel-2x3": {"kernel_size": (2, 3), "padding": "same"},
    "relu": {"activation": "relu"},
}


@pytest.fixture(params=CASES, ids=str)
def options(request):
    return {"filters": 6, "kernel_size": 3, **CASES[request.param]}


def both(options, shape, drawn):
    """Ours and Keras's layer, built, with the same weights, none of them zero."""
    ours, theirs = Conv2D(**options), keras.layers.Conv2D(**options)
    ours.build(shape)
    theirs.build(shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    weights = [drawn(*w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def numbers(tensors):
    return [float(convert_to_numpy(tensor)) for tensor in tensors]


def assert_same(ours, theirs, dtype="float32"):
    for mine, other in zip(
        [ours.value, ours.by_x, *ours.by_weights],
        [theirs.value, theirs.by_x, *theirs.by_weights],
        strict=True,
    ):
        scale = max(np.abs(other).max(), 1.0)
        np.testing.assert_allclose(mine / scale, other / scale, **TOLERANCE[dtype])


def test_conv2d_of_a_small_image_equals_sums_by_hand():
    layer = Conv2D(1, 2)
    layer.build((1, 3, 3, 1))
    layer.set_weights([np.reshape([1, -1, 2, 0], (2, 2, 1, 1)), np.array([0.5])])
    x = np.reshape([1, 2, 3, 4, 5, 6, 7, 8, 9], (1, 3, 3, 1)).astype("float32")
    # 1 - 2 + 2 * 4 + 0.5, 2 - 3 + 2 * 5 + 0.5; 4 - 5 + 2 * 7, 5 - 6 + 2 * 8, + 0.5
    y = convert_to_numpy(layer(x))
    assert y.ravel().tolist() == [7.5, 9.5, 13.5, 15.5]


def test_conv2d_values_and_gradients_equal_keras(options, mode, drawn, run):
    ours, theirs = both(options, (2, 7, 8, 4), drawn)
    x = drawn(2, 7, 8, 4)
    u = drawn(*ours.compute_output_shape(x.shape))
    assert_same(run(ours, x, u, mode), run(theirs, x, u, mode))


def test_conv2d_values_and_gradients_equal_the_reference(options, drawn, run):
    ours, _ = both({**options, "activation": None}, (2, 7, 8, 4), drawn)
    x = drawn(2, 7, 8, 4)
    u = drawn(*ours.compute_output_shape(x.shape))
    result = run(ours, x, u)
    kernel, *bias = ours.get_weights()
    geometry = {
        "strides": ours.strides,
        "padding": ours.padding,
        "dilation_rate": ours.dilation_rate,
        "groups": ours.groups,
    }
    result_by_kernel, *result_by_bias = result.by_weights
    for mine, exact in [
        (result.value, reference.conv2d(x, kernel, *bias, **geometry)),
        (
            result.by_x,
            reference.conv2d_input_gradient(kernel, u, x.shape, **geometry),
        ),
        (
            result_by_kernel,
            reference.conv2d_kernel_gradient(x, u, ours.kernel_size, **geometry),
        ),
        *((by_bias, reference.conv2d_bias_gradient(u)) for by_bias in result_by_bias),
    ]:
        scale = np.abs(exact).max()
        np.testing.assert_allclose(mine / scale, exact / scale, **TOLERANCE["float32"])


@pytest.mark.parametrize("case", ["plain", "same", "strides-same", "dilation-same"])
def test_conv2d_with_channels_first_equals_channels_last_transposed(case, drawn, run):
    options = {"filters": 5, "kernel_size": 3, **CASES[case]}
    last = Conv2D(**options, data_format="channels_last")
    first = Conv2D(**options, data_format="channels_first")
    x = drawn(2, 7, 8, 4)
    last.build(x.shape)
    first.build((2, 4, 7, 8))
    weights = [drawn(*w.shape) for w in last.weights]
    last.set_weights(weights)
    first.set_weights(weights)
    u = drawn(*last.compute_output_shape(x.shape))
    expected = run(last, x, u)
    mine = run(first, x.transpose(0, 3, 1, 2), u.transpose(0, 3, 1, 2))
    mine.value = mine.value.transpose(0, 2, 3, 1)
    mine.by_x = mine.by_x.transpose(0, 2, 3, 1)
    assert_same(mine, expected)


@pytest.mark.parametrize("case", ["plain", "same", "strides-same", "dilation-same"])
def test_conv2d_turns_the_image_around_where_the_backend_cannot(
    case, drawn, run, monkeypatch
):
    monkeypatch.setattr(
        "keras_cnn.layers.conv2d.convolves_channels_first", lambda: False
    )
    test_conv2d_with_channels_first_equals_channels_last_transposed(case, drawn, run)


@pytest.mark.skipif(not TENSORFLOW, reason="Keras errs on TensorFlow only")
def test_conv2d_channels_first_as_wide_as_filters_differs_from_keras(drawn):
    options = {"filters": 4, "kernel_size": 1, "data_format": "channels_first"}
    ours, theirs = both(options, (1, 2, 3, 4), drawn)
    bias = np.array([1, 2, 3, 4], "float32")
    for layer in (ours, theirs):
        layer.set_weights([np.zeros((1, 1, 2, 4)), bias])
    x = drawn(1, 2, 3, 4)
    along_channels = np.broadcast_to(bias[:, None, None], (4, 3, 4))
    np.testing.assert_array_equal(np.array(ours(x))[0], along_channels)
    # Keras 3.15: bias_add picks the last axis, because it is 4 long, too.
    along_width = np.broadcast_to(bias, (4, 3, 4))
    try:
        theirs_y = np.array(theirs(x))[0]
    except Exception as error:
        # On a CPU without oneDNN Keras cannot convolve channels first at all.
        assert "NHWC" in str(error)
        return
    np.testing.assert_array_equal(theirs_y, along_width)


@pytest.mark.skipif(not TENSORFLOW, reason="JAX computes in float64 only if told to")
@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_conv2d_with_channels_first_takes_every_dtype(dtype):
    layer = Conv2D(
        2,
        2,
        data_format="channels_first",
        dtype=dtype,
        kernel_initializer="ones",
    )
    # Each window of ones covers four pixels of each of three channels.
    y = layer(np.ones((1, 3, 3, 4), "float32"))
    values = keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))
    np.testing.assert_array_equal(values, np.full((1, 2, 2, 3), 12.0))


def test_conv2d_starts_from_the_weights_that_keras_would_draw():
    def weights(layer):
        keras.utils.set_random_seed(3)
        made = [
            layer(4, 3, kernel_initializer="he_normal"),
            layer(4, 3, bias_initializer="random_normal"),
            layer(2, 3),
        ]
        model = keras.Sequential([keras.Input((9, 9, 3)), *made])
        return model.get_weights()

    ours, theirs = weights(Conv2D), weights(keras.layers.Conv2D)
    assert len(ours) == 6
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_conv2d_weights_file_of_keras_loads(tmp_path, drawn):
    def model(layer):
        return keras.Sequential([keras.Input((5, 5, 2)), layer(3, 2), layer(4, 2)])

    theirs, ours = model(keras.layers.Conv2D), model(Conv2D)
    theirs.save_weights(tmp_path / "model.weights.h5")
    ours.load_weights(tmp_path / "model.weights.h5")
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_conv2d_config_has_the_keys_and_values_of_keras():
    options = {"filters": 4, "kernel_size": 3, "kernel_regularizer": "l2", "name": "c"}
    ours = Conv2D(**options).get_config()
    theirs = keras.layers.Conv2D(**options).get_config()
    assert ours.keys() == theirs.keys()
    assert {k for k in ours if ours[k] != theirs[k]} <= {"activation"}


@pytest.mark.parametrize("package", [keras.layers, layers], ids=["keras", "ours"])
def test_conv2d_with_a_layer_as_activation_comes_back_with_it(package, drawn):
    layer = Conv2D(4, 3, activation=package.ReLU(max_value=0.5))
    config = json.loads(json.dumps(layer.get_config()))
    again = Conv2D.from_config(config)
    assert type(again.activation) is package.ReLU
    assert again.activation.max_value == 0.5
    x = drawn(1, 5, 5, 2)
    y = layer(x)
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(convert_to_numpy(again(x)), convert_to_numpy(y))
    assert convert_to_numpy(y).max() == 0.5
    # Keras's own writes the same.
    theirs = keras.layers.Conv2D(4, 3, activation=layer.activation).get_config()
    assert theirs["activation"] == config["activation"]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    "image, channels", [((None, None), 4), ((None, 9), 4), ((8, 9), 4)], ids=str
)
def test_conv2d_symbolic_shape_equals_keras(options, data_format, image, channels):
    last = data_format == "channels_last"
    shape = (*image, channels) if last else (channels, *image)
    x = keras.Input(shape)
    ours = Conv2D(**options, data_format=data_format)
    theirs = keras.layers.Conv2D(**options, data_format=data_format)
    expected = theirs.compute_output_shape((None, *shape))
    assert ours(x).shape == expected
    assert ours.compute_output_shape((None, *shape)) == expected
    assert ours.compute_output_spec(x).shape == expected


def test_conv2d_data_format_none_takes_the_setting():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        layer = Conv2D(5, 3)
    finally:
        keras.config.set_image_data_format(before)
    assert layer.compute_output_shape((2, 3, 8, 8)) == (2, 5, 6, 6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"filters": 0}, "`filters` must be a whole number >= 1"),
        ({"filters": -2}, "`filters` must be a whole number >= 1"),
        ({"kernel_size": (1, 0)}, "`kernel_size` argument must be a tuple of 2"),
        ({"kernel_size": (1, 2, 3)}, "`kernel_size` argument must be a tuple of 2"),
        ({"kernel_size": None}, "`kernel_size` argument must be a tuple of 2"),
        ({"kernel_size": (1.5, 2)}, "`kernel_size` argument must be a tuple of 2"),
        ({"strides": 0}, "`strides` argument must be a tuple of 2"),
        ({"strides": (1, -1)}, r"including values \{-1\}"),
        ({"dilation_rate": 0}, "`dilation_rate` argument must be a tuple of 2"),
        ({"padding": "causal"}, "`padding` must be one of valid, same"),
        ({"padding": "vald"}, 'Did you mean "valid"'),
        ({"data_format": "NHWC"}, "`data_format` must be one of"),
        ({"groups": 0}, "number of groups must be a positive integer"),
        ({"groups": 4}, "filters must be evenly divisible"),
        ({"strides": 2, "dilation_rate": (1, 2)}, "`strides > 1` not supported"),
        ({"activation": "reluu"}, "reluu"),
        ({"kernel_initializer": "nope"}, "nope"),
        ({"kernal_size": 3}, "kernal_size"),
    ],
    ids=str,
)
def test_conv2d_bad_argument_raises_value_error_as_keras(options, message):
    options = {"filters": 6, "kernel_size": 3, **options}
    with pytest.raises(ValueError, match=message):
        Conv2D(**options)
    if options["kernel_size"] != (1.5, 2):
        with pytest.raises(ValueError):
            keras.layers.Conv2D(**options)


@pytest.mark.parametrize("option", ["lora_rank", "lora_alpha"])
def test_conv2d_low_rank_option_raises_unless_none(option):
    assert Conv2D(2, 3, **{option: None}).filters == 2
    with pytest.raises(ValueError, match=f"`{option}` must be None"):
        Conv2D(2, 3, **{option: 4})


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((2, 8, 8), {}, "expected min_ndim=4"),
        ((2, 8, 8, 8, 4), {}, "must have 4 dimensions"),
        ((2, 8, 8, 3), {"groups": 2}, "divisible by the number of groups"),
        ((2, 2, 8, 4), {}, "zero or negative"),
        ((2, 4, 8, 4), {"dilation_rate": 2}, "zero or negative"),
    ],
    ids=str,
)
def test_conv2d_bad_input_raises_value_error_as_keras(shape, options, message):
    for layer in (Conv2D, keras.layers.Conv2D):
        with pytest.raises(ValueError, match=message if layer is Conv2D else None):
            layer(6, 3, **options)(keras.Input(batch_shape=shape))


def test_conv2d_unknown_channels_raise():
    with pytest.raises(ValueError, match="input channels must be known"):
        Conv2D(6, 3)(keras.Input((8, 8, None)))


def test_conv2d_other_channels_after_build_raise():
    layer = Conv2D(2, 3)
    layer.build((None, 8, 8, 3))
    with pytest.raises(ValueError, match="expected axis -1 of input shape"):
        layer(np.zeros((1, 8, 8, 4)))


def test_conv2d_drops_a_mask_with_the_warning_of_keras(drawn):
    x = keras.layers.Masking()(drawn(1, 4, 4, 1))
    for layer in (Conv2D(2, 3), keras.layers.Conv2D(2, 3)):
        with pytest.warns(UserWarning, match="does not support masking"):
            layer(x)


def test_conv2d_mixed_precision_keeps_float32_weights(mixed_precision, drawn, run):
    ours, theirs = both({"filters": 3, "kernel_size": 3}, (2, 6, 6, 2), drawn)
    assert {w.dtype for w in ours.weights} == {"float32"}
    x, u = drawn(2, 6, 6, 2), drawn(2, 4, 4, 3)
    assert keras.backend.standardize_dtype(ours(x).dtype) == "bfloat16"
    assert_same(run(ours, x, u), run(theirs, x, u), "bfloat16")


def test_conv2d_float16_policy_equals_keras(drawn):
    options = {"filters": 3, "kernel_size": 3, "dtype": "float16"}
    ours, theirs = both(options, (2, 6, 6, 2), drawn)
    x = drawn(2, 6, 6, 2)
    mine = convert_to_numpy(ours(x))
    assert mine.dtype == "float16"
    np.testing.assert_array_equal(mine, convert_to_numpy(theirs(x)))


def test_conv2d_attributes_appear_with_the_build():
    layer = Conv2D(2, 3, use_bias=False)
    with pytest.raises(AttributeError):
        _ = layer.kernel
    layer.build((None, 5, 5, 3))
    assert layer.kernel.shape == (3, 3, 3, 2)
    assert layer.bias is None


def test_conv2d_regularizers_and_constraints_reach_the_weights(drawn):
    layer = Conv2D(
        2,
        3,
        bias_initializer="ones",
        kernel_regularizer=keras.regularizers.L1(0.5),
        bias_regularizer=keras.regularizers.L2(3.0),
        activity_regularizer=keras.regularizers.L2(1.0),
        kernel_constraint="non_neg",
        bias_constraint="max_norm",
    )
    y = convert_to_numpy(layer(drawn(2, 5, 5, 1)))
    kernel, _ = layer.get_weights()
    # Activity penalties are means over the batch; the bias is two ones.
    expected = [np.square(y).sum() / 2, 0.5 * np.abs(kernel).sum(), 3.0 * 2]
    losses = sorted(numbers(layer.losses))
    np.testing.assert_allclose(losses, sorted(expected), rtol=1e-5)
    assert isinstance(layer.kernel.constraint, keras.constraints.NonNeg)
    assert isinstance(layer.bias.constraint, keras.constraints.MaxNorm)


def test_conv2d_clone_and_file_give_the_same_numbers(tmp_path, drawn):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((6, 7, 4)),
            Conv2D(
                4,
                (3, 2),
                padding="same",
                strides=(1, 2),
                groups=2,
                activation="relu",
                kernel_initializer=keras.initializers.RandomUniform(-1, 1),
                bias_initializer=keras.initializers.Constant(0.25),
                kernel_regularizer=keras.regularizers.L2(0.5),
                kernel_constraint=keras.constraints.MaxNorm(2.0, axis=[0, 1, 2]),
            ),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    x = drawn(2, 6, 7, 4)
    expected = convert_to_numpy(model(x))
    for other in (loaded, clone):
        assert type(other.layers[0]) is Conv2D
        np.testing.assert_array_equal(convert_to_numpy(other(x)), expected)
        np.testing.assert_array_equal(numbers(other.losses), numbers(model.losses))
        assert other.layers[0].kernel.constraint.max_value == 2.0

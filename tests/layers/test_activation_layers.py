"""Every activation layer beside its function, and beside Keras's layer of the name."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import activations, layers
from tests.gradients import value_and_grad

# Layer: its function, and arguments that are not the defaults.
CASES = {
    "CELU": ("celu", {"alpha": 1.7}),
    "ELU": ("elu", {"alpha": 0.7}),
    "Exponential": ("exponential", {}),
    "GELU": ("gelu", {"approximate": True}),
    "HardSigmoid": ("hard_sigmoid", {}),
    "HardTanh": ("hard_tanh", {}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.45}),
    "LogSigmoid": ("log_sigmoid", {}),
    "LogSoftmax": ("log_softmax", {"axis": 1}),
    "Mish": ("mish", {}),
    "ReLU": ("relu", {"max_value": 2.0, "negative_slope": 0.2, "threshold": 0.5}),
    "ReLU6": ("relu6", {}),
    "SELU": ("selu", {}),
    "Sigmoid": ("sigmoid", {}),
    "SiLU": ("silu", {}),
    "Softmax": ("softmax", {"axis": 1}),
    "Softplus": ("softplus", {}),
    "Softsign": ("softsign", {}),
    "Tanh": ("tanh", {}),
}
each_layer = pytest.mark.parametrize("name", CASES)
IN_KERAS = ["ELU", "LeakyReLU", "ReLU", "Softmax"]
X = np.random.default_rng(0).normal(0, 3, (2, 3, 4)).astype("float32")


def make(name, module=layers, /, **kwargs):
    return getattr(module, name)(**CASES[name][1], **kwargs)


def test_every_layer_has_a_case():
    activation_layers = {
        name
        for name in layers.__all__
        if name != "deserialize"
        and getattr(layers, name).__mro__[1].__name__ == "Elementwise"
    }
    assert activation_layers == set(CASES)


@each_layer
def test_layer_equals_its_function(name):
    function, arguments = CASES[name]
    want = getattr(activations, function)(X, **arguments)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(make(name)(X)), ops.convert_to_numpy(want)
    )


@pytest.mark.parametrize("name", IN_KERAS)
def test_layer_beside_keras_has_same_value_gradient_and_config(name):
    ours, theirs = make(name, name="x"), make(name, keras.layers, name="x")
    for got, want in zip(
        value_and_grad(ours, X), value_and_grad(theirs, X), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    assert ours.get_config() == theirs.get_config()
    assert getattr(layers, name)().get_config().keys() == ours.get_config().keys()
    defaults = [getattr(m, name)(name="x").get_config() for m in (layers, keras.layers)]
    assert defaults[0] == defaults[1]


@each_layer
def test_layer_of_unknown_batch_keeps_shape_dtype_and_mask(name):
    layer = make(name)
    output = layer(keras.Input((3, 4)))
    assert output.shape == (None, 3, 4) and output.dtype == "float32"
    assert layer.compute_output_shape((None, 3, 4)) == (None, 3, 4)
    assert layer.built and layer.supports_masking


@each_layer
def test_layer_in_mixed_precision_computes_in_bfloat16(name):
    output = make(name, dtype="mixed_bfloat16")(X)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    want = ops.convert_to_numpy(make(name)(X))
    got = ops.convert_to_numpy(ops.cast(output, "float32"))
    np.testing.assert_allclose(got, want, rtol=0.05, atol=0.02)


SCRIPT = """
import sys, keras, numpy as np
import keras_cnn.layers
model = keras.saving.load_model(sys.argv[1])
x = np.load(sys.argv[2])
np.save(sys.argv[3], np.stack([keras.ops.convert_to_numpy(y) for y in model(x)]))
"""


def test_layers_survive_saving_and_a_fresh_process(tmp_path):
    inputs = keras.Input((3, 4))
    prelu = layers.PReLU(alpha_initializer="glorot_uniform", shared_axes=1)
    outputs = [make(name)(inputs) for name in CASES] + [prelu(inputs)]
    model = keras.Model(inputs, outputs)
    paths = [str(tmp_path / name) for name in ("m.keras", "x.npy", "y.npy")]
    model.save(paths[0])
    np.save(paths[1], X)
    subprocess.run([sys.executable, "-c", SCRIPT, *paths], check=True)
    want = np.stack([ops.convert_to_numpy(y) for y in model(X)])
    np.testing.assert_allclose(np.load(paths[2]), want, rtol=1e-6)
    clone = keras.models.clone_model(model)
    for layer, again in zip(model.layers[1:], clone.layers[1:], strict=True):
        assert type(layer) is type(again) and layer.get_config() == again.get_config()


WRONG = [
    ("ReLU", {"max_value": -1.0}),
    ("ReLU", {"negative_slope": -0.1}),
    ("ReLU", {"negative_slope": None}),
    ("ReLU", {"threshold": -0.1}),
    ("ReLU", {"threshold": None}),
    ("LeakyReLU", {"negative_slope": -0.1}),
    ("LeakyReLU", {"negative_slope": None}),
]


@pytest.mark.parametrize("name, arguments", WRONG)
def test_layer_of_wrong_argument_raises_as_keras(name, arguments):
    ((argument, value),) = arguments.items()
    for module in (layers, keras.layers):
        with pytest.raises(ValueError, match=f"{argument}.*Received: {argument}="):
            getattr(module, name)(**arguments)


@pytest.mark.parametrize(
    "name, argument",
    [("ReLU", "threshold"), ("ReLU", "max_value"), ("LeakyReLU", "negative_slope")],
)
def test_layer_of_nan_argument_raises_where_keras_takes_it(name, argument):
    with pytest.raises(ValueError, match=argument):
        getattr(layers, name)(**{argument: float("nan")})
    getattr(keras.layers, name)(**{argument: float("nan")})


@pytest.mark.parametrize("alpha", [0.0, -1.0])
def test_celu_of_alpha_that_is_not_positive_raises(alpha):
    with pytest.raises(ValueError, match="`alpha` must be a finite number > 0"):
        layers.CELU(alpha=alpha)


def test_leaky_relu_takes_the_old_name_with_a_warning():
    for module in (layers, keras.layers):
        with pytest.warns(UserWarning, match="alpha"):
            assert module.LeakyReLU(alpha=0.5).negative_slope == 0.5


MASKS = {
    "bool": np.array([[True, True, False, False], [True, False, True, True]]),
    "number": np.array([[1.0, 0.9, 0.1, 0.0], [0.6, 0.4, 1.0, 1.0]], "float32"),
    "broadcast": np.array([[True, False, True, True]]),
    "row": np.array([True, False, True, True]),
    "nothing": np.zeros((2, 4), bool),
}


@pytest.mark.parametrize("axis", [-1, (0, 1), [1]])
@pytest.mark.parametrize("mask", MASKS)
def test_softmax_of_mask_beside_keras_is_same(mask, axis):
    x = X[:, 0]
    ours, theirs = layers.Softmax(axis=axis), keras.layers.Softmax(axis=axis)
    got = value_and_grad(lambda x: ours(x, mask=MASKS[mask])[:, 0], x)
    want = value_and_grad(lambda x: theirs(x, mask=MASKS[mask])[:, 0], x)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-5)
    np.testing.assert_allclose(got[1], want[1], rtol=1e-4, atol=1e-6)


def test_softmax_of_mask_that_does_not_fit_raises_as_keras():
    x = np.ones((1, 3), "float32")
    for module in (layers, keras.layers):
        with pytest.raises(ValueError, match="must not have more"):
            module.Softmax()(x, mask=np.ones((1, 1, 3), bool))
        with pytest.raises(ValueError, match="broadcastable"):
            module.Softmax()(x, mask=np.ones((2, 3), bool))


def test_softmax_of_mask_ignores_it_below_where_keras_puts_it():
    x, mask = np.array([[-2e9, 5.0]], "float32"), np.array([[True, False]])
    got = ops.convert_to_numpy(layers.Softmax()(x, mask=mask))
    np.testing.assert_array_equal(got, [[1, 0]])
    theirs = ops.convert_to_numpy(keras.layers.Softmax()(x, mask=mask))
    np.testing.assert_array_equal(theirs, [[0, 0]])

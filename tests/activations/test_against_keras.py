"""Every activation function beside Keras's: values, gradients, calls, round trips."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import activations
from keras_cnn.reference import activations as reference
from tests.gradients import value_and_grad

TENSORFLOW = keras.backend.backend() == "tensorflow"
only_tensorflow = pytest.mark.skipif(
    not TENSORFLOW, reason="tf.function and the kinks of TensorFlow's operations"
)

# Relative error; a few units in the last place of each dtype.
TOLERANCE = {"float32": 2e-6, "bfloat16": 2e-2, "float16": 2e-3}

CASES = {
    "linear": {},
    "relu": {},
    "relu-all": {"negative_slope": 0.3, "max_value": 4.0, "threshold": 0.5},
    "relu-max": {"max_value": 3.0},
    "relu-max6": {"max_value": 6.0},
    "relu-slope": {"negative_slope": 0.3},
    "relu-threshold": {"threshold": 1.0},
    "relu6": {},
    "leaky_relu": {},
    "leaky_relu-slope": {"negative_slope": 0.3},
    "elu": {},
    "elu-alpha": {"alpha": 0.7},
    "selu": {},
    "celu": {},
    "celu-alpha": {"alpha": 1.7},
    "gelu": {},
    "gelu-tanh": {"approximate": True},
    "silu": {},
    "mish": {},
    "softplus": {},
    "softsign": {},
    "sigmoid": {},
    "hard_sigmoid": {},
    "hard_silu": {},
    "hard_shrink": {},
    "hard_shrink-threshold": {"threshold": 1.0},
    "soft_shrink": {},
    "soft_shrink-threshold": {"threshold": 1.0},
    "tanh_shrink": {},
    "sparse_plus": {},
    "sparse_sigmoid": {},
    "squareplus": {},
    "squareplus-b": {"b": 0.3},
    "threshold": {"threshold": 0.5, "default_value": -2.0},
    "log_sigmoid": {},
    "tanh": {},
    "hard_tanh": {},
    "exponential": {},
    "softmax": {},
    "softmax-axis": {"axis": 0},
    "log_softmax": {},
    "log_softmax-axis": {"axis": 0},
    "sparsemax": {},
    "sparsemax-axis": {"axis": 0},
}
each_case = pytest.mark.parametrize("case", CASES)
ELEMENTWISE = [case for case in CASES if "max" not in case.split("-")[0]]

# Both signs, every kink of every case, and magnitudes up to where all are flat.
POINTS = np.array(
    [[-80.0, -9.0, -3.0, -1.0, -0.4], [0.0, 0.5, 1.0, 1.7, 3.0], [4.0, 6.0, 7, 20, 60]]
)

WEIGHTS = np.linspace(0.5, 1.0, POINTS.size).reshape(POINTS.shape)


def pair(case):
    name = case.split("-")[0]
    return tuple(
        functools.partial(getattr(module, name), **CASES[case])
        for module in (activations, keras.activations)
    )


def off_kinks(case, x):
    """Moves points off the kinks where implementations differ.

    Keras's CELU has derivative 2 at 0 on TensorFlow. Other backends than TensorFlow
    have other derivatives at several kinks.
    """
    if TENSORFLOW:
        return np.where(x == 0, 0.25, x) if "celu" in case else x
    return np.where(np.isin(x, [-3, -1, 0, 0.5, 1, 3, 4, 6]), x + 0.25, x)


def weighted(fn):
    """Makes a gradient of softmax that does not vanish."""

    def apply(x):
        y = fn(x)
        return y * ops.cast(WEIGHTS, y.dtype)

    return apply


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", [case for case in CASES if "sparsemax" not in case])
def test_activation_beside_keras_has_same_value_and_gradient(case, dtype):
    ours, theirs = pair(case)
    x = off_kinks(case, POINTS)
    if "squareplus" in case and dtype == "float16":
        x = np.maximum(x, -3)  # below, Keras's loses the digits that float16 has
    x = ops.convert_to_numpy(ops.cast(x, dtype))
    got, got_grad = value_and_grad(weighted(ours), x)
    want, want_grad = value_and_grad(weighted(theirs), x)
    assert got.dtype == want.dtype == x.dtype
    assert got_grad.dtype == x.dtype
    # Keras's derivatives lose their digits where they are small.
    compare(got, want, TOLERANCE[dtype], TOLERANCE[dtype])
    compare(got_grad, want_grad, TOLERANCE[dtype], TOLERANCE[dtype])


def compare(got, want, rtol, atol):
    np.testing.assert_allclose(
        got.astype("float64"), want.astype("float64"), rtol=rtol, atol=atol
    )


@only_tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit"])
@each_case
def test_activation_compiled_equals_eager(case, jit):
    import tensorflow as tf

    ours, _ = pair(case)
    x = off_kinks(case, POINTS).astype("float32")
    if case == "selu":
        x = np.where(x == 0, 0.25, x).astype("float32")  # a kink: XLA differs there
    compiled = tf.function(lambda x: value_and_grad_in_graph(weighted(ours), x))
    if jit:
        compiled = tf.function(compiled, jit_compile=True)
    value, grad = compiled(tf.constant(x))
    want, want_grad = value_and_grad(weighted(ours), x)
    compare(value.numpy(), want, TOLERANCE["float32"], TOLERANCE["float32"])
    compare(grad.numpy(), want_grad, TOLERANCE["float32"], TOLERANCE["float32"])


def value_and_grad_in_graph(fn, x):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        y = fn(x)
    return y, tape.gradient(y, x)


@pytest.mark.parametrize("case", ELEMENTWISE)
def test_activation_beside_reference_has_same_value_and_derivative(case):
    ours, _ = pair(case)
    name = case.split("-")[0]
    x = (POINTS if TENSORFLOW else off_kinks(case, POINTS)).astype("float32")
    got, got_grad = value_and_grad(ours, x)
    value = getattr(reference, name)(x, **CASES[case])
    slope = getattr(reference, f"{name}_derivative")(x, **CASES[case])
    # At 80, 60 and -80 exp is far from 1 in float32: relative, with a tiny floor.
    compare(got, value, 2e-5, 1e-12)
    # tanh's slope is 1 - y^2 of a rounded y: half an eps of y counts twice, and the
    # difference is rounded once more.
    floor = 1.5 * np.finfo("float32").eps if name == "tanh" else 1e-7
    compare(got_grad, slope, 2e-5, floor)


@pytest.mark.parametrize("case", ELEMENTWISE)
def test_activation_of_nan_is_nan(case):
    ours, _ = pair(case)
    y = ops.convert_to_numpy(ours(np.array([np.nan, 1.0], "float32")))
    assert np.isnan(y[0]) and np.isfinite(y[1])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", ELEMENTWISE)
def test_activation_far_out_has_no_nan_in_value_or_gradient(case, dtype):
    ours, _ = pair(case)
    x = np.array([-np.inf, -6e4, -1e3, 1e3, 6e4, np.inf], "float32")
    x = ops.convert_to_numpy(ops.cast(x, dtype))
    value, grad = value_and_grad(ours, x)
    assert not np.isnan(value.astype("float32")).any(), value
    assert not np.isnan(grad.astype("float32")).any(), grad


@each_case
def test_activation_of_symbolic_input_is_one_node_with_unknown_batch(case):
    ours, _ = pair(case)
    inputs = keras.Input((5,), dtype="float32")
    output = ours(inputs)
    assert output.shape == (None, 5) and output.dtype == inputs.dtype
    if case != "linear":
        node = output._keras_history.operation
        assert isinstance(node, keras.Operation)
        assert output._keras_history.operation._inbound_nodes[0].input_tensors == [
            inputs
        ]
    model = keras.Model(inputs, output)
    again = keras.Model.from_config(model.get_config())
    x = POINTS.astype("float32")
    want = ops.convert_to_numpy(ours(x))
    compare(ops.convert_to_numpy(model(x)), want, 1e-6, 0)
    compare(ops.convert_to_numpy(again(x)), want, 1e-6, 0)


@each_case
def test_activation_takes_lists_and_keyword_x(case):
    ours, _ = pair(case)
    rows = [[-1.0, 2.0], [3.0, 0.5]]
    got = ops.convert_to_numpy(ours(x=ops.convert_to_tensor(rows)))
    want = ours(np.array(rows, "float32"))
    compare(got, ops.convert_to_numpy(want), 0, 0)


def finite_difference(fn, x, step=1e-6):
    return (fn(x + step) - fn(x - step)) / (2 * step)


@pytest.mark.parametrize("case", ELEMENTWISE)
def test_reference_derivative_equals_finite_difference(case):
    name = case.split("-")[0]
    x = np.random.default_rng(0).uniform(-8, 8, 200) + 0.01
    fn = functools.partial(getattr(reference, name), **CASES[case])
    slope = getattr(reference, f"{name}_derivative")(x, **CASES[case])
    np.testing.assert_allclose(finite_difference(fn, x), slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["softsign", "tanh", "sigmoid", "softplus", "gelu"])
def test_second_derivative_beside_finite_difference(name):
    if not TENSORFLOW:
        pytest.skip("nested tapes are TensorFlow's")
    import tensorflow as tf

    x = tf.constant([-2.0, -0.3, 0.4, 3.0], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = getattr(activations, name)(x)
        slope = inner.gradient(y, x)
    derivative = getattr(reference, f"{name}_derivative")
    want = finite_difference(derivative, x.numpy())
    np.testing.assert_allclose(outer.gradient(slope, x), want, rtol=1e-6, atol=1e-9)

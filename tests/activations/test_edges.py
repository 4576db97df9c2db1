"""What differs from Keras, errors, and values worked by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import activations
from keras_cnn.reference import activations as board
from tests.gradients import gradient, value_and_grad

only_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="shows what TensorFlow's Keras does"
)


# JAX computes in float32 unless told otherwise before it starts.
EXACT = 1e-12 if keras.backend.backend() != "jax" else 2e-6


def numbers(fn, *x, dtype="float32", **arguments):
    return ops.convert_to_numpy(fn(np.array(x, dtype), **arguments))


def test_relu_with_all_arguments_equals_hand_values():
    # slope * (x - threshold) = 0.5 * (-3 - 1) = -2; at the threshold 0; then x; then 4.
    got = numbers(
        activations.relu, -3, 1, 2, 9, negative_slope=0.5, max_value=4, threshold=1
    )
    np.testing.assert_array_equal(got, [-2, 0, 2, 4])


def test_relu_of_integers_stays_integer():
    np.testing.assert_array_equal(
        numbers(activations.relu, -3, 2, dtype="int32"), np.array([0, 2], "int32")
    )


def test_elu_and_celu_of_log_half_equal_hand_values():
    # exp(log(1/2)) - 1 = -1/2, times alpha = 3.
    np.testing.assert_allclose(
        numbers(activations.elu, np.log(0.5), alpha=3.0), -1.5, rtol=1e-6
    )
    np.testing.assert_allclose(
        numbers(activations.celu, 3 * np.log(0.5), alpha=3.0), -1.5, rtol=1e-6
    )


def test_sigmoid_tanh_and_mish_equal_hand_values():
    # With exp(x) = 3: 3/4; (9 - 1) / (9 + 1); softplus = log 4, tanh = 15/17.
    x = np.log(3.0)
    for fn, want in [
        (activations.sigmoid, 0.75),
        (activations.tanh, 0.8),
        (activations.softplus, np.log(4)),
        (activations.mish, x * 15 / 17),
        (activations.log_sigmoid, np.log(0.75)),
    ]:
        np.testing.assert_allclose(numbers(fn, x), want, rtol=1e-6)


def test_softmax_of_logs_equals_hand_values():
    # exp = 1, 2, 5: sums to 8.
    x = np.log([1.0, 2.0, 5.0])
    want = np.array([1, 2, 5]) / 8
    np.testing.assert_allclose(numbers(activations.softmax, *x), want, rtol=1e-6)
    got = numbers(activations.log_softmax, *x)
    np.testing.assert_allclose(got, np.log(want), rtol=1e-6)


@pytest.mark.parametrize("axis", [None, (0, 2), (-1, 0), -2, (1,)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_over_any_axes_equals_numpy(name, axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    want = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    got = ops.convert_to_numpy(getattr(activations, name)(x, axis=axis))
    np.testing.assert_allclose(
        np.exp(got) if name == "log_softmax" else got, want, rtol=1e-5
    )


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_over_axis_that_is_not_there_raises_as_keras(name):
    for module in (activations, keras.activations):
        with pytest.raises(Exception):  # noqa: B017
            getattr(module, name)(np.zeros((2, 3), "float32"), axis=2)


def test_softmax_over_axis_of_size_1_warns_as_keras():
    for module in (activations, keras.activations):
        with pytest.warns(UserWarning, match="axis.*size 1"):
            module.softmax(np.zeros((2, 1), "float32"))


def test_softmax_with_one_infinite_score_is_1_where_keras_is_nan():
    x = [0.0, np.inf, -1.0]
    np.testing.assert_array_equal(numbers(activations.softmax, *x), [0, 1, 0])
    assert np.isnan(numbers(keras.activations.softmax, *x)).any()


def test_log_softmax_keeps_a_loss_that_keras_rounds_away():
    # -log(1 + exp(-20)) = -2.06e-9.
    want = [-np.log1p(np.exp(-20.0))]
    got = numbers(activations.log_softmax, 20.0, 0.0)[:1]
    np.testing.assert_allclose(got, want, rtol=1e-5)


NEGATIVE = [
    ("relu", {"negative_slope": -0.1}),
    ("relu", {"max_value": -1.0}),
    ("relu", {"threshold": -1.0}),
    ("relu", {"threshold": float("nan")}),
    ("leaky_relu", {"negative_slope": -0.1}),
    ("celu", {"alpha": 0.0}),
    ("celu", {"alpha": -1.0}),
    ("celu", {"alpha": float("nan")}),
    ("hard_shrink", {"threshold": -0.5}),
    ("soft_shrink", {"threshold": float("nan")}),
    ("squareplus", {"b": -1.0}),
]


@pytest.mark.parametrize("name, arguments", NEGATIVE)
def test_argument_that_makes_no_sense_is_an_error_where_keras_computes(name, arguments):
    x = np.ones(2, "float32")
    ((argument, _),) = arguments.items()
    with pytest.raises(ValueError, match=f"`{argument}` must be a .*number.*Received"):
        getattr(activations, name)(x, **arguments)
    # PyTorch's own CELU refuses to divide by 0 too, its soft shrink what is not >= 0.
    if keras.backend.backend() != "torch" or name not in ("celu", "soft_shrink"):
        getattr(keras.activations, name)(x, **arguments)


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "hard_silu"])
def test_gate_at_minus_infinity_is_0_where_keras_is_nan(name):
    x = np.array([-np.inf], "float32")
    value, grad = value_and_grad(getattr(activations, name), x)
    assert value[0] == grad[0] == 0
    theirs = value_and_grad(getattr(keras.activations, name), x)
    assert np.isnan(theirs).any()


def test_softsign_at_infinity_is_1_where_keras_is_nan():
    x = [np.inf, -np.inf]
    np.testing.assert_array_equal(numbers(activations.softsign, *x), [1, -1])
    assert np.isnan(numbers(keras.activations.softsign, *x)).all()


@only_tensorflow
def test_relu_with_threshold_keeps_nan_where_keras_returns_0():
    assert np.isnan(numbers(activations.relu, np.nan, threshold=1.0))
    assert numbers(keras.activations.relu, np.nan, threshold=1.0) == 0


@only_tensorflow
def test_celu_has_derivative_1_at_0_where_keras_has_2():
    x = np.zeros(1, "float32")
    assert gradient(activations.celu, x) == 1
    assert gradient(keras.activations.celu, x) == 2


FUSED = ["sigmoid", "softplus", "elu", "selu", "leaky_relu", "relu6"]


@pytest.mark.parametrize("name", [*FUSED, "hard_sigmoid", "hard_tanh"])
def test_fused_function_equals_keras_bit_for_bit_at_kinks_and_far_out(name):
    x = np.array(
        [-np.inf, -80, -20, -3, -1, -1e-8, -0.0, 0, 1e-8, 1, 3, 6, 20, 80, np.inf],
        "float32",
    )
    got = value_and_grad(getattr(activations, name), x)
    want = value_and_grad(getattr(keras.activations, name), x)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_slope_of_0_gives_0_at_minus_infinity(name):
    x = np.array([-np.inf], "float32")
    value, grad = value_and_grad(
        lambda x: getattr(activations, name)(x, negative_slope=0.0), x
    )
    assert value[0] == grad[0] == 0


def test_derivatives_at_kinks_equal_hand_values():
    relu, at = activations.relu, lambda x: np.array([x], "float32")
    assert gradient(relu, at(0)) == 0
    assert gradient(activations.relu6, at(0)) == 0
    assert gradient(activations.relu6, at(6)) == 0
    assert gradient(lambda x: relu(x, max_value=6.0), at(6)) == 0
    assert gradient(lambda x: relu(x, max_value=5.0), at(5)) == 1
    assert gradient(lambda x: relu(x, threshold=1.0), at(1)) == 0
    # JAX's own leaky ReLU has 1 at 0, PyTorch's hard tanh 0 at +-1; so has Keras.
    sloped = gradient(lambda x: relu(x, negative_slope=0.25), at(0))
    assert sloped == (1 if keras.backend.backend() == "jax" else 0.25)
    inside = keras.backend.backend() != "torch"
    assert gradient(activations.hard_tanh, at(1)) == inside
    assert gradient(activations.hard_tanh, at(-1)) == inside
    assert gradient(activations.hard_sigmoid, at(3)) == 0
    assert gradient(activations.hard_sigmoid, at(-3)) == 0
    for name in ("sigmoid", "softplus", "tanh", "mish", "softsign"):
        want = {"sigmoid": 0.25, "softplus": 0.5, "mish": 0.6}.get(name, 1.0)
        got = gradient(getattr(activations, name), at(0))
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_shrinking_functions_equal_hand_values():
    # At the threshold of 1 both are 0; beyond, one keeps the input, one what is left.
    x = [-3.0, -1.0, 0.5, 1.0, 2.0]
    got = numbers(activations.hard_shrink, *x, threshold=1.0)
    np.testing.assert_array_equal(got, [-3, 0, 0, 0, 2])
    got = numbers(activations.soft_shrink, *x, threshold=1.0)
    np.testing.assert_array_equal(got, [-2, 0, 0, 0, 1])
    # exp(x) = 3: tanh = 4/5.
    got = numbers(activations.tanh_shrink, np.log(3.0))
    np.testing.assert_allclose(got, np.log(3) - 0.8, rtol=1e-6)


def test_sparse_functions_and_squareplus_equal_hand_values():
    x = [-1.0, -0.5, 0.0, 1.0, 3.0]
    got = numbers(activations.sparse_plus, *x)
    np.testing.assert_array_equal(got, [0, 1 / 16, 1 / 4, 1, 3])
    got = numbers(activations.sparse_sigmoid, *x)
    np.testing.assert_array_equal(got, [0, 1 / 4, 1 / 2, 1, 1])
    # sqrt(x^2 + 4) = 2.5 at +-1.5; with b = 0 it is ReLU.
    got = numbers(activations.squareplus, -1.5, 0.0, 1.5)
    np.testing.assert_array_equal(got, [0.5, 1, 2])
    got = numbers(activations.squareplus, -1.5, 0.0, 1.5, b=0)
    np.testing.assert_array_equal(got, [0, 0, 1.5])
    x = np.array([-1, 0, 1], "float32")
    slope = gradient(lambda x: activations.squareplus(x, b=0), x)
    np.testing.assert_array_equal(slope, [0, 0, 1])
    got = numbers(activations.hard_silu, -3.0, -1.5, 1.5, 3.0)
    np.testing.assert_array_equal(got, [0, -0.375, 1.125, 3])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_shrink_near_0_is_a_third_of_the_cube_where_keras_has_no_digits(dtype):
    x = np.array([1e-3, -1e-4, 1e-6], dtype)
    got, slope = value_and_grad(activations.tanh_shrink, x)
    np.testing.assert_allclose(got, x**3 / 3, rtol=1e-6)
    np.testing.assert_allclose(slope, x**2, rtol=1e-6)
    if dtype == "float32":
        theirs = ops.convert_to_numpy(keras.activations.tanh_shrink(x))
        assert abs(theirs[1] / got[1] - 1) > 0.5


def test_squareplus_far_below_0_is_b_over_4x_where_keras_is_0():
    x = np.array([-1e5, -1e12, -1e30], "float32")
    got, slope = value_and_grad(activations.squareplus, x)
    np.testing.assert_allclose(got, -1 / x, rtol=1e-6)  # b / (4 |x|), b = 4
    want = 1 / np.float64(x[:2]) ** 2
    np.testing.assert_allclose(slope[:2], want, rtol=1e-6)
    # Keras: 0, 0 and, since the square overflows, inf.
    theirs = ops.convert_to_numpy(keras.activations.squareplus(x))
    np.testing.assert_array_equal(theirs, [0, 0, np.inf])


@only_tensorflow
def test_sparse_plus_at_infinity_has_a_derivative_where_keras_has_nan():
    x = np.array([-np.inf, np.inf], "float32")
    np.testing.assert_array_equal(gradient(activations.sparse_plus, x), [0, 1])
    assert np.isnan(gradient(keras.activations.sparse_plus, x)).all()


@only_tensorflow
@pytest.mark.parametrize(
    "name, arguments",
    [
        ("hard_shrink", {}),
        ("soft_shrink", {}),
        ("threshold", {"threshold": 1.0, "default_value": 7.0}),
    ],
)
def test_nan_stays_where_keras_replaces_it(name, arguments):
    assert np.isnan(numbers(getattr(activations, name), np.nan, **arguments))
    theirs = numbers(getattr(keras.activations, name), np.nan, **arguments)
    assert theirs == arguments.get("default_value", 0)


def test_sparsemax_equals_hand_values():
    # Two of three: t = (1 + 0.75 - 1) / 2 = 0.375. One alone. All alike.
    for x, want in [
        ([1.0, 0.75, -1.0], [0.625, 0.375, 0]),
        ([5.0, 3.0, 1.0], [1, 0, 0]),
        ([2.0, 2.0, 2.0, 2.0], [0.25] * 4),
        ([0.5, 0.0, -0.5], [0.75, 0.25, 0]),  # the third lies exactly at t = -0.25 ...
        ([0.5, 0.0, -0.25], [0.75, 0.25, 0]),  # ... here
    ]:
        np.testing.assert_array_equal(numbers(activations.sparsemax, *x), want)


def test_sparsemax_of_several_scores_sums_to_1_where_that_of_keras_does_not():
    x = [1.0, 0.75, -1.0]
    assert numbers(activations.sparsemax, *x).sum() == 1
    # (1 + 1.75 - 1) / 2: it sums the sums. When this fails, Keras has mended it.
    theirs = numbers(keras.activations.sparsemax, *x)
    np.testing.assert_array_equal(theirs, [0.125, 0, 0])


def test_sparsemax_beside_the_reference_and_its_jacobian():
    x = np.random.default_rng(0).normal(size=(20, 7)) * 2
    got = ops.convert_to_numpy(activations.sparsemax(x))
    np.testing.assert_allclose(got, board.sparsemax(x), atol=EXACT)
    np.testing.assert_allclose(got.sum(-1), 1, rtol=EXACT)
    for i in range(7):
        slope = gradient(lambda x, i=i: activations.sparsemax(x)[:, i], x)
        want = [board.sparsemax_derivative(row)[i] for row in x]
        np.testing.assert_allclose(slope, want, atol=EXACT)


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_sparsemax_along_any_axis_equals_the_reference(axis):
    x = np.random.default_rng(1).normal(size=(3, 4, 5)).astype("float32")
    got = ops.convert_to_numpy(activations.sparsemax(x, axis=axis))
    np.testing.assert_allclose(got, board.sparsemax(x, axis=axis), atol=1e-6)


def test_sparsemax_of_large_scores_sums_to_1_where_keras_gives_0():
    x = [1e8, 1e8 - 8, 0.0]
    np.testing.assert_array_equal(numbers(activations.sparsemax, *x), [1, 0, 0])
    assert numbers(keras.activations.sparsemax, *x).sum() != 1
    infinite = numbers(activations.sparsemax, 0.0, np.inf, -np.inf)
    np.testing.assert_array_equal(infinite, [0, 1, 0])
    assert np.isnan(numbers(activations.sparsemax, 0.0, np.nan)).all()


def test_glu_equals_hand_values_and_the_reference():
    # sigmoid(log 3) = 3/4.
    got = numbers(activations.glu, 8.0, 2.0, np.log(3.0), 0.0)
    np.testing.assert_allclose(got, [6, 1], rtol=1e-6)
    x = np.random.default_rng(0).normal(size=(4, 6)) * 3
    for i in range(3):
        got, slope = value_and_grad(lambda x, i=i: activations.glu(x)[:, i], x)
        np.testing.assert_allclose(got, board.glu(x)[:, i], rtol=EXACT, atol=EXACT)
        want = [board.glu_derivative(row)[i] for row in x]
        np.testing.assert_allclose(slope, want, rtol=EXACT, atol=EXACT)
    got = ops.convert_to_numpy(activations.glu(x, axis=0))
    np.testing.assert_allclose(got, board.glu(x, axis=0), rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_glu_beside_keras_has_same_value_and_gradient(dtype):
    x = np.random.default_rng(0).normal(size=(4, 6)) * 3
    x = ops.convert_to_numpy(ops.cast(x, dtype))
    tolerance = {"float32": 2e-6, "bfloat16": 2e-2, "float16": 2e-3}[dtype]
    for got, want in zip(
        value_and_grad(activations.glu, x),
        value_and_grad(keras.activations.glu, x),
        strict=True,
    ):
        assert got.dtype == want.dtype == x.dtype
        np.testing.assert_allclose(
            got.astype("float64"), want.astype("float64"), tolerance, tolerance
        )


def test_glu_of_symbolic_input_halves_it_and_an_odd_size_is_an_error():
    inputs = keras.Input((5, 6))
    model = keras.Model(inputs, activations.glu(inputs, axis=-1))
    assert model.output_shape == (None, 5, 3)
    again = keras.Model.from_config(model.get_config())
    x = np.ones((2, 5, 6), "float32")
    np.testing.assert_array_equal(again(x), activations.glu(x))
    with pytest.raises(ValueError, match=r"along `axis` must be even.*, 5, 6\)"):
        activations.glu(inputs, axis=1)

"""What holds for every loss: the same as Keras's, in every way it can be called."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import losses as ours
from keras_cnn.reference import losses as board
from tests.gradients import value_and_grad

theirs = keras.losses
BACKEND = keras.backend.backend()
ON_TENSORFLOW = BACKEND == "tensorflow"
only_tensorflow = pytest.mark.skipif(not ON_TENSORFLOW, reason="needs TensorFlow")

# float32 keeps 7 digits and a loss here is a handful of operations; bfloat16 keeps 2.
TOLERANCE = {"float32": 2e-6, "float16": 2e-3, "bfloat16": 2e-2}

RNG = np.random.default_rng(0)
TARGETS = np.float32([[0, 1, -2], [3, 0, 0.5], [1e3, -5, 0], [1, 1, 1]])
# Both signs, the kinks at an error of 0, +-1 and +-0.7, and outliers.
VALUES = np.float32([[0, 2, -3], [3.7, -0.7, 0.5], [-1e3, -4, 1e-4], [9, -9, 1.3]])
SHARES = RNG.uniform(0.02, 0.98, (4, 3)).astype("float32")
# At most 15 apart: beyond 16 Keras's categorical focal loss clips.
LOGITS = np.float32([[0, 2, -3], [0.5, 0, 0], [-7, 8, 0.1], [5, -5, 0]])
YES_NO = np.float32([[0, 1, 1], [1, 0, 0], [0.3, 1, 0], [1, 1, 0]])
ONE_HOT = np.eye(3, dtype="float32")[[0, 2, 1, 1]]
CLASSES = np.array([0, 2, 1, 1])

# (class, function, arguments that are no defaults, targets, predictions)
CASES = {
    "mse": ("MeanSquaredError", "mean_squared_error", {}, TARGETS, VALUES),
    "mae": ("MeanAbsoluteError", "mean_absolute_error", {}, TARGETS, VALUES),
    "huber": ("Huber", "huber", {"delta": 0.7}, TARGETS, VALUES),
    "log_cosh": ("LogCosh", "log_cosh", {}, TARGETS, VALUES),
    "bce": (
        "BinaryCrossentropy",
        "binary_crossentropy",
        {"label_smoothing": 0.1, "axis": 0},
        YES_NO,
        SHARES,
    ),
    "bce_logits": (
        "BinaryCrossentropy",
        "binary_crossentropy",
        {"from_logits": True},
        YES_NO,
        LOGITS,
    ),
    "cce": (
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        {"label_smoothing": 0.2},
        ONE_HOT,
        SHARES,
    ),
    "cce_logits": (
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        {"from_logits": True},
        ONE_HOT,
        LOGITS,
    ),
    "scce": (
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        {"ignore_class": 2},
        CLASSES,
        SHARES,
    ),
    "scce_logits": (
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        {"from_logits": True},
        CLASSES,
        LOGITS,
    ),
    "bfce": (
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "axis": 0},
        YES_NO,
        SHARES,
    ),
    "bfce_logits": (
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        YES_NO,
        LOGITS,
    ),
    "cfce": (
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        {"alpha": [0.2, 0.5, 0.9], "gamma": 3.0},
        ONE_HOT,
        SHARES,
    ),
    "cfce_logits": (
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        ONE_HOT,
        LOGITS,
    ),
}
HELPERS = ("deserialize", "get")
FUNCTIONS = [n for n in ours.__all__ if n[0].islower() and n not in HELPERS]
REDUCTIONS = ["sum", "mean", "mean_with_sample_weight", "sum_over_batch_size", None]

# Reductions and masks are the base's business: one loss of each kind will do.
some_cases = pytest.mark.parametrize(
    "case",
    [CASES[name] for name in ("huber", "bce_logits", "scce", "cfce")],
    ids=["huber", "bce_logits", "scce", "cfce"],
)
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def both(case, **more):
    class_name, _, arguments, y_true, y_pred = case
    arguments = {**arguments, **more}
    own, keras_own = getattr(ours, class_name), getattr(theirs, class_name)
    return own(**arguments), keras_own(**arguments), y_true, y_pred


def compiled(fn, mode):
    if mode == "eager":
        return fn
    import tensorflow as tf

    return tf.function(fn, jit_compile=mode == "jit")


def assert_same(actual, expected, tolerance=TOLERANCE["float32"]):
    for one, other in zip(actual, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(
            np.float64(one), np.float64(other), rtol=tolerance, atol=tolerance
        )


@each_case
@pytest.mark.parametrize(
    "mode",
    [
        "eager",
        pytest.param("graph", marks=only_tensorflow),
        pytest.param("jit", marks=only_tensorflow),
    ],
)
def test_value_and_gradient_of_object_equal_those_of_keras(case, mode):
    own, keras_own, y_true, y_pred = both(case)
    assert_same(
        value_and_grad(compiled(lambda p: own(y_true, p), mode), y_pred),
        value_and_grad(compiled(lambda p: keras_own(y_true, p), mode), y_pred),
    )


@each_case
def test_value_and_gradient_of_function_equal_those_of_keras(case):
    _, name, arguments, y_true, y_pred = case
    own, keras_own = getattr(ours, name), getattr(theirs, name)
    assert_same(
        value_and_grad(lambda p: own(y_true, p, **arguments), y_pred),
        value_and_grad(lambda p: keras_own(y_true, p, **arguments), y_pred),
    )


@each_case
@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 4, 1, 3)], ids=str)
def test_value_and_gradient_of_more_axes_equal_those_of_keras(case, shape):
    own, keras_own, y_true, y_pred = both(case, reduction=None)
    if BACKEND == "torch" and "ignore_class" in case[2]:
        pytest.skip("Keras's own gradient fails")
    y_pred = y_pred.reshape(shape)
    y_true = y_true.reshape(shape if y_true.ndim == 2 else shape[:-1])
    assert_same(
        value_and_grad(lambda p: own(y_true, p), y_pred),
        value_and_grad(lambda p: keras_own(y_true, p), y_pred),
    )


@pytest.mark.parametrize(
    ("name", "function", "more"),
    [
        ("mse", "mean_squared_error", {}),
        ("mae", "mean_absolute_error", {}),
        ("huber", "huber", {"delta": 0.7}),
        ("log_cosh", "log_cosh", {}),
        ("bce_logits", "binary_crossentropy_of_logits", {}),
        ("cce_logits", "categorical_crossentropy_of_logits", {}),
        ("scce_logits", "sparse_categorical_crossentropy_of_logits", {}),
    ],
)
def test_value_and_gradient_equal_the_formula_on_the_board(name, function, more):
    _, own_name, arguments, y_true, y_pred = CASES[name]
    if name == "mae" and BACKEND == "jax":
        y_true = y_true + np.float32(0.25)  # abs has a slope at 0 on JAX
    own = getattr(ours, own_name)
    value, grad = value_and_grad(lambda p: own(y_true, p, **arguments), y_pred)
    expected = getattr(board, function)(y_true, y_pred, **more)
    slope = getattr(board, f"{function}_derivative")(y_true, y_pred, **more)
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(grad, slope, rtol=2e-6, atol=1e-7)


@some_cases
@pytest.mark.parametrize("reduction", [*REDUCTIONS, "none"], ids=str)
@pytest.mark.parametrize("weights", ["no", "number", "row", "column"])
def test_reduction_with_weights_equals_that_of_keras(case, reduction, weights):
    if weights == "number" and "ignore_class" in case[2] and BACKEND == "torch":
        pytest.skip("Keras multiplies a number by a mask in place")
    own, keras_own, y_true, y_pred = both(case, reduction=reduction)
    weight = {
        "no": None,
        "number": 2.5,
        "row": np.float32([1, 0, 2, 0.5]),
        "column": np.float32([[1], [0], [2], [0.5]]),
    }[weights]
    actual, expected = (f(y_true, y_pred, weight) for f in (own, keras_own))
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-6)


@some_cases
@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_mask_of_the_prediction_is_used_as_by_keras(case, reduction):
    own, keras_own, y_true, y_pred = both(case, reduction=reduction)

    def masked(loss, dtype):
        mask = keras.layers.Masking(mask_value=-77.0, dtype=dtype)
        shown = np.where([[True], [False], [True], [True]], y_pred, np.float32(-77))
        shown = mask(ops.convert_to_tensor(shown[:, None], dtype=dtype))
        return loss(y_true[:, None], shown)

    actual, expected = masked(own, "float32"), masked(keras_own, "float32")
    np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-6)
    # A prediction of another dtype is cast on the way and keeps its mask.
    half = masked(own, "bfloat16")
    np.testing.assert_allclose(half, masked(keras_own, "bfloat16"), rtol=1e-5)


@each_case
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_gives_keras_dtype_and_the_rounded_value(case, dtype):
    case = (*case[:3], np.clip(case[3], -9, 9), case[4].clip(-9, 12))
    own, keras_own, y_true, y_pred = both(case, dtype=dtype)
    y_pred = ops.convert_to_numpy(ops.cast(y_pred, dtype)).astype("float32")
    actual = own(y_true, ops.cast(y_pred, dtype))
    assert str(actual.dtype) == str(keras_own(y_true, ops.cast(y_pred, dtype)).dtype)
    exact = both(case)[0](y_true, y_pred)
    # Rounded once, so within half a unit in the last place.
    unit = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    assert float(actual) == pytest.approx(float(exact), rel=unit)

    function = getattr(ours, case[1])
    value = function(y_true, ops.cast(y_pred, dtype), **case[2])
    assert dtype in str(value.dtype)


@each_case
def test_lists_give_the_numbers_of_arrays(case):
    own, _, y_true, y_pred = both(case)
    name, arguments = case[1], case[2]
    assert float(own(y_true.tolist(), y_pred.tolist())) == pytest.approx(
        float(own(y_true, y_pred)), rel=1e-6
    )
    np.testing.assert_allclose(
        getattr(ours, name)(y_true.tolist(), y_pred.tolist(), **arguments),
        getattr(ours, name)(y_true, y_pred, **arguments),
        rtol=1e-6,
    )


@each_case
def test_nan_in_the_prediction_stays(case):
    own, _, y_true, y_pred = both(case)
    y_pred = y_pred.copy()
    y_pred[0, 0] = np.nan
    value, grad = value_and_grad(lambda p: own(y_true, p), y_pred)
    assert np.isnan(value)
    if ON_TENSORFLOW:  # elsewhere |x| has a slope at NaN
        assert np.isnan(grad[0, 0])


@pytest.mark.parametrize(
    "name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"]
)
@pytest.mark.parametrize("turn", [False, True], ids=["row_column", "column_row"])
def test_ranks_that_differ_by_an_axis_of_one_are_aligned_as_by_keras(name, turn):
    row, column = np.float32([1, 2, 3, 4]), np.float32([[1], [2], [3], [5]])
    pair = (column, row) if turn else (row, column)
    expected = {"MeanAbsoluteError": 1, "MeanSquaredError": 1, "Huber": 0.5}
    actual = float(getattr(ours, name)()(*pair))
    # Three errors of 0 and one of 1; a broadcast would compare all with all.
    assert actual == pytest.approx(expected.get(name, np.log(np.cosh(1))) / 4)
    assert actual == pytest.approx(float(getattr(theirs, name)()(*pair)))


@pytest.mark.parametrize(
    "name", ["mean_squared_error", "mean_absolute_error", "huber", "log_cosh"]
)
@pytest.mark.parametrize(
    "labels", [np.arange(4), np.arange(4)[:, None]], ids=["n", "n1"]
)
def test_class_numbers_in_a_regression_loss_are_an_error(name, labels):
    y_pred = np.full((4, 4), 0.25, "float32")
    class_name = "Huber" if name == "huber" else name.title().replace("_", "")
    rule = "must have the same shape.*Did you mean SparseCategoricalCrossentropy"
    for loss in (getattr(ours, name), getattr(ours, class_name)()):
        with pytest.raises(ValueError, match=rule):
            loss(labels, y_pred)
    # Keras compares every label with every class probability.
    assert np.isfinite(float(getattr(theirs, class_name)()(labels, y_pred)))


@pytest.mark.parametrize(
    "shape", [(3,), (1, 3), (4, 1), (2, 3), (4, 3, 2), ()], ids=str
)
@pytest.mark.parametrize("name", sorted(n for n in ours.__all__ if n[0].isupper()))
def test_other_shapes_are_never_broadcast(name, shape):
    if "Sparse" in name and shape == (4, 1):
        shape = (5, 1)
    with pytest.raises(ValueError, match="must have the same shape"):
        getattr(ours, name)()(np.zeros(shape), np.full((4, 3), 0.5, "float32"))


@only_tensorflow
@each_case
def test_unknown_batch_gives_the_numbers_of_a_known_one(case):
    import tensorflow as tf

    own, _, y_true, y_pred = both(case)
    signature = [
        tf.TensorSpec([None, *a.shape[1:]], tf.as_dtype(a.dtype))
        for a in (y_true, y_pred)
    ]
    graph = tf.function(own, input_signature=signature)
    for rows in (4, 2):
        assert float(graph(y_true[:rows], y_pred[:rows])) == pytest.approx(
            float(own(y_true[:rows], y_pred[:rows])), rel=1e-6
        )


@each_case
@pytest.mark.parametrize("way", ["config", "keras_object"])
def test_round_trip_keeps_every_argument(case, way):
    loss, _, y_true, y_pred = both(case, reduction="sum", name="mine", dtype="float16")
    config = json.loads(json.dumps(loss.get_config()))
    if way == "config":
        again = type(loss).from_config(config)
    else:
        saved = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
        assert saved["registered_name"] == f"keras_cnn>{case[0]}"
        again = keras.saving.deserialize_keras_object(saved)
    assert again.get_config() == config
    assert config.items() >= {"reduction": "sum", "name": "mine"}.items()
    assert config["dtype"] == again.dtype == "float16"
    for argument, value in case[2].items():
        assert config[argument] == getattr(again, argument) == value
    assert float(again(y_true, y_pred)) == float(loss(y_true, y_pred))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_bfloat16", "float64"])
def test_dtype_of_the_config_is_the_one_given(dtype):
    policy = keras.dtype_policies.DTypePolicy(dtype)
    for given in (dtype, policy):
        config = ours.MeanSquaredError(dtype=given).get_config()
        assert config["dtype"] == dtype
        again = ours.MeanSquaredError.from_config(config)
        assert again.dtype == policy.compute_dtype
    assert "dtype" not in ours.MeanSquaredError().get_config()
    # Keras forgets it.
    assert "dtype" not in theirs.MeanSquaredError(dtype=given).get_config()


@pytest.mark.parametrize("name", sorted(n for n in ours.__all__ if n[0].isupper()))
def test_class_has_keras_arguments_and_defaults_and_is_no_wrapper(name):
    import inspect

    own, keras_own = getattr(ours, name), getattr(theirs, name)
    of = [
        [(p.name, p.default) for p in inspect.signature(c).parameters.values()]
        for c in (own, keras_own)
    ]
    assert of[0] == of[1]
    assert not issubclass(own, keras_own)
    assert issubclass(own, keras.losses.Loss)
    assert own().name == keras_own().name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_has_keras_arguments_and_defaults_and_is_registered(name):
    import inspect

    own = getattr(ours, name)
    of = [
        [(p.name, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (own, getattr(theirs, name))
    ]
    assert of[0] == of[1]
    assert keras.saving.get_registered_name(own) == f"keras_cnn>{name}"


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan"), "0.1", True], ids=str)
@pytest.mark.parametrize("name", sorted({c[0] for k, c in CASES.items() if "ce" in k}))
def test_label_smoothing_outside_its_range_is_an_error(name, smoothing):
    if "Sparse" in name:
        pytest.skip("has no label smoothing")
    rule = r"`label_smoothing` must be a number in \[0, 1\]. Received"
    with pytest.raises(ValueError, match=rule):
        getattr(ours, name)(label_smoothing=smoothing)
    function = next(c[1] for c in CASES.values() if c[0] == name)
    with pytest.raises(ValueError, match=rule):
        getattr(ours, function)(ONE_HOT, SHARES, label_smoothing=smoothing)
    # Keras says nothing, and turns a label of 0 into a negative one, or NaN.
    getattr(theirs, name)(label_smoothing=smoothing)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sum_over_a_large_batch_does_not_overflow_where_the_mean_fits(dtype):
    y_true, y_pred = np.zeros((70_000, 1), "float32"), np.ones((70_000, 1), "float32")
    assert float(ours.MeanAbsoluteError(dtype=dtype)(y_true, y_pred)) == 1
    assert float(theirs.MeanAbsoluteError(dtype="float16")(y_true, y_pred)) != 1


def test_bad_reduction_is_the_error_of_keras():
    for package in (ours, theirs):
        with pytest.raises(ValueError, match="Invalid value for argument `reduction`"):
            package.Huber(reduction="average")


@only_tensorflow
def test_saved_models_in_a_fresh_process_give_the_same_loss(tmp_path):
    x = np.float32([[1, 2], [3, 4], [5, 6], [7, 8]])
    y = np.float32([[1], [-20], [3], [4]])
    paths, expected = [], []
    for number, loss in enumerate([ours.Huber(delta=2.0), ours.log_cosh]):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", loss=loss)
        model.fit(x, y, epochs=1, verbose=0)
        paths.append(str(tmp_path / f"{number}.keras"))
        model.save(paths[-1])
        expected.append(float(model.evaluate(x, y, verbose=0)))

    def run(imports):
        code = (
            f"import keras, numpy as np; {imports}\n"
            f"x, y = np.float32({x.tolist()}), np.float32({y.tolist()})\n"
            f"for path in {paths}:\n"
            "    model = keras.saving.load_model(path)\n"
            "    print('loss', float(model.evaluate(x, y, verbose=0)))\n"
            "    model.fit(x, y, verbose=0)"
        )
        command = [sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True)

    done = run("import keras_cnn.losses")
    assert done.returncode == 0, done.stderr
    values = [float(line) for line in done.stdout.split("loss ")[1:]]
    assert values == pytest.approx(expected, rel=1e-6)

    bare = run("")
    assert bare.returncode != 0
    assert "Could not locate" in bare.stderr
    assert "@keras.saving.register_keras_serializable" in bare.stderr

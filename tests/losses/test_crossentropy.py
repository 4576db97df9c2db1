"""Cross-entropies where probabilities end and logits go on."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_cnn import losses as ours
from tests.gradients import gradient, value_and_grad

theirs = keras.losses
only_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="of TensorFlow only",
)
INF = np.inf


def test_binary_crossentropy_at_points_worked_by_hand_gives_the_numbers():
    # -log(1/4), -log(1 - 1/2); derivatives -1 / (1/4) = -4 and 1 / (1 - 1/2) = 2
    value, grad = value_and_grad(
        lambda p: ours.binary_crossentropy([[1.0], [0.0]], p),
        np.float32([[0.25], [0.5]]),
    )
    np.testing.assert_allclose(value, np.log([4, 2]), rtol=2e-7)
    np.testing.assert_allclose(grad, [[-4], [2]], rtol=2e-7)


def test_binary_crossentropy_of_logits_worked_by_hand_gives_the_numbers():
    # 0: log 2, slope 1/2 - t; log 3: p = 3/4, -log(3/4), slope p - t = -1/4
    value, grad = value_and_grad(
        lambda x: ours.binary_crossentropy([[1.0], [0.0], [1.0]], x, from_logits=True),
        np.float32([[0], [0], [np.log(3)]]),
    )
    np.testing.assert_allclose(value, np.log([2, 2, 4 / 3]), rtol=3e-7)
    np.testing.assert_allclose(grad, [[-0.5], [0.5], [-0.25]], rtol=3e-7)


def test_categorical_crossentropy_worked_by_hand_gives_the_numbers():
    # p = (1/4, 3/4): -log(3/4); derivatives 1, 1 - 4/3
    # logits (0, log 7): p = (1/8, 7/8)
    value, grad = value_and_grad(
        lambda p: ours.categorical_crossentropy([[0.0, 1.0]], p),
        np.float32([[1 / 4, 3 / 4]]),
    )
    np.testing.assert_allclose(value, np.log([4 / 3]), rtol=3e-7)
    np.testing.assert_allclose(grad, [[1, -1 / 3]], rtol=3e-7)
    value, grad = value_and_grad(
        lambda x: ours.sparse_categorical_crossentropy([0], x, from_logits=True),
        np.float32([[0, np.log(7)]]),
    )
    np.testing.assert_allclose(value, np.log([8]), rtol=3e-7)
    np.testing.assert_allclose(grad, [[-7 / 8, 7 / 8]], rtol=3e-7)


def test_focal_crossentropies_worked_by_hand_give_the_numbers():
    # p = 1/2: (1/2)^2 log 2; times alpha 1/4 with class balancing, or by categories
    half = np.log(2) / 4
    one = ours.binary_focal_crossentropy([[1.0]], [[0.5]])
    balanced = ours.binary_focal_crossentropy(
        [[1.0]], [[0.5]], apply_class_balancing=True
    )
    categorical = ours.categorical_focal_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])
    for value, expected in [(one, half), (balanced, half / 4), (categorical, half / 4)]:
        np.testing.assert_allclose(value, [expected], rtol=3e-7)


# (function, target, prediction, sign of the derivative for each prediction)
ENDS = {
    "bce": ("binary_crossentropy", [[1.0], [0.0], [1.0], [0.0]],
            [[0], [1], [1], [0]], [[-1], [1], [-1], [1]]),
    "cce": ("categorical_crossentropy", [[0.0, 1.0, 0.0]], [[1, 0, 0]], [[1, -1, 1]]),
    "scce": ("sparse_categorical_crossentropy", [1], [[1, 0, 0]], [[1, -1, 1]]),
    "bfce": ("binary_focal_crossentropy", [[1.0], [0.0]], [[0], [1]], [[-1], [1]]),
    "cfce": ("categorical_focal_crossentropy", [[0.0, 1.0, 0.0]],
             [[1, 0, 0]], [[1, -1, 1]]),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_probabilities_of_0_and_1_give_a_finite_loss_and_the_right_sign(name, dtype):
    function, y_true, y_pred, signs = ENDS[name]

    def run(package):
        loss = getattr(package, function)
        return value_and_grad(
            lambda p: ops.cast(loss(y_true, ops.cast(p, dtype)), "float32"),
            np.float32(y_pred),
        )

    value, grad = run(ours)
    assert np.isfinite(value).all()
    assert (np.isfinite(grad) | (dtype == "float16")).all()  # 1e7 is inf in float16
    np.testing.assert_array_equal(np.sign(grad), signs)
    if dtype == "float32" and keras.backend.backend() == "tensorflow":
        y_true = np.array(y_true)
        keras_value, keras_grad = run(theirs)
        np.testing.assert_allclose(value, keras_value, rtol=1e-5, atol=1e-6)
        if name == "bfce":  # Keras has the slope of the focus alone.
            assert (np.abs(keras_grad) < 100).all()
            assert (np.abs(grad) > 1e6).all()
        else:
            assert not np.array_equal(np.sign(keras_grad), signs)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("from_logits", [False, True], ids=["shares", "logits"])
def test_focal_losses_of_perfect_predictions_are_zero_with_finite_slope(
    gamma, from_logits
):
    perfect = np.float32([[100, -100], [-100, 100]]) if from_logits else np.eye(2)
    perfect = np.float32(perfect)
    for name in ("binary_focal_crossentropy", "categorical_focal_crossentropy"):
        loss = getattr(ours, name)
        value, grad = value_and_grad(
            lambda p, loss=loss: loss(
                np.eye(2), p, gamma=gamma, from_logits=from_logits
            ),
            perfect,
        )
        np.testing.assert_allclose(value, [0, 0], atol=2e-7)
        assert np.isfinite(grad).all()


@only_tensorflow
def test_binary_focal_gradient_of_a_perfect_prediction_is_nan_in_keras():
    one = np.float32([[1.0]])
    loss = theirs.binary_focal_crossentropy
    assert np.isnan(gradient(lambda p: loss(one, p, gamma=0.5), one)).all()


def activation(package, name):
    return getattr(package.activations, name)


def saturated(name):
    """A loss name, labels that the logits of +-40 get wrong, and the right answers."""
    if name.startswith("Binary"):
        logits = np.float32([[40], [-40]])
        return "sigmoid", np.float32([[0], [1]]), logits, 40, [[0.5], [-0.5]]
    y_true = np.float32([[0, 1]] * 2)
    y_true = np.array([1, 1]) if name.startswith("Sparse") else y_true
    logits = np.float32([[40, -40]] * 2)
    return "softmax", y_true, logits, 80, [[0.5, -0.5]] * 2


RECOVERING = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
]


@only_tensorflow
@pytest.mark.parametrize("name", [*RECOVERING, "BinaryFocalCrossentropy",
                                  "CategoricalFocalCrossentropy"])  # fmt: skip
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
@pytest.mark.parametrize("source", ["keras", "operation", "logits"])
def test_logits_of_40_are_recovered_from_an_activation(name, mode, source):
    import tensorflow as tf

    kind, y_true, logits, loss, slope = saturated(name)
    if source == "operation" and mode == "eager":
        pytest.skip("eager tensors do not know their operation")
    turn = {
        "keras": getattr(keras.activations, kind),
        "operation": getattr(tf.nn, kind),
        "logits": lambda x: x,
    }[source]
    more = {"from_logits": True} if source == "logits" else {}
    if "Focal" in name:
        more["gamma"] = 0.0
    if "CategoricalFocal" in name:
        more["alpha"] = 1.0

    def run(package):
        fn = getattr(package, name)(**more)
        step = lambda x: fn(y_true, turn(x))  # noqa: E731
        if mode != "eager":
            step = tf.function(step, jit_compile=mode == "jit")
        return value_and_grad(step, logits)

    value, grad = run(ours)
    assert value == pytest.approx(loss)
    np.testing.assert_allclose(grad, slope, rtol=1e-6)
    if name in RECOVERING:
        np.testing.assert_allclose(run(theirs)[0], value)
        np.testing.assert_allclose(run(theirs)[1], grad, rtol=1e-6)


@only_tensorflow
@pytest.mark.parametrize("name", RECOVERING)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_fit_learns_from_saturated_logits(name, policy):
    kind, y_true, logits, _, _ = saturated(name)
    width = logits.shape[-1]

    def fitted(package):
        layers = [
            keras.Input((width,)),
            keras.layers.Dense(
                width, kind, kernel_initializer="identity", dtype=policy
            ),
        ]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.SGD(0.01), loss=getattr(package, name)())
        first = model.fit(logits, y_true, verbose=0, batch_size=2).history["loss"][0]
        return first, np.abs(model.get_weights()[0] - np.eye(width)).max()

    first, moved = fitted(ours)
    assert first == pytest.approx(saturated(name)[3], rel=1e-2)
    assert moved > 0.1
    if policy == "float32":
        assert fitted(theirs) == pytest.approx((first, moved), rel=1e-5)
    else:
        # The cast to float32 hides the logits from Keras: 16 is -log(1e-7).
        assert fitted(theirs)[0] == pytest.approx(16, rel=0.02)


@only_tensorflow
@pytest.mark.parametrize("package", [ours, theirs], ids=["ours", "keras"])
def test_from_logits_of_an_activation_warns_and_uses_the_logits(package):
    shares = keras.activations.softmax(ops.convert_to_tensor([[40.0, -40.0]]))
    with pytest.warns(UserWarning, match="from_logits=True"):
        loss = package.categorical_crossentropy([[0, 1]], shares, from_logits=True)
    assert float(loss[0]) == 80


def test_categorical_focal_of_far_logits_is_not_clipped_as_by_keras():
    x, y_true = np.float32([[40, -40]]), np.float32([[0, 1]])
    value, grad = value_and_grad(
        lambda x: ours.categorical_focal_crossentropy(y_true, x, from_logits=True), x
    )
    # alpha 1/4 times 80, and times p - t
    np.testing.assert_allclose(value, [20], rtol=1e-6)
    np.testing.assert_allclose(grad, [[0.25, -0.25]], rtol=1e-6)
    value, grad = value_and_grad(
        lambda x: theirs.categorical_focal_crossentropy(y_true, x, from_logits=True), x
    )
    assert value < 5
    assert (grad == 0).all()


@pytest.mark.parametrize(
    ("x", "t", "loss", "slope"),
    [(INF, 1, 0, 0), (-INF, 0, 0, 0), (INF, 0, INF, 1), (-INF, 1, INF, -1)],
)
def test_binary_crossentropy_of_infinite_logits_is_its_limit(x, t, loss, slope):
    value, grad = value_and_grad(
        lambda x: ours.binary_crossentropy(np.float32([[t]]), x, from_logits=True),
        np.float32([[x]]),
    )
    assert value == loss
    assert grad == slope


def test_categorical_crossentropy_of_infinite_logits_is_its_limit():
    # -inf masks a class: two remain at 0, each 1/2
    x, y_true = np.float32([[0, -INF, 0]]), np.float32([[1, 0, 0]])
    for loss, labels in [
        (ours.categorical_crossentropy, y_true),
        (ours.sparse_categorical_crossentropy, np.array([0])),
    ]:
        value, grad = value_and_grad(
            lambda x, f=loss, t=labels: f(t, x, from_logits=True), x
        )
        np.testing.assert_allclose(value, [np.log(2)], rtol=2e-7)
        np.testing.assert_allclose(grad, [[-0.5, 0, 0.5]], rtol=2e-7)
    if keras.backend.backend() == "tensorflow":
        keras_loss = theirs.categorical_crossentropy(y_true, x, from_logits=True)
        assert np.isnan(float(keras_loss[0]))
    sure = ours.categorical_crossentropy(
        y_true, np.float32([[INF, 0, 0]]), from_logits=True
    )
    assert float(sure[0]) == 0


def test_labels_that_do_not_sum_to_1_scale_the_gradient():
    x = np.float32([[1, 2, 3]])
    loss = lambda package: gradient(  # noqa: E731
        lambda x: package.categorical_crossentropy(
            np.zeros((1, 3), "float32"), x, from_logits=True
        ),
        x,
    )
    np.testing.assert_array_equal(loss(ours), np.zeros((1, 3)))
    if keras.backend.backend() == "tensorflow":
        assert (loss(theirs) > 0).all()


@pytest.mark.parametrize("label", [3, -1], ids=["above", "below"])
def test_sparse_label_that_does_not_exist_is_an_error_or_nan(label):
    x = np.zeros((2, 3), "float32")
    loss = lambda: ours.SparseCategoricalCrossentropy()([label, 0], x)  # noqa: E731
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(Exception, match=f"label value of {label}"):
            loss()
    else:
        assert np.isnan(float(loss()))


@only_tensorflow
@pytest.mark.parametrize("label", [3, -1], ids=["above", "below"])
def test_sparse_label_that_does_not_exist_is_nan_when_compiled_as_in_keras(label):
    import tensorflow as tf

    x = np.float32([[1, 2, 3], [1, 2, 3]])
    for package in (ours, theirs):
        fn = package.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
        loss = tf.function(fn, jit_compile=True)(np.array([label, 0]), x)
        np.testing.assert_array_equal(np.isnan(loss), [True, False])


def test_sparse_ignored_samples_count_neither_in_the_mean_nor_in_the_gradient():
    y_true = np.array([0, 255, 1])
    y_pred = np.float32([[0.5, 0.5], [np.nan, 0], [0.5, 0.5]])
    loss = ours.SparseCategoricalCrossentropy(ignore_class=255)
    value, grad = value_and_grad(lambda p: loss(y_true, p), y_pred)
    assert value == pytest.approx(np.log(2), rel=1e-6)
    np.testing.assert_array_equal(grad[1], [0, 0])
    assert np.isfinite(grad).all()


def test_sparse_class_numbers_survive_bfloat16_and_are_rounded_by_keras():
    # 301 has no bfloat16: 300 and 302 have.
    shares = np.full((1, 400), 1e-3, "float32")
    shares[0, 301] = 1 - 0.399
    right = -np.log(shares[0, 301])
    labels = np.array([301])
    own = ours.SparseCategoricalCrossentropy(dtype="bfloat16")(labels, shares)
    other = theirs.SparseCategoricalCrossentropy(dtype="bfloat16")(labels, shares)
    assert float(own) == pytest.approx(right, rel=2**-7)
    assert float(other) > 5


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "CategoricalFocal"])
def test_class_axis_rules_label_smoothing_and_alpha(name):
    y_true = np.eye(3, dtype="float32")[[0, 2]]
    y_pred = np.float32([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    name, more = {
        "CategoricalCrossentropy": ("CategoricalCrossentropy", {}),
        "CategoricalFocal": (
            "CategoricalFocalCrossentropy",
            {"alpha": np.array([0.1, 0.5, 0.9])},
        ),
    }[name]
    last = getattr(ours, name)(label_smoothing=0.3, **more)
    first = type(last).from_config({**last.get_config(), "axis": 0})
    assert first.axis == 0
    assert float(first(y_true.T, y_pred.T)) == pytest.approx(
        float(last(y_true, y_pred)), rel=1e-6
    )


def test_alpha_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="`alpha` must be a number, or hold one"):
        ours.categorical_focal_crossentropy([[0, 1, 0]], [[0.2, 0.3, 0.5]], [0.1, 0.9])


@pytest.mark.parametrize("name", ["categorical", "categorical_focal"])
def test_categorical_axis_as_a_bool_is_an_error_and_one_class_warns(name):
    for package in (ours, theirs):
        loss = getattr(package, f"{name}_crossentropy")
        with pytest.raises(ValueError, match="`axis` must be of type `int`"):
            loss(np.eye(2), np.eye(2), axis=True)
        with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
            loss(np.ones((2, 1)), np.ones((2, 1)))


def test_one_hot_labels_in_the_sparse_loss_are_an_error_that_says_which():
    with pytest.raises(ValueError, match="Did you mean CategoricalCrossentropy"):
        ours.SparseCategoricalCrossentropy()(np.eye(3), np.full((3, 3), 1 / 3))


def test_class_numbers_in_the_categorical_loss_are_an_error_that_says_which():
    with pytest.raises(ValueError, match="Did you mean SparseCategoricalCrossentropy"):
        ours.CategoricalCrossentropy()(np.arange(3), np.full((3, 3), 1 / 3))


@only_tensorflow
def test_class_numbers_in_a_regression_loss_are_an_error_in_fit():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(10, "softmax")])
    model.compile("sgd", loss=ours.MeanSquaredError())
    with pytest.raises(ValueError, match="Did you mean SparseCategoricalCrossentropy"):
        model.fit(np.ones((4, 2)), np.arange(4)[:, None], verbose=0)


def test_focal_losses_of_infinite_logits_have_the_gradient_of_their_limit():
    # The true class has a share of 0: the focus is 1, and the slope -1, times alpha.
    for name, y_true, x, slope in [
        ("binary_focal_crossentropy", [[1.0]], [[-INF]], -1),
        ("categorical_focal_crossentropy", [[1.0, 0.0]], [[-INF, 0]], -0.25),
    ]:
        loss = getattr(ours, name)
        value, grad = value_and_grad(
            lambda x, f=loss, t=y_true: f(np.float32(t), x, from_logits=True),
            np.float32(x),
        )
        assert np.isposinf(value).all()
        assert grad[0, 0] == slope


@pytest.mark.parametrize("name", ["categorical", "sparse_categorical"])
def test_wrong_class_of_an_infinite_logit_has_the_slope_of_its_limit(name):
    # p = (1, 0, 0), and class 1 is true: the slope is p - t.
    y_true = np.array([1]) if "sparse" in name else np.float32([[0, 1, 0]])

    def run(package):
        loss = getattr(package, f"{name}_crossentropy")
        return value_and_grad(
            lambda x: loss(y_true, x, from_logits=True), np.float32([[INF, 0, 2]])
        )

    value, grad = run(ours)
    assert np.isposinf(value).all()
    np.testing.assert_array_equal(grad, [[1, -1, 0]])
    if keras.backend.backend() == "tensorflow":
        keras_value, keras_grad = run(theirs)
        assert np.isnan(keras_value).all()
        assert np.isnan(keras_grad).all()


def test_categorical_focal_of_sure_logits_keeps_its_digits_and_keras_loses_them():
    # exp(-18) is half of what float32 adds to 1: with q = 1 - s, s = exp(-18), the loss
    # is s^2 (s + s^2 / 2 ...) = s^3, and its slope by the true class -3 s^3.
    x, y_true = np.float32([[18, 0]]), np.float32([[1, 0]])

    def run(package):
        return value_and_grad(
            lambda x: package.categorical_focal_crossentropy(
                y_true, x, alpha=1.0, from_logits=True
            ),
            x,
        )

    value, grad = run(ours)
    np.testing.assert_allclose(value, [np.exp(-54)], rtol=1e-6)
    np.testing.assert_allclose(grad, np.exp(-54) * np.float64([[-3, 3]]), rtol=1e-6)
    # Keras clips q at 1 - 1e-7.
    assert run(theirs)[0] > 100 * np.exp(-54)


@only_tensorflow
def test_second_derivative_by_logits_is_that_of_softmax():
    import tensorflow as tf

    # The derivative of p - t by the logits is diag(p) - p p^T.
    x = tf.constant([[0.0, np.log(3)]])
    for loss, y_true in [
        (ours.categorical_crossentropy, [[0.0, 1.0]]),
        (ours.sparse_categorical_crossentropy, [1]),
    ]:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = loss(y_true, x, from_logits=True)
            slope = inner.gradient(value, x)
        hessian = outer.jacobian(slope, x)[0, :, 0]
        # p = (1/4, 3/4)
        expected = np.array([[3, -3], [-3, 3]]) / 16
        np.testing.assert_allclose(hessian, expected, rtol=1e-5)


@pytest.mark.parametrize("true", [0, 1], ids=["above", "below"])
@pytest.mark.parametrize("y_pred", [[2, -1], [-2, 1]], ids=["sum1", "sum-1"])
def test_predictions_outside_0_and_1_cost_what_keras_clips_them_to(y_pred, true):
    # Logits without `from_logits`: shares of 2 and -1 count as 1 - 1e-7 and 1e-7.
    y_true = np.eye(2, dtype="float32")[[true]]

    def run(package):
        return value_and_grad(
            lambda p: package.categorical_crossentropy(y_true, p), np.float32([y_pred])
        )

    value, grad = run(ours)
    expected = [1e-7, -np.log(1e-7)][true]
    np.testing.assert_allclose(value, [expected], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(value, run(theirs)[0], rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(grad, [[0, 0]])
    np.testing.assert_array_equal(run(theirs)[1], [[0, 0]])

import keras
import numpy as np
import pytest

from keras_cnn import activations
from keras_cnn.doctor import lint
from keras_cnn.doctor.program.layers import BOUNDED, NOT_NEGATIVE, activation_name
from keras_cnn.doctor.program.read import read_program


def codes(model, x, y, **plan):
    return [one.code for one in lint(model, x, y, **plan)]


def warned(model, x, y, **plan):
    return [one.code for one in lint(model, x, y, **plan) if one.counts]


def test_lint_of_a_right_program_warns_of_nothing(blobs, make):
    assert warned(make(16, 3), *blobs) == []


@pytest.mark.parametrize(
    ("output", "loss", "code"),
    [
        ("linear", "categorical_crossentropy", "missing-softmax"),
        ("relu", "categorical_crossentropy", "relu-output-for-classification"),
        ("tanh", "categorical_crossentropy", "wrong-output-activation"),
        ("softmax", "mse", "wrong-loss"),
        ("softmax", "sparse_categorical_crossentropy", "wrong-loss"),
        (
            "softmax",
            keras.losses.CategoricalCrossentropy(from_logits=True),
            "double-softmax",
        ),
    ],
)
def test_lint_names_a_head_that_does_not_fit_classes(blobs, make, output, loss, code):
    assert code in warned(make(8, 3, output=output, loss=loss), *blobs)


@pytest.mark.parametrize(
    ("output", "loss", "code"),
    [
        ("softmax", "binary_crossentropy", "softmax-single-unit"),
        ("linear", "binary_crossentropy", "missing-sigmoid"),
        ("sigmoid", "mse", "wrong-loss"),
    ],
)
def test_lint_names_a_head_that_does_not_fit_two_classes(
    blobs, make, output, loss, code
):
    x, y = blobs
    assert code in warned(make(8, 1, output=output, loss=loss), x, y[:, :1])


def test_lint_accepts_logits_where_the_loss_expects_them(blobs, make):
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert warned(make(8, 3, output="linear", loss=loss), *blobs) == []


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("sigmoid", "bounded-output-for-regression"),
        ("relu", "relu-output-for-signed-regression"),
    ],
)
def test_lint_names_targets_that_the_output_cannot_reach(blobs, make, output, code):
    x, _ = blobs
    y = x[:, 0] - x[:, 1]
    assert code in warned(make(8, 1, output=output, loss="mse"), x, y)
    reachable = 1 / (1 + np.exp(-y))
    assert warned(make(8, 1, output=output, loss="mse"), x, reachable) == []


def test_lint_names_one_class_number_too_many(blobs, make):
    x, y = blobs
    loss = "sparse_categorical_crossentropy"
    model = make(8, 3, loss=loss)
    assert "wrong-labels" in warned(model, x, y.argmax(1) + 1)
    assert warned(model, x, y.argmax(1)) == []


def test_lint_names_what_is_wrong_with_data(blobs, make):
    x, y = blobs
    model = make(8, 3)
    broken = x.copy()
    broken[5, 1] = np.nan
    assert warned(model, broken, y)[0] == "nan-in-data"
    assert "unnormalized-input" in warned(model, 200 * x, y)
    assert "unnormalized-input" in warned(model, x * [1, 1, 1, 1e4], y)
    assert "corrupted-input" in warned(model, np.zeros_like(x), y)
    assert "corrupted-labels" in warned(model, x, np.eye(3)[np.zeros(300, int)])


def test_lint_accepts_raw_inputs_that_a_first_layer_normalises(blobs):
    x, y = blobs
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    assert warned(model, 200 * x, y) == []


def test_lint_looks_behind_a_rescaling_layer(blobs):
    x, y = blobs

    def scaled_by(factor):
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Rescaling(factor),
                keras.layers.Dense(3, "softmax"),
            ]
        )
        model.compile("adam", "categorical_crossentropy")
        return model

    assert warned(scaled_by(1 / 255), 255 * x, y) == []
    assert "input-too-small" in warned(scaled_by(1 / 255), x, y)
    assert "unnormalized-input" in warned(scaled_by(1.0), 255 * x, y)


def test_lint_names_outliers_for_mse_alone(blobs, make):
    x, _ = blobs
    y = x @ [1.0, -1.0, 0.5, 0.0]
    y[:5] = 999.0
    assert "outlier-targets" in warned(make(8, 1, output="linear", loss="mse"), x, y)
    huber = make(8, 1, output="linear", loss="huber")
    assert "outlier-targets" not in codes(huber, x, y)


def test_lint_names_weights_and_arguments(blobs, make):
    zero = make(8, 8, 3, kernel_initializer="zeros")
    assert "bad-init" in warned(zero, *blobs)
    small = keras.initializers.RandomNormal(stddev=1e-3)
    assert "bad-init" in warned(make(8, 8, 3, kernel_initializer=small), *blobs)
    shifted = keras.initializers.Constant(-10.0)
    assert "bad-init" in warned(make(8, 3, bias_initializer=shifted), *blobs)
    assert "lr-negative" in warned(
        make(8, 3, optimizer=keras.optimizers.SGD(-0.1)), *blobs
    )
    frozen = make(8, 3)
    frozen.trainable = False
    assert "frozen-layers" in warned(frozen, *blobs)
    assert "excess-depth" in warned(make(*[8] * 12, 3), *blobs)
    he = make(*[8] * 10, 3, kernel_initializer="he_normal")
    assert "excess-depth" not in warned(he, *blobs)
    assert "saturating-activation" in warned(
        make(*[8] * 6, 3, hidden="sigmoid"), *blobs
    )
    assert "missing-nonlinearity" in warned(make(8, 8, 3, hidden=None), *blobs)
    assert "batch-too-small" in codes(make(8, 3), *blobs, batch_size=1)


def test_activation_is_known_by_what_it_computes():
    def squash(x):
        return 1 / (1 + keras.ops.exp(-x))

    layer = keras.layers.Dense(2, activation=squash)
    assert activation_name(layer) == "sigmoid"
    assert activation_name(keras.layers.ReLU()) == "relu"
    assert activation_name(keras.layers.Dense(2)) == "linear"
    assert activation_name(keras.layers.Flatten()) is None


@pytest.mark.parametrize(
    "name",
    sorted(
        set(activations.__all__)
        - {"deserialize", "get", "glu", "serialize", "threshold"}
    ),
)
def test_every_activation_of_the_package_is_known_by_its_name(name):
    for get in (activations.get, keras.activations.get):
        assert activation_name(keras.layers.Dense(2, activation=get(name))) == name


def test_ends_are_those_of_the_activations_that_saturate():
    assert BOUNDED == {
        "sigmoid": (0.0, 1.0),
        "hard_sigmoid": (0.0, 1.0),
        "sparse_sigmoid": (0.0, 1.0),
        "softmax": (0.0, 1.0),
        "tanh": (-1.0, 1.0),
        "hard_tanh": (-1.0, 1.0),
        "softsign": (-1.0, 1.0),
    }
    assert set(NOT_NEGATIVE) == {
        *("exponential", "relu", "relu6", "softplus", "sparse_plus", "squareplus")
    }


def test_a_hand_written_softmax_is_a_note_only(blobs, make):
    def softmax(x):
        e = keras.ops.exp(x - keras.ops.max(x, axis=-1, keepdims=True))
        return e / keras.ops.sum(e, axis=-1, keepdims=True)

    found = lint(make(8, 3, output=softmax), *blobs)
    assert [one.severity for one in found if one.code == "lost-logits"] == ["note"]


def test_a_schedule_is_read_at_its_median(blobs, make):
    schedule = keras.optimizers.schedules.PolynomialDecay(0.2, 50, 0.0)
    model = make(8, 3, optimizer=keras.optimizers.SGD(schedule))
    program = read_program(model, *blobs, batch_size=32, epochs=5)
    assert program.updates == 50
    # Half-way lies between steps 24 and 25, and a step is 0.004.
    assert program.learning_rate == pytest.approx(0.102, abs=0.0021)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda m, x, y: (keras.Sequential(m.layers), x, y), "must be compiled"),
        (lambda m, x, y: (m, x[:-1], y), "same number of rows"),
        (lambda m, x, y: (m, x[:, :2], y), "input shape"),
        (lambda m, x, y: (m, x.astype(str), y), "an array of numbers"),
    ],
)
def test_bad_input_is_refused_with_its_rule(blobs, make, change, rule):
    with pytest.raises(ValueError, match=rule):
        lint(*change(make(8, 3), *blobs))

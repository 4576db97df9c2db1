"""What is said before any step, instead of a riddle or of nothing."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_cnn import InputError, Trainer
from tests.training._compare import quiet, seeded
from tests.training.models import CLASSES, compiled, compiled_dense, rows

X, Y = rows(12)
LABELS = np.arange(12) % CLASSES


def stream(x=X, y=Y, batch=4, **options):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch, **options)


NOTHING = {
    "arrays": lambda: {"x": X[:0], "y": Y[:0]},
    "stream": lambda: {"x": stream().take(0)},
    "stream_of_unknown_length": lambda: {"x": stream().filter(lambda *_: False)},
    "less_than_a_batch": lambda: {"x": stream(batch=20, drop_remainder=True)},
    "validation_arrays": lambda: {"x": X, "y": Y, "validation_data": (X[:0], Y[:0])},
    "validation_stream": lambda: {
        "x": X,
        "y": Y,
        "validation_data": stream().take(0),
    },
    "batch_size": lambda: {"x": X, "y": Y, "batch_size": -1},
    "no_batch_size": lambda: {"x": X, "y": Y, "batch_size": 0},
    "steps_per_epoch": lambda: {"x": X, "y": Y, "steps_per_epoch": -1},
    "validation_steps": lambda: {
        "x": X,
        "y": Y,
        "validation_data": (X, Y),
        "validation_steps": 0,
    },
}


@pytest.mark.parametrize("name", NOTHING)
def test_training_on_nothing_raises_before_any_step(name):
    model = compiled_dense("sgd")
    before = model.get_weights()
    with pytest.raises(InputError, match="must "):
        Trainer(model).fit(**quiet(**NOTHING[name]()))
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_evaluating_and_predicting_on_nothing_raises():
    trainer = Trainer(compiled_dense("sgd"))
    with pytest.raises(InputError, match="at least one sample"):
        trainer.evaluate(X[:0], Y[:0], verbose=0)
    with pytest.raises(InputError, match="at least one sample"):
        trainer.predict(X[:0], verbose=0)
    with pytest.raises(InputError, match="at least one batch"):
        trainer.predict(stream().take(0), verbose=0)


def classifier(units=CLASSES, loss="sparse_categorical_crossentropy", end="softmax"):
    net = [keras.Input((5,)), layers.Dense(units, activation=end)]
    return compiled(keras.Sequential(net), "sgd", loss=loss)


RIDDLES = {
    "one_hot_under_a_sparse_loss": (
        lambda: classifier(),
        np.eye(CLASSES)[LABELS],
        "categorical_crossentropy",
    ),
    "labels_from_one_on": (lambda: classifier(), LABELS + 1, "Pass `y - 1`"),
    "a_pair_for_one_sigmoid": (
        lambda: classifier(1, "binary_crossentropy", "sigmoid"),
        np.eye(2)[LABELS % 2],
        "argmax",
    ),
    "class_numbers_under_a_categorical_loss": (
        lambda: classifier(loss="categorical_crossentropy"),
        LABELS,
        "sparse_categorical_crossentropy",
    ),
}


@pytest.mark.parametrize("name", RIDDLES)
def test_targets_that_cannot_fit_are_explained_before_any_step(name):
    build, y, remedy = RIDDLES[name]
    with pytest.raises(InputError, match=remedy):
        Trainer(build()).fit(X, y, verbose=0)


def test_targets_of_a_stream_are_explained_by_their_shape():
    with pytest.raises(InputError, match="must hold class numbers"):
        Trainer(classifier()).fit(**quiet(x=stream(y=np.eye(CLASSES)[LABELS])))


def test_validation_targets_are_explained_too():
    with pytest.raises(InputError, match="from 0 to 3"):
        Trainer(classifier()).fit(X, LABELS, validation_data=(X, LABELS + 1), verbose=0)


FITTING = {
    "a_column_of_class_numbers": (classifier, LABELS[:, np.newaxis]),
    "steps_of_class_numbers": (
        lambda: compiled(
            keras.Sequential(
                [keras.Input((5,)), layers.Reshape((5, 1)), layers.Dense(3)]
            ),
            "sgd",
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        ),
        np.arange(60).reshape(12, 5) % 3,
    ),
    "a_class_that_is_ignored": (
        lambda: classifier(
            loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
        ),
        np.where(LABELS == 1, -1, LABELS),
    ),
    "one_number_a_row": (lambda: compiled_dense("sgd"), Y[:, 0]),
    "several_labels": (
        lambda: classifier(loss="binary_crossentropy", end="sigmoid"),
        np.eye(CLASSES)[LABELS],
    ),
}


@pytest.mark.parametrize("name", FITTING)
def test_targets_that_fit_train_as_in_fit_without_a_word(name):
    build, y = FITTING[name]
    theirs = seeded(build).fit(**quiet(x=X, y=y)).history["loss"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = Trainer(seeded(build)).fit(**quiet(x=X, y=y)).history["loss"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_missing_targets_are_named_by_evaluate_too():
    with pytest.raises(InputError, match="`y` must be given"):
        Trainer(compiled_dense("sgd")).evaluate(X, verbose=0)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        pytest.param([1.0, 5.0], "dict", id="a_list"),
        pytest.param({0: 1.0, 1: -5.0}, ">= 0", id="negative"),
    ],
)
def test_class_weights_of_another_form_raise(weights, words):
    with pytest.raises(InputError, match=words):
        Trainer(classifier()).fit(X, LABELS, class_weight=weights, verbose=0)


def test_unfreezing_without_compile_says_compile_again():
    model = compiled_dense("sgd")
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    trainer = Trainer(model)
    trainer.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    with pytest.raises(InputError, match="call `model.compile` again"):
        trainer.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="Recompiling"):
        trainer.fit(X, Y, verbose=0)


def test_nothing_to_train_warns_as_in_fit():
    model = compiled_dense("sgd")
    model.trainable = False
    model.compile(None, "mse")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="trainable weights"):
        ours = Trainer(model).fit(**quiet(x=X, y=Y, epochs=2)).history["loss"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.fit(**quiet(x=X, y=Y, epochs=2)).history["loss"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_optimizer_for_weights_that_train_raises():
    model = compiled(
        keras.Sequential([keras.Input((5,)), layers.Dense(1)]), None, loss="mse"
    )
    with pytest.raises(InputError, match="optimizer"):
        Trainer(model).fit(X, Y, verbose=0)

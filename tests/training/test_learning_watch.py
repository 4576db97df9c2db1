"""When a training is said to have learned nothing."""

import math

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from keras_cnn.training.learning_watch import Chance, LearningWatch, chance_of


def network(units=3, rate=0.05, loss="sparse_categorical_crossentropy", **options):
    keras.utils.set_random_seed(0)
    output = {"sparse_categorical_crossentropy": "softmax", "mse": None}.get(loss)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units, output, **options)]
    )
    model.compile(keras.optimizers.SGD(rate), loss, metrics=["accuracy"])
    return model


@pytest.fixture
def classes():
    """Three classes that a linear layer tells apart."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(320, 4)).astype("float32")
    return x, x[:, :3].argmax(1)


@pytest.mark.parametrize(
    ("loss", "y", "expected"),
    [
        # A constant answer of the shares (1/4, 3/4) has their entropy as its loss.
        ("sparse_categorical_crossentropy", [0, 1, 1, 1], 0.5623),
        ("categorical_crossentropy", [[1, 0], [0, 1], [0, 1], [0, 1]], 0.5623),
        ("binary_crossentropy", [[0], [1], [1], [1]], 0.5623),
        ("mse", [[0.0], [0.0], [3.0], [3.0]], 2.25),  # about their mean, 1.5
        ("mae", [[0.0], [0.0], [0.0], [4.0]], 1.0),  # about their median, 0
        # Labels smoothed by 0.2 are (0.1, 0.9) and (0.9, 0.1): shares (0.3, 0.7).
        (
            keras.losses.CategoricalCrossentropy(label_smoothing=0.2),
            [[1, 0], [0, 1], [0, 1], [0, 1]],
            0.6109,
        ),
    ],
    ids=["sparse", "one_hot", "binary", "mse", "mae", "smoothed"],
)
def test_the_loss_of_the_best_constant_answer_is_known(loss, y, expected):
    chance = chance_of(network(2, loss=loss), np.array(y))
    assert chance.loss == pytest.approx(expected, abs=1e-4)


def test_of_a_stream_the_answer_without_knowledge_is_known():
    assert chance_of(network(5), None).loss == pytest.approx(math.log(5))
    assert chance_of(network(1, loss="mse"), None) is None


def test_nothing_is_supposed_of_a_loss_that_is_more_than_a_mean():
    y = np.arange(12) % 3
    assert chance_of(network(kernel_regularizer="l2"), y) is None
    assert chance_of(network(), y, weight=np.ones(12)) is None
    assert chance_of(network(), {"a": y}) is None
    focal = keras.losses.BinaryFocalCrossentropy()
    assert chance_of(network(1, loss=focal), y[:, None] > 1) is None
    total = keras.losses.MeanSquaredError(reduction="sum")
    assert chance_of(network(1, loss=total), y[:, None]) is None


def test_a_training_that_learns_nothing_is_warned_of_once(classes):
    with pytest.warns(UserWarning, match="100 updates .* constant answer") as warned:
        Trainer(network(rate=1e-9)).fit(*classes, epochs=20, verbose=2)
    assert len(warned) == 1 and "keras_cnn.doctor.diagnose" in str(warned[0].message)


def test_a_training_that_learns_is_not(classes, recwarn):
    Trainer(network()).fit(*classes, epochs=12, verbose=2)
    Trainer(network(rate=1e-9)).fit(*classes, epochs=9, verbose=2)  # 90 updates
    assert not recwarn.list


def test_a_training_that_shall_be_silent_is(classes, recwarn):
    Trainer(network(rate=1e-9)).fit(*classes, epochs=20, verbose=0)
    assert not recwarn.list


def test_a_stream_is_watched_by_what_its_classes_are(classes):
    import tensorflow as tf

    stream = tf.data.Dataset.from_tensor_slices(classes).batch(32)
    with pytest.warns(UserWarning, match="no better than a constant answer"):
        Trainer(network(rate=1e-9)).fit(stream, epochs=11, verbose=2, shuffle=False)


def test_amounts_are_waited_for_while_their_loss_falls():
    said = []
    watch = LearningWatch(Chance(1.0, None), said.append)
    model = network(1, loss="mse")
    watch.set_model(model)
    watch.on_train_begin()
    model.optimizer.iterations.assign(500)
    for loss in (90.0, 30.0, 10.0):  # from far away, but on its way
        watch.on_epoch_end(0, {"loss": loss})
    assert not said
    watch.on_epoch_end(3, {"loss": 9.99})
    assert len(said) == 1 and "loss 9.99, of a constant answer 1" in said[0]


def test_an_accuracy_above_chance_is_learning():
    said = []
    watch = LearningWatch(Chance(1.0, 0.35), said.append)
    model = network()
    watch.set_model(model)
    watch.on_train_begin()
    model.optimizer.iterations.assign(500)
    watch.on_epoch_end(0, {"loss": 40.0, "accuracy": 0.6})  # its first losses were huge
    watch.on_epoch_end(1, {"loss": 40.0, "accuracy": 0.65})
    assert not said
    watch.on_epoch_end(2, {"loss": 1.0, "accuracy": 0.34})
    assert said


def test_weights_that_do_not_move_are_not_saved_by_a_lucky_accuracy():
    said = []
    watch = LearningWatch(Chance(1.0, 0.35), said.append)
    model = network()
    watch.set_model(model)
    watch.on_train_begin()
    model.optimizer.iterations.assign(500)
    for epoch in range(2):
        assert not said
        watch.on_epoch_end(epoch, {"loss": 1.4, "accuracy": 0.45})
    assert said

"""Hooks and rates over streams: each batch that exists is heard of, and no other."""

from threading import Event

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    quiet,
    run_both,
)
from tests.training.models import compiled_dense, rows

BATCH, BATCHES = 4, 4
X, Y = rows(BATCH * BATCHES)


class Batches(keras.utils.PyDataset):
    """Four batches."""

    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        part = slice(index * BATCH, (index + 1) * BATCH)
        return X[part], Y[part]


class Endless(Batches):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, index):
        return super().__getitem__(index % BATCHES)


def dataset(*, known=True):
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)
    return batches if known else batches.filter(lambda *_: True)


def generator():
    while True:
        for begin in range(0, len(X), BATCH):
            yield X[begin : begin + BATCH], Y[begin : begin + BATCH]


STREAMS = {
    "dataset": lambda: {"x": dataset()},
    "unknown_length": lambda: {"x": dataset(known=False)},
    "unknown_length_and_its_steps": lambda: {
        "x": dataset(known=False),
        "steps_per_epoch": BATCHES,
    },
    "endless": lambda: {"x": dataset().repeat(), "steps_per_epoch": BATCHES},
    "generator": lambda: {"x": generator(), "steps_per_epoch": BATCHES},
    "py_dataset": lambda: {"x": Batches()},
    "py_dataset_with_workers": lambda: {"x": Batches(workers=2)},
    "endless_py_dataset": lambda: {"x": Endless(), "steps_per_epoch": BATCHES},
}


class Heard(keras.callbacks.Callback):
    """Which batches it heard of, at their beginning and at their end."""

    def __init__(self):
        super().__init__()
        self.train_begins, self.train_ends, self.test_begins = [], [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.train_begins.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.train_ends.append(batch)

    def on_test_batch_begin(self, batch, logs=None):
        self.test_begins.append(batch)


@pytest.mark.parametrize("name", STREAMS)
def test_each_batch_of_a_stream_is_heard_of_once(name):
    heard = Heard()
    validation = (
        {} if name == "generator" else {"validation_data": dataset(known=False)}
    )
    Trainer(compiled_dense("sgd")).fit(
        **quiet(**STREAMS[name](), epochs=2, callbacks=[heard], **validation)
    )
    assert heard.train_begins == [0, 1, 2, 3] * 2
    assert heard.train_ends == [0, 1, 2, 3] * 2
    assert heard.test_begins == ([0, 1, 2, 3] * 2 if validation else [])


@pytest.mark.parametrize("name", ["unknown_length", "py_dataset"])
def test_an_evaluation_hears_of_each_batch_of_a_stream_once(name):
    heard = Heard()
    Trainer(compiled_dense("sgd")).evaluate(
        **STREAMS[name](), callbacks=[heard], verbose=0
    )
    assert heard.test_begins == [0, 1, 2, 3]


class WarmUp(keras.callbacks.Callback):
    """Sets the rate of each batch before it, as a warm-up does."""

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = 0.01 * (batch + 1)


@pytest.mark.parametrize("name", ["unknown_length", "endless", "generator"])
def test_rates_set_before_each_batch_of_a_stream_train_as_in_fit(name):
    theirs, ours = run_both(
        lambda: compiled_dense("sgd"),
        lambda: {**STREAMS[name](), "epochs": 2, "callbacks": [WarmUp()]},
    )
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, FLOAT32_TOLERANCE, FLOAT32_TOLERANCE)
    if name != "unknown_length":
        # There Keras counts the batch that does not exist, in some of its means.
        assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


class BeginsSlowly(Batches):
    """Ends `on_epoch_begin` when a batch was read meanwhile, or after some seconds."""

    def __init__(self, seconds):
        super().__init__(workers=2)
        self.seconds, self.read, self.read_meanwhile = seconds, Event(), False

    def __getitem__(self, index):
        self.read.set()
        return super().__getitem__(index)

    def on_epoch_begin(self):
        self.read.clear()  # some are read first of all, to see what they are like
        self.read_meanwhile = self.read.wait(self.seconds)


def test_workers_read_nothing_before_on_epoch_begin_is_done():
    """Keras's own `fit` lets them; noticed here when that changes."""
    ours, theirs = BeginsSlowly(0.3), BeginsSlowly(60)
    Trainer(compiled_dense("sgd")).fit(**quiet(x=ours))
    assert not ours.read_meanwhile
    compiled_dense("sgd").fit(**quiet(x=theirs))
    assert theirs.read_meanwhile


def test_a_callback_hears_its_arguments_by_name_as_in_keras():
    seen = []

    class ByName(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, **given):
            seen.append((batch, list(given)))

    Trainer(compiled_dense("sgd")).fit(**quiet(x=X, y=Y, callbacks=[ByName()]))
    assert seen == [(0, ["logs"])]

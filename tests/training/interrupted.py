"""A training process to be killed: what tests/training/test_checkpoints.py starts."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import keras
import numpy as np

from keras_cnn import Trainer
from tests.training.indexed import IndexedArrays

EPOCHS = 3

# Started processes are forked from one that has imported TensorFlow: 0.1 s, not 6.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__])


class Slowly(keras.callbacks.Callback):
    """Says when training begins, and makes each step long enough to be killed in."""

    def __init__(self, begun, seconds):
        super().__init__()
        self.begun = begun
        self.seconds = seconds

    def on_train_begin(self, logs=None):
        Path(self.begun).touch()

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(self.seconds)


def small_model(seed=0):
    """With all that has a state: moving means, random masks, moments, averages."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def small_data():
    generator = np.random.default_rng(0)
    return generator.normal(size=(500, 8, 8, 1)), generator.integers(0, 10, 500)


def train(folder, out, *, every=3, streamed=False, seconds=0.01, die_in_save=None):
    """Trains deterministically, from the newest checkpoint, and saves the end.

    Args:
        folder: Of the checkpoints.
        out: An .npz file for the final variables and the history.
        every: Steps between checkpoints.
        streamed: Whether the data come as a shuffled stream, not as arrays; "indexed"
            for data that are read by position.
        seconds: How much longer each step takes.
        die_in_save: The save, counted from 1, in the middle of which to die; or None.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    if die_in_save:
        _die_in_save(die_in_save)
    model = small_model()
    x, y = small_data()
    trainer = Trainer(model, checkpoint_dir=folder, checkpoint_every=every, resume=True)
    slowly = Slowly(f"{out}.begun", seconds)
    if streamed == "indexed":
        fed = {"x": IndexedArrays(x, y), "batch_size": 32}
    elif streamed:
        data = tf.data.Dataset.from_tensor_slices((x, y))
        data = data.shuffle(500, seed=3).batch(32)
        fed = {"x": data, "shuffle": False}
    else:
        fed = {"x": x, "y": y, "batch_size": 32}
    history = trainer.fit(
        **fed,
        validation_data=(x[:50], y[:50]),
        epochs=EPOCHS,
        verbose=0,
        callbacks=[slowly] if seconds else [],
    ).history
    variables = [*model.variables, *model.optimizer.variables]
    arrays = {f"{index:03d}": value.numpy() for index, value in enumerate(variables)}
    np.savez(out, **arrays, **{f"history_{name}": history[name] for name in history})


def _die_in_save(which):
    """Kills this process when half of a checkpoint is written."""
    whole, saves = np.savez, [0]

    def half(file, **arrays):
        saves[0] += 1
        if saves[0] < which:
            return whole(file, **arrays)
        whole(file, **arrays)
        file.flush()
        os.ftruncate(file.fileno(), os.fstat(file.fileno()).st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    np.savez = half


def start(**options):
    process = processes.Process(target=train, kwargs=options)
    process.start()
    return process

"""Tiny programs that the tests of rules and remedies share."""

import keras
import numpy as np

ROWS = 120


def rng():
    return np.random.default_rng(0)


def features(columns=4):
    return rng().normal(size=(ROWS, columns)).astype("float32")


def classes(kinds=3):
    return np.arange(ROWS) % kinds


def one_hot(kinds=3):
    return np.eye(kinds, dtype="float32")[classes(kinds)]


def network(
    *widths,
    inputs=4,
    hidden="relu",
    output="softmax",
    loss="categorical_crossentropy",
    optimizer=None,
    before=(),
    between=(),
    **options,
):
    """Returns a compiled dense network; `widths` are the layers', the output's last."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(n, hidden, **options) for n in widths[:-1]]
    head = keras.layers.Dense(widths[-1], output, **options)
    model = keras.Sequential([keras.Input((inputs,)), *before, *layers, *between, head])
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss)
    return model

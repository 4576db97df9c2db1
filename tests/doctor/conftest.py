"""Small programs on toy data that the doctor's tests share."""

import keras
import numpy as np
import pytest


@pytest.fixture
def blobs():
    """Three Gaussian classes in four dimensions, easy to tell apart; one-hot labels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    centres = np.array([[2, 0, 0, 1], [0, 2, 0, -1], [0, 0, 2, 0]])
    x = (centres[labels] + 0.5 * rng.normal(size=(300, 4))).astype("float32")
    return x, np.eye(3, dtype="float32")[labels]


@pytest.fixture
def make():
    """Returns a builder of compiled dense networks with seeded weights."""

    def make(
        *widths,
        inputs=4,
        hidden="relu",
        output="softmax",
        loss="categorical_crossentropy",
        optimizer=None,
        **options,
    ):
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Dense(n, hidden, **options) for n in widths[:-1]]
        head = keras.layers.Dense(widths[-1], output, **options)
        model = keras.Sequential([keras.Input((inputs,)), *layers, head])
        model.compile(optimizer or keras.optimizers.Adam(0.01), loss)
        return model

    return make

"""`run_eagerly`: values in a loss, a layer, a metric and a step, as under `fit`."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    assert_same_variables,
    run_both,
)
from tests.training.models import compiled, rows

SAMPLES, BATCH = 18, 4  # four whole batches, and one of two samples


def looks(seen):
    """A loss that reads its values, as a debugger does."""

    def loss(y, y_pred):
        seen.append(np.asarray(y_pred.numpy()).shape)
        return ops.mean((y - y_pred) ** 2, axis=-1)

    return loss


class Looking(layers.Layer):
    """A layer that can be computed only where there are values."""

    def call(self, inputs):
        return inputs * float(inputs.numpy().max() > -np.inf)


class WithLookingLayer(keras.Model):
    """Is built by values only: a symbolic call fails."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.looking = Looking()

    def call(self, inputs):
        return self.looking(self.dense(inputs))


class LookingStep(keras.Model):
    """A step that reads its values, too."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        self.last = float(data[0].numpy().sum())
        return super().train_step(data)


def data():
    x, y = rows(SAMPLES)
    return {"x": x, "y": y, "batch_size": BATCH, "epochs": 2}


def stream():
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(rows(16)).batch(2)
    return {"x": batches, "epochs": 2, "validation_data": batches}


BUILDS = {
    "loss": lambda: compiled(
        keras.Sequential([layers.Dense(1)]), "sgd", loss=looks([]), run_eagerly=True
    ),
    "layer": lambda: compiled(WithLookingLayer(), "adam", loss="mse", run_eagerly=True),
    "step": lambda: compiled(LookingStep(), "adam", loss="mse", run_eagerly=True),
    "metric": lambda: compiled(
        keras.Sequential([layers.Dense(1)]),
        "sgd",
        loss="mse",
        metrics=[lambda y, y_pred: ops.abs(y - y_pred) + 0 * float(y.numpy().max())],
        run_eagerly=True,
    ),
}


@pytest.mark.parametrize("arguments", [data, stream])
@pytest.mark.parametrize("name", BUILDS)
def test_values_can_be_read_while_training_as_in_fit(name, arguments):
    theirs, ours = run_both(BUILDS[name], arguments)
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_all_functions_run_eagerly_where_tensorflow_is_told_so():
    import tensorflow as tf

    seen = []
    tf.config.run_functions_eagerly(True)
    try:
        theirs, ours = run_both(
            lambda: compiled(
                keras.Sequential([layers.Dense(1)]), "sgd", loss=looks(seen)
            ),
            data,
        )
    finally:
        tf.config.run_functions_eagerly(False)
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert seen.count((2, 1)) == 2 * 2  # the last batch of two epochs, both runs

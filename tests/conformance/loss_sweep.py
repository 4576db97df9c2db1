"""What a loss does, as a snapshot, and the ways to copy one."""

import keras
import numpy as np


class LossLayer(keras.layers.Layer):
    """A loss as a function of the predictions."""

    def __init__(self, loss, y_true, weights=None):
        super().__init__(dtype="float32")
        self.loss, self.y_true, self.sample_weight = loss, y_true, weights

    def call(self, y_pred):
        return self.loss(self.y_true, y_pred, self.sample_weight)


def loss_snapshot(run, loss, inputs):
    """Evaluates the loss and its gradient, with and without weights."""
    y_true, y_pred = inputs
    value = loss(y_true, y_pred)
    # Two weights, so that a mean of them is not the mean without them.
    weights = np.linspace(0.5, 2.0, len(y_pred), dtype="float32")
    upstream = np.ones(value.shape, "float32")
    plain = run(LossLayer(loss, y_true), y_pred, upstream)
    weighted = run(LossLayer(loss, y_true, weights), y_pred, upstream)
    return {
        "name": loss.name,
        "dtype": str(keras.backend.standardize_dtype(value.dtype)),
        "value": plain.value,
        "gradient": plain.by_x,
        "weighted value": weighted.value,
        "weighted gradient": weighted.by_x,
    }


def loss_copies(folder, loss, inputs):
    """Yields (how, make) for each way in which a loss is copied."""
    yield "from_config", lambda: type(loss).from_config(loss.get_config())
    serialized = keras.saving.serialize_keras_object(loss)
    yield (
        "serialize_keras_object",
        lambda: keras.saving.deserialize_keras_object(serialized),
    )
    yield "keras.losses.get", lambda: keras.losses.get(serialized)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss=loss)
    model.save(folder / "model.keras")
    yield (
        "a .keras file",
        lambda: keras.models.load_model(folder / "model.keras").loss,
    )

"""Programs on series and signals."""

import keras
from keras import layers

from . import data
from .case import Built, add


def forecast(
    kind="lstm",
    rate=5e-3,
    activation="tanh",
    x_of=lambda x: x,
    y_of=lambda y: y,
    ahead=1,
    optimizer=None,
    output=None,
    loss="mse",
):
    """What comes next in a wave."""
    x, y = data.waves(ahead=ahead)
    inputs = keras.Input((24, 1))
    if kind == "lstm":
        h = layers.LSTM(24, activation=activation)(inputs)
    elif kind == "gru2":
        h = layers.GRU(16)(layers.GRU(16, return_sequences=True)(inputs))
    elif kind == "conv":
        h = layers.Conv1D(16, 5, padding="causal", activation="relu")(inputs)
        h = layers.Conv1D(16, 5, padding="causal", dilation_rate=2, activation="relu")(
            h
        )
        h = layers.Flatten()(h)
    else:
        h = layers.Dense(32, activation="relu")(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Dense(ahead, activation=output)(h))
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss)
    return Built(model, x_of(x), y_of(y))


def kinds_of_signal(
    rate=3e-3,
    output="softmax",
    y_of=lambda y: y,
    x_of=lambda x: x,
    kind="conv",
    optimizer=None,
    loss="sparse_categorical_crossentropy",
    axis=None,
):
    """Sine, square or sawtooth."""
    x, y = data.signals()
    inputs = keras.Input((40, 1))
    if kind == "conv":
        h = layers.Conv1D(16, 5, activation="relu")(inputs)
        h = layers.BatchNormalization()(h)
        h = layers.Conv1D(32, 5, activation="relu")(h)
        h = layers.GlobalAveragePooling1D()(h)
    else:
        h = layers.Bidirectional(layers.LSTM(16))(inputs)
    h = layers.Dense(3)(h)
    h = (
        layers.Softmax(axis=axis)(h)
        if axis is not None
        else layers.Activation(output)(h)
    )
    model = keras.Model(inputs, h)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return Built(model, x_of(x), y_of(y))


add("series-lstm", "", forecast, epochs=10)
add("series-gru", "", forecast, kind="gru2", epochs=10)
add("series-conv", "", forecast, kind="conv", epochs=12)
add("series-five-ahead", "", forecast, kind="dense", ahead=5, epochs=20)
add("series-kinds", "", kinds_of_signal, epochs=12)
add("series-kinds-lstm", "", kinds_of_signal, kind="lstm", epochs=15, rate=5e-3)

add("series-lstm-high", "lr-too-high", forecast, rate=2.0, epochs=8)
add(
    "series-raw",
    "unnormalized-target unnormalized-input",
    forecast,
    x_of=lambda x: 1000 * x + 5000,
    y_of=lambda y: 1000 * y + 5000,
    epochs=8,
)
add(
    "series-sigmoid",
    "bounded-output-for-regression",
    forecast,
    output="sigmoid",
    epochs=10,
)
add(
    "series-low",
    "lr-too-low",
    forecast,
    optimizer=lambda: keras.optimizers.SGD(1e-6),
    epochs=8,
)
add("series-kinds-axis", "wrong-axis", kinds_of_signal, axis=0, epochs=10)
add(
    "series-kinds-shuffled",
    "shuffled-apart corrupted-labels",
    kinds_of_signal,
    y_of=lambda y: data.rng(21).permutation(y),
    epochs=8,
)
add("series-kinds-low", "lr-too-low", kinds_of_signal, rate=1e-7, epochs=8)
add(
    "series-few",
    "too-few-updates lr-too-low",
    forecast,
    kind="gru2",
    rate=1e-4,
    epochs=1,
)

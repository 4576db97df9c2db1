"""Programs on texts and word numbers."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from . import data
from .case import Built, add


class Positions(layers.Layer):
    """Adds learned positions to word vectors, as tutorials on Transformers write it."""

    def __init__(self, length, words, width, **options):
        super().__init__(**options)
        self.words = layers.Embedding(words, width)
        self.positions = layers.Embedding(length, width)
        self.length = length

    def call(self, x):
        return self.words(x) + self.positions(keras.ops.arange(self.length))


class Block(layers.Layer):
    """An encoder's block."""

    def __init__(self, width, heads, inner, dropout=0.1, **options):
        super().__init__(**options)
        self.attention = layers.MultiHeadAttention(heads, width)
        self.inner = keras.Sequential(
            [layers.Dense(inner, activation="relu"), layers.Dense(width)]
        )
        self.first, self.second = (
            layers.LayerNormalization(),
            layers.LayerNormalization(),
        )
        self.drop, self.drop_again = layers.Dropout(dropout), layers.Dropout(dropout)

    def call(self, x, training=False):
        x = self.first(x + self.drop(self.attention(x, x), training=training))
        return self.second(x + self.drop_again(self.inner(x), training=training))


def embedding(
    kind="average",
    kinds=2,
    rate=1e-3,
    output=None,
    loss=None,
    optimizer=None,
    labels=lambda y: y,
    words=400,
    width=16,
    dropout=0.0,
    order=None,
    trainable=True,
    hidden=16,
    activation="relu",
    clip=None,
):
    """A classifier of word numbers: averaged, recurrent, convolved, attended to."""
    x, y = data.tokens(kinds=kinds)
    if order is not None:
        x = x[data.rng(order).permutation(len(x))]
    inputs = keras.Input((30,), dtype="int32")
    if kind == "transformer":
        h = Block(width, 2, 32)(Positions(30, words, width)(inputs))
        h = layers.GlobalAveragePooling1D()(h)
    else:
        h = layers.Embedding(words, width, mask_zero=kind == "lstm")(inputs)
        h = {
            "average": lambda: layers.GlobalAveragePooling1D(),
            "lstm": lambda: layers.LSTM(16),
            "gru": lambda: layers.Bidirectional(layers.GRU(12)),
            "conv": lambda: keras.Sequential(
                [layers.Conv1D(32, 3, activation="relu"), layers.GlobalMaxPooling1D()]
            ),
        }[kind]()(h)
    h = layers.Dense(hidden, activation=activation)(h)
    if dropout:
        h = layers.Dropout(dropout)(h)
    units = 1 if kinds == 2 else kinds
    output = output or ("sigmoid" if kinds == 2 else "softmax")
    model = keras.Model(inputs, layers.Dense(units, activation=output)(h))
    model.layers[1].trainable = trainable
    loss = loss or (
        "binary_crossentropy" if kinds == 2 else "sparse_categorical_crossentropy"
    )
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate, clipnorm=clip)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return Built(model, x, labels(y))


def vectorized(rate=1e-3, epochs=None, scale=1, loss="binary_crossentropy"):
    """Strings, vectorized within the model."""
    texts, y = data.sentences()
    vectorize = layers.TextVectorization(max_tokens=100, output_sequence_length=15)
    vectorize.adapt(texts)
    inputs = keras.Input((), dtype="string")
    h = layers.Embedding(100, 16)(vectorize(inputs))
    h = layers.GlobalAveragePooling1D()(h)
    h = layers.Dense(16, activation="relu")(h)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h))
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, tf.constant(texts), y)


def tagging(axis=-1, rate=0.01, loss="sparse_categorical_crossentropy", mask=False):
    """A tag for each word."""
    x, y = data.tags()
    inputs = keras.Input((12,))
    h = layers.Embedding(50, 16, mask_zero=mask)(inputs)
    h = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(h)
    h = layers.Dense(3)(h)
    model = keras.Model(inputs, layers.Softmax(axis=axis)(h))
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, y)


def translating(rate=0.01, teacher=True):
    """From a sequence to its reverse, with the target shifted as second input."""
    g = data.rng(11)
    x = g.integers(1, 9, (800, 6)).astype("int32")
    y = x[:, ::-1].copy()
    shifted = np.concatenate([np.zeros((800, 1), "int32"), y[:, :-1]], 1)
    source, target = keras.Input((6,), name="source"), keras.Input((6,), name="target")
    _, *state = layers.LSTM(48, return_state=True)(layers.Embedding(9, 16)(source))
    h = layers.LSTM(48, return_sequences=True)(
        layers.Embedding(9, 16)(target), initial_state=state
    )
    model = keras.Model([source, target], layers.Dense(9, activation="softmax")(h))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, [x, shifted], y)


def next_word(rate=0.01, layers_of=1):
    """The next character of a repeated rhyme."""
    text = "row row row your boat gently down the stream merrily " * 12
    letters = sorted(set(text))
    ids = np.array([letters.index(c) for c in text])
    x = np.stack([ids[i : i + 10] for i in range(len(ids) - 10)])
    y = data.one_hot(ids[10:], len(letters))
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Embedding(len(letters), 12),
            layers.LSTM(40),
            layers.Dense(len(letters), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")
    return Built(model, x.astype("int32"), y)


# Healthy.
add("text-average", "", embedding, rate=0.01)
add("text-lstm", "", embedding, kind="lstm", rate=3e-3)
add("text-gru-4", "", embedding, kind="gru", kinds=4, rate=5e-3)
add("text-conv", "", embedding, kind="conv", epochs=8)
add("text-transformer", "", embedding, kind="transformer", rate=2e-3)
add("text-dropout", "", embedding, kind="conv", dropout=0.5)
add("text-strings", "", vectorized, rate=0.01)
add("text-tags", "", tagging)
add("text-reverse", "", translating, epochs=15)
add("text-rhyme", "", next_word, epochs=15)

# Faulty.
add(
    "text-average-sgd",
    "lr-too-low",
    embedding,
    optimizer=lambda: keras.optimizers.SGD(1e-4),
)
add("text-lstm-high", "lr-too-high", embedding, kind="lstm", rate=3.0)
add(
    "text-conv-few",
    "lr-too-low too-few-updates",
    embedding,
    kind="conv",
    rate=2e-5,
    epochs=2,
)
add(
    "text-shuffled",
    "shuffled-apart corrupted-labels",
    embedding,
    kind="average",
    rate=0.01,
    order=1,
)
add(
    "text-softmax-1",
    "softmax-single-unit",
    embedding,
    kind="lstm",
    output="softmax",
    rate=0.01,
)
add(
    "text-labels-1-2",
    "wrong-labels corrupted-labels",
    embedding,
    kind="conv",
    labels=lambda y: y + 1,
)
add(
    "text-labels-from-1",
    "wrong-labels",
    embedding,
    kind="average",
    kinds=4,
    labels=lambda y: y + 1,
)
add(
    "text-negative-labels",
    "wrong-labels",
    embedding,
    kind="average",
    kinds=4,
    labels=lambda y: y - 1,
)
add(
    "text-4-mse",
    "wrong-loss binary-head-for-multiclass",
    embedding,
    kind="average",
    kinds=4,
    loss="mse",
    rate=0.01,
)
add(
    "text-4-binary",
    "wrong-loss",
    embedding,
    kind="conv",
    kinds=4,
    loss="binary_crossentropy",
)
add(
    "text-transformer-high",
    "lr-too-high",
    embedding,
    kind="transformer",
    optimizer=lambda: keras.optimizers.SGD(50.0),
)
add(
    "text-clipped",
    "gradient-clipping",
    embedding,
    optimizer=lambda: keras.optimizers.SGD(0.5, clipnorm=1e-4),
)
add("text-tags-axis", "wrong-axis", tagging, axis=1)
add("text-strings-low", "lr-too-low", vectorized, rate=1e-6)
add(
    "text-logits",
    "missing-softmax",
    embedding,
    kind="average",
    kinds=4,
    output="linear",
    rate=0.01,
)
add(
    "text-narrow",
    "too-small-model",
    embedding,
    kind="average",
    kinds=8,
    hidden=1,
    rate=0.01,
    epochs=15,
)

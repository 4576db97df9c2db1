"""Faulty programs after the kinds of questions that people ask in public."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from . import data
from .case import Built, add
from .own import Batches, OwnStep, subclassed
from .texts import Block, Positions

SPARSE = "sparse_categorical_crossentropy"
BINARY = "binary_crossentropy"


def stack(
    source,
    *hidden,
    units=1,
    output=None,
    loss="mse",
    activation="relu",
    optimizer=None,
    rate=3e-3,
    scaled=True,
    x_of=lambda x: x,
    y_of=lambda y: y,
    between=None,
    options=None,
    **arguments,
):
    """A dense network on a real table of scikit-learn."""
    x, y = data.real(source, scaled)
    model = keras.Sequential([keras.Input((x.shape[1],))])
    for width in hidden:
        model.add(layers.Dense(width, activation, **arguments))
        for layer in between() if between else ():
            model.add(layer)
    model.add(layers.Dense(units, output))
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    given = {name: make(x, y) for name, make in (options or {}).items()}
    return Built(model, x_of(x), y_of(y), given)


def drawn(
    *middle,
    output="softmax",
    units=10,
    loss=SPARSE,
    optimizer=None,
    rate=3e-3,
    x_of=lambda x: x,
    y_of=lambda y: y,
    before=(),
    options=None,
    head=None,
    **arguments,
):
    """A small convolutional network of digits, with some layers in its middle."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = inputs
    for layer in before:
        h = layer()(h)
    h = layers.Conv2D(16, 3, activation="relu", **arguments)(h)
    h = layers.Flatten()(layers.MaxPooling2D()(h))
    for layer in middle:
        h = layer()(h)
    h = layers.Dense(units, output)(h)
    h = head()(h) if head else h
    model = keras.Model(inputs, h)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    given = {name: make(x, y) for name, make in (options or {}).items()}
    return Built(model, x_of(x), y_of(y), given)


def meanings(
    *hidden,
    units=3,
    output="softmax",
    loss=SPARSE,
    optimizer=None,
    rate=2e-3,
    activation="relu",
    x_of=lambda x: x,
    y_of=lambda y: y,
):
    """A head on vectors that a language model gave for texts."""
    x, y = data.meanings()
    model = keras.Sequential([keras.Input((x.shape[1],))])
    for width in hidden:
        model.add(layers.Dense(width, activation))
    model.add(layers.Dense(units, output))
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return Built(model, x_of(x), y_of(y))


def twins(kind="distance", loss=BINARY, rate=2e-3, tower_trains=True, y_of=lambda y: y):
    """Whether two digits are the same, by what one tower makes of both."""
    first, second, same = data.pairs()
    tower = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(64, "relu"),
            layers.Dense(16),
        ]
    )
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    a, b = tower(left), tower(right)
    if kind == "distance":
        out = layers.Lambda(
            lambda p: ops.sqrt(ops.sum((p[0] - p[1]) ** 2, -1, keepdims=True) + 1e-7)
        )([a, b])
    else:
        out = layers.Dot(1, normalize=True)([a, b])
    model = keras.Model([left, right], out)
    model.compile(keras.optimizers.Adam(rate), loss)
    tower.trainable = tower_trains
    return Built(model, [first, second], y_of(same))


def attended(rate=2e-3, optimizer=None, loss=BINARY, output="sigmoid", words=400):
    """An encoder's block on word numbers."""
    x, y = data.tokens()
    inputs = keras.Input((30,), dtype="int32")
    h = Positions(30, words, 16)(inputs)
    h = layers.GlobalAveragePooling1D()(Block(16, 2, 32)(h))
    model = keras.Model(inputs, layers.Dense(1, output)(h))
    model.compile(optimizer() if optimizer else keras.optimizers.Adam(rate), loss)
    return Built(model, x, y)


def prices_ahead(rate=1e-3, activation="tanh", scaled=False, output=None):
    """Tomorrow's price from the days before, in dollars."""
    x, y = data.waves()
    x, y = (x, y) if scaled else (150 + 40 * x, 150 + 40 * y)
    model = keras.Sequential(
        [keras.Input((24, 1)), layers.LSTM(24, activation), layers.Dense(1, output)]
    )
    model.compile(keras.optimizers.Adam(rate), "mse")
    return Built(model, x.astype("float32"), y.astype("float32"))


def image_and_facts(scales=(1, 1), rate=2e-3):
    """A digit's image beside two numbers about it."""
    x, y = data.digits()
    facts = np.stack([x.mean((1, 2, 3)), x[:, :4].mean((1, 2, 3))], 1)
    facts = (facts - facts.mean(0)) / facts.std(0) * scales + np.multiply(scales, 3)
    image, number = (
        keras.Input((8, 8, 1), name="image"),
        keras.Input((2,), name="facts"),
    )
    h = layers.Flatten()(layers.Conv2D(8, 3, activation="relu")(image))
    h = layers.Concatenate()([h, layers.Dense(8, "relu")(number)])
    model = keras.Model([image, number], layers.Dense(10, "softmax")(h))
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, {"image": x, "facts": facts.astype("float32")}, y)


def two_heads(losses, rate=3e-3):
    """Which digit, and whether it is odd."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = layers.Dense(64, "relu")(layers.Flatten()(inputs))
    model = keras.Model(
        inputs,
        [
            layers.Dense(10, "softmax", name="digit")(h),
            layers.Dense(1, "sigmoid", name="odd")(h),
        ],
    )
    model.compile(keras.optimizers.Adam(rate), losses)
    return Built(model, x, [y, (y % 2).astype("float32")])


def segmented(axis=None, masks=1.0, loss=BINARY, rate=5e-3):
    """Where a disk is."""
    x, y = data.disks()
    inputs = keras.Input(x.shape[1:])
    h = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    h = layers.Conv2D(8, 3, padding="same", activation="relu")(h)
    if axis is None:
        h = layers.Conv2D(1, 1, activation="sigmoid")(h)
    else:
        h = layers.Conv2D(2, 1)(h)
        h = layers.Lambda(lambda v: ops.softmax(v, axis=axis))(h)
    model = keras.Model(inputs, h)
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, masks * y)


class Forgetful(OwnStep):
    """With a step of its own that forgets to apply what it has computed."""

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=predicted)
        tape.gradient(loss, self.trainable_variables)
        return {"loss": loss}


class HeadOnly(OwnStep):
    """With a step of its own that trains the last layer's bias alone."""

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=predicted)
        last = self.trainable_variables[-1:]
        self.optimizer.apply_gradients(zip(tape.gradient(loss, last), last))
        return {"loss": loss}


def zipped(shuffled=True, rate=3e-3):
    """Images and labels as two streams, each shuffled by itself."""
    x, y = data.digits()
    built = drawn(rate=rate)
    images, labels = (tf.data.Dataset.from_tensor_slices(one) for one in (x, y))
    if shuffled:
        images = images.shuffle(2000, seed=1)
    return Built(built.model, tf.data.Dataset.zip(images, labels).batch(32))


class Reversed(Batches):
    """Batches whose labels are read from the other end."""

    def __getitem__(self, i):
        x, _ = super().__getitem__(i)
        return x, self.y[::-1][i * self.size : i * self.size + len(x)]


def loaded(cls=Batches, rate=3e-3):
    """Digits by a PyDataset."""
    return Built(drawn(rate=rate).model, cls())


def rare_digit(loss=BINARY, options=None, rate=1e-3):
    """Whether a digit is a seven, of which there are few."""
    x, y = data.digits()
    seven = np.flatnonzero(y == 7)[:28]
    rows = data.rng(30).permutation(np.r_[np.flatnonzero(y != 7), seven])
    built = drawn(units=1, output="sigmoid", loss=loss, rate=rate)
    return Built(
        built.model, x[rows], (y[rows] == 7).astype("float32"), dict(options or {})
    )


def argmax_inside(rate=3e-3):
    """A layer in the middle that no gradient gets through."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = layers.Dense(32, "relu")(layers.Flatten()(inputs))
    h = layers.Lambda(lambda v: ops.round(v))(h)
    h = layers.Dense(10, "softmax")(layers.Dense(2, "relu")(h))
    model = keras.Model(inputs, h)
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, x, y)


def with_gap(column=2, code=-9999.0, share=0.05):
    """A table in which missing values are coded by a number."""

    def coded(x):
        x = x.copy()
        x[data.rng(31).random(len(x)) < share, column] = code
        return x

    return coded


def reordered(x, y):
    """Validation labels from an encoder that was fitted to another order."""
    return x[:400], 9 - y[:400]


def sgd(rate, **options):
    """Returns a maker of SGD."""
    return lambda: keras.optimizers.SGD(rate, **options)


# Labels.
add(
    "ask-iris-1-3",
    "wrong-labels",
    stack,
    "iris",
    16,
    units=3,
    output="softmax",
    loss=SPARSE,
    y_of=lambda y: y + 1,
    epochs=40,
    batch_size=8,
)
add(
    "ask-iris-below-0",
    "wrong-labels",
    stack,
    "iris",
    16,
    units=3,
    output="softmax",
    loss=SPARSE,
    y_of=lambda y: y - 1,
    epochs=40,
    batch_size=8,
)
add(
    "ask-cancer-1-2",
    "wrong-labels",
    stack,
    "cancer",
    16,
    output="sigmoid",
    loss=BINARY,
    y_of=lambda y: y + 1,
    epochs=20,
)
add(
    "ask-cancer-minus-1",
    "wrong-labels",
    stack,
    "cancer",
    16,
    output="sigmoid",
    loss=BINARY,
    y_of=lambda y: 2.0 * y - 1,
    epochs=20,
)
add(
    "ask-cancer-pair",
    "wrong-labels wrong-loss",
    stack,
    "cancer",
    16,
    output="sigmoid",
    loss=BINARY,
    y_of=lambda y: data.one_hot(y, 2),
    epochs=20,
)
add(
    "ask-iris-sigmoid",
    "binary-head-for-multiclass wrong-loss wrong-labels",
    stack,
    "iris",
    16,
    output="sigmoid",
    loss=BINARY,
    epochs=40,
    batch_size=8,
)
add(
    "ask-wine-too-few-units",
    "wrong-labels wrong-loss",
    stack,
    "wine",
    16,
    units=2,
    output="softmax",
    loss=SPARSE,
    epochs=30,
    batch_size=8,
)
add("ask-words-beyond", "index-beyond-embedding", attended, words=100, epochs=8)
# Scales.
add(
    "ask-wine-raw",
    "unnormalized-input",
    stack,
    "wine",
    16,
    units=3,
    output="softmax",
    loss=SPARSE,
    scaled=False,
    optimizer=sgd(0.01),
    epochs=40,
)
add(
    "ask-cancer-raw-tanh",
    "unnormalized-input saturating-activation",
    stack,
    "cancer",
    16,
    16,
    activation="tanh",
    output="sigmoid",
    loss=BINARY,
    scaled=False,
    rate=1e-3,
    epochs=15,
)
add(
    "ask-missing-as-9999",
    "unnormalized-input",
    stack,
    "cancer",
    16,
    output="sigmoid",
    loss=BINARY,
    x_of=with_gap(),
    optimizer=sgd(0.01),
    epochs=20,
)
add(
    "ask-diabetes-raw",
    "unnormalized-target lr-too-low too-few-updates",
    stack,
    "diabetes",
    16,
    y_of=lambda y: 75 * y + 150,
    rate=1e-3,
    epochs=20,
)
add(
    "ask-diabetes-sigmoid",
    "bounded-output-for-regression unnormalized-target",
    stack,
    "diabetes",
    16,
    output="sigmoid",
    y_of=lambda y: 75 * y + 150,
    epochs=20,
)
add(
    "ask-diabetes-missing-target",
    "outlier-targets unnormalized-target",
    stack,
    "diabetes",
    16,
    y_of=lambda y: with_gap(0, -999.0, 0.02)(y),
    epochs=40,
)
add(
    "ask-diabetes-nan",
    "nan-in-data",
    stack,
    "diabetes",
    16,
    y_of=lambda y: with_gap(0, np.nan, 0.01)(y),
    epochs=20,
)
add(
    "ask-stock-raw",
    "unnormalized-target unnormalized-input lr-too-low "
    "too-few-updates saturating-activation",
    prices_ahead,
    epochs=8,
)
add(
    "ask-stock-relu-output",
    "relu-output-for-signed-regression",
    prices_ahead,
    scaled=True,
    output="relu",
    rate=5e-3,
    epochs=10,
)
add(
    "ask-rescaled-twice",
    "input-too-small",
    drawn,
    optimizer=sgd(0.01),
    before=[lambda: layers.Rescaling(1 / 255)],
    epochs=10,
)
add("ask-facts-raw", "unnormalized-input", image_and_facts, scales=(1e4, 2e3), epochs=8)
add(
    "ask-cast-to-int",
    "corrupted-input",
    drawn,
    x_of=lambda x: x.astype("uint8"),
    epochs=10,
)
add(
    "ask-masks-255-mse",
    "",
    segmented,
    masks=255.0,
    loss="mse",
    epochs=8,
    lint=["wrong-labels", "bounded-output-for-regression", "unnormalized-target"],
)
# Heads and losses.
add(
    "ask-meaning-relu",
    "relu-output-for-classification",
    meanings,
    32,
    output="relu",
    loss="categorical_crossentropy",
    y_of=data.one_hot,
    epochs=10,
)
add(
    "ask-meaning-mae",
    "",
    meanings,
    32,
    loss="mae",
    y_of=data.one_hot,
    rate=1e-3,
    epochs=10,
    lint=["wrong-loss"],
)
add(
    "ask-meaning-tanh",
    "",
    meanings,
    32,
    output="tanh",
    epochs=10,
    lint=["wrong-output-activation"],
)
add(
    "ask-meaning-linear",
    "",
    meanings,
    32,
    output=None,
    epochs=10,
    lint=["missing-softmax"],
)
add(
    "ask-digits-twice",
    "double-softmax",
    drawn,
    head=layers.Softmax,
    rate=5e-4,
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    epochs=4,
)
add(
    "ask-twins-distance",
    "wrong-output-activation missing-sigmoid wrong-loss",
    twins,
    epochs=10,
)
add("ask-two-heads-mse", "wrong-loss", two_heads, losses=["mse", BINARY], epochs=15)
add("ask-pixels-axis", "wrong-axis", segmented, axis=1, loss=SPARSE, epochs=10)
add("ask-attended-softmax", "softmax-single-unit", attended, output="softmax", epochs=8)
# Hidden layers and weights.
add(
    "ask-softmax-inside",
    "saturating-activation",
    stack,
    "cancer",
    32,
    32,
    32,
    activation="softmax",
    output="sigmoid",
    loss=BINARY,
    optimizer=sgd(0.01),
    epochs=15,
)
add(
    "ask-twelve-sigmoids",
    "saturating-activation excess-depth",
    drawn,
    *[lambda: layers.Dense(24, "sigmoid")] * 12,
    epochs=8,
)
add(
    "ask-normal-1",
    "bad-init",
    drawn,
    lambda: layers.Dense(
        256, "relu", kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)
    ),
    lambda: layers.Dense(
        256, "relu", kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)
    ),
    optimizer=sgd(0.01),
    epochs=6,
)
add(
    "ask-dropout-09",
    "excess-dropout",
    drawn,
    lambda: layers.Dense(32, "relu"),
    lambda: layers.Dropout(0.95),
    lambda: layers.Dense(32, "relu"),
    lambda: layers.Dropout(0.95),
    epochs=8,
)
add(
    "ask-narrow-way",
    "too-small-model",
    drawn,
    lambda: layers.Dense(1, "relu"),
    epochs=12,
)
add(
    "ask-rounded",
    "frozen-layers vanishing-gradient too-small-model",
    argmax_inside,
    epochs=10,
)
add(
    "ask-activity-l1",
    "excess-regularization",
    drawn,
    lambda: layers.Dense(64, "relu", activity_regularizer=keras.regularizers.L1(1.0)),
    epochs=8,
)
add(
    "ask-decay",
    "",
    meanings,
    32,
    optimizer=lambda: keras.optimizers.AdamW(0.01, weight_decay=50.0),
    epochs=10,
    lint=["excess-regularization"],
)
add(
    "ask-norm-few",
    "batchnorm-statistics too-few-updates",
    drawn,
    lambda: layers.BatchNormalization(momentum=0.999),
    epochs=4,
    batch_size=64,
)
add(
    "ask-tower-frozen",
    "frozen-layers",
    twins,
    kind="cosine",
    loss="mse",
    tower_trains=False,
    epochs=8,
)
# Plan and optimizer.
add("ask-attended-high", "lr-too-high", attended, rate=1.0, epochs=8)
add(
    "ask-momentum-099",
    "lr-too-high",
    drawn,
    optimizer=sgd(1.0, momentum=0.99),
    epochs=6,
)
add("ask-meaning-low", "lr-too-low", meanings, 32, optimizer=sgd(1e-5), epochs=10)
add(
    "ask-one-batch",
    "too-few-updates lr-too-low",
    drawn,
    rate=1e-4,
    epochs=5,
    batch_size=1797,
)
add(
    "ask-global-clip",
    "gradient-clipping",
    drawn,
    optimizer=sgd(0.1, global_clipnorm=1e-5),
    epochs=8,
)
# Data that do not belong together.
add("ask-zipped", "shuffled-apart corrupted-labels", zipped, epochs=8)
add("ask-reversed", "shuffled-apart corrupted-labels", loaded, cls=Reversed, epochs=8)
add(
    "ask-encoder-again",
    "validation-differs",
    drawn,
    epochs=8,
    options={"validation_data": reordered},
)
add("ask-rare-seven", "class-imbalance", rare_digit, epochs=3)
# Own steps.
add("ask-forgetful", "frozen-layers", subclassed, cls=Forgetful, epochs=6)
add("ask-head-only", "frozen-layers", subclassed, cls=HeadOnly, epochs=6)
add("ask-own-low", "lr-too-low", subclassed, cls=OwnStep, rate=1e-6, epochs=8)

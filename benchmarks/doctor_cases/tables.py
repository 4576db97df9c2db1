"""Programs on tables: features in columns, amounts, several inputs and outputs."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, regularizers

from . import data
from .case import Built, add

ADULT = (1, 14, 3e4, 4e2, 12, 2, 1.5, 7e3)


def dense(
    widths=(32, 32),
    *,
    activation="relu",
    output="sigmoid",
    units=1,
    loss="binary_crossentropy",
    optimizer=None,
    rate=3e-3,
    scales=(1,) * 8,
    normalize=False,
    batch_norm=False,
    norm_first=False,
    noise=0.3,
    penalty=None,
    dropout=0.0,
    x_of=lambda x: x,
    y_of=lambda y: y,
    order=None,
    weights_of=None,
    validation=None,
    frozen=False,
    initializer="glorot_uniform",
    options=None,
    metrics=("accuracy",),
):
    """A classifier of two classes in eight features."""
    x, y = data.table(noise=noise, scales=scales)
    if order == "x":
        x = x[data.rng(20).permutation(len(x))]
    elif order == "sorted":
        y = np.sort(y)
    model = keras.Sequential([keras.Input((x.shape[1],))])
    if normalize:
        layer = layers.Normalization()
        layer.adapt(x)
        model.add(layer)
    if norm_first:
        model.add(layers.BatchNormalization(momentum=0.9))
    for width in widths:
        model.add(
            layers.Dense(
                width,
                activation=activation,
                kernel_regularizer=penalty,
                kernel_initializer=initializer,
            )
        )
        if batch_norm:
            model.add(layers.BatchNormalization(**batch_norm))
        if dropout:
            model.add(layers.Dropout(dropout))
    model.add(layers.Dense(units, activation=output, kernel_regularizer=penalty))
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=list(metrics))
    if frozen:
        for layer in model.layers:
            layer.trainable = False
    given = dict(options or {})
    if validation:
        given["validation_data"] = validation(x, y)
    if weights_of:
        given["sample_weight"] = weights_of(y)
    return Built(model, x_of(x), y_of(y), given)


def amounts(
    widths=(32, 32),
    *,
    activation="relu",
    output="linear",
    loss="mse",
    rate=3e-3,
    optimizer=None,
    x_of=lambda x: x,
    y_of=lambda y: y,
    penalty=None,
    shape=None,
):
    """A regression on eight features."""
    x, y = data.prices()
    model = keras.Sequential([keras.Input((8,))])
    for width in widths:
        model.add(
            layers.Dense(width, activation=activation, kernel_regularizer=penalty)
        )
    model.add(layers.Dense(1, activation=output))
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["mae"])
    return Built(model, x_of(x), y_of(y))


def mixed(rate=5e-3, lookup=True, numbers_of=lambda x: x):
    """Numbers and a category, each through an input of its own."""
    x, y = data.table()
    kinds = np.array(["red", "green", "blue"])[
        (x[:, 2] > 0).astype(int) + (x[:, 3] > 0)
    ]
    numbers, names = (
        keras.Input((6,), name="numbers"),
        keras.Input((1,), name="color", dtype="string"),
    )
    look = layers.StringLookup(vocabulary=["red", "green", "blue"])
    category = layers.Flatten()(layers.Embedding(4, 4)(look(names)))
    h = layers.Concatenate()([numbers, category])
    h = layers.Dense(32, activation="relu")(h)
    h = layers.Dense(32, activation="relu")(h)
    model = keras.Model(
        {"numbers": numbers, "color": names}, layers.Dense(1, activation="sigmoid")(h)
    )
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    given = {
        "numbers": numbers_of(x[:, [0, 1, 4, 5, 6, 7]]),
        "color": tf.constant(kinds[:, None]),
    }
    return Built(model, given, y)


def two_outputs(rate=5e-3, losses=None, price_of=lambda y: y, kind="sigmoid"):
    """A class and an amount from the same features."""
    x, y = data.table()
    price = (0.5 * x[:, :1] - x[:, 1:2]).astype("float32")
    inputs = keras.Input((8,))
    h = layers.Dense(64, activation="relu")(inputs)
    h = layers.Dense(32, activation="relu")(h)
    outputs = {
        "kind": layers.Dense(1, activation=kind, name="kind")(h),
        "price": layers.Dense(1, name="price")(h),
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.Adam(rate),
        losses or {"kind": "binary_crossentropy", "price": "mse"},
        loss_weights={"kind": 1.0, "price": 0.5} if losses is None else None,
    )
    return Built(model, x, {"kind": y, "price": price_of(price)})


def one_loss_of_two(rate=5e-3):
    """Two outputs, of which one is only looked at."""
    x, y = data.table()
    inputs = keras.Input((8,))
    h = layers.Dense(64, activation="relu", name="features")(inputs)
    model = keras.Model(
        inputs, [layers.Dense(1, activation="sigmoid", name="kind")(h), h]
    )
    model.compile(keras.optimizers.Adam(rate), loss=["binary_crossentropy", None])
    return Built(model, x, [y, np.zeros((len(x), 64), "float32")])


def rated(dot=True, rate=0.01, scale=1.0):
    """Ratings of films by users, each an embedding."""
    g = data.rng(12)
    users, films = g.integers(0, 60, 3000), g.integers(0, 40, 3000)
    tastes, kinds = g.normal(size=(60, 3)), g.normal(size=(40, 3))
    y = (tastes[users] * kinds[films]).sum(1) * scale
    user, film = keras.Input((1,), name="user"), keras.Input((1,), name="film")
    left = layers.Flatten()(layers.Embedding(60, 8)(user))
    right = layers.Flatten()(layers.Embedding(40, 8)(film))
    model = keras.Model([user, film], layers.Dot(1)([left, right]))
    model.compile(keras.optimizers.Adam(rate), "mse")
    return Built(model, [users[:, None], films[:, None]], y.astype("float32"))


def several_labels(output="sigmoid", loss="binary_crossentropy", rate=5e-3):
    """Three labels, any of which may hold."""
    x, _ = data.table()
    y = np.stack([x[:, 0] > 0, x[:, 1] + x[:, 2] > 0, x[:, 3] * x[:, 4] > 0], 1)
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(64, "relu"), layers.Dense(3, output)]
    )
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, y.astype("float32"))


def counts(rate=5e-3):
    """Numbers of events, by Poisson's loss."""
    x, _ = data.prices()
    y = data.rng(13).poisson(np.exp(0.5 * x[:, 0] + 0.3 * x[:, 1])).astype("float32")
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(1, "exponential")]
    )
    model.compile(keras.optimizers.Adam(rate), "poisson")
    return Built(model, x, y[:, None])


def quantile(share=0.9, rate=5e-3):
    """A quantile of the price, with a custom loss."""
    x, y = data.prices()

    def pinball(y_true, y_pred):
        error = y_true - y_pred
        return keras.ops.mean(keras.ops.maximum(share * error, (share - 1) * error), -1)

    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(rate), pinball)
    return Built(model, x, y)


def hinge(rate=5e-3):
    """Two classes named -1 and 1, and the hinge loss."""
    x, y = data.table()
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(1, "tanh")]
    )
    model.compile(keras.optimizers.Adam(rate), "hinge")
    return Built(model, x, 2 * y - 1)


def rare(
    share=1 / 64, rate=1e-3, options=None, epochs=None, loss="binary_crossentropy"
):
    """One class in sixty-four."""
    g = data.rng(14)
    n = 2560
    y = (np.arange(n) < share * n).astype("float32")
    x = g.normal(size=(n, 8)) + 0.9 * y[:, None]
    order = g.permutation(n)
    x, y = x[order].astype("float32"), y[order]
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, y, dict(options or {}))


def wide_and_deep(rate=5e-3):
    """A linear way beside a deep one."""
    x, y = data.table()
    inputs = keras.Input((8,))
    deep = layers.Dense(32, "relu")(layers.Dense(32, "relu")(inputs))
    joined = layers.Concatenate()([inputs, deep])
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(joined))
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    return Built(model, x, y)


def apart(x, y):
    """Validation data on another scale."""
    return x[:200] / 255, y[:200]


def another_class(x, y):
    """Validation data in which only one class occurs, labeled as the other was."""
    return x[:200], 1 - y[:200]


def modular(optimizer=None, epochs=None):
    """Sums modulo 23, of which two fifths are trained on."""
    pairs = np.array([(a, b) for a in range(23) for b in range(23)])
    pairs = pairs[data.rng(22).permutation(len(pairs))]
    x = np.concatenate([data.one_hot(pairs[:, i], 23) for i in (0, 1)], 1)
    y = pairs.sum(1) % 23
    model = keras.Sequential(
        [keras.Input((46,)), layers.Dense(128, "relu"), layers.Dense(23)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer(), loss, metrics=["accuracy"])
    return Built(model, x[:212], y[:212], {"validation_data": (x[212:], y[212:])})


def by_heart(samples=60, noise=2.0):
    """Few samples, many weights."""
    x, y = data.table(noise=noise)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(128, "relu"),
            layers.Dense(128, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
    rest = slice(samples, samples + 500)
    return Built(
        model, x[:samples], y[:samples], {"validation_data": (x[rest], y[rest])}
    )


# Healthy.
add("table-dense", "", dense, epochs=20)
add("table-normalized", "", dense, scales=ADULT, normalize=True, epochs=20)
add("table-batchnorm", "", dense, scales=ADULT, norm_first=True, epochs=25)
add("table-noisy", "", dense, noise=3.0, epochs=10)
add("table-selu", "", dense, activation="selu", initializer="lecun_normal", epochs=20)
add("table-l2", "", dense, penalty=regularizers.L2(1e-4), epochs=20)
add("table-dropout", "", dense, widths=(64, 64), dropout=0.3, epochs=25)
add(
    "table-two-units",
    "",
    dense,
    units=2,
    output="softmax",
    loss="sparse_categorical_crossentropy",
    epochs=20,
)
add(
    "table-logits",
    "",
    dense,
    output="linear",
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    epochs=20,
)
add(
    "table-sgd-momentum",
    "",
    dense,
    optimizer=lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    epochs=20,
)
add("table-weighted", "", dense, weights_of=lambda y: 1 + y, epochs=20)
add("table-split", "", dense, options={"validation_split": 0.2}, epochs=20)
add("price-dense", "", amounts, epochs=25)
add("price-huber", "", amounts, loss="huber", epochs=25)
add(
    "price-adamw",
    "",
    amounts,
    optimizer=lambda: keras.optimizers.AdamW(3e-3, weight_decay=0.004),
    epochs=25,
)
add("price-flat-targets", "", amounts, y_of=lambda y: y[:, 0], epochs=25)
add("table-mixed-inputs", "", mixed, epochs=20)
add("table-two-outputs", "", two_outputs, epochs=25)
add("table-one-loss", "", one_loss_of_two, epochs=20)
add("table-ratings", "", rated, epochs=15)
add("table-several-labels", "", several_labels, epochs=25)
add("table-counts", "", counts, epochs=15)
add("table-quantile", "", quantile, epochs=20)
add("table-hinge", "", hinge, epochs=20)
add(
    "table-rare-weighted",
    "",
    rare,
    epochs=20,
    options={"class_weight": {0: 1.0, 1: 30.0}},
    lint=["class-imbalance"],
)
add("table-wide-and-deep", "", wide_and_deep, epochs=20)

# Faulty.
add("table-by-heart", "overfitting", by_heart, epochs=60)
add(
    "table-modular",
    "softmax-collapse",
    modular,
    optimizer=lambda: keras.optimizers.Adam(0.01),
    epochs=400,
    batch_size=212,
)
add("table-raw", "unnormalized-input", dense, scales=ADULT, epochs=15)
add(
    "table-l2-1",
    "excess-regularization",
    dense,
    penalty=regularizers.L2(1.0),
    epochs=20,
)
add("table-l1", "excess-regularization", dense, penalty=regularizers.L1(0.3), epochs=20)
add(
    "price-decay",
    "excess-regularization",
    amounts,
    optimizer=lambda: keras.optimizers.AdamW(3e-3, weight_decay=100.0),
    epochs=20,
)
add(
    "price-clipped",
    "gradient-clipping",
    amounts,
    optimizer=lambda: keras.optimizers.SGD(0.01, clipvalue=1e-5),
    epochs=20,
)
add("table-tiny", "input-too-small", dense, x_of=lambda x: x / 65025, epochs=15)
add("table-shuffled", "shuffled-apart corrupted-labels", dense, order="x", epochs=15)
add("table-sorted", "shuffled-apart corrupted-labels", dense, order="sorted", epochs=15)
add("table-frozen", "frozen-layers", dense, frozen=True, epochs=15)
add("table-validation-raw", "validation-differs", dense, validation=apart, epochs=20)
add(
    "table-validation-flipped",
    "validation-differs",
    dense,
    validation=another_class,
    epochs=20,
)
add("table-rare", "class-imbalance", rare, epochs=10)
add(
    "price-millions",
    "unnormalized-target",
    amounts,
    y_of=lambda y: 3e5 + 1e5 * y,
    epochs=20,
)
add(
    "price-sigmoid",
    "bounded-output-for-regression",
    amounts,
    output="sigmoid",
    epochs=20,
)
add(
    "price-relu", "relu-output-for-signed-regression", amounts, output="relu", epochs=20
)
add("price-linear", "missing-nonlinearity", amounts, activation=None, epochs=25)
add(
    "price-sgd-high",
    "lr-too-high",
    amounts,
    optimizer=lambda: keras.optimizers.SGD(2.0),
    epochs=10,
)
add(
    "price-sgd-low",
    "lr-too-low",
    amounts,
    optimizer=lambda: keras.optimizers.SGD(1e-5),
    epochs=10,
)
add(
    "price-outliers",
    "outlier-targets",
    amounts,
    y_of=lambda y: np.where(data.rng(15).random(y.shape) < 0.01, 1e4, y).astype(
        "float32"
    ),
    epochs=20,
)
add(
    "table-two-outputs-linear", "missing-sigmoid", two_outputs, kind="linear", epochs=15
)
add(
    "table-two-outputs-large",
    "unnormalized-target",
    two_outputs,
    price_of=lambda y: 1e5 * y,
    epochs=20,
)
add(
    "table-labels-softmax",
    "softmax-for-multilabel",
    several_labels,
    output="softmax",
    epochs=20,
)
add(
    "table-pair-for-one",
    "wrong-labels wrong-loss",
    dense,
    y_of=lambda y: data.one_hot(y, 2),
    epochs=15,
)
add(
    "table-nan",
    "nan-in-data",
    dense,
    x_of=lambda x: np.where(data.rng(16).random(x.shape) < 0.001, np.nan, x).astype(
        "float32"
    ),
)
add("table-zeros", "bad-init", dense, initializer="zeros", epochs=15)
add(
    "table-deep-sigmoid",
    "saturating-activation excess-depth",
    dense,
    widths=(16,) * 8,
    activation="sigmoid",
    epochs=15,
)
add("table-ratings-low", "lr-too-low", rated, rate=1e-5, epochs=15)
add(
    "table-mixed-raw",
    "unnormalized-input",
    mixed,
    numbers_of=lambda x: (x * [1, 1e4, 1, 1e5, 10, 1e3]).astype("float32"),
    epochs=10,
)
add(
    "table-batchnorm-lags",
    "batchnorm-statistics",
    dense,
    x_of=lambda x: 4 * x + 5,
    batch_norm={"momentum": 0.9999},
    epochs=20,
)
add("table-narrow", "too-small-model", dense, widths=(1,), epochs=20)
add("table-batch-1", "batch-too-small", dense, batch_norm={}, batch_size=1, epochs=1)

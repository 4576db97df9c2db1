"""Healthy programs after the kinds of tutorials that people begin with."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from . import data
from .case import Built, add
from .own import Batches, Classifier
from .questions import (
    BINARY,
    SPARSE,
    attended,
    drawn,
    image_and_facts,
    meanings,
    prices_ahead,
    rare_digit,
    segmented,
    stack,
    twins,
    two_heads,
    zipped,
)


def autoencoder(*widths, loss=BINARY, rate=3e-3, sparse=None, code=None):
    """Digits through a code and back; the code is linear unless told otherwise."""
    x, _ = data.digits()
    x = x.reshape(-1, 64)
    inputs = keras.Input((64,))
    h = inputs
    for width in widths:
        h = layers.Dense(width, "relu")(h)
    h = layers.Dense(12, code, activity_regularizer=sparse)(h)
    for width in widths[::-1]:
        h = layers.Dense(width, "relu")(h)
    model = keras.Model(inputs, layers.Dense(64, "sigmoid")(h))
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, x)


def contrastive(y_true, y_pred):
    """The contrastive loss, of a label of 1 at equal pairs."""
    y_true = ops.cast(y_true, y_pred.dtype)
    near = y_true * ops.square(y_pred)
    return ops.mean(near + (1 - y_true) * ops.square(ops.maximum(1 - y_pred, 0)))


def similar_texts(rate=3e-3):
    """Whether two texts are on one topic, by the distance of what is made of them."""
    x, y = data.meanings()
    g = data.rng(34)
    rows = g.integers(0, len(x), (1500, 2))
    tower = keras.Sequential(
        [keras.Input((x.shape[1],)), layers.Dense(32, "relu"), layers.Dense(8)]
    )
    left, right = (keras.Input((x.shape[1],)) for _ in range(2))
    a, b = tower(left), tower(right)
    gap = layers.Lambda(
        lambda p: ops.sqrt(ops.sum((p[0] - p[1]) ** 2, -1, keepdims=True) + 1e-7)
    )([a, b])
    model = keras.Model([left, right], gap)
    model.compile(keras.optimizers.Adam(rate), contrastive)
    same = (y[rows[:, 0]] == y[rows[:, 1]]).astype("float32")
    return Built(model, [x[rows[:, 0]], x[rows[:, 1]]], same)


class Attention(layers.Layer):
    """Attention of one head by linear projections, written by hand."""

    def __init__(self, width, **options):
        super().__init__(**options)
        self.width = width
        self.query, self.key, self.value = (layers.Dense(width) for _ in range(3))

    def call(self, x):
        scores = ops.matmul(self.query(x), ops.transpose(self.key(x), (0, 2, 1)))
        return ops.matmul(ops.softmax(scores / self.width**0.5), self.value(x))


def by_hand(rate=2e-3):
    """A classifier of words with attention by hand and a residual way."""
    x, y = data.tokens(kinds=3)
    inputs = keras.Input((30,), dtype="int32")
    h = layers.Embedding(400, 16)(inputs)
    h = layers.LayerNormalization()(h + Attention(16)(h))
    h = layers.GlobalAveragePooling1D()(h)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(h))
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, x, y)


class Gated(layers.Layer):
    """A layer that is itself the nonlinearity: half of it gates the other."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.both = layers.Dense(2 * units)

    def call(self, x):
        value, gate = ops.split(self.both(x), 2, -1)
        return value * ops.sigmoid(gate)


def maxout(v):
    """The largest of every two."""
    return ops.max(ops.reshape(v, (-1, ops.shape(v)[1] // 2, 2)), -1)


def dice_and_entropy(y_true, y_pred):
    """One minus dice, and the binary cross-entropy."""
    y_true = ops.cast(y_true, y_pred.dtype)
    both = 2 * ops.sum(y_true * y_pred) + 1
    dice = both / (ops.sum(y_true) + ops.sum(y_pred) + 1)
    return 1 - dice + ops.mean(keras.losses.binary_crossentropy(y_true, y_pred))


def word_vectors(rate=5e-3):
    """Words by vectors that were learned elsewhere, and are kept as they are."""
    x, y = data.tokens()
    vectors = data.rng(35).normal(size=(400, 32)).astype("float32")
    table = layers.Embedding(400, 32, trainable=False)
    model = keras.Sequential(
        [
            keras.Input((30,), dtype="int32"),
            table,
            layers.Conv1D(32, 3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, "sigmoid"),
        ]
    )
    table.set_weights([vectors])
    model.compile(keras.optimizers.Adam(rate), BINARY)
    return Built(model, x, y)


def transferred(rate=3e-3):
    """A head on a convolutional base that learned to tell odd from even digits."""
    x, y = data.digits()
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
        ]
    )
    first = keras.Sequential([base, layers.Dense(1, "sigmoid")])
    first.compile("adam", BINARY)
    first.fit(x, y % 2, epochs=2, verbose=0)
    base.trainable = False
    model = keras.Sequential([base, layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, x, y)


class Distiller(keras.Model):
    """A small network that learns from labels and from a large one's answers."""

    def __init__(self, student, teacher, **options):
        super().__init__(**options)
        self.student, self.teacher = student, teacher

    def call(self, x):
        return self.student(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        apart = keras.losses.kl_divergence(self.teacher(x, training=False), y_pred)
        told = keras.losses.sparse_categorical_crossentropy(y, y_pred)
        return ops.mean(0.5 * told + 0.5 * apart)


def distilled(rate=3e-3):
    """A student of a trained teacher."""
    x, y = data.digits()
    teacher = drawn(lambda: layers.Dense(64, "relu")).model
    teacher.fit(x, y, epochs=3, verbose=0)
    teacher.trainable = False
    student = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(24, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model = Distiller(student, teacher)
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, x, y)


def with_spread(rate=5e-3):
    """An amount and how sure it is, by the likelihood of a normal distribution."""
    x, y = data.prices()

    def unlikely(y_true, y_pred):
        mean, log_variance = y_pred[:, :1], y_pred[:, 1:]
        return ops.mean(
            0.5 * (log_variance + (y_true - mean) ** 2 * ops.exp(-log_variance))
        )

    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(2)]
    )
    model.compile(keras.optimizers.Adam(rate), unlikely)
    return Built(model, x, y)


def mixed_up(rate=3e-3):
    """Images and labels, each mixed with another."""
    x, y = data.digits()
    g = data.rng(36)
    share = g.beta(0.2, 0.2, (len(x), 1, 1, 1)).astype("float32")
    other = g.permutation(len(x))
    rows = data.one_hot(y)
    built = drawn(loss="categorical_crossentropy", rate=rate)
    flat = share[:, :, 0, 0]
    return Built(
        built.model,
        share * x + (1 - share) * x[other],
        flat * rows + (1 - flat) * rows[other],
    )


def augmented_stream(rate=3e-3):
    """A stream of images, changed a little each time."""
    x, y = data.digits()
    stream = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1797, seed=2).batch(32)
    stream = stream.map(
        lambda image, label: (image + tf.random.normal(tf.shape(image), 0, 0.05), label)
    )
    return Built(drawn(rate=rate).model, stream.prefetch(2))


class Weighted(Batches):
    """Batches with a weight for each sample."""

    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x, y, np.where(y == 8, 2.0, 1.0).astype("float32")


def implicit(rate=0.01):
    """Whether a user liked a film, by a product of embeddings."""
    g = data.rng(37)
    users, films = g.integers(0, 50, 3000), g.integers(0, 40, 3000)
    tastes, kinds = g.normal(size=(50, 3)), g.normal(size=(40, 3))
    liked = ((tastes[users] * kinds[films]).sum(1) > 0).astype("float32")
    user, film = keras.Input((), name="user"), keras.Input((), name="film")
    a, b = layers.Embedding(50, 8)(user), layers.Embedding(40, 8)(film)
    out = layers.Activation("sigmoid")(layers.Dot(1)([a, b]))
    model = keras.Model([user, film], out)
    model.compile(keras.optimizers.Adam(rate), BINARY)
    return Built(model, [users, films], liked)


def several_topics(rate=5e-3):
    """Texts by their vectors, each with none, one or more of four labels."""
    x, _ = data.meanings()
    directions = data.rng(38).normal(size=(x.shape[1], 4))
    y = (x @ directions > 0.3).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            layers.Dense(32, "relu"),
            layers.Dense(4, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), BINARY, metrics=["binary_accuracy"])
    return Built(model, x, y)


def dilated(rate=5e-3):
    """Convolutions that look further and further back."""
    x, y = data.signals()
    h = inputs = keras.Input((40, 1))
    for reach in (1, 2, 4, 8):
        h = layers.Conv1D(
            16, 3, padding="causal", dilation_rate=reach, activation="relu"
        )(h)
    h = layers.GlobalAveragePooling1D()(h)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(h))
    model.compile(keras.optimizers.Adam(rate), SPARSE)
    return Built(model, x, y)


def straight(rate=0.05):
    """A straight line through noisy points."""
    x = data.rng(39).uniform(-1, 1, (400, 1))
    y = 3 * x + 1 + 0.1 * data.rng(40).normal(size=x.shape)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return Built(model, x.astype("float32"), y.astype("float32"))


def subclassed_scores(rate=3e-3):
    """A model by subclassing that answers with scores."""
    x, y = data.digits()
    model = Classifier(output=None)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, y)


SOFTMAX = {"units": 3, "output": "softmax", "loss": SPARSE}

add("learn-iris", "", stack, "iris", 16, **SOFTMAX, rate=0.01, epochs=50, batch_size=8)
add("learn-wine", "", stack, "wine", 16, **SOFTMAX, rate=0.01, epochs=30, batch_size=8)
add(
    "learn-iris-few",
    "",
    stack,
    "iris",
    10,
    **SOFTMAX,
    rate=0.01,
    epochs=100,
    batch_size=5,
    x_of=lambda x: x[:60],
    y_of=lambda y: y[:60],
)
add(
    "learn-cancer", "", stack, "cancer", 16, 8, output="sigmoid", loss=BINARY, epochs=20
)
add("learn-diabetes", "", stack, "diabetes", 32, loss="huber", rate=5e-3, epochs=40)
add("learn-diabetes-mae", "", stack, "diabetes", 32, loss="mae", rate=5e-3, epochs=40)
add(
    "learn-meanings",
    "",
    meanings,
    output=None,
    rate=0.01,
    epochs=15,
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
add("learn-meanings-deep", "", meanings, 64, 32, epochs=15)
add("learn-topics", "", several_topics, epochs=25)
add("learn-similar", "", similar_texts, epochs=15)
add("learn-cosine", "", twins, kind="cosine", loss="mse", epochs=15)
add("learn-attended", "", attended, epochs=10)
add("learn-by-hand", "", by_hand, rate=3e-3, epochs=15)
add("learn-autoencoder", "", autoencoder, 48, epochs=20)
add("learn-autoencoder-deep", "", autoencoder, 48, 32, code="relu", epochs=30)
add(
    "learn-autoencoder-sparse",
    "",
    autoencoder,
    48,
    code="relu",
    sparse=keras.regularizers.L1(1e-5),
    epochs=25,
)
add("learn-gated", "", drawn, lambda: Gated(24), lambda: Gated(24), epochs=8)
add(
    "learn-maxout",
    "",
    drawn,
    lambda: layers.Dense(48),
    lambda: layers.Lambda(maxout, output_shape=(24,)),
    epochs=8,
)
add("learn-dice-entropy", "", segmented, loss=dice_and_entropy, epochs=10)
add("learn-pixels", "", segmented, axis=-1, loss=SPARSE, epochs=10)
add("learn-word-vectors", "", word_vectors, epochs=12)
add("learn-transferred", "", transferred, rate=5e-3, epochs=10)
add(
    "learn-ten-dense-he",
    "",
    drawn,
    *[lambda: layers.Dense(32, "relu", kernel_initializer="he_normal")] * 10,
    rate=1e-3,
    epochs=12,
)
add(
    "learn-rare-weighted",
    "",
    rare_digit,
    rate=3e-3,
    epochs=10,
    options={"class_weight": {0: 1.0, 1: 40.0}},
    lint=["class-imbalance"],
)
add(
    "learn-rare-focal",
    "",
    rare_digit,
    rate=3e-3,
    epochs=10,
    loss=keras.losses.BinaryFocalCrossentropy(),
    lint=["class-imbalance"],
)
add("learn-prices-ahead", "", prices_ahead, scaled=True, rate=5e-3, epochs=10)
add("learn-dilated", "", dilated, epochs=12)
add("learn-image-and-facts", "", image_and_facts, epochs=10)
add("learn-two-heads", "", two_heads, losses=[SPARSE, BINARY], epochs=15)
add("learn-distilled", "", distilled, epochs=12)
add("learn-with-spread", "", with_spread, epochs=25)
add("learn-mixed-up", "", mixed_up, epochs=12)
add(
    "learn-smoothed",
    "",
    drawn,
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    y_of=data.one_hot,
    epochs=8,
)
add("learn-stream", "", augmented_stream, epochs=8)
add("learn-zipped", "", zipped, shuffled=False, epochs=8)
add("learn-weighted-batches", "", lambda: Built(drawn().model, Weighted()), epochs=8)
add("learn-liked", "", implicit, epochs=15)
add("learn-line", "", straight, epochs=20)
add(
    "learn-warm-up",
    "",
    drawn,
    epochs=10,
    optimizer=lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(
            1e-5, 500, warmup_target=5e-3, warmup_steps=50
        )
    ),
)
add(
    "learn-norm",
    "",
    drawn,
    lambda: layers.Dense(32, use_bias=False),
    layers.BatchNormalization,
    layers.ReLU,
    epochs=8,
)
add("learn-subclass-scores", "", subclassed_scores, epochs=10)
add(
    "learn-weights-of-samples",
    "",
    stack,
    "cancer",
    16,
    output="sigmoid",
    loss=BINARY,
    options={"sample_weight": lambda x, y: 1.0 + (y == 0)},
    epochs=20,
)

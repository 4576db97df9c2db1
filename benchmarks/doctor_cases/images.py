"""Programs on images: classes, masks, pairs, and images again."""

import keras
import numpy as np
from keras import layers, ops, regularizers

from . import data
from .case import Built, add


def convolutional(
    widths=(16, 32),
    *,
    activation="relu",
    output="softmax",
    loss="sparse_categorical_crossentropy",
    rate=3e-3,
    optimizer=None,
    batch_norm=None,
    dropout=0.0,
    x_of=lambda x: x,
    y_of=lambda y: y,
    initializer="glorot_uniform",
    augment=False,
    rescale=None,
    hidden=32,
    units=10,
    penalty=None,
    validation=None,
    samples=None,
    keep=None,
    softmax_axis=-1,
    options=None,
):
    """A convolutional classifier of digits."""
    x, y = data.digits()
    if keep is not None:
        x, y = x[np.isin(y, keep)], y[np.isin(y, keep)]
    if samples:
        x, y = x[:samples], y[:samples]
    inputs = keras.Input((8, 8, 1))
    h = inputs
    if augment:
        h = layers.RandomTranslation(0.1, 0.1)(layers.RandomRotation(0.03)(h))
    if rescale:
        h = layers.Rescaling(rescale)(h)
    for width in widths:
        h = layers.Conv2D(
            width,
            3,
            padding="same",
            activation=None if batch_norm else activation,
            kernel_initializer=initializer,
            kernel_regularizer=penalty,
        )(h)
        if batch_norm:
            h = layers.BatchNormalization(**batch_norm)(h)
            h = layers.Activation(activation)(h)
        if len(widths) < 4:
            h = layers.MaxPooling2D()(h)
    h = layers.Flatten()(h)
    h = layers.Dense(hidden, activation=activation, kernel_initializer=initializer)(h)
    if dropout:
        h = layers.Dropout(dropout)(h)
    h = layers.Dense(units, kernel_initializer=initializer)(h)
    if callable(output):
        h = layers.Lambda(output)(h)
    else:
        h = layers.Activation(output)(h)
    model = keras.Model(inputs, h)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    given = dict(options or {})
    if validation:
        given["validation_data"] = validation(x, y)
    return Built(model, x_of(x), y_of(y), given)


def residual(rate=3e-3, blocks=2):
    """A small residual network."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = layers.Conv2D(16, 3, padding="same")(inputs)
    for _ in range(blocks):
        inner = layers.BatchNormalization()(h)
        inner = layers.Activation("relu")(inner)
        inner = layers.Conv2D(16, 3, padding="same", use_bias=False)(inner)
        inner = layers.BatchNormalization()(inner)
        inner = layers.Activation("relu")(inner)
        inner = layers.Conv2D(16, 3, padding="same", use_bias=False)(inner)
        h = layers.Add()([h, inner])
    h = layers.GlobalAveragePooling2D()(layers.Activation("relu")(h))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(h))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, x, y)


def transferred(trainable=False, rate=3e-3, after=False):
    """A new head on a base that learned the digits 0 to 4."""
    x, y = data.digits()
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(48, activation="relu"),
        ],
        name="base",
    )
    whole = keras.Sequential([base, layers.Dense(5, activation="softmax")])
    whole.compile("adam", "sparse_categorical_crossentropy")
    whole.fit(x[y < 5], y[y < 5], epochs=4, verbose=0)
    base.trainable = trainable
    inputs = keras.Input((8, 8, 1))
    outputs = layers.Dense(5, activation="softmax")(base(inputs, training=False))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, x[y > 4], y[y > 4] - 5)


def patches(rate=2e-3):
    """A small vision Transformer."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = layers.Conv2D(24, 2, strides=2)(inputs)
    h = layers.Reshape((16, 24))(h)
    h = h + layers.Embedding(16, 24)(ops.arange(16))
    for _ in range(2):
        n = layers.LayerNormalization()(h)
        h = h + layers.MultiHeadAttention(2, 12)(n, n)
        n = layers.LayerNormalization()(h)
        h = h + layers.Dense(24)(layers.Dense(48, activation="gelu")(n))
    h = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(h))
    model.compile(keras.optimizers.AdamW(rate), "sparse_categorical_crossentropy")
    return Built(model, x, y)


def masks(
    output="sigmoid",
    loss="binary_crossentropy",
    rate=5e-3,
    y_of=lambda y: y,
    x_of=lambda x: x,
    units=1,
    axis=None,
):
    """A small U-Net."""
    x, y = data.disks()

    def block(h, width):
        h = layers.Conv2D(width, 3, padding="same", activation="relu")(h)
        return layers.Conv2D(width, 3, padding="same", activation="relu")(h)

    inputs = keras.Input((24, 24, 1))
    first = block(inputs, 8)
    second = block(layers.MaxPooling2D()(first), 16)
    up = layers.Conv2DTranspose(8, 2, strides=2)(second)
    h = block(layers.Concatenate()([first, up]), 8)
    h = layers.Conv2D(units, 1)(h)
    h = layers.Softmax(axis=axis)(h) if axis else layers.Activation(output)(h)
    model = keras.Model(inputs, h)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return Built(model, x_of(x), y_of(y))


def dice_loss(y_true, y_pred):
    """One minus the dice coefficient, as it is written everywhere."""
    y_true, y_pred = ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1,))
    both = ops.sum(y_true * y_pred)
    return 1 - (2 * both + 1) / (ops.sum(y_true) + ops.sum(y_pred) + 1)


def autoencoder(
    loss="binary_crossentropy",
    output="sigmoid",
    rate=3e-3,
    optimizer=None,
    code=16,
    noise=0.0,
    conv=False,
    x_of=lambda x: x,
    activation="relu",
):
    """Digits through a narrow code and back."""
    x, _ = data.digits()
    if not conv:
        x = x.reshape(-1, 64)
    noisy = x + noise * data.rng(17).normal(size=x.shape)
    inputs = keras.Input(x.shape[1:])
    if conv:
        h = layers.Conv2D(16, 3, strides=2, padding="same", activation=activation)(
            inputs
        )
        h = layers.Conv2D(code, 3, strides=2, padding="same", activation=activation)(h)
        h = layers.Conv2DTranspose(
            16, 3, strides=2, padding="same", activation=activation
        )(h)
        h = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation=output)(
            h
        )
    else:
        h = layers.Dense(48, activation=activation)(inputs)
        h = layers.Dense(code, activation=activation)(h)
        h = layers.Dense(48, activation=activation)(h)
        h = layers.Dense(64, activation=output)(h)
    model = keras.Model(inputs, h)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss)
    return Built(model, x_of(noisy).astype("float32"), x_of(x))


def tower(width=32, flat=24):
    """What both images of a pair go through."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(width, activation="relu"),
            layers.Dense(flat),
        ],
        name="tower",
    )


def contrastive(y_true, distance):
    """The contrastive loss of Hadsell et al. for labels of 1 at equal pairs."""
    near = y_true * ops.square(distance)
    return ops.mean(near + (1 - y_true) * ops.square(ops.maximum(1 - distance, 0)))


def siamese(kind="distance", rate=2e-3, optimizer=None, y_of=lambda y: y):
    """Whether two digits are the same."""
    left_x, right_x, same = data.pairs()
    left, right = (
        keras.Input((8, 8, 1), name="left"),
        keras.Input((8, 8, 1), name="right"),
    )
    net = tower()
    a, b = net(left), net(right)
    if kind == "distance":
        outputs = layers.Lambda(
            lambda v: ops.sqrt(
                ops.maximum(ops.sum(ops.square(v[0] - v[1]), -1, keepdims=True), 1e-7)
            )
        )([a, b])
        loss = contrastive
    elif kind == "cosine":
        outputs, loss = layers.Dot(1, normalize=True)([a, b]), "mse"
    else:
        gap = layers.Lambda(lambda v: ops.abs(v[0] - v[1]))([a, b])
        outputs, loss = (
            layers.Dense(1, activation="sigmoid")(gap),
            "binary_crossentropy",
        )
    model = keras.Model([left, right], outputs)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss)
    return Built(model, [left_x, right_x], y_of(same))


def triplets(rate=2e-3):
    """Unit vectors, trained so that those of one class are near each other."""
    x, y = data.digits()

    def loss(y_true, vectors):
        y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        itself = ops.eye(ops.shape(vectors)[0])
        similar = 10 * vectors @ ops.transpose(vectors) - 1e9 * itself
        same = ops.cast(y_true[:, None] == y_true[None], "float32") - itself
        near = same * ops.log_softmax(similar, -1)
        return -ops.sum(near, -1) / ops.maximum(ops.sum(same, -1), 1)

    net = tower(64, 16)
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layers.UnitNormalization()(net(inputs)))
    model.compile(keras.optimizers.Adam(rate), loss)
    return Built(model, x, y)


def where(rate=2e-3, y_of=lambda y: y, output="linear", x_of=lambda x: x):
    """Center and size of a disk."""
    x, y = data.disks()
    rows, columns = np.mgrid[:24, :24]
    area = y.sum((1, 2, 3))
    box = np.stack(
        [
            (y[..., 0] * rows).sum((1, 2)) / area,
            (y[..., 0] * columns).sum((1, 2)) / area,
        ],
        1,
    )
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(2, activation=output),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "mse")
    return Built(model, x_of(x), y_of((box / 24).astype("float32")))


def bar_directions(rate=3e-3, widths=(16, 32), pool="max"):
    """Which way a bar runs, wherever it is: no forest sees that in the pixels."""
    x, y = data.bars()
    model = keras.Sequential([keras.Input((16, 16, 1))])
    for width in widths:
        model.add(layers.Conv2D(width, 3, activation="relu"))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dense(4, activation="softmax"))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, x, y)


def softmax_by_hand(x):
    """A softmax without care for large numbers."""
    return ops.exp(x) / ops.sum(ops.exp(x), -1, keepdims=True)


def raw(x, y):
    """Validation images that were read with black for white."""
    return 1 - x[:300], y[:300]


def unseen(x, y):
    """Validation images of classes that training never saw."""
    everything, labels = data.digits()
    rows = labels > 5
    return everything[rows], labels[rows]


FOCAL = keras.losses.CategoricalFocalCrossentropy
SMOOTH = keras.losses.CategoricalCrossentropy

# Healthy.
add("image-conv", "", convolutional, epochs=8)
add("image-batchnorm", "", convolutional, batch_norm={"momentum": 0.9}, epochs=8)
add("image-augmented", "", convolutional, augment=True, epochs=12)
add(
    "image-rescaled", "", convolutional, x_of=lambda x: 16 * x, rescale=1 / 16, epochs=8
)
add("image-focal", "", convolutional, loss=FOCAL(), y_of=data.one_hot, epochs=12)
add(
    "image-smoothed",
    "",
    convolutional,
    loss=SMOOTH(label_smoothing=0.1),
    y_of=data.one_hot,
    epochs=8,
)
add(
    "image-ten-he",
    "",
    convolutional,
    widths=(12,) * 10,
    initializer="he_normal",
    epochs=8,
    rate=1e-3,
)
add("image-residual", "", residual, epochs=10)
add("image-transferred", "", transferred, epochs=15)
add("image-patches", "", patches, epochs=15)
add("image-masks", "", masks, epochs=6)
add("image-masks-dice", "", masks, loss=dice_loss, epochs=8)
add("image-autoencoder", "", autoencoder, epochs=15)
add("image-autoencoder-mse", "", autoencoder, loss="mse", epochs=15)
add("image-autoencoder-conv", "", autoencoder, conv=True, code=8, epochs=10)
add("image-denoised", "", autoencoder, loss="mse", noise=0.2, epochs=15)
add("image-siamese-distance", "", siamese, epochs=8)
add("image-siamese-cosine", "", siamese, kind="cosine", epochs=8)
add("image-siamese-sigmoid", "", siamese, kind="sigmoid", epochs=10)
add("image-triplets", "", triplets, epochs=8, batch_size=64)
add("image-where", "", where, epochs=15)
add("image-bars", "", bar_directions, epochs=12)
add(
    "image-cosine-rate",
    "",
    convolutional,
    optimizer=lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(5e-3, 456)
    ),
    epochs=8,
)
add("image-validated", "", convolutional, epochs=8, options={"validation_split": 0.2})

# Faulty.
add(
    "image-twice-255",
    "input-too-small",
    convolutional,
    x_of=lambda x: x / 255,
    rate=1e-3,
    epochs=6,
)
add(
    "image-as-integers",
    "corrupted-input",
    convolutional,
    x_of=lambda x: x.astype("uint8").astype("float32"),
    epochs=6,
)
add(
    "image-raw-sigmoid",
    "unnormalized-input saturating-activation",
    convolutional,
    widths=(16,),
    x_of=lambda x: 2550 * x + 1000,
    activation="sigmoid",
    epochs=8,
)
add(
    "image-validation-raw",
    "validation-differs",
    convolutional,
    validation=raw,
    epochs=8,
)
add(
    "image-validation-unseen",
    "validation-differs",
    convolutional,
    keep=range(6),
    validation=unseen,
    epochs=8,
)
add(
    "image-sgd-few",
    "lr-too-low",
    convolutional,
    optimizer=lambda: keras.optimizers.SGD(1e-3),
    epochs=6,
)
add("image-adam-high", "lr-too-high", convolutional, rate=0.5, epochs=6)
add(
    "image-l2-10",
    "excess-regularization",
    convolutional,
    penalty=regularizers.L2(3.0),
    epochs=8,
)
add(
    "image-clipped",
    "gradient-clipping",
    convolutional,
    optimizer=lambda: keras.optimizers.SGD(0.1, global_clipnorm=1e-3),
    epochs=6,
)
add(
    "image-relu-output",
    "relu-output-for-classification",
    convolutional,
    output="relu",
    epochs=6,
)
add("image-narrow", "too-small-model", convolutional, hidden=1, epochs=10)
add("image-sparse-one-hot", "wrong-loss", convolutional, y_of=data.one_hot, epochs=6)
add(
    "image-constant-init",
    "bad-init",
    convolutional,
    initializer=keras.initializers.Constant(0.05),
    epochs=6,
)
add(
    "image-batchnorm-lags",
    "batchnorm-statistics",
    convolutional,
    batch_norm={"momentum": 0.9999},
    x_of=lambda x: 16 * x + 4,
    epochs=4,
)
add(
    "image-large-init",
    "bad-init",
    convolutional,
    initializer=keras.initializers.RandomNormal(stddev=3.0),
    epochs=6,
)
add("image-masks-255", "wrong-labels", masks, y_of=lambda y: 255 * y, epochs=6)
add(
    "image-masks-axis",
    "wrong-axis",
    masks,
    units=2,
    axis=1,
    loss="sparse_categorical_crossentropy",
    y_of=lambda y: y.astype("int32"),
    epochs=6,
)
add("image-masks-softmax-1", "softmax-single-unit", masks, output="softmax", epochs=6)
add(
    "image-autoencoder-raw",
    "unnormalized-input unnormalized-target bounded-output-for-regression wrong-loss",
    autoencoder,
    x_of=lambda x: 255 * x,
    loss="mse",
    epochs=10,
)
add("image-autoencoder-low", "lr-too-low", autoencoder, rate=1e-6, epochs=10)
add(
    "image-autoencoder-relu-tanh",
    "relu-output-for-signed-regression bounded-output-for-regression",
    autoencoder,
    output="relu",
    x_of=lambda x: 2 * x - 1,
    loss="mse",
    epochs=10,
)
add(
    "image-siamese-high",
    "lr-too-high",
    siamese,
    optimizer=lambda: keras.optimizers.Adam(1.0),
    epochs=6,
)
add(
    "image-siamese-low",
    "lr-too-low",
    siamese,
    optimizer=lambda: keras.optimizers.SGD(1e-6),
    epochs=6,
)
add(
    "image-shuffled",
    "shuffled-apart corrupted-labels",
    convolutional,
    y_of=lambda y: data.rng(19).permutation(y),
    epochs=6,
)
add(
    "image-where-pixels",
    "unnormalized-target",
    where,
    y_of=lambda y: 2400 * y,
    epochs=8,
)
add("image-bars-low", "lr-too-low", bar_directions, rate=1e-6, epochs=6)
add("image-transferred-frozen", "frozen-layers", lambda: frozen_everywhere(), epochs=8)


def frozen_everywhere():
    """A transferred model whose head was frozen with its base."""
    built = transferred()
    built.model.trainable = False
    return built

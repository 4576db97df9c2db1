"""Programs with custom classes, steps, losses and layers, and streams of data."""

import keras
import tensorflow as tf
from keras import layers, ops

from . import data
from .case import Built, add


class Classifier(keras.Model):
    """A model by subclassing."""

    def __init__(self, units=10, activation="relu", output="softmax"):
        super().__init__()
        self.flat = layers.Flatten()
        self.first = layers.Dense(48, activation=activation)
        self.drop = layers.Dropout(0.1)
        self.last = layers.Dense(units, activation=output)

    def call(self, x, training=False):
        return self.last(self.drop(self.first(self.flat(x)), training=training))


class OwnStep(Classifier):
    """With a train_step of its own, as the guide writes it."""

    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=predicted)
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, predicted)
        return {metric.name: metric.result() for metric in self.metrics}


class Sampled(layers.Layer):
    """Draws a code from its mean and spread."""

    def __init__(self, **options):
        super().__init__(**options)
        self.draws = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_spread = inputs
        return mean + ops.exp(0.5 * log_spread) * keras.random.normal(
            ops.shape(mean), seed=self.draws
        )


class Variational(keras.Model):
    """A variational autoencoder with a step of its own; no targets."""

    def __init__(self, code=4):
        super().__init__()
        self.inner = layers.Dense(48, activation="relu")
        self.mean, self.spread = layers.Dense(code), layers.Dense(code)
        self.sample = Sampled()
        self.decoder = keras.Sequential(
            [
                layers.Dense(48, activation="relu"),
                layers.Dense(64, activation="sigmoid"),
            ]
        )
        self.total = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.total]

    def call(self, x):
        h = self.inner(x)
        return self.decoder(self.sample([self.mean(h), self.spread(h)]))

    def train_step(self, x):
        x = x[0] if isinstance(x, tuple) else x
        with tf.GradientTape() as tape:
            h = self.inner(x)
            mean, spread = self.mean(h), self.spread(h)
            again = self.decoder(self.sample([mean, spread]))
            like = ops.sum(
                keras.losses.binary_crossentropy(x[..., None], again[..., None]), -1
            )
            apart = -0.5 * ops.sum(1 + spread - ops.square(mean) - ops.exp(spread), -1)
            loss = ops.mean(like + apart)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        self.total.update_state(loss)
        return {"loss": self.total.result()}


class Gan(keras.Model):
    """A generator against a discriminator; no targets."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential(
            [keras.Input((8,)), layers.Dense(32, "relu"), layers.Dense(64, "sigmoid")]
        )
        self.judge = keras.Sequential(
            [keras.Input((64,)), layers.Dense(32, "leaky_relu"), layers.Dense(1)]
        )
        self.draws = keras.random.SeedGenerator(2)

    def call(self, x):
        return self.judge(x)

    def compile(self, optimizer, judge_optimizer, loss):
        super().compile(optimizer=optimizer, loss=loss)
        self.judge_optimizer, self.own_loss = judge_optimizer, loss

    def train_step(self, real):
        real = real[0] if isinstance(real, tuple) else real
        n = ops.shape(real)[0]
        noise = keras.random.normal((n, 8), seed=self.draws)
        both = ops.concatenate([self.generator(noise), real], 0)
        labels = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], 0)
        with tf.GradientTape() as tape:
            judged = self.own_loss(labels, self.judge(both))
        weights = self.judge.trainable_weights
        self.judge_optimizer.apply_gradients(
            zip(tape.gradient(judged, weights), weights)
        )
        with tf.GradientTape() as tape:
            fooled = self.own_loss(ops.zeros((n, 1)), self.judge(self.generator(noise)))
        weights = self.generator.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(fooled, weights), weights))
        return {"judge_loss": judged, "generator_loss": fooled}


class Antirectifier(layers.Layer):
    """A layer that is itself the nonlinearity."""

    def call(self, x):
        x = x - ops.mean(x, -1, keepdims=True)
        return ops.concatenate([ops.relu(x), ops.relu(-x)], -1)


class Batches(keras.utils.PyDataset):
    """Digits in batches, read by number."""

    def __init__(self, size=32, y_of=lambda y: y, **options):
        super().__init__(**options)
        self.x, self.y = data.digits()
        self.y, self.size = y_of(self.y), size

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        return self.x[rows], self.y[rows]


def subclassed(
    cls=Classifier,
    rate=3e-3,
    optimizer=None,
    loss="sparse_categorical_crossentropy",
    x_of=lambda x: x,
    y_of=lambda y: y,
    **options,
):
    """A model by subclassing, on digits."""
    x, y = data.digits()
    model = cls(**options)
    optimizer = optimizer() if optimizer else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return Built(model, x_of(x), y_of(y))


def made(rate=3e-3, **options):
    """A function that makes the model, in the model's place."""
    x, y = data.digits()

    def make_model():
        model = Classifier(**options)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        return model

    return Built(make_model, x, y)


def without_targets(cls=Variational, rate=3e-3):
    """A model that learns the inputs alone."""
    x, _ = data.digits()
    model = cls()
    if cls is Gan:
        model.compile(
            keras.optimizers.Adam(rate),
            keras.optimizers.Adam(rate),
            keras.losses.BinaryCrossentropy(from_logits=True),
        )
    else:
        model.compile(keras.optimizers.Adam(rate))
    return Built(model, x.reshape(-1, 64))


def lambdas(rate=3e-3, x_of=lambda x: x):
    """Lambda layers and custom operations."""
    x, y = data.digits()
    inputs = keras.Input((8, 8, 1))
    h = layers.Lambda(lambda v: v - 0.3)(inputs)
    h = layers.Flatten()(h)
    h = Antirectifier()(layers.Dense(32)(h))
    h = Antirectifier()(layers.Dense(32)(h))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(h))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, x_of(x), y)


def streamed(kind="tf", rate=3e-3, y_of=lambda y: y, repeat=False):
    """Digits as a stream of batches."""
    x, y = data.digits()
    built = lambdas(rate)
    if kind == "tf":
        stream = tf.data.Dataset.from_tensor_slices((x, y_of(y)))
        stream = stream.shuffle(2000, seed=1).batch(32)
        return Built(built.model, stream.repeat() if repeat else stream)
    return Built(built.model, Batches(y_of=y_of))


def penalized(rate=3e-3):
    """A loss that a layer adds, beside the model's."""
    x, y = data.digits()

    class Sparse(layers.Layer):
        def call(self, v):
            self.add_loss(1e-3 * ops.mean(ops.abs(v)))
            return v

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(48, activation="relu", activity_regularizer="l2"),
            Sparse(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.layers[1].activity_regularizer = keras.regularizers.L2(1e-4)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return Built(model, x, y)


def other_optimizer():
    """An optimizer that was built for another model's variables."""
    built = lambdas()
    other = lambdas().model
    other.optimizer.build(other.trainable_variables)
    built.model.compile(other.optimizer, "sparse_categorical_crossentropy")
    return built


def thawed():
    """A base that was unfrozen after the optimizer had been built without it."""
    built = lambdas()
    model = built.model
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    for layer in dense[:-1]:
        layer.trainable = False
    model.fit(built.x[:32], built.y[:32], verbose=0)
    for layer in dense[:-1]:
        layer.trainable = True
    return built


add("own-subclass", "", subclassed, epochs=10)
add("own-step", "", subclassed, cls=OwnStep, epochs=10)
add("own-made", "", made, epochs=10)
add("own-variational", "", without_targets, epochs=15)
add("own-gan", "", without_targets, cls=Gan, epochs=5, rate=5e-4)
add("own-lambda", "", lambdas, epochs=8)
add("own-tf-data", "", streamed, epochs=8)
add("own-pydataset", "", streamed, kind="py", epochs=8)
add("own-added-loss", "", penalized, epochs=10)

add("own-subclass-low", "lr-too-low", subclassed, rate=1e-7, epochs=8)
add("own-step-high", "lr-too-high", subclassed, cls=OwnStep, rate=3.0, epochs=8)
add("own-made-linear", "missing-softmax", made, output="linear", epochs=8)
add("own-made-low", "lr-too-low", made, rate=1e-7, epochs=8)
add("own-tf-data-low", "lr-too-low", streamed, rate=1e-7, epochs=8)
add("own-tf-data-labels", "wrong-labels", streamed, y_of=lambda y: y + 1, epochs=8)
add("own-variational-high", "lr-too-high", without_targets, rate=5.0, epochs=8)
add("own-other-optimizer", "frozen-layers", other_optimizer, epochs=6)
add("own-thawed", "frozen-layers", thawed, epochs=6)

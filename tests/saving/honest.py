"""Models that honest people save, each of which must load.

    python -m tests.saving.honest

loads them all, Keras's applications and our exports included, which takes a quarter of
an hour; the tests load `SMALL`.
"""

import inspect
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from keras_cnn import layers as ours
from keras_cnn import load_model, losses
from keras_cnn.models import article_cnn


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.layers.Layer):
    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("tests")
def tripled(x):
    return 3 * x


@keras.saving.register_keras_serializable("tests")
class Residual(keras.Model):
    """A model as a class, with layers of its own."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = keras.layers.Dense(units, activation="relu")
        self.second = keras.layers.Dense(units)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], self.units))
        self.built = True

    def call(self, inputs):
        return inputs + self.second(self.first(inputs))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def sequential(shape, *layers, **compiling):
    model = keras.Sequential([keras.Input(shape), *layers])
    if compiling:
        model.compile(**compiling)
    return model


def operations():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(
        *(4, 3),
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed=1),
        kernel_regularizer="l2",
        kernel_constraint=keras.constraints.MaxNorm(2),
        bias_initializer=keras.initializers.Constant(0.1),
    )(x)
    x = keras.ops.relu(x) + keras.ops.mean(x, axis=(1, 2), keepdims=True)
    x = x[:, 1:, ::2] - np.array([0.1, 0.2, 0.3, 0.4], "float32")
    x = keras.layers.Activation(keras.activations.silu)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(2)(x))


def compiled_inside():
    rate = keras.optimizers.schedules.CosineDecay(0.1, 100)
    inner = sequential(
        (4,),
        keras.layers.Dense(2),
        optimizer=keras.optimizers.AdamW(rate, weight_decay=0.1),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(2)],
    )
    return keras.Sequential([keras.Input((4,)), inner])


def shared_layers():
    shared = keras.layers.Dense(4)
    left, right = keras.Input((4,)), keras.Input((4,))
    merged = keras.layers.Concatenate()([shared(left), shared(right)])
    return keras.Model([left, right], merged)


def sequences():
    sequence = keras.Input((5, 3))
    lstm = keras.layers.LSTM(2, return_sequences=True)
    x = keras.layers.Bidirectional(lstm)(sequence)
    x = keras.layers.MultiHeadAttention(2, 2)(x, x)
    x = keras.layers.TimeDistributed(keras.layers.Dense(2))(x)
    return keras.Model(sequence, x)


def segmentation():
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(image)
    x = keras.layers.BatchNormalization()(x)
    skip = keras.layers.SeparableConv2D(4, 3, padding="same")(x)
    x = keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same")(skip)
    side = keras.layers.UpSampling2D(2)(skip)
    return keras.Model(image, keras.layers.add([x, side]))


def transfer():
    base = keras.applications.MobileNetV3Small(
        (32, 32, 3), include_top=False, weights=None
    )
    base.trainable = False
    image = keras.Input((32, 32, 3))
    x = keras.layers.RandomFlip("horizontal")(image)
    x = keras.layers.RandomRotation(0.1)(x)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax")(x))
    model.compile(
        keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", ["accuracy"]
    )
    return model


def preprocessing():
    normalize = keras.layers.Normalization(axis=-1)
    normalize.adapt(np.random.default_rng(0).random((10, 8, 8, 1), "float32"))
    return sequential(
        (12, 12, 1),
        keras.layers.Resizing(8, 8),
        normalize,
        keras.layers.RandomFlip(),
        keras.layers.RandomZoom(0.1),
        keras.layers.RandomTranslation(0.1, 0.1),
        keras.layers.RandomContrast(0.1),
        keras.layers.CenterCrop(6, 6),
        keras.layers.Flatten(),
        keras.layers.Dense(2),
    )


def words():
    vectorize = keras.layers.TextVectorization(20, output_sequence_length=4)
    vectorize.adapt(["a cat", "a dog", "the owl"])
    model = keras.Sequential([keras.Input((1,), dtype="string"), vectorize])
    model.add(keras.layers.Embedding(20, 4))
    model.add(keras.layers.GlobalAveragePooling1D())
    return model


def residual():
    model = Residual()
    model.build((None, 4))
    return model


def own_parts():
    return sequential(
        (8, 8, 1),
        ours.Conv2D(4, 3, activation="gelu"),
        ours.MaxPooling2D(2),
        ours.PReLU(),
        ours.Flatten(),
        ours.Dense(3, activation="softmax"),
        optimizer="adam",
        loss=losses.CategoricalFocalCrossentropy(gamma=3.0),
        metrics=["accuracy"],
    )


SMALL = {
    "the article's network": article_cnn,
    "compiled": lambda: sequential(
        (4,),
        keras.layers.Dense(2, activation="softmax"),
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.AUC(), keras.metrics.F1Score()],
    ),
    "compiled inside": compiled_inside,
    "mixed precision": lambda: sequential(
        (4, 4, 1),
        keras.layers.Flatten(),
        keras.layers.Dense(4, dtype="mixed_bfloat16"),
        keras.layers.Dense(3, activation="softmax", dtype="float32"),
    ),
    "half precision": lambda: sequential((4,), keras.layers.Dense(4, dtype="float16")),
    "operations": operations,
    "our own parts": own_parts,
    "preprocessing": preprocessing,
    "registered": lambda: sequential(
        (4,), Doubled(3), keras.layers.Dense(2), keras.layers.Activation(tripled)
    ),
    "registered model": residual,
    "segmentation": segmentation,
    "sequences": sequences,
    "shared layers": shared_layers,
    "transfer": transfer,
    "words": words,
}


def applications():
    """Returns how each of Keras's applications is made, without weights."""
    makers = [
        (name, maker)
        for name, maker in vars(keras.applications).items()
        if inspect.isfunction(maker)
    ]
    return {name: lambda maker=maker: maker(weights=None) for name, maker in makers}


def check(model, folder):
    """Saves a model, loads it through the guard, and compares weights and kind."""
    path = Path(folder) / "model.keras"
    model.save(path)
    loaded = load_model(path)
    assert type(loaded) is type(model)
    for before, after in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(before, after)
    assert loaded.compiled == model.compiled
    return loaded


def main():
    for name, maker in {**SMALL, **applications()}.items():
        keras.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            model = maker()
            begin = time.monotonic()
            check(model, folder)
            print(f"{time.monotonic() - begin:6.1f} s  {name}", flush=True)
    sys.exit()


if __name__ == "__main__":
    main()

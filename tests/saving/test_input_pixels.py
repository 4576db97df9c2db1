"""What values a model takes, told from how it begins."""

import keras
import numpy as np
import pytest

from keras_cnn.saving.input_pixels import input_pixels, likely_preparation

SHAPE = (32, 32, 3)


def sequential(*layers):
    return keras.Sequential([keras.Input(SHAPE), *layers, keras.layers.Conv2D(2, 3)])


def functional(scaled, dtype="float32"):
    inputs = keras.Input(SHAPE, dtype=dtype)
    x = keras.layers.Conv2D(2, 3)(scaled(inputs))
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def application(name, nested):
    make = getattr(keras.applications, name)
    model = make(weights=None, include_top=False, input_shape=SHAPE, pooling="avg")
    if nested == "sequential":
        return keras.Sequential([keras.Input(SHAPE), model, keras.layers.Dense(2)])
    if nested == "functional":
        inputs = keras.Input(SHAPE)
        flipped = keras.layers.RandomFlip()(inputs)
        return keras.Model(inputs, keras.layers.Dense(2)(model(flipped)))
    return model


def batch_normalized(mean, variance):
    model = sequential(keras.layers.BatchNormalization())
    moments = [np.full(3, value) for value in (1, 0, mean, variance)]
    model.layers[0].set_weights(moments)
    return model


L = keras.layers
PIXELS = {
    "rescaling": (lambda: sequential(L.Rescaling(1 / 255)), "0..255"),
    "augmented": (
        lambda: sequential(L.RandomFlip(), L.Rescaling(1 / 127.5, -1)),
        "0..255",
    ),
    "from 0..1": (lambda: sequential(L.Rescaling(2, -1)), "0..1"),
    "normalized pixels": (
        lambda: sequential(L.Normalization(mean=[120.0] * 3, variance=[3400.0] * 3)),
        "0..255",
    ),
    "normalized shares": (
        lambda: sequential(L.Normalization(mean=[0.45] * 3, variance=[0.05] * 3)),
        "0..1",
    ),
    "batch normalized": (lambda: batch_normalized(120, 3400), "0..255"),
    "fresh batch normalization": (lambda: batch_normalized(0, 1), None),
    "divided": (lambda: functional(lambda x: x / 255), "0..255"),
    "caffe": (lambda: functional(keras.applications.resnet.preprocess_input), "0..255"),
    "tf": (
        lambda: functional(keras.applications.mobilenet_v2.preprocess_input),
        "0..255",
    ),
    "integers": (lambda: functional(L.Rescaling(1 / 255), "uint8"), "0..255"),
    "nothing": (lambda: sequential(), None),
    "MobileNetV3": (lambda: application("MobileNetV3Small", ""), "0..255"),
    "in a Sequential": (
        lambda: application("MobileNetV3Small", "sequential"),
        "0..255",
    ),
    "in a functional": (
        lambda: application("EfficientNetB0", "functional"),
        "0..255",
    ),
    "MobileNetV2": (lambda: application("MobileNetV2", ""), None),
}


@pytest.mark.parametrize("name", PIXELS)
def test_first_layers_tell_what_values_they_take(name):
    make, expected = PIXELS[name]
    model = make()
    assert input_pixels(model) == expected
    assert likely_preparation(model).pixels == (expected or "0..1")


def test_telling_changes_nothing_of_the_model():
    model = batch_normalized(120, 3400)
    before = model.get_weights()
    input_pixels(model)
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)

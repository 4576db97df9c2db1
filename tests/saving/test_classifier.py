"""Logits and probabilities, whatever a classifier returns."""

import keras
import numpy as np
import pytest

from keras_cnn import layers
from keras_cnn._checks import InputError
from keras_cnn.saving.classifier import Head


def model_with(*heads):
    keras.utils.set_random_seed(1)
    parts = [keras.Input((4, 4, 1)), keras.layers.Flatten(), *heads]
    return keras.Sequential(parts)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


@pytest.fixture
def images(rng):
    return rng.random((5, 4, 4, 1), np.float32)


@pytest.mark.parametrize(
    "head",
    [
        lambda: [keras.layers.Dense(3, activation="sigmoid")],
        lambda: [keras.layers.Dense(3), keras.layers.Activation("sigmoid")],
        lambda: [layers.Dense(3, activation="sigmoid")],
        lambda: [keras.Sequential([keras.layers.Dense(3, activation="sigmoid")])],
    ],
)
def test_sigmoids_are_the_probabilities(head, images):
    model = model_with(*head())
    logits, probabilities = map(np.asarray, Head(model)(images))
    np.testing.assert_allclose(probabilities, np.asarray(model(images)), rtol=1e-6)
    np.testing.assert_allclose(sigmoid(logits), probabilities, atol=1e-6)


@pytest.mark.parametrize("ours", [False, True])
def test_one_sigmoid_tells_two_classes_apart(ours, images):
    library = layers if ours else keras.layers
    model = model_with(library.Dense(1, activation="sigmoid"))
    head = Head(model)
    logits, probabilities = map(np.asarray, head(images))
    said = np.asarray(model(images), "float64")
    assert head.classes == 2
    np.testing.assert_allclose(probabilities, np.hstack([1 - said, said]), atol=1e-6)
    powers = np.exp(logits.astype("float64"))
    np.testing.assert_allclose(
        powers / powers.sum(1, keepdims=True), probabilities, atol=1e-6
    )


def test_a_number_that_may_be_anything_raises():
    with pytest.raises(InputError, match="or one number that a sigmoid"):
        Head(model_with(keras.layers.Dense(1)))


@pytest.mark.parametrize("activation", ["softmax", None, "relu"])
def test_others_are_as_before(activation, images):
    model = model_with(keras.layers.Dense(3, activation=activation))
    logits, probabilities = map(np.asarray, Head(model)(images))
    powers = np.exp(logits.astype("float64"))
    np.testing.assert_allclose(
        probabilities, powers / powers.sum(1, keepdims=True), atol=1e-6
    )


@pytest.mark.parametrize("structure", [list, dict])
def test_a_model_of_two_outputs_is_refused_by_name(structure):
    image = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(image)
    what = keras.layers.Dense(3, activation="softmax", name="what")(flat)
    where = keras.layers.Dense(2, name="where")(flat)
    outputs = [what, where] if structure is list else {"what": what, "where": where}
    model = keras.Model(image, outputs, name="both")
    with pytest.raises(InputError, match="a single output.*both with 2: what, where"):
        Head(model)

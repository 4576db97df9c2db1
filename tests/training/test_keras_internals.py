"""What the trainer uses of Keras that is not public is still there."""

import keras
import pytest

from keras_cnn.training._keras import (
    FUNCTIONAL_ATTRIBUTES,
    LOSS_ATTRIBUTES,
    MODEL_ATTRIBUTES,
    NORMALIZATION_ATTRIBUTES,
    OPTIMIZER_ATTRIBUTES,
)


@pytest.fixture(scope="module")
def model():
    net = [keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    model = keras.Sequential(net)
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("name", MODEL_ATTRIBUTES)
def test_a_model_has(model, name):
    assert hasattr(model, name)


@pytest.mark.parametrize("name", FUNCTIONAL_ATTRIBUTES)
def test_the_functional_model_in_a_sequential_has(model, name):
    assert hasattr(model._functional, name)


@pytest.mark.parametrize("name", NORMALIZATION_ATTRIBUTES)
def test_a_batch_normalization_has(model, name):
    assert hasattr(model.layers[0], name)


@pytest.mark.parametrize("name", OPTIMIZER_ATTRIBUTES)
def test_an_optimizer_has(model, name):
    assert hasattr(model.optimizer, name)


@pytest.mark.parametrize("name", LOSS_ATTRIBUTES)
def test_the_loss_of_a_compiled_model_has(model, name):
    assert hasattr(model._compile_loss, name)

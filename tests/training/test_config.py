import json
import math

import keras
import pytest

from keras_cnn._checks import InputError
from keras_cnn.runs import RunConfig
from keras_cnn.runs.config import (
    ACTIVATIONS,
    LOSSES,
    ONE_HOT_LOSSES,
    OPTIMIZERS,
    PRECISIONS,
)


def test_defaults_are_the_articles():
    config = RunConfig()
    assert (config.epochs, config.batch_size) == (5, 32)
    assert config.optimizer == "adam"
    assert config.learning_rate is None
    assert config.loss == "sparse_categorical_crossentropy"
    assert config.activation == "relu"
    assert config.validation_split == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", -1),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("validation_split", 1.0),
        ("limit", 0),
        ("image_size", 0),
        ("seed", -1),
        ("seed", 2**32),
        ("optimizer", "adamm"),
        ("loss", "hubert"),
        ("activation", "rleu"),
        ("precision", "float8"),
        ("recipe", "slow"),
        ("name", "../up"),
        ("name", ""),
        ("name", ".hidden"),
        ("name", "a/b"),
        ("name", "_x"),
        ("name", "-x"),
    ],
)
def test_a_bad_field_raises_and_is_named(field, value):
    with pytest.raises(InputError, match=f"`{field}` must.*Received: {field}="):
        RunConfig(**{field: value})


def test_config_survives_json():
    config = RunConfig(epochs=2, learning_rate=0.01, deterministic=True)
    assert RunConfig(**json.loads(json.dumps(config.to_dict()))) == config


def test_command_names_only_what_differs():
    assert RunConfig().command() == "keras-cnn train"
    config = RunConfig(dataset="my set.npz", learning_rate=0.01, deterministic=True)
    assert config.command() == (
        "keras-cnn train --dataset 'my set.npz' --learning-rate 0.01 --deterministic"
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_one_of_keras(name):
    assert isinstance(keras.optimizers.get(name), keras.Optimizer)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_one_of_keras(name):
    assert callable(keras.losses.get(name))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_one_of_keras(name):
    assert callable(keras.activations.get(name))


@pytest.mark.parametrize("name", PRECISIONS)
def test_every_precision_is_a_policy_of_keras(name):
    assert keras.dtype_policies.get(name).name == name


def test_one_hot_is_asked_for_by_every_loss_but_the_sparse_one():
    assert not RunConfig().one_hot
    assert all(RunConfig(loss=loss).one_hot for loss in ONE_HOT_LOSSES)

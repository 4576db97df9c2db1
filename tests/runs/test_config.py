"""Every option of a run: its default, its rule, and its way to and from a record."""

import inspect
import json
import math
import re
import shlex
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_cnn import losses
from keras_cnn._checks import InputError
from keras_cnn.reference.activations import ELEMENTWISE
from keras_cnn.runs import RunConfig
from keras_cnn.runs.choices import (
    ACTIVATIONS,
    GOES_WITH,
    LOSSES,
    ONE_HOT_LOSSES,
    OPTIMIZERS,
    PRECISIONS,
    RECIPES,
    SPARSE_LOSSES,
)
from keras_cnn.runs.config import OPTIONS
from keras_cnn.runs.folder import read_config

# As the version wrote it that had `parts`, and fewer options.
OLDER = Path(__file__).parent / "older_run"


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
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", "fast"),
        ("validation_split", 1.0),
        ("validation_split", None),
        ("limit", 0),
        ("augment", "digts"),
        ("augment", ""),
        ("augment", "digits,"),
        ("augment", 3),
        ("class_weight", "even"),
        ("patience", 0),
        ("warmup", 0),
        ("weight_decay", -0.1),
        ("clip_norm", 0),
        ("ema", 1.0),
        ("init", 3),
        ("image_size", 0),
        ("image_size", "64x"),
        ("image_size", "64x0"),
        ("image_size", (64, 48, 3)),
        ("image_size", True),
        ("log", "xml"),
        ("tensorboard", "yes"),
        ("seed", -1),
        ("seed", 2**32),
        ("optimizer", "adamm"),
        ("optimizer", None),
        ("loss", "hubert"),
        ("activation", "rleu"),
        ("precision", "float8"),
        ("recipe", "slow"),
        ("dataset", 5),
        ("deterministic", 1),
        ("checkpoint_every", "0"),
        ("checkpoint_every", 0),
        ("loss_arguments", [("delta", 1)]),
        ("loss_arguments", {"alpha": [0.5]}),
        ("model", "net.h5"),
        ("model", "module:"),
        ("model", 3),
        ("fresh", 1),
        ("name", "../up"),
        ("name", ""),
        ("name", ".hidden"),
        ("name", "a/b"),
        ("name", "_x"),
        ("name", "-x"),
        ("name", None),
    ],
)
def test_a_bad_field_raises_and_is_named(field, value):
    with pytest.raises(InputError, match=f"`{field}` must.*Received: {field}="):
        RunConfig(**{field: value})


@pytest.mark.parametrize(
    ("given", "size"),
    [(64, (64, 64)), ("64", (64, 64)), ("64x48", (64, 48)), ([64, 48], (64, 48))],
    ids=str,
)
def test_an_image_size_is_a_side_or_a_height_and_a_width(given, size):
    assert RunConfig(image_size=given).image_size == size


@pytest.mark.parametrize("field", [name for name in OPTIONS if name != "recipe"])
def test_a_recipe_may_set_any_field_and_the_user_any_other_value(field, monkeypatch):
    value = ANOTHER[field]
    needed = NEEDED.get(field, {})
    monkeypatch.setitem(RECIPES, "article", {field: value, **needed})
    config = RunConfig()
    assert getattr(config, field) == value
    default = OPTIONS[field].default
    again = RunConfig(**{field: default})
    assert getattr(again, field) == default


# For each option a value that is not its default, and what must be given with it.
ANOTHER = {
    "recipe": "fast",
    "dataset": "digits",
    "data_dir": "prepared",
    "manual_dir": "originals",
    "image_size": (64, 48),
    "white": 4095.0,
    "skip_damaged": True,
    "stream": "yes",
    "limit": 100,
    "validation_split": 0.25,
    "augment": "photos,noise",
    "class_weight": "balanced",
    "epochs": 2,
    "patience": 3,
    "batch_size": 64,
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "schedule": "one_cycle",
    "warmup": 100,
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "ema": 0.9,
    "beta_2": 0.95,
    "optimizer_arguments": {"amsgrad": True, "epsilon": 1e-6, "clipnorm": None},
    "loss": "huber",
    "label_smoothing": 0.1,
    "loss_arguments": {"reduction": "sum"},
    "model": "my_models:make",
    "fresh": True,
    "init": "runs/before",
    "activation": "tanh",
    "layers_from": "keras_cnn",
    "precision": "float64",
    "engine": "fit",
    "strategy": "mirrored",
    "checkpoint_every": "30s",
    "log": "jsonl",
    "tensorboard": True,
    "seed": 7,
    "deterministic": True,
    "name": "other",
}
NEEDED = {
    "fresh": {"model": "net.keras"},
    "schedule": {"learning_rate": 0.01},
    "label_smoothing": {"loss": "categorical_crossentropy"},
}


def test_every_option_has_another_value():
    assert set(ANOTHER) == set(OPTIONS)
    assert all(ANOTHER[name] != option.default for name, option in OPTIONS.items())


@pytest.mark.parametrize("field", OPTIONS)
def test_a_configuration_survives_json(field):
    config = RunConfig(**NEEDED.get(field, {}), **{field: ANOTHER[field]})
    written = json.loads(json.dumps(config.to_dict()))
    assert RunConfig.from_dict(written) == config
    assert getattr(config, field) == ANOTHER[field]


def test_fields_that_are_not_given_are_the_recipes():
    config = RunConfig(recipe="fast", epochs=5, beta_2=None)
    assert (config.epochs, config.batch_size) == (5, 64)
    assert config.beta_2 is None
    assert replace(config, epochs=3).batch_size == 64


@pytest.mark.parametrize(
    ("fast", "precision"), [(True, "mixed_bfloat16"), (False, "float32")]
)
def test_precision_auto_is_resolved(fast, precision, monkeypatch):
    monkeypatch.setattr("keras_cnn.runs.config.computes_bfloat16", lambda: fast)
    assert RunConfig(precision="auto").precision == precision
    assert RunConfig(recipe="fast").precision == precision


def test_command_names_only_what_differs():
    assert RunConfig().command() == "keras-cnn train"
    config = RunConfig(dataset="my set.npz", learning_rate=0.01, deterministic=True)
    assert config.command() == (
        "keras-cnn train --dataset 'my set.npz' --learning-rate 0.01 --deterministic"
    )
    config = RunConfig(loss="huber", loss_arguments={"delta": 2.0}, image_size=(64, 48))
    assert config.command() == (
        "keras-cnn train --image-size 64x48 --loss huber --set loss.delta=2.0"
    )
    monotonous = RunConfig(recipe="fast", beta_2=None, precision="float32")
    words = shlex.split(monotonous.command())
    assert words[words.index("--beta-2") + 1] == "none"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimizer": "sgd"}, "`beta_2` must be None unless `optimizer` is one of"),
        ({"loss": "huber"}, "`label_smoothing` must be 0.0 unless `loss` is one of"),
        ({"learning_rate": None}, "`learning_rate` must be given with a schedule"),
    ],
    ids=str,
)
def test_a_recipe_that_does_not_fit_what_is_given_says_what_to_set(given, message):
    with pytest.raises(InputError, match=message):
        RunConfig(recipe="fast", **given)


def test_from_dict_names_unknown_fields_in_one_sentence():
    with pytest.raises(InputError) as raised:
        RunConfig.from_dict({"epoch": 3, "epochs": 2, "shuffled": True})
    assert str(raised.value) == (
        "A configuration must have no other fields than RunConfig's. Received: "
        'epoch=3, shuffled=True. Did you mean "epochs"?'
    )
    with pytest.raises(InputError, match=r"values by field. Received: '\[3\]'"):
        RunConfig.from_dict([3])


def test_a_run_folder_of_an_older_version_still_loads():
    config = read_config(OLDER)
    assert config.layers_from == "keras_cnn"  # `parts` then
    assert config.image_size == (20, 20)  # a side then
    assert (config.recipe, config.batch_size) == ("fast", 64)
    assert (config.label_smoothing, config.beta_2) == (0.1, 0.95)


def test_a_field_that_an_older_version_lacked_is_at_its_default(monkeypatch):
    monkeypatch.setitem(RECIPES["fast"], "loss_arguments", {"gamma": 1.0})
    assert RunConfig(recipe="fast").loss_arguments == {"gamma": 1.0}
    assert read_config(OLDER).loss_arguments == {}


@pytest.mark.parametrize("content", ["[]", "{", '{"config": 3}', "{}"])
def test_a_folder_without_a_configuration_raises(content, tmp_path):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match="must hold its configuration"):
        read_config(tmp_path)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_the_one_of_keras(name):
    optimizer = keras.optimizers.get(name)
    assert type(optimizer).__module__.startswith("keras.src.optimizers.")
    assert type(optimizer).__name__.lower() == name
    takes_beta_2 = "beta_2" in inspect.signature(type(optimizer)).parameters
    assert takes_beta_2 == (name in GOES_WITH["beta_2"][1])


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_one_of_keras_and_one_of_ours(name):
    classes = {
        re.sub("(?!^)([A-Z])", r"_\1", kind).lower(): kind
        for kind in losses.__all__
        if kind[0].isupper()
    }
    theirs = getattr(keras.losses, classes[name])
    assert issubclass(theirs, keras.losses.Loss)
    takes_smoothing = "label_smoothing" in inspect.signature(theirs).parameters
    assert takes_smoothing == (name in GOES_WITH["label_smoothing"][1])


def test_sparse_losses_take_labels_and_the_others_rows():
    labels, rows = np.array([0, 1]), np.eye(3)[:2]
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    for name in LOSSES:
        y = labels if name in SPARSE_LOSSES else rows
        assert keras.losses.get(name)(y, probabilities).shape == (2,)
        config = RunConfig(loss=name)
        assert (config.loss in ONE_HOT_LOSSES) != (name in SPARSE_LOSSES)


def test_activations_are_those_of_one_number():
    assert set(ACTIVATIONS) == set(ELEMENTWISE)
    assert all(callable(keras.activations.get(name)) for name in ACTIVATIONS)


@pytest.mark.parametrize("name", PRECISIONS)
def test_every_precision_is_a_policy_of_keras(name):
    assert keras.dtype_policies.get(name).name == name


@pytest.mark.parametrize("name", OPTIONS)
def test_the_page_on_training_has_a_row_for_each_option(name):
    option = OPTIONS[name]
    page = Path(__file__).parents[2] / "docs" / "training.md"
    row = f"| `{name}` | {option.described} | {option.shown_default} |"
    assert row in page.read_text().splitlines()

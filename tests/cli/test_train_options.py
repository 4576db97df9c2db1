"""A sweep over the options of `keras-cnn train`: each reaches the run or is refused."""

import json
import os
import shlex

import pytest

from keras_cnn.runs import RunConfig
from keras_cnn.runs.choices import RECIPES
from keras_cnn.runs.config import OPTIONS
from keras_cnn.runs.kinds import ARGUMENTS
from tests.runs.test_config import ANOTHER, NEEDED, OLDER

# For each kind of value words that it refuses; any words are a path.
BAD = {
    "N": ("0", "-1", "1.5", "many"),
    "NUMBER": ("0", "-0.1", "nan", "inf", "much"),
    "NUMBER>=0": ("-0.1", "nan", "much"),
    "NAMES": ("flips", "digits,,noise", ""),
    "SHARE": ("1", "-0.1", "nan", "half"),
    "NAME": ("no-such name", ""),
    "SIZE": ("0", "64x", "x64", "64x48x3", "large"),
    "STEPS|TIME": ("0", "5d", "soon"),
    "PATH": ("",),
    "MODEL": ("", "net.h5", "a b:make", "make"),
}

ON_THE_COMMAND_LINE = [
    name for name, option in OPTIONS.items() if option.kind is not ARGUMENTS
]


def words_of(name, value):
    return OPTIONS[name].words(name, value)


def configured(run, *words):
    code, out, err = run("train", *words, "--dry-run")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize("name", ON_THE_COMMAND_LINE)
def test_each_option_reaches_the_configuration(name, keras_cnn, here):
    words = words_of(name, ANOTHER[name])
    for other, value in NEEDED.get(name, {}).items():
        words += words_of(other, value)
    printed = configured(keras_cnn, *words)
    config = RunConfig(**{name: ANOTHER[name]}, **NEEDED.get(name, {}))
    assert printed == config.to_dict() | {"runs": "runs", "out": "saved_models"}
    assert os.listdir(here) == []


@pytest.mark.parametrize(
    "name", [name for name in ON_THE_COMMAND_LINE if name != "recipe"]
)
def test_a_recipe_may_set_each_option_of_the_command(
    name, keras_cnn, here, monkeypatch
):
    recipe = {name: ANOTHER[name], **NEEDED.get(name, {})}
    monkeypatch.setitem(RECIPES, "fast", recipe)
    assert (
        RunConfig(recipe="fast").to_dict()[name]
        == (configured(keras_cnn, "--recipe", "fast")[name])
    )
    # and the command line may take it back
    default = OPTIONS[name].default
    words = words_of(name, default)
    assert configured(keras_cnn, "--recipe", "fast", *words)[name] == default


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (name, words)
        for name in ON_THE_COMMAND_LINE
        for words in BAD.get(OPTIONS[name].kind.metavar, ())
        if not (name == "seed" and words == "0")
    ],
)
def test_a_bad_value_exits_with_2_and_writes_nothing(name, words, keras_cnn, here):
    code, out, err = keras_cnn("train", f"--{name.replace('_', '-')}={words}")
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: `{name}` must ")
    assert f"Received: {name}=" in err
    assert len(err.strip().splitlines()) == 1
    assert os.listdir(here) == []


@pytest.mark.parametrize("name", OPTIONS)
def test_the_command_that_is_recorded_repeats_the_configuration(name, keras_cnn, here):
    config = RunConfig(**NEEDED.get(name, {}), **{name: ANOTHER[name]})
    words = shlex.split(config.command())[2:]
    printed = configured(keras_cnn, *words)
    assert RunConfig.from_dict({field: printed[field] for field in OPTIONS}) == config


def test_set_gives_arguments_to_loss_and_optimizer(keras_cnn, here):
    printed = configured(
        keras_cnn,
        *("--loss", "huber", "--set", "loss.delta=2", "--optimizer", "sgd"),
        *("--set", "optimizer.momentum=0.9", "--set", "optimizer.nesterov=true"),
    )
    assert printed["loss_arguments"] == {"delta": 2}
    assert printed["optimizer_arguments"] == {"momentum": 0.9, "nesterov": True}


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("loss.delta=-1", "must be a finite number > 0"),
        ("loss.detla=1", "Received: loss.detla=1. Did you mean"),
        ("loss.delta=two", "`loss.delta` must be a finite number"),
        ("delta=1", "as in loss.delta=2"),
        ("loss.delta", "as in loss.delta=2"),
        ("losses.delta=1", "one of optimizer, loss. Received: set='losses'. Did you"),
    ],
)
def test_a_bad_argument_exits_with_2_before_data_are_read(
    words, message, dry, keras_cnn, here, monkeypatch
):
    def refuse(*_, **__):
        raise AssertionError("data were read")

    monkeypatch.setattr("keras_cnn.runs.images.load", refuse)
    code, out, err = keras_cnn("train", "--loss", "huber", "--set", words, *dry)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert os.listdir(here) == []


def test_help_says_what_each_option_does_and_its_default(keras_cnn, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    code, out, _ = keras_cnn("train", "--help")
    assert code == 0
    for name in ON_THE_COMMAND_LINE:
        option = OPTIONS[name]
        (line,) = (
            line
            for line in out.splitlines()
            if f"--{name.replace('_', '-')} " in line and option.help in line
        )
        default = f"Defaults to {option.shown_default}."
        assert default in line or option.shown_default == ""
        assert all(choice in line for choice in option.kind.choices)
    assert "--parts" not in out


def test_the_former_name_of_an_option_is_understood_for_one_release(keras_cnn, here):
    code, out, err = keras_cnn("train", "--parts", "keras_cnn", "--dry-run")
    assert code == 0
    assert json.loads(out)["layers_from"] == "keras_cnn"
    assert err.startswith("Warning: --parts is called --layers-from now")
    code, _, err = keras_cnn("train", "--parts=keras", "--layers-from=keras_cnn")
    assert code == 2
    assert "`parts` must be left out beside --layers-from" in err
    code, _, err = keras_cnn("train", "--parts", "kears")
    assert code == 2
    assert "`layers_from` must be one of keras, keras_cnn." in err


def test_a_run_of_an_older_version_is_resumed_as_it_was_asked_to(keras_cnn, here):
    (here / "run" / "checkpoints").mkdir(parents=True)
    (here / "run" / "checkpoints" / "checkpoint-000000-000000001.npz").touch()
    (here / "run" / "config.json").write_bytes((OLDER / "config.json").read_bytes())
    printed = configured(keras_cnn, "--resume", "run")
    assert printed["layers_from"] == "keras_cnn"
    assert printed["image_size"] == "20x20"
    content = json.loads((here / "run" / "config.json").read_text())
    content["config"]["epoch"] = 3
    (here / "run" / "config.json").write_text(json.dumps(content))
    code, _, err = keras_cnn("train", "--resume", "run")
    assert code == 2
    assert "no other fields than RunConfig's. Received: epoch=3. Did you mean" in err
    assert "written by version unknown: correct it there, or go on with" in err
    assert len(err.strip().splitlines()) == 1

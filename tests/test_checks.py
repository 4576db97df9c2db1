import math
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import keras_cnn
from keras_cnn._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_positive,
    did_you_mean,
    first_line,
)
from keras_cnn._optional import MissingExtraError, optional


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None, math.nan])
def test_check_count_of_what_is_no_count_raises(value):
    with pytest.raises(InputError, match=r"`n` must be a whole number >= 1. Received"):
        check_count("n", value)


def test_check_count_accepts_its_bound():
    check_count("n", 1)
    check_count("n", 0, min_value=0)


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf, True, "1"])
def test_check_positive_of_what_is_not_raises(value):
    with pytest.raises(InputError, match=r"finite number > 0. Received: rate="):
        check_positive("rate", value)


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, math.nan, math.inf, False])
def test_check_fraction_outside_its_range_raises(value):
    with pytest.raises(InputError, match=r"in \[0, 1\). Received: share="):
        check_fraction("share", value)


def test_check_fraction_accepts_its_bounds():
    check_fraction("share", 0)
    check_fraction("share", 0.999)


def test_check_choice_of_another_names_the_nearest():
    with pytest.raises(InputError, match='relu.*Received.*rleu.*Did you mean "relu"'):
        check_choice("activation", "rleu", ("relu", "tanh"))


def test_did_you_mean_of_nothing_near_is_empty():
    assert did_you_mean("zebra", ["mnist"]) == ""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError("Not a tree."), "Not a tree"),
        (OSError("\n\n no tree \nTraceback ..."), "no tree"),
        (OSError(), "OSError"),
        (OSError("..."), "..."),
    ],
)
def test_first_line_of_an_exception_is_never_empty(error, line):
    assert first_line(error) == line


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_the_errors_are_public_and_need_no_keras():
    code = (
        "import sys, keras_cnn; "
        "print(keras_cnn.InputError.__name__, keras_cnn.MissingExtraError.__name__, "
        "'keras' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "InputError",
        "MissingExtraError",
        "False",
        "False",
    ]
    assert {"InputError", "MissingExtraError"} <= set(dir(keras_cnn))


def test_a_missing_extra_is_named_with_its_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(MissingExtraError, match="extra `serve`") as caught:
        optional("fastapi", "serve")
    command = str(caught.value).partition("pip install ")[2].partition(". Received")[0]
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    packages = project["project"]["optional-dependencies"]["serve"]
    assert sorted(shlex.split(command)) == sorted(packages)


def test_an_extra_of_a_tree_that_is_not_installed_is_named_by_itself(monkeypatch):
    monkeypatch.setattr("importlib.metadata.requires", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install -e '\.\[serve\]'"):
        optional("no_such_module", "serve")

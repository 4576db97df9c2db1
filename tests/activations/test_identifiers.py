"""Names, configs and callables, in and out."""

import subprocess
import sys

import keras
import pytest

from keras_cnn import activations

FUNCTIONS = sorted(set(activations.__all__) - {"deserialize", "get", "serialize"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_get_of_name_and_serialize_are_inverse(name):
    function = getattr(activations, name)
    assert activations.get(name) is function
    assert activations.serialize(function) == name
    # What a layer of Keras's own makes of it comes back too.
    assert activations.get(keras.activations.serialize(function)) is function


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_called_as_keras_calls_it(name):
    import inspect

    ours = inspect.signature(getattr(activations, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.activations, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


def test_get_of_none_alias_and_callable():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(keras.activations.relu) is keras.activations.relu


def test_serialize_of_keras_function_comes_back_as_ours():
    name = activations.serialize(keras.activations.relu)
    assert name == "relu" and activations.get(name) is activations.relu


@pytest.mark.parametrize("wrong", ["typo", "Activate", "ReLU", 3])
def test_get_of_unknown_identifier_raises(wrong):
    with pytest.raises(ValueError, match="Could not interpret"):
        activations.get(wrong)


SAVE = """
import sys, keras
from keras_cnn import activations
inputs = keras.Input((3,))
hidden = keras.layers.Dense(4, activation=activations.gelu)(inputs)
hidden = activations.relu(hidden, max_value=1.0)
model = keras.Model(inputs, activations.softmax(hidden, axis=(1,)))
model.save(sys.argv[1])
print(model(keras.ops.ones((1, 3))))
"""
LOAD = """
import sys, keras, keras_cnn.activations
print(keras.saving.load_model(sys.argv[1])(keras.ops.ones((1, 3))))
"""


def test_model_with_functions_survives_saving_and_a_fresh_process(tmp_path):
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "model.keras")],
            capture_output=True, text=True, check=True,
        ).stdout
        for code in (SAVE, LOAD)
    ]  # fmt: skip
    assert outputs[0] == outputs[1] != ""

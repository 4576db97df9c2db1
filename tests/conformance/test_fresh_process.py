"""A model file opens in a process that has not made the model."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.conformance.layer_sweep import draw
from tests.conformance.layer_table import LAYERS
from tests.conformance.loss_table import LOSSES

ROOT = Path(__file__).parents[2]

# What a fresh process does with the folder in sys.argv[1]: `load` is filled in.
COMPARE = """
import sys, numpy as np
folder = sys.argv[1]
data = dict(np.load(folder + "/data.npz"))
def inputs(of):
    return [data[k] for k in sorted(data) if k.startswith(of)]
def compare(model):
    outputs = model.predict_on_batch(inputs("x"))
    for mine, expected in zip(outputs, inputs("y"), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), expected)
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            assert type(layer).__module__.startswith("keras_cnn."), layer
    return model
def compare_losses(model):
    for loss, true, predicted, value in zip(
        model.loss, inputs("true"), inputs("pred"), inputs("value"), strict=False
    ):
        np.testing.assert_array_equal(np.asarray(loss(true, predicted)), value)
import keras
"""

BY_IMPORT = """
def load(**options):
    return keras.models.load_model(folder + "/model.keras", **options)
try:
    load()
except Exception as error:
    print("UNREGISTERED", str(error).replace("\\n", " "))
import keras_cnn.layers
compare(load(compile=False))
print("LAYERS OK")
import keras_cnn.losses
compare_losses(compare(load()))
print("LOSSES OK")
"""

BY_LOAD_MODEL = """
import keras_cnn
compare_losses(compare(keras_cnn.load_model(folder + "/model.keras")))
print("LOAD_MODEL OK")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of one of each layer, compiled with one of each loss, and its numbers."""
    folder = tmp_path_factory.mktemp("fresh")
    keras.utils.set_random_seed(2)
    inputs, outputs, data = [], [], {}
    for i, subject in enumerate(LAYERS):
        inputs.append(keras.Input(subject.inputs[1:]))
        outputs.append(subject.cls(**subject.required)(inputs[-1]))
        data[f"x{i:02}"] = draw(subject.inputs)
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer="sgd",
        loss=[LOSSES[i % len(LOSSES)].cls() for i in range(len(outputs))],
    )
    results = model.predict_on_batch([data[k] for k in sorted(data)])
    for i, output in enumerate(results):
        data[f"y{i:02}"] = np.asarray(output)
    for i, (subject, loss) in enumerate(zip(LOSSES, model.loss, strict=False)):
        true, predicted = subject.inputs
        data[f"true{i:02}"], data[f"pred{i:02}"] = true, predicted
        data[f"value{i:02}"] = np.asarray(loss(true, predicted))
    model.save(folder / "model.keras")
    np.savez(folder / "data.npz", **data)
    return folder


def run_fresh(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", COMPARE + code, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_model_file_opens_once_the_parts_are_imported(folder):
    out = run_fresh(BY_IMPORT, folder)
    assert "LAYERS OK" in out
    assert "LOSSES OK" in out
    # What a user reads who imported nothing: the class, and that it is not known.
    unregistered = next(line for line in out.splitlines() if "UNREGISTERED" in line)
    assert "Could not locate class" in unregistered
    assert "make sure they are all imported" in unregistered
    assert "keras_cnn." in unregistered


@pytest.mark.skipif(
    importlib.util.find_spec("keras_cnn.models") is None,
    reason="keras_cnn.load_model does not exist yet",
)
def test_model_file_opens_with_load_model_alone(folder):
    assert "LOAD_MODEL OK" in run_fresh(BY_LOAD_MODEL, folder)

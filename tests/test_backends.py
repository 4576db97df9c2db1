"""Components run on each of Keras's backends, without the others being imported."""

import importlib.util
import os
import subprocess
import sys

import pytest

CODE = """
import sys
import keras, numpy as np
from keras_cnn import activations, layers, losses, reference

model = keras.Sequential([
    keras.Input((20, 20, 1)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.AveragePooling2D(2),
    layers.Flatten(),
    layers.Dense(3, activation="softmax"),
])
x = np.ones((6, 20, 20, 1), "float32")
model.compile("sgd", losses.SparseCategoricalCrossentropy())
history = model.fit(x, np.arange(6) % 3, epochs=2, verbose=0).history["loss"]
assert np.isfinite(history).all() and history[1] < history[0], history
ours = keras.ops.convert_to_numpy(activations.gelu(x[:1, :1, :1, 0]))
np.testing.assert_allclose(ours, reference.activations.gelu(1.0), rtol=1e-6)
print(keras.backend.backend(), "tensorflow" in sys.modules)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_components_train_without_tensorflow(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [backend, "False"]

"""Components run on each of Keras's backends, without the others being imported."""

import importlib.util
import os
import subprocess
import sys

import pytest

CODE = """
import random, sys
import keras, numpy as np
from keras_cnn import activations, layers, losses, reference

# Keras draws its seeds from here; its own set_random_seed imports TensorFlow.
random.seed(0)
model = keras.Sequential([
    keras.Input((20, 20, 1)),
    layers.Conv2D(4, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.AveragePooling2D(2),
    layers.Flatten(),
    layers.Dense(3, activation="softmax"),
])
rng = np.random.default_rng(0)
labels = np.arange(30) % 3
x = (labels[:, None, None, None] / 2 + rng.normal(0, 0.1, (30, 20, 20, 1)))
model.compile(keras.optimizers.Adam(0.02), losses.SparseCategoricalCrossentropy())
history = model.fit(x, labels, epochs=20, verbose=0).history
assert history["loss"][-1] < history["loss"][0] / 2, history
ours = keras.ops.convert_to_numpy(activations.gelu(np.ones(1, "float32")))
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

"""A small model, exported in every format, that the tests of loading share."""

import keras
import numpy as np
import pytest

from keras_cnn import layers as ours
from keras_cnn.export import ModelFacts, export

CLASSES = ("ant", "bee", "cat")


@pytest.fixture(scope="session")
def small_model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 6, 1)),
            ours.Conv2D(4, 3, activation="relu"),
            ours.Flatten(),
            ours.Dense(3, activation="softmax"),
        ],
        name="small",
    )


@pytest.fixture(scope="session")
def exported(small_model, tmp_path_factory):
    """The folder of an export in every format."""
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    formats = ("saved_model", "litert", "onnx", "keras")
    folder = tmp_path_factory.mktemp("models")
    facts = ModelFacts("small", CLASSES, data={"name": "animals"})
    images = np.random.default_rng(0).integers(0, 256, (50, 8, 6, 1), np.uint8)
    return export(
        small_model, folder, formats, facts=facts, calibration=images, verify=False
    ).folder

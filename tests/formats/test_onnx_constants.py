"""ONNX files of models with values that are neither weights nor inputs."""

import keras
import numpy as np
import pytest

from keras_cnn.formats import FORMATS
from keras_cnn.formats.classifier import read_classifier

SHAPE = (32, 32, 3)


class Weighed(keras.layers.Layer):
    """A layer with a tensor of its own, as people write them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.shares = keras.ops.convert_to_tensor([[0.1, 0.2, 0.7]])

    def call(self, inputs):
        return inputs * self.shares


def adapted():
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(0).random((8, *SHAPE)) * 255)
    return layer


def told():
    return keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0])


def small(*first, last=()):
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            *first,
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
            *last,
            keras.layers.Softmax(),
        ]
    )


MODELS = {
    "adapted": lambda: small(adapted()),
    "told": lambda: small(told()),
    "own tensor": lambda: small(last=[Weighed()]),
    "EfficientNetB0": lambda: keras.applications.EfficientNetB0(
        weights=None, input_shape=SHAPE, classes=3
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_constants_are_part_of_the_file(name, tmp_path, rng):
    onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    keras.utils.set_random_seed(0)
    classifier = read_classifier(MODELS[name](), "model")
    path = tmp_path / "model.onnx"
    FORMATS["onnx"].write(classifier, path, "float32")
    graph = onnx.load(path).graph
    assert [tensor.name for tensor in graph.input] == ["image"]
    assert {tensor.name for tensor in graph.output} == {
        "logits",
        "probabilities",
        "label",
    }
    images = (rng.random((5, *SHAPE)) * 255).astype(np.float32)
    expected = classifier.outputs(images)
    found = FORMATS["onnx"].run(str(path))(images)
    np.testing.assert_allclose(
        found["probabilities"], expected["probabilities"], atol=1e-5
    )

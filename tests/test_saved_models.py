"""The exported model that the repository carries."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras_cnn import data
from keras_cnn._centering import center_like_mnist
from keras_cnn._files import sha256

FOLDER = Path(__file__).parent.parent / "saved_models" / "article_cnn" / "1"


@pytest.fixture(scope="module")
def classify():
    import tensorflow as tf

    loaded = tf.saved_model.load(str(FOLDER))

    def classify(images):
        # Through the whole model, which owns the weights.
        return loaded.signatures["uint8"](image=tf.constant(images))["label"].numpy()

    return classify


def test_every_file_is_the_one_in_its_manifest():
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    listed = manifest["files"]
    there = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    assert there == {*listed, "manifest.json"}
    assert {"saved_model.pb", "model.tflite", "model.onnx"} < there
    for name, facts in listed.items():
        assert facts["sha256"] == sha256(FOLDER / name)
        assert facts["bytes"] == (FOLDER / name).stat().st_size
    assert manifest["verified"] and manifest["accuracy"] >= 0.99
    card = (FOLDER / "README.md").read_text()
    assert f"{manifest['accuracy']:.4f} on 10,000 test images" in card


def test_versions_alone_lie_where_tensorflow_serving_looks():
    tracked = [path.name for path in FOLDER.parent.iterdir()]
    assert all(name.isdigit() or name.startswith(".writing-") for name in tracked)


@pytest.mark.large
def test_its_accuracy_is_the_one_in_its_manifest(classify, mnist):
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    right = (classify(mnist.test.images) == mnist.test.labels).mean()
    # Another processor rounds otherwise: an image or two may change sides.
    assert right == pytest.approx(manifest["accuracy"], abs=3e-4) and right >= 0.99


def test_it_knows_digits_of_another_hand(classify):
    digits = data.load("digits").test
    images = [center_like_mnist(image.squeeze(), (28, 28)) for image in digits.images]
    right = np.mean(classify(np.stack(images)[..., np.newaxis]) == digits.labels)
    assert right > 0.85

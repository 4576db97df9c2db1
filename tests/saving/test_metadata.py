"""What is known of a model, as exports and runs of any version wrote it down."""

import json
import shutil

import pytest

from keras_cnn.prediction import Preparation, load
from keras_cnn.saving.metadata import ModelMetadata, read_metadata

# As version 0.1.0.dev0 wrote it before metadata had its class.
MANIFEST = {
    "name": "animals_cnn",
    "created": "2026-11-24T15:15:21+00:00",
    "class_names": ["ant", "bee", "cat"],
    "image_shape": [8, 6, 1],
    "signatures": {},
    "accuracy": 0.75,
    "test_images": 40,
    "verified": True,
    "data": {"name": "animals", "source": "folder", "note": ""},
    "training": {"recipe": None, "epochs": 5, "parts": "keras"},
    "versions": {"keras_cnn": "0.1.0.dev0"},
    "files": {},
}
CONFIG = {
    "config": {"name": "mine", "dataset": "mnist", "epochs": 3, "data_dir": "/data"},
    "data": {
        "name": "mnist",
        "source": "tfds 4.9.10",
        "class_names": ["a", "b", "c"],
        "image_shape": [8, 6, 1],
        "images": {"train": 60000},
    },
}
RESULT = {"test_accuracy": 0.5, "test_images": 10, "seconds": 3.0}


def test_an_older_manifest_still_tells_of_its_model(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "manifest.json").write_text(json.dumps(MANIFEST))
    assert read_metadata(tmp_path / "7") == ModelMetadata(
        name="animals_cnn",
        class_names=("ant", "bee", "cat"),
        data=MANIFEST["data"],
        accuracy=0.75,
        test_images=40,
        training=MANIFEST["training"],
        version=7,
        preparation=Preparation((8, 6), "gray", "resize"),  # its images were a folder's
    )


def test_an_export_with_an_older_manifest_still_loads(exported, tmp_path):
    shutil.copy(exported / "model.keras", tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    predictor = load(tmp_path)
    assert predictor.labels == ("ant", "bee", "cat")
    assert predictor.metadata.accuracy == 0.75
    assert predictor.metadata.name == "animals_cnn"


def test_a_run_tells_of_its_model(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    assert read_metadata(tmp_path / "model.keras") == ModelMetadata(
        name="mine",
        class_names=("a", "b", "c"),
        data={"name": "mnist", "source": "tfds 4.9.10"},
        accuracy=0.5,
        test_images=10,
        training={"epochs": 3},
        preparation=Preparation((8, 6), "gray", "mnist"),
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"class_names": "abc", "data": [], "accuracy": "0.5", "name": 3}',
        '{"class_names": [1, 2], "training": null, "test_images": true}',
    ],
)
def test_what_is_damaged_is_unknown(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    assert read_metadata(tmp_path / "some.onnx") == ModelMetadata(name="some")

import json
import shutil

import keras
import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")

TRAIN = ("train", "--dataset", "digits", "--limit", "96", "--epochs", "1")


@pytest.fixture
def run(keras_cnn, here):
    return keras_cnn


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ],
        name="flat",
    )
    path = tmp_path_factory.mktemp("model") / "flat.keras"
    model.save(path)
    return path


def test_training_ends_with_an_export_that_is_compared(run, tmp_path):
    code, out, _ = run(*TRAIN, "--format", "onnx,litert")
    assert code == 0 and "model_int8.tflite" in out and "equal" in out
    # 32 test images and 96 training images are all that the run has.
    folder = tmp_path / "saved_models/article_cnn/1"
    parity = json.loads((folder / "parity.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    result = json.loads(next(tmp_path.glob("runs/*/result.json")).read_text())
    assert manifest["verified"] and manifest["accuracy"] == result["test_accuracy"]
    assert parity["images"] == result["test_images"] + 96
    assert not (folder / "saved_model.pb").exists()

    run_folder = next((tmp_path / "runs").iterdir())
    code, out, _ = run("export", run_folder, "--format", "onnx", "--json")
    told = json.loads(out)
    assert code == 0 and told["folder"].endswith("article_cnn/2")
    assert told["parity"]["images"] == 1000
    again = json.loads((tmp_path / told["folder"] / "manifest.json").read_text())
    assert again["accuracy"] == manifest["accuracy"]
    assert again["training"] == manifest["training"]


def test_a_model_file_is_exported_on_a_set_resized_to_it(run, model_file, tmp_path):
    words = ("--dataset", "digits", "--format", "saved_model,keras", "--name", "other")
    code, out, _ = run("export", model_file, *words, "--no-verify", "--out", "here")
    assert code == 0 and out.strip() == "Exported: here/other/1"
    folder = tmp_path / "here/other/1"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["verified"] is False and manifest["image_shape"] == [12, 12, 1]
    assert {"saved_model.pb", "model.keras"} <= manifest["files"].keys()


def test_an_export_that_differs_exits_with_1_and_leaves_nothing(
    run, model_file, tmp_path, monkeypatch
):
    monkeypatch.setattr("keras_cnn.export.parity.MAX_DIFFERENCE", -1.0)
    code, out, err = run(
        "export", model_file, "--dataset", "digits", "--format", "onnx"
    )
    assert code == 1 and "model.onnx differs from the Keras model" in err
    assert "differs" in out and "Traceback" not in err
    assert list((tmp_path / "saved_models/flat").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("--format", "tflite"), "`format` must be some of saved_model, litert, onnx"),
        (("--dataset", "few.npz"), "must have the model's 10 classes"),
    ],
)
def test_bad_input_exits_with_2_before_anything_is_written(
    run, model_file, tmp_path, words, rule
):
    images = np.zeros((8, 12, 12, 1), np.uint8)
    labels = np.arange(8) % 2
    np.savez(
        tmp_path / "few.npz",
        x_train=images,
        y_train=labels,
        x_test=images,
        y_test=labels,
    )
    shutil.copy(model_file, tmp_path)
    code, _, err = run("export", "flat.keras", *words)
    assert code == 2 and rule in err
    assert not (tmp_path / "saved_models").exists()

"""One door for every kind of model, and only the runtime that it needs."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn._optional import MissingExtraError
from keras_cnn.prediction import load
from tests.conftest import CLASSES

FILES = ("", "model.tflite", "model_float16.tflite", "model.onnx", "model.keras")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("batch", [1, 7, 300])
def test_every_kind_predicts_as_the_model(exported, small_model, rng, file, batch):
    predictor = load(exported / file)
    assert predictor.image_shape == (8, 6, 1)
    assert predictor.labels == predictor.class_names == CLASSES
    pixels = rng.integers(0, 256, (batch, 8, 6, 1), dtype=np.uint8)
    expected = np.asarray(small_model(pixels.astype("float32") / 255))
    seen = predictor.predict(pixels)
    tolerance = 1e-2 if "16" in file else 1e-5
    found = [one.probabilities for one in seen]
    np.testing.assert_allclose(found, expected, atol=tolerance)
    assert seen[0].label == CLASSES[expected[0].argmax()]
    assert predictor.predict(pixels[:0]) == []
    # After another batch size, as before it.
    again = predictor.predict(pixels[:1])[0].probabilities
    np.testing.assert_allclose(again, found[0], atol=1e-6)


def test_files_are_brought_to_the_models_form(exported, tmp_path):
    drawing = np.full((40, 40), 255, np.uint8)
    drawing[8:30, 18:22] = 0
    Image.fromarray(drawing).save(tmp_path / "one.png")
    predictor = load(exported / "model.onnx")
    (seen,) = predictor.predict([tmp_path / "one.png"])
    (same,) = predictor.predict(predictor.read([str(tmp_path / "one.png")]))
    assert seen == same and seen.label in CLASSES


@pytest.mark.parametrize(
    ("file", "blocked"),
    [
        ("", ["keras"]),
        ("model_int8.tflite", ["keras", "tensorflow", "onnxruntime"]),
        ("model.tflite", ["keras", "tensorflow", "onnxruntime"]),
        ("model.onnx", ["keras", "tensorflow", "ai_edge_litert"]),
    ],
)
def test_no_more_than_its_runtime_is_needed(exported, small_model, file, blocked):
    code = """
        import json, sys
        path, blocked = sys.argv[1], json.loads(sys.argv[2])
        sys.modules.update(dict.fromkeys(blocked))
        import numpy as np
        from keras_cnn import prediction
        pixels = np.arange(48, dtype=np.uint8).reshape(1, 8, 6, 1)
        seen = prediction.load(path).predict(pixels)[0]
        loaded = [one for one in blocked if sys.modules.get(one) is not None]
        print(json.dumps([seen.probabilities, loaded]))
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    command = [sys.executable, "-c", code, str(exported / file), json.dumps(blocked)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    probabilities, loaded = json.loads(done.stdout.splitlines()[-1])
    pixels = np.arange(48, dtype=np.float32).reshape(1, 8, 6, 1) / 255
    tolerance = 0.05 if "int8" in file else 1e-5
    np.testing.assert_allclose(probabilities, small_model(pixels)[0], atol=tolerance)
    assert loaded == []


def test_a_runs_folder_is_its_model(exported, tmp_path):
    shutil.copy(exported / "model.keras", tmp_path)
    noted = {"data": {"name": "animals", "class_names": list("abc")}}
    (tmp_path / "config.json").write_text(json.dumps(noted))
    assert load(tmp_path).labels == ("a", "b", "c")


def test_names_are_numbers_where_none_were_noted(exported, tmp_path):
    shutil.copy(exported / "model.keras", tmp_path)
    predictor = load(tmp_path / "model.keras")
    assert predictor.labels == ("0", "1", "2")
    assert predictor.class_names is None


@pytest.mark.parametrize(
    ("file", "module", "extra"),
    [
        ("model.tflite", "ai_edge_litert.interpreter", "litert"),
        ("model.onnx", "onnxruntime", "onnx"),
    ],
)
def test_a_missing_runtime_is_named_with_its_extra(
    exported, monkeypatch, file, module, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"extra `{extra}` .*: pip install '"):
        load(exported / file)


@pytest.mark.parametrize("file", ["model.tflite", "model.onnx", "model.keras"])
def test_a_truncated_file_is_refused_in_a_sentence(exported, tmp_path, file):
    content = (exported / file).read_bytes()
    (tmp_path / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="must be a whole"):
        load(tmp_path / file)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="must exist"):
        load(tmp_path / "absent")
    with pytest.raises(InputError, match="a run's folder, or the folder of an export"):
        load(tmp_path)  # an empty folder


def test_pixels_of_another_shape_or_type_are_refused(exported):
    predictor = load(exported / "model.onnx")
    with pytest.raises(InputError, match=r"uint8 of shape \(batch, 8, 6, 1\)"):
        predictor.predict(np.zeros((2, 6, 8, 1), np.uint8))
    with pytest.raises(InputError, match="Received: float64"):
        predictor.predict(np.zeros((2, 8, 6, 1)))

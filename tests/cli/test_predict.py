"""`keras-cnn predict`: what it takes, what it prints, and what it does not load."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.fixture
def exported():
    """The published export: what is tested here needs no TensorFlow to make one."""
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    return ROOT / "saved_models" / "article_cnn" / "1"


@pytest.fixture
def photos(here, rng):
    """A folder with images at two depths, a damaged one, and a text."""
    folder = here / "photos"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.png", "a.jpg", "deep/c.png"):
        pixels = rng.integers(0, 256, (16, 12), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "notes.txt").write_text("hello")
    return folder


def names(out):
    return [row["image"] for row in json.loads(out)]


def test_a_folder_is_walked_down_and_says_what_was_passed_over(
    keras_cnn, exported, photos
):
    code, out, err = keras_cnn("predict", exported / "model.onnx", "photos", "--json")
    assert code == 0
    assert names(out) == ["photos/a.jpg", "photos/b.png", "photos/deep/c.png"]
    assert "passed over: 1 .txt" in err


def test_patterns_are_matched_and_a_name_that_looks_like_one_is_a_name(
    keras_cnn, exported, photos
):
    (photos / "b.png").rename(photos / "b[1].png")
    model = exported / "model.onnx"
    assert names(keras_cnn("predict", model, "photos/*.jpg", "--json")[1]) == [
        "photos/a.jpg"
    ]
    everything = names(keras_cnn("predict", model, "photos/**", "--json")[1])
    assert len(everything) == 3
    code, out, _ = keras_cnn("predict", model, "photos/b[1].png", "--json")
    assert names(out) == ["photos/b[1].png"]
    code, _, err = keras_cnn("predict", model, "photos/*.webp")
    assert code == 2 and "must match a file" in err


def test_standard_input_is_an_image(keras_cnn, exported, photos, monkeypatch):
    content = (photos / "b.png").read_bytes()

    class Piped(io.TextIOWrapper):
        pass

    monkeypatch.setattr(sys, "stdin", Piped(io.BytesIO(content)))
    model = exported / "model.onnx"
    code, out, _ = keras_cnn("predict", model, "photos/b.png", "-", "--json")
    same, piped = json.loads(out)
    assert code == 0
    assert (same["image"], piped["image"]) == ("photos/b.png", "-")
    assert piped["probabilities"] == pytest.approx(same["probabilities"], abs=1e-6)


def test_standard_input_that_is_a_terminal_or_empty_is_refused(
    keras_cnn, exported, here, monkeypatch
):
    terminal = io.TextIOWrapper(io.BytesIO())
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    code, _, err = keras_cnn("predict", exported / "model.onnx", "-")
    assert code == 2 and "Received: a terminal" in err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    code, _, err = keras_cnn("predict", exported / "model.onnx", "-")
    assert code == 2 and "Received: nothing" in err


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_damaged_image_leaves_the_others_classified(
    keras_cnn, exported, photos, form
):
    (photos / "bad.png").write_text("no image")
    (photos / "cut.png").write_bytes((photos / "b.png").read_bytes()[:80])
    words = ("predict", exported / "model.onnx", "photos", *form)
    code, out, err = keras_cnn(*words)
    assert code == 2
    assert "bad.png" in err and "cut.png" in err and "2 of 5 images" in err
    assert [out.count(name) for name in ("a.jpg", "b.png", "c.png")] == [1, 1, 1]
    assert "bad" not in out and "cut" not in out
    code, again, err = keras_cnn(*words, "--skip-damaged")
    assert (code, again) == (0, out)
    assert "bad.png" in err


def test_csv_has_a_row_an_image(keras_cnn, exported, photos):
    model = exported / "model.onnx"
    _, out, _ = keras_cnn("predict", model, "photos", "--csv")
    _, as_json, _ = keras_cnn("predict", model, "photos", "--json")
    for row, expected in zip(
        csv.DictReader(io.StringIO(out)), json.loads(as_json), strict=True
    ):
        assert row["image"] == expected["image"] and row["label"] == expected["label"]
        assert float(row["probability"]) == expected["probability"]
    code, _, err = keras_cnn("predict", model, "photos", "--csv", "--json")
    assert code == 2 and "Either --json or --csv" in err


def test_many_files_are_as_each_of_them(keras_cnn, exported, here, rng):
    (here / "many").mkdir()
    for number in range(70):  # more than are read at once
        pixels = rng.integers(0, 256, (8, 6), np.uint8)
        Image.fromarray(pixels).save(here / "many" / f"{number:03}.png")
    from keras_cnn.prediction import load

    model = exported / "model.onnx"
    rows = json.loads(keras_cnn("predict", model, "many", "--json")[1])
    paths = sorted((here / "many").iterdir())
    expected = load(model).predict([str(path) for path in paths])
    for row, one in zip(rows, expected, strict=True):
        assert row["probabilities"] == pytest.approx(one.probabilities, abs=1e-6)


def test_escape_sequences_in_a_name_are_not_printed(keras_cnn, exported, photos):
    (photos / "a.jpg").rename(photos / "a\x1b[2J\n.jpg")
    for form in ((), ("--csv",)):
        code, out, _ = keras_cnn("predict", exported / "model.onnx", "photos", *form)
        assert code == 0
        assert "\x1b" not in out and "a\\x1b[2J\\n.jpg" in out


def test_a_name_that_is_not_utf8_is_printed(keras_cnn, exported, photos):
    try:
        (photos / "a.jpg").rename(photos / os.fsdecode(b"caf\xe9.jpg"))
    except OSError:
        pytest.skip("this file system has no such names")
    for form in ((), ("--csv",), ("--json",)):
        code, out, _ = keras_cnn("predict", exported / "model.onnx", "photos", *form)
        assert code == 0 and "caf" in out


BLOCKED = """
import sys
blocked = {"tensorflow", "keras", "matplotlib", "sklearn", "scipy", "h5py", "tfds"}
sys.modules.update(dict.fromkeys(blocked))
from keras_cnn.cli import main
main()
"""


@pytest.mark.parametrize("file", ["model.onnx", "model.tflite", ""])
def test_the_command_needs_neither_tensorflow_nor_keras(exported, photos, file):
    words = ["predict", str(exported / file), "photos", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 3


@pytest.mark.parametrize("model", ["model.onnx", "model.keras"])
def test_missing_images_are_listed_before_anything_is_loaded(exported, here, model):
    """With every runtime blocked, the message is of the images."""
    blocked = "import sys\nsys.modules.update(dict.fromkeys(['onnxruntime', 'numpy']))"
    words = ["predict", str(exported / model), "none.png", "other.png"]
    done = subprocess.run(
        [sys.executable, "-c", f"{blocked}\n{BLOCKED}", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "2 of 2 images are wrong" in done.stderr
    assert "none.png" in done.stderr and "other.png" in done.stderr


def test_a_folder_of_several_formats_is_loaded_from_the_fastest(
    keras_cnn, exported, photos, monkeypatch
):
    _, _, err = keras_cnn("predict", exported, "photos")
    assert (
        "Loaded: onnx, the fastest that can be, of onnx, litert, saved_model, " in err
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    _, _, err = keras_cnn("predict", exported, "photos")
    assert "Loaded: litert, the fastest" in err
    assert "Not onnx: `onnxruntime` must be installed" in err


def test_a_folder_whose_saved_model_is_another_is_not_loaded_from(
    keras_cnn, exported, photos, here
):
    folder = shutil.copytree(exported, here / "1")
    (folder / "manifest.json").unlink()
    code, _, err = keras_cnn("predict", folder, "photos")
    assert code == 2 and "no manifest.json" in err
    code, _, err = keras_cnn("predict", folder, "photos", "--trust")
    assert code == 0 and "Loaded: onnx" in err
    (folder / "saved_model.pb").unlink()  # what is left is not a program
    assert keras_cnn("predict", folder, "photos")[0] == 0


@pytest.mark.parametrize(
    ("source", "fitting", "warns"),
    [
        ("folder photos", "mnist", True),
        ("table photos", "crop", True),
        ("folder photos", "resize", False),
        ("tfds", "mnist", False),
    ],
)
def test_evaluate_says_that_a_folder_is_not_prepared_as_predict_does(
    source, fitting, warns, capsys
):
    from keras_cnn.cli.preparing import warn_if_only_resized
    from keras_cnn.data import ArraySplit, ImageDataset, Provenance
    from keras_cnn.prediction import Predictor

    split = ArraySplit(np.zeros((2, 9, 9, 1), np.uint8), np.array([0, 1]))
    dataset = ImageDataset("photos", ("a", "b"), split, split, Provenance(source))
    predictor = Predictor(lambda images: images, (9, 9, 1), ("a", "b"))
    warn_if_only_resized(predictor.prepared(fitting), dataset)
    assert ("are resized" in capsys.readouterr().err) == warns

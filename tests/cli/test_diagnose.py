import json
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_cnn import data, load_model, runs
from keras_cnn.data import StreamedSplit
from keras_cnn.doctor.rules import RULES
from keras_cnn.runs import RunConfig


@pytest.fixture
def run(keras_cnn, here):
    return partial(keras_cnn, "diagnose")


@pytest.fixture
def files(tmp_path):
    """A data file and a builder of model files that fit it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    np.savez(tmp_path / "data.npz", x=x, y=y)

    def save(rate):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(8, "relu"),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
        model.save(tmp_path / "model.keras")
        return tmp_path / "model.keras"

    return tmp_path / "data.npz", save


def test_a_healthy_model_exits_with_0_and_leaves_json(run, files, tmp_path):
    arrays, save = files
    code, out, _ = run(save(0.01), "--data", arrays)
    assert code == 0 and "Healthy." in out.splitlines()[-1]
    assert json.loads((tmp_path / "diagnosis/diagnosis.json").read_text())["healthy"]


def test_a_fault_exits_with_1_and_is_repaired_in_a_new_file(run, files, tmp_path):
    arrays, save = files
    model = save(1e-9)
    before = model.read_bytes()
    words = ("--data", arrays, "--json", "--repair", "--report", "report.html")
    code, out, _ = run(model, *words, "--out", "found")
    content = json.loads(out)
    assert code == 1 and content["findings"][0]["code"] == "lr-too-low"
    patch = json.loads((tmp_path / "found/patch.json").read_text())
    assert patch["after"] > 0.8 > patch["before"]
    rate = patch["arguments"]["learning_rate"]
    repaired = load_model(tmp_path / "found/repaired.keras")
    assert float(repaired.optimizer.learning_rate) == pytest.approx(rate)
    assert "lr-too-low" in (tmp_path / "report.html").read_text()
    assert model.read_bytes() == before


def test_a_cause_is_printed_with_evidence_change_and_where_to_read_on(run, files):
    arrays, save = files
    code, out, _ = run(save(1e-9), "--data", arrays)
    assert code == 1 and "\nwarning lr-too-low at learning_rate" in out
    assert "learning_rate=" in out and "Not healthy." in out
    assert "keras-cnn diagnose --explain lr-too-low" in out


def test_a_code_is_explained_by_its_page_without_a_model(run):
    code, out, _ = run("--explain", "dead-relu")
    assert code == 0
    assert RULES["dead-relu"].meaning in " ".join(out.split())
    code, _, err = run("--explain", "dead-relus")
    assert code == 2 and "`explain` must be one of" in err


@pytest.fixture
def done(here):
    """A run with a rate by which nothing is learned."""
    config = RunConfig(dataset="digits", limit=200, epochs=3, learning_rate=1e-9)
    return runs.run(config, here / "runs").folder


def test_the_folder_of_a_run_is_all_that_is_needed(run, done):
    _, out, _ = run(done, "--json")
    content = json.loads(out)
    assert content["planned"] == 3 * 7 and content["trained"]  # 200 images by 32
    assert content["updates"] == 21 and not content["healthy"]
    _, out, _ = run(done, "--json", "--fresh", "--epochs", 2, "--limit", 64)
    content = json.loads(out)
    assert content["planned"] == 2 * 2 and not content["trained"]


def test_a_run_that_left_no_model_is_diagnosed_anew(run, done):
    (done / "model.keras").unlink()
    _, out, _ = run(done, "--json")
    assert not json.loads(out)["trained"]


def test_a_folder_that_is_not_of_a_run_is_refused(run, here, done):
    code, _, err = run(here)
    assert code == 2 and "must hold its configuration" in err
    code, _, err = run(done, "--dataset", "digits")
    assert code == 2 and "neither with the folder of a run" in err


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((), "`dataset` or `data` must be given"),
        (("--data", "absent.npz"), "`data` must be an .npz file"),
        (("--dataset", "digits", "--report", "a.png"), "`report` must be an .html"),
        (("--data", "other.npz"), "`data` must hold x and y"),
        (("--data", "data.npz", "--batch-size", "0"), "`batch_size` must be"),
    ],
)
def test_bad_input_exits_with_2(run, files, tmp_path, words, rule):
    _, save = files
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    code, _, err = run(save(0.01), *words)
    assert code == 2 and rule in err


@pytest.fixture
def small(tmp_path):
    """A model of images of another size than the digits have."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


def test_images_are_resized_to_the_model(run, small):
    code, out, _ = run(small, "--dataset", "digits", "--epochs", 60, "--json")
    content = json.loads(out)
    assert code == 0 and content["planned"] == 60 * 45  # 1,437 images by 32
    assert content["skill"] > 0.8


def test_a_streamed_set_is_drawn_from(run, small, monkeypatch):
    digits = data.load("digits", image_size=(12, 12))

    def streamed(part):
        pairs = tf.data.Dataset.from_tensor_slices((part.images, part.labels))
        return StreamedSplit(lambda shuffle, seed: pairs, len(part), (12, 12, 1))

    parts = {name: streamed(part) for name, part in digits.splits.items()}
    monkeypatch.setattr(
        "keras_cnn.doctor.datasets.load", lambda *_, **__: replace(digits, **parts)
    )
    monkeypatch.setattr("keras_cnn.doctor.datasets.STREAMED", 640)
    _, out, _ = run(small, "--dataset", "digits", "--epochs", 2, "--json")
    assert json.loads(out)["planned"] == 2 * 20


def test_arrays_of_several_inputs_and_outputs_go_by_their_names(run, tmp_path):
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    both = keras.layers.Concatenate()([left, right])
    outputs = [keras.layers.Dense(1, name=name)(both) for name in ("sum", "difference")]
    model = keras.Model([left, right], outputs)
    model.compile(keras.optimizers.Adam(0.05), ["mse", "mse"])
    model.save(tmp_path / "both.keras")
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=(200, 2)) for name in ("left", "right")}
    y = {"sum": x["left"].sum(1), "difference": (x["left"] - x["right"]).sum(1)}
    np.savez(
        tmp_path / "both.npz", **x, **{key: one[:, None] for key, one in y.items()}
    )
    code, out, _ = run(tmp_path / "both.keras", "--data", "both.npz", "--epochs", 30)
    assert code == 0 and "Healthy." in out
    np.savez(tmp_path / "half.npz", left=x["left"], sum=y["sum"])
    code, _, err = run(tmp_path / "both.keras", "--data", "half.npz")
    assert code == 2 and "(left, right, sum, difference)" in err


def test_a_repair_is_never_written_over_the_model(run, files, tmp_path):
    arrays, save = files
    model = save(1e-9).rename(tmp_path / "repaired.keras")
    code, _, err = run(model, "--data", arrays, "--repair", "--out", tmp_path)
    assert code == 2 and "another folder" in err

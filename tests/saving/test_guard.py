"""Crafted files: each refused in one sentence, and none runs, writes or unpacks."""

import copy
import io
import json
import pickle
import re
import shutil
import subprocess
import sys
import textwrap
import time
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_cnn import load_model
from keras_cnn._checks import InputError
from keras_cnn.cli import main
from keras_cnn.prediction import load


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A good `.keras` file, to be spoilt."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, activation="softmax"))
    path = tmp_path_factory.mktemp("plain") / "model.keras"
    model.save(path)
    return path


def spoilt(plain, path, change):
    """Writes a copy of an archive with its members changed by a function."""
    with zipfile.ZipFile(plain) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def in_config(**changes):
    """Changes the first layer of a configuration."""

    def change(members):
        config = json.loads(members["config.json"])
        config["config"]["layers"][1] |= changes
        members["config.json"] = json.dumps(config).encode()

    return change


def wide_layers(members):
    config = json.loads(members["config.json"])
    layers = config["config"]["layers"]
    layers[2].pop("build_config")
    for name in ("wide", "wider"):
        dense = copy.deepcopy(layers[2])
        dense["config"] |= {"name": name, "units": 300_000}
        layers.insert(2, dense)
    members["config.json"] = json.dumps(config).encode()


class Runs:
    """Creates a file wherever it is unpickled."""

    def __reduce__(self):
        return (open, ("executed", "w"))


def lambda_layer(members):
    code = keras.layers.Lambda(lambda x: open("executed", "w") and x)
    config = keras.saving.serialize_keras_object(code)
    in_config(**config)(members)


def climbing(members):
    members["../climbed.txt"] = b"outside"


def bomb(members):
    members["assets/zeros"] = bytes(2**29)


def huge_tensor(members):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        shape = (2**20, 2**20)
        file.create_dataset("layers/dense/vars/0", shape, "f4", chunks=(64, 64))
    members["model.weights.h5"] = buffer.getvalue()


def elsewhere(members):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    members["model.weights.h5"] = buffer.getvalue()


CRAFTED = {
    "a Lambda layer": (lambda_layer, "Lambda layer, which runs code"),
    "a path that climbs": (climbing, "not part of a model"),
    "a zip bomb": (bomb, "it unpacks to"),
    "an arbitrary function": (
        in_config(module="os", class_name="function", config="system"),
        "names os.system",
    ),
    "an arbitrary class": (
        in_config(module="subprocess", class_name="Popen"),
        "names subprocess.Popen",
    ),
    "a loader among Keras's functions": (
        in_config(module="keras.saving", class_name="function", config="load_model"),
        "names keras.saving.load_model",
    ),
    "a maker among Keras's functions": (
        in_config(module="keras.losses", class_name="function", config="deserialize"),
        "names keras.losses.deserialize",
    ),
    "a TFSMLayer": (in_config(class_name="TFSMLayer"), "a TFSMLayer, which loads"),
    "a huge tensor": (huge_tensor, "declare 4,398,046,511,104 bytes"),
    "layers larger than the weights": (wide_layers, "layers of 90,006,000,002 numbers"),
    "weights elsewhere": (elsewhere, "link to another place"),
    "no weights": (lambda members: members.pop("model.weights.h5"), "has no model"),
    "no JSON": (lambda members: members.update({"config.json": b"{"}), "damaged"),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_archive_is_refused(plain, tmp_path, monkeypatch, name):
    change, reason = CRAFTED[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    path = spoilt(plain, tmp_path / "here" / "crafted.keras", change)
    begin = time.monotonic()
    with pytest.raises(InputError) as refused:
        load_model(path)
    assert re.search(re.escape(reason), str(refused.value))
    assert "\n" not in str(refused.value) and time.monotonic() - begin < 30
    assert [one.name for one in tmp_path.rglob("*")] == ["here", "crafted.keras"]


def test_a_good_archive_of_any_compression_loads(plain, tmp_path):
    model = load_model(spoilt(plain, tmp_path / "model.keras", lambda members: None))
    image = np.ones((1, 4, 4, 1), "float32")
    np.testing.assert_array_equal(model(image), load_model(plain)(image))


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".pkl", ".joblib", ".pt"])
def test_formats_that_are_programs_are_refused_with_the_reason(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Runs()))
    for loader in (load, load_model):
        with pytest.raises(InputError, match="no safe mode|a pickle runs"):
            loader(path)


def test_a_pickle_by_another_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.keras"
    path.write_bytes(pickle.dumps(Runs()))
    with pytest.raises(InputError, match="must be a whole .keras file"):
        load_model(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["model.tflite", "model.onnx"])
def test_a_file_too_large_for_its_format_is_not_read(tmp_path, name):
    with (tmp_path / name).open("wb") as file:
        file.truncate(2**31 + 1)  # no bytes on the disk
    with pytest.raises(InputError, match="at most 2,147,483,648 bytes"):
        load(tmp_path / name)


def test_a_litert_file_that_wants_gigabytes_is_refused(tmp_path):
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")

    @tf.function(input_signature=[tf.TensorSpec([1, 28, 28, 1], name="image")])
    def wide(image):
        far = tf.reduce_mean(tf.tile(image, [1, 1000, 2000, 1]), axis=[1, 2])
        return {"probabilities": tf.nn.softmax(tf.concat([far, -far], axis=-1))}

    module = tf.Module()
    module.wide = wide
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": wide})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path))
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    # Of 28 x 1000 by 28 x 2000 pixels in float32, beside a few small tensors.
    with pytest.raises(InputError, match=r"its tensors have 6,272,0"):
        load(path)


def changed_weights(folder):
    path = next((folder / "variables").glob("variables.data*"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


SAVED_MODELS = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "no manifest"),
    "another graph": (
        lambda folder: (folder / "saved_model.pb").write_bytes(b"other"),
        "saved_model.pb has another size",
    ),
    "other weights": (changed_weights, "has another SHA-256"),
    "one file more": (
        lambda folder: (folder / "variables" / "more").write_bytes(b""),
        "variables/more is not listed",
    ),
    "one file less": (
        lambda folder: (folder / "fingerprint.pb").unlink(),
        "fingerprint.pb is missing",
    ),
}


@pytest.mark.parametrize("name", SAVED_MODELS)
def test_a_saved_model_that_does_not_match_its_manifest_is_refused(
    exported, tmp_path, name
):
    change, reason = SAVED_MODELS[name]
    folder = shutil.copytree(exported, tmp_path / "1")
    change(folder)
    with pytest.raises(InputError, match=f"is a program.*{reason}"):
        load(folder)


def test_trust_loads_a_saved_model_without_a_manifest(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "1")
    (folder / "manifest.json").unlink()
    image = np.zeros((1, 8, 6, 1), np.uint8)
    trusted = load(folder, trust=True)
    assert trusted.predict(image) == load(exported).predict(image)
    assert trusted.labels == ("ant", "bee", "cat")  # they are inside, too


@pytest.mark.parametrize("command", ["evaluate", "predict", "diagnose", "export"])
def test_every_command_refuses_with_one_sentence_and_2(
    plain, tmp_path, monkeypatch, capsys, command
):
    monkeypatch.chdir(tmp_path)
    spoilt(plain, tmp_path / "crafted.keras", lambda_layer)
    Image.new("L", (9, 9)).save("a.png")
    words = {"predict": ["a.png"], "evaluate": [], "export": []}
    words["diagnose"] = ["--dataset", "digits"]
    arguments = ["keras-cnn", command, "crafted.keras", *words[command]]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        main()
    printed = capsys.readouterr()
    assert stopped.value.code == 2 and "Traceback" not in printed.err
    assert "Lambda layer" in " ".join(printed.err.split())
    assert not (tmp_path / "executed").exists()


def test_trust_is_asked_for_on_the_command_line(
    exported, tmp_path, monkeypatch, capsys
):
    folder = shutil.copytree(exported, tmp_path / "1")
    (folder / "manifest.json").unlink()
    Image.fromarray(np.eye(20, dtype=np.uint8) * 255).save(tmp_path / "a.png")
    words = ["keras-cnn", "predict", str(folder), str(tmp_path / "a.png")]
    for more, code in (([], 2), (["--trust"], 0)):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        assert (stopped.value.code or 0) == code
        assert code == 0 or "--trust" in printed.err


def test_refusing_takes_less_than_a_gigabyte(plain, tmp_path):
    for number, (change, _) in enumerate(CRAFTED.values()):
        spoilt(plain, tmp_path / f"{number}.keras", change)
    code = """
        import resource, sys
        from pathlib import Path
        from keras_cnn import load_model
        refused = 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in Path(sys.argv[1]).glob("*.keras"):
            try:
                load_model(path)
            except ValueError:
                refused += 1
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(refused, (after - before) // 1024)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    refused, megabytes = map(int, done.stdout.split())
    assert refused == len(CRAFTED) and megabytes < 1000

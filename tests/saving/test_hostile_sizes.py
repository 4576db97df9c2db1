"""Small `.keras` files that would take all memory, or all day."""

import io
import json
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

from keras_cnn import load_model
from keras_cnn._checks import InputError


def packed(path, model):
    model.save(path)
    return path


def changed(path, change):
    """Rewrites an archive with its members changed by a function."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def classifier(*layers, shape=(8, 8, 1)):
    return keras.Sequential([keras.Input(shape), *layers])


ACTIVATIONS = {
    "UpSampling2D": lambda: keras.layers.UpSampling2D(10_000),
    "ZeroPadding2D": lambda: keras.layers.ZeroPadding2D(100_000),
    "Resizing": lambda: keras.layers.Resizing(100_000, 100_000),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_that_take_all_memory_are_refused(tmp_path, name):
    model = classifier(ACTIVATIONS[name](), keras.layers.GlobalMaxPooling2D())
    path = packed(tmp_path / "model.keras", model)
    with pytest.raises(InputError, match="at most 67,108,864 numbers of one"):
        load_model(path)


def test_those_of_a_nested_model_and_of_a_repetition_are_refused(tmp_path):
    inner = classifier(
        keras.layers.Flatten(), keras.layers.RepeatVector(10**8), shape=(8, 8, 1)
    )
    model = classifier(inner, keras.layers.GlobalMaxPooling1D())
    with pytest.raises(InputError, match="6,400,000,000"):
        load_model(packed(tmp_path / "model.keras", model))


METRICS = {
    "classes": lambda: keras.metrics.MeanIoU(3),
    "thresholds": lambda: keras.metrics.AUC(num_thresholds=3),
}


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("classes", "num_classes", 40_000),
        ("thresholds", "num_thresholds", 300_000_000),
        ("thresholds", "num_thresholds", 1e9),
    ],
)
def test_metrics_that_take_all_memory_are_refused(tmp_path, name, argument, value):
    model = classifier(keras.layers.Flatten(), keras.layers.Dense(2))
    model.compile(loss="mse", metrics=[METRICS[name]()])
    path = packed(tmp_path / "model.keras", model)

    def change(members):
        text = members["config.json"].decode()
        members["config.json"] = text.replace(
            f'"{argument}": 3', f'"{argument}": {value}'
        ).encode()

    changed(path, change)
    with pytest.raises(InputError, match=argument):
        load_model(path)
    load_model(path, compile=False)  # they are not read where nothing is trained


def config_of(members):
    return json.loads(members["config.json"])


def test_too_many_layers_are_refused(tmp_path):
    path = packed(tmp_path / "model.keras", classifier(keras.layers.ReLU()))

    def change(members):
        config = config_of(members)
        layers = config["config"]["layers"]
        layer = layers[-1]
        for number in range(5_000):
            more = json.loads(json.dumps(layer))
            more["config"]["name"] = f"more_{number}"
            layers.append(more)
        members["config.json"] = json.dumps(config).encode()

    with pytest.raises(InputError, match="more than 3,000 layers"):
        load_model(changed(path, change))


def test_a_layer_that_is_called_on_no_input_is_refused(tmp_path):
    image = keras.Input((4,))
    model = keras.Model(image, keras.layers.ReLU()(image))
    path = packed(tmp_path / "model.keras", model)

    def change(members):
        config = config_of(members)
        node = {"args": [0, 10**11], "kwargs": {}}
        config["config"]["layers"].append(
            {
                "module": "keras.src.ops.numpy",
                "class_name": "Arange",
                "config": {"name": "arange"},
                "registered_name": "Arange",
                "name": "arange",
                "inbound_nodes": [node],
            }
        )
        members["config.json"] = json.dumps(config).encode()

    with pytest.raises(InputError, match="calls Arange on no input"):
        load_model(changed(path, change))


def weights(members, write):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    members["model.weights.h5"] = buffer.getvalue()


def many_groups(file):
    for number in range(20_000):
        file.create_group(f"layers/{number}")


def hollow(file):
    file.create_dataset("layers/dense/vars/0", (2**23,), "i1", chunks=(2**20,))


@pytest.mark.parametrize(
    ("write", "reason"),
    [(many_groups, "more than 16,000 parts"), (hollow, "lack values at")],
    ids=["groups", "hollow"],
)
def test_weights_that_promise_more_than_they_hold_are_refused(tmp_path, write, reason):
    model = classifier(keras.layers.Flatten(), keras.layers.Dense(2))
    path = packed(tmp_path / "model.keras", model)
    changed(path, lambda members: weights(members, write))
    with pytest.raises(InputError, match=reason):
        load_model(path)


def test_what_only_running_shows_is_refused_by_its_rehearsal(tmp_path):
    """Attention between 256 x 256 places holds 16 GiB that no shape shows."""
    image = keras.Input((256, 256, 1))
    x = keras.layers.Reshape((256 * 256, 1))(image)
    x = keras.layers.MultiHeadAttention(1, 1)(x, x)
    x = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling1D()(x))
    path = packed(tmp_path / "model.keras", keras.Model(image, x))
    code = """
        import resource, sys
        from keras_cnn import load_model
        try:
            load_model(sys.argv[1])
        except ValueError as error:
            print(error)
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
    """
    code = "\n".join(line.removeprefix("        ") for line in code.splitlines())
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said, taken = done.stdout.splitlines()
    assert "within limits" in said and int(taken) < 2_000


def test_an_honest_model_of_every_kind_of_layer_is_loaded(tmp_path):
    image = keras.Input((8, 8, 3))
    x = keras.layers.SeparableConv2D(4, 3)(image)
    x = keras.layers.Reshape((36, 4))(x)
    x = keras.layers.MultiHeadAttention(2, 2)(x, x)
    x = keras.layers.LSTM(3)(x)
    path = packed(tmp_path / "model.keras", keras.Model(image, x))
    pixels = np.ones((1, 8, 8, 3), "float32")
    assert load_model(path)(pixels).shape == (1, 3)

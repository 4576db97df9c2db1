"""Every format beside the Keras model, and what happens where they part."""

import json
import math
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from scipy.special import softmax

from keras_cnn import layers as ours
from keras_cnn import prediction
from keras_cnn._checks import InputError
from keras_cnn.export import (
    ParityData,
    ParityError,
    export,
    parity_worker,
    stress_images,
)
from keras_cnn.formats.erfc import erfc

pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")

ACTIVATIONS = """
    elu exponential gelu hard_sigmoid leaky_relu mish relu relu6 sigmoid silu softmax
    softplus softsign tanh
""".split()
NAMED = {"name": "small", "class_names": tuple("0123456789")}


def small_model(dtype=None):
    """Hand-written parts, a padded and a strided convolution, logits as output."""
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            ours.Conv2D(8, 3, strides=2, activation="relu", dtype=dtype),
            keras.layers.BatchNormalization(dtype=dtype),
            ours.MaxPooling2D(2, dtype=dtype),
            ours.Flatten(dtype=dtype),
            ours.Dense(10, dtype=dtype),
        ],
        name="small",
    )


@pytest.fixture(scope="module")
def data(digits):
    images = digits.train.images[:1000]
    return ParityData("digits", images, digits.train.labels[:1000])


@pytest.fixture(scope="module")
def model(digits):
    model = small_model()
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(digits.train.images / 255, digits.train.labels, epochs=3, verbose=0)
    return model


@pytest.fixture(scope="module")
def exported(model, data, tmp_path_factory):
    """One export in every format, compared."""
    return export(
        model,
        tmp_path_factory.mktemp("models"),
        ("saved_model", "litert", "onnx", "keras"),
        **NAMED,
        data=data,
        calibration=data.images[:100],
    )


def test_every_format_is_written_run_and_equal(exported, model, data):
    parity = exported.parity
    assert [(one.file, one.precision) for one in parity.artifacts] == [
        ("saved_model.pb", "float32"),
        ("model.tflite", "float32"),
        ("model_float16.tflite", "float16"),
        ("model_int8.tflite", "int8"),
        ("model.onnx", "float32"),
        ("model.keras", "float32"),
    ]
    assert parity.problems == [] and parity.images == 1000
    said = model.predict(data.images / 255, verbose=0).argmax(1)
    assert parity.accuracy == pytest.approx((said == data.labels).mean(), abs=2e-3)
    for one in parity.artifacts:
        is_float32 = one.precision == "float32"
        assert one.verdict == ("equal" if is_float32 else "accuracy kept")
        if is_float32:
            assert one.difference < 1e-5 and one.agreement == 1
        assert abs(one.accuracy - parity.accuracy) <= 0.005
        assert one.milliseconds_1 > 0 and one.milliseconds_256 > 0
        if one.kind != "saved_model":
            assert one.bytes == (exported.folder / one.file).stat().st_size
    sizes = {one.file: one.bytes for one in parity.artifacts}
    assert sizes["model_int8.tflite"] < sizes["model_float16.tflite"]
    assert sizes["model_float16.tflite"] < sizes["model.tflite"]
    kept = json.loads((exported.folder / "parity.json").read_text())
    assert kept["artifacts"][1]["difference"] == parity.artifacts[1].difference


def test_card_and_manifest_tell_of_the_comparison(exported):
    card = (exported.folder / "README.md").read_text()
    assert "| `model_int8.tflite` | int8 |" in card and "1,000 real images" in card
    manifest = json.loads((exported.folder / "manifest.json").read_text())
    assert manifest["verified"] is True and manifest["image_shape"] == [28, 28, 1]
    assert {"model.onnx", "parity.json", "saved_model.pb"} <= manifest["files"].keys()


def test_litert_has_names_and_classes_inside(exported, model, data):
    from ai_edge_litert.interpreter import Interpreter
    from tensorflow.lite.tools import flatbuffer_utils

    content = bytearray((exported.folder / "model_int8.tflite").read_bytes())
    flat = flatbuffer_utils.read_model_from_bytearray(content)
    (entry,) = [one for one in flat.metadata if one.name == b"keras_cnn"]
    facts = json.loads(bytes(flat.buffers[entry.buffer].data))
    plain = prediction.Preparation((28, 28), "gray", "resize")
    assert facts == {
        "name": "small",
        "class_names": list("0123456789"),
        "preparation": plain.to_dict(),
    }
    interpreter = Interpreter(model_content=bytes(content))
    (signature,) = interpreter.get_signature_list().values()
    assert signature["inputs"] == ["image"]
    assert sorted(signature["outputs"]) == ["label", "logits", "probabilities"]
    assert interpreter.get_input_details()[0]["dtype"] == np.float32
    # Weights and activations are in int8; float32 are what goes in and out alone.
    floats = [
        one["name"]
        for one in interpreter.get_tensor_details()
        if one["dtype"] == np.float32
    ]
    assert len(floats) == 3


def test_onnx_has_names_classes_opset_and_a_free_batch(exported, model, data):
    import onnx
    import onnxruntime

    path = str(exported.folder / "model.onnx")
    proto = onnx.load(path)
    facts = {one.key: one.value for one in proto.metadata_props}
    assert json.loads(facts["class_names"]) == list("0123456789")
    assert [one.version for one in proto.opset_import if not one.domain] == [18]
    session = onnxruntime.InferenceSession(path)
    (image,) = session.get_inputs()
    assert (image.name, image.shape) == ("image", ["batch", 28, 28, 1])
    assert {one.name for one in session.get_outputs()} == {
        "logits",
        "probabilities",
        "label",
    }
    images = (data.images[:3] / 255).astype("float32")
    (logits,) = session.run(["logits"], {"image": images})
    np.testing.assert_allclose(logits, model(images), atol=1e-4)
    assert session.run(["label"], {"image": images[:0]})[0].shape == (0,)


def test_a_file_that_needs_keras_does_not_pass_in_the_process_without(tmp_path):
    script = tmp_path / "needs.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {os.path.dirname(parity_worker.__file__)!r})\n"
        "import parity_worker\nparity_worker.block(['keras'])\nimport keras\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode and "ModuleNotFoundError" in done.stderr


def test_what_was_loaded_before_is_found_out(monkeypatch):
    with pytest.raises(SystemExit, match="must not be: .*keras"):
        parity_worker.check_blocked(["keras"])
    monkeypatch.setitem(sys.modules, "never_there", None)
    parity_worker.check_blocked(["never_there"])


@keras.saving.register_keras_serializable("tests")
class Unsteady(keras.layers.Layer):
    """Adds a number in a graph that it does not add when it is called eagerly."""

    def call(self, inputs):
        import tensorflow as tf

        return inputs + (0.5 if tf.inside_function() else 0.0)


def test_what_differs_is_not_written_and_the_layer_named(data, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, "tanh", name="before"),
            Unsteady(name="unsteady"),
            keras.layers.Dense(10, "softmax", name="after"),
        ]
    )
    with pytest.raises(ParityError, match="model.onnx differs.*is unsteady") as raised:
        export(model, tmp_path, ("onnx",), **NAMED, data=data)
    assert raised.value.parity.artifacts[0].difference > 1e-3
    assert os.listdir(tmp_path / "small") == []
    unproven = export(model, tmp_path, ("onnx",), **NAMED, verify=False)
    manifest = json.loads((unproven.folder / "manifest.json").read_text())
    assert manifest["verified"] is False and unproven.parity is None
    assert "Not compared" in (unproven.folder / "README.md").read_text()


def test_int8_that_loses_accuracy_is_refused(model, data, tmp_path):
    # Calibrated on black images, its scale is of no use for any other.
    black = np.zeros((20, 28, 28, 1), np.uint8)
    with pytest.raises(ParityError, match="model_int8.tflite has an accuracy of"):
        export(model, tmp_path, ("litert",), **NAMED, data=data, calibration=black)


def test_int8_is_never_equal(model, data, tmp_path):
    """On a scale that was fitted to black images, its labels are others."""
    unknown = ParityData("somewhere", data.images)
    black = np.zeros((20, 28, 28, 1), np.uint8)
    verdicts = {}
    for name, calibration in (("good", data.images[:200]), ("bad", black)):
        done = export(
            model,
            tmp_path,
            ("litert",),
            **{**NAMED, "name": name},
            data=unknown,
            calibration=calibration,
        )
        (int8,) = (one for one in done.parity.artifacts if one.precision == "int8")
        pixels = data.images.astype("float32") / 255
        right = softmax(model.predict(pixels, verbose=0), axis=1)
        seen = prediction.load(done.folder / int8.file).probabilities(pixels)
        labels = right.argmax(1)
        rows = np.arange(len(labels))
        moved = np.abs(seen[rows, labels] - right[rows, labels]).mean()
        assert int8.agreement == (seen.argmax(1) == labels).mean()
        assert int8.confidence_change == pytest.approx(moved, rel=1e-4)
        verdicts[name] = int8.verdict
        assert f"| int8 | {int8.verdict} |" in (done.folder / "README.md").read_text()
    assert verdicts == {"good": "labels kept", "bad": "labels differ"}


def test_mixed_precision_is_judged_in_float32_and_its_distance_told(data, tmp_path):
    mixed = small_model("mixed_bfloat16")
    done = export(mixed, tmp_path, ("litert", "onnx"), **NAMED, data=data)
    float32 = [one for one in done.parity.artifacts if one.precision == "float32"]
    assert len(float32) == 2 and all(one.difference < 1e-5 for one in float32)
    plain = small_model()
    plain.set_weights(mixed.get_weights())
    images = (data.images / 255).astype("float32")
    distance = np.abs(
        keras.ops.softmax(plain(images))
        - keras.ops.softmax(keras.ops.cast(mixed(images), "float32"))
    ).max()
    assert done.parity.mixed_difference >= float(distance) - 1e-3
    assert done.parity.mixed_difference > 1e-4


def test_without_data_the_bundled_digits_are_compared_on(model, tmp_path):
    done = export(model, tmp_path, ("onnx",))
    assert done.parity.images == 1000 and done.parity.accuracy is None
    assert "digits" in done.parity.source


@pytest.mark.parametrize("parts", [keras.layers, ours], ids=["keras", "ours"])
def test_every_activation_is_exported(parts, data, tmp_path):
    keras.utils.set_random_seed(0)
    image = keras.Input((28, 28, 1))
    branches = []
    for name in ACTIVATIONS:
        conv = parts.Conv2D(2, 3, strides=5, activation=name)
        branches.append(keras.layers.Flatten()(conv(image)))
    # Larger sums than a fresh network gives, so that the tails are seen, too.
    joined = keras.layers.Rescaling(4.0)(keras.layers.Concatenate()(branches))
    joined = parts.Dense(16, "gelu")(joined)
    model = keras.Model(image, keras.layers.Dense(10)(joined), name="all")
    few = ParityData("digits", data.images[:300])
    done = export(model, tmp_path, ("litert", "onnx"), **NAMED, data=few)
    assert done.parity.problems == []


def test_erfc_is_exact_to_what_is_said():
    x = np.linspace(-6, 6, 2001, dtype="float32")
    exact = [math.erfc(value) for value in x.astype(float)]
    np.testing.assert_allclose(erfc(x), exact, atol=4e-7)


def test_stress_images_hold_what_they_should():
    images = stress_images((9, 7, 3))
    assert images.dtype == np.uint8 and images.shape[1:] == (9, 7, 3)
    assert not images[0].any() and (images[1] == 255).all()
    single = images[-1].max(-1)
    assert (single > 0).sum() == 1
    np.testing.assert_array_equal(images, stress_images((9, 7, 3)))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"formats": ("tflite",)}, "`formats` must be some of saved_model, litert"),
        ({"formats": "onnx"}, "`formats` must be some of"),
        ({"formats": ()}, "`formats` must be some of"),
        ({"data": ParityData("x", np.zeros((3, 8, 8, 1), np.uint8))}, "`data` must"),
        ({"data": ParityData("x", np.zeros((0, 28, 28, 1), np.uint8))}, "at least one"),
        ({"calibration": np.zeros((3, 28, 28, 1))}, "`calibration` must hold uint8"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    model, tmp_path, changes, rule
):
    with pytest.raises(InputError, match=rule):
        export(model, tmp_path, **changes)
    assert os.listdir(tmp_path) == []


def test_a_missing_package_is_named_with_its_extra(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(InputError, match=r"extra `onnx` does: pip install 'onnx"):
        export(model, tmp_path, ("onnx",))


def test_what_a_format_has_no_operation_for_is_refused(tmp_path):
    class Sorted(keras.layers.Layer):
        def call(self, inputs):
            return keras.ops.linalg.svd(inputs, compute_uv=False)

    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Reshape((4, 4)), Sorted()]
    )
    with pytest.raises(InputError, match="must exist in LiteRT"):
        export(model, tmp_path, ("litert",), name="m", class_names="abcd")
    assert os.listdir(tmp_path / "m") == []

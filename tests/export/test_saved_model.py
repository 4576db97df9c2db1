import io
import json
import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn._files import sha256
from keras_cnn.export import export
from keras_cnn.models import article_cnn
from keras_cnn.runs import RunConfig, build_model, train
from keras_cnn.saving import ModelMetadata

DIGITS = ModelMetadata("digits_cnn", tuple("0123456789"), {"name": "digits"}, 0.5, 10)


def export_saved_model(model, folder, metadata):
    """Exports without the comparison, which test_parity.py is about."""
    return export(model, folder, metadata=metadata, verify=False).folder


@pytest.fixture(scope="module")
def trained(digits):
    few = digits.limited(256)
    config = RunConfig(epochs=1)
    model = build_model(config, few)
    train(model, config, few)
    return model


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    return export_saved_model(trained, tmp_path_factory.mktemp("models"), DIGITS)


def signatures(path):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return loaded, loaded.signatures


def assert_serves(path, model, pixels, tolerance=1e-6):
    """Both signatures give the model's probabilities, and what follows from them."""
    import tensorflow as tf

    _loaded, served = signatures(path)
    images = pixels.astype(np.float32) * np.float32(1 / 255)
    expected = np.asarray(model(images))
    from_floats = served["serving_default"](image=tf.constant(images))
    from_pixels = served["uint8"](image=tf.constant(pixels))
    for answer in (from_floats, from_pixels):
        assert set(answer) == {"logits", "probabilities", "label"}
        assert answer["probabilities"].dtype == answer["logits"].dtype == tf.float32
        np.testing.assert_allclose(answer["probabilities"], expected, atol=tolerance)
        logits = np.asarray(answer["logits"], np.float64)
        exps = np.exp(logits - logits.max(axis=1, keepdims=True))
        np.testing.assert_allclose(
            exps / exps.sum(axis=1, keepdims=True), expected, atol=tolerance
        )
        np.testing.assert_array_equal(answer["label"], expected.argmax(axis=1))
    np.testing.assert_array_equal(
        from_floats["probabilities"], from_pixels["probabilities"]
    )


@pytest.mark.parametrize("batch", [1, 7, 257])
def test_signatures_give_the_models_probabilities(exported, trained, rng, batch):
    pixels = rng.integers(0, 256, (batch, 28, 28, 1), dtype=np.uint8)
    assert_serves(exported, trained, pixels)


def test_signatures_take_an_empty_batch(exported):
    import tensorflow as tf

    _loaded, served = signatures(exported)
    answer = served["uint8"](image=tf.zeros((0, 28, 28, 1), tf.uint8))
    assert answer["label"].shape == (0,)
    assert answer["probabilities"].shape == (0, 10)


def encoded(image, suffix, **options):
    """A Pillow image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, suffix, **options)
    return buffer.getvalue()


def test_encoded_images_are_decoded_in_the_graph(exported, trained, rng):
    import tensorflow as tf

    _loaded, served = signatures(exported)
    digit = rng.integers(0, 256, (28, 28), dtype=np.uint8)
    gray = Image.fromarray(digit)
    smooth = Image.fromarray(np.add.outer(np.arange(28), np.arange(28)).astype("uint8"))
    # Transparent pixels are white, whatever colour lies under them.
    clear = np.dstack([np.zeros((28, 28, 3), np.uint8), 255 - digit])
    files = [
        encoded(gray, "PNG"),
        encoded(gray.convert("RGB"), "PNG"),
        encoded(Image.fromarray(clear, "RGBA"), "PNG"),
        encoded(smooth, "JPEG", quality=100),
        encoded(smooth.resize((56, 56), Image.Resampling.NEAREST), "PNG"),
    ]
    answer = served["encoded"](image=tf.constant(files))
    plain = np.asarray(smooth, "float32")
    expected = np.stack([digit, digit, digit, plain, plain])[..., np.newaxis] / 255
    wanted = np.asarray(trained(expected))
    # PNG is exact up to the rounding of the weights of red, green and blue; JPEG and
    # resizing are not, by a gray level or two.
    np.testing.assert_allclose(answer["probabilities"][:3], wanted[:3], atol=1e-4)
    np.testing.assert_allclose(answer["probabilities"][3:], wanted[3:], atol=2e-2)
    assert answer["label"].dtype == tf.int64


@pytest.mark.parametrize("content", [b"", b"GIF89a....", b"no image at all"])
def test_bytes_that_are_no_image_give_their_index(exported, rng, content):
    import tensorflow as tf

    _loaded, served = signatures(exported)
    good = encoded(Image.fromarray(np.zeros((28, 28), np.uint8)), "PNG")
    with pytest.raises(tf.errors.InvalidArgumentError, match="image 2 is neither PNG"):
        served["encoded"](image=tf.constant([good, good, content]))
    empty = served["encoded"](image=tf.zeros((0,), tf.string))
    assert empty["probabilities"].shape == (0, 10)


def test_colour_images_are_decoded_in_colour(tmp_path, rng):
    import tensorflow as tf

    model = keras.Sequential(
        [keras.Input((6, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    path = export_saved_model(model, tmp_path, ModelMetadata("m", ("a", "b")))
    _loaded, served = signatures(path)
    pixels = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    answer = served["encoded"](image=[encoded(Image.fromarray(pixels), "PNG")])
    expected = np.asarray(model(pixels[np.newaxis].astype("float32") / 255))
    np.testing.assert_allclose(answer["logits"], expected, atol=1e-5)
    names = served["class_names"]()["class_names"]
    assert names.numpy().tolist() == [b"a", b"b"]
    assert tf.saved_model.contains_saved_model(str(path))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_are_exported_in_float32(dtype, tmp_path, rng):
    model = article_cnn(dtype=dtype)
    path = export_saved_model(model, tmp_path, DIGITS)
    in_float32 = article_cnn()
    in_float32.set_weights(model.get_weights())
    pixels = rng.integers(0, 256, (4, 28, 28, 1), dtype=np.uint8)
    assert_serves(path, in_float32, pixels)
    assert model.layers[0].dtype_policy.name == dtype  # the one in hand is unchanged


def heads():
    image = keras.Input((28, 28, 1))
    features = keras.layers.Flatten()(image)
    logits = keras.layers.Dense(4)
    return {
        "logits": (image, logits(features)),
        "softmax layer": (image, keras.layers.Softmax()(logits(features))),
        "softmax by hand": (
            image,
            keras.layers.Lambda(
                lambda x: (
                    keras.ops.exp(x)
                    / keras.ops.sum(keras.ops.exp(x), axis=-1, keepdims=True)
                )
            )(logits(features)),
        ),
    }


@pytest.mark.parametrize("head", ["logits", "softmax layer", "softmax by hand"])
def test_any_head_gives_logits_and_probabilities(head, tmp_path, rng):
    model = keras.Model(*heads()[head])
    path = export_saved_model(model, tmp_path, ModelMetadata("m", tuple("abcd")))
    pixels = rng.integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
    expected = keras.ops.softmax if head == "logits" else keras.ops.identity
    wrapped = (lambda x: expected(model(x))) if head == "logits" else model
    assert_serves(path, wrapped, pixels)


def test_versions_count_up_and_older_ones_are_not_touched(trained, tmp_path):
    first = export_saved_model(trained, tmp_path, DIGITS)
    before = {path: sha256(path) for path in first.rglob("*") if path.is_file()}
    second = export_saved_model(trained, tmp_path, DIGITS)
    assert (first.name, second.name) == ("1", "2")
    assert {path: sha256(path) for path in before} == before
    assert sorted(os.listdir(tmp_path / "digits_cnn")) == ["1", "2"]


def test_manifest_lists_every_file_with_its_sum(exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    files = {
        path.relative_to(exported).as_posix(): path
        for path in exported.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert set(manifest["files"]) == set(files)
    for name, path in files.items():
        assert manifest["files"][name]["sha256"] == sha256(path)
        assert manifest["files"][name]["bytes"] == path.stat().st_size
    assert manifest["class_names"] == list("0123456789")
    assert manifest["accuracy"] == 0.5
    assert manifest["data"]["name"] == "digits"
    assert manifest["signatures"]["uint8"]["inputs"] == {
        "image": "uint8 (batch, 28, 28, 1)"
    }


def test_card_says_loudly_that_a_set_was_substituted(trained, tmp_path):
    metadata = ModelMetadata("m", data={"note": "Digits stand in for MNIST."})
    card = (export_saved_model(trained, tmp_path, metadata) / "README.md").read_text()
    assert "**Digits stand in for MNIST.**" in card
    assert "93,322 parameters" in card


def test_a_failed_export_leaves_nothing(trained, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_cnn.export.exporting.write_manifest", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(trained, tmp_path, DIGITS)
    assert os.listdir(tmp_path / "digits_cnn") == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file size")
def test_a_disk_that_fills_up_during_the_export_leaves_nothing(tmp_path):
    code = """
        import resource, signal, sys
        from keras_cnn.export import export
        from keras_cnn.models import article_cnn
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            export(article_cnn(), sys.argv[1], name="m", verify=False)
        except OSError as error:
            print("refused by", error.filename)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == f"refused by {tmp_path / 'm'}", done.stderr
    assert os.listdir(tmp_path / "m") == []


def test_what_is_no_classifier_raises(tmp_path):
    with pytest.raises(InputError, match="3 names and 10 outputs"):
        export_saved_model(article_cnn(), tmp_path, ModelMetadata("m", tuple("abc")))
    tabular = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(InputError, match="images of one size"):
        export_saved_model(tabular, tmp_path, ModelMetadata("m", ("a", "b")))
    regression = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    regression.add(keras.layers.Dense(1))
    with pytest.raises(InputError, match="two or more classes"):
        export_saved_model(regression, tmp_path, ModelMetadata("m", ("a",)))
    assert os.listdir(tmp_path) == []


@pytest.mark.large
def test_probabilities_on_all_test_images_are_the_models(mnist, tmp_path):
    config = RunConfig(epochs=1, limit=4000)
    limited = mnist.limited(4000)
    model = build_model(config, limited)
    train(model, config, limited)
    path = export_saved_model(model, tmp_path, DIGITS)
    assert_serves(path, model, mnist.test.images)

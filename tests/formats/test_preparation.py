"""Images are prepared as in training, whatever file a model was exported to."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_cnn.export import ParityData, export
from keras_cnn.formats.encoded import decoder
from keras_cnn.formats.orientation import upright
from keras_cnn.prediction import Preparation, load

FILES = ("", "model.tflite", "model.onnx", "model.keras")
CAFFE = Preparation((8, 6), "rgb", "crop").with_pixels("caffe")


def network(*scaling):
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((8, 6, 3)),
            *scaling,
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ],
        name="colors",
    )


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(5).integers(0, 256, (20, 8, 6, 3), np.uint8)


@pytest.fixture(scope="module", params=["scales itself", "caffe"])
def exported(request, pixels, tmp_path_factory):
    """An export, and what Keras itself says of the pixels."""
    if request.param == "caffe":
        model, preparation = network(), CAFFE
        # by hand: blue first, less ImageNet's means
        values = pixels[..., ::-1] - np.float32([103.939, 116.779, 123.68])
    else:
        model, preparation = network(keras.layers.Rescaling(1 / 255)), None
        values = pixels.astype("float32")
    done = export(
        model,
        tmp_path_factory.mktemp("exported"),
        ("saved_model", "litert", "onnx", "keras"),
        preparation=preparation,
        data=ParityData("noise", pixels),
    )
    return done, model.predict(values, verbose=0)


@pytest.mark.parametrize("file", FILES)
def test_every_file_says_and_does_what_was_done_in_training(exported, pixels, file):
    done, expected = exported
    predictor = load(done.folder / file)
    predictions = predictor.predict(pixels)
    np.testing.assert_allclose(
        [seen.probabilities for seen in predictions], expected, atol=1e-5
    )
    assert predictor.metadata.preparation == predictor.preparation
    assert predictor.preparation.pixels in ("0..255", "caffe")


@pytest.mark.parametrize("file", ["model.tflite", "model.onnx"])
def test_a_file_alone_still_knows(exported, pixels, file, tmp_path):
    done, expected = exported
    alone = tmp_path / file
    alone.write_bytes((done.folder / file).read_bytes())
    probabilities = [seen.probabilities for seen in load(alone).predict(pixels)]
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_signatures_prepare_pixels_and_files(exported, pixels):
    done, expected = exported
    loaded = tf.saved_model.load(str(done.folder))
    of_pixels = loaded.signatures["uint8"](image=tf.constant(pixels))
    np.testing.assert_allclose(of_pixels["probabilities"], expected, atol=1e-6)
    files = []
    for image in pixels:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        files.append(file.getvalue())
    of_files = loaded.signatures["encoded"](image=tf.constant(files))
    np.testing.assert_allclose(of_files["probabilities"], expected, atol=1e-6)


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_s_orientation_is_obeyed_in_the_graph(orientation, byte_order, rng):
    exif = Image.Exif()
    exif.endian = byte_order
    exif[0x0112] = orientation
    exif[0x010F] = "A maker, so that the orientation is not the first entry"
    file = io.BytesIO()
    noise = rng.integers(0, 256, (3, 5, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(noise).save(file, "JPEG", exif=exif, quality=95)
    content = file.getvalue()
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))

    @tf.function
    def decoded(content):
        return upright(tf.io.decode_jpeg(content, channels=3), content)

    seen = decoded(tf.constant(content)).numpy()
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected).mean() < 4  # two decoders of JPEG


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:30],
        lambda content: content.replace(b"MM\x00*", b"\xff\xff\xff\xff"),
        lambda content: content.replace(b"Exif", b"Exig"),
    ],
)
def test_damaged_exif_means_upright(damage, rng):
    exif = Image.Exif()
    exif[0x0112] = 1
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (4, 6, 3), np.uint8)).save(
        file, "JPEG", exif=exif
    )
    pixels = tf.zeros((4, 6, 3))
    assert upright(pixels, tf.constant(damage(file.getvalue()))).shape == (4, 6, 3)


@pytest.mark.parametrize("size", [(16, 40), (40, 16), (8, 6), (5, 3)])
@pytest.mark.parametrize("fitting", ["resize", "crop", "pad"])
def test_the_graph_fits_a_picture_as_python_does(fitting, size):
    # A slope along each axis: resampling a plane moves no value but at the border.
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    picture = np.stack([rows * 4, columns * 4, rows + columns], -1).astype(np.uint8)
    preparation = Preparation((8, 6), "rgb", fitting)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    seen = decoder(preparation)(tf.constant([file.getvalue()]))[0].numpy()
    expected = preparation.fit(picture).astype(float)
    assert seen.shape == expected.shape
    assert np.abs(seen - expected).mean() < 6

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn.prediction import Predictor, Preparation

GRAY = Preparation((28, 28))


@pytest.fixture
def brightness():
    """Three classes by mean brightness; it keeps what it was given."""
    given = []

    def probabilities(images):
        given.append(images)
        mean = images.mean(axis=(1, 2, 3))
        return np.stack([mean, (1 - mean) * 0.75, (1 - mean) * 0.25], axis=1)

    predictor = Predictor(probabilities, (28, 28, 1), ("light", "dark", "darker"))
    return predictor, given


def test_predict_names_the_first_and_the_second(brightness):
    predictor, given = brightness
    pixels = np.full((1, 28, 28, 1), 51, np.uint8)
    (seen,) = predictor.predict(pixels)
    # mean 0.2: light 0.2, dark 0.6, darker 0.2; scaled as everywhere
    assert (seen.label, seen.runner_up) in {("dark", "light"), ("dark", "darker")}
    assert seen.probability == pytest.approx(0.6, abs=1e-6)
    assert sum(seen.probabilities) == pytest.approx(1)
    assert given[0].max() == np.float32(51) * np.float32(1 / 255)


def test_predict_of_no_image_is_empty(brightness):
    assert brightness[0].predict(np.zeros((0, 28, 28, 1), np.uint8)) == []


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 27, 28, 1), np.uint8), np.zeros((1, 28, 28, 1), np.float32)],
    ids=["shape", "dtype"],
)
def test_predict_of_other_images_raises(brightness, images):
    with pytest.raises(InputError, match=r"uint8 of shape \(batch, 28, 28, 1\)"):
        brightness[0].predict(images)


def test_read_prepares_as_is_said(brightness, tmp_path):
    image = np.full((56, 56), 255, np.uint8)
    image[4:24, 2:6] = 0
    Image.fromarray(image).save(tmp_path / "a.png")
    paths = [str(tmp_path / "a.png")]
    centered = brightness[0].prepared("mnist").read(paths)
    assert centered.shape == (1, 28, 28, 1)
    assert np.flatnonzero(centered[0, ..., 0].max(axis=1)).tolist() == [*range(4, 24)]
    resized = brightness[0].read(paths)  # nothing else is known of the model
    assert resized[0, 20, 20, 0] == 255 and resized[0, 4, 2, 0] < 20
    np.testing.assert_array_equal(
        brightness[0].prepared("mnist").prepared("resize").read(paths), resized
    )


def test_read_takes_the_depth_of_the_images_in_training(brightness, tmp_path):
    dim = np.full((28, 28), 819, np.uint16)  # a fifth of 12 bits, and nothing brighter
    Image.fromarray(dim).save(tmp_path / "dim.png")
    Image.fromarray(np.full((28, 28), 200, np.uint8)).save(tmp_path / "plain.png")
    twelve_bits = Preparation((28, 28), white=4095)
    predictor = replace(brightness[0], preparation=twelve_bits)
    read = predictor.read([str(tmp_path / "dim.png"), str(tmp_path / "plain.png")])
    assert read[0].max() == 51  # 819 / 4095 of 255
    assert read[1].max() == 200  # 8 bits are 8 bits


@pytest.mark.parametrize(
    "pixels, expected",
    [("0..255", [0, 51, 255]), ("-1..1", [-1, -0.6, 1]), ("0..1", [0, 0.2, 1])],
)
def test_predict_gives_the_values_that_the_model_takes(brightness, pixels, expected):
    predictor, given = brightness
    images = np.zeros((3, 28, 28, 1), np.uint8)
    images[1], images[2] = 51, 255
    predictor.prepared(pixels=pixels).predict(images)
    np.testing.assert_allclose(given[0][:, 0, 0, 0], expected, atol=1e-6)


def test_images_prepared_for_another_shape_raise(brightness):
    with pytest.raises(InputError, match="the model's shape"):
        Predictor(lambda x: x, (28, 28, 3), ("a", "b"), preparation=GRAY)
    with pytest.raises(InputError, match="`fitting` must be one of"):
        brightness[0].prepared("stretch")
    with pytest.raises(InputError, match="must not be caffe for gray"):
        brightness[0].prepared(pixels="caffe")


def test_read_for_colour_keeps_colour(tmp_path):
    image = np.zeros((64, 64, 3), np.uint8)
    image[..., 0] = 200
    Image.fromarray(image).save(tmp_path / "a.png")
    predictor = Predictor(lambda images: images, (32, 32, 3), ("a", "b"))
    read = predictor.read([str(tmp_path / "a.png")])
    assert read.shape == (1, 32, 32, 3)
    assert (read == (200, 0, 0)).all()


def test_read_names_the_image_that_is_blank(brightness, tmp_path):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "blank.png")
    with pytest.raises(InputError, match="blank.png: .*something drawn"):
        brightness[0].prepared("mnist").read([str(tmp_path / "blank.png")])

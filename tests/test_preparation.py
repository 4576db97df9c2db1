"""What is recorded of an image's way into a model, held against Keras and by hand."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn._preparation import PIXELS, Preparation

RGB = Preparation((2, 2), "rgb")


@pytest.mark.parametrize("mode", ["caffe", "torch", "tf"])
def test_normalize_gives_what_keras_applications_give(mode, rng):
    images = rng.integers(0, 256, (3, 2, 2, 3), np.uint8)
    expected = keras.applications.imagenet_utils.preprocess_input(
        images.astype("float32"), data_format="channels_last", mode=mode
    )
    ours = RGB.with_pixels({"tf": "-1..1"}.get(mode, mode))
    np.testing.assert_allclose(ours.normalize(images), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("pixels", "black", "white"), [("0..1", 0, 1), ("0..255", 0, 255), ("-1..1", -1, 1)]
)
def test_normalize_maps_black_and_white_to_the_ends_of_the_range(pixels, black, white):
    numbers = RGB.with_pixels(pixels).normalize(np.array([[0, 255, 0]], np.uint8))
    assert numbers.tolist() == [[black, white, black]]
    assert numbers.dtype == np.float32


@pytest.mark.parametrize("pixels", PIXELS)
def test_normalize_is_the_same_in_a_graph(pixels, rng):
    import tensorflow as tf

    images = rng.integers(0, 256, (2, 2, 2, 3), np.uint8)
    prepared = RGB.with_pixels(pixels)
    graph = tf.function(prepared.normalize)(tf.constant(images)).numpy()
    # XLA and Grappler may fold a division: not the last bit.
    np.testing.assert_allclose(graph, prepared.normalize(images), rtol=1e-6, atol=1e-6)


def halves(height, width):
    """A picture whose left half is red and whose right half is blue."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    image[:, width // 2 :, 2] = 255
    return image


def test_fit_crop_cuts_the_middle_of_a_wide_image():
    fitted = Preparation((10, 10), "rgb", "crop").fit(halves(10, 30))
    assert fitted.shape == (10, 10, 3)
    assert fitted[5, 0].tolist() == [255, 0, 0]
    assert fitted[5, 9].tolist() == [0, 0, 255]


def test_fit_pad_keeps_the_whole_image_between_black():
    fitted = Preparation((30, 30), "rgb", "pad").fit(halves(10, 30))
    assert not fitted[:10].any()
    assert not fitted[20:].any()
    np.testing.assert_array_equal(fitted[10:20], halves(10, 30))


def test_fit_resize_and_mnist_differ_as_a_dark_digit_on_light_paper_does():
    paper = np.full((56, 56), 255, np.uint8)
    paper[10:20, 8:12] = 0
    resized = Preparation((28, 28)).fit(paper)
    placed = Preparation((28, 28), fitting="mnist").fit(paper)
    assert resized[0, 0, 0] == 255  # light stays light
    assert placed[0, 0, 0] == 0
    rows = np.flatnonzero(placed[..., 0].max(1))
    assert rows[-1] - rows[0] + 1 == 20


def test_fit_turns_color_into_gray_and_gray_into_color():
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    gray = Preparation((2, 2)).fit(red)
    assert gray.shape == (2, 2, 1)
    assert gray[0, 0, 0] == np.asarray(Image.fromarray(red).convert("L"))[0, 0]
    assert RGB.fit(gray[..., 0]).shape == (2, 2, 3)


@pytest.mark.parametrize("pixels", PIXELS)
def test_record_comes_back_from_json(pixels):
    written = Preparation((4, 6), "rgb", "crop", white=4095).with_pixels(pixels)
    read = Preparation.from_dict(json.loads(json.dumps(written.to_dict())))
    assert read == written
    assert read.pixels == pixels


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ([], "must be an object"),
        ({"size": [2, 2], "mode": "tf"}, "no other fields than size, color"),
        ({"size": [2]}, "a height and a width"),
        ({"size": [2, True]}, "a height and a width"),
        ({"size": 7}, "numbers where numbers belong"),
        ({}, "numbers where numbers belong"),
        ({"size": [2, 2], "color": "cmyk"}, "`color` must be one of gray, rgb, bgr"),
        ({"size": [2, 2], "fitting": "stretch"}, "`fitting` must be one of mnist"),
        ({"size": [2, 2], "color": "rgb", "fitting": "mnist"}, "gray images only"),
        ({"size": [2, 2], "low": 1, "high": 1}, "`low` below `high`"),
        ({"size": [2, 2], "high": float("nan")}, "must be finite"),
        ({"size": [2, 2], "high": "1"}, "must be finite"),
        ({"size": [2, 2], "mean": [0.5, 0.5]}, "a number for each of 1 channels"),
        ({"size": [2, 2], "deviation": [0.0]}, "above 0"),
        ({"size": [2, 2], "white": 0}, "above 0"),
    ],
)
def test_damaged_record_is_refused(content, rule):
    with pytest.raises(InputError, match=rule):
        Preparation.from_dict(content)


def test_caffe_on_gray_images_is_refused():
    with pytest.raises(InputError):
        Preparation((2, 2)).with_pixels("torch")

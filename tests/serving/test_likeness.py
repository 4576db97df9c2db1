"""Whether a drawing is like a digit: worked by hand, and on drawings."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from keras_cnn._centering import center_like_mnist
from keras_cnn.prediction import Predictor
from keras_cnn.serving import ServedModel
from keras_cnn.serving.likeness import Shapes, is_strange, strangeness
from tests.serving.running import AS_MNIST, NAMES

DIGITS = tuple("0123456789")
STROKES = json.loads((Path(__file__).parent / "strokes.json").read_text())


def of(labels, preparation=AS_MNIST):
    return ServedModel(
        Predictor(lambda images: None, (28, 28, 1), labels, preparation=preparation)
    )


def drawn(strokes):
    """Returns strokes, in shares of the pad's side, as the network sees them."""
    image = Image.new("L", (280, 280))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        draw.line([(280 * x, 280 * y) for x, y in stroke], 255, 22, "curve")
    return center_like_mnist(np.asarray(image))[..., np.newaxis]


def certain(label):
    return np.eye(len(DIGITS), dtype=np.float32)[label]


def test_strangeness_is_what_mean_and_parts_leave_less_the_log_probability():
    # Of the class 1: the mean is 0.2 in the first cell, its one part is the second.
    means, parts = np.zeros((10, 196)), np.zeros((10, 1, 196))
    means[1, 0] = 0.2
    parts[1, 0, 1] = 1
    images = np.zeros((1, 28, 28, 1), np.uint8)
    images[0, :2, :2] = 255  # 1 in the first cell: 0.8 from the mean
    images[0, :2, 2:4] = 102  # in the second, along the part: nothing is left
    images[0, 0, 4] = 204  # 0.2 in the third: a quarter of its pixels is 0.8
    probabilities = np.full((1, 10), 0.05)
    probabilities[0, 1] = 0.55
    found = strangeness(Shapes(means, parts, 0), images, probabilities)
    expected = 0.8**2 + 0.2**2 - 3 * np.log(0.55)
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


@pytest.mark.parametrize("digit", STROKES)
def test_drawn_digit_is_not_strange(digit):
    assert not is_strange(of(DIGITS), drawn(STROKES[digit]), certain(int(digit)))


@pytest.mark.parametrize("label", range(10))
def test_grid_is_strange_as_whatever_digit_a_sure_network_takes_it_for(label):
    bars = [[[0.3, 0.1], [0.3, 0.9]], [[0.7, 0.1], [0.7, 0.9]]]
    grid = bars + [[[y, x] for x, y in bar] for bar in bars]
    assert is_strange(of(DIGITS), drawn(grid), certain(label))


def test_digit_of_which_the_network_is_not_sure_is_strange():
    unsure = np.full(10, 0.1, np.float32)
    unsure[3] = 0.11
    assert is_strange(of(DIGITS), drawn(STROKES["3"]), unsure)


@pytest.mark.parametrize(
    "served", [of(NAMES), of(DIGITS, None), of(tuple("abcdefghij"))]
)
def test_nothing_is_strange_to_a_model_of_other_things(served):
    noise = np.random.default_rng(0).integers(0, 256, (28, 28, 1), np.uint8)
    assert not is_strange(served, noise, certain(0))

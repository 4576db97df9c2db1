"""What the page is told of a drawing, and what the page consists of."""

import base64
import io
import re
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from keras_cnn._centering import center_like_mnist
from keras_cnn.prediction import Predictor
from keras_cnn.serving import ServedModel
from tests.serving.running import NAMES, ask, by_quarter, served_at

PAGE = files("keras_cnn.serving") / "page"


def encoded(image, form="PNG"):
    file = io.BytesIO()
    Image.fromarray(image).save(file, form)
    return file.getvalue()


def unpacked(packed):
    shape = packed["height"], packed["width"], packed["channels"]
    return np.frombuffer(base64.b64decode(packed["base64"]), np.uint8).reshape(shape)


@pytest.fixture
def drawing():
    drawing = np.zeros((280, 280), np.uint8)
    drawing[40:200, 100:120] = 255
    drawing[180:200, 100:220] = 255
    return drawing


def test_model_is_described_to_the_page(port):
    assert ask(port, "/model") == (
        200,
        {
            "name": "quarters",
            "version": 3,
            "class_names": list(NAMES),
            "height": 28,
            "width": 28,
            "channels": 1,
            "fitting": "mnist",
        },
    )


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_look_shows_what_the_network_sees(port, drawing, form):
    kind = f"image/{form.lower()}"
    status, content = ask(port, "/look", encoded(drawing, form), kind)
    assert status == 200
    assert content["empty"] is False
    seen = unpacked(content["seen"])[..., 0]
    expected = center_like_mnist(drawing)
    # JPEG and WebP lose a little
    assert (
        np.abs(seen.astype(int) - expected).mean() < (0 if form == "PNG" else 3) + 1e-9
    )
    (row,) = by_quarter(seen / 255)
    np.testing.assert_allclose(content["probabilities"], row, rtol=1e-5)
    assert (content["first"], content["second"]) == (0, 3)  # by the ink in each quarter


def test_look_gives_the_same_for_dark_on_light(port, drawing):
    light = ask(port, "/look", encoded(drawing), "image/png")
    assert ask(port, "/look", encoded(255 - drawing), "image/png") == light


@pytest.mark.parametrize("path", ["/look", "/explain/0"])
@pytest.mark.parametrize("level", [0, 255, 90])
def test_nothing_drawn_is_empty_and_no_digit(port, path, level):
    blank = np.full((280, 280), level, np.uint8)
    answer = ask(port, path, encoded(blank), "image/png")
    assert answer == (200, {"empty": True})


def test_large_picture_is_reduced_before_it_is_centred(port, drawing):
    large = np.kron(drawing, np.ones((12, 12), np.uint8))
    assert large.shape == (3360, 3360)
    _, content = ask(port, "/look", encoded(large), "image/png")
    difference = unpacked(content["seen"])[..., 0].astype(int) - center_like_mnist(
        drawing
    )
    assert np.abs(difference).mean() < 3


def test_explain_says_what_is_lost_under_black_patches(port, drawing):
    """Against occlusion pixel by pixel: a mean over all patches that cover it."""
    status, content = ask(port, "/explain/1", encoded(drawing), "image/png")
    assert (status, content["note"]) == (200, "")
    seen = center_like_mnist(drawing)

    def score(image):
        return np.log(by_quarter(image[np.newaxis] / np.float32(255))[0, 1])

    starts = [*range(0, 22, 3), 22]
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for top in starts:
        for left in starts:
            patch = np.s_[top : top + 6, left : left + 6]
            black = seen.copy()
            black[patch] = 0
            total[patch] += score(seen) - score(black)
            count[patch] += 1
    expected = total / count
    strongest = np.abs(expected).max()
    assert content["strongest"] == pytest.approx(strongest, rel=1e-3)
    levels = unpacked(content["heatmap"])[..., 0].astype(float)
    np.testing.assert_allclose((levels - 128) / 127, expected / strongest, atol=0.01)
    assert levels.min() < 128 < levels.max()  # some of it speaks against the class


@pytest.mark.parametrize("label", ["4", "9" * 5_000, "-1", "x", "1.5", "01"])
def test_explain_of_a_class_that_is_none_is_400(port, drawing, label):
    status, content = ask(port, f"/explain/{label}", encoded(drawing), "image/png")
    assert status == 400
    assert "0 to 3" in content["error"]
    assert len(content["error"]) < 300


def test_explain_of_a_model_that_looks_at_nothing_says_so(drawing):
    def constant(images):
        return np.full((len(images), 4), 0.25, np.float32)

    predictor = Predictor(constant, (28, 28, 1), NAMES)
    with served_at(ServedModel(predictor)) as port:
        _, content = ask(port, "/explain/0", encoded(drawing), "image/png")
    assert (unpacked(content["heatmap"]) == 128).all()
    assert "the same wherever" in content["note"]


def test_colour_model_sees_a_colour_picture_resized():
    given = []

    def by_colour(images):
        given.append(images)
        colours = images.mean(axis=(1, 2))
        return colours / colours.sum(axis=1, keepdims=True)

    predictor = Predictor(by_colour, (8, 6, 3), ("red", "green", "blue"))
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[...] = (50, 200, 0)
    with served_at(ServedModel(predictor)) as port:
        _, content = ask(port, "/look", encoded(picture), "image/png")
    seen = unpacked(content["seen"])
    assert seen.shape == (8, 6, 3)
    assert (seen == (50, 200, 0)).all()
    assert (content["first"], content["second"]) == (1, 0)
    assert given[0].max() == np.float32(200) * np.float32(1 / 255)


def test_page_asks_nothing_of_another_host():
    for file in PAGE.iterdir():
        text = file.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"(https?:)?//[\w.-]+\.\w|@import|\beval\(", text), (
            file.name
        )


def test_page_has_nothing_inline_that_its_policy_would_stop():
    html = (PAGE / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_files_that_the_page_names_are_served(port):
    html = (PAGE / "index.html").read_text()
    scripts = "".join((PAGE / name).read_text() for name in ("main.js", "pad.js"))
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    named += [name[2:] for name in re.findall(r'from "(\./[^"]+)"', scripts)]
    assert {"main.js", "style.css", "favicon.svg", "pad.js", "results.js"} <= set(named)
    for name in named:
        assert ask(port, f"/{name}") == (200, (PAGE / name).read_bytes())

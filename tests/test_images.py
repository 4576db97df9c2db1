import os
import sys

import numpy as np
import pytest
from PIL import Image

from keras_cnn import _images
from keras_cnn._checks import InputError
from keras_cnn._images import (
    center_like_mnist,
    read_image,
    resize,
    scale,
    to_gray,
    to_rgb,
)


def test_scale_ends_at_exactly_zero_and_one():
    scaled = scale(np.arange(256, dtype=np.uint8))
    assert scaled.dtype == np.float32
    assert (scaled[0], scaled[255]) == (0, 1)
    np.testing.assert_allclose(scaled, np.arange(256) / 255, rtol=1e-7)


def test_scale_in_a_graph_gives_the_bits_of_numpy():
    import tensorflow as tf

    pixels = np.arange(256, dtype=np.uint8)
    for jit in (False, True):
        in_graph = tf.function(scale, jit_compile=jit)(tf.constant(pixels)).numpy()
        np.testing.assert_array_equal(in_graph, scale(pixels))


def save(image, path, **options):
    Image.fromarray(image).save(path, **options)
    return path


@pytest.fixture
def stroke():
    """A light vertical bar on black, 40x60, off centre."""
    image = np.zeros((40, 60), np.uint8)
    image[5:25, 10:14] = 255
    return image


def test_read_image_of_gray_png_is_exact(stroke, tmp_path):
    np.testing.assert_array_equal(read_image(save(stroke, tmp_path / "a.png")), stroke)


def test_read_image_of_sixteen_bits_keeps_the_high_eight(tmp_path):
    values = np.array([[0, 257 * 128, 65535]], np.uint16)
    assert read_image(save(values, tmp_path / "a.png")).tolist() == [[0, 128, 255]]


def test_read_image_of_one_bit_is_black_and_white(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(
        tmp_path / "a.png"
    )
    assert read_image(tmp_path / "a.png").tolist() == [[0, 255]]


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0)])
def test_read_image_with_transparency_lays_it_over_what_it_stands_out_from(
    ink, ground, tmp_path
):
    image = np.zeros((4, 4, 4), np.uint8)
    image[1, 1] = (ink, ink, ink, 255)
    read = read_image(save(image, tmp_path / "a.png"))
    assert read[1, 1].tolist() == [ink] * 3
    assert read[0, 0].tolist() == [ground] * 3


def test_read_image_applies_the_rotation_of_the_camera(stroke, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right
    read = read_image(save(stroke, tmp_path / "a.png", exif=exif))
    np.testing.assert_array_equal(read, np.rot90(stroke, -1))


def test_read_image_that_is_missing_or_damaged_raises(tmp_path, stroke):
    with pytest.raises(InputError, match="must exist.*none.png"):
        read_image(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(InputError, match="must be readable.*text.png"):
        read_image(tmp_path / "text.png")
    whole = save(stroke, tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="must be readable.*cut.png"):
        read_image(tmp_path / "cut.png")


def test_read_image_with_too_many_pixels_raises_before_decoding(
    stroke, tmp_path, monkeypatch
):
    monkeypatch.setattr(_images, "_MAX_PIXELS", 100)
    with pytest.raises(InputError, match="at most 100 pixels.*60x40"):
        read_image(save(stroke, tmp_path / "a.png"))


def test_read_image_of_heic_without_its_extra_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(InputError, match="pillow_heif.*pip install"):
        read_image(tmp_path / "a.heic")


def test_read_image_of_a_pipe_raises_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(InputError, match="must be a file.*a pipe"):
        read_image(tmp_path / "a.png")


def test_to_gray_weighs_colours_by_luma():
    # ITU-R 601: 0.299 R + 0.587 G + 0.114 B, each times 255
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert to_gray(colours).tolist() == [[76, 150, 29]]
    assert to_rgb(np.array([[7]], np.uint8)).tolist() == [[[7, 7, 7]]]


def test_resize_takes_height_first():
    assert resize(np.zeros((10, 20), np.uint8), (5, 4)).shape == (5, 4)


def center_of_mass(image):
    rows, columns = np.indices(image.shape) + 0.5
    mass = image.astype(float)
    return (rows * mass).sum() / mass.sum(), (columns * mass).sum() / mass.sum()


def test_center_like_mnist_fits_a_bar_into_twenty_rows_around_the_middle(stroke):
    # 20x4 of ink: shrunk by 1 to 20 rows; its middle goes to 14, 14
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 12:16] = 255
    np.testing.assert_array_equal(center_like_mnist(stroke), expected)


def test_center_like_mnist_of_dark_on_light_is_the_same(stroke):
    np.testing.assert_array_equal(
        center_like_mnist(255 - stroke), center_like_mnist(stroke)
    )


@pytest.mark.parametrize("offset", [(0, 0), (13, 40), (60, 3)])
def test_center_like_mnist_forgets_where_it_was_drawn(offset, rng):
    blob = np.zeros((25, 17), np.uint8)
    blob[2:-2, 2:-2] = rng.integers(100, 256, (21, 13))
    page = np.zeros((100, 90), np.uint8)
    page[offset[0] : offset[0] + 25, offset[1] : offset[1] + 17] = blob
    centered = center_like_mnist(page)
    np.testing.assert_array_equal(centered, center_like_mnist(blob))
    assert np.abs(np.subtract(center_of_mass(centered), 14)).max() <= 0.51


def test_center_like_mnist_of_a_photograph_drops_the_grain_of_paper(rng):
    page = rng.normal(200, 4, (120, 100)).clip(0, 255)
    page[30:90, 48:54] = rng.normal(60, 4, (60, 6))
    centered = center_like_mnist(page.astype(np.uint8))
    assert np.count_nonzero(centered) <= 22 * 6
    assert centered[5:23, 13:15].min() > 100


def test_center_like_mnist_of_shaded_paper_finds_the_stroke(rng):
    light = np.linspace(0.7, 0.95, 100) * 255
    page = np.broadcast_to(light, (120, 100)) + rng.normal(0, 4, (120, 100))
    page[30:90, 48:54] *= 0.3
    centered = center_like_mnist(page.clip(0, 255).astype(np.uint8))
    assert np.flatnonzero(centered.max(axis=1) > 64).tolist() == [*range(4, 24)]
    assert np.flatnonzero(centered.max(axis=0) > 64).tolist() == [13, 14]


def test_center_like_mnist_keeps_the_share_of_other_sizes(stroke):
    rows = np.flatnonzero(center_like_mnist(stroke, (56, 56)).max(axis=1))
    assert len(rows) == 40


@pytest.mark.parametrize("level", [0, 100, 255])
def test_center_like_mnist_of_a_blank_page_raises(level):
    with pytest.raises(InputError, match="something drawn on it"):
        center_like_mnist(np.full((30, 30), level, np.uint8))

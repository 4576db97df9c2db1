import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_cnn import _decoding
from keras_cnn._centering import center_like_mnist
from keras_cnn._checks import InputError
from keras_cnn._decoding import read_image, reduction_for
from keras_cnn._images import resize, scale, to_gray, to_rgb
from keras_cnn._preparation import Preparation


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
    monkeypatch.setattr(_decoding, "_MAX_PIXELS", 100)
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


@pytest.fixture
def photograph(monkeypatch, rng):
    """A photograph: light that changes slowly, edges of things, and grain; and large.

    What is large is a tenth of what it is elsewhere, to be quick.
    """
    monkeypatch.setattr(_decoding, "_LARGE", 400_000)
    coarse = rng.integers(0, 256, (30, 40, 3), np.uint8)
    # sides that neither 2, 3 nor 8 divides
    smooth = Image.fromarray(coarse).resize((887, 631), Image.Resampling.BICUBIC)
    pixels = np.asarray(smooth).astype(int) + rng.normal(0, 6, (631, 887, 1)).round()
    pixels[150:370, 220:470] //= 2
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("fitting", ["resize", "crop", "pad"])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_reduced_photograph_is_fitted_as_the_whole(
    photograph, tmp_path, suffix, fitting
):
    path = save(photograph, tmp_path / f"a.{suffix}")
    for size in ((25, 35), (28, 28)):
        prepared = Preparation(size, "rgb", fitting)
        whole = prepared.fit(read_image(path)).astype(int)
        small = read_image(path, reduction=reduction_for(size, fitting))
        assert small.size < photograph.size / 2
        difference = np.abs(prepared.fit(small) - whole)
        assert difference.max() <= (6 if fitting == "resize" else 12)
        assert difference.mean() <= (1 if fitting == "resize" else 2)


def test_a_large_photograph_is_turned_before_it_is_reduced(photograph, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(photograph, tmp_path / "a.jpg", exif=exif)
    plain = save(photograph, tmp_path / "b.jpg")
    prepared = Preparation((50, 10), "rgb")
    reduction = reduction_for(prepared.size)
    turned = prepared.fit(read_image(path, reduction=reduction)).astype(int)
    right = np.rot90(read_image(plain), -1)
    assert np.abs(turned - prepared.fit(right)).max() <= 6


def test_a_large_image_of_sixteen_bits_is_reduced_after_its_depth_is_known(
    photograph, tmp_path
):
    deep = photograph[..., 0].astype(np.uint16) * 16  # 12 bits
    path = save(deep, tmp_path / "a.png")
    prepared = Preparation((32, 32))
    small = read_image(path, 4095, reduction_for(prepared.size))
    whole = prepared.fit(read_image(path, 4095)).astype(int)
    assert small.shape[0] < 200
    assert np.abs(prepared.fit(small) - whole).max() <= 6


def test_a_large_drawing_with_transparency_is_as_the_whole(tmp_path):
    page = np.zeros((2100, 2100, 4), np.uint8)
    page[600:1500, 900:1200, 3] = 255
    path = save(page, tmp_path / "a.png")
    centered = center_like_mnist(read_image(path)).astype(int)
    small = read_image(path, reduction=reduction_for((28, 28), "mnist"))
    assert small.shape == (1050, 1050, 3)
    assert np.abs(center_like_mnist(small) - centered).max() <= 16


def test_a_photograph_of_48_megapixels_takes_less_memory_than_its_pixels(tmp_path):
    Image.new("RGB", (8000, 6000), "teal").save(tmp_path / "a.jpg")
    code = """
        import resource, sys
        from keras_cnn._decoding import read_image, reduction_for
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        read_image(sys.argv[2])
        before = peak()
        print(read_image(sys.argv[1], reduction=reduction_for((224, 224))).shape)
        unit = 1 if sys.platform == "darwin" else 1024
        print((peak() - before) * unit)
    """
    save(np.zeros((9, 9, 3), np.uint8), tmp_path / "small.jpg")
    code = "\n".join(line.removeprefix(" " * 8) for line in code.splitlines())
    command = [sys.executable, "-c", code]
    images = [str(tmp_path / name) for name in ("a.jpg", "small.jpg")]
    done = subprocess.run([*command, *images], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shape, grown = done.stdout.splitlines()
    assert shape == "(1500, 2000, 3)"
    assert int(grown) < 8000 * 6000 * 3 / 3

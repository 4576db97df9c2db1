import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn._decoding import read_image
from keras_cnn.data import load
from keras_cnn.data.image_files import read_images


def png(values, *, used_bits=None):
    """Writes a 16-bit PNG by hand: Pillow writes no color of 16 bits."""

    def chunk(name, content):
        length, check = struct.pack(">I", len(content)), zlib.crc32(name + content)
        return length + name + content + struct.pack(">I", check)

    values = np.asarray(values)
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    used = chunk(b"sBIT", bytes([used_bits] * channels)) if used_bits else b""
    pieces = [chunk(b"IHDR", header), used, chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces) + chunk(b"IEND", b"")


def write(folder, *contents):
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        (folder / f"{number}.png").write_bytes(content)
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("bits", "white"), [(8, 255), (10, 1023), (12, 4095), (16, 65535)]
)
def test_depth_is_decided_once_by_the_largest_of_all(tmp_path, bits, white):
    half = np.full((2, 2), white // 2)
    paths = write(tmp_path, png(half), png(half * 0 + white), png(half // 8))
    read = read_images(paths)
    assert read.white == white
    assert read.images[:, 0, 0, 0].tolist() == [127, 255, 16 if bits > 8 else 15]
    # one image for itself would be judged by its own largest value
    assert read_image(paths[2], white=white)[0, 0] == read.images[2, 0, 0, 0]


def test_depth_is_by_the_statement_of_the_files_where_they_have_one(tmp_path):
    dark = png(np.full((2, 2), 300), used_bits=12)
    assert read_images(write(tmp_path / "dark", dark)).white == 4095
    # the standard shifts the bits up, and some writers obey it
    shifted = png(np.full((2, 2), 4000 * 16), used_bits=12)
    assert read_images(write(tmp_path / "shifted", shifted)).white == 65535
    tiff = Image.fromarray(np.full((2, 2), 300, np.uint16))
    tiff.save(tmp_path / "0.tif", tiffinfo={281: 1023})
    assert read_images([tmp_path / "0.tif"]).white == 1023
    # a tag that has this image's own maximum states nothing
    tiff.save(tmp_path / "1.tif", tiffinfo={281: 3000})
    tiff = Image.fromarray(np.full((2, 2), 3000, np.uint16))
    tiff.save(tmp_path / "2.tif")
    assert read_images([tmp_path / "1.tif", tmp_path / "2.tif"]).white == 4095


def test_color_of_ten_and_twelve_bits_is_not_black(tmp_path, rng):
    values = rng.integers(0, 4096, (5, 7, 3))
    values[0, 0] = 4095
    expected = np.rint(values / 4095 * 255)
    path = write(tmp_path, png(values))[0]
    np.testing.assert_array_equal(read_image(path), expected)
    read = read_images([path])
    assert read.white == 4095
    np.testing.assert_array_equal(read.images[0], expected)


def test_color_with_opacity_is_laid_over_a_ground(tmp_path):
    values = np.full((2, 2, 4), 1023)
    values[0, 0] = (500, 500, 500, 0)
    # light on a ground that is seen through: black
    assert read_image(write(tmp_path, png(values))[0])[0].tolist() == [
        [0, 0, 0],
        [255, 255, 255],
    ]


def test_floats_have_one_white_too(tmp_path):
    for number, value in enumerate((0.25, 1.0)):
        image = Image.fromarray(np.full((2, 2), value, np.float32))
        image.save(tmp_path / f"{number}.tif")
    read = read_images(sorted(tmp_path.iterdir()))
    assert read.white == 1
    assert read.images[:, 0, 0, 0].tolist() == [64, 255]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0.5, np.nan]], "finite and >= 0"),
        ([[0.5, np.inf]], "finite and >= 0"),
        ([[-1024.0, 3071]], "from -1024 to 3071"),
    ],
)
def test_numbers_that_are_no_pixels_raise(tmp_path, values, message):
    path = tmp_path / "0.tif"
    Image.fromarray(np.array(values, np.float32)).save(path)
    for read in (read_image, lambda path: read_images([path])):
        with pytest.raises(InputError, match=message):
            read(path)


def test_floats_of_a_range_that_may_be_two_raise_unless_white_is_given(tmp_path):
    path = tmp_path / "0.tif"
    Image.fromarray(np.array([[0, 50, 100]], np.float32)).save(path)
    with pytest.raises(InputError, match="1 image files with values up to 100: white"):
        read_images([path])
    assert read_images([path], white=100).images.ravel().tolist() == [0, 128, 255]


def test_an_image_that_exceeds_the_white_of_its_set_raises(tmp_path):
    paths = write(tmp_path, png(np.full((2, 2), 500)), png(np.full((2, 2), 3000)))
    for read in (
        lambda: read_images(paths, white=1023),
        lambda: read_image(paths[1], white=1023),
    ):
        with pytest.raises(InputError, match="1.png.*up to 3000, and 1023 for white"):
            read()
    # 255 is what a set of 8-bit files has: it says nothing of deeper ones
    assert read_image(paths[1], white=255)[0, 0] == round(3000 / 4095 * 255)


def test_stacks_and_animations_are_counted(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        for number, suffix in enumerate(("png", "tif", "gif")):
            # saved images keep the settings of their format: new ones for each
            first, *more = (Image.new("L", (4, 4), 10 * number + n) for n in (10, 1))
            several = {"save_all": True, "append_images": more} if number else {}
            first.save(tmp_path / name / f"{number}.{suffix}", **several)
    loaded = load(tmp_path)
    assert "4 files hold several images: only the first" in loaded.provenance.note
    everything = np.concatenate([loaded.train.images, loaded.test.images])
    assert sorted(set(everything.ravel().tolist())) == [10, 20, 30]


def test_depth_of_a_folder_is_recorded_and_said(tmp_path):
    for name, value in (("a", 100), ("b", 1000)):
        write(tmp_path / name, *[png(np.full((2, 2), value))] * 3)
    loaded = load(tmp_path)
    assert loaded.white == 1023
    assert "more than 8 bits white is 1,023" in loaded.provenance.note
    assert set(loaded.train.images.ravel().tolist()) == {25, 249}
    assert load(tmp_path, white=4095).white == 4095


def test_rotation_and_depth_go_together(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    values = np.arange(6, dtype=np.uint16).reshape(2, 3) * 10_000
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", exif=exif)
    read = read_image(write(tmp_path, buffer.getvalue())[0])
    np.testing.assert_array_equal(read, np.rint(np.rot90(values, -1) / 257))

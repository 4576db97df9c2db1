import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data.arrays import uint8_images


def pixels(**arrays):
    images, _ = uint8_images(arrays)
    return [part.ravel().tolist() for part in images.values()]


def row(*values, dtype=None):
    return np.array([[values]], dtype)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([0, 7, 255], np.int64, [0, 7, 255]),
        ([1.4, 200.0], float, [1, 200]),
        ([0, 1], np.uint8, [0, 255]),  # a mask, not two blacks
        ([False, True], bool, [0, 255]),
        ([0, 341, 1023], np.uint16, [0, 85, 255]),
        ([0, 819, 4095], np.int32, [0, 51, 255]),
        ([0, 257, 65535], np.uint16, [0, 1, 255]),
        ([-1.0, 0.0, 1.0], np.float32, [0, 128, 255]),
        ([0, 40], np.uint8, [0, 40]),  # dark, and bytes say what they are
        ([0.0, 255.0002], np.float32, [0, 255]),
        ([0, 0], float, [0, 0]),
    ],
)
def test_pixels_are_brought_to_bytes_by_their_range(values, dtype, expected):
    assert pixels(x=row(*values, dtype=dtype)) == [expected]


def test_range_is_decided_once_for_all_parts():
    # both divided by the largest of the training images, as tutorials do
    train, test = np.array([0, 125, 250]) / 250, np.array([125, 255]) / 250
    assert pixels(x_train=row(*train), x_test=row(*test)) == [[0, 125, 250], [125, 255]]
    # one rounding error above 1
    assert pixels(a=row(0, 1.0000001), b=row(0, 0.5)) == [[0, 255], [0, 128]]
    # test images that happen to be dark are as dark as they are
    assert pixels(a=row(0, 4095), b=row(0, 1000)) == [[0, 255], [0, 62]]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": row(0.0, 16.0)}, "x with values from 0 to 16: white may be 16 or 255"),
        ({"x": row(0, 100)}, "at least half of 0..255"),
        ({"x": row(0, 16, dtype=np.uint8)}, "white may be 16 or 255"),
        ({"x": row(0.0, 1.0), "y": row(0, 255)}, "one range.*x with.*1, y with.*255"),
        ({"x": row(0, 4095), "y": row(0, 255)}, "one depth.*4095.*255"),
        ({"x": row(-0.42, 2.82)}, ">= 0.*from -0.42 to 2.82"),
        ({"x": row(-128, 127, dtype=np.int8)}, ">= 0.*-128"),
        ({"x": row(0, 70000)}, "at most 65,535.*70000"),
        ({"x": row(0.0, np.nan)}, "must be finite.*1 NaN"),
        ({"x": row(0.0, np.inf)}, "must be finite"),
        ({"x": np.zeros((3, 5))}, r"shape \(3, 5\)"),
        ({"x": np.zeros((1, 4, 4, 2))}, "1 or 3"),
        ({"x": np.zeros((0, 4, 4))}, "must have images"),
        ({"x": np.zeros((1, 4, 4), complex)}, "must be numbers"),
        ({"x": np.array([[["a"]]])}, "must be numbers"),
        ({"x": np.array([np.zeros(2), np.zeros(3)], object)}, "one shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_images_that_break_a_rule_raise(arrays, message):
    with pytest.raises(InputError, match=message):
        uint8_images(arrays)


def test_white_says_what_the_numbers_do_not():
    images, notes = uint8_images({"x": row(0.0, 8.0, 16.0)}, white=16)
    assert images["x"].ravel().tolist() == [0, 128, 255]
    assert notes == ["Pixels from 0 to 16 were brought to 0..255."]
    with pytest.raises(InputError, match="at most `white`.*white=16.*to 17"):
        uint8_images({"x": row(0, 17)}, white=16)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((6, 5, 4), (6, 5, 4, 1)),
        ((6, 1, 5, 4), (6, 5, 4, 1)),
        ((6, 3, 5, 4), (6, 5, 4, 3)),
        ((6, 25), (6, 5, 5, 1)),
    ],
)
def test_shapes_of_other_libraries_are_understood(shape, expected, rng):
    given = rng.integers(0, 256, shape, np.uint8)
    images, _ = uint8_images({"x": given})
    assert images["x"].shape == expected
    if shape[1] == 3:
        assert images["x"][2, 4, 3].tolist() == given[2, :, 4, 3].tolist()


def test_many_images_are_converted_piece_by_piece(rng):
    given = rng.random((2500, 2, 2))
    images, _ = uint8_images({"x": given})
    np.testing.assert_array_equal(images["x"][..., 0], np.rint(given * 255))

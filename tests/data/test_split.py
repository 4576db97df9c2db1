import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data import ArraySplit, StreamedSplit
from keras_cnn.data.split import checked_images, checked_labels


@pytest.fixture
def numbered():
    """Twelve images whose every pixel is the image's number, as is its label."""
    numbers = np.arange(12)
    images = np.broadcast_to(numbers[:, None, None, None], (12, 2, 2, 1))
    return ArraySplit(images.astype(np.uint8), numbers.astype(np.int64))


@pytest.fixture
def streamed(numbered):
    import tensorflow as tf

    def read(shuffle, seed):
        return tf.data.Dataset.from_tensor_slices((numbered.images, numbered.labels))

    return StreamedSplit(read, 12, (2, 2, 1))


def orders(batches, epochs=2):
    """Returns the labels by epoch, having checked that images go with them."""
    seen = []
    for _ in range(epochs):
        labels = []
        for images, numbers in batches.as_numpy_iterator():
            assert images.dtype == np.float32
            pixels = numbers.astype(np.uint8).astype(np.float32) * np.float32(1 / 255)
            np.testing.assert_array_equal(images[:, 0, 0, 0], pixels)
            labels += numbers.tolist()
        seen.append(labels)
    return seen


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_batches_without_shuffle_keep_the_order_and_the_rest(kind, request):
    split = request.getfixturevalue(kind)
    batches = split.batches(5)
    assert len(batches) == 3
    assert orders(batches) == [list(range(12))] * 2


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_batches_with_shuffle_draw_a_new_order_each_epoch(kind, request):
    split = request.getfixturevalue(kind)
    first, second = orders(split.batches(5, shuffle=True, seed=1))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second
    assert orders(split.batches(5, shuffle=True, seed=1)) == [first, second]
    assert orders(split.batches(5, shuffle=True, seed=2))[0] != first


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_images_at_gives_them_in_the_order_asked_for(kind, request):
    split = request.getfixturevalue(kind)
    assert split.images_at([7, 2])[:, 0, 0, 0].tolist() == [7, 2]
    assert split.images_at([]).shape == (0, 2, 2, 1)


def test_streamed_split_with_a_cache_reads_once(numbered, tmp_path):
    import tensorflow as tf

    reads = []

    def read(shuffle, seed):
        def images():
            reads.append(1)
            yield from zip(numbered.images, numbered.labels, strict=True)

        return tf.data.Dataset.from_generator(
            images,
            output_signature=(
                tf.TensorSpec((2, 2, 1), tf.uint8),
                tf.TensorSpec((), tf.int64),
            ),
        )

    split = StreamedSplit(read, 12, (2, 2, 1), cache=str(tmp_path / "cache"))
    orders(split.batches(4, shuffle=True, seed=0), epochs=3)
    assert len(reads) == 1


def test_checked_images_of_unit_floats_are_brought_to_pixels():
    checked = checked_images(np.array([[[0.0, 0.5, 1.0]]]), "x")
    assert checked.dtype == np.uint8
    assert checked.ravel().tolist() == [0, 128, 255]
    assert checked.shape == (1, 1, 3, 1)


def test_checked_images_of_wider_numbers_are_rounded():
    assert checked_images(np.array([[[0, 7, 255]]]), "x").ravel().tolist() == [
        0,
        7,
        255,
    ]
    assert checked_images(np.full((1, 1, 1), 1, np.int32), "x").item() == 1
    assert checked_images(np.array([[[1.4, 200.0]]]), "x").ravel().tolist() == [1, 200]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.array([[[0.0, np.nan]]]), "Pixels must be finite.*1 NaN"),
        (np.array([[[0.0, np.inf]]]), "Pixels must be finite"),
        (np.array([[[-0.5, 1.0]]]), "from -0.5 to 1"),
        (np.array([[[0, 256]]]), r"\[0, 255\].*from 0 to 256"),
        (np.zeros((3, 4)), r"shape \(3, 4\)"),
        (np.zeros((1, 4, 4, 2)), "1 or 3"),
        (np.zeros((0, 4, 4)), "must have images"),
        (np.zeros((1, 4, 4), complex), "must be numbers"),
        (np.array([[["a"]]]), "must be numbers"),
        (np.array([np.zeros((2, 2)), np.zeros((3, 3))], object), "one shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_checked_images_that_break_a_rule_raise(images, message):
    with pytest.raises(InputError, match=message):
        checked_images(images, "x")


def test_checked_labels_accept_a_column():
    checked = checked_labels(np.array([[1], [0]], np.uint8), 2, "y")
    assert checked.dtype == np.int64
    assert checked.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.0, 1.0], "must be integers.*float64"),
        ([0, 1, 2], r"one label for each of the 2 images.*\(3,\)"),
        ([[0, 1], [1, 0]], "one label for each"),
        ([0, -1], ">= 0.*-1"),
    ],
)
def test_checked_labels_that_break_a_rule_raise(labels, message):
    with pytest.raises(InputError, match=message):
        checked_labels(labels, 2, "y")

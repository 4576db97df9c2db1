import dataclasses

import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data import ArraySplit, ImageDataset, Provenance, StreamedSplit
from keras_cnn.data.dataset import carve, check_classes_in_both


def split_of(labels, side=4):
    labels = np.asarray(labels, np.int64)
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None]
    return ArraySplit(np.broadcast_to(images, (len(labels), side, side, 1)), labels)


def dataset_of(train, test, names=("a", "b")):
    return ImageDataset("set", names, train, test, Provenance("here"))


def test_carve_takes_the_share_of_each_class_and_no_image_twice():
    split = split_of([0] * 80 + [1] * 20)
    kept, carved = carve(split, 0.25)
    assert np.bincount(carved.labels).tolist() == [20, 5]
    numbers = np.concatenate([kept.images[:, 0, 0, 0], carved.images[:, 0, 0, 0]])
    assert sorted(numbers) == list(range(100))


def test_a_class_on_one_side_alone_raises():
    check_classes_in_both(split_of([0, 1, 1]), split_of([1, 0]), "set")
    with pytest.raises(InputError, match="to test on.*set, of which 2 classes"):
        check_classes_in_both(split_of([0, 1, 2]), split_of([0, 3, 1]), "set")


def test_carve_is_the_same_each_time():
    split = split_of([0, 1] * 50)
    np.testing.assert_array_equal(
        carve(split, 0.2)[1].images, carve(split, 0.2)[1].images
    )


@pytest.mark.parametrize(
    ("counts", "fraction"),
    [
        ((200, 200, 2), 0.2),  # a fifth of 2 is none
        ((2, 2, 2, 2), 0.2),  # a fifth of all is less than one a class
        ((50, 2), 0.99),  # nearly all of it
        ((300, 2, 3), 0.01),
    ],
)
def test_carve_leaves_every_class_an_image_on_both_sides(counts, fraction):
    split = split_of(np.repeat(np.arange(len(counts)), counts))
    kept, carved = carve(split, fraction)
    kept_counts, carved_counts = (np.bincount(part.labels) for part in (kept, carved))
    assert kept_counts.min() >= 1
    assert carved_counts.min() >= 1
    assert (kept_counts + carved_counts).tolist() == list(counts)


def test_carve_of_a_class_with_one_image_raises():
    with pytest.raises(InputError, match="images enough.*rarest class with 1"):
        carve(split_of([0] * 9 + [1]), 0.5)


def test_limited_draws_at_random_and_the_same_each_time():
    dataset = dataset_of(split_of([0] * 100 + [1] * 100), split_of([0, 1]))
    limited = dataset.limited(50)
    assert len(limited.train) == 50
    assert len(limited.test) == 2
    # sorted by class as the set is, its first 50 would all be of one class
    assert set(limited.train.labels) == {0, 1}
    np.testing.assert_array_equal(
        limited.train.images, dataset.limited(50).train.images
    )
    assert dataset.limited(None) is dataset


@pytest.mark.parametrize("limit", [0, -3, 1.5])
def test_limited_below_one_raises(limit):
    dataset = dataset_of(split_of([0, 1]), split_of([0, 1]))
    with pytest.raises(InputError, match="`limit` must be a whole number >= 1"):
        dataset.limited(limit)


def test_limited_of_a_stream_reads_no_more():
    import tensorflow as tf

    images = np.zeros((9, 4, 4, 1), np.uint8)
    stream = StreamedSplit(
        lambda shuffle, seed: tf.data.Dataset.from_tensor_slices(
            (images, np.arange(9) % 2)
        ),
        9,
        (4, 4, 1),
    )
    limited = dataset_of(stream, split_of([0, 1])).limited(4).train
    assert len(limited) == 4
    assert sum(len(labels) for _, labels in limited.batches(3)) == 4


def test_dataset_of_one_class_raises():
    with pytest.raises(InputError, match="at least two classes.*with 1"):
        dataset_of(split_of([0]), split_of([0]), ("a",))


def test_dataset_with_labels_outside_its_classes_raises():
    with pytest.raises(InputError, match=r"0\.\.1.*\(test\) with a label 2"):
        dataset_of(split_of([0, 1]), split_of([0, 2]))
    with pytest.raises(InputError, match=r"\(train\) with a label -1"):
        dataset_of(split_of([-1, 1]), split_of([0, 1]))


def test_dataset_with_differing_shapes_raises():
    with pytest.raises(InputError, match="must have one shape"):
        dataset_of(split_of([0, 1], side=4), split_of([0, 1], side=5))


def test_dataset_is_frozen():
    dataset = dataset_of(split_of([0, 1]), split_of([0, 1]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.name = "other"


def test_splits_are_those_that_exist():
    dataset = dataset_of(split_of([0, 1]), split_of([0, 1]))
    assert list(dataset.splits) == ["train", "test"]

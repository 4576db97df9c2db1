"""Which images of a data set an export is compared on and calibrated with."""

import numpy as np

from keras_cnn.data import ArraySplit, ImageDataset, Provenance
from keras_cnn.export.dataset_images import calibration_images, parity_images


def split_of(count, pixel):
    return ArraySplit(np.full((count, 2, 2, 1), pixel, np.uint8), np.arange(count) % 2)


def dataset(train, test):
    splits = split_of(train, 1), split_of(test, 2)
    return ImageDataset("made", ("a", "b"), *splits, Provenance("here"))


def test_training_images_without_labels_fill_up_a_thousand():
    drawn = parity_images(dataset(train=1200, test=600))
    assert drawn.source == "made"
    assert drawn.images[:, 0, 0, 0].tolist() == [2] * 600 + [1] * 400
    assert sorted(drawn.labels.tolist()) == [-1] * 400 + [0] * 300 + [1] * 300
    assert drawn.labels[600:].tolist() == [-1] * 400


def test_no_more_than_two_thousand_test_images_are_compared():
    drawn = parity_images(dataset(train=10, test=2100))
    assert len(drawn.images) == len(drawn.labels) == 2000
    assert (drawn.images == 2).all()


def test_calibration_is_on_at_most_300_training_images():
    assert len(calibration_images(dataset(train=400, test=3))) == 300
    few = calibration_images(dataset(train=7, test=3))
    assert few.shape == (7, 2, 2, 1) and (few == 1).all()

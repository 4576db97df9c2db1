"""The images of a data set that an export is compared on and calibrated with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..data import ArraySplit, FileSplit, ImageDataset
from .parity import ParityData

_MAX_COMPARED = 2000
_MIN_COMPARED = 1000
_CALIBRATED = 300


def parity_images(dataset: ImageDataset) -> ParityData:
    """Returns test images, and training images where there are fewer than 1,000.

    Only the test images count in an accuracy.
    """
    test = dataset.limited(_MAX_COMPARED).test
    images = [test.images_at(range(len(test)))]
    if isinstance(test, ArraySplit | FileSplit):
        labels = test.labels
    else:
        labels = np.full(len(test), -1)
    missing = max(0, _MIN_COMPARED - len(test))
    if missing:
        images.append(_training_images(dataset, missing))
    unlabelled = np.full(sum(map(len, images)) - len(labels), -1)
    return ParityData(
        dataset.name, np.concatenate(images), np.concatenate([labels, unlabelled])
    )


def calibration_images(dataset: ImageDataset) -> npt.NDArray[np.uint8]:
    """Returns training images, drawn at random."""
    return _training_images(dataset, _CALIBRATED)


def _training_images(dataset: ImageDataset, count: int) -> npt.NDArray[np.uint8]:
    split = dataset.limited(count).train
    return split.images_at(range(len(split)))

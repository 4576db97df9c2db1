"""The images that the experiments share, in three splits; the last chooses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._images import scale
from ..data import ArraySplit, ImageDataset, load
from ..data.dataset import carve

# The share of the training images that choices and stopping are made by.
_VALIDATION = 1 / 6

_ORDER_SEED = 0

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Images:
    """Images in [0, 1], (n, height, width, channels), with labels, (n,)."""

    x: Floats
    y: Labels

    def __len__(self) -> int:
        """The number of images."""
        return len(self.y)

    def first(self, count: int) -> Images:
        """Returns at most `count` images; the order is random already."""
        return Images(self.x[:count], self.y[:count])

    def of(self, *classes: int) -> Images:
        """Returns the images of some classes, labelled by their place among them."""
        chosen = np.isin(self.y, classes)
        places = np.searchsorted(classes, self.y[chosen]).astype(np.int32)
        return Images(self.x[chosen], places)


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set in three splits, each in a random order that never changes."""

    train: Images
    validation: Images
    test: Images
    name: str


@lru_cache(maxsize=1)
def images() -> Splits:
    """Loads MNIST where it can be had, else the bundled digits, once a process.

    What is trained on is the training split less a sixth, by which anything is chosen;
    the test split only reports.
    """
    dataset = load("auto")
    whole = dataset.train
    if not isinstance(whole, ArraySplit):
        raise InputError(f"The images must fit into memory. Received: {dataset.name}.")
    train, validation = carve(whole, _VALIDATION)
    return Splits(
        _shuffled(train), _shuffled(validation), _shuffled(dataset.test), _name(dataset)
    )


def _shuffled(split: Any) -> Images:
    order = np.random.default_rng(_ORDER_SEED).permutation(len(split))
    return Images(scale(split.images[order]), split.labels[order].astype(np.int32))


def _name(dataset: ImageDataset) -> str:
    origin = dataset.provenance
    words = f"{dataset.name} ({origin.source} {origin.version})"
    return f"{words}: {origin.note}" if origin.note else words

"""A split as the arguments that Keras's `fit` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._images import scale
from ..data import ArraySplit, FileSplit, Split
from .config import RunConfig


def feed(
    config: RunConfig, split: Split, num_classes: int, *, shuffle: bool = False
) -> dict[str, Any]:
    """Returns `x`, `shuffle` and what else `fit` needs of a split: `y`, `batch_size`.

    A split in memory is given as arrays, as in the article; a larger one as a stream of
    batches, or to the trainer as files that it reads in the order it would draw of
    arrays. Images are float32 in [0, 1]; labels are integers, or one-hot rows where the
    loss needs them.

    Args:
        config: Gives the batch size, the loss and the seed.
        split: The images and labels.
        num_classes: The length of a one-hot row.
        shuffle: Whether images come in a new order each epoch.
    """
    if isinstance(split, ArraySplit):
        labels: Any = split.labels
        if config.one_hot:
            labels = np.eye(num_classes, dtype=np.float32)[labels]
        return {
            "x": scale(split.images),
            "y": labels,
            "batch_size": config.batch_size,
            "shuffle": shuffle,
        }

    if isinstance(split, FileSplit) and config.engine == "trainer":
        return {
            "x": _IndexedImages(split, num_classes if config.one_hot else None),
            "batch_size": config.batch_size,
            "shuffle": shuffle,
        }
    batches = split.batches(config.batch_size, shuffle=shuffle, seed=config.seed)
    if config.one_hot:
        batches = _in_rows(batches, num_classes)
    return {"x": batches, "shuffle": False}  # `fit` cannot: the stream does it


@dataclass(frozen=True, eq=False)
class _IndexedImages:
    """Images in files as the trainer takes them: it draws their order itself."""

    split: FileSplit
    row_length: int | None

    @property
    def fingerprint(self) -> str:
        return self.split.fingerprint

    def __len__(self) -> int:
        return len(self.split)

    def batches_at(self, positions: npt.NDArray[Any], batch_size: int) -> Any:
        batches = self.split.batches_at(positions, batch_size)
        return _in_rows(batches, self.row_length) if self.row_length else batches


def _in_rows(batches: Any, length: int) -> Any:
    """Turns the labels of batches into one-hot rows."""
    import tensorflow as tf

    return batches.map(lambda images, labels: (images, tf.one_hot(labels, length)))


def validation_data(config: RunConfig, split: Split | None, num_classes: int) -> Any:
    """Returns what `fit` takes as `validation_data`; None for no split."""
    if split is None:
        return None
    fed = feed(config, split, num_classes)
    return (fed["x"], fed["y"]) if "y" in fed else fed["x"]

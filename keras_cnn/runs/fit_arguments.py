"""A split as the arguments that Keras's `fit` takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._images import scale
from ..data import ArraySplit, Split
from .config import RunConfig


def feed(
    config: RunConfig, split: Split, num_classes: int, *, shuffle: bool = False
) -> dict[str, Any]:
    """Returns `x` and `shuffle`, and for a split in memory `y` and `batch_size`.

    A split in memory is given as arrays, as in the article; a larger one as a stream of
    batches. Images are float32 in [0, 1]; labels are integers, or one-hot rows where
    the loss needs them.

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

    batches = split.batches(config.batch_size, shuffle=shuffle, seed=config.seed)
    if config.one_hot:
        import tensorflow as tf

        batches = batches.map(
            lambda images, labels: (images, tf.one_hot(labels, num_classes))
        )
    return {"x": batches, "shuffle": False}  # `fit` cannot: the stream does it


def validation_data(config: RunConfig, split: Split | None, num_classes: int) -> Any:
    """Returns what `fit` takes as `validation_data`; None for no split."""
    if split is None:
        return None
    fed = feed(config, split, num_classes)
    return (fed["x"], fed["y"]) if "y" in fed else fed["x"]

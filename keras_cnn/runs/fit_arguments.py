"""A split as the arguments that Keras's `fit` takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import ArraySplit, FileSplit, Split
from .config import RunConfig
from .task import Task


def feed(
    config: RunConfig,
    split: Split,
    num_classes: int,
    task: Task,
    *,
    shuffle: bool = False,
) -> dict[str, Any]:
    """Returns `x`, `shuffle` and what else `fit` needs of a split: `y`, `batch_size`.

    A split in memory is given as arrays, as in the article; a larger one as a stream of
    batches, or to the trainer as files that it reads in the order it would draw of
    arrays. Images are float32, prepared for the model; labels are integers, one-hot
    rows or a column, as the task has them.

    Args:
        config: Gives the batch size, the loss and the seed.
        split: The images and labels.
        num_classes: The length of a one-hot row.
        task: How the model learns.
        shuffle: Whether images come in a new order each epoch.
    """
    if isinstance(split, ArraySplit):
        labels: Any = split.labels
        if task.targets == "rows":
            labels = np.eye(num_classes, dtype=np.float32)[labels]
        elif task.targets == "column":
            labels = labels.astype(np.float32)[:, np.newaxis]
        return {
            "x": task.preparation.normalize(split.images),
            "y": labels,
            "batch_size": config.batch_size,
            "shuffle": shuffle,
        }

    if isinstance(split, FileSplit) and config.engine == "trainer":
        return {
            "x": _IndexedImages(split, num_classes, task),
            "batch_size": config.batch_size,
            "shuffle": shuffle,
        }
    batches = split.batches(
        config.batch_size,
        shuffle=shuffle,
        seed=config.seed,
        normalize=task.preparation.normalize,
    )
    # `fit` cannot shuffle it: the stream does.
    return {"x": _with_targets(batches, num_classes, task), "shuffle": False}


@dataclass(frozen=True, eq=False)
class _IndexedImages:
    """Images in files as the trainer takes them: it draws their order itself."""

    split: FileSplit
    num_classes: int
    task: Task

    @property
    def fingerprint(self) -> str:
        return self.split.fingerprint

    def __len__(self) -> int:
        return len(self.split)

    def batches_at(self, positions: npt.NDArray[Any], batch_size: int) -> Any:
        batches = self.split.batches_at(
            positions, batch_size, normalize=self.task.preparation.normalize
        )
        return _with_targets(batches, self.num_classes, self.task)


def _with_targets(batches: Any, num_classes: int, task: Task) -> Any:
    """Gives the labels of batches the form that the loss takes."""
    if task.targets == "labels":
        return batches
    import tensorflow as tf

    def targets(labels: Any) -> Any:
        if task.targets == "rows":
            return tf.one_hot(labels, num_classes)
        return tf.cast(labels, tf.float32)[:, tf.newaxis]

    return batches.map(lambda images, labels: (images, targets(labels)))


def for_keras(config: RunConfig) -> RunConfig:
    """Returns a configuration by which `feed` gives what Keras's own methods take.

    What only the trainer reads by position comes as a stream.
    """
    return replace(
        config, engine="fit", strategy="none", checkpoint_every=None, augment="none"
    )


def validation_data(
    config: RunConfig, split: Split | None, num_classes: int, task: Task
) -> Any:
    """Returns what `fit` takes as `validation_data`; None for no split."""
    if split is None:
        return None
    fed = feed(config, split, num_classes, task)
    return (fed["x"], fed["y"]) if "y" in fed else fed["x"]

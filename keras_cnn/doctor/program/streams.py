"""Streams of batches, read into arrays: as much of them as a diagnosis gets through."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..._checks import InputError
from ..thresholds import STREAMED_BYTES, STREAMED_SAMPLES


@dataclass(frozen=True, eq=False)
class Read:
    """What was read of a stream.

    Attributes:
        x: Inputs, in the structure of its batches.
        y: Targets, likewise; None without.
        sample_weight: Likewise.
        batch_size: Samples of the first batch.
        steps: Batches of an epoch.
    """

    x: Any
    y: Any
    sample_weight: Any
    batch_size: int
    steps: int


def is_stream(x: Any) -> bool:
    """Whether data come in batches: of a `tf.data.Dataset`, a loader, a generator."""
    if isinstance(x, tf.data.Dataset | keras.utils.PyDataset | Iterator):
        return True
    held = isinstance(x, list | tuple | dict | str) or hasattr(x, "shape")
    return not held and hasattr(x, "__iter__") and hasattr(x, "__len__")


def read_stream(stream: Any, steps_per_epoch: int | None = None) -> Read:
    """Reads a stream's first batches into arrays.

    Raises:
        InputError: If it is endless and `steps_per_epoch` is not given, gives no
            batch, or batches that do not fit each other.
    """
    steps = steps_per_epoch or _length(stream)
    batches: list[Any] = []
    samples = size = 0
    endless = False
    for batch in itertools.islice(_batches(stream), steps):
        leaves = keras.tree.flatten(batch)
        batches.append(batch)
        samples += len(leaves[0])
        size += sum(leaf.nbytes for leaf in leaves)
        if samples >= STREAMED_SAMPLES.value or size >= STREAMED_BYTES.value:
            endless = steps is None
            break
    if endless:
        raise InputError(
            "`steps_per_epoch` must be given for a stream of unknown length. "
            f"Received: {type(stream).__name__} of more than {samples:,} samples."
        )
    if not batches:
        raise InputError(
            "`x` must give at least one batch. "
            f"Received: an empty {type(stream).__name__}."
        )
    batch_size = len(keras.tree.flatten(batches[0])[0])
    x, y, weight = keras.utils.unpack_x_y_sample_weight(_joined(batches))
    return Read(x, y, weight, batch_size, steps or len(batches))


def _length(stream: Any) -> int | None:
    """Returns how many batches a stream has, where it says so."""
    if isinstance(stream, tf.data.Dataset):
        count = int(stream.cardinality())
        if count == tf.data.INFINITE_CARDINALITY:
            raise InputError(
                "`steps_per_epoch` must be given for a repeated data set. "
                "Received: steps_per_epoch=None."
            )
        return count if count >= 0 else None
    if isinstance(stream, keras.utils.PyDataset):
        return None if stream.num_batches is None else int(stream.num_batches)
    return len(stream) if hasattr(stream, "__len__") else None


def _batches(stream: Any) -> Iterator[Any]:
    if isinstance(stream, keras.utils.PyDataset):
        several: Iterable[Any] = (stream[i] for i in range(stream.num_batches or 0))
    else:
        several = stream
    for batch in several:
        if isinstance(batch, list):
            batch = tuple(batch)  # as a loader of PyTorch gives x and y
        yield keras.tree.map_structure(_array, batch)


def _array(leaf: Any) -> Any:
    if isinstance(leaf, tf.RaggedTensor):
        leaf = leaf.to_tensor()
    elif isinstance(leaf, tf.SparseTensor):
        leaf = tf.sparse.to_dense(leaf)
    return np.asarray(leaf.numpy() if hasattr(leaf, "numpy") else leaf)


def _joined(batches: list[Any]) -> Any:
    """Joins batches leaf by leaf.

    Batches of sequences of several lengths are padded with zeros; of other batches of
    several shapes those of the commonest are kept.
    """
    rows = [keras.tree.flatten(batch) for batch in batches]
    shapes = [tuple(leaf.shape[1:] for leaf in row) for row in rows]
    if len(set(shapes)) > 1:
        sequences = all(len(shape) == 1 for several in shapes for shape in several)
        if sequences:
            lengths = [max(column) for column in zip(*shapes, strict=True)]
            rows = [
                [
                    _padded(leaf, length)
                    for leaf, (length,) in zip(row, lengths, strict=True)
                ]
                for row in rows
            ]
        else:
            common = Counter(shapes).most_common(1)[0][0]
            kept = zip(rows, shapes, strict=True)
            rows = [row for row, shape in kept if shape == common]
    joined = [np.concatenate(column) for column in zip(*rows, strict=True)]
    return keras.tree.pack_sequence_as(batches[0], joined)


def _padded(leaf: Any, length: int) -> Any:
    return np.pad(leaf, [(0, 0), (0, length - leaf.shape[1])])

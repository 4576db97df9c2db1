"""Training data as the loops take them: arrays drawn in the graph, or a stream.

What data are accepted, and how labels, weights and class weights become batches, is
Keras's own (`get_data_adapter`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from ._keras import ArrayDataAdapter, convert_to_sliceable, get_data_adapter
from .array_source import ArraySource
from .checks import as_count, capped, check_class_weight, check_not_empty
from .indexed_source import IndexedData, IndexedSource
from .stream_source import StreamSource

Source = ArraySource | StreamSource


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    seed: int = 0,
    one_by_one: bool = False,
    name: str = "`x`",
) -> Source:
    """Returns the source for what `Model.fit` takes, and three arguments more.

    Args:
        x: As `Model.fit` takes it, and so on to `class_weight`.
        y: See there.
        sample_weight: See there.
        batch_size: See there.
        steps_per_epoch: See there.
        shuffle: See there.
        class_weight: See there.
        seed: Fixes the order of arrays.
        one_by_one: Whether each batch of a stream is a call of its own.
        name: What messages call the data.

    Raises:
        InputError: If a count is below 1, a class weight has no class, or there are no
            data.
        ValueError: As Keras does, for data that it does not take.
    """
    batch_size = as_count("batch_size", batch_size)
    steps_per_epoch = capped(
        "steps_per_epoch",
        as_count("steps_per_epoch", steps_per_epoch),
        keras.config.max_steps_per_epoch(),
    )
    check_class_weight(class_weight)
    if isinstance(x, IndexedData):
        return IndexedSource(
            x,
            partial(get_data_adapter, class_weight=class_weight, steps_per_epoch=None),
            batch_size or 32,
            shuffle=shuffle,
            steps_per_epoch=steps_per_epoch,
            seed=seed,
            one_by_one=one_by_one,
            name=name,
        )
    check_not_empty(x, name)
    adapter = get_data_adapter(
        x,
        y,
        sample_weight=sample_weight,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        shuffle=shuffle,
        class_weight=class_weight,
    )
    if isinstance(adapter, ArrayDataAdapter):
        arrays = convert_to_sliceable(adapter._inputs, target_backend="tensorflow")
        if all(map(_is_dense, keras.tree.flatten(arrays))):
            return ArraySource(
                keras.tree.lists_to_tuples(arrays),
                adapter.batch_size,
                shuffle=shuffle,
                steps_per_epoch=steps_per_epoch,
                seed=seed,
            )
    return StreamSource(
        adapter, steps_per_epoch=steps_per_epoch, one_by_one=one_by_one, name=name
    )


def _is_dense(part: Any) -> bool:
    """Whether rows of it can be gathered: sparse and ragged tensors are streamed."""
    import tensorflow as tf

    return isinstance(part, np.ndarray | tf.Tensor)

"""Training data as the loops take them: arrays drawn in the graph, or a stream.

What data are accepted, and how labels, weights and class weights become batches, is
Keras's own (`get_data_adapter`).
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ._keras import ArrayDataAdapter, convert_to_sliceable, get_data_adapter
from .loop import Loop, LoopResult
from .sharding import batch_size
from .steps import without_missing

# How many steps the next call should take; asked before each.
NextSteps = Callable[[], int]

LoopResults = Generator[LoopResult, None, None]


class ArraySource:
    """Arrays in memory: each epoch's order is drawn at once, batches in the graph.

    The order of a pass over the data depends on the seed and on the number of the pass
    alone, so that a run that is resumed goes on in the order it was in.
    """

    described = "arrays in memory, each batch drawn inside the graph"

    def __init__(
        self,
        arrays: Any,
        batch_size: int,
        *,
        shuffle: bool | str = False,
        steps_per_epoch: int | None = None,
        seed: int = 0,
    ) -> None:
        """Holds the arrays as tensors.

        Args:
            arrays: (x,), (x, y) or (x, y, sample_weight), structures of arrays.
            batch_size: Samples a batch; the last batch of a pass may be smaller.
            shuffle: Whether each pass has a new order; "batch" keeps the samples of a
                batch together and orders them among themselves.
            steps_per_epoch: Batches an epoch; None for a whole pass.
            seed: Fixes the orders.
        """
        import tensorflow as tf

        self.arrays = keras.tree.map_structure(tf.convert_to_tensor, arrays)
        self.batch_size = batch_size
        self.samples = int(keras.tree.flatten(self.arrays)[0].shape[0])
        self._batches = -(-self.samples // batch_size)
        self.steps_per_epoch = steps_per_epoch or self._batches
        self._shuffle = shuffle
        self._seed, self._pass, self._position = seed, 0, 0

    @property
    def example(self) -> Any:
        """What a batch is like, to build a model by."""
        import tensorflow as tf

        return keras.tree.map_structure(
            lambda leaf: tf.TensorSpec((None, *leaf.shape[1:]), leaf.dtype), self.arrays
        )

    def batches(self) -> Iterator[Any]:
        """Yields each batch of an epoch, in the order of the arrays."""
        for begin in range(0, self.steps_per_epoch * self.batch_size, self.batch_size):
            end = begin + self.batch_size
            yield keras.tree.map_structure(
                lambda leaf, begin=begin, end=end: leaf[begin:end], self.arrays
            )

    def epoch(self, loop: Loop, next_steps: NextSteps, done: int = 0) -> LoopResults:
        """Runs an epoch, or what remains of it, in calls of as many steps as wanted.

        Args:
            loop: What to run.
            next_steps: Called before each call of the loop.
            done: Steps of the epoch that were taken before, by a run that is resumed.
        """
        end = self._position + self.steps_per_epoch - done
        if end > self._batches:
            _warn_of_the_end()
            end = self._batches
        order = self._order()
        while self._position < end:
            rows = self._rows(order, min(self._position + next_steps(), end))
            partial = rows.shape[1] < self.batch_size
            result = loop.over_arrays(
                self.arrays, rows, expected=partial and self._batches > 1
            )
            self._position += result.steps
            yield result
            if result.steps < len(rows):
                return  # at a loss that is NaN or infinite
        if self._position == self._batches:
            self._pass, self._position = self._pass + 1, 0

    def _rows(self, order: npt.NDArray[np.int32], stop: int) -> npt.NDArray[np.int32]:
        """The samples of the batches up to `stop`; a smaller last one by itself."""
        size = self.batch_size
        samples = order[self._position * size : stop * size]
        whole = len(samples) // size
        if whole == 0:
            return samples[np.newaxis]
        return samples[: whole * size].reshape(whole, size)

    def _order(self) -> npt.NDArray[np.int32]:
        order = np.arange(self.samples, dtype=np.int32)
        if not self._shuffle:
            return order
        generator = np.random.default_rng([self._seed, self._pass])
        if self._shuffle != "batch":
            generator.shuffle(order)
            return order
        for begin in range(0, self.samples, self.batch_size):
            generator.shuffle(order[begin : begin + self.batch_size])
        return order

    def restart(self) -> None:
        """Goes to the first batch."""
        self._position = 0

    def state(self) -> dict[str, int]:
        """Returns where in the data the source is."""
        return {"seed": self._seed, "pass": self._pass, "position": self._position}

    def restore(self, state: dict[str, int]) -> None:
        """Goes to where a source with the same arguments was."""
        self._seed, self._pass = state["seed"], state["pass"]
        self._position = state["position"]


class StreamSource:
    """Batches that come one by one: a `tf.data.Dataset`, `PyDataset` or generator."""

    described = "a stream of batches, read through tf.data"

    def __init__(
        self,
        adapter: Any,
        *,
        steps_per_epoch: int | None = None,
        one_by_one: bool = False,
    ) -> None:
        """Takes Keras's adapter of the data.

        Args:
            adapter: What `get_data_adapter` returned.
            steps_per_epoch: Batches an epoch; None for as many as there are.
            one_by_one: Whether each batch is a call of its own, compiled for its size:
                what replicas send each other must not change its shape.
        """
        self._one_by_one = one_by_one
        self._adapter = adapter
        self._dataset = adapter.get_tf_dataset()
        self._given_steps = steps_per_epoch
        self._counted: int | None = adapter.num_batches
        self._iterator: Any = None
        self._pass, self._position = 0, 0

    @property
    def steps_per_epoch(self) -> int | None:
        """The batches of an epoch; None until it is known."""
        return self._given_steps or self._counted

    @property
    def example(self) -> Any:
        """What a batch is like, to build a model by."""
        return keras.tree.map_structure(
            # What is missing, such as a generator's sample weight, has no shape.
            lambda spec: spec if hasattr(spec, "shape") else None,
            self._dataset.element_spec,
        )

    @property
    def batch_size(self) -> int | None:
        """Samples a batch; None where they may differ."""
        size = keras.tree.flatten(self._dataset.element_spec)[0].shape[0]
        return size  # type: ignore[no-any-return]

    def batches(self) -> Iterator[Any]:
        """Yields each batch of an epoch."""
        self._adapter.on_epoch_begin()
        yield from itertools.islice(iter(self._dataset), self._given_steps)
        self._adapter.on_epoch_end()

    def epoch(self, loop: Loop, next_steps: NextSteps, done: int = 0) -> LoopResults:
        """Runs an epoch, or what remains of it; see `ArraySource.epoch`."""
        self._adapter.on_epoch_begin()
        try:
            yield from self._steps(loop, next_steps, done)
        finally:
            self._adapter.on_epoch_end()

    def _steps(self, loop: Loop, next_steps: NextSteps, done: int) -> LoopResults:
        if self._iterator is None:
            self._iterator = iter(self._dataset)
        while self._given_steps is None or done < self._given_steps:
            wanted = next_steps()
            if self._one_by_one:
                wanted = 1
            if self._given_steps is not None:
                wanted = min(wanted, self._given_steps - done)
            result = self._run(loop, wanted)
            done += result.steps
            self._position += result.steps
            if result.steps:
                yield result
            if result.batch is not None:
                return  # at a loss that is NaN or infinite
            if result.steps < wanted:
                if self._given_steps is not None:
                    _warn_of_the_end()
                self._counted = self._counted or self._position
                self._next_pass()
                return
        if self._position == self._counted:
            self._next_pass()

    def _run(self, loop: Loop, wanted: int) -> LoopResult:
        if not self._one_by_one:
            return loop.over_stream(self._iterator, wanted)
        batch = next(self._iterator, None)
        if batch is None:
            return LoopResult(steps=0, logs={}, last_finite=math.nan, nonfinite=0)
        batch = without_missing(batch)
        packed = keras.utils.pack_x_y_sample_weight(
            *keras.utils.unpack_x_y_sample_weight(batch)
        )
        order = np.arange(batch_size(packed), dtype=np.int32)[np.newaxis]
        return loop.over_arrays(packed, order, expected=True)

    def _next_pass(self) -> None:
        self._iterator, self._pass, self._position = None, self._pass + 1, 0

    def restart(self) -> None:
        """Begins to read anew."""
        self._iterator, self._position = None, 0

    def state(self) -> dict[str, int]:
        """Returns where in the data the source is."""
        return {"pass": self._pass, "position": self._position}

    def restore(self, state: dict[str, int]) -> None:
        """Reads up to where a source of the same data was.

        A data set that shuffles draws a new order whenever it is iterated over: earlier
        passes are begun, so that the same orders are drawn again.
        """
        for _ in range(state["pass"]):
            next(iter(self._dataset), None)
        self._iterator = iter(self._dataset)
        for _ in range(state["position"]):
            next(self._iterator)
        self._pass, self._position = state["pass"], state["position"]


Source = ArraySource | StreamSource


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    seed: int = 0,
    one_by_one: bool = False,
) -> Source:
    """Returns the source for what `Model.fit` takes, and two arguments more.

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

    Raises:
        ValueError: As Keras does, for data that it does not take.
    """
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
    return StreamSource(adapter, steps_per_epoch=steps_per_epoch, one_by_one=one_by_one)


def _is_dense(part: Any) -> bool:
    """Whether rows of it can be gathered: sparse and ragged tensors are streamed."""
    import tensorflow as tf

    return isinstance(part, np.ndarray | tf.Tensor)


def _warn_of_the_end() -> None:
    warnings.warn(
        "The data ran out before the end of the epoch: they must have at least "
        "`steps_per_epoch * epochs` batches, or be repeated.",
        stacklevel=2,
    )

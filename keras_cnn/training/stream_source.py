"""A stream of batches as a source: a `tf.data.Dataset`, `PyDataset` or generator."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Generator
from typing import Any

import keras
import numpy as np

from .._checks import InputError
from ._keras import begin_epoch
from .loop import LoopResult
from .sharding import batch_size
from .source import AnyLoop, LoopResults, NextSteps, checksum, warn_of_the_end
from .steps import without_missing


class StreamSource:
    """Batches that come one by one, read through tf.data."""

    described = "a stream of batches, read through tf.data"

    def __init__(
        self,
        adapter: Any,
        *,
        steps_per_epoch: int | None = None,
        one_by_one: bool = False,
        name: str = "`x`",
    ) -> None:
        """Takes Keras's adapter of the data.

        Args:
            adapter: What `get_data_adapter` returned.
            steps_per_epoch: Batches an epoch; None for as many as there are.
            one_by_one: Whether each batch is a call of its own, compiled for its size:
                what replicas send each other must not change its shape.
            name: What messages call the data.

        Raises:
            InputError: If the stream is empty.
        """
        self._one_by_one = one_by_one
        self._adapter = adapter
        self._dataset = adapter.get_tf_dataset()
        self._given_steps = steps_per_epoch
        self._length: int | None = adapter.num_batches
        self._counted: int | None = None
        if self._length == 0:
            raise_empty(name)
        self.name = name
        self._iterator: Any = None
        self._pass, self._position = 0, 0
        self._first_batch = ""

    @property
    def steps_per_epoch(self) -> int | None:
        """The batches of an epoch; None until it is known."""
        return self._given_steps or self._length or self._counted

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
        shape = keras.tree.flatten(self._dataset.element_spec)[0].shape
        return shape[0] if shape.rank else None

    def batches(self) -> Generator[Any]:
        """Yields each batch of an epoch."""
        begin_epoch(self._adapter)
        try:
            yield from itertools.islice(iter(self._dataset), self._given_steps)
        finally:
            self._adapter.on_epoch_end()

    def epoch(self, loop: AnyLoop, next_steps: NextSteps, done: int = 0) -> LoopResults:
        """Runs an epoch, or what remains of it; see `ArraySource.epoch`."""
        begin_epoch(self._adapter)
        try:
            yield from self._steps(loop, next_steps, done)
        finally:
            self._adapter.on_epoch_end()

    def _steps(self, loop: AnyLoop, next_steps: NextSteps, done: int) -> LoopResults:
        begun = done
        if self._iterator is None:
            self._iterator = self._open()
        while self._given_steps is None or done < self._given_steps:
            # Nobody may hear of a batch before it is known to exist.
            first = self._next_batch()
            if first is None and done == begun and self._position:
                # The last epoch took the last batch of the data, without knowing it.
                self._next_pass()
                self._iterator = self._open()
                first = self._next_batch()
            if first is None:
                self._counted = self._position
                self._next_pass()
                if self._given_steps is not None:
                    warn_of_the_end()
                return
            result = self._run(loop, first, min(next_steps(), self._left(done)))
            done += result.steps
            self._position += result.steps
            yield result
            if result.batch is not None:
                return  # at a loss that is NaN or infinite
        if self._position == self._length:
            self._next_pass()

    def _open(self) -> Any:
        """Returns an iterator of the batches from where the source is in its pass."""
        return iter(self._dataset)

    def _next_batch(self) -> Any:
        """Returns an optional of the next batch; None where the data have ended."""
        if self._position == self._length:
            return None
        first = self._iterator.get_next_as_optional()
        if not first.has_value():
            return None
        if not self._first_batch:
            self._first_batch = checksum(without_missing(first.get_value()))
        return first

    def _left(self, done: int) -> float:
        """The batches that are left of the epoch and of the data, at least 1."""
        epoch = math.inf if self._given_steps is None else self._given_steps - done
        data = math.inf if self._length is None else self._length - self._position
        return min(epoch, data)

    def _run(self, loop: AnyLoop, first: Any, steps: float) -> LoopResult:
        if not self._one_by_one:
            return loop.over_stream(first, self._iterator, int(steps))
        batch = without_missing(first.get_value())
        packed = keras.utils.pack_x_y_sample_weight(
            *keras.utils.unpack_x_y_sample_weight(batch)
        )
        order = np.arange(batch_size(packed), dtype=np.int32)[np.newaxis]
        return loop.over_arrays(packed, order, partial=True)

    def _next_pass(self) -> None:
        self._iterator, self._pass, self._position = None, self._pass + 1, 0

    def restart(self) -> None:
        """Begins to read anew."""
        self._iterator, self._position = None, 0

    def settings(self) -> dict[str, str]:
        """Returns what must be the same in a run that goes on with these data."""
        known = self._adapter.num_batches
        return {
            "the data": f"{'a stream' if known is None else f'{known} batches'} of "
            f"{self._dataset.element_spec}",
            "`steps_per_epoch`": str(self._given_steps),
        }

    def state(self) -> dict[str, Any]:
        """Returns where in the data the source is, and how they begin."""
        return {
            "pass": self._pass,
            "position": self._position,
            "first_batch": self._first_batch,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Reads up to where a source of the same data was.

        A data set that shuffles draws a new order whenever it is iterated over: earlier
        passes are begun, so that the same orders are drawn again.

        Raises:
            InputError: If the data end before.
        """
        first = None
        for _ in range(state["pass"]):
            batch = next(iter(self._dataset), None)
            first = batch if first is None else first
        self._iterator = iter(self._dataset)
        for position in range(state["position"]):
            batch = next(self._iterator, None)
            if batch is None:
                raise InputError(
                    "A run must be resumed with the data that it was begun with. "
                    f"Received: a stream of {position} batches, of which the run had "
                    f"taken {state['position']}."
                )
            first = batch if first is None else first
        self._pass, self._position = state["pass"], state["position"]
        begun_with = state.get("first_batch")
        self._first_batch = begun_with or ""
        if begun_with and first is not None:
            if checksum(without_missing(first)) != begun_with:
                warnings.warn(
                    "The first batch of the stream is not the one that the run was "
                    "begun with, so it does not go on to the bit: a shuffle needs a "
                    "seed.",
                    stacklevel=2,
                )


def raise_empty(name: str) -> None:
    """Raises for data without a batch.

    Args:
        name: What they are called in the message.

    Raises:
        InputError: Always.
    """
    raise InputError(f"{name} must give at least one batch. Received: an empty stream.")

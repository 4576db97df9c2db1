"""Arrays in memory as a source of batches, which are drawn inside the graph."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._order import draw_order
from .source import AnyLoop, LoopResults, NextSteps, checksum, warn_of_the_end


class ArraySource:
    """Arrays in memory: each epoch's order is drawn at once, batches in the graph.

    The order of a pass over the data depends on the seed and on the number of the pass
    alone, so that a run that is resumed goes on in the order it was in.
    """

    described = "arrays in memory, each batch drawn inside the graph"
    name = "`x`"

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

    def batches(self) -> Generator[Any]:
        """Yields each batch of an epoch, in the order of the arrays."""
        if self.steps_per_epoch > self._batches:
            warn_of_the_end()
        stop = min(self.steps_per_epoch * self.batch_size, self.samples)
        for begin in range(0, stop, self.batch_size):
            end = begin + self.batch_size
            yield keras.tree.map_structure(
                lambda leaf, begin=begin, end=end: leaf[begin:end], self.arrays
            )

    def epoch(self, loop: AnyLoop, next_steps: NextSteps, done: int = 0) -> LoopResults:
        """Runs an epoch, or what remains of it, in calls of as many steps as wanted.

        Args:
            loop: What to run.
            next_steps: Called before each call of the loop.
            done: Steps of the epoch that were taken before, by a run that is resumed.
        """
        end = self._position + self.steps_per_epoch - done
        if end > self._batches:
            warn_of_the_end()
            end = self._batches
        order = self._order()
        while self._position < end:
            rows = self._rows(order, min(self._position + next_steps(), end))
            partial = rows.shape[1] < self.batch_size
            result = loop.over_arrays(self.arrays, rows, partial=partial)
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
        return draw_order(
            self.samples,
            self._seed,
            self._pass,
            shuffle=self._shuffle,
            batch_size=self.batch_size,
        )

    def restart(self) -> None:
        """Goes to the first batch."""
        self._position = 0

    def settings(self) -> dict[str, str]:
        """Returns what must be the same in a run that goes on with these data."""
        return {
            "the data": f"{self.samples} samples, checksum {checksum(self.arrays)}",
            "`batch_size`": str(self.batch_size),
            "`steps_per_epoch`": str(self.steps_per_epoch),
            "`shuffle`": str(self._shuffle),
        }

    def state(self) -> dict[str, int]:
        """Returns where in the data the source is."""
        return {"seed": self._seed, "pass": self._pass, "position": self._position}

    def restore(self, state: dict[str, int]) -> None:
        """Goes to where a source with the same arguments was.

        Raises:
            InputError: If the data have no such position.
        """
        if not 0 <= state["position"] <= self._batches:
            raise InputError(
                "A run must be resumed with the data that it was begun with. Received: "
                f"{self._batches} batches, of which the run had taken "
                f"{state['position']}."
            )
        self._seed, self._pass = state["seed"], state["pass"]
        self._position = state["position"]

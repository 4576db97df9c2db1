"""Samples on a disk as a source of batches, read in an order drawn anew each pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._order import draw_order
from .stream_source import StreamSource


@runtime_checkable
class IndexedData(Protocol):
    """Data too large for memory, of which any samples can be read in any order."""

    @property
    def fingerprint(self) -> str:
        """What differs where the data do; a run is resumed with its own only."""

    def __len__(self) -> int:
        """The number of samples."""

    def batches_at(self, positions: npt.NDArray[Any], batch_size: int) -> Any:
        """Returns a `tf.data.Dataset` of batches (x, y) of the samples at `positions`.

        The last batch may be smaller.
        """


class IndexedSource(StreamSource):
    """Samples on a disk, in the order in which `ArraySource` would draw them.

    A run that is resumed in the middle of an epoch reads none of what came before.
    """

    described = "samples on the disk, read in an order drawn anew each epoch"

    def __init__(
        self,
        data: IndexedData,
        adapt: Callable[[Any], Any],
        batch_size: int,
        *,
        shuffle: bool | str = False,
        steps_per_epoch: int | None = None,
        seed: int = 0,
        one_by_one: bool = False,
        name: str = "`x`",
    ) -> None:
        """Takes data of which nothing is read yet.

        Args:
            data: The samples.
            adapt: From a `tf.data.Dataset` to Keras's adapter of it.
            batch_size: Samples a batch; the last batch of a pass may be smaller.
            shuffle: As `ArraySource` takes it.
            steps_per_epoch: Batches an epoch; None for a whole pass.
            seed: Fixes the orders.
            one_by_one: As `StreamSource` takes it.
            name: What messages call the data.

        Raises:
            InputError: If there are no samples.
        """
        super().__init__(
            adapt(data.batches_at(np.arange(len(data)), batch_size)),
            steps_per_epoch=steps_per_epoch,
            one_by_one=one_by_one,
            name=name,
        )
        self._data, self._adapt, self._samples_a_batch = data, adapt, batch_size
        self._shuffle, self._seed = shuffle, seed

    @property
    def batch_size(self) -> int:
        """Samples a batch, the last of a pass excepted."""
        return self._samples_a_batch

    def _open(self) -> Any:
        size = self._samples_a_batch
        order = draw_order(
            len(self._data),
            self._seed,
            self._pass,
            shuffle=self._shuffle,
            batch_size=size,
        )
        rest = order[self._position * size :]
        return iter(self._adapt(self._data.batches_at(rest, size)).get_tf_dataset())

    def settings(self) -> dict[str, str]:
        """Returns what must be the same in a run that goes on with these data."""
        return {
            "the data": self._data.fingerprint,
            "`batch_size`": str(self._samples_a_batch),
            "`steps_per_epoch`": str(self._given_steps),
            "`shuffle`": str(self._shuffle),
        }

    def state(self) -> dict[str, Any]:
        """Returns where in the data the source is."""
        return {"seed": self._seed, "pass": self._pass, "position": self._position}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes to where a source with the same arguments was.

        Raises:
            InputError: If the data have no such position.
        """
        if self._length is not None and not 0 <= state["position"] <= self._length:
            raise InputError(
                "A run must be resumed with the data that it was begun with. Received: "
                f"{self._length} batches, of which the run had taken "
                f"{state['position']}."
            )
        self._iterator = None
        self._seed, self._pass = state["seed"], state["pass"]
        self._position = state["position"]

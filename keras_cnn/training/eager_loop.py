"""Steps one by one in Python, for `run_eagerly`: a debugger stops in them anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from .loop import Action, LoopResult


class EagerLoop:
    """What `Loop` does, without compiling anything."""

    def __init__(
        self,
        action: Action,
        *,
        metrics: Callable[[], dict[str, Any]] | None,
        stops: bool = False,
    ) -> None:
        """Keeps the step.

        Args:
            action: Takes a batch; returns its loss and what it reports.
            metrics: Gives the metrics at the end of a loop. None where only the steps
                know what to report.
            stops: Whether a loss that is NaN or infinite ends the loop.
        """
        self._action = action
        self._metrics = metrics
        self._stops = stops

    def over_arrays(
        self, arrays: Any, order: Any, *, partial: bool = False
    ) -> LoopResult:
        """Takes one step for each row of `order`; see `Loop.over_arrays`."""
        import tensorflow as tf

        return self._run(
            keras.tree.map_structure(lambda leaf, row=row: tf.gather(leaf, row), arrays)
            for row in order
        )

    def over_stream(self, first: Any, iterator: Any, steps: int) -> LoopResult:
        """Takes at most `steps` steps; see `Loop.over_stream`."""
        return self._run(_batches(first, iterator, steps))

    def _run(self, batches: Iterable[Any]) -> LoopResult:
        steps, nonfinite, last_finite, stopped_at = 0, 0, math.nan, None
        logs: dict[str, Any] = {}
        for batch in batches:
            loss, logs = self._action(batch)
            steps += 1
            if math.isfinite(loss):
                last_finite = float(loss)
                continue
            nonfinite += 1
            if self._stops:
                stopped_at = batch
                break
        if self._metrics is not None:
            logs = self._metrics()
        return LoopResult(steps, logs, last_finite, nonfinite, stopped_at)


def _batches(first: Any, iterator: Any, steps: int) -> Iterator[Any]:
    current = first
    for step in range(steps):
        if step:
            current = iterator.get_next_as_optional()
        if not current.has_value():
            return
        yield current.get_value()

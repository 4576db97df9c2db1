"""How many steps one call of a loop takes: as many as hooks and the clock allow."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras

from ._keras import is_default

Phase = Literal["train", "test", "predict"]

# A call ends about this often, for the progress shown and for Ctrl-C, which Python
# notices between calls only.
_SECONDS_PER_CALL = 0.5
_FIRST_STEPS = 8
_GROWTH = 4


class Pace:
    """Gives the number of steps of the next call.

    A call never goes past a batch at which someone must be asked: a multiple of one of
    the intervals, counted over all steps of the run. Apart from that it takes as many
    steps as fit into half a second, by the speed seen so far.
    """

    def __init__(
        self,
        intervals: Sequence[int],
        done: int = 0,
        agree: Callable[[int], int] = lambda steps: steps,
    ) -> None:
        """Takes what bounds a call.

        Args:
            intervals: In steps; may be empty.
            done: The steps already done.
            agree: From one's own number to that of all workers, which must take the
                same steps in a call although their clocks differ.
        """
        self._agree = agree
        self.done = done
        self._intervals = intervals
        self._affordable = _FIRST_STEPS
        self._begin = 0.0

    def __call__(self) -> int:
        """Returns the steps of the next call, which begins now."""
        self._begin = time.perf_counter()
        to_next = [interval - self.done % interval for interval in self._intervals]
        return self._agree(min([self._affordable, *to_next]))

    def took(self, steps: int) -> None:
        """Says how many steps the call has taken, now that it ends."""
        self.done += steps
        seconds = max(time.perf_counter() - self._begin, 1e-6)
        fitting = int(steps * _SECONDS_PER_CALL / seconds)
        self._affordable = max(1, min(fitting, self._affordable * _GROWTH))


class Hooks:
    """The batch-level hooks of some callbacks, called as often as they need it."""

    def __init__(
        self,
        callbacks: keras.callbacks.CallbackList,
        phase: Phase,
        steps_per_execution: int = 1,
    ) -> None:
        """Finds out who wants to be called, and how often.

        Args:
            callbacks: The callbacks.
            phase: Which of their hooks.
            steps_per_execution: Batches between calls for a callback that does not say
                what it needs; as in Keras, the one given to `compile`.
        """
        names = _hook_names(phase)
        needs = {
            _interval(callback, steps_per_execution)
            for callback in callbacks.callbacks
            if not all(is_default(getattr(callback, name)) for name in names)
        }
        needs.discard(None)
        self.intervals = [int(need) for need in needs if need not in (None, _WHENEVER)]
        self.begin = getattr(callbacks, names[0]) if needs else _nobody
        self.end = getattr(callbacks, names[1]) if needs else _nobody


# As many batches as one likes between two calls of a hook.
_WHENEVER = math.inf


def _nobody(batch: int, logs: Any = None) -> None:
    """Takes the place of hooks that nobody asked for."""


def _hook_names(phase: Phase) -> list[str]:
    names = [f"on_{phase}_batch_begin", f"on_{phase}_batch_end"]
    return names + ["on_batch_begin", "on_batch_end"] if phase == "train" else names


def _interval(callback: Any, steps_per_execution: int) -> float | None:
    """Returns after how many batches a callback needs its hooks again; None for never.

    A callback of one's own may say so in an attribute `batch_interval`: a number of
    batches, or None for whenever it suits.
    """
    if hasattr(callback, "batch_interval"):
        interval: int | None = callback.batch_interval
        return _WHENEVER if interval is None else interval
    kinds = keras.callbacks
    if type(callback).__module__.partition(".")[0] == "keras":
        match callback:
            case kinds.ProgbarLogger():
                return _WHENEVER
            case kinds.TerminateOnNaN():
                return _WHENEVER  # the loop itself ends at such a loss
            case kinds.ModelCheckpoint() | kinds.BackupAndRestore():
                frequency = callback.save_freq
                return None if frequency == "epoch" else int(frequency)
            case kinds.TensorBoard():
                timed = callback.write_steps_per_second or callback._should_trace
                each = callback.update_freq != "epoch" or timed
                return 1 if each else _WHENEVER
    return steps_per_execution

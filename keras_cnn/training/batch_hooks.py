"""How many steps one call of a loop takes: as many as hooks and the clock allow."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from ._keras import is_default, pythonify_logs

Phase = Literal["train", "test", "predict"]

# A call ends about this often, for the progress shown and for Ctrl-C, which Python
# notices between calls only.
_SECONDS_PER_CALL = 0.5
_FIRST_STEPS = 8
_GROWTH = 4


class StepBudget:
    """Gives the number of steps of the next call.

    It is as many as someone allows who must be asked after them, and no more than fit
    into half a second, by the speed seen so far.
    """

    def __init__(self, broadcast: Callable[[int], int] = lambda steps: steps) -> None:
        """Begins with a few steps, until the speed is known.

        Args:
            broadcast: From this worker's number to the chief's: all must take the same
                steps in a call although their clocks differ.
        """
        self._broadcast = broadcast
        self._affordable = _FIRST_STEPS
        self._begin = 0.0

    def __call__(self, max_steps: float) -> int:
        """Returns the steps of the next call, which begins now."""
        self._begin = time.perf_counter()
        return self._broadcast(int(min(self._affordable, max_steps)))

    def took(self, steps: int) -> None:
        """Says how many steps the call has taken, now that it ends."""
        seconds = max(time.perf_counter() - self._begin, 1e-6)
        fitting = int(steps * _SECONDS_PER_CALL / seconds)
        self._affordable = max(1, min(fitting, self._affordable * _GROWTH))


class BatchHooks:
    """The batch-level hooks of some callbacks, each called as often as it needs it."""

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
        self._listeners = [
            _Listener(callback, names, need)
            for callback in callbacks.callbacks
            if not all(is_default(getattr(callback, name)) for name in names)
            and (need := _need(callback, steps_per_execution)) is not None
        ]

    def max_steps(self, step: int, total: int) -> float:
        """Returns how many steps may be taken until someone must be asked.

        Args:
            step: Steps done in the epoch.
            total: Steps done in the run.
        """
        left = [listener.need.left(step, total) for listener in self._listeners]
        return min(left, default=math.inf)

    def begin(self, step: int) -> None:
        """Says that a step begins, to those who were called at the end of another."""
        for listener in self._listeners:
            if not listener.begun:
                listener.begin(step)

    def end(self, step: int, total: int, logs: Any) -> None:
        """Says that steps have ended, to those for whom it is time.

        Args:
            step: The last of them, counted from 0 in the epoch.
            total: Steps done in the run.
            logs: What they gave.
        """
        for listener in self._listeners:
            if listener.need.due(step + 1, total):
                listener.end(step, logs)
            else:
                listener.waits = True

    def end_epoch(self, step: int, logs: Any) -> None:
        """Says that the epoch has ended, to those who have not heard of its end."""
        for listener in self._listeners:
            if listener.waits:
                listener.end(step, logs)


@dataclass(frozen=True)
class _Need:
    """How often a callback needs its hooks.

    Attributes:
        bound: The most batches between two calls; infinite for as many as one likes.
        exactly: Whether it must be called at multiples of the bound only; else it is
            called after each call of the loop, and counts for itself.
        over_run: Whether the multiples are counted over the run, not in each epoch.
    """

    bound: float
    exactly: bool = False
    over_run: bool = True

    def left(self, step: int, total: int) -> float:
        """Returns the batches until the next multiple."""
        if math.isinf(self.bound):
            return math.inf
        return self.bound - (total if self.over_run else step) % self.bound

    def due(self, step: int, total: int) -> bool:
        """Returns whether it is time to call, after some steps."""
        return not self.exactly or self.left(step, total) == self.bound


@dataclass(frozen=True)
class _Saving:
    """The need of a callback that counts batches itself, from one `fit` to the next."""

    callback: Any

    def left(self, step: int, total: int) -> float:
        """Returns the batches until it saves, or 1 at the beginning of an epoch.

        It knows a new epoch by a batch whose number is not above the last one that it
        saw, so it must see the first.
        """
        if step == 0:
            return 1
        frequency: int = self.callback.save_freq
        counted: int = self.callback._batches_seen_since_last_saving
        return max(1, frequency - counted)

    def due(self, step: int, total: int) -> bool:
        """Returns that it is called after each call of the loop."""
        return True


class _Listener:
    """A callback that has batch-level hooks."""

    def __init__(
        self, callback: Any, names: Sequence[str], need: _Need | _Saving
    ) -> None:
        self.need = need
        self.begun = False
        self.waits = False
        self._begin, self._end = (getattr(callback, name) for name in names[:2])

    def begin(self, step: int) -> None:
        self.begun = True
        self._begin(step, logs=None)  # by name, as Keras calls them

    def end(self, step: int, logs: Any) -> None:
        self.begun = self.waits = False
        self._end(step, logs=pythonify_logs(logs))


def _hook_names(phase: Phase) -> list[str]:
    names = [f"on_{phase}_batch_begin", f"on_{phase}_batch_end"]
    return names + ["on_batch_begin", "on_batch_end"] if phase == "train" else names


def _need(callback: Any, steps_per_execution: int) -> _Need | _Saving | None:
    """Returns how often a callback needs its hooks; None for never.

    A user's callback may say so in an attribute `batch_interval`: a number of
    batches, or None for whenever it suits.
    """
    if hasattr(callback, "batch_interval"):
        interval: int | None = callback.batch_interval
        return _Need(math.inf) if interval is None else _Need(interval, exactly=True)
    kinds = keras.callbacks
    if type(callback).__module__.partition(".")[0] == "keras":
        match callback:
            case kinds.ProgbarLogger():
                return _Need(math.inf)
            case kinds.TerminateOnNaN():
                return _Need(math.inf)  # the loop itself ends at such a loss
            case kinds.ModelCheckpoint() | kinds.BackupAndRestore():
                return None if callback.save_freq == "epoch" else _Saving(callback)
            case kinds.TensorBoard():
                timed = callback.write_steps_per_second or callback._should_trace
                each = callback.update_freq != "epoch" or timed
                return _Need(1 if each else math.inf)
    return _Need(steps_per_execution, exactly=True, over_run=False)

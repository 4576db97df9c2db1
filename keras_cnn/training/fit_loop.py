"""One call of `fit`: its epochs, hooks, checkpoints and validation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import keras

from .batch_hooks import BatchHooks, StepBudget
from .checkpoint_file import FitState
from .checkpoints import Checkpoints
from .data_sources import Source
from .errors import NonFiniteLossError
from .nonfinite import find_cause
from .source import AnyLoop
from .steps import OnNonfinite, logs_of_epoch, overrides
from .stream_source import raise_empty


@dataclass
class FitLoop:
    """A training run over some epochs.

    Attributes:
        model: The compiled and built model.
        loop: The loop of training steps.
        source: The training data.
        callbacks: Keras's list of them.
        epochs: The epoch after the last one.
        initial_epoch: The first one.
        validate: Evaluates the model on the validation data; None where there are none.
        validation_freq: As `Model.fit` takes it.
        on_nonfinite: As `Trainer` takes it.
        checkpoints: Where the run's state is kept; None for nowhere.
        broadcast: From this worker's number to the chief's.
    """

    model: keras.Model
    loop: AnyLoop
    source: Source
    callbacks: keras.callbacks.CallbackList
    epochs: int
    initial_epoch: int
    validate: Callable[[], dict[str, Any]] | None
    validation_freq: Any
    on_nonfinite: OnNonfinite
    checkpoints: Checkpoints | None
    broadcast: Callable[[int], int]

    def run(self, resume: bool) -> keras.callbacks.History:
        """Trains, and returns the History callback.

        Args:
            resume: Whether to go on from the newest checkpoint, where there is one.
        """
        model = self.model
        before = None
        self._settings = self.source.settings() if self.checkpoints else {}
        if self.checkpoints and resume:
            before = self.checkpoints.restore(self.source, self._settings)
        model.stop_training = False
        # A callback such as BackupAndRestore may say with which epoch to begin. Keras
        # leaves it there, and later runs begin with it, too.
        model._initial_epoch = None
        self.callbacks.on_train_begin()
        first, done, total = model._initial_epoch or self.initial_epoch, 0, 0
        model._initial_epoch = None
        if before:
            first, done, total = before.epoch, before.step, before.total
            model.history.history.update(before.history)
            model.history.epoch.extend(before.epochs)
        self._hooks = BatchHooks(self.callbacks, "train", model.steps_per_execution)
        self._budget = StepBudget(self.broadcast)
        self._total = total
        self._last_finite = math.nan

        logs: dict[str, Any] | None = None
        for epoch in range(first, self.epochs):
            epoch_logs = self._epoch(epoch, done)
            if epoch_logs is None:
                break
            logs, done = epoch_logs, 0
            if model.stop_training:
                break
        if self.epochs > 0 and isinstance(model.optimizer, keras.optimizers.Optimizer):
            model.optimizer.finalize_variable_values(model.trainable_weights)
        self.callbacks.on_train_end(logs)
        history: keras.callbacks.History = model.history
        return history

    def _epoch(self, epoch: int, done: int) -> dict[str, Any] | None:
        """Runs an epoch, and returns its logs; None where there were no data for it."""
        if not done:
            self.model.reset_metrics()
        self.callbacks.on_epoch_begin(epoch)
        before = self._total
        steps_logs = self._steps(epoch, done)
        if self._total == before and not done:
            self._end_without_data()
            return None
        logs = dict(steps_logs)
        if self.validate and self.model._should_eval(epoch, self.validation_freq):
            measured = self.validate()
            logs.update({f"val_{name}": value for name, value in measured.items()})
        self.callbacks.on_epoch_end(epoch, logs)
        if self.checkpoints and self.checkpoints.every is None:
            self._save(epoch + 1, 0)
        return logs

    def _steps(self, epoch: int, done: int) -> dict[str, Any]:
        """Takes the steps of an epoch, or those after `done`, and returns its logs."""
        logs: dict[str, Any] | None = None
        skipped = 0

        def next_steps() -> int:
            self._hooks.begin(done)
            max_steps = self._hooks.max_steps(done, self._total)
            if self.model.stop_training:  # heard after the next batch, as in Keras
                max_steps = min(max_steps, self.model.steps_per_execution)
            if self.checkpoints and (interval := self.checkpoints.interval):
                max_steps = min(max_steps, interval - self._total % interval)
            return self._budget(max_steps)

        with closing(self.source.epoch(self.loop, next_steps, done)) as results:
            for result in results:
                self._budget.took(result.steps)
                done += result.steps
                self._total += result.steps
                skipped += result.nonfinite
                logs = result.logs
                if not math.isnan(result.last_finite):
                    self._last_finite = result.last_finite
                self._hooks.end(done - 1, self._total, logs)
                if self.model.stop_training:
                    break
                if result.batch is not None and self.on_nonfinite == "stop":
                    self._stop_at(result.batch, epoch, done - 1)
                if self.checkpoints and self.checkpoints.due(self._total):
                    self._save(epoch, done)
        self._hooks.end_epoch(done - 1, logs)
        if skipped and self.on_nonfinite == "skip":
            warnings.warn(
                f"Steps skipped in epoch {epoch}, since their loss was NaN or "
                f"infinite: {skipped}.",
                stacklevel=2,
            )
        if logs is None:  # a resumed epoch without steps left: its metrics are restored
            return self.model.get_metrics_result()  # type: ignore[no-any-return]
        return logs_of_epoch(self.model, logs, "train")

    def _end_without_data(self) -> None:
        if not self._total:
            raise_empty(self.source.name)
        warnings.warn(
            "Training ends here: the data have run out, so another epoch would be "
            "without a step.",
            stacklevel=2,
        )

    def _stop_at(self, batch: Any, epoch: int, step: int) -> None:
        paths = self.checkpoints.paths if self.checkpoints else []
        cause = find_cause(self.model, batch)
        self.callbacks.on_train_end()  # so that they close their files
        raise NonFiniteLossError(
            epoch,
            step,
            self._last_finite,
            cause,
            str(paths[-1]) if paths else "",
            undone=not overrides(self.model, "train_step"),
        )

    def _save(self, epoch: int, step: int) -> None:
        if self.checkpoints is None:
            return
        history = self.model.history
        self.checkpoints.save(
            FitState(
                epoch=epoch,
                step=step,
                total=self._total,
                source=self.source.state(),
                settings=self._settings,
                history=history.history,
                epochs=history.epoch,
            )
        )

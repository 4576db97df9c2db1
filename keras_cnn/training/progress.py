"""Training as one watches it: a bar in a terminal, a line an epoch everywhere."""

from __future__ import annotations

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

# The bar is redrawn at most this often: reading a metric costs a little each time.
_SECONDS_BETWEEN_UPDATES = 0.2


class ProgressBar(keras.callbacks.Callback):
    """Shows batches, metrics and time left in a terminal; prints a line an epoch.

    Where the output is not a terminal, or `verbose` is 2, the lines are all there is.
    A subclass that prints something else of an epoch overrides `report`. The bar is
    gone while a line is printed, so that the two may go to different streams.
    """

    batch_interval = None  # called whenever it suits

    def __init__(self, verbose: int, console: Console | None = None) -> None:
        """Takes Keras's `verbose`, and where the bar is shown.

        Args:
            verbose: 1 for a bar and lines, 2 for lines.
            console: Defaults to `None`, for standard output.
        """
        super().__init__()
        self._console = console or Console(
            highlight=False, markup=False, soft_wrap=True
        )
        self._shows_bar = verbose == 1 and self._console.is_terminal
        self._bar: Progress | None = None
        self._training = False

    def report(self, logs: dict[str, Any], seconds: float) -> None:
        """Prints the line of an epoch, an evaluation or a prediction.

        Args:
            logs: The metrics; {} for a prediction.
            seconds: How long it took.
        """
        words = [self._name, _words(logs), f"{seconds:.1f} s"]
        self._console.print("  ".join(filter(None, words)))

    def close(self) -> None:
        """Removes the bar, where a training has ended with an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Notes that evaluation is part of training from here on."""
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the epoch's clock and bar."""
        self._name = f"Epoch {epoch + 1}/{self.params['epochs']}"
        self._start(self.params["steps"])

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Moves the bar."""
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prints the epoch's line."""
        self._finish(logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Removes the bar."""
        self._training = False
        self.close()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock of an evaluation by itself."""
        if not self._training:
            self._name = "Evaluation"
            self._start(self.params["steps"])

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar of an evaluation by itself."""
        if not self._training:
            self._move(batch, logs)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Prints the line of an evaluation by itself."""
        if not self._training:
            self._finish(logs)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock of a prediction."""
        self._name = "Prediction"
        self._start(self.params["steps"])

    def on_predict_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Moves the bar of a prediction."""
        self._move(batch, None)

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Prints how long the prediction took."""
        self._finish(None)

    def _start(self, steps: int | None) -> None:
        self._begin = self._last = time.perf_counter()
        if not self._shows_bar:
            return
        self._bar = Progress(
            TextColumn(self._name),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[metrics]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=steps, metrics="")
        self._bar.start()

    def _move(self, batch: int, logs: dict[str, Any] | None) -> None:
        now = time.perf_counter()
        if self._bar is None or now - self._last < _SECONDS_BETWEEN_UPDATES:
            return
        self._last = now
        self._bar.update(self._task, completed=batch + 1, metrics=_words(logs))

    def _finish(self, logs: dict[str, Any] | None) -> None:
        self.close()
        self.report(logs or {}, time.perf_counter() - self._begin)


def _words(logs: dict[str, Any] | None) -> str:
    return "  ".join(
        f"{name} {float(value):.4g}" for name, value in (logs or {}).items()
    )

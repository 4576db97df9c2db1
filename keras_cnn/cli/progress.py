"""A training run as one watches it: a bar by batch, a table by epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import keras
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ..runs.config import RunConfig
from .console import err

# The bar is redrawn at most this often: reading the loss costs a little each time.
_SECONDS_BETWEEN_UPDATES = 0.2


class EpochTable(keras.callbacks.Callback):
    """Shows loss, accuracy, speed and time left; prints a row when an epoch ends.

    The bar is shown only in a terminal; the rows always.
    """

    batch_interval = None  # called whenever it suits the trainer

    def __init__(self, config: RunConfig, images: int) -> None:
        """Prepares the bar.

        Args:
            config: Gives the epochs, the batch size, and whether there is validation.
            images: The number of images an epoch.
        """
        super().__init__()
        self._config = config
        self._images = images
        self._validated = config.validation_split > 0
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[metrics]}"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._task = self._progress.add_task(
            "", total=config.epochs * images, epoch=1, epochs=config.epochs, metrics=""
        )

    def __enter__(self) -> Self:
        """Starts the bar."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Removes the bar, however the training ended."""
        self._progress.stop()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Prints the table's head."""
        self._last_update = 0.0
        heads = ["epoch", "loss", "accuracy"]
        heads += ["val loss", "val accuracy"] if self._validated else []
        _print_row([*heads, "images/s", "seconds"])

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the epoch's clock."""
        self._epoch = epoch
        self._begin = time.perf_counter()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Moves the bar, a few times a second."""
        now = time.perf_counter()
        if self._progress.disable or now - self._last_update < _SECONDS_BETWEEN_UPDATES:
            return
        self._last_update = now
        seen = min((batch + 1) * self._config.batch_size, self._images)
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._progress.update(
            self._task,
            completed=self._epoch * self._images + seen,
            epoch=self._epoch + 1,
            metrics=f"loss {values.get('loss', 0):.4f}  "
            f"accuracy {values.get('accuracy', 0):.2%}  "
            f"{seen / (now - self._begin):,.0f} images/s",
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prints the epoch's row."""
        seconds = time.perf_counter() - self._begin
        values = logs or {}
        cells = [f"{epoch + 1}", f"{values['loss']:.4f}", f"{values['accuracy']:.2%}"]
        if self._validated:
            cells += [f"{values['val_loss']:.4f}", f"{values['val_accuracy']:.2%}"]
        cells += [f"{self._images / seconds:,.0f}", f"{seconds:.1f}"]
        _print_row(cells)


def _print_row(cells: Sequence[str]) -> None:
    # Not through the console: while a bar is shown, rich sees to it that what is
    # printed appears above the bar, and another console would go past that.
    print("  ".join(f"{cell:>12}" for cell in cells), flush=True)

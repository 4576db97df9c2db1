"""A training run as one watches it: a bar by batch, a table by epoch."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import keras
from rich.text import Text

from ..data import ImageDataset
from ..runs import Observer, TrainingResult
from ..runs.config import RunConfig
from ..training.progress import ProgressBar
from .console import err, out, print_note, print_warning
from .datasets import print_summary
from .linting import warn_of_mistakes


class ShownRun(Observer):
    """Prints how a run goes on: its data, its model, its epochs.

    Attributes:
        saved: Where the trained model is; None before it is saved.
        result: What the training gave; None before that.
    """

    def __init__(self, config: RunConfig) -> None:
        """Takes what the run is asked to do."""
        self.saved: Path | None = None
        self.result: TrainingResult | None = None
        self._config = config
        self._loading = err.status(Text(f"Loading {config.dataset} ..."))
        self._table: EpochTable | None = None

    def __enter__(self) -> Self:
        """Says that the data are being loaded."""
        self._loading.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Removes what moves from the screen, however the run ended."""
        self._loading.stop()
        if self._table is not None:
            self._table.close()

    def on_reading(self, done: int, total: int) -> None:
        """Says how far the reading of the files is."""
        self._loading.update(Text(f"Reading image files: {done:,} of {total:,} ..."))

    def on_note(self, words: str) -> None:
        """Prints what was decided."""
        print_note(words)

    def on_data(self, dataset: ImageDataset) -> None:
        """Prints what is loaded; loudly where it was substituted."""
        self._loading.stop()
        if dataset.provenance.note:
            print_warning(dataset.provenance.note)
        print_summary(dataset)

    def on_model(
        self, model: keras.Model, dataset: ImageDataset
    ) -> Iterable[keras.callbacks.Callback]:
        """Prints what is about to be trained, and what looks wrong with it."""
        epochs = self._config.epochs
        out.print(
            f"{model.name}: {model.count_params():,} parameters, {epochs} "
            f"{'epoch' if epochs == 1 else 'epochs'} of batches of "
            f"{self._config.batch_size}"
        )
        warn_of_mistakes(model, self._config, dataset)
        self._table = EpochTable(
            len(dataset.train), validated=dataset.validation is not None
        )
        return [self._table]

    def on_no_learning(self, said: str, folder: Path) -> None:
        """Prints what was seen, and the command that looks for the cause."""
        command = f"keras-cnn diagnose {shlex.quote(str(folder))} --fresh"
        print_warning(f"{said} To look for the cause: {command}")

    def on_saved(self, path: Path, result: TrainingResult) -> None:
        """Notes where the model is."""
        self.saved, self.result = path, result


class EpochTable(ProgressBar):
    """Prints a row of loss, accuracy and speed when an epoch ends, below a head.

    The bar is shown only in a terminal; the rows always.
    """

    def __init__(self, images: int, *, validated: bool) -> None:
        """Takes what the rows are to show.

        Args:
            images: The number of images an epoch.
            validated: Whether there is a validation.
        """
        super().__init__(1, err)
        self._images = images
        self._validated = validated

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Prints the table's head."""
        super().on_train_begin(logs)
        heads = ["epoch", "loss", "accuracy"]
        heads += ["val loss", "val accuracy"] if self._validated else []
        _print_row([*heads, "images/s", "seconds"])

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the epoch's clock and bar."""
        self._epoch = epoch
        super().on_epoch_begin(epoch, logs)

    def report(self, logs: dict[str, Any], seconds: float) -> None:
        """Prints the epoch's row."""
        # A `train_step` of one's own may report other numbers.
        cells = [f"{self._epoch + 1}"]
        for validation in ("", "val_") if self._validated else ("",):
            for name, form in (("loss", ".4f"), ("accuracy", ".2%")):
                value = logs.get(validation + name)
                cells.append("" if value is None else format(value, form))
        cells += [f"{self._images / seconds:,.0f}", f"{seconds:.1f}"]
        _print_row(cells)


def _print_row(cells: Sequence[str]) -> None:
    print("  ".join(f"{cell:>12}" for cell in cells), flush=True)

"""The numbers of a run, epoch by epoch: a table, lines of JSON, TensorBoard."""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path
from typing import Any

import keras

from .._checks import first_line


class EpochLog(keras.callbacks.Callback):
    """Writes a row an epoch to a `.csv` or `.jsonl` file.

    A disk that is full costs the row, and not the training, as Keras's `CSVLogger`
    would have it.
    """

    def __init__(self, path: Path) -> None:
        """Takes the file, which is gone on with where it exists."""
        super().__init__()
        self._path = path

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Makes the file, so that it is known to be there from the first."""
        self._path.touch()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Appends the epoch's row."""
        row: dict[str, float] = {"epoch": epoch}
        row |= {name: float(value) for name, value in (logs or {}).items()}
        try:
            with self._path.open("a", newline="") as file:
                is_new = file.tell() == 0
                if self._path.suffix == ".jsonl":
                    file.write(json.dumps(row) + "\n")
                    return
                writer = csv.DictWriter(file, list(row), lineterminator="\n")
                if is_new:
                    writer.writeheader()
                writer.writerow(row)
        except OSError as error:
            warnings.warn(
                f"The row of epoch {epoch} could not be written to {self._path}, and "
                f"training goes on without it ({first_line(error)}).",
                stacklevel=2,
            )


def board(folder: Path) -> keras.callbacks.Callback:
    """Returns Keras's own callback for TensorBoard, once an epoch."""
    return keras.callbacks.TensorBoard(str(folder), write_graph=False)

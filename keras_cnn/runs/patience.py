"""The end of a training whose validation loss no longer falls, at its best weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from .._files import replaced_file

# The best weights so far, in the run's folder while it goes on.
BEST = "best.npz"


class Patience(keras.callbacks.Callback):
    """Ends a training after some epochs without a better validation loss.

    The weights of the best epoch lie in a file, so that a run that was killed knows
    them, too, and are put back at the end. Keras's `EarlyStopping` keeps both in
    memory.

    Attributes:
        best_epoch: The best epoch, counted from 0; None before the first.
    """

    def __init__(self, patience: int, folder: Path, *, resume: bool = False) -> None:
        """Takes what the class says.

        Args:
            patience: Epochs without a better loss after which the training ends.
            folder: The run's folder.
            resume: Whether the run goes on from before. Defaults to `False`.
        """
        super().__init__()
        self._patience = patience
        self._path = folder / BEST
        self._resume = resume
        self._best = np.inf
        self.best_epoch: int | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Reads what was best before the run was interrupted."""
        if self._resume and self._path.is_file():
            with np.load(self._path) as kept:
                self._best, self.best_epoch = float(kept["loss"]), int(kept["epoch"])

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keeps the weights if they are better, and ends the training if not for long.

        Of a loss that is NaN none is better.
        """
        loss = (logs or {}).get("val_loss")
        if loss is None:  # a `test_step` of one's own may report other numbers
            return
        if loss < self._best:
            self._best, self.best_epoch = float(loss), epoch
            self._keep(epoch)
        elif epoch - (self.best_epoch or 0) >= self._patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the best weights back."""
        if self.best_epoch is None:
            return
        with np.load(self._path) as kept:
            self.model.set_weights(
                [kept[f"weight_{index}"] for index in range(len(kept) - 2)]
            )

    def _keep(self, epoch: int) -> None:
        weights = {
            f"weight_{index}": weight
            for index, weight in enumerate(self.model.get_weights())
        }
        with replaced_file(self._path) as temporary:
            np.savez(temporary, loss=self._best, epoch=epoch, **weights)

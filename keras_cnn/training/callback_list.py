"""The callbacks of a run: the user's, Keras's own, and a progress bar."""

from __future__ import annotations

from typing import Any

import keras

from .._checks import InputError
from .learning_watch import LearningWatch
from .progress import ProgressBar

# These write files; where workers share a folder, only the chief's may.
_WRITERS = (
    keras.callbacks.CSVLogger,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.TensorBoard,
)


def make_callback_list(
    given: Any,
    model: keras.Model,
    *,
    verbose: str | int,
    epochs: int,
    steps: int | None,
    history: bool = False,
    chief: bool = True,
) -> keras.callbacks.CallbackList:
    """Returns Keras's list of what a user gave, as `Model.fit` makes it.

    Args:
        given: None, a callback, a list of them, or a `CallbackList`, which is kept.
        model: What they are of.
        verbose: As `Model.fit` takes it.
        epochs: The epoch after the last one.
        steps: Batches an epoch; None if unknown.
        history: Whether this is a training: whether to add a History, and a watch
            over its learning, where there is none.
        chief: Whether this process may write files and show progress.

    Raises:
        InputError: If a worker other than the chief would have to restore a backup that
            only the chief has written.
    """
    if isinstance(given, keras.callbacks.CallbackList):
        return given
    shown = 1 if verbose == "auto" else int(verbose)
    callbacks = list(keras.tree.flatten(given)) if given else []
    if not chief:
        if any(isinstance(one, keras.callbacks.BackupAndRestore) for one in callbacks):
            raise InputError(
                "`callbacks` must not hold BackupAndRestore with several workers: use "
                "the trainer's `checkpoint_dir`. Received: BackupAndRestore."
            )
        callbacks = [one for one in callbacks if not isinstance(one, _WRITERS)]
    has_bar = any(isinstance(one, keras.callbacks.ProgbarLogger) for one in callbacks)
    if shown and chief and not has_bar:
        callbacks.append(ProgressBar(shown))
    watches = any(isinstance(one, LearningWatch) for one in callbacks)
    if history and shown and chief and not watches:
        callbacks.append(LearningWatch())
    return keras.callbacks.CallbackList(
        callbacks,
        add_history=history,
        model=model,
        verbose=shown,
        epochs=epochs,
        steps=steps,
    )

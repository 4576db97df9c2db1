"""A run from its configuration to what it leaves: data, training, record, export."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .._checks import InputError
from .._optional import optional
from ..data import ImageDataset
from ..saving.metadata import MODEL
from ..training.learning_watch import LearningWatch
from ..training.steps import Augment
from ..training.workers import broadcast_name_from_chief, is_chief
from .arguments import check_arguments
from .augmentation import augmentations
from .config import OPTIONS, RunConfig, name_for
from .folder import (
    CHECKPOINTS,
    HISTORY,
    INITIAL,
    INTERRUPTED,
    TENSORBOARD,
    new_run_folder,
    read_unfinished,
)
from .images import load_images
from .learning import TrainingResult, train
from .logs import EpochLog, board
from .model import build_model, check_backend, make_strategy
from .own_model import ModelSource, OwnModel, find_source, resumed_source
from .patience import BEST, Patience
from .record import save_model, write_config, write_result
from .starting_weights import find_weights, take_weights
from .task import is_of_signs

_FLIPPED = (
    "`augment` flips signs, which mean something else in a mirror, or nothing, while "
    "their labels stay. The set digits leaves flips out."
)


# How often the numbers of a model are on the disk at the same time: the model before
# and after with what its optimizer keeps, the best weights, an export; and four
# checkpoints.
_COPIES = 10
_CHECKPOINT_COPIES = 12


@dataclass(frozen=True, eq=False)
class Run:
    """What a run has made.

    Attributes:
        config: What it was asked to do.
        folder: The run's folder.
        dataset: The images.
        model: The trained model.
        model_path: The model's `.keras` file; `.weights.h5` of a class that Keras
            cannot write.
        result: History, scores on the test images, and duration.
        export: What the exporting step returned; None without one, or if the training
            was interrupted.
    """

    config: RunConfig
    folder: Path
    dataset: ImageDataset
    model: keras.Model
    model_path: Path
    result: TrainingResult
    export: Any = None


class Observer:
    """Hears of a run while it goes on; each method does nothing until overridden."""

    def on_reading(self, done: int, total: int) -> None:
        """Is called while image files are looked at, with how many are done."""

    def on_note(self, words: str) -> None:
        """Is called with a sentence on what was decided for the run."""

    def on_data(self, dataset: ImageDataset) -> None:
        """Is called when the images are loaded."""

    def on_model(
        self, model: keras.Model, dataset: ImageDataset
    ) -> Iterable[keras.callbacks.Callback]:
        """Is called before the training; returns callbacks for it."""
        return ()

    def on_no_learning(self, said: str, folder: Path) -> None:
        """Is called when the model does no better than a constant answer, once."""

    def on_saved(self, path: Path, result: TrainingResult) -> None:
        """Is called when the trained, or partly trained, model is on the disk."""


def run(
    config: RunConfig,
    runs: str | Path = "runs",
    *,
    resume: str | Path | None = None,
    export: Callable[[Run], Any] | None = None,
    observer: Observer | None = None,
    model: OwnModel | None = None,
    augment: Augment | None = None,
) -> Run:
    """Trains, tests and records, as a configuration says.

    A folder `runs/<UTC time>-<name>/` is made when data and model are known to be
    usable, and gets the configuration, history, model, result and pictures. Under
    Ctrl-C the training ends after the current step, what was learned is saved, and the
    result says so. With the strategy `multi-worker`, only the chief writes.

    Args:
        config: What the run is asked to do.
        runs: Where the run's folder is made. Defaults to `"runs"`.
        resume: The folder of an interrupted run with checkpoints, to go on with:
            `config` and `runs` are its own then. Defaults to `None`, for a new run.
        export: Called with the run when all but the export is done. Defaults to
            `None`, for no export.
        observer: Hears how the run goes on. Defaults to `None`.
        model: A Keras model of your own, or a function that returns one, called with
            (height, width, channels) and the number of classes. Defaults to `None`, for
            the one that `config.model` names.
        augment: Changes each training batch within the compiled loop, as `Trainer`
            takes it; a run that is resumed needs it again. Defaults to `None`, for
            `config.augment`.

    Returns:
        What the run has made.

    Raises:
        InputError: If data, model, loss or optimizer cannot be what is asked for.
        TrainingError: If the loss becomes NaN or infinite, or a worker is lost.
        OSError: If the disk is full, or a folder cannot be written to.

    Example:
        >>> import tempfile
        >>> from keras_cnn.runs import RunConfig, run
        >>> config = RunConfig(dataset="digits", limit=64, epochs=1)
        >>> done = run(config, tempfile.mkdtemp())
        >>> sorted(path.suffix for path in done.folder.iterdir())
        ['.csv', '.json', '.json', '.keras', '.png', '.png', '.png']
    """
    observer = observer or Observer()
    folder = None if resume is None else Path(resume)
    if folder is not None:
        config = read_unfinished(folder)
    elif model is not None:
        config = _of_own_model(config, model)
    check_backend()
    strategy = make_strategy(config)
    check_arguments(config, strategy)
    if config.tensorboard:
        optional("tensorboard", "tensorboard")
    chief = is_chief(strategy)
    with strategy.scope() if strategy else nullcontext():
        if folder is None:
            source = find_source(config, model)
        else:
            source = resumed_source(folder, config, model, note=observer.on_note)
    weights = find_weights(config.init) if config.init and folder is None else None
    config, dataset = load_images(
        config, source, observer.on_note, observer.on_reading if chief else None
    )
    if chief:
        observer.on_data(dataset)
    made = build_model(config, dataset, strategy, source)
    if weights is not None:
        taken = take_weights(made, weights)
        if taken.left:
            observer.on_note(f"Not taken from {weights}: {', '.join(taken.left)}.")
    if not made.trainable_weights:
        observer.on_note(
            "Nothing will be learned: every weight of the model is frozen."
        )
    if folder is None and chief:
        _check_disk(Path(runs).absolute(), config, made)
    if folder is None:
        name = new_run_folder(Path(runs), config.name).name if chief else ""
        folder = Path(runs) / broadcast_name_from_chief(strategy, name)
        if chief:
            note = _begin_record(folder, config, dataset, made, source)
            if note:
                observer.on_note(note)
    patience = None
    callbacks: list[keras.callbacks.Callback] = []
    if chief:
        say = partial(observer.on_no_learning, folder=folder)
        callbacks.append(LearningWatch(say=say))
        callbacks.append(EpochLog(folder / f"{HISTORY}.{config.log}"))
        if config.tensorboard:
            callbacks.append(board(folder / TENSORBOARD))
        callbacks.extend(observer.on_model(made, dataset))
        if "flip" in augmentations(config.augment) and is_of_signs(dataset):
            observer.on_note(_FLIPPED)
        if config.patience is not None:
            patience = Patience(config.patience, folder, resume=resume is not None)
            callbacks.append(patience)
    result = train(
        made,
        config,
        dataset,
        callbacks=callbacks,
        strategy=strategy,
        checkpoint_dir=folder / CHECKPOINTS if config.checkpoint_every else None,
        resume=resume is not None,
        augment=augment,
    )
    if patience and patience.best_epoch is not None and not result.interrupted:
        result = replace(result, best_epoch=patience.best_epoch + 1)
        observer.on_note(
            f"The weights of epoch {result.best_epoch} are kept, whose validation loss "
            f"is the lowest of {len(result.history['loss'])} epochs."
        )
    path = folder / (INTERRUPTED if result.interrupted else MODEL)
    done = Run(config, folder, dataset, made, path, result)
    if not chief:
        return done
    with _ctrl_c_ignored():  # an impatient second one must not cost the model
        path = save_model(made, path)
    done = replace(done, model_path=path)
    observer.on_saved(path, result)
    if result.interrupted:
        return done
    write_result(folder, result, dataset)
    if export is not None:
        done = replace(done, export=export(done))
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / BEST).unlink(missing_ok=True)
    return done


def _of_own_model(config: RunConfig, model: OwnModel) -> RunConfig:
    """Returns a configuration that says of a model given in Python what it can."""
    own = replace(config, model=INITIAL)
    if config.name != OPTIONS["name"].default:
        return own
    called = getattr(model, "name", None) or getattr(model, "__name__", "model")
    return replace(own, name=name_for(str(called)))


def _begin_record(
    folder: Path,
    config: RunConfig,
    dataset: ImageDataset,
    model: keras.Model,
    source: ModelSource | None,
) -> str:
    """Writes what a run begins with; returns what to say of it, or "".

    Nothing is left where the disk does not take the model.
    """
    if source is None:
        write_config(folder, config, dataset, model)
        return ""
    try:
        saved = save_model(model, folder / INITIAL)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if config.model == INITIAL:
        config = replace(config, model=str((folder / INITIAL).resolve()))
    write_config(folder, config, dataset, model, source.origin)
    if saved.suffix == ".keras":
        return ""
    return (
        f"Keras cannot write {source.name} into a .keras file, so its weights alone "
        "are saved: a get_config of its own would mend it."
    )


def _check_disk(folder: Path, config: RunConfig, model: keras.Model) -> None:
    """Raises unless the disk has room for what a run will write.

    Raises:
        InputError: If it has less.
    """
    copies = _COPIES + (_CHECKPOINT_COPIES if config.checkpoint_every else 0)
    needed = copies * sum(int(np.prod(each.shape)) * 4 for each in model.variables)
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    if free < needed:
        raise InputError(
            f"The disk of `runs` must have room for {needed / 1e6:,.0f} MB. "
            f"Received: runs={str(folder)!r}, with {free / 1e6:,.0f} MB free."
        )


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what a signal does, or is told of one
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

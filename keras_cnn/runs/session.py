"""A run from its configuration to what it leaves: data, training, record, export."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from ..data import ImageDataset
from ..saving.metadata import MODEL
from ..training.learning_watch import LearningWatch
from ..training.workers import broadcast_name_from_chief, is_chief
from .arguments import check_arguments
from .config import RunConfig
from .folder import (
    CHECKPOINTS,
    HISTORY,
    INTERRUPTED,
    new_run_folder,
    read_unfinished,
)
from .learning import TrainingResult, train
from .model import build_model, check_backend, make_strategy
from .program import load_images
from .record import save_model, write_config, write_result


@dataclass(frozen=True, eq=False)
class Run:
    """What a run has made.

    Attributes:
        config: What it was asked to do.
        folder: The run's folder.
        dataset: The images.
        model: The trained model.
        model_path: The model's `.keras` file.
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
    check_backend()
    strategy = make_strategy(config)
    check_arguments(config, strategy)
    chief = is_chief(strategy)
    dataset = load_images(config, observer.on_reading if chief else None)
    if chief:
        observer.on_data(dataset)
    model = build_model(config, dataset, strategy)
    if folder is None:
        name = new_run_folder(Path(runs), config.name).name if chief else ""
        folder = Path(runs) / broadcast_name_from_chief(strategy, name)
        if chief:
            write_config(folder, config, dataset)
    callbacks: list[keras.callbacks.Callback] = []
    with ExitStack() as stack:
        if chief:
            say = partial(observer.on_no_learning, folder=folder)
            callbacks.append(LearningWatch(say=say))
            history = _history(folder / HISTORY, append=resume is not None)
            callbacks.append(stack.enter_context(history))
            callbacks.extend(observer.on_model(model, dataset))
        result = train(
            model,
            config,
            dataset,
            callbacks=callbacks,
            strategy=strategy,
            checkpoint_dir=folder / CHECKPOINTS if config.checkpoint_every else None,
            resume=resume is not None,
        )
    path = folder / (INTERRUPTED if result.interrupted else MODEL)
    done = Run(config, folder, dataset, model, path, result)
    if not chief:
        return done
    with _ctrl_c_ignored():  # an impatient second one must not cost the model
        save_model(model, path)
    observer.on_saved(path, result)
    if result.interrupted:
        return done
    write_result(folder, result, dataset)
    if export is not None:
        done = replace(done, export=export(done))
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return done


@contextmanager
def _history(path: Path, *, append: bool) -> Iterator[keras.callbacks.Callback]:
    """Writes a row an epoch, and closes the file however the training ends."""
    logger = keras.callbacks.CSVLogger(str(path), append=append)
    try:
        yield logger
    finally:
        if logger.csv_file is not None:
            logger.csv_file.close()


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

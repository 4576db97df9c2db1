"""A training run from the command line: shown, recorded, tested and exported."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..runs.config import RunConfig
from .console import out, print_warning, start_tensorflow
from .export import run_export

if TYPE_CHECKING:
    import keras

    from ..data import ImageDataset
    from ..runs import TrainingResult

# How a shell reports a program that Ctrl-C has stopped.
_INTERRUPTED = 130


def run(
    config: RunConfig,
    runs: Path,
    out_folder: Path,
    *,
    formats: tuple[str, ...],
    verify: bool,
    resumed: Path | None = None,
) -> None:
    """Trains, tests and exports, as `config` says, and prints what comes of it.

    Args:
        config: What the run is asked to do.
        runs: Where the run's folder is made.
        out_folder: Where the model is exported to.
        formats: To which formats.
        verify: Whether what is exported is compared with the model.
        resumed: The folder of an interrupted run that is to go on; None for a new one.
    """
    start_tensorflow(one_thread_an_operation=_runs_in_shards(config))
    from ..runs import build_model, make_strategy, train
    from ..runs.record import (
        CHECKPOINTS,
        HISTORY,
        INTERRUPTED,
        new_run_folder,
        save_model,
        write_config,
    )
    from ..saving.metadata import MODEL
    from ..training.distribution import broadcast_name_from_chief, is_chief
    from .datasets import load_shown
    from .progress import EpochTable

    strategy = make_strategy(config)
    chief = is_chief(strategy)
    images = load_shown(config)
    model = build_model(config, images, strategy)
    folder = resumed or runs / broadcast_name_from_chief(
        strategy, new_run_folder(runs, config.name).name if chief else ""
    )
    options = {
        "strategy": strategy,
        "checkpoint_dir": folder / CHECKPOINTS if config.checkpoint_every else None,
        "resume": bool(resumed),
    }
    if not chief:  # it computes, and writes and shows nothing
        train(model, config, images, **options)
        return
    if not resumed:
        write_config(folder, config, images)
    out.print(
        f"{model.name}: {model.count_params():,} parameters, "
        f"{_counted(config.epochs, 'epoch')} of batches of {config.batch_size}"
    )
    with EpochTable(config, len(images.train)) as table:
        logger = _csv_logger(folder / HISTORY, append=bool(resumed))
        result = train(model, config, images, callbacks=[logger, table], **options)
    kept = folder / (INTERRUPTED if result.interrupted else MODEL)
    with _ctrl_c_ignored():  # an impatient second one must not cost the model
        save_model(model, kept)
    try:
        if result.interrupted:
            raise KeyboardInterrupt
        _finish(config, images, model, result, folder, out_folder, formats, verify)
    except KeyboardInterrupt:
        print_warning(f"Interrupted: what was trained is kept in {kept}")
        raise typer.Exit(_INTERRUPTED) from None
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _runs_in_shards(config: RunConfig) -> bool:
    """Whether halves of a batch will be computed side by side, a thread for each."""
    return config.engine == "trainer" and config.strategy == "none"


def _csv_logger(path: Path, *, append: bool) -> keras.callbacks.Callback:
    import keras

    return keras.callbacks.CSVLogger(str(path), append=append)


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _finish(
    config: RunConfig,
    images: ImageDataset,
    model: keras.Model,
    result: TrainingResult,
    folder: Path,
    out_folder: Path,
    formats: tuple[str, ...],
    verify: bool,
) -> None:
    """Writes results, draws pictures, exports, and says where everything is."""
    from ..runs.record import write_result
    from ..saving.metadata import read_metadata

    if result.scores is None:
        raise AssertionError("an interrupted run has nothing to finish")
    write_result(folder, result, images)
    metadata = read_metadata(folder)
    exported = run_export(model, out_folder, formats, metadata, images, verify)
    out.print(f"Trained in {result.seconds:.1f} s.")
    out.print(f"Run:        {folder}")
    out.print(f"Export:     {exported.folder}")
    out.print(f"Test accuracy: {result.scores.accuracy:.4f}")

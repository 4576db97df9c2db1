"""A training run from the command line: shown, and exported at its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from ..runs.config import RunConfig
from .console import out, print_warning, start_tensorflow
from .export import run_export
from .lasting_output import lasting_output

if TYPE_CHECKING:
    from ..export import Export
    from ..runs import Run, TrainingResult

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
    start_tensorflow(training="split" if _runs_in_shards(config) else "whole")
    from .. import runs as library
    from ..formats import FORMATS
    from ..saving.metadata import read_metadata
    from .datasets import quiet_tfds
    from .progress import ShownRun

    def export(done: Run) -> Export:
        metadata = read_metadata(done.folder)
        return run_export(
            done.model, out_folder, formats, metadata, done.dataset, verify
        )

    for name in formats:
        FORMATS[name].check_writable(verify=verify)
    quiet_tfds()
    with lasting_output(), ShownRun(config) as shown:
        try:
            done = library.run(
                config, runs, resume=resumed, export=export, observer=shown
            )
        except KeyboardInterrupt:
            if shown.saved is None:
                raise
            _exit_interrupted(shown.saved)
        except Exception:
            # What was trained is kept, and said before the error is.
            if shown.saved is not None and shown.result is not None:
                folder = shown.saved.parent
                _print_trained(folder, shown.result)
                print_warning(
                    "The run is kept, and what follows stopped its export. To export "
                    f"it: {_export_command(folder, out_folder, formats, verify)}"
                )
            raise
        if shown.saved is not None and done.result.scores is not None:
            _print_trained(done.folder, done.result, done.export.folder)
    if shown.saved is None:  # a worker that is not the chief shows nothing
        return
    if done.result.scores is None:
        _exit_interrupted(done.model_path)


def _print_trained(
    folder: Path, result: TrainingResult, exported: Path | None = None
) -> None:
    out.print(f"Trained in {result.seconds:.1f} s.")
    out.print(f"Run:        {folder}")
    if exported is not None:
        out.print(f"Export:     {exported}")
    if result.scores is not None:
        out.print(f"Test accuracy: {result.scores.accuracy:.4f}")


def _export_command(
    folder: Path, out_folder: Path, formats: tuple[str, ...], verify: bool
) -> str:
    words = ["keras-cnn", "export", str(folder), "--format", ",".join(formats)]
    words += ["--out", str(out_folder), *([] if verify else ["--no-verify"])]
    return shlex.join(words)


def _exit_interrupted(path: Path) -> NoReturn:
    print_warning(f"Interrupted: what was trained is kept in {path}")
    raise typer.Exit(_INTERRUPTED) from None


def _runs_in_shards(config: RunConfig) -> bool:
    """Whether halves of a batch will be computed side by side, a thread for each."""
    return config.engine == "trainer" and config.strategy == "none"

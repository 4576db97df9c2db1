"""A recorded run as objects again: its model, compiled as it was, and its images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from .._checks import InputError
from ..data import ImageDataset
from ..saving.loading import load_model
from ..saving.metadata import MODEL
from .config import RunConfig
from .folder import INTERRUPTED, read_config
from .images import load_images
from .model import build_model
from .own_model import ModelSource, resumed_source
from .starting_weights import WEIGHTS
from .task import Task, task_of


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A run as its folder has it.

    Attributes:
        folder: The run's folder.
        config: What it was asked to do.
        dataset: Its images.
        model: Its model, compiled as it was trained, with the weights of its end, or of
            its interruption; those of its beginning if it left neither.
        task: How images and labels are given to the model.
    """

    folder: Path
    config: RunConfig
    dataset: ImageDataset
    model: keras.Model
    task: Task


def load_run(
    folder: str | Path,
    config: RunConfig | None = None,
    *,
    fresh: bool = False,
    note: Callable[[str], None] = lambda words: None,
) -> RecordedRun:
    """Loads what a run was made of, and what it made.

    A model whose class no file may hold is made by the run's function once more, which
    is imported from the current folder.

    Args:
        folder: The run's folder.
        config: What the run was asked to do, where its images lie elsewhere now, say.
            Defaults to `None`, for what its folder says.
        fresh: Whether the model is as it was before its first step. Defaults to
            `False`.
        note: Is called with a sentence where that function has changed. Defaults to
            nothing.

    Raises:
        InputError: If the folder is not that of a run, or its model or its images
            cannot be had again.

    Example:
        >>> import tempfile
        >>> from keras_cnn.runs import RunConfig, load_run, run
        >>> config = RunConfig(dataset="digits", limit=64, epochs=1)
        >>> recorded = load_run(run(config, tempfile.mkdtemp()).folder)
        >>> recorded.model.name, len(recorded.dataset.train)
        ('article_cnn', 64)
    """
    folder = Path(folder)
    config = config or read_config(folder)
    source = resumed_source(folder, config, note=note)
    config, dataset = load_images(config, source, note)
    files = [
        folder / f"{Path(name).stem}{ending}"
        for name in (MODEL, INTERRUPTED)
        for ending in (".keras", WEIGHTS)
    ]
    file = next((each for each in files if each.is_file()), None)
    if fresh or file is None:
        model = build_model(config, dataset, source=source)
    else:
        model = _trained(file, config, dataset, source)
    return RecordedRun(folder, config, dataset, model, task_of(config, dataset, model))


def _trained(
    file: Path, config: RunConfig, dataset: ImageDataset, source: ModelSource | None
) -> keras.Model:
    """Returns the compiled model in a file of a run."""
    if file.suffix == ".keras":
        try:
            return load_model(file)
        except InputError:  # of a class of one's own, which no file may name
            if source is None:
                raise
    model = build_model(config, dataset, source=source)
    model.load_weights(file)
    return model

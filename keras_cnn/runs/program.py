"""The training program of a recorded run, to be looked at or tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from .._checks import InputError
from .fit_arguments import feed, for_keras, validation_data
from .folder import read_config
from .reading import load_run


@dataclass(frozen=True, eq=False)
class TrainingProgram:
    """What a run trains, as `fit` is given it.

    Attributes:
        model: The compiled model.
        x: Images, or a stream of batches.
        y: Labels as the loss takes them; None with a stream.
        validation_data: Images and labels that are not trained on; None without.
        batch_size: Images in a step.
        epochs: Passes over the training images.
    """

    model: keras.Model
    x: Any
    y: Any
    validation_data: Any = None
    batch_size: int = 32
    epochs: int = 5


def training_program(
    folder: Path,
    *,
    fresh: bool = False,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    limit: int | None = None,
) -> TrainingProgram:
    """Returns what a run trained: its model, its images, and its plan.

    A run that did not come to its end has left no model: then it is built anew.

    Args:
        folder: The run's folder.
        fresh: Whether to build the model anew in any case. Defaults to `False`.
        data_dir: Where the images are now. Defaults to `None`: where they were.
        manual_dir: Likewise. Defaults to `None`.
        limit: How many images of each split to use. Defaults to `None`: the run's.

    Raises:
        InputError: If the folder is not that of a run, or its images or its model
            cannot be had.
    """
    if not folder.is_dir():
        raise InputError(f"`folder` must be a folder. Received: {str(folder)!r}.")
    config = read_config(folder)
    given: dict[str, Any] = {
        "data_dir": data_dir,
        "manual_dir": manual_dir,
        "limit": limit,
    }
    known = {name: value for name, value in given.items() if value is not None}
    config = replace(config, **known)
    recorded = load_run(folder, config, fresh=fresh)
    model, dataset, task = recorded.model, recorded.dataset, recorded.task
    classes = len(dataset.class_names)
    plain = for_keras(config)
    fed = feed(plain, dataset.train, classes, task)
    held_out = dataset.validation or dataset.test
    return TrainingProgram(
        model,
        fed["x"],
        fed.get("y"),
        validation_data(plain, held_out, classes, task),
        config.batch_size,
        config.epochs,
    )

"""What looks wrong with a training, said before it begins."""

from __future__ import annotations

import math
from contextlib import suppress

import keras

from .._checks import InputError
from ..data import ImageDataset
from ..runs.config import RunConfig
from ..runs.fit_arguments import feed
from ..runs.task import task_of
from .console import print_warning

# As many images tell what they hold and how they are scaled, in no time.
_IMAGES = 256


def warn_of_mistakes(
    model: keras.Model, config: RunConfig, dataset: ImageDataset
) -> None:
    """Prints what the doctor's `lint` warns of, on a few of the images.

    Args:
        model: The model, not trained yet.
        config: What the run is asked to do.
        dataset: The run's images.
    """
    from ..doctor import lint

    few = dataset.limited(_IMAGES)
    task = task_of(config, dataset, model)
    fed = feed(config, few.train, len(dataset.class_names), task, shuffle=True)
    with suppress(InputError):  # where training cannot begin, it says so itself
        findings = lint(
            model,
            fed["x"],
            fed.get("y"),
            batch_size=config.batch_size if "y" in fed else None,
            epochs=config.epochs,
            steps_per_epoch=math.ceil(len(dataset.train) / config.batch_size),
        )
        for finding in findings:
            if finding.counts:
                print_warning(
                    f"{finding.code} at {finding.where}: {finding.evidence}. "
                    f"{finding.effect} See: keras-cnn diagnose --explain {finding.code}"
                )

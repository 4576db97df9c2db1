"""The record that a run leaves in its folder: enough to judge it, and to repeat it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras

from .._environment import machine, versions
from .._files import replaced_file, write_json
from .._preparation import Preparation
from ..data import ImageDataset
from ..saving.metadata import CONFIG, RESULT
from .config import RunConfig
from .learning import TrainingResult
from .pictures import (
    MISTAKES_SHOWN,
    draw_confusion_matrix,
    draw_curves,
    draw_mistakes,
)


def write_config(folder: Path, config: RunConfig, dataset: ImageDataset) -> None:
    """Writes all that is needed to repeat a run.

    Args:
        folder: The run's folder.
        config: What the run is asked to do.
        dataset: Where its images came from, as they were used.
    """
    # What was asked for as auto, or by a relative path, may be another set elsewhere.
    config = replace(config, dataset=dataset.address or config.dataset)
    preparation = Preparation.of_data(
        dataset.name, dataset.provenance.source, dataset.image_shape
    )
    write_json(
        folder / CONFIG,
        {
            "command": config.command(),
            "config": config.to_dict(),
            "data": {
                "name": dataset.name,
                "class_names": list(dataset.class_names),
                "image_shape": list(dataset.image_shape),
                "images": {name: len(part) for name, part in dataset.splits.items()},
                **dataset.provenance.to_dict(),
            },
            "preparation": replace(preparation, white=dataset.white).to_dict(),
            "versions": versions(),
            "machine": machine(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def write_result(folder: Path, result: TrainingResult, dataset: ImageDataset) -> None:
    """Writes the result of a run that went to its end, and draws its pictures."""
    if result.scores is None:
        raise ValueError("A result must have scores. Received: an interrupted run.")
    scores, names = result.scores, dataset.class_names
    write_json(
        folder / RESULT,
        {
            "test_accuracy": scores.accuracy,
            "test_images": len(scores.labels),
            "training_seconds": round(result.seconds, 3),
        },
    )
    draw_curves(result.history, scores.accuracy, folder / "curves.png")
    draw_confusion_matrix(scores, names, folder / "confusion_matrix.png")
    worst = scores.mistakes()[:MISTAKES_SHOWN].tolist()
    images = dataset.test.images_at(worst)
    draw_mistakes(scores, images, names, folder / "mistakes.png")


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a `.keras` file whole or not at all."""
    with replaced_file(path) as temporary:
        model.save(temporary)

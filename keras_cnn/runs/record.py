"""The record that a run leaves in its folder: enough to judge it, and to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from .._environment import machine, versions
from .._files import replaced_file, write_json
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
from .task import task_of


def write_config(
    folder: Path,
    config: RunConfig,
    dataset: ImageDataset,
    model: keras.Model,
    origin: Mapping[str, Any] | None = None,
) -> None:
    """Writes all that is needed to repeat a run.

    Args:
        folder: The run's folder.
        config: What the run is asked to do.
        dataset: Where its images came from, as they were used.
        model: The model, before its first step.
        origin: Where it came from; None for the article's. Defaults to `None`.
    """
    # What was asked for as auto, or by a relative path, may be another set elsewhere.
    config = replace(config, dataset=dataset.address or config.dataset)
    if config.init is not None:
        config = replace(config, init=str(Path(config.init).expanduser().resolve()))
    if origin is not None:
        config = replace(config, model=origin.get("file", config.model))
    preparation = task_of(config, dataset, model).preparation
    noted = {} if origin is None else {"model": dict(origin)}
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
                "address": dataset.address,
                **dataset.provenance.to_dict(),
            },
            **noted,
            "preparation": preparation.to_dict(),
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
            **({"best_epoch": result.best_epoch} if result.best_epoch else {}),
        },
    )
    draw_curves(result.history, scores.accuracy, folder / "curves.png")
    draw_confusion_matrix(scores, names, folder / "confusion_matrix.png")
    worst = scores.mistakes()[:MISTAKES_SHOWN].tolist()
    images = dataset.test.images_at(worst)
    draw_mistakes(scores, images, names, folder / "mistakes.png")


def save_model(model: keras.Model, path: Path) -> Path:
    """Saves a `.keras` file whole or not at all, and returns its path.

    Of a class that Keras cannot describe the weights are saved, as `.weights.h5`.
    """
    try:
        with replaced_file(path) as temporary:
            model.save(temporary)
        return path
    except OSError:
        raise
    # What a class of one's own makes Keras raise is not documented.
    except Exception:
        weights = path.with_suffix(".weights.h5")
        with replaced_file(weights) as temporary:
            model.save_weights(temporary)
        return weights

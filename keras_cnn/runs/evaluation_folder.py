"""What `evaluate` leaves in a folder: the figures as JSON, and three pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._files import write_json
from ..data import ImageDataset
from .evaluation import Evaluation
from .pictures import (
    MISTAKES_SHOWN,
    draw_confusion_matrix,
    draw_mistakes,
    draw_reliability,
)
from .scoring import Scores

JSON = "evaluation.json"


def write_evaluation(
    content: Mapping[str, Any],
    evaluation: Evaluation,
    scores: Scores,
    dataset: ImageDataset,
    folder: Path,
) -> None:
    """Writes an evaluation.

    Args:
        content: What the JSON file holds.
        evaluation: What is said of the predictions.
        scores: The predictions, of the set's test images.
        dataset: The set.
        folder: Where it is written; it is made if it does not exist.

    Raises:
        OSError: If the folder cannot be written to, or its disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / JSON, dict(content))
    draw_reliability(evaluation, folder / "reliability.png")
    draw_confusion_matrix(scores, dataset.class_names, folder / "confusion_matrix.png")
    worst = scores.mistakes()[:MISTAKES_SHOWN].tolist()
    images = dataset.test.images_at(worst)
    draw_mistakes(scores, images, dataset.class_names, folder / "mistakes.png")

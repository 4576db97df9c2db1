"""What a model's predictions of labelled images say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .scoring import Scores

# Of equal width in confidence, as in the paper below.
CALIBRATION_BINS = 15

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class ClassScores:
    """How a model does on one class.

    Attributes:
        name: The class.
        images: How many images of it there are.
        precision: The share of the images taken for it, in [0, 1], that are; 0 if none
            was taken for it.
        recall: The share of its images, in [0, 1], that were taken for it; 0 if there
            are none.
        f1: The harmonic mean of the two.
    """

    name: str
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class CalibrationBin:
    """The images that a model was about equally sure of.

    Attributes:
        low: The bin's lower edge; a confidence that equals it belongs to the bin below.
        high: Its upper edge, which belongs to it.
        images: How many there are.
        confidence: The mean probability of the most probable class.
        accuracy: The share, in [0, 1], for which it was the true class.
    """

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Mistake:
    """An image that was taken for another class.

    Attributes:
        position: Its place among the images, from 0.
        label: Its class.
        predicted: What it was taken for.
        probability: How sure the model was of that, in [0, 1].
        file: The path that it was read from; None where images are not files.
    """

    position: int
    label: str
    predicted: str
    probability: float
    file: str | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model does on labelled images.

    Attributes:
        images: How many there are.
        accuracy: The share, in [0, 1], whose most probable class is the true one.
        interval: Wilson's interval for it, which holds the true share in 95% of cases.
        classes: How it does on each class.
        confusion: int64, (classes, classes): how many images of the class of the row
            were taken for that of the column.
        calibration: The images by confidence, in 15 bins of equal width.
        mistakes: The errors, the most confident one first.
    """

    images: int
    accuracy: float
    interval: tuple[float, float]
    classes: tuple[ClassScores, ...]
    confusion: npt.NDArray[np.int64]
    calibration: tuple[CalibrationBin, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def calibration_error(self) -> float:
        """The expected calibration error, in [0, 1].

        Formula: sum over the bins of images/all |accuracy - confidence|

        Reference: [Guo et al., 2017](https://arxiv.org/abs/1706.04599), equation 3
        """
        return sum(
            part.images / self.images * abs(part.accuracy - part.confidence)
            for part in self.calibration
            if part.images
        )

    def to_dict(self, max_mistakes: int = 25) -> dict[str, Any]:
        """Returns it as JSON's types, with at most so many mistakes."""
        return {
            "test_images": self.images,
            "test_accuracy": self.accuracy,
            "accuracy_interval": list(self.interval),
            "classes": [vars(scores) for scores in self.classes],
            "confusion": self.confusion.tolist(),
            "calibration_error": self.calibration_error,
            "calibration": [vars(part) for part in self.calibration],
            "mistakes": [vars(mistake) for mistake in self.mistakes[:max_mistakes]],
        }


def evaluation_of(
    scores: Scores,
    class_names: Sequence[str],
    files: Sequence[str] | npt.NDArray[np.object_] | None = None,
) -> Evaluation:
    """Returns what predictions say of the model that made them.

    Args:
        scores: The predictions beside the truth, of at least one image.
        class_names: The classes' names, in the order of the labels.
        files: The path that each image was read from. Defaults to None.

    Example:
        >>> labels = np.array([0, 0, 1])
        >>> sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], np.float32)
        >>> told = evaluation_of(Scores(labels, sure), ("cat", "dog"))
        >>> told.confusion.tolist(), told.classes[1].precision
        ([[1, 1], [0, 1]], 0.5)
    """
    from scipy.stats import binomtest
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    numbers = range(len(class_names))
    labels, predicted = scores.labels, scores.predicted
    hits = int((labels == predicted).sum())
    interval = binomtest(hits, len(labels)).proportion_ci(_CONFIDENCE, "wilson")
    measured = precision_recall_fscore_support(
        labels, predicted, labels=numbers, zero_division=0
    )
    wrong = scores.mistakes()
    return Evaluation(
        images=len(labels),
        accuracy=scores.accuracy,
        interval=(float(interval.low), float(interval.high)),
        classes=tuple(
            ClassScores(name, int(images), float(precision), float(recall), float(f1))
            for name, precision, recall, f1, images in zip(
                class_names, *measured, strict=True
            )
        ),
        confusion=confusion_matrix(labels, predicted, labels=numbers),
        calibration=_calibration(scores),
        mistakes=tuple(
            Mistake(
                int(place),
                class_names[labels[place]],
                class_names[predicted[place]],
                float(scores.probabilities[place].max()),
                None if files is None else str(files[place]),
            )
            for place in wrong
        ),
    )


def _calibration(scores: Scores) -> tuple[CalibrationBin, ...]:
    confidence = scores.probabilities.max(axis=1).astype(np.float64)
    right = scores.predicted == scores.labels
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    bins = np.clip(np.searchsorted(edges, confidence) - 1, 0, CALIBRATION_BINS - 1)
    parts = []
    for number in range(CALIBRATION_BINS):
        inside = bins == number
        count = int(inside.sum())
        parts.append(
            CalibrationBin(
                float(edges[number]),
                float(edges[number + 1]),
                count,
                float(confidence[inside].mean()) if count else 0.0,
                float(right[inside].mean()) if count else 0.0,
            )
        )
    return tuple(parts)

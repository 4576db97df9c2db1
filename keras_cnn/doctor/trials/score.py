"""How much better predictions are than a constant one: 0 not at all, 1 perfect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..program.inputs import Array
from ..program.outputs import Head, Task


def labels_of(y: Array, task: Task) -> Array:
    """Returns targets as class numbers (n,), or as a matrix where they are not that."""
    rows = y.reshape(-1, y.shape[-1]) if y.ndim > 1 else y.reshape(-1, 1)
    if task == "multiclass":
        whole = rows.argmax(1) if rows.shape[1] > 1 else rows[:, 0]
        return np.asarray(whole).astype(int)
    if task in ("binary", "multilabel"):
        return np.asarray(rows > 0.5).astype(int)
    return rows.astype("float64")


def skill_score(y: Array, outputs: Array, task: Task, threshold: float = 0.5) -> float:
    """Returns the skill of a model's predictions.

    Of classes it is what accuracy, or recall averaged over the classes, makes up of
    what the best constant answer leaves open; the larger, so that neither a majority
    hides learning nor a rare class does. Of numbers it is one minus the median absolute
    error over that of the median: a few absurd targets do not decide it.

    Args:
        y: Targets as the program has them.
        outputs: The model's.
        task: What is asked for.
        threshold: Above which an output means yes; 0 for logits.
    """
    if not np.isfinite(outputs).all():
        return 0.0
    truth = labels_of(y, task)
    rows = outputs.reshape(-1, outputs.shape[-1])
    if task == "regression":
        return _skill_of_numbers(truth, rows.astype("float64"))
    if task == "multiclass":
        if rows.shape[1] > 1:
            predicted = rows.argmax(1)
        else:
            predicted = np.rint(np.clip(rows[:, 0], -1e6, 1e6)).astype(int)
        return _skill_of_classes(truth, predicted)
    columns = min(truth.shape[1], rows.shape[1])
    predicted = (rows > threshold).astype(int)
    each = [_skill_of_classes(truth[:, i], predicted[:, i]) for i in range(columns)]
    return float(np.mean(each))


def skill_of_all(
    heads: Sequence[Head],
    targets: Sequence[Array],
    outputs: Sequence[Array],
    thresholds: Sequence[float],
) -> float:
    """Returns the skill of the worst of a model's outputs, one entry a head."""
    return min(
        skill_score(y, answer, head.task, threshold)
        for head, y, answer, threshold in zip(
            heads, targets, outputs, thresholds, strict=True
        )
    )


def _skill_of_classes(truth: Array, predicted: Array) -> float:
    kinds, counts = np.unique(truth, return_counts=True)
    if len(kinds) < 2:
        return float((truth == predicted).mean())
    right = truth == predicted
    majority = counts.max() / len(truth)
    by_accuracy = (right.mean() - majority) / (1 - majority)
    recall = np.mean([right[truth == kind].mean() for kind in kinds])
    by_recall = (recall - 1 / len(kinds)) / (1 - 1 / len(kinds))
    return float(np.clip(max(by_accuracy, by_recall), 0, 1))


def _skill_of_numbers(truth: Array, predicted: Array) -> float:
    if truth.shape != predicted.shape:
        return 0.0
    error = np.median(np.abs(truth - predicted), 0)
    away = np.abs(truth - np.median(truth, 0))
    spread = np.median(away, 0)
    spread = np.where(spread > 0, spread, away.mean(0))  # most targets are the same
    each = 1 - error / np.where(spread > 0, spread, np.inf)
    return float(np.clip(np.mean(each), 0, 1))

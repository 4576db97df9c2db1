"""How much better predictions are than a constant one: 0 not at all, 1 perfect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ...training.targets import CROSS_ENTROPIES, DISTANCES
from ..program.inputs import Array
from ..program.outputs import Head, rows_of


def labels_of(head: Head, y: Array | None = None) -> Array:
    """Returns targets as class numbers (n,), or as a matrix where they are not that.

    Args:
        head: The output.
        y: Other targets of it. Defaults to `None`, for its own.
    """
    rows = head.rows if y is None else rows_of(y, head.shape)
    if head.task == "multiclass":
        whole = rows.argmax(1) if rows.shape[1] > 1 else rows[:, 0]
        return np.asarray(np.nan_to_num(whole)).astype(int)
    if head.task == "binary" and rows.shape[1] == 2:
        return np.asarray(rows[:, 1:] > 0.5).astype(int)
    if head.task in ("binary", "multilabel"):
        return np.asarray(rows > _middle(head)).astype(int)
    return np.asarray(rows, "float64")


def _middle(head: Head) -> float:
    """Returns what lies between no and yes in the targets of two classes."""
    values = np.unique(head.rows[np.isfinite(head.rows)])
    two = head.task == "binary" and len(values) == 2
    return float(values.mean()) if two else 0.5


def skill_score(
    head: Head,
    outputs: Array,
    y: Array | None = None,
    *,
    threshold: float | None = None,
) -> float:
    """Returns the skill of a model's predictions.

    Of classes it is what accuracy, or recall averaged over the classes, makes up of
    what the best constant answer leaves open; the larger, so that neither a majority
    hides learning nor a rare class does. Of numbers it is one minus the median absolute
    error over that of the median: a few absurd targets do not decide it. Where only a
    custom loss knows how far a number is from its target, it is that loss.

    Args:
        head: The output.
        outputs: The model's.
        y: Targets of these samples. Defaults to `None`, for the head's own.
        threshold: Above which an output means yes. Defaults to `None`, for the head's.
    """
    if not np.isfinite(outputs).all():
        return 0.0
    truth = labels_of(head, y)
    rows = (
        outputs.reshape(-1, outputs.shape[-1]) if outputs.ndim > 1 else outputs[:, None]
    )
    if head.task == "regression":
        known = head.loss in DISTANCES or head.loss in CROSS_ENTROPIES
        if known or not callable(head.given_loss):
            return _skill_of_numbers(truth, rows.astype("float64"))
        return _skill_by_loss(head, head.y if y is None else y, outputs)
    if len(rows) != len(truth):
        return 0.0
    if head.task == "multiclass":
        if rows.shape[1] > 1:
            predicted = rows.argmax(1)
        else:
            predicted = np.rint(np.clip(rows[:, 0], -1e6, 1e6)).astype(int)
        return skill_of_classes(truth, predicted)
    columns = min(truth.shape[1], rows.shape[1])
    limit = head.threshold if threshold is None else threshold
    yes = rows < limit if head.reverse and threshold is None else rows > limit
    each = [
        skill_of_classes(truth[:, i], yes[:, i].astype(int)) for i in range(columns)
    ]
    return float(np.mean(each))


def skill_of_all(
    heads: Sequence[Head],
    outputs: Sequence[Array],
    targets: Sequence[Array] | None = None,
    thresholds: Sequence[float | None] | None = None,
) -> float | None:
    """Returns the skill of the worst of a model's outputs; None where none has any.

    Args:
        heads: The outputs with targets.
        outputs: All outputs, by their place.
        targets: Targets of these samples, by place. Defaults to `None`: the heads' own.
        thresholds: By place, what stands for the heads' own. Defaults to `None`.
    """
    skills = [
        skill_score(
            head,
            outputs[head.index],
            None if targets is None else targets[head.index],
            threshold=None if thresholds is None else thresholds[head.index],
        )
        for head in heads
        if head.scored
    ]
    return min(skills) if skills else None


def skill_of_classes(truth: Array, predicted: Array) -> float:
    """Returns the skill of predicted class numbers."""
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
    told = spread > 0
    if not told.any():
        return float((error == 0).all())
    return float(np.clip(np.mean(1 - error[told] / spread[told]), 0, 1))


def _skill_by_loss(head: Head, y: Array, outputs: Array) -> float:
    """Returns what a custom loss makes up, of a constant's to a perfect one's."""
    y = np.asarray(y, "float32").reshape(outputs.shape)
    flat = y.reshape(-1, outputs.shape[-1])
    constants = [np.quantile(flat, share, axis=0) for share in np.linspace(0, 1, 11)]
    try:
        best = min(
            _mean_loss(
                head.given_loss, y, np.broadcast_to(one, y.shape).astype("float32")
            )
            for one in [*constants, flat.mean(0)]
        )
        perfect = _mean_loss(head.given_loss, y, y)
        reached = _mean_loss(head.given_loss, y, outputs)
    except Exception:  # it may take nothing but its own batches
        return _skill_of_numbers(flat.astype("float64"), outputs.reshape(flat.shape))
    if not best > perfect:
        return 0.0
    return float(np.clip((best - reached) / (best - perfect), 0, 1))


def _mean_loss(loss: Any, y: Array, predicted: Array) -> float:
    value = float(np.mean(keras.ops.convert_to_numpy(loss(y, predicted))))
    return value if np.isfinite(value) else np.inf

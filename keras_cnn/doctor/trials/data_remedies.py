"""Remedies of data: inputs, targets and weights of samples, with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..program.inputs import Array
from ..thresholds import MANY_PIXELS, PIXEL_RANGE
from .config import Remedy, TrialConfig
from .copies import CannotRebuild
from .score import labels_of


def statistics(x: Array) -> tuple[Array, Array]:
    """Returns mean and spread of each feature, or one of each for images."""
    axis = 0 if x.ndim == 2 and not _alike(x) else None
    mean, spread = x.mean(axis, dtype="float64"), x.std(axis, dtype="float64")
    return np.asarray(mean), np.where(spread > 0, spread, 1.0)


def standardize(x: Array) -> Array:
    """Returns inputs with mean 0 and spread 1, by `statistics`."""
    mean, spread = statistics(x)
    return np.asarray((x - mean) / spread, "float32")


def _alike(x: Array) -> bool:
    # Flattened pixels: many features on one scale, of which some never change.
    within = float(x.max() - x.min()) <= PIXEL_RANGE.value and float(x.min()) >= 0
    return x.shape[1] > MANY_PIXELS.value and within


def with_input_standardized(index: int, factor: float = 1.0) -> Remedy:
    """Changes one input, and nothing of the model.

    Args:
        index: Which input.
        factor: What makes up for a layer that divides it. Defaults to `1.0`.
    """
    return lambda config: config.changed(
        x=replaced(config.x, index, standardize(config.x[index]) * np.float32(factor))
    )


def with_target_standardized(index: int) -> Remedy:
    """Changes the targets of one output; skill does not depend on their scale."""

    def change(y: Array) -> Array:
        y = y.astype("float64")
        scaled = (y - y.mean(0)) / np.maximum(y.std(0), 1e-12)
        return np.asarray(scaled, "float32")

    return with_labels(index, change)


def with_labels(index: int, change: Callable[[Array], Array]) -> Remedy:
    """Changes the targets of one output."""
    return lambda config: config.changed(
        y=replaced(config.y, index, change(config.y[index]))
    )


def replaced(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    """Returns some values with another in one place."""
    return (*values[:index], value, *values[index + 1 :])


def with_class_weights(index: int) -> Remedy:
    """Weighs each class by how rare it is."""

    def apply(config: TrialConfig) -> TrialConfig:
        head = next(one for one in config.program.heads if one.index == index)
        labels = labels_of(head, config.y[index]).reshape(-1)
        if len(labels) != len(config.y[index]):
            raise CannotRebuild("weights are for samples, not for places in them")
        kinds, place, counts = np.unique(
            labels, return_inverse=True, return_counts=True
        )
        weights = len(labels) / (len(kinds) * counts[place])
        return config.changed(sample_weight=weights.astype("float32"))

    return apply

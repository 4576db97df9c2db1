"""Checks of inputs and targets alone."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from ..program.inputs import Array
from ..program.layers import is_weighted
from ..program.outputs import Head
from ..program.program import Program
from ..trials.remedies import (
    with_input_standardised,
    with_loss,
    with_target_standardised,
)
from ..trials.score import labels_of
from .rule import Suspect, suspect
from .thresholds import (
    FEW_FEATURES,
    FEW_OUTLIERS,
    INPUT_SCALE_RATIO,
    LARGE_INPUT,
    LARGE_TARGET,
    MAJORITY,
    OUTLIER_DISTANCE,
    OUTLIER_SHARE_OF_ERROR,
)

# Layers that bring inputs to a common scale, if they come before any weights.
_NORMALISING = ("Normalization", "Rescaling", "Embedding", "Discretization", "Hashing")


def check_data(program: Program) -> Iterator[Suspect]:
    """Yields what is wrong with the inputs and the targets."""
    normalised = normalises_first(program)
    for index, (name, values) in enumerate(program.inputs.items()):
        yield from _finite(name, values)
        yield from _information(name, values)
        if not normalised:
            yield from _scale(index, name, values)
    for index, head in enumerate(program.heads):
        yield from _finite(head.target, head.y)
        if head.task == "regression":
            yield from _targets(index, head)
        else:
            yield from _labels(head)


def _finite(name: str, values: Array) -> Iterator[Suspect]:
    bad = int((~np.isfinite(values)).sum())
    if bad:
        yield suspect(
            "nan-in-data",
            name,
            f"{bad:,} values NaN or infinite",
            "One NaN makes the loss and then every weight NaN.",
            f"keep = np.isfinite({name}).reshape(len({name}), -1).all(1); "
            "x, y = x[keep], y[keep]",
            severity="error",
            confidence=1.0,
            certain=True,
        )


def _information(name: str, values: Array) -> Iterator[Suspect]:
    rows = values.reshape(len(values), -1)
    spread = np.nanmax(rows, 0) - np.nanmin(rows, 0)
    constant = float((spread == 0).mean())
    if constant == 1 and len(rows) > 1:
        yield suspect(
            "corrupted-input",
            name,
            "every sample is the same",
            "Inputs that do not differ cannot be told apart.",
            f"look at what is loaded: {name}[0], {name}.min(), {name}.max()",
            severity="error",
            confidence=1.0,
            certain=True,
        )
    elif constant > 0 and values.ndim == 2 and rows.shape[1] <= FEW_FEATURES.value:
        yield suspect(
            "constant-features",
            name,
            f"{constant:.0%} of the features constant",
            "They say nothing and act as a second bias.",
            f"{name} = {name}[:, {name}.std(0) > 0]",
            severity="note",
        )


def _scale(index: int, name: str, values: Array) -> Iterator[Suspect]:
    x = np.where(np.isfinite(values), values, 0)
    largest = float(np.abs(x).max())
    size = float(np.sqrt((x.astype("float64") ** 2).mean()))
    ratio = 1.0
    if x.ndim == 2 and x.shape[1] > 1:
        spread = x.std(0, dtype="float64")
        spread = spread[spread > 0]
        ratio = float(spread.max() / spread.min()) if spread.size else 1.0
    uneven = ratio > INPUT_SCALE_RATIO.value and largest > LARGE_INPUT.value
    if size > LARGE_INPUT.value or uneven:
        evidence = f"root mean square {size:.4g}, largest {largest:.4g}" + (
            f", spreads differ {ratio:.3g} times" if uneven else ""
        )
        yield suspect(
            "unnormalised-input",
            name,
            evidence,
            "Sums start far outside the activations' working range, and one rate "
            "cannot suit all weights.",
            f"normalize = keras.layers.Normalization(); normalize.adapt({name}); "
            "model = keras.Sequential([normalize, model]), or before that input",
            threshold=INPUT_SCALE_RATIO if uneven else LARGE_INPUT,
            confidence=0.9,
            apply=with_input_standardised(index),
        )


def normalises_first(program: Program) -> bool:
    """Whether inputs are brought to scale before the first weights."""
    for layer in program.layers:
        name = type(layer).__name__
        if name in _NORMALISING or name.endswith("Normalization"):
            return True
        if is_weighted(layer):
            return False
    return False


def _labels(head: Head) -> Iterator[Suspect]:
    name = head.target
    remedy = f"compare with the source: list(zip(x[:9], {name}[:9]))"
    y = head.y[np.isfinite(head.y)]
    odd = float((~np.isin(y, (0, 1))).mean()) if y.size else 0.0
    if head.task == "binary" and odd:
        yield suspect(
            "corrupted-labels",
            name,
            f"{odd:.0%} of the labels neither 0 nor 1",
            "Two-class losses need 0 and 1: others pull towards no class.",
            remedy,
            confidence=0.9,
        )
        return
    truth = labels_of(head.y, head.task)
    if head.task == "multiclass":
        most = int(truth.max())
        if head.units > 1 and most >= head.units:
            yield suspect(
                "wrong-labels",
                name,
                f"label {most}, {head.units} outputs",
                "A class without an output has no loss: NaN or an error.",
                f"Dense({most + 1}, ...), or labels from 0: {name} -= {name}.min()",
                severity="error",
                confidence=1.0,
                certain=True,
            )
    if head.task == "multilabel" or truth.size < 2:
        return
    kinds, counts = np.unique(truth, return_counts=True)
    if len(kinds) == 1:
        yield suspect(
            "corrupted-labels",
            name,
            f"every label is {kinds[0]}",
            "One class alone is learned by answering it always.",
            remedy,
            severity="error",
            confidence=1.0,
            certain=True,
        )
    elif counts.max() / truth.size > MAJORITY.value:
        yield suspect(
            "class-imbalance",
            name,
            f"{counts.max() / truth.size:.1%} of one class",
            "A constant answer is nearly as good as a right one.",
            f"class_weight = {{0: 1.0, 1: ({name} == 0).sum() / ({name} == 1).sum()}}",
            threshold=MAJORITY,
            severity="note",
        )


def _targets(index: int, head: Head) -> Iterator[Suspect]:
    y = head.y.reshape(len(head.y), -1).astype("float64")
    name = head.target
    if not np.isfinite(y).all():
        return
    middle = np.median(y, 0)
    away = np.abs(y - middle)
    robust = 1.4826 * np.median(away, 0)
    far = away > OUTLIER_DISTANCE.value * np.where(robust > 0, robust, np.inf)
    share = float((away[far] ** 2).sum() / max((away**2).sum(), 1e-300))
    few = 0 < far.mean() < FEW_OUTLIERS.value
    if few and share > OUTLIER_SHARE_OF_ERROR.value and head.loss == "mse":
        yield suspect(
            "outlier-targets",
            name,
            f"{far.mean():.1%} of the targets carry {share:.0%} of the squared error",
            "The fit follows a few absurd targets and misses all others.",
            "model.compile(..., loss=keras.losses.Huber()), or leave them out",
            threshold=OUTLIER_SHARE_OF_ERROR,
            confidence=0.95,
            apply=with_loss(index, keras.losses.Huber()),
        )
        return
    size = _size(y)
    if size > LARGE_TARGET.value:
        yield suspect(
            "unnormalised-target",
            name,
            f"root mean square {size:.4g}",
            "The error starts huge: gradients explode, or the output crawls there.",
            f"{name} = ({name} - {name}.mean()) / {name}.std(); undo it on predictions",
            threshold=LARGE_TARGET,
            confidence=0.8,
            apply=with_target_standardised(index),
        )


def _size(y: Array) -> float:
    return float(np.sqrt((y**2).mean()))

"""Checks of inputs and targets alone."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from .program import Array, Program
from .remedies import with_inputs_standardised, with_loss, with_targets_standardised
from .skill import labels_of
from .suspects import Suspect, suspect
from .thresholds import (
    DUPLICATES,
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
    yield from _finite(program)
    yield from _information(program)
    yield from _scale(program)
    yield from _labels(program)
    if program.task == "regression":
        yield from _targets(program)


def _finite(program: Program) -> Iterator[Suspect]:
    for name, values in (("x", program.x), ("y", program.y)):
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


def _information(program: Program) -> Iterator[Suspect]:
    rows = program.x.reshape(len(program.x), -1)
    spread = np.nanmax(rows, 0) - np.nanmin(rows, 0)
    constant = float((spread == 0).mean())
    if constant == 1 and len(rows) > 1:
        yield suspect(
            "corrupted-input",
            "x",
            "every sample is the same",
            "Inputs that do not differ cannot be told apart.",
            "look at what is loaded: plt.imshow(x[0]), x.min(), x.max()",
            severity="error",
            confidence=1.0,
            certain=True,
        )
    elif constant > 0 and program.x.ndim == 2 and rows.shape[1] <= 64:
        yield suspect(
            "constant-features",
            "x",
            f"{constant:.0%} of the features constant",
            "They say nothing and act as a second bias.",
            "x = x[:, x.std(0) > 0]",
            severity="note",
        )


def _scale(program: Program) -> Iterator[Suspect]:
    if normalises_first(program):
        return
    x = np.where(np.isfinite(program.x), program.x, 0)
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
            "x",
            evidence,
            "Sums start far outside the activations' working range, and one rate "
            "cannot suit all weights.",
            "normalize = keras.layers.Normalization(); normalize.adapt(x); "
            "model = keras.Sequential([normalize, *model.layers])",
            threshold=INPUT_SCALE_RATIO if uneven else LARGE_INPUT,
            confidence=0.9,
            apply=with_inputs_standardised,
        )


def normalises_first(program: Program) -> bool:
    """Whether inputs are brought to scale before the first weights."""
    for layer in program.layers:
        name = type(layer).__name__
        if name in _NORMALISING or name.endswith("Normalization"):
            return True
        if getattr(layer, "kernel", None) is not None:
            return False
    return False


def _labels(program: Program) -> Iterator[Suspect]:
    if program.task == "regression":
        return
    remedy = "compare with the source: list(zip(x[:9], y[:9]))"
    y = program.y[np.isfinite(program.y)]
    odd = float((~np.isin(y, (0, 1))).mean()) if y.size else 0.0
    if program.task == "binary" and odd:
        yield suspect(
            "corrupted-labels",
            "y",
            f"{odd:.0%} of the labels neither 0 nor 1",
            "Two-class losses need 0 and 1: others pull towards no class.",
            remedy,
            confidence=0.9,
        )
        return
    truth = labels_of(program.y, program.task)
    if program.task == "multiclass":
        most = int(truth.max())
        if program.units > 1 and most >= program.units:
            yield suspect(
                "wrong-labels",
                "y",
                f"label {most}, {program.units} outputs",
                "A class without an output has no loss: NaN or an error.",
                f"Dense({most + 1}, ...), or labels from 0: y = y - y.min()",
                severity="error",
                confidence=1.0,
                certain=True,
            )
    if program.task == "multilabel" or truth.size < 2:
        return
    kinds, counts = np.unique(truth, return_counts=True)
    if len(kinds) == 1:
        yield suspect(
            "corrupted-labels",
            "y",
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
            "y",
            f"{counts.max() / truth.size:.1%} of one class",
            "A constant answer is nearly as good as a right one.",
            "class_weight = {0: 1.0, 1: (y == 0).sum() / (y == 1).sum()}",
            threshold=MAJORITY,
            severity="note",
        )


def _targets(program: Program) -> Iterator[Suspect]:
    y = program.y.reshape(len(program.y), -1).astype("float64")
    if not np.isfinite(y).all():
        return
    middle = np.median(y, 0)
    away = np.abs(y - middle)
    robust = 1.4826 * np.median(away, 0)
    far = away > OUTLIER_DISTANCE.value * np.where(robust > 0, robust, np.inf)
    share = float((away[far] ** 2).sum() / max((away**2).sum(), 1e-300))
    few = 0 < far.mean() < 0.2
    if few and share > OUTLIER_SHARE_OF_ERROR.value and program.loss == "mse":
        yield suspect(
            "outlier-targets",
            "y",
            f"{far.mean():.1%} of the targets carry {share:.0%} of the squared error",
            "The fit follows a few absurd targets and misses all others.",
            "model.compile(..., loss=keras.losses.Huber()), or leave them out",
            threshold=OUTLIER_SHARE_OF_ERROR,
            confidence=0.95,
            apply=with_loss(keras.losses.Huber()),
        )
        return
    size = _size(y)
    if size > LARGE_TARGET.value:
        yield suspect(
            "unnormalised-target",
            "y",
            f"root mean square {size:.4g}",
            "The error starts huge: gradients explode, or the output crawls there.",
            "y = (y - y.mean()) / y.std(); and undo it on predictions",
            threshold=LARGE_TARGET,
            confidence=0.8,
            apply=with_targets_standardised,
        )


def _size(y: Array) -> float:
    return float(np.sqrt((y**2).mean()))


def check_duplicates(x: Array, other: Array) -> Iterator[Suspect]:
    """Yields whether samples to train on come back among those to test on."""
    seen = {row.tobytes() for row in np.ascontiguousarray(x)}
    other = np.ascontiguousarray(other.astype(x.dtype))
    shared = float(np.mean([row.tobytes() in seen for row in other]))
    if shared > DUPLICATES.value:
        yield suspect(
            "duplicates",
            "validation_data",
            f"{shared:.1%} also in the training set",
            "What is tested was partly learned by heart, so the score is too good.",
            "drop them from one side before splitting: np.unique(x, axis=0)",
            threshold=DUPLICATES,
            severity="note",
        )

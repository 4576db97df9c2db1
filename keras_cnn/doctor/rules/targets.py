"""Rules about labels and targets."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from ..program.inputs import Array, finite
from ..program.outputs import Head
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    FEW_OUTLIERS,
    LARGE_TARGET,
    MAJORITY,
    OUTLIER_DISTANCE,
    OUTLIER_SHARE_OF_ERROR,
    POSSIBLE,
    STRONG,
)
from ..trials.data_remedies import (
    with_class_weights,
    with_labels,
    with_target_standardized,
)
from ..trials.remedies import with_head, with_loss
from ..trials.score import labels_of
from .heads import right_head
from .rule import Hit, rule


@rule("corrupted-labels", group="data", confidence=STRONG)
def corrupted_labels(program: Program) -> Iterator[Hit]:
    """Labels are broken, all the same, or unrelated to the inputs.

    Looks: Training data may be learned by heart; other data never are.
    Harms: What is learned is not the task.
    Change:
        # Compare with the source:
        print(list(zip(x[:9], y[:9])))
    """
    for head in program.heads:
        if head.task == "regression":
            continue
        y = head.y[finite(head.y)]
        odd = float((~np.isin(y, (0, 1))).mean()) if y.size else 0.0
        if head.task == "binary" and head.loss == "binary" and _is_broken(y):
            yield Hit(
                where=head.target,
                evidence=f"{odd:.0%} of the labels neither 0 nor 1, but fractions",
                harms="Two-class losses need 0 and 1: others pull towards no class.",
                change=compare_with_source(head),
            )
        elif len(kinds := _kinds(head)) == 1:
            yield Hit(
                where=head.target,
                evidence=f"every label is {kinds[0]}",
                harms="One class alone is learned by answering it always.",
                change=compare_with_source(head),
                severity="error",
                confidence=CERTAIN,
                proven=True,
            )


def _is_broken(y: Array) -> bool:
    """Whether labels are fractions on one side of a half, or beyond 0 and 1."""
    if not y.size or (y == np.rint(y)).all():
        return False
    within = y.min() >= 0 and y.max() <= 1
    return not (within and y.min() < 0.5 < y.max())


def compare_with_source(head: Head) -> str:
    """Returns code that shows a few samples beside their labels."""
    return f"print(list(zip(x[:9], {head.target}[:9])))  # compare with the source"


def _kinds(head: Head) -> Array:
    """Returns the classes that occur; none where they cannot be counted."""
    truth = labels_of(head)
    if head.task == "multilabel" or truth.size < 2:
        return np.empty(0)
    return np.unique(truth)


@rule("wrong-labels", group="data", severity="error", confidence=CERTAIN)
def wrong_labels(program: Program) -> Iterator[Hit]:
    """Labels are numbered otherwise than outputs and loss take them.

    Looks: An error, a loss of NaN, a loss that falls below 0 without end, or a class
        that is never predicted.
    Harms: A class without an output has no loss: NaN or an error.
    Change:
        y -= y.min()  # labels from 0 on, or one output more
    """
    for head in program.heads:
        if head.task == "multiclass" and not head.one_hot and head.units > 1:
            yield from _misnumbered(head)
        elif head.task == "binary" and head.loss == "binary":
            yield from _misnumbered_pair(head)


def _misnumbered(head: Head) -> Iterator[Hit]:
    """Yields class numbers that have no output."""
    labels = labels_of(head)
    low, high = int(labels.min()), int(labels.max())
    if 0 <= low and high < head.units:
        return
    shifted = high - low < head.units
    activation, loss, code, _ = right_head(head)
    yield Hit(
        where=head.target,
        evidence=f"labels {low} to {high}, where {head.units} outputs stand for 0 to "
        f"{head.units - 1}",
        change=f"{head.target} -= {head.target}.min()"
        if shifted
        else f"Dense({high - min(low, 0) + 1}, ...)",
        proven=True,
        remedy=with_labels(head.index, lambda y: y - y.min())
        if shifted
        else with_head(head.index, activation, loss, high + 1),
    )


def _misnumbered_pair(head: Head) -> Iterator[Hit]:
    """Yields two classes that are not 0 and 1, or written as two columns."""
    name, y = head.target, head.y[finite(head.y)]
    if head.rows.shape[1] == 2 and head.units == 1:
        yield Hit(
            where=name,
            evidence="two columns, one-hot, for one output",
            harms="One output needs one column of 0 and 1.",
            change=f"{name} = {name}[:, 1:]  # or Dense(2, activation='softmax') and "
            "categorical_crossentropy",
            proven=True,
            remedy=with_labels(head.index, lambda y: y[..., 1:]),
        )
        return
    kinds = np.unique(y)
    whole = bool((kinds == np.rint(kinds)).all())
    if whole and kinds.size == 2 and kinds.tolist() != [0, 1]:
        middle = float(kinds.mean())
        yield Hit(
            where=name,
            evidence=f"labels {kinds[0]:g} and {kinds[1]:g}",
            harms="Binary cross-entropy takes labels for probabilities: beyond 0 and 1 "
            "it falls without end.",
            change=f'{name} = ({name} > {middle:g}).astype("float32")',
            proven=True,
            remedy=with_labels(head.index, lambda y: (y > middle).astype("float32")),
        )


@rule("class-imbalance", group="data", confidence=POSSIBLE)
def class_imbalance(program: Program) -> Iterator[Hit]:
    """One class has nearly all samples.

    Looks: Accuracy is high from the first epoch, and no rare class is ever predicted.
    Harms: A constant answer is nearly as good as a right one.
    Change:
        counts = np.bincount(y.astype(int).ravel())
        weights = {c: len(y) / (len(counts) * n) for c, n in enumerate(counts) if n}
        model.fit(x, y, class_weight=weights)
    Claim: imbalance
    Sources:
        [King and Zeng 2001](https://doi.org/10.1093/oxfordjournals.pan.a004868)
    """
    for head in program.heads:
        if head.task not in ("binary", "multiclass") or len(_kinds(head)) < 2:
            continue
        truth = labels_of(head)
        _, counts = np.unique(truth, return_counts=True)
        share = counts.max() / truth.size
        if share <= MAJORITY.value:
            continue
        # Of pixels or words most are background; weights are for whole samples.
        of_samples = truth.shape[0] == program.rows
        weighed = program.sample_weight is not None or not of_samples
        yield Hit(
            where=head.target,
            evidence=f"{share:.1%} of one class",
            change=_balancing(head, len(program.heads)),
            threshold=MAJORITY,
            severity="note" if weighed else "warning",
            remedy=None if weighed else with_class_weights(head.index),
        )


def _balancing(head: Head, heads: int) -> str:
    """Returns code that weighs each class by how rare it is."""
    y = head.target
    labels = f"{y}.argmax(-1)" if head.one_hot else f"{y}.astype(int).ravel()"
    lines = [f"labels = {labels}", "counts = np.bincount(labels)"]
    if heads == 1:
        return "\n".join(
            [
                *lines,
                "weights = {c: len(labels) / (len(counts) * n) "
                "for c, n in enumerate(counts) if n}",
                "model.fit(x, y, class_weight=weights)",
            ]
        )
    # Keras takes class weights for models of a single output alone.
    return "\n".join(
        [
            *lines,
            "weights = len(labels) / (len(counts) * np.maximum(counts, 1))",
            f"model.fit(x, y, sample_weight=...)  # {y}: weights[labels], others: ones",
        ]
    )


@rule("outlier-targets", group="data", confidence=STRONG)
def outlier_targets(program: Program) -> Iterator[Hit]:
    """A few absurd targets carry most of the squared error.

    Looks: The loss is large and falls in jumps; all ordinary targets are missed.
    Harms: The fit follows a few absurd targets and misses all others.
    Change:
        model.compile(..., loss=keras.losses.Huber())  # or leave them out
    Claim: mse-outliers
    Sources:
        [Huber 1964](https://doi.org/10.1214/aoms/1177703732)
    """
    for head in program.heads:
        if _led_by_outliers(head):
            share, few = _outliers(head)
            yield Hit(
                where=head.target,
                evidence=f"{few:.1%} of the targets carry {share:.0%} of the squared "
                "error",
                threshold=OUTLIER_SHARE_OF_ERROR,
                remedy=with_loss(head.index, keras.losses.Huber()),
            )


def _led_by_outliers(head: Head) -> bool:
    """Whether outliers decide a fit."""
    share, few = _outliers(head)
    decide = few > 0 and share > OUTLIER_SHARE_OF_ERROR.value
    return decide and head.loss == "mse"


def _outliers(head: Head) -> tuple[float, float]:
    """Returns the share of error that outliers carry, and theirs of the targets.

    Both are 0 where there are none, or so many that they are a part of the task.
    """
    if head.task != "regression" or not finite(head.y).all():
        return 0.0, 0.0
    y = np.asarray(head.rows, "float64")
    away = np.abs(y - np.median(y, 0))
    robust = 1.4826 * np.median(away, 0)  # a normal distribution's deviation
    far = away > OUTLIER_DISTANCE.value * np.where(robust > 0, robust, np.inf)
    if far.mean() >= FEW_OUTLIERS.value:
        return 0.0, 0.0
    share = float((away[far] ** 2).sum() / max((away**2).sum(), 1e-300))
    return share, float(far.mean())


@rule("unnormalized-target", group="data")
def unnormalized_target(program: Program) -> Iterator[Hit]:
    """Targets are far from unit size.

    Looks: The loss starts huge; it explodes, or it creeps down for all epochs.
    Harms: The error starts huge: gradients explode, or the output crawls there.
    Change:
        mean, spread = y.mean(0), y.std(0)
        y = (y - mean) / spread  # and predictions * spread + mean
    """
    for head in program.heads:
        if head.task != "regression" or not finite(head.y).all():
            continue
        if _led_by_outliers(head):
            continue
        size = float(np.sqrt((head.y.astype("float64") ** 2).mean()))
        if size > LARGE_TARGET.value:
            name = head.target
            yield Hit(
                where=name,
                evidence=f"root mean square {size:.4g}",
                change=f"mean, spread = {name}.mean(0), {name}.std(0)\n"
                f"{name} = ({name} - mean) / spread  # predictions * spread + mean",
                threshold=LARGE_TARGET,
                remedy=with_target_standardized(head.index),
            )

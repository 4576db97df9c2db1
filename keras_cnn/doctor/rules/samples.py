"""Rules about what is learned of samples that were not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..program.inputs import Array
from ..program.program import Program
from ..thresholds import (
    DUPLICATES,
    ENOUGH_SAMPLES,
    FAILED,
    OVERFIT_GAP,
    UNLEARNABLE,
)
from ..trials.score import labels_of
from .rule import Hit, also, rule
from .targets import compare_with_source


@dataclass(frozen=True, eq=False)
class Learned:
    """What is known after the first training.

    Attributes:
        program: What was trained.
        skill: What it reached on samples of the training data.
        learnable: What a reference learner reached on data not shown; None if untold.
        held_out: Inputs that were not trained on; None without.
        held_out_skill: What the training reached on them.
    """

    program: Program
    skill: float
    learnable: float | None = None
    held_out: Sequence[Array] | None = None
    held_out_skill: float | None = None


@rule("overfitting", group="samples")
def overfitting(learned: Learned) -> Iterator[Hit]:
    """What was learned does not hold for samples that were not trained on.

    Looks: The validation loss rises while the training loss falls.
    Harms: What is learned by heart does not hold for new data.
    Change:
        Dropout(0.3)  # or fewer units, augmentation, more data, fewer epochs
    """
    elsewhere = learned.held_out_skill
    if elsewhere is not None and learned.skill - elsewhere > OVERFIT_GAP.value:
        yield Hit(
            where="model",
            evidence=f"skill {learned.skill:.2f}, on data not trained on "
            f"{elsewhere:.2f}",
            threshold=OVERFIT_GAP,
            proven=True,
        )


@also("corrupted-labels", group="samples")
def unrelated_labels(learned: Learned) -> Iterator[Hit]:
    """Yields the labels that look unrelated to the inputs."""
    learnable, program = learned.learnable, learned.program
    if learnable is None or learnable > UNLEARNABLE.value:
        return
    if learned.skill > FAILED.value or program.rows < ENOUGH_SAMPLES.value:
        return
    for head in program.heads:
        if head.task == "regression":
            continue
        if len(np.unique(labels_of(head.y, head.task))) < 2:
            continue
        yield Hit(
            where=head.target,
            evidence=f"a forest reaches a skill of {learnable:.2f} on data not shown",
            harms="Labels that have nothing to do with the inputs cannot be learned.",
            change=compare_with_source(head),
            threshold=UNLEARNABLE,
            proven=True,
        )


@rule("duplicates", group="samples", severity="note")
def duplicates(learned: Learned) -> Iterator[Hit]:
    """Samples of the training data come back among those to validate on.

    Looks: The validation score is better than on truly new data.
    Harms: What is tested was partly learned by heart, so the score is too good.
    Change:
        x = np.unique(x, axis=0)  # before splitting
    """
    if learned.held_out is None:
        return
    trained = set(_samples(list(learned.program.inputs.values())))
    shared = [sample in trained for sample in _samples(learned.held_out)]
    share = float(np.mean(shared))
    if share > DUPLICATES.value:
        yield Hit(
            where="validation_data",
            evidence=f"{share:.1%} also in the training set",
            threshold=DUPLICATES,
        )


def _samples(arrays: Sequence[Array]) -> Iterator[bytes]:
    """Yields the bytes of each sample, of all its inputs."""
    for rows in zip(*arrays, strict=True):
        yield b"".join(row.tobytes() for row in rows)

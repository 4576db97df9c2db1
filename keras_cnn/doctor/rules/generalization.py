"""What is learned of samples that were not trained on, and whether any can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..program.inputs import Array
from ..program.program import Program
from ..trials.score import labels_of
from ..verdict import Case
from .rule import Suspect, suspect
from .thresholds import DUPLICATES, ENOUGH_SAMPLES, FAILED, OVERFIT_GAP, UNLEARNABLE


def check_overfitting(trained: float, held_out: float) -> Iterator[Suspect]:
    """Yields whether skill is lost on samples that were not trained on."""
    if trained - held_out > OVERFIT_GAP.value:
        yield suspect(
            "overfitting",
            "model",
            f"skill {trained:.2f}, on data not trained on {held_out:.2f}",
            "What is learned by heart does not hold for new data.",
            "keras.layers.Dropout(0.3), fewer units, more data",
            threshold=OVERFIT_GAP,
        )


def check_labels_unrelated(program: Program, case: Case) -> Iterator[Suspect]:
    """Yields whether the labels look unrelated to the inputs."""
    if case.learnable is None or case.learnable > UNLEARNABLE.value:
        return
    if case.skill > FAILED.value or program.rows < ENOUGH_SAMPLES.value:
        return
    for head in program.heads:
        if (
            head.task == "regression"
            or len(np.unique(labels_of(head.y, head.task))) < 2
        ):
            continue
        yield suspect(
            "corrupted-labels",
            head.target,
            f"a forest reaches a skill of {case.learnable:.2f} on data not shown",
            "Labels that have nothing to do with the inputs cannot be learned.",
            f"compare with the source: list(zip(x[:9], {head.target}[:9]))",
            threshold=UNLEARNABLE,
            confidence=0.9,
            certain=True,
        )


def check_duplicates(x: Sequence[Array], other: Sequence[Array]) -> Iterator[Suspect]:
    """Yields whether samples to train on come back among those to test on."""
    seen = set(_samples(x))
    shared = float(np.mean([sample in seen for sample in _samples(other)]))
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


def _samples(arrays: Sequence[Array]) -> Iterator[bytes]:
    """Yields the bytes of each sample, of all its inputs."""
    for rows in zip(*arrays, strict=True):
        yield b"".join(row.tobytes() for row in rows)

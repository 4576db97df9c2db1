"""What is known of a program after its first training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..findings import Snapshot
from ..program.inputs import Array
from ..program.program import Program
from ..trials.baseline import Reference
from ..trials.trial import Outcome


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Samples that were not trained on.

    Attributes:
        x: Inputs, one array an input.
        y: Targets, one array an output.
    """

    x: Sequence[Array]
    y: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Learned:
    """What is known after the first training.

    Attributes:
        program: What was trained.
        outcome: What the training gave.
        snapshots: The layers over time; none where they could not be looked at.
        moved: Norm of what all weights moved by over that of the weights.
        still: The weights to be trained that no update reached.
        batch_skill: Skill with the statistics of the batch, as in training; None
            without batch normalization.
        lost: The share of samples whose loss is exactly 0; None where not told.
        reference: What a reference learner reached; None before it was asked.
        remedied: The best skill of a copy with a remedy, after as many updates.
        held_back_skill: What a copy reached on samples of the training data that were
            held back from it; None where that was not asked.
        held_out: Samples that were not trained on; None without.
        held_out_skill: What the training reached on them.
        held_out_outputs: What the model gives for them, one array an output.
    """

    program: Program
    outcome: Outcome
    snapshots: Sequence[Snapshot] = ()
    moved: float | None = None
    still: Sequence[str] = ()
    batch_skill: float | None = None
    lost: float | None = None
    reference: Reference | None = None
    remedied: float = 0.0
    held_back_skill: float | None = None
    held_out: HeldOut | None = None
    held_out_skill: float | None = None
    held_out_outputs: Sequence[Array] = ()

    @property
    def skill(self) -> float:
        """What the training reached on samples of the training data."""
        return self.outcome.skill


def lost_share(program: Program, outcome: Outcome) -> float | None:
    """Returns the share of samples of some classes whose loss is exactly 0."""
    shares = []
    for head in program.heads:
        if head.task != "multiclass" or head.output not in ("softmax", "linear"):
            continue
        if not outcome.finite or not outcome.outputs:
            continue
        rows = outcome.outputs[head.index].reshape(-1, head.units)
        powers = np.exp((rows - rows.max(1, keepdims=True)).astype("float32"))
        likeliest = powers.max(1) / powers.sum(1)
        if head.output == "softmax":
            likeliest = rows.max(1)
        shares.append(float((likeliest == 1).mean()))
    return max(shares, default=None)

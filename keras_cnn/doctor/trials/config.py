"""What a trial trains: the program, or the program with remedies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from ..program.inputs import Array
from ..program.program import Program
from ..thresholds import ENOUGH_SAMPLES, HELD_BACK
from .copies import trial_model


@dataclass(frozen=True, eq=False)
class TrialConfig:
    """What is trained, and how: the program, or the program with remedies.

    Attributes:
        program: What it comes from.
        model: A model that trials may use up.
        rebuilds: Whether it can be copied with changes to its layers.
        weights: What each trial begins from.
        x: Inputs, one array an input.
        y: Targets, one array an output; none without targets.
        sample_weight: One weight a sample; None without.
        losses: One an output.
        thresholds: Above which an output means yes, one an output; None where it is as
            the head says.
        learning_rate: A constant rate; None where the optimizers are not known.
        batch_size: Samples an update.
        updates: How many updates are planned.
        optimizer: Settings of the optimizer that are changed.
        holds_back: Whether some samples are not trained on, and skill is told on them
            alone: else a larger or longer training might only learn by heart.
    """

    program: Program
    model: keras.Model
    rebuilds: bool
    weights: Sequence[Array]
    x: tuple[Array, ...]
    y: tuple[Array, ...]
    sample_weight: Array | None
    losses: tuple[Any, ...]
    thresholds: tuple[float | None, ...]
    learning_rate: float | None
    batch_size: int
    updates: int
    optimizer: dict[str, Any] = field(default_factory=dict)
    holds_back: bool = False

    @property
    def held_back(self) -> int:
        """How many samples, from the end of a fixed order, are not trained on."""
        rows = len(self.x[0])
        enough = rows >= ENOUGH_SAMPLES.value and self.holds_back
        return int(rows * HELD_BACK.value) if enough else 0

    @property
    def shuffled_rows(self) -> Array:
        """The fixed order: the last are those held back, and any others are scored."""
        return np.random.default_rng(0).permutation(len(self.x[0]))

    def changed(self, **changes: Any) -> TrialConfig:
        """Returns it with some attributes changed."""
        return replace(self, **changes)

    def moved(self) -> float:
        """Returns by what share of their norm the model's weights have moved."""
        began = dict(
            zip((id(one) for one in self.model.weights), self.weights, strict=True)
        )
        pairs = [
            (np.asarray(one), began[id(one)]) for one in self.model.trainable_weights
        ]
        moved = sum(float(((now - then) ** 2).sum()) for now, then in pairs)
        size = sum(float((then**2).sum()) for _, then in pairs)
        return math.sqrt(moved / max(size, 1e-12))


Remedy = Callable[[TrialConfig], TrialConfig]


def first_config(
    program: Program, make: Callable[[], keras.Model] | None = None
) -> TrialConfig:
    """Returns what the first trial trains: the program as it is.

    Args:
        program: The program.
        make: A function that makes the model. Defaults to `None`.
    """
    model, rebuilds = program.model, False
    if program.outputs is not None:
        model, rebuilds = trial_model(program, make)
    flat = [] if program.outputs is None else keras.tree.flatten(program.outputs)
    by_output = {head.index: head for head in program.heads}
    y = tuple(
        program.targets.get(index, np.zeros((program.rows, 1), "float32"))
        for index in range(len(flat))
    )
    heads = [by_output.get(index) for index in range(len(flat))]
    return TrialConfig(
        program=program,
        model=model,
        rebuilds=rebuilds,
        weights=[np.array(variable) for variable in program.model.weights],
        x=tuple(program.inputs.values()),
        y=y if program.targets else (),
        sample_weight=program.sample_weight,
        losses=tuple(head.given_loss if head else None for head in heads),
        thresholds=tuple(None for _ in flat),
        learning_rate=program.learning_rate,
        batch_size=program.batch_size,
        updates=program.updates,
    )

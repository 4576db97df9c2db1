"""A repaired model: the remedy that restored learning, applied and trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from .copying import copy_optimizer
from .diagnosing import first_setting
from .findings import Attempt, Diagnosis
from .linting import suspects_of
from .program import Program, read_program
from .rates import rate_suspects
from .remedies import statistics, with_fresh_weights, with_updates
from .suspects import Apply
from .trial import Setting

# Remedies that a model file cannot hold, since they change what it is given.
_OF_DATA = ("unnormalised-target",)


@dataclass(frozen=True, eq=False)
class Repair:
    """A remedied model, not yet trained, and what else to change.

    Attributes:
        model: A new, compiled model.
        code: The fault that it remedies.
        patch: What the program has to change, argument by argument, beside what the
            model file holds.
        before: Skill without the remedy.
        after: Skill with it.
    """

    model: keras.Model
    code: str
    patch: dict[str, Any]
    before: float
    after: float


def repair(
    diagnosis: Diagnosis,
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    batch_size: int = 32,
    epochs: int = 5,
) -> Repair | None:
    """Returns a new model with the remedy that restored most; None if none did.

    Args:
        diagnosis: What `diagnose` returned for this program.
        model: The model; it is only read.
        x: Inputs.
        y: Targets.
        batch_size: As for `diagnose`. Defaults to `32`.
        epochs: As for `diagnose`. Defaults to `5`.
    """
    program = read_program(model, x, y, batch_size, epochs)
    counted = [finding.code for finding in diagnosis.findings if finding.counts]
    restoring = [
        one for one in diagnosis.attempts if one.restored and one.code in counted
    ]
    # Of remedies that did as well, to 0.05, the one for the likeliest cause.
    restoring.sort(key=lambda one: (-round(one.after * 20), counted.index(one.code)))
    for attempt in restoring:
        apply = _remedy_of(attempt, program)
        if apply is not None:
            return _repaired(attempt, apply(first_setting(program)), program)
    return None


def _remedy_of(attempt: Attempt, program: Program) -> Apply | None:
    every = [*suspects_of(program), *rate_suspects(program)]
    for one in every:
        if (one.finding.code, one.finding.remedy) == (attempt.code, attempt.change):
            return one.apply
    return {"too-few-updates": with_updates(10), "bad-init": with_fresh_weights}.get(
        attempt.code
    )


def _repaired(attempt: Attempt, setting: Setting, program: Program) -> Repair:
    model = setting.model
    model.set_weights(setting.weights)
    patch: dict[str, Any] = {}
    if setting.learning_rate != program.learning_rate:
        patch["learning_rate"] = setting.learning_rate
    if setting.batch_size != program.batch_size:
        patch["batch_size"] = setting.batch_size
    if setting.updates != program.updates:
        patch["epochs"] = program.epochs * setting.updates // program.updates
    if setting.loss is not program.model.loss:
        patch["loss"] = keras.losses.serialize(keras.losses.get(setting.loss))
    if attempt.code in _OF_DATA:
        patch["data"] = attempt.change
    elif setting.x is not program.x:
        model = _normalising(model, program)
    optimizer = copy_optimizer(program.model.optimizer, setting.learning_rate)
    model.compile(optimizer=optimizer, loss=setting.loss, metrics=None)
    return Repair(model, attempt.code, patch, attempt.before, attempt.after)


def _normalising(model: keras.Model, program: Program) -> keras.Model:
    """Returns the model with the standardising of its inputs as its first layer."""
    mean, spread = statistics(program.x)
    inputs = keras.Input(program.x.shape[1:])
    if mean.ndim:
        first = keras.layers.Normalization(mean=mean, variance=spread**2)(inputs)
    else:
        scale = 1 / float(spread)
        first = keras.layers.Rescaling(scale, -float(mean) * scale)(inputs)
    return keras.Model(inputs, model(first), name=f"{program.model.name}_repaired")

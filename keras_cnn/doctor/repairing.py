"""A repaired model: the remedy that restored learning, applied and trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from .copying import copy_optimizer
from .diagnosing import first_setting
from .findings import Attempt, Diagnosis
from .judging import TOGETHER
from .linting import suspects_of
from .program import Program, read_program
from .rates import rate_suspects
from .remedies import statistics, with_fresh_weights, with_updates
from .suspects import Apply
from .trial import Setting

# What a model file cannot hold, since it changes what the model is given.
_TARGETS = "y = (y - y.mean(0)) / y.std(0)"


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
        one
        for one in diagnosis.attempts
        if one.restored and set(one.code.split(TOGETHER)) <= set(counted)
    ]
    # One change rather than two; of those that did as well, to 0.05, the one for the
    # likeliest cause.
    restoring.sort(
        key=lambda one: (
            one.code.count(TOGETHER),
            -round(one.after * 20),
            counted.index(one.code.partition(TOGETHER)[0]),
        )
    )
    for attempt in restoring:
        setting: Setting | None = first_setting(program)
        for code, change in zip(
            attempt.code.split(TOGETHER), attempt.change.split("\n"), strict=True
        ):
            apply = _remedy_of(code, change, program)
            setting = apply(setting) if apply and setting else None
        if setting is not None:
            return _repaired(attempt, setting, program)
    return None


def _remedy_of(code: str, change: str, program: Program) -> Apply | None:
    for one in [*suspects_of(program), *rate_suspects(program)]:
        if (one.finding.code, one.finding.remedy) == (code, change):
            return one.apply
    others = {"too-few-updates": with_updates(10), "bad-init": with_fresh_weights}
    return others.get(code)


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
    if setting.y is not program.y:
        patch["data"] = _TARGETS
    if setting.x is not program.x:
        model = _normalising(model, program)
    optimizer = copy_optimizer(program.model.optimizer, setting.learning_rate)
    model.compile(optimizer=optimizer, loss=setting.loss)
    # Saved without its variables, an optimizer makes Keras warn when it is loaded.
    optimizer.build(model.trainable_variables)
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

"""A repaired model: the remedy that restored learning, applied and trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .findings import Attempt, Diagnosis
from .linting import suspects_of
from .program.inputs import Array
from .program.program import Program, read_program
from .rules.hypotheses import hypotheses
from .rules.rule import Apply
from .search import first_setting
from .trials.copies import copy_optimizer
from .trials.remedies import statistics
from .trials.trial import Setting
from .verdict import TOGETHER


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
        x: Inputs, as for `diagnose`.
        y: Targets, as for `diagnose`.
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
    for one in (*suspects_of(program), *hypotheses(program)):
        if (one.finding.code, one.finding.remedy) == (code, change):
            return one.apply
    return None


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
    changed = [
        loss is not head.given_loss
        for loss, head in zip(setting.losses, program.heads, strict=True)
    ]
    losses = program.packed_answers(setting.losses)
    if any(changed):
        patch["loss"] = keras.tree.map_structure(
            lambda loss: keras.losses.serialize(keras.losses.get(loss)), losses
        )
    data = [
        f"{name} = ({name} - {name}.mean(0)) / {name}.std(0)"
        for y, head in zip(setting.y, program.heads, strict=True)
        if y is not head.y and (name := head.target)
    ]
    if data:
        # What a model file cannot hold, since it changes what the model is given.
        patch["data"] = "; ".join(data)
    given = list(program.inputs.values())
    raw = [one is not other for one, other in zip(setting.x, given, strict=True)]
    if any(raw):
        model = _normalising(model, program, raw)
    optimizer = copy_optimizer(program.model.optimizer, setting.learning_rate)
    model.compile(optimizer=optimizer, loss=losses)
    # Saved without its variables, an optimizer makes Keras warn when it is loaded.
    optimizer.build(model.trainable_variables)
    return Repair(model, attempt.code, patch, attempt.before, attempt.after)


def _normalising(
    model: keras.Model, program: Program, raw: Sequence[bool]
) -> keras.Model:
    """Returns the model with the standardising of its raw inputs before it."""
    names = [tensor.name for tensor in model.inputs]
    values = list(program.inputs.values())
    inputs = [
        keras.Input(one.shape[1:], name=name)
        for name, one in zip(names, values, strict=True)
    ]
    scaled = [
        _standardising(value)(tensor) if is_raw else tensor
        for tensor, value, is_raw in zip(inputs, values, raw, strict=True)
    ]
    return keras.Model(
        program.packed_inputs(inputs),
        model(program.packed_inputs(scaled)),
        name=f"{program.model.name}_repaired",
    )


def _standardising(values: Array) -> keras.Layer:
    """Returns what `standardise` does to some inputs, as a layer."""
    mean, spread = statistics(values)
    if mean.ndim:
        return keras.layers.Normalization(mean=mean, variance=spread**2)
    scale = 1 / float(spread)
    return keras.layers.Rescaling(scale, -float(mean) * scale)

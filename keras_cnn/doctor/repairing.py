"""A repaired model: the remedy that restored learning, applied and trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .._checks import InputError
from .findings import Attempt, Diagnosis
from .program.inputs import Array
from .program.program import Program, read_program
from .search import first_config
from .thresholds import AS_GOOD
from .trials.copies import copy_optimizer
from .trials.remedies import statistics
from .trials.trial import TrialConfig


@dataclass(frozen=True, eq=False)
class Repair:
    """A remedied model, not yet trained, and what else to change.

    Attributes:
        model: A new, compiled model.
        codes: The faults that it remedies; one, mostly.
        patch: What the program has to change, argument by argument, beside what the
            model file holds.
        before: Skill without the remedy.
        after: Skill with it.
    """

    model: keras.Model
    codes: tuple[str, ...]
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
        diagnosis: What `diagnose` returned for this program, in this process.
        model: The model; it is only read.
        x: Inputs, as for `diagnose`.
        y: Targets, as for `diagnose`.
        batch_size: As for `diagnose`. Defaults to `32`.
        epochs: As for `diagnose`. Defaults to `5`.

    Raises:
        InputError: If the model is not compiled, cannot be copied, or the data does
            not fit it; or if the diagnosis was pickled.
    """
    attempt = _best(diagnosis)
    if attempt is None:
        return None
    if not attempt._remedies:
        raise InputError(
            "`diagnosis` must come from `diagnose` in this process, since a file or "
            "pickle does not hold the remedies. Received: one without them."
        )
    program = read_program(model, x, y, batch_size, epochs)
    config = first_config(program)
    for remedy in attempt._remedies:
        config = remedy(config)
    return _repaired(attempt, config, program)


def _best(diagnosis: Diagnosis) -> Attempt | None:
    """Returns the attempt that restored most, for causes that were found.

    One change rather than two; of those that did as well, the one for the likeliest
    cause.
    """
    causes = [finding.code for finding in diagnosis.findings if finding.counts]
    restoring = [
        attempt
        for attempt in diagnosis.attempts
        if attempt.restored and set(attempt.codes) <= set(causes)
    ]
    return min(
        restoring,
        key=lambda attempt: (
            len(attempt.codes),
            -round(attempt.after / AS_GOOD.value),
            causes.index(attempt.codes[0]),
        ),
        default=None,
    )


def _repaired(attempt: Attempt, config: TrialConfig, program: Program) -> Repair:
    model = config.model
    model.set_weights(config.weights)
    patch: dict[str, Any] = {}
    if config.learning_rate != program.learning_rate:
        patch["learning_rate"] = config.learning_rate
    if config.batch_size != program.batch_size:
        patch["batch_size"] = config.batch_size
    if config.updates != program.updates:
        patch["epochs"] = program.epochs * config.updates // program.updates
    changed = [
        loss is not head.given_loss
        for loss, head in zip(config.losses, program.heads, strict=True)
    ]
    losses = program.packed_outputs(config.losses)
    if any(changed):
        patch["loss"] = keras.tree.map_structure(
            lambda loss: keras.losses.serialize(keras.losses.get(loss)), losses
        )
    data = [
        f"{name} = ({name} - {name}.mean(0)) / {name}.std(0)"
        for y, head in zip(config.y, program.heads, strict=True)
        if y is not head.y and (name := head.target)
    ]
    if data:
        # What a model file cannot hold, since it changes what the model is given.
        patch["data"] = "; ".join(data)
    given = list(program.inputs.values())
    raw = [one is not other for one, other in zip(config.x, given, strict=True)]
    if any(raw):
        model = _normalizing(model, program, raw)
    optimizer = copy_optimizer(program.model.optimizer, config.learning_rate)
    model.compile(optimizer=optimizer, loss=losses)
    # Saved without its variables, an optimizer makes Keras warn when it is loaded.
    optimizer.build(model.trainable_variables)
    return Repair(model, attempt.codes, patch, attempt.before, attempt.after)


def _normalizing(
    model: keras.Model, program: Program, raw: Sequence[bool]
) -> keras.Model:
    """Returns the model with the standardizing of its raw inputs before it."""
    names = [tensor.name for tensor in model.inputs]
    values = list(program.inputs.values())
    inputs = [
        keras.Input(one.shape[1:], name=name)
        for name, one in zip(names, values, strict=True)
    ]
    scaled = [
        _standardizing(value)(tensor) if is_raw else tensor
        for tensor, value, is_raw in zip(inputs, values, raw, strict=True)
    ]
    return keras.Model(
        program.packed_inputs(inputs),
        model(program.packed_inputs(scaled)),
        name=f"{program.model.name}_repaired",
    )


def _standardizing(values: Array) -> keras.Layer:
    """Returns what `standardize` does to some inputs, as a layer."""
    mean, spread = statistics(values)
    if mean.ndim:
        return keras.layers.Normalization(mean=mean, variance=spread**2)
    scale = 1 / float(spread)
    return keras.layers.Rescaling(scale, -float(mean) * scale)

"""A repaired model: the remedies that restored learning, applied again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .._checks import InputError
from .findings import Attempt, Diagnosis
from .program.inputs import Array
from .program.program import Program
from .reading import read_plan
from .thresholds import AS_GOOD
from .trials.config import TrialConfig, first_config
from .trials.copies import copy_optimizer
from .trials.data_remedies import standardize, statistics


@dataclass(frozen=True, eq=False)
class Repair:
    """A remedied model, not yet trained, and what else to change.

    Attributes:
        model: A new, compiled model; None where the model cannot be copied, so that
            the patch says all.
        codes: The faults that it remedies; one, mostly.
        changes: The changes, as code, one for each of them.
        patch: What the program has to change, argument by argument, beside what the
            model file holds.
        before: Skill without the remedy.
        after: Skill with it.
    """

    model: keras.Model | None
    codes: tuple[str, ...]
    changes: tuple[str, ...]
    patch: dict[str, Any]
    before: float
    after: float


def repair(
    diagnosis: Diagnosis,
    model: keras.Model | Callable[[], keras.Model],
    x: Any = None,
    y: Any = None,
    **plan: Any,
) -> Repair | None:
    """Returns a new model with the remedy that restored most; None if none did.

    Args:
        diagnosis: What `diagnose` returned for this program, in this process.
        model: The model, or the function that makes it; it is only read.
        x: Inputs, as for `diagnose`.
        y: Targets, as for `diagnose`.
        **plan: What else `diagnose` was given: `batch_size`, `epochs`, `fresh`, ...

    Raises:
        InputError: If the model is not compiled, the data does not fit it, or the
            diagnosis was pickled.
    """
    attempt = _best(diagnosis)
    if attempt is None:
        return None
    if not attempt._remedies:
        raise InputError(
            "`diagnosis` must come from `diagnose` in this process, since a file or "
            "pickle does not hold the remedies. Received: one without them."
        )
    program, _ = read_plan(model, x, y, **plan)
    make = None if isinstance(model, keras.Model) else model
    first = config = first_config(program, make)
    patch: dict[str, Any] = {}
    for remedy, change in zip(attempt._remedies, attempt.changes, strict=True):
        before, config = config, remedy(config)
        # What a model file cannot hold, since it changes what the model is given.
        if _differs(config.y, before.y):
            patch["data"] = change
        if config.sample_weight is not before.sample_weight:
            patch["class_weight"] = change
    return _repaired(attempt, first, config, patch)


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


def _repaired(
    attempt: Attempt, first: TrialConfig, config: TrialConfig, patch: dict[str, Any]
) -> Repair:
    """Returns what differs from the first configuration, as a model and a patch."""
    program = first.program
    if config.learning_rate != first.learning_rate:
        patch["learning_rate"] = config.learning_rate
    if config.batch_size != first.batch_size:
        patch["batch_size"] = config.batch_size
    if config.updates != first.updates:
        patch["epochs"] = program.epochs * config.updates // first.updates
    if config.optimizer:
        patch["optimizer"] = dict(config.optimizer)
    losses = program.packed_outputs(config.losses)
    if _differs(config.losses, first.losses):
        patch["loss"] = keras.tree.map_structure(
            lambda loss: keras.losses.serialize(keras.losses.get(loss)), losses
        )
    model = None
    if config.model is not program.model and program.optimizer is not None:
        model = config.model
        model.set_weights(config.weights)
        if _differs(config.x, first.x) and getattr(model, "inputs", None):
            model = _normalizing(model, program, config.x)
        rate = config.learning_rate or 0.0
        optimizer = copy_optimizer(program.optimizer, rate, config.optimizer)
        model.compile(optimizer=optimizer, loss=losses)
        # Saved without its variables, an optimizer makes Keras warn when it is loaded.
        optimizer.build(model.trainable_variables)
    return Repair(
        model, attempt.codes, attempt.changes, patch, attempt.before, attempt.after
    )


def _differs(now: Sequence[Any], before: Sequence[Any]) -> bool:
    """Whether a remedy has put another object in the place of one."""
    return any(one is not other for one, other in zip(now, before, strict=True))


def _normalizing(
    model: keras.Model, program: Program, wanted: Sequence[Array]
) -> keras.Model:
    """Returns the model, with layers before it that make its inputs what is wanted."""
    values = list(program.inputs.values())
    inputs = [
        keras.Input(tensor.shape[1:], name=tensor.name, dtype=tensor.dtype)
        for tensor in model.inputs
    ]
    scaled = [
        tensor if now is value else _standardizing(value, now)(tensor)
        for tensor, value, now in zip(inputs, values, wanted, strict=True)
    ]
    return keras.Model(
        program.packed_inputs(inputs),
        model(program.packed_inputs(scaled)),
        name=f"{program.model.name}_repaired",
    )


def _standardizing(values: Array, wanted: Array) -> keras.Layer:
    """Returns what makes some inputs those that are wanted, as a layer.

    They are standardized, and perhaps multiplied by one number for all.
    """
    mean, spread = statistics(values)
    spread = spread * float(standardize(values).std() / wanted.std())
    if mean.ndim:
        return keras.layers.Normalization(mean=mean, variance=spread**2)
    scale = 1 / float(spread)
    return keras.layers.Rescaling(scale, -float(mean) * scale)

"""What the user plans, read as a program: model or function, arrays or a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count, check_fraction
from .program.inputs import read_inputs, read_targets
from .program.program import Program
from .program.read import read_program
from .program.streams import is_stream, read_stream
from .rules.learned import HeldOut
from .trials.copies import CannotRebuild, copy_model


def read_plan(
    model: keras.Model | Callable[[], keras.Model],
    x: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    epochs: int = 5,
    validation_data: Any = None,
    validation_split: float = 0.0,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    steps_per_epoch: int | None = None,
    fresh: bool = False,
) -> tuple[Program, HeldOut | None]:
    """Reads a program, and what is held out of it; see `diagnose` for the arguments.

    Raises:
        InputError: If the model is not compiled, the data does not fit it, or an
            argument breaks its rule.
    """
    check_count("epochs", epochs)
    check_fraction("validation_split", validation_split)
    for name, value in (
        ("batch_size", batch_size),
        ("steps_per_epoch", steps_per_epoch),
    ):
        if value is not None:
            check_count(name, value)
    made = _made(model)
    if fresh and made is model:
        made = _anew(made)
    streamed = is_stream(x)
    if streamed:
        if y is not None or sample_weight is not None:
            raise InputError(
                "`y` and `sample_weight` must not be given beside a stream, whose "
                f"batches hold them. Received: x={type(x).__name__} and another."
            )
        read = read_stream(x, steps_per_epoch)
        x, y, sample_weight = read.x, read.y, read.sample_weight
        batch_size, steps_per_epoch = read.batch_size, read.steps
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = _split(
            (x, y, sample_weight), validation_split
        )
    program = read_program(
        made,
        x,
        y,
        batch_size or 32,
        epochs,
        sample_weight=sample_weight,
        class_weight=class_weight,
        steps=steps_per_epoch,
        streamed=streamed,
    )
    return program, _held_out(program, validation_data)


def _made(model: keras.Model | Callable[[], keras.Model]) -> keras.Model:
    """Returns the model, or what a function in its place makes."""
    if isinstance(model, keras.Model):
        return model
    made = model() if callable(model) else None
    if not isinstance(made, keras.Model):
        raise InputError(
            "`model` must be a Keras model, or a function without arguments that "
            f"returns one. Received: {type(model).__name__}"
            + (f" that returns {type(made).__name__}." if callable(model) else ".")
        )
    return made


def _split(data: tuple[Any, Any, Any], share: float) -> tuple[Any, Any]:
    """Returns the first samples, and the last as (x, y), as `fit` splits them."""
    x, y, sample_weight = data
    rows = len(keras.tree.flatten(x)[0])
    begin = int(rows * (1 - share))

    def part(structure: Any, rows: slice) -> Any:
        if structure is None:
            return None
        return keras.tree.map_structure(lambda one: np.asarray(one)[rows], structure)

    first, last = slice(begin), slice(begin, None)
    kept = part(x, first), part(y, first), part(sample_weight, first)
    return kept, (part(x, last), part(y, last))


def _held_out(program: Program, validation_data: Any) -> HeldOut | None:
    if validation_data is None or program.outputs is None:
        return None
    if is_stream(validation_data):
        read = read_stream(validation_data)
        validation_data = read.x, read.y
    x, y, _ = keras.utils.unpack_x_y_sample_weight(validation_data)
    _, inputs = read_inputs(program.model, x)
    targets = read_targets(program.model, y, program.outputs)
    if {head.index for head in program.heads} - targets.keys():
        raise InputError(
            "`validation_data` must hold targets for each output that is trained. "
            f"Received: {len(targets)} of {len(program.heads)}."
        )
    count = len(keras.tree.flatten(program.outputs))
    rows = len(next(iter(inputs.values())))
    empty = np.zeros((rows, 1), "float32")
    return HeldOut(
        list(inputs.values()), [targets.get(index, empty) for index in range(count)]
    )


def _anew(model: keras.Model) -> keras.Model:
    """Returns a trained model's program with weights drawn by its initializers."""
    try:
        copy = copy_model(model)
    except CannotRebuild as error:
        raise InputError(
            "`fresh` must be False for a model that cannot be copied: give a function "
            f"that makes it. Received: fresh=True, {error}."
        ) from error
    optimizer = model.optimizer
    copy.compile(
        type(optimizer).from_config(optimizer.get_config()),
        loss=model.loss,
        loss_weights=(model.get_compile_config() or {}).get("loss_weights"),
    )
    return copy

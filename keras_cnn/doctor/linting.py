"""What can be told before training, from structure, arguments and data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from .findings import Finding
from .program.program import Program, read_program
from .rules.data import check_data
from .rules.hidden_layers import check_body
from .rules.outputs import check_heads
from .rules.rule import Suspect


def lint(
    model: keras.Model, x: Any, y: Any, *, batch_size: int = 32, epochs: int = 5
) -> list[Finding]:
    """Returns what looks wrong with a program before it is trained.

    Whether a mistake does harm can only be told by training: `diagnose` does. What may
    be right as well as wrong is a note here.

    Args:
        model: A compiled Keras model.
        x: Inputs: an array, or a list or dict of arrays as for `fit`.
        y: Targets, likewise.
        batch_size: What is planned. Defaults to `32`.
        epochs: What is planned. Defaults to `5`.

    Returns:
        The findings, the most likely fault first.

    Raises:
        InputError: If the model is not compiled or the data does not fit it.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(1, activation="softmax")]
        ... )
        >>> model.compile("adam", "binary_crossentropy")
        >>> x = np.random.default_rng(0).normal(size=(50, 4))
        >>> [finding.code for finding in lint(model, x, x[:, 0] > 0)]
        ['softmax-single-unit']
    """
    program = read_program(model, x, y, batch_size, epochs)
    found = sorted(
        suspects_of(program),
        key=lambda one: (one.certain, one.visible, one.finding.confidence),
        reverse=True,
    )
    return [
        one.finding if one.visible else replace(one.finding, severity="note")
        for one in found
    ]


def suspects_of(program: Program) -> Iterator[Suspect]:
    """Yields every suspicion that a program raises before training."""
    yield from check_data(program)
    yield from check_heads(program)
    yield from check_body(program)

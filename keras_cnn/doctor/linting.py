"""What can be told before training, from structure, arguments and data."""

from __future__ import annotations

from typing import Any

import keras

from .findings import Finding
from .program.program import read_program
from .rules import STATIC, check_groups
from .rules.rule import Hit


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
        batch_size: Of the planned training. Defaults to `32`.
        epochs: Of the planned training. Defaults to `5`.

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
    hits = [sign for sign in check_groups(STATIC, program) if isinstance(sign, Hit)]
    hits.sort(key=lambda hit: (hit.proven, hit.sureness), reverse=True)
    # Several remedies may be worth a trial for one mistake: here the first is said.
    first = {(hit.code, hit.where): hit for hit in reversed(hits)}
    return [hit.finding() for hit in hits if first[hit.code, hit.where] is hit]

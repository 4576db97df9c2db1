"""What can be told before training, from structure, arguments and data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras

from .findings import Finding
from .reading import read_plan
from .rules import STATIC, check_groups
from .rules.rule import Hit
from .thresholds import LIKELY


def lint(
    model: keras.Model | Callable[[], keras.Model],
    x: Any = None,
    y: Any = None,
    *,
    batch_size: int | None = None,
    epochs: int = 5,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    steps_per_epoch: int | None = None,
) -> list[Finding]:
    """Returns what looks wrong with a program before it is trained.

    Whether a mistake does harm can only be told by training: `diagnose` does. What is
    as often right as wrong is a note here.

    Args:
        model: A compiled Keras model, or a function without arguments that makes one.
        x: Inputs: an array, or a list or dict of arrays as for `fit`; or a stream.
        y: Targets, likewise; none with a stream. Defaults to `None`.
        batch_size: Of the planned training. Defaults to `None`: 32, or a stream's.
        epochs: Of the planned training. Defaults to `5`.
        class_weight: As for `fit`. Defaults to `None`.
        sample_weight: As for `fit`. Defaults to `None`.
        steps_per_epoch: As for `fit`. Defaults to `None`.

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
    program, _ = read_plan(
        model,
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        class_weight=class_weight,
        sample_weight=sample_weight,
        steps_per_epoch=steps_per_epoch,
    )
    hits = [sign for sign in check_groups(STATIC, program) if isinstance(sign, Hit)]
    hits.sort(key=lambda hit: (hit.proven, hit.sureness), reverse=True)
    # Several remedies may be worth a trial for one mistake: here the first is said.
    first = {(hit.code, hit.where): hit for hit in reversed(hits)}
    return [_said(hit) for hit in hits if first[hit.code, hit.where] is hit]


def _said(hit: Hit) -> Finding:
    """Returns a hit's finding: a note, unless most that look so are wrong."""
    finding = hit.finding()
    plain = hit.proven or hit.sureness >= LIKELY.value
    return finding if plain else replace(finding, severity="note")

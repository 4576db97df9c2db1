"""A model's optimizers, wherever it keeps them."""

from __future__ import annotations

import keras
import numpy as np


def optimizers_of(model: keras.Model) -> dict[str, keras.optimizers.Optimizer]:
    """Returns a model's optimizers by the attribute that holds each.

    `optimizer` comes first; a model with a step of its own may have others.
    """
    held = {
        name: value
        for name, value in vars(model).items()
        if isinstance(value, keras.optimizers.Optimizer)
    }
    first = getattr(model, "optimizer", None)
    main = {"optimizer": first} if first is not None else {}
    known = {id(first)}
    return main | {
        name: value for name, value in held.items() if id(value) not in known
    }


def rate_of(optimizer: keras.optimizers.Optimizer, updates: int) -> float:
    """Returns an optimizer's rate; of a schedule, its median over some updates."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    rate = getattr(optimizer, "_learning_rate", None)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        steps = np.linspace(0, max(updates - 1, 0), 9)
        return float(np.median([float(rate(int(step))) for step in steps]))
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))

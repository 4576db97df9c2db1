"""The same run twice, by `Model.fit` and by the trainer, and what must agree."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any

import keras
import numpy as np

from keras_cnn import Trainer

# float64: 200 steps of rounding at 1e-16, grown by training.
FLOAT64_TOLERANCE = 1e-9
# float32: sums over a batch in another order, after a few steps.
FLOAT32_TOLERANCE = 2e-5


def force_shards(monkeypatch: Any, count: int) -> None:
    """Makes a batch be computed in `count` shards, which threads would decide."""
    monkeypatch.setattr("keras_cnn.training.plan.concurrent_operations", lambda: count)


def quiet(**arguments: Any) -> dict[str, Any]:
    """Arguments of a run whose order is fixed and which shows nothing."""
    return {"shuffle": False, "verbose": 0, **arguments}


def seeded(build: Callable[[], keras.Model]) -> keras.Model:
    """Builds a model whose weights are the same at each call."""
    keras.utils.set_random_seed(7)
    return build()


def run_both(
    build: Callable[[], keras.Model],
    arguments: Callable[[], dict[str, Any]],
    **options: Any,
) -> tuple[keras.Model, keras.Model]:
    """Trains a model by `Model.fit`, and one like it by the trainer.

    Args:
        build: Returns the compiled model.
        arguments: Returns those of `fit`, anew for each of the two.
        **options: Of the trainer.

    Returns:
        Keras's model and ours, each with its `history`.
    """
    theirs = seeded(build)
    with warnings.catch_warnings():
        # Keras says of every stream of unknown length that it ran out
        warnings.simplefilter("ignore")
        theirs.fit(**quiet(**arguments()))
    ours = seeded(build)
    Trainer(ours, **options).fit(**quiet(**arguments()))
    return theirs, ours


def variables(model: keras.Model) -> list[np.ndarray]:
    """Returns all that training changes: weights, statistics, slots, counters."""
    everything = [*model.variables, *model.optimizer.variables]
    return [np.asarray(keras.ops.convert_to_numpy(v.value)) for v in everything]


def assert_same_variables(
    ours: keras.Model, theirs: keras.Model, tolerance: float
) -> None:
    mine, others = variables(ours), variables(theirs)
    assert len(mine) == len(others) > 0
    for one, other in zip(mine, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def assert_same_history(
    ours: keras.Model,
    theirs: keras.Model,
    tolerance: float,
    other_than: Collection[str] = (),
) -> None:
    mine, others = ours.history, theirs.history
    assert mine.epoch == others.epoch
    assert list(mine.history) == list(others.history)
    for name, values in others.history.items():
        if name in other_than:
            continue
        np.testing.assert_allclose(
            mine.history[name], values, rtol=tolerance, atol=tolerance, err_msg=name
        )
        assert all(type(value) is type(values[0]) for value in mine.history[name])

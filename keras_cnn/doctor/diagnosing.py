"""The diagnosis: what lint suspects, put to the test in a short training."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .._checks import check_count, check_positive
from .clock import Clock
from .findings import Diagnosis
from .reading import read_plan
from .search import Search


def diagnose(
    model: keras.Model | Callable[[], keras.Model],
    x: Any = None,
    y: Any = None,
    *,
    batch_size: int | None = None,
    epochs: int = 5,
    validation_data: Any = None,
    validation_split: float = 0.0,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    steps_per_epoch: int | None = None,
    budget_seconds: float = 12,
    fresh: bool = False,
    seed: int = 0,
) -> Diagnosis:
    """Says whether a training program learns, and if not, why.

    A copy of the model is trained for what is planned, or for as long as the budget
    allows. If it learns less than it could, each suspicion's remedy is tried on
    another copy, with as many updates: a remedy that restores learning is the best
    evidence of a cause.

    A model that Keras cannot copy by its configuration, such as one with a
    `train_step` of its own, is made anew by the function that is given in its place;
    without one it is trained itself, and its weights are put back. What would change
    such a model's layers is said, not tried.

    Args:
        model: A compiled Keras model, or a function without arguments that makes one.
        x: Inputs: an array, or a list or dict of arrays as for `fit`; or a stream of
            batches: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a loader, or a
            generator, of which some thousand samples are read.
        y: Targets, likewise; none with a stream. Defaults to `None`.
        batch_size: Of the planned training. Defaults to `None`: 32, or a stream's.
        epochs: Of the planned training. Defaults to `5`.
        validation_data: Inputs and targets not trained on, or a stream of them, to
            tell overfitting. Defaults to `None`.
        validation_split: The share of the samples, from the end, that are not trained
            on, in [0, 1). Defaults to `0.0`.
        class_weight: As for `fit`. Defaults to `None`.
        sample_weight: One weight a sample, as for `fit`. Defaults to `None`.
        steps_per_epoch: As for `fit`. Defaults to `None`: one pass over the data.
        budget_seconds: What the diagnosis may take, all in all. Defaults to `12`.
        fresh: Whether a model that has been trained begins anew, with weights drawn by
            its initializers. Defaults to `False`.
        seed: Fixes the order of samples and all that is drawn. Defaults to `0`.

    Returns:
        The diagnosis, whose verdict is "healthy", "faulty" or "undecided".

    Raises:
        InputError: If the model is not compiled, the data does not fit it, an argument
            breaks its rule, or new weights are asked for and cannot be drawn.

    Example:
        >>> import keras, numpy as np
        >>> x = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(100.0), "mse")
        >>> diagnosis = diagnose(model, x, x.sum(1, keepdims=True))
        >>> diagnosis.verdict, diagnosis.findings[0].code
        ('faulty', 'lr-too-high')
    """
    check_positive("budget_seconds", budget_seconds)
    check_count("seed", seed, min_value=0)
    clock = Clock(budget_seconds)
    with _aside(seed):
        program, held_out = read_plan(
            model,
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation_data,
            validation_split=validation_split,
            class_weight=class_weight,
            sample_weight=sample_weight,
            steps_per_epoch=steps_per_epoch,
            fresh=fresh,
        )
        make = None if isinstance(model, keras.Model) else model
        return Search(program, clock, seed, make).diagnosis(held_out)


@contextmanager
def _aside(seed: int) -> Iterator[None]:
    """Seeds Python's and NumPy's global generators, and leaves them as they were.

    From the former Keras takes the seeds of a copy's weights and dropout. Keras's
    warnings of odd programs are the doctor's to report, and TensorFlow's of many traced
    functions are about its copies: both are held back, and NumPy's of overflows, which
    a training that explodes brings with it.
    """
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    logger = tf.get_logger()
    logger.addFilter(_not_of_retracing)
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(over="ignore", invalid="ignore"),
        ):
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logger.removeFilter(_not_of_retracing)
        random.setstate(python)
        np.random.set_state(numpy)


def _not_of_retracing(record: logging.LogRecord) -> bool:
    return "retracing" not in record.getMessage()

"""The diagnosis: what lint suspects, put to the test in a short training."""

from __future__ import annotations

import logging
import random
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .._checks import InputError, check_count, check_positive
from .findings import Diagnosis
from .program.inputs import read_inputs, read_targets
from .program.program import read_program
from .search import Search


def diagnose(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    batch_size: int = 32,
    epochs: int = 5,
    validation_data: tuple[Any, Any] | None = None,
    budget_seconds: float = 12,
    seed: int = 0,
) -> Diagnosis:
    """Says whether a training program learns, and if not, why.

    A copy of the model is trained for what is planned, or for as long as the budget
    allows. If it learns less than it could, each suspicion's remedy is tried on
    another copy, with as many updates: a remedy that restores learning is the best
    evidence of a cause. The model itself is only read.

    Args:
        model: A compiled Keras model that trains with Keras's own `train_step`.
        x: Inputs: an array, or a list or dict of arrays as for `fit`.
        y: Targets, likewise.
        batch_size: Of the planned training. Defaults to `32`.
        epochs: Of the planned training. Defaults to `5`.
        validation_data: Inputs and targets not trained on, to tell overfitting.
            Defaults to `None`.
        budget_seconds: What the diagnosis may take, about. Defaults to `12`.
        seed: Fixes the order of samples and all that is drawn. Defaults to `0`.

    Returns:
        The verdict.

    Raises:
        InputError: If the model is not compiled, cannot be copied, or has a
            `train_step` of its own; if the data does not fit it; or if an argument
            breaks its rule.

    Example:
        >>> import keras, numpy as np
        >>> x = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(100.0), "mse")
        >>> diagnosis = diagnose(model, x, x.sum(1, keepdims=True))
        >>> diagnosis.healthy, diagnosis.findings[0].code
        (False, 'lr-too-high')
    """
    check_count("batch_size", batch_size)
    check_count("epochs", epochs)
    check_positive("budget_seconds", budget_seconds)
    check_count("seed", seed, min_value=0)
    begin = time.perf_counter()
    if type(model).train_step is not keras.Model.train_step:
        raise InputError(
            "The model must train with Keras's own `train_step`, since copies are "
            "trained with it; `lint` takes any. "
            f"Received: {type(model).__name__} with its own."
        )
    program = read_program(model, x, y, batch_size, epochs)
    held_out = None
    if validation_data is not None:
        _, inputs = read_inputs(model, validation_data[0])
        targets = read_targets(model, validation_data[1], program.outputs)
        held_out = list(inputs.values()), list(targets.values())
    with _aside(seed):
        return Search(program, begin, budget_seconds, seed).diagnosis(held_out)


@contextmanager
def _aside(seed: int) -> Iterator[None]:
    """Seeds Python's and NumPy's global generators, and leaves them as they were.

    From the former Keras takes the seeds of a copy's weights and dropout. Keras's
    warnings of odd programs are the doctor's to report, and TensorFlow's of many traced
    functions are about its copies: both are held back.
    """
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    logger = tf.get_logger()
    logger.addFilter(_not_of_retracing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logger.removeFilter(_not_of_retracing)
        random.setstate(python)
        np.random.set_state(numpy)


def _not_of_retracing(record: logging.LogRecord) -> bool:
    return "retracing" not in record.getMessage()

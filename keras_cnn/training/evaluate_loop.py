"""Evaluation and prediction: batch after batch, with their hooks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import keras

from ._keras import (
    convert_to_np_if_not_ragged,
    potentially_ragged_concat,
    pythonify_logs,
)
from .batch_hooks import BatchHooks, StepBudget
from .data_sources import Source
from .source import AnyLoop
from .steps import logs_of_epoch
from .stream_source import raise_empty


def evaluate(
    model: keras.Model,
    loop: AnyLoop,
    source: Source,
    callbacks: keras.callbacks.CallbackList,
    broadcast: Callable[[int], int],
) -> dict[str, Any]:
    """Returns the loss and metrics of a model over some data, as numbers.

    Args:
        model: The compiled model.
        loop: The loop of its evaluation steps.
        source: The data.
        callbacks: Whose `on_test_...` hooks are called.
        broadcast: From this worker's number of steps to that of all workers.
    """
    hooks = BatchHooks(callbacks, "test", model.steps_per_execution)
    budget = StepBudget(broadcast)
    source.restart()
    model.stop_evaluating = False
    callbacks.on_test_begin()
    model.reset_metrics()
    done = 0
    logs: dict[str, Any] = {}

    def next_steps() -> int:
        hooks.begin(done)
        max_steps = hooks.max_steps(done, done)
        if model.stop_evaluating:  # heard after the next batch, as in Keras
            max_steps = min(max_steps, model.steps_per_execution)
        return budget(max_steps)

    with closing(source.epoch(loop, next_steps)) as results:
        for result in results:
            budget.took(result.steps)
            done += result.steps
            logs = result.logs
            hooks.end(done - 1, done, logs)
            if model.stop_evaluating:
                break
    if not done:
        raise_empty(source.name)
    hooks.end_epoch(done - 1, logs)
    logs = pythonify_logs(logs_of_epoch(model, logs, "test"))
    callbacks.on_test_end(logs)
    return logs


def predict(
    model: keras.Model,
    predict_batch: Callable[[Any], Any],
    source: Source,
    callbacks: keras.callbacks.CallbackList,
) -> Any:
    """Returns a model's outputs for some data, as arrays.

    Args:
        model: The model.
        predict_batch: From a batch to its outputs.
        source: The data.
        callbacks: Whose `on_predict_...` hooks are called.
    """
    hooks = BatchHooks(callbacks, "predict", model.steps_per_execution)
    model.stop_predicting = False
    callbacks.on_predict_begin()
    outputs = []
    with closing(source.batches()) as batches:
        for batch, data in enumerate(batches):
            hooks.begin(batch)
            outputs.append(predict_batch(data))
            hooks.end(batch, batch + 1, {"outputs": outputs[-1]})
            if model.stop_predicting:
                break
    if not outputs:
        raise_empty(source.name)
    hooks.end_epoch(len(outputs) - 1, {"outputs": outputs[-1]})
    callbacks.on_predict_end()
    joined = keras.tree.map_structure_up_to(
        outputs[0], lambda *parts: potentially_ragged_concat(parts), *outputs
    )
    return keras.tree.map_structure(convert_to_np_if_not_ragged, joined)

"""What the trainer uses of Keras that is not public, in one place.

`Model.fit` is made of these; what they do (which data are accepted and how, when a
metric is built) would otherwise be written here a second time and drift apart. Tested
with Keras 3.15; a test names whichever of them a later version no longer has.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.tensorflow.trainer import (
    convert_to_np_if_not_ragged,
    potentially_ragged_concat,
)
from keras.src.losses import loss as loss_module
from keras.src.models.functional import Functional
from keras.src.trainers.data_adapters import get_data_adapter
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.array_slicing import (
    convert_to_sliceable,
    train_validation_split,
)
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from keras.src.utils.python_utils import is_default, pythonify_logs

__all__ = [
    "FUNCTIONAL_ATTRIBUTES",
    "LOSS_ATTRIBUTES",
    "MODEL_ATTRIBUTES",
    "NORMALIZATION_ATTRIBUTES",
    "OPTIMIZER_ATTRIBUTES",
    "ArrayDataAdapter",
    "Functional",
    "begin_epoch",
    "convert_to_np_if_not_ragged",
    "convert_to_sliceable",
    "get_data_adapter",
    "gradients_of_whole_batches",
    "is_default",
    "losses_of_whole_batches",
    "output_losses_by_sample",
    "potentially_ragged_concat",
    "pythonify_logs",
    "sample_weights_by_sample",
    "train_validation_split",
]

_reduce = loss_module.reduce_weighted_values

# Several threads may trace their steps at once; the last one out restores.
_LOCK = threading.Lock()
_inside: list[None] = []

# Attributes of a Keras model that the trainer calls or sets.
MODEL_ATTRIBUTES = (
    "_call_has_training_arg",
    "_compile_loss",
    "_compile_metrics",
    "_compute_loss",
    "_distribute_strategy",
    "_flatten_layers",
    "_flatten_metrics_in_order",
    "_get_call_context",
    "_get_regularization_losses",
    "_initial_epoch",
    "_loss_tracker",
    "_losses_override",
    "_maybe_reset_call_context",
    "_should_eval",
    "_symbolic_build",
)

# Of a functional model, which is walked with all shards side by side; a Sequential has
# one in `_functional`.
FUNCTIONAL_ATTRIBUTES = ("_nodes_by_depth", "_outputs_struct", "_standardize_inputs")

# Of an optimizer, and of the loss of a compiled model.
OPTIMIZER_ATTRIBUTES = ("_get_variable_index", "_trainable_variables")
LOSS_ATTRIBUTES = ("_user_loss",)

# Of a built batch normalization.
NORMALIZATION_ATTRIBUTES = ("_reduction_axes",)


def begin_epoch(adapter: Any) -> None:
    """Says to a data adapter that an epoch begins.

    Keras lets the workers of a `PyDataset` read before its `on_epoch_begin` is done.
    Here they begin when the first batch is asked for.
    """
    if not isinstance(adapter, PyDatasetAdapter) or adapter.enqueuer is None:
        adapter.on_epoch_begin()
        return
    enqueuer, adapter.enqueuer = adapter.enqueuer, None
    try:
        adapter.on_epoch_begin()
    finally:
        adapter.enqueuer = enqueuer


@contextmanager
def losses_of_whole_batches(model: keras.Model, penalty: Any) -> Iterator[None]:
    """Lets a replica compute the loss of a whole batch while inside.

    Keras divides a mean by the number of replicas, because it takes each to see a part
    of the batch; here each sees all of it.

    Args:
        model: The model, whose own losses are left out.
        penalty: A scalar: what stands in their place, summed over the replicas.
    """
    scale, unscale = (
        loss_module.scale_loss_for_distribution,
        loss_module.unscale_loss_for_distribution,
    )
    loss_module.scale_loss_for_distribution = _unchanged
    loss_module.unscale_loss_for_distribution = _unchanged
    override, model._losses_override = model._losses_override, [penalty]
    try:
        yield
    finally:
        loss_module.scale_loss_for_distribution = scale
        loss_module.unscale_loss_for_distribution = unscale
        model._losses_override = override


@contextmanager
def sample_weights_by_sample() -> Iterator[None]:
    """Lets a weight for each sample weigh the whole sample while inside.

    Keras multiplies losses (n, steps) by weights (n,) along their last axis: with as
    many samples as steps it weighs the steps.
    """
    with _LOCK:
        _inside.append(None)
        loss_module.reduce_weighted_values = _reduce_by_sample
    try:
        yield
    finally:
        with _LOCK:
            _inside.pop()
            if not _inside:
                loss_module.reduce_weighted_values = _reduce


def _reduce_by_sample(values: Any, sample_weight: Any = None, **options: Any) -> Any:
    if sample_weight is not None:
        values = keras.ops.convert_to_tensor(values)
        sample_weight = keras.ops.convert_to_tensor(sample_weight)
        missing = len(values.shape) - 1
        if len(sample_weight.shape) == 1 and missing > 0:
            sample_weight = keras.ops.reshape(sample_weight, (-1, *[1] * missing))
    return _reduce(values, sample_weight=sample_weight, **options)


@contextmanager
def output_losses_by_sample(model: keras.Model, size: Any) -> Iterator[None]:
    """Lets the mean of each output's loss be over samples while inside.

    Keras weighs a batch by its size only where the graph knows it, and else by 1: the
    batches of an epoch must not be weighed in both ways.

    Args:
        model: The model, whose loss keeps a mean for each of several outputs.
        size: Samples in the batch, a number or a tensor.
    """
    means = [] if model._compile_loss is None else model._compile_loss.metrics

    def weighted(mean: Any) -> Any:
        return lambda value, sample_weight=None: type(mean).update_state(
            mean, value, sample_weight=size
        )

    for mean in means:
        mean.update_state = weighted(mean)
    try:
        yield
    finally:
        for mean in means:
            del mean.update_state


@contextmanager
def gradients_of_whole_batches(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Lets an optimizer take gradients that are summed over the replicas already.

    Args:
        optimizer: Which would sum them itself.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    optimizer._all_reduce_sum_gradients = _unchanged
    try:
        yield
    finally:
        del optimizer._all_reduce_sum_gradients


def _unchanged(value: Any) -> Any:
    return value

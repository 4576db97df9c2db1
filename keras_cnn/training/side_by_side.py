"""The pass of a model over all shards of a batch, layer by layer, side by side.

Most layers treat each sample alone, and are called once for each shard. What needs the
whole batch is computed once, from all shards: the moments of a batch normalization
(shard_normalization.py), and the loss that an activity regularizer adds, which sees
the outputs of the shards joined. So the numbers are those of an unsplit batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from .shard_normalization import normalize
from .sharding import join


def call_side_by_side(
    model: keras.Model,
    shards: Sequence[Any],
    counting: Sequence[Any],
    *,
    training: bool,
) -> list[Any]:
    """Returns a model's outputs for each shard.

    Args:
        model: A Sequential or functional model of which `reason_not_sharded` has
            nothing to say.
        shards: The inputs of each, as the model takes them.
        counting: How many samples of each shard count; see `take_shard`.
        training: Whether layers compute as in training.
    """
    model._get_call_context()  # as a call does: the losses of the last are forgotten
    try:
        return _walk(model, shards, counting, training)
    finally:
        model._maybe_reset_call_context()


def _walk(
    model: keras.Model, shards: Sequence[Any], counting: Sequence[Any], training: bool
) -> list[Any]:
    function = model._functional if isinstance(model, keras.Sequential) else model
    # For each shard its tensors, by the id of the symbolic tensor that they stand for.
    tensors: list[dict[int, Any]] = [
        dict(
            zip(map(id, function.inputs), function._standardize_inputs(x), strict=True)
        )
        for x in shards
    ]
    for depth in sorted(function._nodes_by_depth, reverse=True):
        for node in function._nodes_by_depth[depth]:
            if node.is_input:
                continue
            filled = [node.arguments.fill_in(own) for own in tensors]
            outputs = _call_operation(node.operation, filled, counting, training)
            for own, output in zip(tensors, outputs, strict=True):
                own.update(
                    zip(map(id, node.outputs), keras.tree.flatten(output), strict=True)
                )
    return [
        keras.tree.pack_sequence_as(
            function._outputs_struct, [own[id(tensor)] for tensor in function.outputs]
        )
        for own in tensors
    ]


def _call_operation(
    operation: Any,
    arguments: Sequence[tuple[Any, Any]],
    counting: Sequence[Any],
    training: bool,
) -> list[Any]:
    """Returns the outputs of an operation for each shard's arguments."""
    if isinstance(operation, keras.Model):
        inputs = [args[0] for args, _ in arguments]
        return _walk(operation, inputs, counting, training)
    regularizer = getattr(operation, "activity_regularizer", None)
    if regularizer is None:
        return _call_for_each(operation, arguments, counting, training)
    with _not_regularized(operation):
        outputs = _call_for_each(operation, arguments, counting, training)
    size = sum(counting)
    for output in keras.tree.flatten(join(outputs, size)):
        loss = regularizer(output)
        operation.add_loss(ops.divide_no_nan(loss, ops.cast(size, loss.dtype)))
    return outputs


def _call_for_each(
    operation: Any,
    arguments: Sequence[tuple[Any, Any]],
    counting: Sequence[Any],
    training: bool,
) -> list[Any]:
    normalizes = isinstance(operation, keras.layers.BatchNormalization)
    if normalizes and operation.trainable and training:
        return normalize([args[0] for args, _ in arguments], counting, operation)
    if getattr(operation, "_call_has_training_arg", False):
        arguments = [(args, {**rest, "training": training}) for args, rest in arguments]
    return [operation(*args, **rest) for args, rest in arguments]


@contextmanager
def _not_regularized(layer: keras.layers.Layer) -> Iterator[None]:
    """Keeps a layer from adding a loss for each shard."""
    regularizer, layer.activity_regularizer = layer.activity_regularizer, None
    try:
        yield
    finally:
        layer.activity_regularizer = regularizer

"""The pass of a model over all shards of a batch, layer by layer, side by side.

Most layers treat each sample alone, and are called once for each shard. A batch
normalization needs the moments of the whole batch: they are put together from those of
the shards, so that the numbers are those of an unsplit batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def call_side_by_side(
    model: keras.Model, shards: Sequence[Any], counting: Sequence[Any]
) -> list[Any]:
    """Returns a model's outputs for each shard, in training.

    Args:
        model: A Sequential or functional model of which `reason_not_sharded` has
            nothing to say.
        shards: The inputs of each, as the model takes them.
        counting: How many samples of each shard count; see `take_shard`.
    """
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
            outputs = _call_operation(node.operation, filled, counting)
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
) -> list[Any]:
    """Returns the outputs of an operation for each shard's arguments."""
    if isinstance(operation, keras.Model):
        inputs = [args[0] for args, _ in arguments]
        return call_side_by_side(operation, inputs, counting)
    if isinstance(operation, keras.layers.BatchNormalization) and operation.trainable:
        return normalize([args[0] for args, _ in arguments], counting, operation)
    if getattr(operation, "_call_has_training_arg", False):
        arguments = [(args, {**rest, "training": True}) for args, rest in arguments]
    return [operation(*args, **rest) for args, rest in arguments]


def normalize(shards: Sequence[Any], counting: Sequence[Any], layer: Any) -> list[Any]:
    """Returns what a training batch normalization gives for each shard.

    Formula, with n samples that count in shard i, m and v the moments of shard i, and N
    the sum of n:
        mean = sum(n m) / N        variance = sum(n (v + (m - mean)^2)) / N

    The moving averages are updated once. Half precision is computed in float32, as in
    Keras.

    Args:
        shards: The inputs of each.
        counting: How many samples of each count.
        layer: A built `keras.layers.BatchNormalization`.
    """
    dtype = keras.backend.result_type(layer.compute_dtype, "float32")
    inputs = [ops.cast(ops.cast(x, layer.compute_dtype), dtype) for x in shards]
    moments = [ops.moments(x, axes=layer._reduction_axes) for x in inputs]
    counts = [ops.cast(count, dtype) for count in counting]
    shares = [count / sum(counts) for count in counts]
    mean = sum(share * own for share, (own, _) in zip(shares, moments, strict=True))
    variance = sum(
        share * (own + ops.square(center - mean))
        for share, (center, own) in zip(shares, moments, strict=True)
    )
    for average, value in (
        (layer.moving_mean, mean),
        (layer.moving_variance, variance),
    ):
        before = ops.cast(average, dtype)
        average.assign(before * layer.momentum + value * (1.0 - layer.momentum))
    return [
        ops.cast(
            ops.batch_normalization(
                x,
                mean,
                variance,
                axis=layer.axis,
                offset=ops.cast(layer.beta, dtype) if layer.center else None,
                scale=ops.cast(layer.gamma, dtype) if layer.scale else None,
                epsilon=layer.epsilon,
            ),
            layer.compute_dtype,
        )
        for x in inputs
    ]

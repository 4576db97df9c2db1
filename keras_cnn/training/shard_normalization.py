"""Batch normalization of a batch that is computed in shards.

The moments of the whole batch are put together from those of its shards, and so is the
gradient that flows through them. It is written by hand: a dozen passes over the maps,
which automatic differentiation takes, become seven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def normalize(shards: Sequence[Any], counting: Sequence[Any], layer: Any) -> list[Any]:
    """Returns what a training batch normalization gives for each shard.

    The moving averages are updated once. Half precision is computed in float32, as in
    Keras.

    Args:
        shards: The inputs of each.
        counting: How many samples of each count: all of them, or none.
        layer: A built `keras.layers.BatchNormalization`.
    """
    dtype = keras.backend.result_type(layer.compute_dtype, "float32")
    inputs = [ops.cast(ops.cast(x, layer.compute_dtype), dtype) for x in shards]
    # The first axis of a shard holds its samples, of which none may count.
    counts = [ops.cast(count, dtype) for count in counting]
    mean, variance = _moments(inputs, counts, layer._reduction_axes)
    for average, value in (
        (layer.moving_mean, mean),
        (layer.moving_variance, variance),
    ):
        before = ops.cast(average, dtype)
        average.assign(before * layer.momentum + value * (1.0 - layer.momentum))
    scale = ops.cast(layer.gamma, dtype) if layer.scale else ops.ones_like(mean)
    offset = ops.cast(layer.beta, dtype) if layer.center else ops.zeros_like(mean)
    outputs = _normalizer(mean, variance, counts, layer)(scale, offset, *inputs)
    return [ops.cast(output, layer.compute_dtype) for output in outputs]


def _moments(
    inputs: Sequence[Any], counts: Sequence[Any], axes: Sequence[int]
) -> tuple[Any, Any]:
    """Returns mean and variance of the batch, without their gradients.

    Formula, with n samples that count in shard i, m and v the moments of shard i, and N
    the sum of n:
        mean = sum(n m) / N        variance = sum(n (v + (m - mean)^2)) / N
    """
    own = [ops.moments(ops.stop_gradient(x), axes=axes) for x in inputs]
    shares = [count / sum(counts) for count in counts]
    mean = sum(share * center for share, (center, _) in zip(shares, own, strict=True))
    variance = sum(
        share * (spread + ops.square(center - mean))
        for share, (center, spread) in zip(shares, own, strict=True)
    )
    return mean, variance


def _normalizer(mean: Any, variance: Any, counts: Sequence[Any], layer: Any) -> Any:
    """Returns the function of scale, offset and shards, with its gradient.

    Formula, with h = (x - mean) r, r = 1 / sqrt(variance + epsilon), g the gradient by
    an output, M the numbers of a channel, and sums over all shards:
        y = scale h + offset
        by offset: sum(g)        by scale: sum(g h)
        by x: scale r (g - sum(g) / M - h sum(g h) / M)

    An x that does not count took no part in the moments: nothing comes back to it
    through them.
    """
    import tensorflow as tf

    axes, axis = layer._reduction_axes, layer.axis

    def along(channel: Any, x: Any) -> Any:
        """Shapes numbers by channel so that they meet those of `x`."""
        if axis in (-1, len(x.shape) - 1):
            return channel
        shape = [1] * len(x.shape)
        shape[axis] = -1
        return tf.reshape(channel, shape)

    @tf.custom_gradient
    def function(scale: Any, offset: Any, *inputs: Any) -> Any:
        root = tf.math.rsqrt(variance + layer.epsilon)
        slope = scale * root
        shift = offset - mean * slope

        def gradient(*upstream: Any) -> Any:
            total = tf.add_n([tf.reduce_sum(g, axes) for g in upstream])
            products = [
                tf.reduce_sum(g * x, axes)
                for g, x in zip(upstream, inputs, strict=True)
            ]
            by_scale = (tf.add_n(products) - mean * total) * root
            # Every sample has as many numbers of a channel as any other.
            x = inputs[0]
            places = tf.size(x) // (tf.shape(x)[0] * tf.shape(x)[axis])
            numbers = sum(counts) * tf.cast(places, mean.dtype)
            tilt = -slope * root * by_scale / numbers
            level = -slope * total / numbers - mean * tilt
            by_inputs = []
            for g, x, count in zip(upstream, inputs, counts, strict=True):
                counts_not = tf.equal(count, 0)
                through = [
                    along(tf.where(counts_not, tf.zeros_like(part), part), x)
                    for part in (tilt, level)
                ]
                by_inputs.append(g * along(slope, x) + (x * through[0] + through[1]))
            return by_scale, total, *by_inputs

        outputs = [x * along(slope, x) + along(shift, x) for x in inputs]
        return outputs, gradient

    return function

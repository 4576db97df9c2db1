"""Weights that a training leaves as they were."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from .config import TrialConfig


def still_weights(config: TrialConfig) -> tuple[str, ...]:
    """Returns the weights to be trained that are, to the bit, as they began.

    In Keras's own step only those that no gradient reaches: that of dead units is 0,
    which is another fault. A step of the user's own may leave out any.

    Args:
        config: What was trained; its model is looked at as it was left.
    """
    model, program = config.model, config.program
    began = dict(zip(map(id, model.weights), config.weights, strict=True))
    still = [
        one
        for one in model.trainable_weights
        if np.array_equal(np.asarray(one), began[id(one)])
    ]
    if still and not program.own_step:
        few = [tf.constant(one[:2]) for one in config.x]
        with tf.GradientTape() as tape:
            outputs = tf.nest.flatten(model(program.packed_inputs(few), training=True))
            total = tf.add_n([tf.reduce_sum(one) for one in outputs])
        reached = tape.gradient(total, [one.value for one in still])
        still = [
            one for one, slope in zip(still, reached, strict=True) if slope is None
        ]
    return tuple(one.path for one in still)

"""Time as ratios: contenders take turns, so that a busy moment hits all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# How often a loss alone is computed in one go: once takes microseconds.
REPEATS = 200


def interleaved(contenders: Sequence[Callable[[], Any]], rounds: int) -> Any:
    """Returns the seconds of each contender in each round, (contenders, rounds).

    Each is called once before the clock runs. The order turns from round to round, so
    that none is always the first.
    """
    for contender in contenders:
        contender()
    seconds = np.zeros((len(contenders), rounds))
    for turn in range(rounds):
        for place in range(len(contenders)):
            which = (place + turn) % len(contenders)
            begin = time.perf_counter()
            contenders[which]()
            seconds[which, turn] = time.perf_counter() - begin
    return seconds


def loss_alone(
    loss: Callable[[Any, Any], Any], answer: Callable[[Any], Any] = tf.nn.softmax
) -> Callable[[Any, Any], Any]:
    """Returns a compiled function that computes a loss and its gradient many times.

    Args:
        loss: Called with targets and answers, returns a loss for each sample.
        answer: From what the gradient is taken by to the answers. Defaults to the
            softmax.

    Returns:
        A function of (targets, logits) that computes answer, loss and gradient
        `REPEATS` times and waits for the end.
    """

    @tf.function
    def many(targets: Any, logits: Any) -> Any:
        for _ in tf.range(REPEATS):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = tf.reduce_mean(loss(targets, answer(logits)))
            # Each time other logits: nothing can be computed ahead.
            logits -= 0.01 * tape.gradient(value, logits)
        return logits

    return lambda targets, logits: many(targets, logits).numpy()

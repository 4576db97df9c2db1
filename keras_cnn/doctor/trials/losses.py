"""The losses of a trial's steps, and what they say by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from ..program.inputs import Array
from ..thresholds import SMOOTHED


def told_loss(logs: Any) -> Any:
    """Returns the loss among what a custom step reports; 0 if not told."""
    losses = {name: value for name, value in logs.items() if "loss" in name}
    if "loss" in losses or len(losses) == 1:
        return losses.get("loss", next(iter(losses.values())))
    return tf.constant(0.0)


def fall(losses: Array) -> float:
    """Returns by which share of itself a loss fell; 0 where it rose."""
    if not len(losses) or not np.isfinite(losses).all() or losses[0] == 0:
        return 0.0
    last = losses[-max(1, len(losses) // int(SMOOTHED.value)) :].mean()
    return float(np.clip((losses[0] - last) / abs(losses[0]), 0, 1))


class LossRecord:
    """The loss of each step of a call, written by the steps themselves."""

    room = 4096

    def __init__(self) -> None:
        """Makes room for a call's losses."""
        self._losses = tf.Variable(tf.zeros(self.room), trainable=False)
        self._count = tf.Variable(0, trainable=False)

    def clear(self) -> None:
        """Begins to write from the first place."""
        self._count.assign(0)

    def add(self, loss: Any) -> None:
        """Writes a loss, within a step."""
        loss = tf.reshape(tf.cast(loss, tf.float32), (1,))
        self._losses.scatter_nd_update(tf.reshape(self._count, (1, 1)), loss)
        self._count.assign_add(1)

    def read(self) -> dict[str, Any]:
        """Returns the losses, at the end of a loop."""
        return {"losses": self._losses.value()}

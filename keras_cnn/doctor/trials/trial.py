"""Short training of a copy, all steps in one compiled loop, again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...training.loop import Loop
from ...training.steps import Steps
from ..program.inputs import Array
from ..program.program import Program
from ..thresholds import FIRST_STEPS, SCORED, SECONDS_PER_CALL
from .copies import copy_optimizer
from .score import skill_of_all


@dataclass(frozen=True, eq=False)
class TrialConfig:
    """What is trained, and how: the program, or the program with remedies.

    Attributes:
        program: What it comes from.
        model: A copy that trials may use up.
        weights: What each trial begins from.
        x: Inputs, one array an input.
        y: Targets, one array an output.
        losses: One an output.
        thresholds: Above which an output means yes, one an output.
        learning_rate: A constant rate.
        batch_size: Samples an update.
        updates: How many updates are planned.
    """

    program: Program
    model: keras.Model
    weights: Sequence[Array]
    x: tuple[Array, ...]
    y: tuple[Array, ...]
    losses: tuple[Any, ...]
    thresholds: tuple[float, ...]
    learning_rate: float
    batch_size: int
    updates: int

    def changed(self, **changes: Any) -> TrialConfig:
        """Returns it with some attributes changed."""
        return replace(self, **changes)


Remedy = Callable[[TrialConfig], TrialConfig]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a trial gave.

    Attributes:
        skill: At its end, on samples of the training data.
        losses: One an update.
        outputs: Of the model, on the samples scored, one array an output.
        updates: Updates done.
        finite: Whether no loss was NaN or infinite.
    """

    skill: float
    losses: Array
    outputs: tuple[Array, ...]
    updates: int
    finite: bool


class TrialRunner:
    """Runs trials; those of one model share one compiled function."""

    def __init__(self, seed: int) -> None:
        """Fixes the order of the samples by a seed."""
        self._seed = seed
        self._trials: dict[tuple[int, ...], _Trial] = {}

    def run(
        self,
        config: TrialConfig,
        seconds: float,
        *,
        look: Callable[[keras.Model, int], None] | None = None,
        looks: int = 0,
    ) -> Outcome:
        """Trains from the configured weights, for its updates or for some seconds.

        Args:
            config: What to train.
            seconds: When to stop at the latest, compilation aside.
            look: Called with the model and the updates done, now and then.
            looks: How often.
        """
        key = _key(config)
        if key not in self._trials:
            self._trials[key] = _Trial(config)
        return self._trials[key].run(config, seconds, self._seed, look, looks)

    def outputs(self, config: TrialConfig, x: Sequence[Array]) -> tuple[Array, ...]:
        """Returns the outputs of a trial's model, as it was left, for some inputs."""
        return self._trials[_key(config)].outputs(x)


def _key(config: TrialConfig) -> tuple[int, ...]:
    return (id(config.model), *map(id, config.losses))


class _Trial:
    """A model, compiled with the program's optimizer and some losses."""

    def __init__(self, config: TrialConfig) -> None:
        program = config.program
        self.model = config.model
        self.losses = config.losses  # keeps their ids from being reused
        self.program = program
        self.optimizer = copy_optimizer(program.model.optimizer, config.learning_rate)
        self.model.compile(
            optimizer=self.optimizer,
            loss=program.packed_outputs(self.losses),
            loss_weights=_loss_weights(program),
        )
        self.optimizer.build(self.model.trainable_variables)
        self.fresh = [np.asarray(variable) for variable in self.optimizer.variables]
        self._steps = Steps(self.model)
        self._record = _LossRecord()
        self._loop = Loop(self._step, metrics=self._record.read, stops=True)
        self._forward = tf.function(
            lambda x: self.model(program.packed_inputs(x), training=False)
        )

    def _step(self, batch: Any) -> tuple[Any, dict[str, Any]]:
        x, y = batch
        packed = self.program.packed_inputs(x), self.program.packed_outputs(y)
        loss, _ = self._steps.train(packed)
        self._record.add(loss)
        return loss, {}

    def run(
        self,
        config: TrialConfig,
        seconds: float,
        seed: int,
        look: Callable[[keras.Model, int], None] | None,
        looks: int,
    ) -> Outcome:
        self.model.set_weights(config.weights)
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = config.learning_rate
        arrays = tuple(
            [tf.constant(one) for one in part] for part in (config.x, config.y)
        )
        batches = _Batches(len(config.y[0]), config.batch_size, seed)
        losses: list[Array] = []
        done, chunk, begin = 0, int(FIRST_STEPS.value), time.perf_counter()
        every = max(1, config.updates // looks) if looks else config.updates
        if look:
            look(self.model, 0)
        while done < config.updates:
            to_next = every - done % every
            steps = min(chunk, config.updates - done, to_next, self._record.room)
            started = time.perf_counter()
            self._record.clear()
            result = self._loop.over_arrays(arrays, batches.next(steps), expected=True)
            losses.append(result.logs["losses"].numpy()[: result.steps])
            done += result.steps
            took = time.perf_counter() - started
            if len(losses) == 1:
                begin = time.perf_counter()  # the first call compiles
            else:
                fitting = int(steps * SECONDS_PER_CALL.value / took)
                chunk = max(1, min(fitting, 4 * chunk))
            if look and steps == to_next:
                look(self.model, done)
            if result.nonfinite or time.perf_counter() - begin > seconds:
                break
        return self._outcome(config, np.concatenate(losses), done)

    def _outcome(self, config: TrialConfig, losses: Array, done: int) -> Outcome:
        rows = np.random.default_rng(0).permutation(len(config.y[0]))
        rows = rows[: int(SCORED.value)]
        outputs = self.outputs([values[rows] for values in config.x])
        skill = skill_of_all(
            self.program.heads,
            [values[rows] for values in config.y],
            outputs,
            config.thresholds,
        )
        finite = all(np.isfinite(values).all() for values in (losses, *outputs))
        return Outcome(skill if finite else 0.0, losses, outputs, done, finite)

    def outputs(self, x: Sequence[Array]) -> tuple[Array, ...]:
        """Returns the model's outputs now, one array an output."""
        outputs = self._forward([tf.constant(values) for values in x])
        return tuple(
            np.asarray(values, "float32") for values in keras.tree.flatten(outputs)
        )


def _loss_weights(program: Program) -> Any:
    if len(program.heads) == 1:
        return None
    return (program.model.get_compile_config() or {}).get("loss_weights")


class _LossRecord:
    """The loss of each step of a call, written by the steps themselves."""

    room = 4096

    def __init__(self) -> None:
        self._losses = tf.Variable(tf.zeros(self.room), trainable=False)
        self._count = tf.Variable(0, trainable=False)

    def clear(self) -> None:
        """Makes room for a call's losses."""
        self._count.assign(0)

    def add(self, loss: Any) -> None:
        """Writes a loss, within a step."""
        loss = tf.reshape(tf.cast(loss, tf.float32), (1,))
        self._losses.scatter_nd_update(tf.reshape(self._count, (1, 1)), loss)
        self._count.assign_add(1)

    def read(self) -> dict[str, Any]:
        """Returns the losses, at the end of a loop."""
        return {"losses": self._losses.value()}


class _Batches:
    """Row numbers of batch after batch, a new order each epoch."""

    def __init__(self, samples: int, batch_size: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._samples = samples
        self._size = min(batch_size, samples)
        self._left: Array = np.empty(0, int)

    def next(self, steps: int) -> Array:
        """Returns (steps, batch size) row numbers."""
        rows = steps * self._size
        while len(self._left) < rows:
            self._left = np.append(self._left, self._rng.permutation(self._samples))
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken.reshape(steps, self._size).astype("int32")

"""Short training of a copy, all steps in one compiled loop, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...training.loop import Loop
from ...training.steps import Steps
from ..clock import Clock
from ..program.inputs import Array
from ..program.optimizers import rate_of
from ..program.program import Program
from ..program.read import said_by
from ..thresholds import (
    FIRST_STEPS,
    SCORED,
    SECONDS_PER_CALL,
)
from .config import TrialConfig
from .copies import copy_optimizer
from .losses import LossRecord, fall, told_loss
from .score import skill_of_all


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a trial gave.

    Attributes:
        skill: At its end, on samples of the training data; where no output can be
            scored, the share by which the loss fell.
        losses: One an update.
        outputs: Of the model, on the samples scored, one array an output.
        updates: Updates done.
        finite: Whether no loss was NaN or infinite.
        complete: Whether it took all the updates that it was to take.
        error: What Keras raised, in one line; empty where it did not.
    """

    skill: float
    losses: Array
    outputs: tuple[Array, ...] = ()
    updates: int = 0
    finite: bool = True
    complete: bool = False
    error: str = ""


# Whether to go on: is given the updates done and the seconds that one takes.
Patience = Callable[[int, float], bool]


class TrialRunner:
    """Runs trials; those of one model share one compiled function."""

    def __init__(self, clock: Clock, seed: int) -> None:
        """Takes the time, and fixes the order of the samples by a seed."""
        self._clock = clock
        self._seed = seed
        self._trials: dict[tuple[Any, ...], Trial] = {}

    def run(
        self,
        config: TrialConfig,
        goes_on: Patience,
        look: Callable[[Trial, int], None] | None = None,
    ) -> Outcome:
        """Trains from the configured weights; what Keras raises is an outcome.

        Args:
            config: What to train.
            goes_on: Asked between calls of the loop.
            look: Called with the trial and the updates done: before the first, and
                whenever they have doubled.
        """
        done: list[Array] = []
        try:
            key = _key(config)
            if key not in self._trials:
                self._trials[key] = Trial(config)
            trial = self._trials[key]
            return trial.run(config, self._clock, goes_on, self._seed, look, done)
        except Exception as error:  # whatever it is, it is what the program does
            losses = np.concatenate(done) if done else np.zeros(0)
            return Outcome(
                0.0, losses, updates=len(losses), complete=True, error=said_by(error)
            )

    def knows(self, config: TrialConfig) -> bool:
        """Whether the loop for a trial has been compiled."""
        return _key(config) in self._trials

    def outputs(
        self, config: TrialConfig, x: Sequence[Array], *, training: bool = False
    ) -> tuple[Array, ...]:
        """Returns the outputs of a trial's model, as it was left, for some inputs."""
        return self._trials[_key(config)].outputs(x, training=training)


def _key(config: TrialConfig) -> tuple[Any, ...]:
    settings = tuple(sorted(config.optimizer.items(), key=str))
    return id(config.model), *map(id, config.losses), settings


class Trial:
    """A model, compiled with the program's optimizer and some losses."""

    def __init__(self, config: TrialConfig) -> None:
        """Compiles a copy anew; of the model itself it replaces the optimizers."""
        program = config.program
        self.model = config.model
        self.losses = config.losses  # keeps their ids from being reused
        self.program = program
        self._rates = {
            name: rate_of(optimizer, program.updates)
            for name, optimizer in program.optimizers.items()
        }
        self._optimizers = {
            name: copy_optimizer(optimizer, self._rates[name], config.optimizer)
            for name, optimizer in program.optimizers.items()
        }
        if program.own_step or self.model is program.model:
            for name, optimizer in self._optimizers.items():
                setattr(self.model, name, optimizer)
        else:
            self.model.compile(
                optimizer=self._optimizers["optimizer"],
                loss=program.packed_outputs(self.losses),
                loss_weights=_loss_weights(program),
            )
        if len(self._optimizers) == 1:
            self.model.optimizer.build(self.model.trainable_variables)
        self._fresh: dict[str, list[Array]] = {}
        self._steps = Steps(self.model)
        self._record = LossRecord()
        self._loop = Loop(self._step, metrics=self._record.read, stops=True)
        self._forward = tf.function(self._called, reduce_retracing=True)

    def _called(self, x: Any, training: bool) -> Any:
        return self.model(self.program.packed_inputs(x), training=training)

    def _step(self, batch: Any) -> tuple[Any, dict[str, Any]]:
        x, y, weight = batch
        packed = keras.utils.pack_x_y_sample_weight(
            self.program.packed_inputs(x),
            self.program.packed_outputs(y) if y else None,
            weight[0] if weight else None,
        )
        loss, logs = self._steps.train(packed)
        if self.program.own_step:
            loss = told_loss(logs)
        self._record.add(loss)
        return loss, {}

    def run(
        self,
        config: TrialConfig,
        clock: Clock,
        goes_on: Patience,
        seed: int,
        look: Callable[[Trial, int], None] | None,
        losses: list[Array],
    ) -> Outcome:
        """Trains; `losses` takes what was done even if Keras raises in its midst."""
        self._begin(config)
        weights = [] if config.sample_weight is None else [config.sample_weight]
        arrays = tuple(
            [tf.constant(one) for one in part] for part in (config.x, config.y, weights)
        )
        rows = config.shuffled_rows
        trained = rows[: len(rows) - config.held_back]
        batches = _Batches(trained, config.batch_size, seed)
        done, chunk, finite = 0, int(FIRST_STEPS.value), True
        if look:
            look(self, 0)
        next_look = chunk
        while done < config.updates and finite:
            steps = min(chunk, config.updates - done, self._record.room)
            steps = min(steps, next_look - done) if look else steps
            self.model.reset_metrics()
            self._record.clear()
            started = clock.passed
            result = self._loop.over_arrays(arrays, batches.next(steps))
            took = clock.passed - started
            losses.append(result.logs["losses"].numpy()[: result.steps])
            done += result.steps
            finite = not result.nonfinite
            if len(losses) > 1:  # the first call compiles
                fitting = int(steps * SECONDS_PER_CALL.value / max(took, 1e-6))
                chunk = max(1, min(fitting, 4 * chunk))
            if look and done in (next_look, config.updates) and finite:
                look(self, done)
                next_look = 2 * next_look
            seconds = took / steps if len(losses) > 1 else 0.0
            if done < config.updates and not goes_on(done, seconds):
                break
        return self._outcome(config, np.concatenate(losses), done, finite)

    def _begin(self, config: TrialConfig) -> None:
        """Puts weights and optimizers to where a trial begins."""
        self.model.set_weights(config.weights)
        factor = 1.0
        if config.learning_rate is not None and self.program.learning_rate:
            factor = config.learning_rate / self.program.learning_rate
        for name, optimizer in self._optimizers.items():
            if name not in self._fresh and optimizer.built:
                self._fresh[name] = [np.array(one) for one in optimizer.variables]
            fresh = self._fresh.get(name, [])
            for variable, value in zip(optimizer.variables, fresh, strict=False):
                variable.assign(value)
            optimizer.learning_rate = self._rates[name] * factor

    def _outcome(
        self, config: TrialConfig, losses: Array, done: int, finite: bool
    ) -> Outcome:
        skill, outputs = self.skill(config, int(SCORED.value))
        finite = finite and all(np.isfinite(values).all() for values in outputs)
        if skill is None:
            skill = fall(losses)
        complete = done >= config.updates or not finite
        skill = skill if finite else 0.0
        return Outcome(skill, losses, outputs, done, finite, complete)

    def skill(
        self, config: TrialConfig, samples: int
    ) -> tuple[float | None, tuple[Array, ...]]:
        """Returns the skill on some samples, None if it cannot be told, and outputs."""
        rows = config.shuffled_rows
        rows = rows[-config.held_back :] if config.held_back else rows[:samples]
        outputs = self.outputs([values[rows] for values in config.x])
        skill = skill_of_all(
            self.program.heads,
            outputs,
            [values[rows] for values in config.y],
            config.thresholds,
        )
        return skill, outputs

    def outputs(
        self, x: Sequence[Array], *, training: bool = False
    ) -> tuple[Array, ...]:
        """Returns the model's outputs now, one array an output."""
        outputs = self._forward([tf.constant(values) for values in x], training)
        return tuple(
            np.asarray(keras.ops.convert_to_numpy(values), "float32")
            for values in keras.tree.flatten(outputs)
        )


def _loss_weights(program: Program) -> Any:
    if len(keras.tree.flatten(program.outputs)) == 1:
        return None
    return (program.model.get_compile_config() or {}).get("loss_weights")


class _Batches:
    """Row numbers of batch after batch, a new order each epoch."""

    def __init__(self, rows: Array, batch_size: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._rows = np.sort(rows)
        self._size = min(batch_size, len(rows))
        self._left: Array = np.empty(0, int)

    def next(self, steps: int) -> Array:
        """Returns (steps, batch size) row numbers."""
        rows = steps * self._size
        while len(self._left) < rows:
            self._left = np.append(self._left, self._rng.permutation(self._rows))
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken.reshape(steps, self._size).astype("int32")

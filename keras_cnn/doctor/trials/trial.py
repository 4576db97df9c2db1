"""Short training of a copy, all steps in one compiled loop, again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..program.inputs import Array
from ..program.program import Program
from .copies import copy_optimizer
from .score import skill_of_all

# What is scored after a trial: enough for a share to be certain to 2 %.
_SCORED = 1000
# Steps of the first call; later ones fill a quarter of a second.
_FIRST_STEPS = 8
_SECONDS_PER_CALL = 0.25


@dataclass(frozen=True, eq=False)
class Setting:
    """What is trained, and how: the program, or the program with remedies.

    Attributes:
        model: A copy that trials may use up; it is compiled for one loss.
        weights: What each trial begins from.
        x: Inputs, one array an input.
        y: Targets, one array an output.
        losses: One an output.
        thresholds: Above which an output answers yes, one an output.
        learning_rate: A constant rate.
        batch_size: Samples an update.
        updates: How many updates are planned.
        program: What is read from the program that this comes from.
    """

    model: keras.Model
    weights: Sequence[Array]
    x: tuple[Array, ...]
    y: tuple[Array, ...]
    losses: tuple[Any, ...]
    thresholds: tuple[float, ...]
    learning_rate: float
    batch_size: int
    updates: int
    program: Program

    def changed(self, **changes: Any) -> Setting:
        """Returns the setting with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a trial gave.

    Attributes:
        skill: At its end, on samples of the training data.
        losses: One an update.
        answers: Of the model, on the samples scored, one array an output.
        updates: Updates done.
        finite: Whether no loss was NaN or infinite.
    """

    skill: float
    losses: Array
    answers: tuple[Array, ...]
    updates: int
    finite: bool


class Bench:
    """Runs trials; those of one model share one compiled function."""

    def __init__(self, seed: int) -> None:
        """Takes the seed of every order of samples."""
        self._seed = seed
        self._loops: dict[tuple[int, ...], _Loop] = {}

    def run(
        self,
        setting: Setting,
        seconds: float,
        *,
        each: Callable[[keras.Model, int], None] | None = None,
        moments: int = 0,
    ) -> Outcome:
        """Trains from the setting's weights, for its updates or for some seconds.

        Args:
            setting: What to train.
            seconds: When to stop at the latest, compilation aside.
            each: Called with the model and the updates done, at `moments` moments.
            moments: How many.
        """
        key = _key(setting)
        if key not in self._loops:
            self._loops[key] = _Loop(setting)
        return self._loops[key].run(setting, seconds, self._seed, each, moments)

    def answers(self, setting: Setting, x: Sequence[Array]) -> tuple[Array, ...]:
        """Returns what a setting's model, as it was left, says of some inputs."""
        return self._loops[_key(setting)].answers(x)


def _key(setting: Setting) -> tuple[int, ...]:
    return (id(setting.model), *map(id, setting.losses))


class _Loop:
    def __init__(self, setting: Setting) -> None:
        self.model = setting.model
        self.optimizer = copy_optimizer(
            setting.program.model.optimizer, setting.learning_rate
        )
        self.losses = setting.losses  # keeps their ids from being reused
        self.program = setting.program
        self.model.compile(
            optimizer=self.optimizer,
            loss=self.program.packed_answers(self.losses),
            loss_weights=_loss_weights(setting.program),
        )
        self.optimizer.build(self.model.trainable_variables)
        self.fresh = [np.asarray(variable) for variable in self.optimizer.variables]
        self.steps = tf.function(self._steps, reduce_retracing=True)
        self.answer = tf.function(
            lambda x: self.model(self.program.packed_inputs(x), training=False)
        )

    def _steps(
        self, x: list[tf.Tensor], y: list[tf.Tensor], order: tf.Tensor
    ) -> tf.Tensor:
        weights = self.model.trainable_variables
        losses = tf.TensorArray(tf.float32, tf.shape(order)[0])
        for step in tf.range(tf.shape(order)[0]):
            batch = self.program.packed_inputs(
                [tf.gather(one, order[step]) for one in x]
            )
            target = self.program.packed_answers(
                [tf.gather(one, order[step]) for one in y]
            )
            with tf.GradientTape() as tape:
                answer = self.model(batch, training=True)
                loss = self.model.compute_loss(
                    x=batch, y=target, y_pred=answer, training=True
                )
            if weights:
                gradients = tape.gradient(loss, [one.value for one in weights])
                kept = [
                    tf.zeros_like(one.value) if gradient is None else gradient
                    for one, gradient in zip(weights, gradients, strict=True)
                ]
                self.optimizer.apply(kept, weights)
            losses = losses.write(step, tf.cast(loss, tf.float32))
        return losses.stack()

    def run(
        self,
        setting: Setting,
        seconds: float,
        seed: int,
        each: Callable[[keras.Model, int], None] | None,
        moments: int,
    ) -> Outcome:
        self.model.set_weights(setting.weights)
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = setting.learning_rate
        x, y = ([tf.constant(one) for one in part] for part in (setting.x, setting.y))
        batches = _Batches(len(setting.y[0]), setting.batch_size, seed)
        losses: list[Array] = []
        done, chunk, begin = 0, _FIRST_STEPS, time.perf_counter()
        every = max(1, setting.updates // moments) if moments else setting.updates
        if each:
            each(self.model, 0)
        while done < setting.updates:
            to_next = every - done % every
            steps = min(chunk, setting.updates - done, to_next)
            started = time.perf_counter()
            losses.append(self.steps(x, y, batches.next(steps)).numpy())
            done += steps
            took = time.perf_counter() - started
            if len(losses) == 1:
                begin = time.perf_counter()  # the first call compiles
            else:
                chunk = max(1, min(int(steps * _SECONDS_PER_CALL / took), 4 * chunk))
            if each and steps == to_next:
                each(self.model, done)
            if not np.isfinite(losses[-1]).all():
                break
            if time.perf_counter() - begin > seconds:
                break
        return self._outcome(setting, np.concatenate(losses), done)

    def _outcome(self, setting: Setting, losses: Array, done: int) -> Outcome:
        rows = np.random.default_rng(0).permutation(len(setting.y[0]))[:_SCORED]
        answers = self.answers([one[rows] for one in setting.x])
        reached = skill_of_all(
            setting.program.heads,
            [one[rows] for one in setting.y],
            answers,
            setting.thresholds,
        )
        finite = all(np.isfinite(one).all() for one in (losses, *answers))
        return Outcome(reached if finite else 0.0, losses, answers, done, finite)

    def answers(self, x: Sequence[Array]) -> tuple[Array, ...]:
        """Returns what the model now says, one array an output."""
        answers = keras.tree.flatten(self.answer([tf.constant(one) for one in x]))
        return tuple(np.asarray(one, "float32") for one in answers)


def _loss_weights(program: Program) -> Any:
    if len(program.heads) == 1:
        return None
    return (program.model.get_compile_config() or {}).get("loss_weights")


class _Batches:
    """Row numbers of batch after batch, a new order each epoch."""

    def __init__(self, samples: int, batch_size: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._samples = samples
        self._size = min(batch_size, samples)
        self._left: Array = np.empty(0, int)

    def next(self, steps: int) -> tf.Tensor:
        """Returns (steps, batch size) row numbers."""
        wanted = steps * self._size
        while len(self._left) < wanted:
            self._left = np.append(self._left, self._rng.permutation(self._samples))
        taken, self._left = self._left[:wanted], self._left[wanted:]
        return tf.constant(taken.reshape(steps, self._size), tf.int32)

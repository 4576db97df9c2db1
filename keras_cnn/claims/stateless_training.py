"""Many small trainings: compiled once, run for any weights, data, seed and rate.

A training is a function from weights to weights without any state, so one compiled
function serves all seeds, and several run side by side in threads. `Trainer` cannot do
that: a model holds the weights that it trains, so each seed would be compiled anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import keras
import numpy as np
import tensorflow as tf

from .._fans import fans
from .claim import Progress

Tensors = list[Any]
Kernels = Literal["glorot_uniform", "he_normal"]
Result = TypeVar("Result")

# Adam's constants, as Keras sets them.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7

# Images that are answered at once.
_ANSWERED = 1000


@dataclass(frozen=True)
class State:
    """A model at some step: weights, other variables, the optimizer's moments."""

    weights: Tensors
    others: Tensors
    first: Tensors
    second: Tensors
    step: Any


class StatelessTraining:
    """A model with its loss and optimizer, ready to be trained from any weights.

    Args:
        model: A built Keras model; its own weights are only read.
        loss: Called with targets and answers, returns a loss for each sample.
        optimizer: `"adam"`, with Keras's constants, or plain `"sgd"`.
        targets: Dtype of the targets. Defaults to `"int32"`, for labels.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: Callable[[Any, Any], Any],
        optimizer: Literal["adam", "sgd"] = "adam",
        targets: str = "int32",
    ) -> None:
        """Compiles both functions."""
        self.model = model
        self._loss = loss
        self._optimizer = optimizer
        self._kinds = [np.asarray(one) for one in model.trainable_variables]
        self._others = [np.asarray(one) for one in model.non_trainable_variables]
        state = self._state(self._kinds, self._others)
        spec = tf.nest.map_structure(
            lambda one: tf.TensorSpec(one.shape, one.dtype), _fields(state)
        )
        inputs = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        rank = [None] if targets == "int32" else [None, *model.output_shape[1:]]
        self._steps = _compiled(
            self._many_steps,
            *spec,
            inputs,
            tf.TensorSpec(rank, targets),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.float32),
        )
        self._answers = _compiled(self._answer, spec[0], spec[1], inputs)

    def start(
        self, seed: int, kernels: Kernels = "glorot_uniform", bias: float = 0
    ) -> State:
        """Returns initial weights: the same for all models of the same shapes.

        Args:
            seed: Fixes what is drawn.
            kernels: `"glorot_uniform"`, as Keras, or `"he_normal"`.
            bias: What every bias starts from.
        """
        rng = np.random.default_rng(seed)
        weights = []
        for variable, value in zip(
            self.model.trainable_variables, self._kinds, strict=True
        ):
            if value.ndim > 1:
                value = draw_kernel(rng, value.shape, kernels)
            elif variable.name == "bias":
                value = np.full_like(value, bias)
            weights.append(value)
        return self._state(weights, self._others)

    def run(
        self,
        state: State,
        x: Any,
        y: Any,
        order: Any,
        rate: float,
        sample_weight: Any = None,
    ) -> State:
        """Trains for as many steps as `order` has rows.

        Args:
            state: Where to begin.
            x: Inputs, (n, ...), float32.
            y: Targets.
            order: (steps, batch): which samples each step sees.
            rate: Learning rate.
            sample_weight: (n,), or None for 1 each.
        """
        weight = np.ones(len(x), "float32") if sample_weight is None else sample_weight
        data = [tf.convert_to_tensor(one) for one in (x, y)]
        weight = tf.convert_to_tensor(weight, tf.float32)
        order = tf.convert_to_tensor(order, tf.int32)
        rate = tf.constant(rate, tf.float32)
        return State(*self._steps(*_fields(state), *data, weight, order, rate))

    def answers(self, state: State, x: Any) -> Any:
        """Returns the model's answers as a NumPy array, (n, ...)."""
        answers = [
            self._answers(
                state.weights,
                state.others,
                tf.convert_to_tensor(x[at : at + _ANSWERED]),
            ).numpy()
            for at in range(0, len(x), _ANSWERED)
        ]
        return np.concatenate(answers)

    def accuracy(self, state: State, x: Any, y: Any) -> float:
        """Returns the share of images whose largest answer is their label."""
        return float(np.mean(self.answers(state, x).argmax(axis=-1) == y))

    def _state(self, weights: Sequence[Any], others: Sequence[Any]) -> State:
        weights = [tf.constant(one) for one in weights]
        # Plain gradient descent keeps no moments.
        kept = weights if self._optimizer == "adam" else []
        zeros = [tf.zeros_like(one) for one in kept]
        constants = [tf.constant(one) for one in others]
        return State(weights, constants, zeros, zeros, tf.constant(0.0))

    def _many_steps(
        self,
        weights: Tensors,
        others: Tensors,
        first: Tensors,
        second: Tensors,
        step: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        order: Any,
        rate: Any,
    ) -> tuple[Any, ...]:
        for batch in order:
            data = [tf.gather(values, batch) for values in (x, y, sample_weight)]
            weights, others, first, second, step = self._step(
                weights, others, first, second, step, *data, rate
            )
        return weights, others, first, second, step

    # Only the loop above is AutoGraph's: converting Keras's code takes longer than
    # tracing it.
    @tf.autograph.experimental.do_not_convert
    def _step(
        self,
        weights: Tensors,
        others: Tensors,
        first: Tensors,
        second: Tensors,
        step: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        rate: Any,
    ) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            answer, others = self.model.stateless_call(
                weights, others, x, training=True
            )
            loss = tf.reduce_mean(self._loss(y, answer) * sample_weight)
        gradients = tape.gradient(loss, weights)
        step += 1.0
        if self._optimizer == "adam":
            weights, first, second = adam(weights, gradients, first, second, step, rate)
        else:
            weights = [
                one - rate * slope
                for one, slope in zip(weights, gradients, strict=True)
            ]
        return weights, others, first, second, step

    @tf.autograph.experimental.do_not_convert
    def _answer(self, weights: Tensors, others: Tensors, x: Any) -> Any:
        return self.model.stateless_call(weights, others, x, training=False)[0]


def _compiled(function: Callable[..., Any], *signature: Any) -> Callable[..., Any]:
    """Traces a function before anything is timed, unless TensorFlow runs eagerly."""
    compiled = tf.function(function)
    if tf.config.functions_run_eagerly():
        return cast(Callable[..., Any], compiled)
    return cast(Callable[..., Any], compiled.get_concrete_function(*signature))


def adam(
    weights: Tensors,
    gradients: Tensors,
    first: Tensors,
    second: Tensors,
    step: Any,
    rate: Any,
) -> tuple[Tensors, Tensors, Tensors]:
    """Returns weights and moments after one step of Adam, as Keras computes it.

    Keras's own `stateless_apply` refuses to run on TensorFlow.

    Reference: [Kingma, Ba, 2014](https://arxiv.org/abs/1412.6980)
    """
    rate *= tf.sqrt(1 - tf.pow(_BETA_2, step)) / (1 - tf.pow(_BETA_1, step))
    pairs = list(zip(first, second, gradients, strict=True))
    first = [_BETA_1 * mean + (1 - _BETA_1) * slope for mean, _, slope in pairs]
    second = [
        _BETA_2 * square + (1 - _BETA_2) * slope * slope for _, square, slope in pairs
    ]
    moved = zip(weights, first, second, strict=True)
    weights = [
        one - rate * mean / (tf.sqrt(square) + _EPSILON) for one, mean, square in moved
    ]
    return weights, first, second


def draw_kernel(rng: np.random.Generator, shape: Any, name: Kernels) -> Any:
    """Draws a kernel by one of Keras's scalings, from NumPy's generator.

    Keras's initializers take a seed each: here all kernels of a network follow one
    generator, which the NumPy networks of claim 3 share.

    Args:
        rng: What it is drawn from: arms that share it share their kernels.
        shape: (..., inputs, outputs); what stands before is a window.
        name: `glorot_uniform` or `he_normal`; the normal one is not truncated here.
    """
    fan_in, fan_out = fans(shape)
    if name == "he_normal":
        return (np.sqrt(2 / fan_in) * rng.standard_normal(shape)).astype("float32")
    limit = np.sqrt(3 * (2 / (fan_in + fan_out)))
    return rng.uniform(-limit, limit, shape).astype("float32")


def batches(seed: int, samples: int, steps: int, size: int) -> Any:
    """Returns (steps, size) sample numbers: one random order after another.

    Like an epoch of `fit` each order is gone through before the next, without the
    smaller batch at its end.
    """
    rng = np.random.default_rng([seed, 1])
    size = min(size, samples)
    each = samples // size
    orders = [
        rng.permutation(samples)[: each * size].reshape(each, size)
        for _ in range(-(-steps // each))
    ]
    return np.concatenate(orders)[:steps].astype(np.int32)


def side_by_side(
    work: Callable[[Any], Result], jobs: Iterable[Any], progress: Progress
) -> list[Result]:
    """Returns `work` of each job in their order, as many at a time as cores."""
    jobs = list(jobs)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            waiting = [pool.submit(work, job) for job in jobs]
            for done, one in enumerate(as_completed(waiting), 1):
                one.result()
                progress(done / len(jobs))
        except BaseException:
            # Ctrl-C, or a job that failed: what has not begun never does.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [one.result() for one in waiting]


def _fields(state: State) -> tuple[Any, ...]:
    return state.weights, state.others, state.first, state.second, state.step

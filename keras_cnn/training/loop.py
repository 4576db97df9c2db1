"""Many steps in one call of a compiled function.

Two forms: over arrays in memory, whose batches are drawn inside the graph, and over the
iterator of a stream. Each counts its steps, ends early at a loss that is NaN or
infinite, and returns the metrics once at its end, not at every step.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import keras

# What a warning calls it; a stream has none of its own.
_BATCH_SIZE = "batch size"

Action = Callable[[Any], tuple[Any, dict[str, Any]]]


@dataclass(frozen=True)
class LoopResult:
    """What a call of a loop returns.

    Attributes:
        steps: How many were done.
        logs: What the last of them reported, or the model's metrics after it.
        last_finite: The last finite loss; NaN if there was none.
        nonfinite: How many of the steps had a loss that is NaN or infinite.
        batch: The batch of the last step, where the loop stopped at its loss.
    """

    steps: int
    logs: dict[str, Any]
    last_finite: float
    nonfinite: int
    batch: Any = None


@dataclass(frozen=True)
class _State:
    """What a loop carries from step to step, as tensors."""

    step: Any
    going: Any
    last_finite: Any
    nonfinite: Any
    logs: Any


class Loop:
    """One kind of step, repeated: a function compiled once for each form of data."""

    def __init__(
        self,
        action: Action,
        *,
        metrics: Callable[[], dict[str, Any]] | None,
        stops: bool = False,
        warns: bool = False,
        any_size: bool = True,
        around_any_size: Callable[[Any], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Compiles nothing yet; each form of data is compiled when it first comes.

        Args:
            action: Takes a batch; returns its loss and what it reports.
            metrics: Gives the metrics at the end of a loop. None where only the steps
                know what to report.
            stops: Whether a loss that is NaN or infinite ends the loop.
            warns: Whether a warning names what makes the loop be compiled again.
            any_size: Whether all partial batches share one function. What replicas send
                each other must not change its shape, so theirs do not.
            around_any_size: From the samples in a batch, a tensor, to what surrounds a
                step in that function, whose graph does not know them.
        """
        import tensorflow as tf

        self._action = action
        self._metrics = metrics
        self._stops = stops
        self._warns = warns
        self._any_size = any_size
        self._around_any_size = around_any_size
        self._arrays_functions: dict[Any, Any] = {}
        self._stream_function = tf.function(self._over_stream, autograph=False)
        self._forms: list[dict[str, Any]] = []

    def over_arrays(
        self, arrays: Any, order: Any, *, partial: bool = False
    ) -> LoopResult:
        """Takes one step for each row of `order`.

        Args:
            arrays: Structure of tensors, (samples, ...).
            order: int32, (steps, batch): the samples of each batch.
            partial: Whether the batch is smaller than the others, as the last of an
                epoch may be: its size is not worth a function of its own.
        """
        import tensorflow as tf

        width = None if partial and self._any_size else order.shape[1]
        # With the structure: leaves alone would not tell a dictionary from a list.
        form = keras.tree.map_structure(
            lambda leaf: f"{leaf.dtype.name} {leaf.shape[1:]}", arrays
        )
        key = (width, repr(form))
        function = self._arrays_functions.get(key)
        if function is None:
            if not partial:
                self._warn_of_compiling({**_describe(arrays), _BATCH_SIZE: width})
            function = tf.function(
                self._over_arrays, autograph=False
            ).get_concrete_function(
                # Of any number of samples: folds of a data set share a function.
                keras.tree.map_structure(
                    lambda leaf: tf.TensorSpec((None, *leaf.shape[1:]), leaf.dtype),
                    arrays,
                ),
                tf.TensorSpec((None, width), tf.int32),
            )
            self._arrays_functions[key] = function
        result: LoopResult = _as_numbers(*function(arrays, tf.constant(order)))
        if self._stops and result.nonfinite:
            row = order[result.steps - 1]
            batch = keras.tree.map_structure(lambda leaf: tf.gather(leaf, row), arrays)
            return replace(result, batch=batch)
        return result

    def over_stream(self, first: Any, iterator: Any, steps: int) -> LoopResult:
        """Takes at most `steps` steps; fewer where the stream ends.

        Args:
            first: The first batch, an optional that has a value.
            iterator: Gives the batches after it.
            steps: How many to take at most, at least 1.
        """
        import tensorflow as tf

        self._warn_of_compiling(_describe(iterator.element_spec))
        *state, last = self._stream_function(first, iterator, tf.constant(steps))
        result = _as_numbers(*state)
        if self._stops and result.nonfinite:
            return replace(result, batch=last.get_value())
        return result

    def trace(self, example: Any) -> Any:
        """Traces one step, which makes the variables that it needs.

        Args:
            example: Structure of the specs of a batch.

        Returns:
            What the step reports, as symbolic tensors.
        """
        import tensorflow as tf

        step = tf.function(self._action, autograph=False)
        return step.get_concrete_function(example).structured_outputs[1]

    def _over_arrays(self, arrays: Any, order: Any) -> tuple[Any, ...]:
        import tensorflow as tf

        def batch(step: Any) -> Any:
            row = order[step]
            return keras.tree.map_structure(lambda leaf: tf.gather(leaf, row), arrays)

        def body(*state: Any) -> Any:
            known = order.shape[1] is not None
            with nullcontext() if known else self._around_any_size(size):
                return self._advance(_State(*state), batch(state[0]))

        begin = self._begin(lambda: batch(0))
        steps, size = tf.unstack(tf.shape(order))
        end = tf.while_loop(
            lambda step, going, *_: (step < steps) & going,
            body,
            begin,
            parallel_iterations=1,
        )
        return self._end(*end)

    def _over_stream(self, first: Any, iterator: Any, steps: Any) -> tuple[Any, ...]:
        import tensorflow as tf

        def more(step: Any, going: Any, *rest: Any) -> Any:
            return (step < steps) & going & rest[-1].has_value()

        def body(*state_and_next: Any) -> Any:
            *before, current = state_and_next
            state = self._advance(_State(*before), current.get_value())
            # Not past the last step: the batch is for the next call. Nor past a loss
            # that stops the loop: its batch is returned to be looked at.
            following = tf.cond(
                (state[0] < steps) & state[1],
                iterator.get_next_as_optional,
                lambda: current,
            )
            return (*state, following)

        begin = (*self._begin(first.get_value), first)
        *end, last = tf.while_loop(more, body, begin, parallel_iterations=1)
        return (*self._end(*end), last)

    def _begin(self, batch: Callable[[], Any]) -> tuple[Any, ...]:
        import tensorflow as tf

        logs: Any = ()
        if self._metrics is None:
            # Only their form matters here: a loop must know it before its first step.
            spec = keras.tree.map_structure(tf.type_spec_from_value, batch())
            logs = keras.tree.map_structure(_empty_like, self.trace(spec))
        nan = tf.constant(float("nan"), tf.float64)
        return tf.constant(0), tf.constant(True), nan, tf.constant(0), logs

    def _advance(self, state: _State, batch: Any) -> tuple[Any, ...]:
        import tensorflow as tf

        loss, logs = self._action(batch)
        loss = tf.cast(loss, tf.float64)
        finite = tf.math.is_finite(loss)
        return (
            state.step + 1,
            finite if self._stops else tf.constant(True),
            tf.where(finite, loss, state.last_finite),
            state.nonfinite + tf.cast(~finite, tf.int32),
            logs if self._metrics is None else (),
        )

    def _end(
        self, step: Any, going: Any, last_finite: Any, nonfinite: Any, logs: Any
    ) -> tuple[Any, ...]:
        return (
            step,
            logs if self._metrics is None else self._metrics(),
            last_finite,
            nonfinite,
        )

    def _warn_of_compiling(self, form: dict[str, Any]) -> None:
        """Warns of the argument whose form has changed, if one has."""
        if not self._warns:
            return
        if form in self._forms:
            return
        before = self._forms[-1] if self._forms else form
        self._forms.append(form)
        changed = [
            f"{name} changed from {before.get(name)} to {form.get(name)}"
            for name in sorted({*before, *form})
            if before.get(name) != form.get(name)
            and not (name == _BATCH_SIZE and None in (before.get(name), form.get(name)))
        ]
        if changed:
            warnings.warn(
                f"Recompiling the training loop: {'; '.join(changed)}.",
                stacklevel=5,
            )


def _empty_like(log: Any) -> Any:
    """Returns zeros in the form of what a step reports, one for each sample or one."""
    import tensorflow as tf

    shape = [size or 0 for size in log.shape]
    return tf.compat.v1.placeholder_with_default(tf.zeros(shape, log.dtype), log.shape)


def _as_numbers(step: Any, logs: Any, last_finite: Any, nonfinite: Any) -> LoopResult:
    return LoopResult(int(step), logs, float(last_finite), int(nonfinite))


def _describe(data: Any) -> dict[str, str]:
    """Names each part of the data with its dtype and the shape of a sample."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    described = {}
    for name, part in (("x", x), ("y", y), ("sample_weight", weight)):
        for path, leaf in keras.tree.flatten_with_path(part):
            if leaf is not None and hasattr(leaf, "dtype"):
                where = "".join(f"[{key!r}]" for key in path)
                shape = tuple(leaf.shape)[1:]
                described[name + where] = f"{leaf.dtype.name} {shape}"
    return described

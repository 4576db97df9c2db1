"""The compiled loops of a model, made anew only where they must be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import keras

from ._keras import output_losses_by_sample
from .data_sources import Source
from .distribution import ReplicatedSteps, shares
from .eager_loop import EagerLoop
from .loop import Loop
from .one_replica import OneReplicaSteps
from .plan import choose_jit, choose_shards, runs_eagerly
from .source import AnyLoop
from .steps import Augment, OnNonfinite, Steps, overrides

Made = TypeVar("Made")

# Methods by which a class computes in a way that several replicas cannot share.
_OWN = ("train_step", "test_step", "compute_metrics")


class CompiledLoops:
    """Makes the loops of a trainer and keeps them for the next call."""

    def __init__(
        self,
        model: keras.Model,
        strategy: Any,
        jit_compile: bool | None,
        on_nonfinite: OnNonfinite,
        augment: Augment | None = None,
    ) -> None:
        """Makes nothing yet.

        Args:
            model: The compiled model.
            strategy: As `Trainer` takes it.
            jit_compile: As `Trainer` takes it.
            on_nonfinite: As `Trainer` takes it.
            augment: As `Trainer` takes it.
        """
        self._model = model
        self._strategy = strategy
        self._jit_compile = jit_compile
        self._on_nonfinite = on_nonfinite
        self._augment = augment
        self._made: dict[str, Any] = {}
        self._made_for: dict[str, dict[str, Any]] = {}

    def train_loop(self, source: Source, *, stops: bool) -> AnyLoop:
        """Returns the loop of training steps.

        Args:
            source: The data that it will run over.
            stops: Whether a loss that is NaN or infinite ends it.
        """

        def make(steps: Steps, jit: bool) -> AnyLoop:
            metrics = None if steps.reports_itself("train") else self._metrics
            if runs_eagerly(self._model):
                return EagerLoop(steps.train, metrics=metrics, stops=stops)
            return Loop(
                _compiled(steps.train, jit),
                metrics=metrics,
                stops=stops,
                warns=True,
                **self._sizes(),
            )

        return self._kept("training", source, make, stops=stops)

    def test_loop(self, source: Source) -> AnyLoop:
        """Returns the loop of evaluation steps."""

        def make(steps: Steps, jit: bool) -> AnyLoop:
            metrics = None if steps.reports_itself("test") else self._metrics
            if runs_eagerly(self._model):
                return EagerLoop(steps.test, metrics=metrics)
            return Loop(_compiled(steps.test, jit), metrics=metrics, **self._sizes())

        return self._kept("evaluation", source, make)

    def predict_function(self, source: Source) -> Callable[[Any], Any]:
        """Returns a function from a batch to the model's outputs."""
        import tensorflow as tf

        def make(steps: Steps, jit: bool) -> Callable[[Any], Any]:
            if runs_eagerly(self._model):
                return steps.predict
            return tf.function(  # type: ignore[no-any-return]
                steps.predict,
                autograph=False,
                reduce_retracing=True,
                jit_compile=jit or None,
            )

        return self._kept("prediction", source, make)

    def _steps(self, shards: int) -> Steps:
        if self._strategy is not None:
            own = any(overrides(self._model, step) for step in _OWN)
            alone = own and not shares(self._strategy)
            kind = OneReplicaSteps if alone else ReplicatedSteps
            return kind(self._model, self._strategy, self._on_nonfinite)
        return Steps(self._model, shards, self._on_nonfinite, self._augment)

    def _sizes(self) -> dict[str, Any]:
        """How the loops take partial batches, each size of which may come once."""
        return {
            "any_size": self._strategy is None,
            "around_any_size": partial(output_losses_by_sample, self._model),
        }

    def _metrics(self) -> dict[str, Any]:
        return self._model.get_metrics_result()  # type: ignore[no-any-return]

    def _kept(
        self,
        name: str,
        source: Source,
        make: Callable[[Steps, bool], Made],
        stops: bool = False,
    ) -> Made:
        """Returns what was made before, unless something that it depends on changed."""
        model = self._model
        shards, _ = choose_shards(model, source.batch_size, self._strategy)
        made_for = {
            "the number of shards": shards,
            "the optimizer": _Same(model.optimizer),
            "the loss": _Same(model._compile_loss),
            "the metrics": _Same(model._compile_metrics),
            "the trainable weights": [
                _Same(weight) for weight in model.trainable_weights
            ],
            "run_eagerly": runs_eagerly(model),
            "whether training stops at a loss that is NaN or infinite": stops,
        }
        before = self._made_for.get(name, made_for)
        changed = [what for what, value in made_for.items() if before[what] != value]
        if changed and name == "training":
            warnings.warn(
                "Recompiling the training loop: since the last call "
                f"{' and '.join(changed)} changed.",
                stacklevel=4,
            )
        if changed or name not in self._made:
            jit, _ = choose_jit(model, self._jit_compile)
            self._made[name] = make(self._steps(shards), jit)
            self._made_for[name] = made_for
        made: Made = self._made[name]
        return made


class _Same:
    """Equals another of the very same object, which it keeps alive meanwhile."""

    def __init__(self, held: Any) -> None:
        self._held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._held is other._held


def _compiled(step: Callable[[Any], Any], jit: bool) -> Callable[[Any], Any]:
    if not jit:
        return step
    import tensorflow as tf

    return tf.function(step, autograph=False, jit_compile=True)  # type: ignore[no-any-return]

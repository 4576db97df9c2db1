"""The compiled loops of a model, made anew only where they must be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import keras

from .data_sources import Source
from .distribution import ReplicatedSteps
from .loop import Loop
from .plan import choose_jit, choose_shards
from .steps import OnNonfinite, Steps

Made = TypeVar("Made")


class CompiledLoops:
    """Makes the loops of a trainer and keeps them for the next call."""

    def __init__(
        self,
        model: keras.Model,
        strategy: Any,
        jit_compile: bool | None,
        on_nonfinite: OnNonfinite,
    ) -> None:
        """Makes nothing yet.

        Args:
            model: The compiled model.
            strategy: As `Trainer` takes it.
            jit_compile: As `Trainer` takes it.
            on_nonfinite: As `Trainer` takes it.
        """
        self._model = model
        self._strategy = strategy
        self._jit_compile = jit_compile
        self._on_nonfinite = on_nonfinite
        self._made: dict[str, Any] = {}
        self._made_for: dict[str, dict[str, Any]] = {}

    def train_loop(self, source: Source, *, stops: bool) -> Loop:
        """Returns the loop of training steps.

        Args:
            source: The data that it will run over.
            stops: Whether a loss that is NaN or infinite ends it.
        """

        def make(steps: Steps, jit: bool) -> Loop:
            return Loop(
                _compiled(steps.train, jit),
                metrics=None if steps.reports_itself("train") else self._metrics,
                stops=stops,
                warns=True,
                eager=self._model.run_eagerly,
            )

        return self._kept("training", source, make, stops=stops)

    def test_loop(self, source: Source) -> Loop:
        """Returns the loop of evaluation steps."""

        def make(steps: Steps, jit: bool) -> Loop:
            return Loop(
                _compiled(steps.test, jit),
                metrics=None if steps.reports_itself("test") else self._metrics,
                eager=self._model.run_eagerly,
            )

        return self._kept("evaluation", source, make)

    def predict_function(self, source: Source) -> Callable[[Any], Any]:
        """Returns a function from a batch to the model's outputs."""
        import tensorflow as tf

        def make(steps: Steps, jit: bool) -> Callable[[Any], Any]:
            if self._model.run_eagerly:
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
            return ReplicatedSteps(self._model, self._strategy, self._on_nonfinite)
        return Steps(self._model, shards, self._on_nonfinite)

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
            "run_eagerly": model.run_eagerly,
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

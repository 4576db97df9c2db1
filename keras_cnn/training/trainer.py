"""A compiled trainer with the arguments and results of `Model.fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import keras
import numpy as np

from .._checks import InputError, check_choice, check_count
from ._keras import train_validation_split
from .callback_list import make_callback_list
from .checkpoints import Checkpoints
from .checks import (
    as_count,
    capped,
    check_batches,
    check_optimizer,
    check_targets_given,
)
from .choice import Choice
from .compiled_loops import CompiledLoops
from .data_sources import Source, make_source
from .distribution import check_made_within
from .evaluate_loop import evaluate, predict
from .fit_loop import FitLoop
from .kernel_checks import check_kernels
from .learning_watch import LearningWatch, chance_of
from .loop import Loop
from .plan import Plan, make_plan, runs_eagerly, warn_of_slow_precision
from .steps import Augment, OnNonfinite, overrides
from .target_checks import check_targets
from .workers import broadcast_from_chief, has_workers, is_chief, lost_workers_named

Callbacks: TypeAlias = (
    keras.callbacks.Callback
    | Sequence[keras.callbacks.Callback]
    | keras.callbacks.CallbackList
    | None
)


class Trainer:
    """Trains a compiled Keras model: `Model.fit`'s arguments, results and arithmetic.

    The loop over the steps is one compiled function, batches of arrays are drawn inside
    it, and after `keras_cnn.configure_cpu()` a batch is computed in shards
    side by side where the model allows. `plan` says what was chosen and why.

    `fit`, `evaluate` and `predict` take the arguments of the model's own methods and
    return the same types.

    Args:
        model: A compiled Keras model on the TensorFlow backend. With a strategy it must
            have been made and compiled within `strategy.scope()`.
        strategy: A `tf.distribute.MirroredStrategy` or `MultiWorkerMirroredStrategy`
            whose replicas share each batch. Defaults to `None`, for the one in whose
            scope the model was made, or one device.
        jit_compile: Whether XLA compiles the steps. Defaults to `None`: not on a CPU,
            and on a GPU as `compile` says.
        on_nonfinite: What is done at a loss that is NaN or infinite: "stop" raises
            `NonFiniteLossError` with the weights as they were before that step, "skip"
            leaves the step out and warns, "ignore" learns from it as Keras does.
            Defaults to `"stop"`.
        checkpoint_dir: Folder of checkpoints to resume from. Defaults to `None`, for
            none.
        checkpoint_every: Steps between checkpoints, or a `datetime.timedelta`. Defaults
            to `None`, for one at the end of each epoch.
        checkpoints_kept: How many are kept, the newest. Defaults to `3`.
        resume: Whether `fit` goes on from the newest checkpoint, in the middle of an
            epoch if need be. Defaults to `False`.
        augment: Changes each training batch within the compiled loop: from `(x, y)` to
            `(x, y)`. Its `variables`, such as random states, are in the checkpoints.
            Validation and the model do not know of it. Not with a strategy. Defaults
            to `None`.

    Raises:
        InputError: If the backend is not TensorFlow, the model is not compiled, or an
            argument breaks its rule.

    Example:
        >>> import keras, numpy as np
        >>> from keras_cnn import Trainer
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.array([[0.0, 1.0], [1.0, 0.0]]); y = np.array([[1.0], [2.0]])
        >>> history = Trainer(model).fit(x, y, epochs=3, verbose=0)
        >>> len(history.history["loss"])
        3
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        strategy: Any = None,
        jit_compile: bool | None = None,
        on_nonfinite: OnNonfinite = "stop",
        checkpoint_dir: str | Path | None = None,
        checkpoint_every: int | timedelta | None = None,
        checkpoints_kept: int = 3,
        resume: bool = False,
        augment: Augment | None = None,
    ) -> None:
        """Checks the arguments, which the class lists."""
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "Training must run on Keras's TensorFlow backend. "
                f"Received: KERAS_BACKEND={keras.backend.backend()}."
            )
        if not getattr(model, "compiled", False):
            raise InputError(
                "The model must be compiled: call `model.compile` first. "
                f"Received: model={model!r}."
            )
        strategy = strategy or model._distribute_strategy
        if strategy is not None:
            check_made_within(strategy, model)
        check_choice("on_nonfinite", on_nonfinite, get_args(OnNonfinite))
        if augment is not None and strategy is not None:
            raise InputError(
                "`augment` must be left out with a strategy. "
                f"Received: strategy={type(strategy).__name__}."
            )
        self.model = model
        self.strategy = strategy
        self._jit_compile = jit_compile
        self._on_nonfinite = on_nonfinite
        self._broadcast = (
            partial(broadcast_from_chief, strategy) if has_workers(strategy) else int
        )
        self._checkpoints = None
        if checkpoint_dir is not None:
            self._checkpoints = Checkpoints(
                Path(checkpoint_dir),
                checkpoint_every,
                checkpoints_kept,
                model,
                broadcast=self._broadcast,
                writes=is_chief(strategy),
                further=lambda: getattr(augment, "variables", ()),
            )
        elif checkpoint_every is not None or resume:
            raise InputError(
                "`checkpoint_dir` must be given with `checkpoint_every` and `resume`. "
                "Received: checkpoint_dir=None, "
                f"checkpoint_every={checkpoint_every!r}, resume={resume!r}."
            )
        self._resume = resume
        self._loops = CompiledLoops(model, strategy, jit_compile, on_nonfinite, augment)
        self._data = Choice(
            "unknown before `fit`", "arrays or a stream, as it is given"
        )
        warn_of_slow_precision(model)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Literal["auto"] | int = "auto",
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> keras.callbacks.History:
        """Trains the model, with the arguments and the arithmetic of `Model.fit`.

        Args:
            x: Inputs: an array or tensor, (samples, ...), a list or dictionary of them,
                or a stream of batches: a `tf.data.Dataset`, a
                `keras.utils.PyDataset` or a generator of `(x, y)` or
                `(x, y, sample_weight)`; or `IndexedData`, which it reads by position.
            y: Targets, (samples, ...), in the form of the model's outputs. Defaults to
                `None`, for a stream or a model that adds its losses itself.
            batch_size: Samples a batch of arrays or of `IndexedData`. Defaults to
                `None`, for 32.
            epochs: The epoch after the last one. Defaults to `1`.
            verbose: 0 shows nothing; 1 and "auto" a bar in a terminal and a line an
                epoch; 2 the line. Defaults to `"auto"`.
            callbacks: Callbacks of Keras or your own. Defaults to `None`.
            validation_split: Share of the arrays, from their end, to validate on, in
                [0, 1). Defaults to `0.0`.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a stream. Defaults to
                `None`, for none.
            shuffle: Whether each epoch draws a new order of the arrays; "batch" draws
                it within each batch. Defaults to `True`.
            class_weight: From a class number to the weight of its samples in the loss.
                Defaults to `None`.
            sample_weight: Weights in the loss, (samples,), or (samples, steps) for
                sequences. Defaults to `None`.
            initial_epoch: The first epoch, counted from 0. Defaults to `0`.
            steps_per_epoch: Batches an epoch. Defaults to `None`, for all of them.
            validation_steps: Batches of a validation. Defaults to `None`, for all.
            validation_batch_size: Defaults to `None`, for `batch_size`.
            validation_freq: Epochs between validations, or a list of the epochs,
                counted from 1, to validate after. Defaults to `1`.

        Returns:
            Keras's `History`, whose `history` has each metric by epoch.

        Raises:
            NonFiniteLossError: If the loss becomes NaN or infinite, by default.
            InputError: If an argument breaks its rule.
            ValueError: As `Model.fit` raises it, for arguments that do not fit.
        """
        check_count("epochs", epochs, min_value=0)
        check_count("initial_epoch", initial_epoch, min_value=0)
        as_count("validation_batch_size", validation_batch_size)
        as_count("validation_steps", validation_steps)
        epochs = capped("epochs", epochs, keras.config.max_epochs()) or 0
        check_optimizer(self.model)
        check_kernels()
        if self._checkpoints and not self._resume:
            self._checkpoints.check_unused()
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split=validation_split
            )
        source = self._source(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            # From NumPy's generator, as `keras.utils.set_random_seed` fixes it.
            seed=self._broadcast(np.random.randint(2**31)),
        )
        callbacks = self._callbacks(
            callbacks,
            verbose,
            epochs=epochs,
            steps=source.steps_per_epoch,
            history=True,
        )
        self._build(source, "train_step")
        self._check_data(source, "train_step")
        self._set_chance(callbacks, source)
        validate = None
        if validation_data is not None:
            val_x, val_y, val_weight = keras.utils.unpack_x_y_sample_weight(
                validation_data
            )
            validation = self._source(
                val_x,
                val_y,
                val_weight,
                batch_size=validation_batch_size or batch_size,
                steps_per_epoch=validation_steps,
                name="`validation_data`",
            )
            self._check_data(validation, "test_step")

            def validate() -> dict[str, Any]:
                loop = self._loops.test_loop(validation)
                return evaluate(
                    self.model, loop, validation, callbacks, self._broadcast
                )

        self._data = Choice(source.described, "by what `fit` was given")
        loop = self._loops.train_loop(source, stops=self._stops(callbacks))
        own = overrides(self.model, "train_step")
        if self._resume and own and isinstance(loop, Loop):
            loop.trace(source.example)  # makes the variables that a checkpoint holds
        fit = FitLoop(
            model=self.model,
            loop=loop,
            source=source,
            callbacks=callbacks,
            epochs=epochs,
            initial_epoch=initial_epoch,
            validate=validate,
            validation_freq=validation_freq,
            on_nonfinite=self._on_nonfinite,
            checkpoints=self._checkpoints,
            broadcast=self._broadcast,
        )
        with lost_workers_named(self.strategy):
            return fit.run(self._resume)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Literal["auto"] | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callbacks = None,
        return_dict: bool = False,
    ) -> Any:
        """Computes the loss and metrics as `Model.evaluate` does.

        Args:
            x: Inputs or a stream of batches, as `fit` takes them.
            y: Targets. Defaults to `None`, for a stream.
            batch_size: Samples a batch of arrays. Defaults to `None`, for 32.
            verbose: As `fit` takes it. Defaults to `"auto"`.
            sample_weight: Weights in the loss. Defaults to `None`.
            steps: Batches to evaluate on. Defaults to `None`, for all of them.
            callbacks: Whose `on_test_...` hooks are called. Defaults to `None`.
            return_dict: Whether to return a dictionary. Defaults to `False`.

        Returns:
            The loss and metrics: a number, a list, or a dictionary if asked for.
        """
        source = self._source(
            x, y, sample_weight, batch_size=batch_size, steps_per_epoch=steps
        )
        self._build(source, "test_step")
        self._check_data(source, "test_step")
        callbacks = self._callbacks(
            callbacks, verbose, epochs=1, steps=source.steps_per_epoch
        )
        loop = self._loops.test_loop(source)
        with lost_workers_named(self.strategy):
            logs = evaluate(self.model, loop, source, callbacks, self._broadcast)
        return logs if return_dict else self.model._flatten_metrics_in_order(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Literal["auto"] | int = "auto",
        steps: int | None = None,
        callbacks: Callbacks = None,
    ) -> Any:
        """Returns the model's outputs as `Model.predict` does.

        Args:
            x: Inputs or a stream of batches, as `fit` takes them.
            batch_size: Samples a batch of arrays. Defaults to `None`, for 32.
            verbose: As `fit` takes it. Defaults to `"auto"`.
            steps: Batches to predict. Defaults to `None`, for all of them.
            callbacks: Whose `on_predict_...` hooks are called. Defaults to `None`.

        Returns:
            Arrays in the structure of the model's outputs, (samples, ...).
        """
        source = self._source(x, batch_size=batch_size, steps_per_epoch=steps)
        self._check_data(source, "predict_step")
        callbacks = self._callbacks(
            callbacks, verbose, epochs=1, steps=source.steps_per_epoch
        )
        function = self._loops.predict_function(source)
        return predict(self.model, function, source, callbacks)

    def plan(self, batch_size: int = 32) -> Plan:
        """Returns what is chosen for this model on this machine, and why.

        Args:
            batch_size: Samples a batch. Defaults to `32`, as `fit`'s.

        Example:
            >>> from keras_cnn import Trainer, article_cnn
            >>> model = article_cnn()
            >>> model.compile("adam", "sparse_categorical_crossentropy")
            >>> print(Trainer(model).plan().update.value)
            one kernel a weight
        """
        return make_plan(
            self.model, batch_size, self.strategy, self._jit_compile, self._data
        )

    def _source(self, *data: Any, **options: Any) -> Source:
        return make_source(*data, **options, one_by_one=self.strategy is not None)

    def _build(self, source: Source, step: str) -> None:
        """Makes all variables that the compiled loops will use, where it can.

        What cannot be built without data, such as a model that has a step of its own
        and no `call`, is built by tracing its first step, as in Keras.
        """
        model = self.model
        if overrides(model, step) or runs_eagerly(model):
            return
        with self.strategy.scope() if self.strategy else nullcontext():
            # If it fails, tracing fails, too, with the error that `Model.fit` raises.
            with suppress(Exception):
                model._symbolic_build(data_batch=source.example)

    def _check_data(self, source: Source, step: str) -> None:
        """Checks what the model computes with, unless it does so in its own way."""
        if overrides(self.model, step):
            return
        check_batches(source.example)
        if step == "predict_step" or overrides(self.model, "compute_loss"):
            return
        check_targets_given(self.model, source.example)
        check_targets(self.model, getattr(source, "arrays", source.example))

    def _set_chance(self, callbacks: Any, source: Source) -> None:
        """Tells a watch over the learning what a constant answer reaches."""
        data = getattr(source, "arrays", source.example)
        _, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        for one in callbacks.callbacks:
            if isinstance(one, LearningWatch) and one.chance is None:
                one.chance = chance_of(self.model, y, weight)

    def _callbacks(self, given: Any, verbose: str | int, **rest: Any) -> Any:
        chief = is_chief(self.strategy)
        return make_callback_list(
            given, self.model, verbose=verbose, chief=chief, **rest
        )

    def _stops(self, callbacks: Any) -> bool:
        """Whether the loop must end at a loss that is NaN or infinite."""
        terminates = any(
            isinstance(callback, keras.callbacks.TerminateOnNaN)
            for callback in callbacks.callbacks
        )
        return self._on_nonfinite == "stop" or (
            terminates and self._on_nonfinite == "ignore"
        )

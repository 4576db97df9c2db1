"""A compiled trainer with the arguments and results of `Model.fit`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np

from .._checks import InputError, check_choice, check_count
from ._keras import train_validation_split
from .callback_list import make_callback_list
from .checkpoints import Checkpoints
from .compiled_loops import Engine
from .data_sources import Source, make_source
from .distribution import (
    agreed,
    check_made_within,
    has_workers,
    is_chief,
    lost_workers_named,
)
from .evaluate_loop import measure, predict
from .fit_loop import Fit
from .plan import (
    Choice,
    Plan,
    choose_jit,
    choose_precision,
    choose_shards,
    choose_threads,
    choose_update,
    on_gpu,
    warn_of_slow_precision,
)
from .steps import OnNonfinite


class Trainer:
    """Trains a compiled Keras model: `Model.fit`'s arguments, results and arithmetic.

    The loop over the steps is one compiled function, batches of arrays are drawn inside
    it, and after `keras_cnn.training.configure_threads()` a batch is computed in shards
    side by side where the model allows. `plan` says what was chosen and why.

    `fit`, `evaluate` and `predict` take what the model's own take and return what they
    return; docs/training.md lists each argument. What is not Keras's stands here:

    Args:
        model: A compiled Keras model on the TensorFlow backend. With a strategy it must
            have been made and compiled within `strategy.scope()`.
        strategy: A `tf.distribute.MirroredStrategy` or `MultiWorkerMirroredStrategy`
            whose replicas share each batch. Defaults to `None`, for one device.
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
    ) -> None:
        """Checks the arguments; see the class."""
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
        if strategy is not None:
            check_made_within(strategy, model)
        check_choice("on_nonfinite", on_nonfinite, get_args(OnNonfinite))
        self.model = model
        self.strategy = strategy
        self._jit_compile = jit_compile
        self._on_nonfinite = on_nonfinite
        self._agree = partial(agreed, strategy) if has_workers(strategy) else int
        self._checkpoints = None
        if checkpoint_dir is not None:
            self._checkpoints = Checkpoints(
                Path(checkpoint_dir),
                checkpoint_every,
                checkpoints_kept,
                model,
                agree=self._agree,
                writes=is_chief(strategy),
            )
        elif checkpoint_every is not None or resume:
            raise InputError(
                "`checkpoint_dir` must be given with `checkpoint_every` and `resume`. "
                "Received: checkpoint_dir=None, "
                f"checkpoint_every={checkpoint_every!r}, resume={resume!r}."
            )
        self._resume = resume
        self._engine = Engine(model, strategy, jit_compile, on_nonfinite)
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
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> keras.callbacks.History:
        """Trains the model as `Model.fit` does; see there for the arguments.

        Returns:
            Keras's `History`, whose `history` has each metric by epoch.

        Raises:
            NonFiniteLossError: If the loss becomes NaN or infinite, by default.
            ValueError: As `Model.fit` raises it, for arguments that do not fit.
        """
        check_count("epochs", epochs, least=0)
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
            seed=self._agree(np.random.randint(2**31)),
        )
        callbacks = self._callbacks(
            callbacks,
            verbose,
            epochs=epochs,
            steps=source.steps_per_epoch,
            history=True,
        )
        self._build(source)
        evaluate = None
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
            )

            def evaluate() -> dict[str, Any]:
                loop = self._engine.test_loop(validation)
                return measure(self.model, loop, validation, callbacks, self._agree)

        self._data = Choice(source.described, "by what `fit` was given")
        fit = Fit(
            model=self.model,
            loop=self._engine.train_loop(source, stops=self._stops(callbacks)),
            source=source,
            callbacks=callbacks,
            epochs=epochs,
            initial_epoch=initial_epoch,
            evaluate=evaluate,
            validation_freq=validation_freq,
            on_nonfinite=self._on_nonfinite,
            checkpoints=self._checkpoints,
            agree=self._agree,
        )
        with lost_workers_named(self.strategy):
            return fit.run(self._resume)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Measures the model as `Model.evaluate` does; see there for the arguments.

        Returns:
            The loss and metrics: a number, a list, or a dictionary if asked for.
        """
        source = self._source(
            x, y, sample_weight, batch_size=batch_size, steps_per_epoch=steps
        )
        self._build(source)
        callbacks = self._callbacks(
            callbacks, verbose, epochs=1, steps=source.steps_per_epoch
        )
        loop = self._engine.test_loop(source)
        with lost_workers_named(self.strategy):
            logs = measure(self.model, loop, source, callbacks, self._agree)
        return logs if return_dict else self.model._flatten_metrics_in_order(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Returns the model's outputs as `Model.predict` does; see there for arguments.

        Returns:
            Arrays in the structure of the model's outputs, (samples, ...).
        """
        source = self._source(x, batch_size=batch_size, steps_per_epoch=steps)
        callbacks = self._callbacks(
            callbacks, verbose, epochs=1, steps=source.steps_per_epoch
        )
        function = self._engine.predict_function(source)
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
        model = self.model
        return Plan(
            device=Choice("GPU" if on_gpu() else "CPU", "what TensorFlow sees"),
            shards=choose_shards(model, batch_size, self.strategy)[1],
            threads=choose_threads(),
            precision=choose_precision(model),
            steps_per_call=Choice(
                "about half a second of them",
                "fewer where a callback or checkpoint is due at a batch before",
            ),
            data=self._data,
            update=choose_update(model.optimizer, self.strategy is not None),
            compiler=choose_jit(model, self._jit_compile)[1],
            rewriting=Choice(
                "none", "pooling before the activation gained nothing over shards"
            ),
            strategy=Choice(
                type(self.strategy).__name__ if self.strategy else "none",
                f"{self.strategy.num_replicas_in_sync} replicas share each batch"
                if self.strategy
                else "one device",
            ),
        )

    def _source(self, *data: Any, **options: Any) -> Source:
        return make_source(*data, **options, one_by_one=self.strategy is not None)

    def _build(self, source: Source) -> None:
        """Makes all variables that the compiled loops will use."""
        with self.strategy.scope() if self.strategy else nullcontext():
            self.model._symbolic_build(data_batch=source.example)

    def _callbacks(self, given: Any, verbose: str | int, **rest: Any) -> Any:
        chief = is_chief(self.strategy)
        return make_callback_list(
            given, self.model, verbose=verbose, chief=chief, **rest
        )

    def _stops(self, callbacks: Any) -> bool:
        """Whether the loop must end at a loss that is no number."""
        terminates = any(
            isinstance(callback, keras.callbacks.TerminateOnNaN)
            for callback in callbacks.callbacks
        )
        return self._on_nonfinite == "stop" or (
            terminates and self._on_nonfinite == "ignore"
        )

"""The arithmetic of one step: forward, loss, gradient, update, metrics.

As in `Model.train_step` and `Model.test_step`, except that the passes through the
layers may be computed in shards, and that a loss that is NaN or infinite is not learned
from.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import keras

from .._checks import InputError
from ._keras import sample_weights_by_sample
from .fused_optimizers import fused_updates
from .sharding import batch_size, join, mixes_samples, take_shard
from .side_by_side import call_side_by_side

OnNonfinite = Literal["stop", "skip", "ignore"]

# From inputs and targets of a batch to those that are learned from.
Augment: TypeAlias = Callable[[Any, Any], tuple[Any, Any]]

_PHASE_STEPS = {"train": "train_step", "test": "test_step", "predict": "predict_step"}


class Steps:
    """The steps of a compiled model, to be traced into a loop."""

    def __init__(
        self,
        model: keras.Model,
        shards: int = 1,
        on_nonfinite: OnNonfinite = "ignore",
        augment: Augment | None = None,
    ) -> None:
        """Finds out which steps are the model's own.

        Args:
            model: A compiled and built Keras model.
            shards: Slices of a batch that are computed side by side.
            on_nonfinite: What becomes of a step whose loss is NaN or infinite: "stop"
                keeps the weights and counts it in the metrics; "skip" leaves no trace
                of it; "ignore" takes it as any other.
            augment: What is done to each training batch.
        """
        self.model = model
        self.shards = shards
        self.on_nonfinite = on_nonfinite
        self.augment = augment
        # A user's own step decides what it computes and what it reports.
        self._own = {step for step in _PHASE_STEPS.values() if overrides(model, step)}
        self._mixes = shards > 1 and mixes_samples(model)

        if on_nonfinite == "skip" and self.reports_itself("train"):
            raise InputError(
                '`on_nonfinite` must be "stop" or "ignore" for a model with a '
                "train_step or compute_metrics of its own, which cannot be undone. "
                "Received: "
                f"on_nonfinite='skip' and a {type(model).__name__}."
            )

    def reports_itself(self, phase: Literal["train", "test"]) -> bool:
        """Returns whether only the steps know what to report, not the metrics."""
        own_metrics = overrides(self.model, "compute_metrics")
        return _PHASE_STEPS[phase] in self._own or own_metrics

    def train(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Learns from a batch.

        Args:
            data: (x,), (x, y) or (x, y, sample_weight), structures of tensors.

        Returns:
            The loss, a scalar, and what the step reports.
        """
        data = without_missing(data)
        if self.augment is not None:
            x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
            x, y = self.augment(x, y)
            data = keras.utils.pack_x_y_sample_weight(x, y, weight)
        if "train_step" in self._own:
            logs = self.model.train_step(data)
            return _reported_loss(logs), logs
        return self._learn(*keras.utils.unpack_x_y_sample_weight(data))

    def test(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Measures a batch.

        Returns:
            The loss, a scalar, and what the step reports.
        """
        data = without_missing(data)
        if "test_step" in self._own:
            logs = self.model.test_step(data)
            return _reported_loss(logs), logs
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self.forward(x, training=False)
        loss = self._loss(x, y, y_pred, weight, training=False)
        return loss, self._report(x, y, y_pred, weight, loss)

    def predict(self, data: Any) -> Any:
        """Returns the model's outputs for a batch."""
        data = without_missing(data)
        if "predict_step" in self._own:
            return self.model.predict_step(data)
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self.forward(x, training=False)

    def forward(self, x: Any, *, training: bool) -> Any:
        """Returns the outputs for a whole batch, however it is computed."""
        if self.shards == 1:
            return self.call(x, training=training)
        shards, counting = zip(
            *(take_shard(x, self.shards, index) for index in range(self.shards)),
            strict=True,
        )
        if self._mixes:
            outputs = call_side_by_side(self.model, shards, counting, training=training)
        else:
            outputs = [self.call(shard, training=training) for shard in shards]
        return join(outputs, batch_size(x))

    def call(self, x: Any, *, training: bool) -> Any:
        """Calls the model, which may know nothing of training."""
        if self.model._call_has_training_arg:
            return self.model(x, training=training)
        return self.model(x)

    def _learn(self, x: Any, y: Any, weight: Any) -> tuple[Any, dict[str, Any]]:
        import tensorflow as tf

        model, optimizer = self.model, self.model.optimizer
        keep = _Keeper(model) if self.on_nonfinite != "ignore" else None
        with tf.GradientTape() as tape:
            y_pred = self.forward(x, training=True)
            loss = self._loss(x, y, y_pred, weight, training=True)
            scaled = loss if optimizer is None else optimizer.scale_loss(loss)
        variables = model.trainable_weights
        gradients = tape.gradient(scaled, variables)
        if not variables:
            warnings.warn(
                "The model does not have any trainable weights.", stacklevel=2
            )

        def update() -> None:
            if not variables:
                return
            with fused_updates(optimizer):
                # Not `apply`: a user's optimizer may have this one of its own.
                optimizer.apply_gradients(zip(gradients, variables, strict=True))

        if keep is None:
            update()
            return loss, self._report(x, y, y_pred, weight, loss)

        finite = tf.math.is_finite(loss)
        if self.on_nonfinite == "stop":
            tf.cond(finite, _returning_nothing(update), keep.restore)
            return loss, self._report(x, y, y_pred, weight, loss)

        def update_and_report() -> None:
            update()
            self._report(x, y, y_pred, weight, loss)

        tf.cond(finite, _returning_nothing(update_and_report), keep.restore)
        return loss, model.get_metrics_result()

    def _loss(self, x: Any, y: Any, y_pred: Any, weight: Any, *, training: bool) -> Any:
        with sample_weights_by_sample():
            return self.model._compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=weight, training=training
            )

    def _report(
        self, x: Any, y: Any, y_pred: Any, weight: Any, loss: Any
    ) -> dict[str, Any]:
        self.model._loss_tracker.update_state(loss, sample_weight=batch_size(x))
        logs: dict[str, Any] = self.model.compute_metrics(
            x, y, y_pred, sample_weight=weight
        )
        return logs


class _Keeper:
    """Keeps what a forward pass changes (moving means, random states), to undo it."""

    def __init__(self, model: keras.Model) -> None:
        import tensorflow as tf

        self._variables = model.non_trainable_variables
        self._values = [tf.identity(variable.value) for variable in self._variables]

    def restore(self) -> Any:
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)
        return _nothing()


def overrides(model: keras.Model, method: str) -> bool:
    """Returns whether a model or its class has its own in place of Keras's method."""
    own = getattr(model, method)
    return getattr(own, "__func__", own) is not getattr(keras.Model, method)


def logs_of_epoch(
    model: keras.Model, logs: dict[str, Any], phase: Literal["train", "test"]
) -> dict[str, Any]:
    """Returns what an epoch reports, by the last logs of its steps.

    As in Keras: where a user's step reports what the metrics do, theirs are taken,
    which are of the whole epoch. Of a mean that the step never updates Keras reports 0;
    here it is what the step says.

    Args:
        model: The compiled model.
        logs: What the last step reported.
        phase: Of which the steps are.
    """
    import tensorflow as tf

    own = overrides(model, _PHASE_STEPS[phase]) or overrides(model, "compute_metrics")
    measured = model.get_metrics_result() if own and isinstance(logs, dict) else {}
    if not own or set(measured) != set(logs):
        return logs
    untouched = {
        metric.name
        for metric in model.metrics
        if isinstance(metric, keras.metrics.Mean)
        and not float(tf.convert_to_tensor(metric.count.value))
    }
    return {
        name: logs[name] if name in untouched else value
        for name, value in measured.items()
    }


def without_missing(data: Any) -> Any:
    """Returns a batch with None for what tf.data gives for a missing sample weight."""
    import tensorflow as tf

    return keras.tree.map_structure(
        lambda leaf: None if isinstance(leaf, tf.experimental.Optional) else leaf, data
    )


def _reported_loss(logs: Any) -> Any:
    """The loss that a user's own step reports; 0 if it reports none."""
    import tensorflow as tf

    loss = logs.get("loss") if isinstance(logs, dict) else None
    return tf.constant(0.0) if loss is None else tf.reduce_sum(loss)


def _returning_nothing(action: Any) -> Any:
    def branch() -> Any:
        action()
        return _nothing()

    return branch


def _nothing() -> Any:
    """What both branches of a condition return, since they must return something."""
    import tensorflow as tf

    return tf.constant(0)

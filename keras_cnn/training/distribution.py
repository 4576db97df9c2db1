"""Steps that replicas share, with the numbers of one replica.

Every replica is given the whole batch, passes its shard of it through the layers, and
gathers the outputs of all: so each computes the loss of the whole batch, as one replica
would, whatever the loss, its reduction, the weights and the size of the last batch are.
Its gradient by the outputs goes back through that shard alone. The gradients are
summed before the optimizer sees them: Keras's clips each before it sums them, which is
another step than that of one replica.

Parameter servers are out of scope: their workers update without waiting for each other,
so no two runs, and no number of replicas, would give the same numbers.
"""

from __future__ import annotations

from typing import Any

import keras

from .._checks import InputError
from .._logits import attach_logits, find_logits
from ._keras import gradients_of_whole_batches, losses_of_whole_batches
from .sharding import batch_size, take_shard
from .steps import OnNonfinite, Steps
from .workers import has_workers, replica


class ReplicatedSteps(Steps):
    """The steps of a model whose variables a strategy has mirrored."""

    def __init__(
        self, model: keras.Model, strategy: Any, on_nonfinite: OnNonfinite
    ) -> None:
        """Checks that replicas can share the steps.

        Args:
            model: A compiled and built model, made within the strategy's scope.
            strategy: Whose replicas share each batch.
            on_nonfinite: "stop" or "ignore"; see `Steps`.

        Raises:
            InputError: If the model has steps of its own, of which it is unknown how
                they can be shared, if `on_nonfinite` is "skip", or if the optimizer has
                an option that Keras cannot share.
        """
        super().__init__(model, on_nonfinite=on_nonfinite)
        self._strategy = strategy
        if self.reports_itself("train") or self.reports_itself("test"):
            raise InputError(
                "A model that a strategy shares must have Keras's own train_step, "
                "test_step and compute_metrics. "
                f"Received: a {type(model).__name__} with its own."
            )
        if on_nonfinite == "skip":
            raise InputError(
                '`on_nonfinite` must be "stop" or "ignore" with a strategy, whose '
                "replicas cannot undo a forward pass. Received: on_nonfinite='skip'."
            )

        optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        for option in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(optimizer, option):
                raise InputError(
                    f"The optimizer's `{option}` must be None with a strategy: Keras "
                    "updates under a condition then, where replicas cannot share "
                    f"gradients. Received: {option}={getattr(optimizer, option)!r}."
                )

    def train(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Learns from a batch that all replicas are given."""
        import tensorflow as tf

        losses, gradients = self._strategy.run(self._gradients, args=(data,))
        loss = self._strategy.experimental_local_results(losses)[0]

        def update() -> Any:
            with gradients_of_whole_batches(self.model.optimizer):
                self._strategy.run(self._apply, args=(gradients,))
            return tf.constant(0)

        if self.on_nonfinite == "ignore":
            update()
        else:
            # Out here, since a replica may not share gradients within a condition. The
            # loss is the same on all of them, so they agree on whether to.
            tf.cond(tf.math.is_finite(loss), update, lambda: tf.constant(0))
        return loss, {}

    def test(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Measures a batch that all replicas are given."""
        losses = self._strategy.run(self._measure, args=(data,))
        return self._strategy.experimental_local_results(losses)[0], {}

    def _gradients(self, data: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        model, optimizer = self.model, self.model.optimizer
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        shard = _ReplicaShard(x)
        with tf.GradientTape() as tape:
            outputs = shard.counting(self.call(shard.x, training=True))
            penalty = shard.penalty(model)
        with tf.GradientTape() as tape_of_loss:
            gathered = [_gather(leaf) for leaf in outputs]
            for leaf in gathered:
                tape_of_loss.watch(leaf)
            y_pred = shard.rebuild(gathered)
            loss = self._whole_loss(x, y, y_pred, weight, penalty, training=True)
            scaled = optimizer.scale_loss(loss)
        by_outputs = tape_of_loss.gradient(
            scaled, gathered, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        gradients = tape.gradient(
            [*outputs, penalty],
            model.trainable_weights,
            output_gradients=[
                *(shard.of(leaf) for leaf in by_outputs),
                optimizer.scale_loss(tf.ones_like(penalty)),
            ],
        )
        self._report_once(x, y, y_pred, weight, loss)
        return loss, _summed(gradients)

    def _measure(self, data: Any) -> Any:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        shard = _ReplicaShard(x)
        outputs = shard.counting(self.call(shard.x, training=False))
        penalty = shard.penalty(self.model)
        y_pred = shard.rebuild([_gather(leaf) for leaf in outputs])
        loss = self._whole_loss(x, y, y_pred, weight, penalty, training=False)
        self._report_once(x, y, y_pred, weight, loss)
        return loss

    def _apply(self, gradients: Any) -> None:
        self.model.optimizer.apply_gradients(
            zip(gradients, self.model.trainable_weights, strict=True)
        )

    def _whole_loss(
        self, x: Any, y: Any, y_pred: Any, weight: Any, penalty: Any, *, training: bool
    ) -> Any:
        import tensorflow as tf

        replicas = tf.distribute.get_replica_context()
        whole = replicas.all_reduce(
            tf.distribute.ReduceOp.SUM, tf.stop_gradient(penalty)
        )
        with losses_of_whole_batches(self.model, whole):
            return self._loss(x, y, y_pred, weight, training=training)

    def _report_once(self, x: Any, y: Any, y_pred: Any, weight: Any, loss: Any) -> None:
        """Updates the metrics on one replica: on reading, Keras sums over them."""
        if replica() == 0:
            self._report(x, y, y_pred, weight, loss)


class _ReplicaShard:
    """One replica's shard of a batch, and what belongs to it."""

    def __init__(self, x: Any) -> None:
        import tensorflow as tf

        self._count = tf.distribute.get_strategy().num_replicas_in_sync
        self.x, self._counting = take_shard(x, self._count, replica())
        self._size = batch_size(x)
        self._structure: Any = None
        self._has_logits: list[bool] = []

    def of(self, whole: Any) -> Any:
        """Returns this shard of something of the whole batch."""
        return take_shard(whole, self._count, replica())[0][: self._counting]

    def counting(self, outputs: Any) -> list[Any]:
        """Returns the outputs, and the logits that lie on them, without padding."""
        self._structure = outputs
        leaves = keras.tree.flatten(outputs)
        logits = [find_logits(leaf) for leaf in leaves]
        self._has_logits = [logit is not None for logit in logits]
        found = [logit for logit in logits if logit is not None]
        return [leaf[: self._counting] for leaf in [*leaves, *found]]

    def rebuild(self, gathered: list[Any]) -> Any:
        """Returns the outputs of the whole batch as the model returns them."""
        count = len(self._has_logits)
        logits = iter(gathered[count:])
        leaves = [
            attach_logits(leaf, next(logits)) if has else leaf
            for leaf, has in zip(gathered[:count], self._has_logits, strict=True)
        ]
        return keras.tree.pack_sequence_as(self._structure, leaves)

    def penalty(self, model: keras.Model) -> Any:
        """Returns this replica's share of what the model adds to the loss.

        Penalties on weights are the same on all; those on activations are means over a
        part, which count as much as it has samples.
        """
        import tensorflow as tf

        on_weights = model._get_regularization_losses()
        on_outputs = model.losses[: len(model.losses) - len(on_weights)]
        dtype = keras.backend.floatx()
        share = tf.cast(self._counting, dtype) / tf.cast(self._size, dtype)
        total = tf.zeros((), dtype)
        for loss in on_outputs:
            total += tf.cast(tf.reduce_sum(loss), dtype) * share
        for loss in on_weights:
            total += tf.cast(tf.reduce_sum(loss), dtype) / self._count
        return total


def shares(strategy: Any) -> bool:
    """Returns whether a strategy has several replicas."""
    return strategy is not None and (
        strategy.num_replicas_in_sync > 1 or has_workers(strategy)
    )


def check_made_within(strategy: Any, model: keras.Model) -> None:
    """Raises unless a model and its optimizer belong to a strategy.

    Raises:
        InputError: If the model was made outside of `strategy.scope()`, or the
            optimizer was and there are replicas to share it.
    """
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    for what, own in (
        ("model", model.distribute_strategy),
        ("optimizer", getattr(inner, "_distribution_strategy", None)),
    ):
        if own is not strategy and (what == "model" or shares(strategy)):
            raise InputError(
                "The model and its optimizer must be made within `strategy.scope()`. "
                f"Received: {model.name}, whose {what} was made outside of it."
            )


def _summed(gradients: list[Any]) -> list[Any]:
    """Returns the sum over the replicas of each gradient, None where there is none."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    there = [gradient for gradient in gradients if gradient is not None]
    summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, there))
    return [None if gradient is None else next(summed) for gradient in gradients]


def _gather(leaf: Any) -> Any:
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return tf.stop_gradient(context.all_gather(leaf, axis=0))

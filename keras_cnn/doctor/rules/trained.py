"""Rules about what the first training shows of its cause."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from ..thresholds import (
    CERTAIN,
    CHANCE,
    FAILED,
    LAGGING,
    LOST_LOSSES,
    MOVED,
    OVERFIT_GAP,
    STRONG,
    USUAL_NORM_MOMENTUM,
)
from ..trials.remedies import with_norm_momentum, with_rate
from .arguments import common_rates
from .learned import Learned
from .rule import Hit, also, rule


@rule("batchnorm-statistics", group="trained", confidence=STRONG)
def batchnorm_statistics(learned: Learned) -> Iterator[Hit]:
    """The statistics of batch normalization lag behind those of the batches.

    Looks: Training accuracy is good; `evaluate` on the same data is not.
    Harms: Predictions use moving averages that training has hardly touched.
    Change:
        BatchNormalization(momentum=0.9)  # or more updates, larger batches
    Sources:
        [Ioffe and Szegedy 2015](https://arxiv.org/abs/1502.03167)
    """
    if learned.batch_skill is None or not learned.outcome.finite:
        return
    if learned.batch_skill - learned.skill > LAGGING.value:
        layers = [
            layer
            for layer in learned.program.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        yield Hit(
            where=", ".join(layer.name for layer in layers) or "batch normalization",
            evidence=f"skill {learned.batch_skill:.2f} with the batch's statistics, "
            f"{learned.skill:.2f} with the moving averages",
            threshold=LAGGING,
            remedy=with_norm_momentum(USUAL_NORM_MOMENTUM.value),
        )


@rule("softmax-collapse", group="trained")
def softmax_collapse(learned: Learned) -> Iterator[Hit]:
    """Logits are so far apart that the loss of most samples is exactly 0.

    Looks: The training loss is 0 to the last digit; validation does not move any more.
    Harms: In float32 a softmax absorbs its small terms: no loss, no gradient.
    Change:
        keras.optimizers.AdamW(1e-3, weight_decay=0.1)  # or float64 for the loss
    Sources:
        [Prieto et al. 2025](https://arxiv.org/abs/2501.04697)
    """
    if learned.lost is None or learned.lost < LOST_LOSSES.value:
        return
    elsewhere = learned.held_out_skill
    gap = 0.0 if elsewhere is None else learned.skill - elsewhere
    yield Hit(
        where="loss",
        evidence=f"{learned.lost:.0%} of the samples have a loss of exactly 0",
        threshold=LOST_LOSSES,
        severity="warning" if gap > OVERFIT_GAP.value else "note",
        proven=gap > OVERFIT_GAP.value,
    )


@also("lr-too-low", group="trained")
def unmoved(learned: Learned) -> Iterator[Hit]:
    """Yields a rate at which not even all planned updates move the weights."""
    program, outcome = learned.program, learned.outcome
    rate = program.learning_rate
    if learned.moved is None or not outcome.updates or not rate or rate < 0:
        return
    planned = learned.moved * program.updates / outcome.updates
    if planned >= MOVED.value or outcome.skill > CHANCE.value:
        return
    low, high = common_rates(program)
    middle = (low * high) ** 0.5
    if rate < low and not program.model.trainable_weights == []:
        yield Hit(
            where="learning_rate",
            evidence=f"{rate:g}; all {program.updates:,} planned updates move the "
            f"weights by {planned:.2g} of their size",
            change=f"learning_rate={middle:.3g}",
            threshold=MOVED,
            confidence=CERTAIN,
            proven=outcome.skill < FAILED.value,
            remedy=with_rate(middle / rate),
        )


@also("frozen-layers", group="trained")
def unreached(learned: Learned) -> Iterator[Hit]:
    """Yields weights that are to be trained, and that no update reaches."""
    program, outcome = learned.program, learned.outcome
    rate = program.learning_rate
    low, _ = common_rates(program)
    # A rate that is far too low leaves weights as they are, too: float32 absorbs it.
    if not learned.still or not outcome.finite or (rate is not None and rate < low):
        return
    count, weights = len(learned.still), len(program.model.trainable_weights)
    own = program.own_step
    yield Hit(
        where=learned.still[0],
        evidence=f"{count} of {weights} weights to be trained are, after "
        f"{outcome.updates:,} updates, as they were",
        change="# in train_step: gradients of all, and apply them\n"
        "weights = self.trainable_variables\n"
        "self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))"
        if own
        else "# no gradient passes through round, argmax, stop_gradient or a cast to "
        "integers:\nlayers.Lambda(lambda v: keras.ops.sigmoid(v))",
        harms="Weights without a gradient keep their initial values.",
        severity="error" if count == weights else "warning",
        confidence=CERTAIN if count == weights else STRONG,
        proven=count == weights,
    )

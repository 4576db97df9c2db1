"""Rules about what holds learning back: penalties on weights, clipped gradients."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from ..program.program import Program
from ..thresholds import (
    CLIPPED_SHARE,
    DECAY,
    GUESS,
    LESS_PENALTY,
    PENALTY,
    POSSIBLE,
    STRONG,
)
from ..trials.remedies import with_less_penalty, with_optimizer
from .learned import Learned
from .rule import Hit, Hypothesis, Suspicion, also, rule


@rule("excess-regularization", group="arguments")
def excess_regularization(program: Program) -> Iterator[Suspicion]:
    """Weights are punished for their size more than predictions for their errors.

    Looks: The loss falls, since weights shrink, while accuracy does not rise.
    Harms: The smallest loss is that of weights near 0, which predict nothing.
    Change:
        Dense(units, kernel_regularizer=keras.regularizers.L2(1e-4))
    Sources:
        [Krogh and Hertz 1991](https://papers.nips.cc/paper/563)
    """
    decay = _decay(program)
    if decay:
        kind = Hit if decay > DECAY.value else Hypothesis
        yield kind(
            where="weight_decay",
            evidence=f"each update takes {decay:.2g} of every weight",
            change="weight_decay=0.004  # AdamW's default",
            threshold=DECAY,
            confidence=STRONG if kind is Hit else GUESS,
            remedy=with_optimizer(weight_decay=None),
        )
    places = [
        layer.name
        for layer in program.layers
        for name in vars(layer)
        if name.endswith("_regularizer") and getattr(layer, name, None) is not None
    ]
    if not places or not program.heads:
        return
    penalty = float(
        sum(keras.ops.convert_to_numpy(one) for one in program.model.losses)
    )
    kind = Hit if penalty > PENALTY.value else Hypothesis
    yield kind(
        where=", ".join(dict.fromkeys(places)),
        evidence=f"penalties of {penalty:.3g} before training",
        threshold=PENALTY,
        confidence=POSSIBLE if kind is Hit else GUESS,
        remedy=with_less_penalty(LESS_PENALTY.value),
    )


def _decay(program: Program) -> float:
    """Returns which share of a weight an update takes away."""
    optimizer = getattr(program.optimizer, "inner_optimizer", program.optimizer)
    decay = getattr(optimizer, "weight_decay", None)
    return float(decay or 0) * float(program.learning_rate or 0)


@rule("gradient-clipping", group="arguments")
def gradient_clipping(program: Program) -> Iterator[Hypothesis]:
    """Gradients are cut so short that updates hardly move a weight.

    Looks: The loss falls steadily, but hardly, whatever the rate.
    Harms: What is left of a gradient after clipping is too small to matter.
    Change:
        keras.optimizers.SGD(0.01, clipnorm=1.0)
    Sources:
        [Pascanu et al. 2013](https://arxiv.org/abs/1211.5063)
    """
    clip = _clip(program)
    if clip:
        name, value = clip
        yield Hypothesis(
            where=name,
            evidence=f"{value:g}",
            confidence=POSSIBLE,
            remedy=with_optimizer(**{name: None}),
        )


@also("gradient-clipping", group="trained")
def clipped_gradients(learned: Learned) -> Iterator[Hit]:
    """Yields clipping that leaves little of the first gradient."""
    clip = _clip(learned.program)
    if not clip or not learned.snapshots:
        return
    name, value = clip
    norm = learned.snapshots[0].gradient
    if norm > 0 and value / norm < CLIPPED_SHARE.value:
        yield Hit(
            where=name,
            evidence=f"{name}={value:g}, where the first gradient's norm is {norm:.3g}",
            threshold=CLIPPED_SHARE,
            remedy=with_optimizer(**{name: None}),
        )


def _clip(program: Program) -> tuple[str, float] | None:
    optimizer = getattr(program.optimizer, "inner_optimizer", program.optimizer)
    for name in ("clipnorm", "clipvalue", "global_clipnorm"):
        value = getattr(optimizer, name, None)
        if value:
            return name, float(value)
    return None

"""Symptoms of a training: what is seen, as opposed to what causes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..findings import Moment
from ..program.inputs import Array
from ..program.program import Program
from ..trials.trial import Outcome
from .rule import Suspect, suspect
from .thresholds import (
    CHANCE,
    CONSTANT_OUTPUT,
    DEAD_UNITS,
    EXPLODING_RATIO,
    FLAT_LOSS,
    OSCILLATION,
    SATURATED,
    VANISHING_RATIO,
)


def smoothed(losses: Array) -> Array:
    """Returns a loss curve averaged over windows of a tenth of its length."""
    parts = np.array_split(losses, min(10, len(losses)))
    return np.array([part.mean() for part in parts])


def symptoms(
    program: Program, outcome: Outcome, moments: Sequence[Moment]
) -> Iterator[Suspect]:
    """Yields what a training shows."""
    if not outcome.finite:
        yield suspect(
            "nan-or-inf",
            "loss",
            f"after {outcome.updates} updates",
            "Weights become NaN, and nothing is learned from there on.",
            "optimizer clipnorm=1.0, a lower learning rate",
            severity="error",
        )
        return
    yield from _of_loss(program, outcome)
    if moments:
        yield from layer_symptoms(moments[-1])


def _of_loss(program: Program, outcome: Outcome) -> Iterator[Suspect]:
    losses = outcome.losses
    curve = smoothed(losses)
    of_classes = all(head.task != "regression" for head in program.heads)
    if of_classes and float(losses.min()) < 0:
        yield suspect(
            "negative-loss",
            "loss",
            f"{float(losses.min()):.3g}",
            "A loss of classes cannot be negative: labels do not fit it.",
            "labels of 0 and 1, or another loss",
        )
    if outcome.skill < CHANCE.value:
        yield suspect(
            "chance-level",
            "model",
            f"skill {outcome.skill:.2f}",
            "The answers are no better than a constant one.",
            "see the other findings",
            threshold=CHANCE,
        )
    spread = min(one.reshape(len(one), -1).std(0).max() for one in outcome.answers)
    if program.rows > 1 and spread < CONSTANT_OUTPUT.value:
        yield suspect(
            "constant-output",
            "model",
            f"answers differ by {spread:.2g}",
            "Every input gets the same answer.",
            "see the other findings",
            threshold=CONSTANT_OUTPUT,
        )
    fall = curve[0] - curve[-1]
    steps = float(np.abs(np.diff(curve)).max()) if len(curve) > 1 else 0.0
    if len(curve) > 3 and curve[-1] > curve[0]:
        yield suspect(
            "rising-loss",
            "loss",
            f"from {curve[0]:.3g} to {curve[-1]:.3g}",
            "Updates make the answers worse.",
            "a lower learning rate",
        )
    elif abs(fall) < FLAT_LOSS.value * abs(curve[0]):
        yield suspect(
            "flat-loss",
            "loss",
            f"from {curve[0]:.4g} to {curve[-1]:.4g}",
            "Updates change nothing that matters.",
            "see the other findings",
            threshold=FLAT_LOSS,
        )
    elif len(curve) > 3 and steps > OSCILLATION.value * abs(fall):
        yield suspect(
            "oscillating-loss",
            "loss",
            f"steps of {steps:.3g}, fall {fall:.3g}",
            "Updates overshoot.",
            "a lower learning rate or a larger batch",
            threshold=OSCILLATION,
        )


def layer_symptoms(last: Moment) -> Iterator[Suspect]:
    """Yields what the layers show at one moment."""
    hidden = last.layers[:-1]
    dead = [one for one in hidden if one.dead > DEAD_UNITS.value]
    if dead:
        worst = max(dead, key=lambda one: one.dead)
        yield suspect(
            "dead-relu",
            ", ".join(one.layer for one in dead),
            f"{worst.dead:.0%} of {worst.layer} zero on the whole probe",
            "A unit that is always zero has no gradient and stays so.",
            'kernel_initializer="he_normal", a lower rate, or LeakyReLU()',
            threshold=DEAD_UNITS,
        )
    flat = [one for one in hidden if one.saturated > SATURATED.value]
    if flat:
        worst = max(flat, key=lambda one: one.saturated)
        yield suspect(
            "saturated-units",
            ", ".join(one.layer for one in flat),
            f"{worst.saturated:.0%} of {worst.layer} at its ends",
            "There the slope is nearly zero.",
            'activation="relu", or normalised inputs',
            threshold=SATURATED,
        )
    ratio = last.gradient_ratio
    if ratio is not None and ratio < VANISHING_RATIO.value:
        yield suspect(
            "vanishing-gradient",
            last.layers[0].layer,
            f"ratio {ratio:.2g}",
            "The first layers hardly learn.",
            'activation="relu", fewer layers, BatchNormalization()',
            threshold=VANISHING_RATIO,
        )
    elif ratio is not None and ratio > EXPLODING_RATIO.value:
        yield suspect(
            "exploding-gradient",
            last.layers[0].layer,
            f"ratio {ratio:.2g}",
            "The first layers are thrown about.",
            "optimizer clipnorm=1.0, smaller initial weights",
            threshold=EXPLODING_RATIO,
        )

"""Symptoms: what a training shows, as opposed to what causes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..findings import LayerHealth, Snapshot
from ..program.inputs import Array
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    CHANCE,
    CONSTANT_OUTPUT,
    DEAD_UNITS,
    EXPLODING_RATIO,
    FLAT_LOSS,
    OSCILLATION,
    SATURATED,
    SMOOTHED,
    VANISHING_RATIO,
)
from ..trials.trial import Outcome
from .rule import Symptom, rule


@dataclass(frozen=True)
class Observed:
    """A training that was looked at.

    Attributes:
        program: What was trained.
        outcome: What it gave.
    """

    program: Program
    outcome: Outcome

    @property
    def usable(self) -> bool:
        """Whether it ran, and stayed finite, so that its losses say something."""
        ran = self.outcome.updates > 0 and not self.outcome.error
        return ran and self.outcome.finite

    @property
    def curve(self) -> Array:
        """The loss, averaged over windows of a tenth of its length."""
        losses = self.outcome.losses
        windows = np.array_split(losses, min(int(SMOOTHED.value), len(losses)))
        return np.array([window.mean() for window in windows])


@rule("cannot-train", group="training", severity="error", confidence=CERTAIN)
def cannot_train(observed: Observed) -> Iterator[Symptom]:
    """Keras raises an error before, or while, the model trains.

    Looks: A traceback.
    Harms: Nothing can be learned.
    Change:
        # What the other findings say, if there are any; else what the error says.
        model.fit(x[:32], y[:32], epochs=1)
    """
    if observed.outcome.error:
        yield Symptom(where="model", evidence=observed.outcome.error)


@rule("nan-or-inf", group="training", severity="error")
def nan_or_inf(observed: Observed) -> Iterator[Symptom]:
    """The loss became NaN or infinite.

    Looks: The loss is shown as nan, and accuracy falls to chance.
    Harms: Weights become NaN, and nothing is learned from there on.
    Change:
        model.compile(keras.optimizers.Adam(1e-4, clipnorm=1.0), ...)
    """
    if not observed.usable:
        yield Symptom(
            where="loss", evidence=f"after {observed.outcome.updates} updates"
        )


@rule("negative-loss", group="training")
def negative_loss(observed: Observed) -> Iterator[Symptom]:
    """A loss of classes is negative.

    Looks: The loss falls below 0 and goes on falling, while accuracy does not rise.
    Harms: A loss of classes cannot be negative: labels do not fit it.
    Change:
        y = (y > 0).astype("float32")  # labels of 0 and 1, or another loss
    """
    of_classes = all(head.task != "regression" for head in observed.program.heads)
    if observed.usable and of_classes and observed.outcome.losses.min() < 0:
        least = float(observed.outcome.losses.min())
        yield Symptom(where="loss", evidence=f"{least:.3g}")


@rule("chance-level", group="training")
def chance_level(observed: Observed) -> Iterator[Symptom]:
    """The predictions are no better than the best constant.

    Looks: Accuracy is the share of the largest class; errors are the targets' spread.
    Harms: Nothing was learned from the inputs.
    Change:
        # A cause, where one was found, stands first among the findings.
    """
    outcome = observed.outcome
    if observed.usable and outcome.skill < CHANCE.value:
        yield Symptom(
            where="model", evidence=f"skill {outcome.skill:.2f}", threshold=CHANCE
        )


@rule("constant-output", group="training")
def constant_output(observed: Observed) -> Iterator[Symptom]:
    """Every input gets the same prediction.

    Looks: One class is predicted for all samples, or one number.
    Harms: The inputs have no influence on the output.
    Change:
        # A cause, where one was found, stands first among the findings.
    """
    outcome = observed.outcome
    if not observed.usable or observed.program.rows < 2:
        return
    spread = min(one.reshape(len(one), -1).std(0).max() for one in outcome.outputs)
    if spread < CONSTANT_OUTPUT.value:
        yield Symptom(
            where="model",
            evidence=f"predictions differ by {spread:.2g}",
            threshold=CONSTANT_OUTPUT,
        )


@rule("rising-loss", group="training")
def rising_loss(observed: Observed) -> Iterator[Symptom]:
    """The loss is larger at the end than at the beginning.

    Looks: As it says.
    Harms: Updates make the predictions worse.
    Change:
        model.compile(keras.optimizers.Adam(1e-4), ...)  # a lower rate
    """
    if observed.usable and _rises(observed.curve):
        curve = observed.curve
        yield Symptom(where="loss", evidence=f"from {curve[0]:.3g} to {curve[-1]:.3g}")


def _rises(curve: Array) -> bool:
    return len(curve) > 3 and bool(curve[-1] > curve[0])


@rule("flat-loss", group="training")
def flat_loss(observed: Observed) -> Iterator[Symptom]:
    """The loss does not move.

    Looks: As it says.
    Harms: Updates change nothing that matters.
    Change:
        # A cause, where one was found, stands first among the findings.
    """
    if not observed.usable:
        return
    curve = observed.curve
    if not _rises(curve) and _is_flat(curve):
        yield Symptom(
            where="loss",
            evidence=f"from {curve[0]:.4g} to {curve[-1]:.4g}",
            threshold=FLAT_LOSS,
        )


def _is_flat(curve: Array) -> bool:
    return bool(abs(curve[0] - curve[-1]) < FLAT_LOSS.value * abs(curve[0]))


@rule("oscillating-loss", group="training")
def oscillating_loss(observed: Observed) -> Iterator[Symptom]:
    """The loss goes up and down by as much as it falls.

    Looks: As it says.
    Harms: Updates overshoot.
    Change:
        model.compile(keras.optimizers.Adam(1e-4), ...)  # or a larger batch
    """
    curve = observed.curve if observed.usable else np.zeros(0)
    if len(curve) < 4 or _rises(curve):
        return
    fall = float(curve[0] - curve[-1])
    step = float(np.abs(np.diff(curve)).max())
    if not _is_flat(curve) and step > OSCILLATION.value * abs(fall):
        yield Symptom(
            where="loss",
            evidence=f"steps of {step:.3g}, fall {fall:.3g}",
            threshold=OSCILLATION,
        )


@rule("dead-relu", group="units")
def dead_relu(last: Snapshot) -> Iterator[Symptom]:
    """Most units of a layer are zero for every input.

    Looks: Loss and accuracy stop where they are; with a lower rate a new start learns.
    Harms: A unit that is always zero has no gradient and stays so.
    Change:
        Dense(units, activation="leaky_relu", kernel_initializer="he_normal")
    Claim: dead-units
    Sources:
        [Lu et al. 2019](https://arxiv.org/abs/1903.06733)
    """
    dead = [one for one in last.layers[:-1] if one.dead > DEAD_UNITS.value]
    if dead:
        worst = max(dead, key=lambda layer: layer.dead)
        yield Symptom(
            where=_names(dead),
            evidence=f"{worst.dead:.0%} of {worst.layer} zero on the whole probe",
            threshold=DEAD_UNITS,
        )


def _names(layers: list[LayerHealth]) -> str:
    return ", ".join(layer.layer for layer in layers)


@rule("saturated-units", group="units")
def saturated_units(last: Snapshot) -> Iterator[Symptom]:
    """Most outputs of a bounded activation lie at its ends.

    Looks: The loss hardly falls, though predictions differ.
    Harms: There the slope is nearly zero.
    Change:
        Dense(units, activation="relu")  # or normalized inputs
    Claim: sigmoid
    """
    flat = [one for one in last.layers[:-1] if one.saturated > SATURATED.value]
    if flat:
        worst = max(flat, key=lambda layer: layer.saturated)
        yield Symptom(
            where=_names(flat),
            evidence=f"{worst.saturated:.0%} of {worst.layer} at its ends",
            threshold=SATURATED,
        )


@rule("vanishing-gradient", group="units")
def vanishing_gradient(last: Snapshot) -> Iterator[Symptom]:
    """The first layer's gradient is a thousandth of the last layer's, or less.

    Looks: The last layers learn, the first stay as they were drawn.
    Harms: The first layers hardly learn.
    Change:
        Dense(units, activation="relu")  # fewer layers, or BatchNormalization()
    Claim: depth
    Sources:
        [Glorot and Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html)
    """
    ratio = last.gradient_ratio
    if ratio is not None and ratio < VANISHING_RATIO.value:
        yield Symptom(
            where=last.layers[0].layer,
            evidence=f"ratio {ratio:.2g}",
            threshold=VANISHING_RATIO,
        )


@rule("exploding-gradient", group="units")
def exploding_gradient(last: Snapshot) -> Iterator[Symptom]:
    """The first layer's gradient is a thousand times the last layer's, or more.

    Looks: The loss jumps, and may become NaN.
    Harms: Updates of the first layers are far too large.
    Change:
        model.compile(keras.optimizers.Adam(1e-3, clipnorm=1.0), ...)
    Sources:
        [Pascanu et al. 2013](https://arxiv.org/abs/1211.5063)
    """
    ratio = last.gradient_ratio
    if ratio is not None and ratio > EXPLODING_RATIO.value:
        yield Symptom(
            where=last.layers[0].layer,
            evidence=f"ratio {ratio:.2g}",
            threshold=EXPLODING_RATIO,
        )

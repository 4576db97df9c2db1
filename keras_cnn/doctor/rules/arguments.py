"""Rules about the plan: learning rate, batch size, number of updates."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    COMMON_RATES,
    FEW_UPDATES,
    GUESS,
    HIGHER_RATES,
    LIKELY,
    LONGER,
    LOWER_RATES,
    POSSIBLE,
    SAME_RATE,
    SMALL_BATCH,
    STRONG,
    USUAL_BATCH,
    Threshold,
)
from ..trials.remedies import with_batch, with_rate, with_updates
from .rule import Hit, Hypothesis, Suspicion, rule


@rule("lr-negative", group="arguments", severity="error", confidence=CERTAIN)
def lr_negative(program: Program) -> Iterator[Hit]:
    """The learning rate is below 0.

    Looks: The loss rises without end.
    Harms: Each update makes the loss larger.
    Change:
        model.compile(keras.optimizers.Adam(1e-3), ...)
    """
    rate = program.learning_rate
    if rate is not None and rate < 0:
        yield Hit(
            where="learning_rate",
            evidence=f"{rate:g}",
            change=f"learning_rate={-rate:g}",
            proven=True,
            remedy=with_rate(-1),
        )


@rule("lr-too-low", group="arguments")
def lr_too_low(program: Program) -> Iterator[Suspicion]:
    """The learning rate is too low for the planned updates.

    Looks: The loss falls steadily, but hardly; it would take many times the epochs.
    Harms: Updates are too small to matter.
    Change:
        model.compile(keras.optimizers.Adam(1e-3), ...)
    Sources:
        [Smith 2017](https://arxiv.org/abs/1506.01186), on how to look for a rate
    """
    rate = program.learning_rate
    if rate == 0:
        yield Hit(
            where="learning_rate",
            evidence="0",
            harms="No update changes anything.",
            severity="error",
            confidence=CERTAIN,
            proven=True,
        )
    if rate is None or rate <= 0:
        return
    low, high = common_rates(program)
    yield from _other_rates(
        program, HIGHER_RATES, odd=rate < low * (1 - SAME_RATE.value)
    )


@rule("lr-too-high", group="arguments")
def lr_too_high(program: Program) -> Iterator[Suspicion]:
    """The learning rate is too high.

    Looks: The loss jumps, rises or becomes NaN; ReLU units die and stay dead.
    Harms: Updates overshoot the minimum.
    Change:
        model.compile(keras.optimizers.Adam(1e-3), ...)
    Sources:
        [Smith 2017](https://arxiv.org/abs/1506.01186), on how to look for a rate
    """
    rate = program.learning_rate
    if rate is None or rate <= 0:
        return
    low, high = common_rates(program)
    yield from _other_rates(
        program, LOWER_RATES, odd=rate > high * (1 + SAME_RATE.value)
    )


def common_rates(program: Program) -> tuple[float, float]:
    """Returns the lowest and highest rate in common use with the optimizer."""
    optimizer = getattr(program.optimizer, "inner_optimizer", program.optimizer)
    name = type(optimizer).__name__.lower()
    low, high = COMMON_RATES.get(name, COMMON_RATES["adam"])
    if name == "sgd":
        momentum = float(getattr(optimizer, "momentum", 0) or 0)
        return low * (1 - momentum), high * (1 - momentum)
    return low, high


def _other_rates(
    program: Program, factors: Collection[float], odd: bool
) -> Iterator[Suspicion]:
    """Yields the rates that may do better, of those in common use.

    Args:
        program: The program.
        factors: By which its rate may be multiplied.
        odd: Whether its rate is outside common use, on the side of which is asked.
    """
    low, high = common_rates(program)
    rate = program.learning_rate or low
    # From a rate that nobody uses, straight to the middle and the end of common use.
    usual = ((low * high) ** 0.5 / rate, high / 2 / rate) if odd else ()
    for factor in dict.fromkeys((*usual, *factors)):
        if not low <= rate * factor <= high:
            continue
        kind = Hit if factor in usual else Hypothesis
        yield kind(
            where="learning_rate",
            evidence=f"{rate:g}",
            change=f"learning_rate={rate * factor:.3g}",
            threshold=_common(low, high, rate),
            confidence=STRONG if odd else POSSIBLE,
            remedy=with_rate(factor),
        )


def _common(low: float, high: float, rate: float) -> Threshold:
    """Returns the end of common use that is nearer to a rate."""
    return Threshold(
        low if rate < low else high,
        f"{low:g} to {high:g} is in common use with this optimizer",
        "the defaults and examples of Keras",
    )


@rule("too-few-updates", group="arguments")
def too_few_updates(program: Program) -> Iterator[Hypothesis]:
    """The training ends before the network has learned.

    Looks: The loss still falls steadily at the end.
    Harms: Training stops long before the loss has converged.
    Change:
        model.fit(x, y, epochs=50)
    """
    few = program.updates < FEW_UPDATES.value
    yield Hypothesis(
        where="epochs",
        evidence=f"{program.updates:,} updates planned",
        change=f"epochs={program.epochs * int(LONGER.value)}",
        threshold=FEW_UPDATES,
        confidence=LIKELY if few else GUESS,
        remedy=with_updates(int(LONGER.value)),
    )


@rule("batch-too-small", group="arguments", confidence=POSSIBLE)
def batch_too_small(program: Program) -> Iterator[Hit]:
    """Batches hold too few samples.

    Looks: The loss jumps from update to update.
    Harms: The gradient is mostly noise, and batch statistics more so.
    Change:
        model.fit(x, y, batch_size=32)
    Sources:
        [Wu and He 2018](https://arxiv.org/abs/1803.08494)
    """
    kinds = [type(layer).__name__ for layer in program.layers]
    normalized = "BatchNormalization" in kinds
    if program.batch_size < SMALL_BATCH.value and program.rows > 4 * SMALL_BATCH.value:
        after = ", with batch normalization" if normalized else ""
        yield Hit(
            where="batch_size",
            evidence=f"{program.batch_size}{after}",
            threshold=SMALL_BATCH,
            confidence=STRONG if normalized else POSSIBLE,
            remedy=with_batch(int(USUAL_BATCH.value)),
        )

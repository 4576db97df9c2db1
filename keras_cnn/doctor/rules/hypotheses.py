"""What may be tried where no mistake is visible: other rates, weights, more epochs."""

from __future__ import annotations

from collections.abc import Iterator

from ..program.program import Program
from ..trials.remedies import with_fresh_weights, with_rate, with_updates
from .rule import Suspect, suspect
from .thresholds import COMMON_RATES, FEW_UPDATES


def common_rates(program: Program) -> tuple[float, float]:
    """Returns the lowest and highest rate in common use with the optimizer."""
    name = type(program.model.optimizer).__name__.lower()
    low, high = COMMON_RATES.get(name, COMMON_RATES["adam"])
    momentum = float(getattr(program.model.optimizer, "momentum", 0) or 0)
    return (
        (low, high) if name != "sgd" else (low * (1 - momentum), high * (1 - momentum))
    )


def hypotheses(program: Program) -> Iterator[Suspect]:
    """Yields what may be tried even if nothing looks wrong."""
    yield from _rates(program)
    yield suspect(
        "too-few-updates",
        "epochs",
        f"{program.updates:,} updates planned",
        "The training ends long before the loss does.",
        f"epochs={program.epochs * 10}",
        threshold=FEW_UPDATES,
        confidence=0.75 if program.updates < FEW_UPDATES.value else 0.5,
        visible=False,
        apply=with_updates(10),
    )
    yield suspect(
        "bad-init",
        "kernel_initializer",
        "",
        "Signals or gradients die on the way.",
        'kernel_initializer="he_normal", bias_initializer="zeros"',
        confidence=0.5,
        visible=False,
        apply=with_fresh_weights,
    )


def _rates(program: Program) -> Iterator[Suspect]:
    """Yields higher and lower rates to try: within common use, and beyond."""
    rate = program.learning_rate
    if rate <= 0:
        return
    low, high = common_rates(program)
    # From a rate that nobody uses, straight to the middle and the end of common use.
    usual = {(low * high) ** 0.5 / rate, high / 2 / rate}
    odd = not low <= rate <= high
    up = sorted({10.0, 30.0, 100.0} | (usual if rate < low else set()))
    down = sorted({0.1, 0.01} | (usual if rate > high else set()))
    for factor in up:
        if rate * factor <= 3 * high:
            yield _suspect("lr-too-low", rate, factor, odd and rate < low, (low, high))
    for factor in down:
        if rate * factor >= low / 3:
            yield _suspect(
                "lr-too-high", rate, factor, odd and rate > high, (low, high)
            )


def _suspect(
    code: str, rate: float, factor: float, visible: bool, common: tuple[float, float]
) -> Suspect:
    high = code == "lr-too-high"
    return suspect(
        code,
        "learning_rate",
        f"{rate:g}",
        "Updates overshoot the minimum."
        if high
        else "Updates are too small to matter.",
        f"learning_rate={rate * factor:.3g}",
        threshold=f"{common[0]:g} to {common[1]:g} (common use with this optimizer)",
        confidence=0.9 if visible else 0.7,
        visible=visible,
        apply=with_rate(factor),
    )

"""Rules about initial weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..._fans import fans
from ..program.program import Program
from ..thresholds import (
    BIAS_TOO_LARGE,
    GUESS,
    INIT_FAR,
    INIT_TOO_LARGE,
    INIT_TOO_SMALL,
    LIKELY,
    STRONG,
    Threshold,
)
from ..trials.remedies import with_fresh_weights
from .rule import Hit, Hypothesis, Suspicion, rule


@dataclass(frozen=True)
class _Odd:
    """A layer whose weights look wrong, why, and what they were held against."""

    layer: str
    reason: str
    confidence: Threshold
    threshold: Threshold | None = None


@rule("bad-init", group="layers")
def bad_init(program: Program) -> Iterator[Suspicion]:
    """Initial weights are all alike, far too small or far too large.

    Looks: The loss stays where it is: units of a layer are alike, dead or saturated.
    Harms: Signals and gradients die, explode, or are alike in all units.
    Change:
        Dense(units, kernel_initializer="he_normal", bias_initializer="zeros")
    Sources:
        [Glorot and Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html),
        [He et al. 2015](https://arxiv.org/abs/1502.01852)
    """
    # Weights that were trained, here or elsewhere, may be of any size.
    odd = [*_alike_or_biased(program)]
    odd += [] if program.trained else _far_from_usual(program)
    if odd:
        yield Hit(
            where=", ".join(dict.fromkeys(one.layer for one in odd)),
            evidence="; ".join(f"{one.layer}: {one.reason}" for one in odd),
            confidence=max((one.confidence for one in odd), key=lambda one: one.value),
            threshold=next((one.threshold for one in odd if one.threshold), None),
            remedy=with_fresh_weights,
        )
    else:
        yield Hypothesis(
            where="kernel_initializer",
            evidence="",
            harms="Signals or gradients die on the way.",
            confidence=GUESS,
            remedy=with_fresh_weights,
        )


def _alike_or_biased(program: Program) -> Iterator[_Odd]:
    for layer in program.weighted:
        if not layer.trainable:
            continue
        kernel = np.asarray(layer.kernel, "float64")
        flat = kernel.reshape(-1, kernel.shape[-1])
        alike = flat.shape[1] > 1 and bool((flat == flat[:, :1]).all())
        if kernel.size > 1 and (not kernel.any() or alike):
            yield _Odd(layer.name, "every unit has the same weights", STRONG)
        bias = getattr(layer, "bias", None)
        if bias is not None:
            size = float(np.abs(np.asarray(bias)).mean())
            if size > BIAS_TOO_LARGE.value:
                reason = f"bias of size {size:.3g}"
                yield _Odd(layer.name, reason, STRONG, BIAS_TOO_LARGE)


def _far_from_usual(program: Program) -> Iterator[_Odd]:
    """Yields the layer whose spread of weights is the furthest from Glorot's."""
    factors: dict[str, float] = {}
    for layer in program.weighted:
        if not layer.trainable:
            continue
        kernel = np.asarray(layer.kernel, "float64")
        if not kernel.any():
            continue
        fan_in, fan_out = fans(kernel.shape)
        factor = float(np.sqrt((kernel**2).mean() * (fan_in + fan_out) / 2))
        if not INIT_TOO_SMALL.value < factor < INIT_TOO_LARGE.value:
            factors[layer.name] = factor
    far = INIT_FAR.value
    if len(factors) < 2 and all(1 / far < one < far for one in factors.values()):
        return
    name = max(factors, key=lambda one: abs(np.log(factors[one])))
    passed = INIT_TOO_LARGE if factors[name] > 1 else INIT_TOO_SMALL
    yield _Odd(name, f"{factors[name]:.3g} of the usual spread", LIKELY, passed)

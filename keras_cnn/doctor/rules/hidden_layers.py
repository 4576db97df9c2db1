"""Checks of hidden layers, weights and arguments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..._fans import fans
from ..program.layers import BOUNDED, is_dropout
from ..program.program import Program
from ..trials.remedies import (
    with_all_trainable,
    with_batch,
    with_dropout_of,
    with_fresh_weights,
    with_hidden,
    with_less_depth,
    with_rate,
)
from .rule import Suspect, suspect
from .thresholds import (
    BIAS_TOO_LARGE,
    DEEP,
    DEEP_SATURATING,
    EXCESS_DROPOUT,
    INIT_FAR,
    INIT_TOO_LARGE,
    INIT_TOO_SMALL,
    SMALL_BATCH,
    SUM_OF_DROPOUT,
    Threshold,
)

_GROWING = ("exponential", "square", "cube")


def check_body(program: Program) -> Iterator[Suspect]:
    """Yields what is wrong with hidden layers, weights, and arguments."""
    yield from _frozen(program)
    yield from _weights(program)
    yield from _activations(program)
    yield from _depth(program)
    yield from _dropout(program)
    yield from _arguments(program)


def _frozen(program: Program) -> Iterator[Suspect]:
    frozen = [one.name for one in program.weighted if not one.trainable_weights]
    if not frozen:
        return
    every = len(frozen) == len(program.weighted)
    yield suspect(
        "frozen-layers",
        ", ".join(frozen),
        f"{len(frozen)} of {len(program.weighted)}",
        "What is frozen stays as it was drawn.",
        "for layer in model.layers: layer.trainable = True",
        severity="error" if every else "warning",
        certain=every,
        confidence=1.0 if every else 0.7,
        apply=with_all_trainable,
    )


def _weights(program: Program) -> Iterator[Suspect]:
    odd, factors = [], []
    for layer in program.weighted:
        kernel = np.asarray(layer.kernel, "float64")
        expected = np.sqrt(2 / sum(fans(kernel.shape)))
        factor = float(np.sqrt((kernel**2).mean()) / expected)
        flat = kernel.reshape(-1, kernel.shape[-1])
        alike = flat.shape[1] > 1 and bool((flat == flat[:, :1]).all())
        if kernel.size > 1 and (not kernel.any() or alike):
            odd.append((3.0, f"{layer.name}: every unit has the same weights"))
        elif not INIT_TOO_SMALL.value < factor < INIT_TOO_LARGE.value:
            factors.append((layer.name, factor))
        bias = getattr(layer, "bias", None)
        if bias is not None:
            size = float(np.abs(np.asarray(bias)).mean())
            if size > BIAS_TOO_LARGE.value:
                odd.append((3.0, f"{layer.name}: bias of size {size:.3g}"))
    far = INIT_FAR.value
    if len(factors) >= 2 or any(not 1 / far < factor < far for _, factor in factors):
        worst = max(factors, key=lambda one: _distance(one[1]))
        odd.append((1.0, f"{worst[0]}: {worst[1]:.3g} of the usual spread"))
    if odd:
        sure = max(weight for weight, _ in odd) > 1
        yield suspect(
            "bad-init",
            ", ".join(text.partition(":")[0] for _, text in odd),
            "; ".join(text for _, text in odd),
            "Signals and gradients die, explode, or are alike in all units.",
            'kernel_initializer="he_normal", bias_initializer="zeros"',
            threshold=_passed(factors),
            confidence=0.95 if sure else 0.8,
            apply=with_fresh_weights,
        )


def _passed(factors: list[tuple[str, float]]) -> Threshold:
    """Returns the bound that the worst spread of weights has passed."""
    worst = max((factor for _, factor in factors), key=_distance, default=0.0)
    return INIT_TOO_LARGE if worst > 1 else INIT_TOO_SMALL


def _distance(factor: float) -> float:
    return float(abs(np.log(factor + 1e-12)))


def _activations(program: Program) -> Iterator[Suspect]:
    hidden = program.hidden
    names = [name for _, name in hidden]
    growing = [layer.name for layer, name in hidden if name in _GROWING]
    if growing:
        yield suspect(
            "exploding-activation",
            ", ".join(growing),
            f"{len(growing)} layers",
            "It grows faster than any rate can follow, until the loss is not finite.",
            'activation="relu", kernel_initializer="he_normal"',
            confidence=0.8 + 0.02 * min(len(growing), 9),
            apply=with_hidden("relu"),
        )
    flat = [layer.name for layer, name in hidden if name in BOUNDED]
    if flat:
        many = len(flat) >= DEEP_SATURATING.value
        steep = any(name in ("sigmoid", "hard_sigmoid", "softmax") for name in names)
        yield suspect(
            "saturating-activation",
            ", ".join(flat),
            f"{len(flat)} layers",
            "Each layer multiplies gradients by a slope far below 1.",
            'activation="relu", kernel_initializer="he_normal"',
            threshold=DEEP_SATURATING,
            confidence=0.9 if many and steep else 0.6,
            visible=many and steep,
            apply=with_hidden("relu"),
        )
    if len(hidden) >= 1 and names.count("linear") == len(names):
        yield suspect(
            "missing-nonlinearity",
            ", ".join(layer.name for layer, _ in hidden),
            f"{len(hidden)} hidden layers without an activation",
            "Together they are one linear layer.",
            'activation="relu"',
            apply=with_hidden("relu"),
        )
    elif "linear" in names:
        linear = ", ".join(one.name for one, name in hidden if name == "linear")
        yield suspect(
            "missing-nonlinearity",
            linear,
            f"{names.count('linear')} of {len(names)}",
            "A layer without activation joins its neighbour into one.",
            'activation="relu"',
            confidence=0.5,
            visible=names.count("linear") > len(names) / 2,
            apply=with_hidden("relu"),
        )


def _depth(program: Program) -> Iterator[Suspect]:
    kinds = {type(layer).__name__ for layer in program.layers}
    if any(kind.endswith("Normalization") or kind == "Add" for kind in kinds):
        return
    depth = len(program.hidden)
    flat = sum(name in ("sigmoid", "hard_sigmoid") for _, name in program.hidden)
    if depth >= DEEP.value or flat >= 2 * DEEP_SATURATING.value:
        yield suspect(
            "excess-depth",
            "model",
            f"{depth} hidden layers, no normalisation",
            "The signal's spread shrinks or grows with each layer.",
            "two or three hidden layers, or BatchNormalization() after each",
            threshold=DEEP,
            confidence=0.85,
            apply=with_less_depth,
        )


def _dropout(program: Program) -> Iterator[Suspect]:
    rates = {
        layer.name: float(layer.rate) for layer in program.layers if is_dropout(layer)
    }
    high = {name: rate for name, rate in rates.items() if rate > EXCESS_DROPOUT.value}
    if high:
        yield suspect(
            "excess-dropout",
            ", ".join(high),
            f"rate {max(high.values()):g}",
            "Too few units are left at a time for anything to be learned.",
            "keras.layers.Dropout(0.2)",
            threshold=EXCESS_DROPOUT,
            confidence=0.9,
            apply=with_dropout_of(0.2),
        )
    elif len(rates) > 1 and sum(rates.values()) >= SUM_OF_DROPOUT.value:
        yield suspect(
            "excess-dropout",
            ", ".join(rates),
            f"{len(rates)} dropouts in a row",
            "Their noise adds up.",
            "keras.layers.Dropout(0.2), once",
            confidence=0.6,
            visible=False,
            apply=with_dropout_of(0.1),
        )


def _arguments(program: Program) -> Iterator[Suspect]:
    rate = program.learning_rate
    if rate < 0:
        yield suspect(
            "lr-negative",
            "learning_rate",
            f"{rate:g}",
            "Each update makes the loss larger.",
            f"learning_rate={-rate:g}",
            severity="error",
            confidence=1.0,
            certain=True,
            apply=with_rate(-1),
        )
    elif rate == 0:
        yield suspect(
            "lr-too-low",
            "learning_rate",
            "0",
            "No update changes anything.",
            "learning_rate=1e-3",
            severity="error",
            confidence=1.0,
            certain=True,
        )
    kinds = [type(layer).__name__ for layer in program.layers]
    normalised = "BatchNormalization" in kinds
    if program.batch_size < SMALL_BATCH.value and program.rows > 4 * SMALL_BATCH.value:
        yield suspect(
            "batch-too-small",
            "batch_size",
            f"{program.batch_size}" + (", with batch normalisation" * normalised),
            "Its gradient is mostly noise, and batch statistics more so.",
            "batch_size=32",
            threshold=SMALL_BATCH,
            confidence=0.95 if normalised else 0.6,
            apply=with_batch(32),
        )

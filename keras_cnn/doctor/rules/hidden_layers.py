"""Rules about hidden layers: activations, depth, dropout, and what is frozen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..._fans import fans
from ..program.layers import BOUNDED, NOT_NEGATIVE, is_dropout
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    DEEP,
    DEEP_SATURATING,
    EXCESS_DROPOUT,
    GUESS,
    LIKELY,
    NARROW,
    NARROW_OF_CLASSES,
    POSSIBLE,
    SIGNAL,
    SLIGHT_DROPOUT,
    STRONG,
    SUM_OF_DROPOUT,
    USUAL_DROPOUT,
    USUAL_WIDTH,
    WIDER,
)
from ..trials.remedies import (
    with_all_trainable,
    with_dropout_of,
    with_hidden,
    with_less_depth,
    with_width,
)
from .rule import Hit, Hypothesis, Suspicion, rule

_GROWING = ("exponential", "square", "cube")
_STEEP = ("sigmoid", "hard_sigmoid", "softmax")


@rule("frozen-layers", group="layers", confidence=POSSIBLE)
def frozen_layers(program: Program) -> Iterator[Suspicion]:
    """Layers with weights are not trained.

    Looks: The loss falls little, or not at all.
    Harms: Frozen layers keep their initial weights.
    Change:
        for layer in model.layers:
            layer.trainable = True
        model.compile(...)  # again: what is trainable is read there
    """
    unknown = _without_optimizer(program)
    if unknown:
        yield Hit(
            where="optimizer",
            evidence=f"the optimizer was built without {len(unknown)} of the model's "
            f"weights, such as {unknown[0]}",
            change="model.compile(...)  # again, with a new optimizer",
            harms="An optimizer keeps to the weights that it was built with: Keras "
            "refuses others.",
            severity="error",
            confidence=CERTAIN,
            proven=True,
        )
    holding = [layer for layer in program.layers if layer.weights]
    frozen = [layer.name for layer in holding if not layer.trainable]
    if not frozen:
        return
    evidence = f"{len(frozen)} of {len(holding)} layers with weights"
    where = ", ".join(frozen)
    if program.model.weights and not program.model.trainable_weights:
        yield Hit(
            where=where,
            evidence=evidence,
            severity="error",
            proven=True,
            confidence=CERTAIN,
            remedy=with_all_trainable,
        )
    else:  # on purpose, as a rule: a base that was trained before
        yield Hypothesis(where=where, evidence=evidence, remedy=with_all_trainable)


def _without_optimizer(program: Program) -> list[str]:
    """Returns the weights to be trained that a built optimizer does not know."""
    built = [one for one in program.optimizers.values() if one.built]
    if not built or len(built) < len(program.optimizers):
        return []
    known = {
        id(variable)
        for optimizer in built
        for variable in getattr(optimizer, "_trainable_variables", ())
    }
    weights = program.model.trainable_weights
    return [one.path for one in weights if id(one) not in known]


@rule("exploding-activation", group="layers", confidence=STRONG)
def exploding_activation(program: Program) -> Iterator[Hit]:
    """A hidden activation that grows faster than its input.

    Looks: The loss is huge from the start, and soon NaN or infinite.
    Harms: It grows faster than any rate can follow, until the loss is not finite.
    Change:
        Dense(units, activation="relu", kernel_initializer="he_normal")
    """
    growing = [layer.name for layer, name in program.hidden if name in _GROWING]
    if growing:
        yield Hit(
            where=", ".join(growing),
            evidence=f"{len(growing)} layers",
            # Exponentials of exponentials overflow whatever the weights.
            confidence=CERTAIN if len(growing) >= DEEP_SATURATING.value else STRONG,
            remedy=with_hidden("relu"),
        )


@rule("saturating-activation", group="layers", confidence=STRONG)
def saturating_activation(program: Program) -> Iterator[Suspicion]:
    """Hidden activations that flatten out, at a depth where their slopes multiply.

    Looks: The loss stays where a constant answer leaves it; gradients of the first
        layers are thousands of times smaller than those of the last.
    Harms: Each layer multiplies gradients by a slope far below 1.
    Change:
        Dense(units, activation="relu", kernel_initializer="he_normal")
    Claim: depth
    Sources:
        [Glorot and Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html)
    """
    hidden = program.hidden
    flat = [layer.name for layer, name in hidden if name in BOUNDED]
    if not flat:
        return
    steep = any(name in _STEEP for _, name in hidden)
    kind = Hit if len(flat) >= DEEP_SATURATING.value and steep else Hypothesis
    yield kind(
        where=", ".join(flat),
        evidence=f"{len(flat)} layers",
        threshold=DEEP_SATURATING,
        confidence=STRONG if kind is Hit else POSSIBLE,
        remedy=with_hidden("relu"),
    )


@rule("missing-nonlinearity", group="layers")
def missing_nonlinearity(program: Program) -> Iterator[Suspicion]:
    """Hidden layers without an activation.

    Looks: The network does no better than a linear model.
    Harms: A layer without activation joins its neighbor into one linear layer.
    Change:
        Dense(units, activation="relu")
    Claim: linear-collapse
    """
    hidden = program.hidden
    linear = [layer.name for layer, name in hidden if name == "linear"]
    if not linear or not program.graph.known:
        return
    every = len(linear) == len(hidden)
    kind = Hit if len(linear) > len(hidden) / 2 else Hypothesis
    yield kind(
        where=", ".join(linear),
        evidence=f"{len(linear)} of {len(hidden)} hidden layers",
        confidence=LIKELY if every else GUESS,
        remedy=with_hidden("relu"),
    )


@rule("excess-depth", group="layers")
def excess_depth(program: Program) -> Iterator[Hit]:
    """Many layers in a row, without normalization or shortcuts.

    Looks: The loss stays where a constant answer leaves it, or training is slow; fewer
        layers learn at once.
    Harms: The signal's spread shrinks or grows with each layer.
    Change:
        # two or three hidden layers, or after each:
        BatchNormalization()
    Sources:
        [He et al. 2016](https://arxiv.org/abs/1512.03385)
    """
    kinds = {type(layer).__name__ for layer in program.layers}
    if any(kind.endswith("Normalization") or kind == "Add" for kind in kinds):
        return
    if not program.graph.known:
        return  # the order in which layers were made need not be that of the data
    depth = len(program.hidden)
    flat = sum(name in ("sigmoid", "hard_sigmoid") for _, name in program.hidden)
    saturating = flat >= 2 * DEEP_SATURATING.value
    if depth < DEEP.value and not saturating:
        return
    gain = _gain(program)
    kept = 1 / SIGNAL.value < gain < SIGNAL.value
    yield Hit(
        where="model",
        evidence=f"{depth} hidden layers, no normalization; their weights multiply a "
        f"signal by about {gain:.2g}",
        threshold=DEEP,
        # Ten layers that were drawn by He's rule are no fault.
        confidence=POSSIBLE if kept and not saturating else LIKELY,
        remedy=with_less_depth,
    )


def _gain(program: Program) -> float:
    """Returns by what the hidden layers multiply a signal's spread, about."""
    gain = 1.0
    for layer, name in program.hidden:
        kernel = np.asarray(layer.kernel, "float64")
        fan_in, _ = fans(kernel.shape)
        passed = 0.5 if name in NOT_NEGATIVE else 1.0  # half of the units of ReLU
        gain *= float(np.sqrt(passed * fan_in * (kernel**2).mean()))
    return gain


@rule("too-small-model", group="layers")
def too_small_model(program: Program) -> Iterator[Suspicion]:
    """The network has too few units for the task.

    Looks: Training accuracy rises, and stops far below what a larger network reaches.
    Harms: What must be told apart does not pass through so few units.
    Change:
        Dense(64, activation="relu")  # in the place of the narrowest layer
    """
    classes = max((head.classes for head in program.heads), default=0)
    widths = {layer.name: layer.kernel.shape[-1] for layer, _ in program.hidden}
    narrow = {
        name: width
        for name, width in widths.items()
        if width <= max(NARROW.value, classes * NARROW_OF_CLASSES.value)
    }
    evidence = ", ".join(f"{name}: {width} units" for name, width in narrow.items())
    kind = Hit if narrow else Hypothesis
    yield kind(
        where=", ".join(narrow) or "model",
        evidence=evidence or f"{program.model.count_params():,} weights",
        threshold=NARROW if narrow else None,
        confidence=GUESS,
        remedy=with_width(int(WIDER.value), int(USUAL_WIDTH.value)),
    )


@rule("excess-dropout", group="layers", confidence=STRONG)
def excess_dropout(program: Program) -> Iterator[Suspicion]:
    """Dropout leaves too little of the network at a time.

    Looks: Training accuracy is low and jumps about; without dropout it rises at once.
    Harms: Too few units are left at a time for anything to be learned.
    Change:
        Dropout(0.2)
    Sources:
        [Srivastava et al. 2014](https://jmlr.org/papers/v15/srivastava14a.html)
    """
    rates = {
        layer.name: float(layer.rate) for layer in program.layers if is_dropout(layer)
    }
    high = {name: rate for name, rate in rates.items() if rate > EXCESS_DROPOUT.value}
    if high:
        yield Hit(
            where=", ".join(high),
            evidence=f"rate {max(high.values()):g}",
            threshold=EXCESS_DROPOUT,
            remedy=with_dropout_of(USUAL_DROPOUT.value),
        )
    elif len(rates) > 1 and sum(rates.values()) >= SUM_OF_DROPOUT.value:
        yield Hypothesis(
            where=", ".join(rates),
            evidence=f"{len(rates)} dropouts whose rates add up to "
            f"{sum(rates.values()):g}",
            threshold=SUM_OF_DROPOUT,
            confidence=POSSIBLE,
            harms="Their noise adds up.",
            change="Dropout(0.2)  # once",
            remedy=with_dropout_of(SLIGHT_DROPOUT.value),
        )

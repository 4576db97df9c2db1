"""Rules about inputs: what is broken in them, and on which scale they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..program.layers import is_weighted
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    FEW_FEATURES,
    INPUT_SCALE_RATIO,
    LARGE_INPUT,
    STRONG,
)
from ..trials.remedies import with_input_standardized
from .rule import Hit, rule

# Layers that bring inputs to a common scale, if they come before any weights.
_NORMALIZING = ("Normalization", "Rescaling", "Embedding", "Discretization", "Hashing")


@rule("nan-in-data", group="data", severity="error", confidence=CERTAIN)
def nan_in_data(program: Program) -> Iterator[Hit]:
    """Inputs or targets hold NaN or infinity.

    Looks: The loss is NaN from the first batch with such a sample.
    Harms: One NaN makes the loss and then every weight NaN.
    Change:
        keep = np.isfinite(x).reshape(len(x), -1).all(1)
        x, y = x[keep], y[keep]
    """
    for name, values in program.arrays.items():
        bad = int((~np.isfinite(values)).sum())
        if bad:
            yield Hit(
                where=name,
                evidence=f"{bad:,} values NaN or infinite",
                change=_keeping_finite_rows(program),
                proven=True,
            )


def _keeping_finite_rows(program: Program) -> str:
    """Returns code that keeps the samples that are finite in all inputs and targets."""
    names, heads = list(program.arrays), len(program.heads)
    parts = [f"np.isfinite({name}).reshape(len({name}), -1).all(1)" for name in names]
    x, y = _kept(program.x, "x", len(program.inputs)), _kept(program.y, "y", heads)
    return f"keep = {' & '.join(parts)}\nx = {x}\ny = {y}"


def _kept(structure: object, name: str, arrays: int) -> str:
    if isinstance(structure, dict):
        return f"{{key: value[keep] for key, value in {name}.items()}}"
    return f"[value[keep] for value in {name}]" if arrays > 1 else f"{name}[keep]"


@rule("corrupted-input", group="data", severity="error", confidence=CERTAIN)
def corrupted_input(program: Program) -> Iterator[Hit]:
    """The inputs hold nothing that could be learned from.

    Looks: Every prediction is the same, and the loss stays where a constant answer
        leaves it.
    Harms: Inputs that do not differ cannot be told apart.
    Change:
        # Look at what is loaded:
        print(x[0], x.min(), x.max())
    """
    for name, values in program.inputs.items():
        spread = _spread_of_each(values)
        if len(values) > 1 and (spread == 0).all():
            yield Hit(
                where=name,
                evidence="every sample is the same",
                change=f"print({name}[0], {name}.min(), {name}.max())",
                proven=True,
            )


@rule("constant-features", group="data", severity="note")
def constant_features(program: Program) -> Iterator[Hit]:
    """Some features have the same value in every sample.

    Looks: As if they were not there.
    Harms: They say nothing, and act as a second bias.
    Change:
        x = x[:, x.std(0) > 0]
    """
    for name, values in program.inputs.items():
        spread = _spread_of_each(values)
        constant = float((spread == 0).mean())
        tabular = values.ndim == 2 and values.shape[1] <= FEW_FEATURES.value
        if tabular and 0 < constant < 1:
            yield Hit(
                where=name,
                evidence=f"{constant:.0%} of the features constant",
                change=f"{name} = {name}[:, {name}.std(0) > 0]",
            )


def _spread_of_each(values: np.ndarray) -> np.ndarray:
    """Returns of each feature its largest value less its smallest, without NaN."""
    rows = np.where(np.isfinite(values), values, np.nan).reshape(len(values), -1)
    known = np.isfinite(rows).any(0)
    spread = np.zeros(rows.shape[1])
    spread[known] = np.nanmax(rows[:, known], 0) - np.nanmin(rows[:, known], 0)
    return spread


@rule("unnormalized-input", group="data", confidence=STRONG)
def unnormalized_input(program: Program) -> Iterator[Hit]:
    """Inputs are far from unit size, or features are on very different scales.

    Looks: The loss starts huge, jumps, or stays where it is; a few large features
        decide every prediction.
    Harms: Sums start far outside the activations' working range, and no single rate
        suits all weights.
    Change:
        normalize = keras.layers.Normalization()
        normalize.adapt(x)
        model = keras.Sequential([normalize, model])
    Sources:
        [LeCun et al. 1998, Efficient BackProp](https://doi.org/10.1007/3-540-49430-8_2)
    """
    if normalizes_first(program):
        return
    for index, (name, values) in enumerate(program.inputs.items()):
        x = np.where(np.isfinite(values), values, 0)
        largest = float(np.abs(x).max())
        size = float(np.sqrt((x.astype("float64") ** 2).mean()))
        ratio = _ratio_of_spreads(x)
        uneven = ratio > INPUT_SCALE_RATIO.value and largest > LARGE_INPUT.value
        if size <= LARGE_INPUT.value and not uneven:
            continue
        spreads = f", spreads differ {ratio:.3g} times" if uneven else ""
        yield Hit(
            where=name,
            evidence=f"root mean square {size:.4g}, largest {largest:.4g}{spreads}",
            change=f"normalize = keras.layers.Normalization()\n"
            f"normalize.adapt({name})\n"
            "# and let it be the first layer that this input meets",
            threshold=INPUT_SCALE_RATIO if uneven else LARGE_INPUT,
            remedy=with_input_standardized(index),
        )


def _ratio_of_spreads(x: np.ndarray) -> float:
    """Returns how many times the largest spread of a feature exceeds the smallest."""
    if x.ndim != 2 or x.shape[1] < 2:
        return 1.0
    spread = x.std(0, dtype="float64")
    spread = spread[spread > 0]
    return float(spread.max() / spread.min()) if spread.size else 1.0


def normalizes_first(program: Program) -> bool:
    """Whether inputs are brought to scale before the first weights."""
    for layer in program.layers:
        name = type(layer).__name__
        if name in _NORMALIZING or name.endswith("Normalization"):
            return True
        if is_weighted(layer):
            return False
    return False

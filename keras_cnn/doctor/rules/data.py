"""Rules about inputs: what is broken in them, and on which scale they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..program.inputs import Array, finite
from ..program.layers import embeddings, is_linear
from ..program.program import Program
from ..thresholds import (
    CERTAIN,
    CUT_SHARE,
    FEW_FEATURES,
    INPUT_SCALE_RATIO,
    LARGE_INPUT,
    LIKELY,
    POSSIBLE,
    SMALL_INPUT,
    STRONG,
)
from ..trials.data_remedies import with_input_standardized
from .rule import Hit, rule


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
        bad = int((~finite(values)).sum())
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
    """The inputs hold nothing, or little, of what could be learned from.

    Looks: Every prediction is the same, or accuracy stops early; printed images are
        black.
    Harms: Inputs that do not differ cannot be told apart.
    Change:
        # Look at what is loaded, and scale before any cast to integers:
        print(x[0], x.min(), x.max(), x.dtype)
    """
    for name, values in program.numbers.items():
        look = f"print({name}[0], {name}.min(), {name}.max(), {name}.dtype)"
        if len(values) > 1 and (_spread_of_each(values) == 0).all():
            yield Hit(
                where=name,
                evidence="every sample is the same",
                change=look,
                proven=True,
            )
        elif values.ndim > 2 and not program.is_looked_up(name) and _is_cut(values):
            ones = float((values != 0).mean())
            yield Hit(
                where=name,
                evidence=f"images of 0 and 1 alone, {ones:.1%} of them 1",
                change=f"{look}\n# as {name}.astype('float32') / 255, not "
                f"({name} / 255).astype('uint8')",
                harms="Gray values are gone: a cast to integers after scaling to "
                "[0, 1] leaves 0 and 1 alone.",
                severity="warning",
                confidence=LIKELY if values.dtype.kind in "iu" else POSSIBLE,
                irreparable=True,
            )


def _is_cut(values: Array) -> bool:
    """Whether values are whole, 0 and 1, as a cast after scaling leaves them."""
    kinds = np.unique(values)
    few_ones = float((values != 0).mean()) < CUT_SHARE.value
    return kinds.size == 2 and kinds.tolist() == [0, 1] and few_ones


@rule("index-beyond-embedding", group="data", severity="error", confidence=CERTAIN)
def index_beyond_embedding(program: Program) -> Iterator[Hit]:
    """Words or kinds have numbers that the embedding has no row for.

    Looks: An error such as "indices[0,5] = 400 is not in [0, 100)"; on a GPU none, and
        such words have no meaning.
    Harms: An embedding has a row for each number from 0 to one below its input_dim.
    Change:
        layers.Embedding(int(x.max()) + 1, ...)
    """
    for name, values in program.numbers.items():
        if values.dtype.kind == "f" and not finite(values).all():
            continue
        # Only what an input goes into as it is: a layer between may number it anew.
        first = program.first_layers(name)[:1]
        for layer in [one for node in first for one in embeddings(node)][:1]:
            low, high = int(values.min()), int(values.max())
            if low < 0 or high >= layer.input_dim:
                yield Hit(
                    where=layer.name,
                    evidence=f"{name} from {low} to {high}, input_dim "
                    f"{layer.input_dim}",
                    change=f"layers.Embedding({max(high, 0) + 1}, {layer.output_dim})",
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
    for name, values in program.numbers.items():
        spread = _spread_of_each(values)
        constant = float((spread == 0).mean())
        tabular = values.ndim == 2 and values.shape[1] <= FEW_FEATURES.value
        if tabular and 0 < constant < 1:
            yield Hit(
                where=name,
                evidence=f"{constant:.0%} of the features constant",
                change=f"{name} = {name}[:, {name}.std(0) > 0]",
            )


def _spread_of_each(values: Array) -> Array:
    """Returns of each feature its largest value less its smallest, without NaN."""
    rows = values.reshape(len(values), -1).astype("float64")
    rows[~np.isfinite(rows)] = np.nan
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
    for index, (name, values) in enumerate(program.inputs.items()):
        if name not in program.numbers or _is_scaled(program, name):
            continue
        x = np.where(finite(values), values, 0).astype("float64")
        x *= _rescaling(program, name)
        largest = float(np.abs(x).max())
        size = float(np.sqrt((x**2).mean()))
        ratio = _ratio_of_spreads(x)
        uneven = ratio > INPUT_SCALE_RATIO.value and largest > LARGE_INPUT.value
        if size <= LARGE_INPUT.value and not uneven:
            continue
        spreads = f", spreads differ {ratio:.3g} times" if uneven else ""
        yield Hit(
            where=name,
            evidence=f"root mean square {size:.4g}, largest {largest:.4g}{spreads}",
            change=_normalizing(name),
            threshold=INPUT_SCALE_RATIO if uneven else LARGE_INPUT,
            confidence=STRONG if _is_taken_as_it_is(program, name) else POSSIBLE,
            remedy=with_input_standardized(index),
        )


@rule("input-too-small", group="data")
def input_too_small(program: Program) -> Iterator[Hit]:
    """Inputs are far smaller than unit size, as if scaled twice.

    Looks: The loss stays where a constant answer leaves it, and falls late.
    Harms: Such inputs move no sum: only biases are learned.
    Change:
        print(x.min(), x.max())  # divided by 255 twice?
        x = x * 255
    """
    for index, (name, values) in enumerate(program.inputs.items()):
        if name not in program.numbers or _is_scaled(program, name):
            continue
        x = np.where(finite(values), values, 0)
        factor = _rescaling(program, name)
        largest = factor * float(np.abs(x).max() if factor == 1 else np.ptp(x))
        if not 0 < largest < SMALL_INPUT.value:
            continue
        twice = f"{name} = {name} * 255  # if it was divided twice\n"
        evidence = f"largest {largest:.3g}"
        if factor < 1:
            twice = f"# {name} is scaled already: leave out the Rescaling layer\n"
            evidence = f"range {largest:.3g} behind a Rescaling layer"
        yield Hit(
            where=name,
            evidence=evidence,
            change=f"print({name}.min(), {name}.max())\n{twice}",
            threshold=SMALL_INPUT,
            confidence=STRONG if _is_taken_as_it_is(program, name) else POSSIBLE,
            remedy=with_input_standardized(index, 1 / factor),
        )


def _rescaling(program: Program, name: str) -> float:
    """Returns by what the first layers multiply an input; 1 where they do not."""
    factor = 1.0
    for layer in program.first_layers(name):
        scale = getattr(layer, "scale", 1) if _rescales(layer) else 1
        factor *= float(scale) if np.ndim(scale) == 0 else 1
    return abs(factor)


def _rescales(layer: object) -> bool:
    return type(layer).__name__ == "Rescaling"


def _normalizing(name: str) -> str:
    return (
        f"normalize = keras.layers.Normalization()\nnormalize.adapt({name})\n"
        "# and let it be the first layer that this input meets"
    )


def _ratio_of_spreads(x: Array) -> float:
    """Returns how many times the largest spread of a feature exceeds the smallest."""
    if x.ndim != 2 or x.shape[1] < 2:
        return 1.0
    spread = x.std(0, dtype="float64")
    spread = spread[spread > 0]
    return float(spread.max() / spread.min()) if spread.size else 1.0


def _is_scaled(program: Program, name: str) -> bool:
    """Whether an input is brought to scale, or looked up, before it meets weights."""
    kinds = [type(layer).__name__ for layer in program.first_layers(name)]
    return program.is_looked_up(name) or any(
        kind.endswith("Normalization") for kind in kinds
    )


def _is_taken_as_it_is(program: Program, name: str) -> bool:
    """Whether it is known that nothing scales an input: no code of the user's own."""
    return program.graph.known and all(map(is_linear, program.first_layers(name)))

"""Claim 13: a dense layer is a linear map of the flattened features."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .. import layers
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .statistics import estimate

_WINDOW = 3


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Compares a convolution with the dense layer of its matrix, in float64."""
    splits = images()
    side, channels = settings["side"], settings["channels"]
    rows, shown = [], np.zeros(0)
    for seed in range(settings["seeds"]):
        rng = np.random.default_rng(seed)
        corner = splits.train.x[seed * 8 : seed * 8 + 8]
        start = (corner.shape[1] - side) // 2
        x = corner[:, start : start + side, start : start + side].astype(np.float64)
        kernel = rng.normal(size=(_WINDOW, _WINDOW, x.shape[-1], channels))
        bias = rng.normal(size=channels)
        matrix = matrix_of(kernel, x.shape[1:])
        bias_by_position = np.tile(bias, (side - _WINDOW + 1) ** 2)
        convolution = layers.Conv2D(channels, _WINDOW, dtype="float64")
        convolved = _answers(convolution, x, kernel, bias).reshape(len(x), -1)
        flat = x.reshape(len(x), -1)
        dense = _dense(flat, matrix, bias_by_position)
        scale = np.abs(convolved).max()
        rows.append(
            {
                "convolution less dense": np.abs(convolved - dense).max() / scale,
                "share of zeros": np.mean(matrix == 0),
                "weights a distinct number": np.count_nonzero(matrix) / kernel.size,
                "nonlinearity of dense": _nonlinearity(rng, flat, channels),
            }
        )
        shown = matrix
        progress((seed + 1) / settings["seeds"])
    return Measurements(arms_of(rows), {"matrix": shown}, splits.name)


def matrix_of(kernel: Any, shape: tuple[int, ...]) -> Any:
    """Returns the matrix of a convolution without padding, entry by entry.

    Args:
        kernel: (window, window, inputs, outputs).
        shape: (height, width, inputs) of one image.

    Returns:
        (height * width * inputs, positions * outputs): column (row, column, output)
        holds the kernel's weights at the pixels that its window covers, else zeros.
    """
    height, width, inputs = shape
    window, _, _, outputs = kernel.shape
    down, across = height - window + 1, width - window + 1
    matrix = np.zeros((height, width, inputs, down, across, outputs))
    for row in range(down):
        for column in range(across):
            covered = matrix[row : row + window, column : column + window]
            covered[:, :, :, row, column] = kernel
    return matrix.reshape(height * width * inputs, down * across * outputs)


def _answers(layer: Any, x: Any, kernel: Any, bias: Any) -> Any:
    """Returns what a layer makes of `x` with the given weights."""
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    return np.asarray(layer(x))


def _dense(x: Any, kernel: Any, bias: Any) -> Any:
    return _answers(layers.Dense(kernel.shape[1], dtype="float64"), x, kernel, bias)


def _nonlinearity(rng: np.random.Generator, flat: Any, units: int) -> float:
    """Returns how far a dense layer, less its bias, is from linear."""
    kernel = rng.normal(size=(flat.shape[1], units))
    bias = rng.normal(size=units)
    first, second = np.split(flat, 2)
    a, b = rng.normal(size=2)

    def without_bias(one: Any) -> Any:
        return _dense(one, kernel, bias) - bias

    mixed = without_bias(a * first + b * second)
    sum_of_both = a * without_bias(first) + b * without_bias(second)
    return float(np.abs(mixed - sum_of_both).max() / np.abs(mixed).max())


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Holds the differences against float64's rounding."""
    return (
        Statement(
            "A convolution is the dense layer of a matrix.",
            "largest difference of the outputs, over the largest output",
            estimate(measured["convolution less dense"]),
            max_value=1e-12,
            correction="A convolution is not a matrix times the flattened image.",
        ),
        Statement(
            "A dense layer less its bias is linear in the flattened features.",
            "largest |f(ax + by) - a f(x) - b f(y)|, over the largest output",
            estimate(measured["nonlinearity of dense"]),
            max_value=1e-12,
            correction="A dense layer is not linear.",
        ),
        Statement(
            "The convolution's matrix is sparse.",
            "share of its entries that are zero",
            estimate(measured["share of zeros"]),
            min_value=0.9,
            correction="The convolution's matrix is dense.",
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the matrix of the last seed's convolution, and a corner of it."""
    left, right = figure.subplots(1, 2)
    matrix = measured.curves["matrix"].T
    limit = np.abs(matrix).max()
    shades = {"cmap": "coolwarm", "vmin": -limit, "vmax": limit}
    left.imshow(matrix, aspect="auto", interpolation="nearest", **shades)
    left.set(xlabel="pixel", ylabel="output", title="the convolution as a matrix")
    image = right.imshow(matrix[:24, :48], aspect="auto", **shades)
    right.set(xlabel="pixel", ylabel="output", title="its first rows")
    figure.colorbar(image, ax=right, label="weight")


CLAIM = Claim(
    id=13,
    title="Dense layer",
    section="Layers: fully connected",
    statement="A fully connected layer is a linear map of the flattened features (plus "
    "a bias); a convolution is a sparse one whose weights repeat.",
    refuted_by="Outputs of a convolution and of the dense layer with its matrix, or of "
    "a dense layer at a sum and the sum of its outputs, that differ by more than "
    "rounding.",
    method="Random 3x3 kernels on pieces of images, in our layers and in float64: "
    "Conv2D, and Dense with the convolution's matrix, which is written down entry by "
    "entry.",
    settings={"seeds": 10, "side": 12, "channels": 4},
    quick={"seeds": 5},
    measure=measure,
    judge=judge,
    draw=draw,
)

"""The formulas as pictures: each function with its derivative, each loss by its error.

They are drawn from the formulas of this package in NumPy float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._checks import check_choice
from .._files import replaced_file
from . import activations, losses

REGRESSION_LOSSES = ("huber", "log_cosh", "mean_absolute_error", "mean_squared_error")
TWO_CLASS_LOSSES = ("binary_crossentropy", "binary_focal_crossentropy")
LOSSES = REGRESSION_LOSSES + TWO_CLASS_LOSSES

_COLUMNS = 4
_RANGE = 7.0

# A sample of ten predictions: nine are off by half a unit, one moves away.
_GOOD_ERRORS = np.full(9, 0.5)
_FARTHEST = 10.0


def draw_activations(names: Sequence[str], path: Path) -> None:
    """Draws each activation with its derivative, one small picture a function.

    Args:
        names: Some of `activations.ELEMENTWISE`; none means all.
        path: The PNG file to write.

    Raises:
        InputError: If a name is not one of `activations.ELEMENTWISE`.
    """
    names = _checked("activations", names, activations.ELEMENTWISE)
    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(2.9 * columns, 2.5 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    x = np.linspace(-_RANGE, _RANGE, 1401)
    for axes in grid.flat[len(names) :]:
        axes.axis("off")
    for axes, name in zip(grid.flat, names, strict=False):
        axes.axhline(0, color="0.8", linewidth=0.8)
        axes.axvline(0, color="0.8", linewidth=0.8)
        axes.plot(x, getattr(activations, name)(x), label="f(x)")
        derivative = getattr(activations, f"{name}_derivative")(x)
        axes.plot(x, _broken_at_jumps(derivative), "--", label="f'(x)")
        axes.set(title=name, ylim=(-2.2, 3.2))
    figure.legend(
        *grid.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    _save(figure, path)


def draw_losses(names: Sequence[str], path: Path) -> None:
    """Draws losses and their derivatives, and what an outlier does to them.

    Losses of a number are drawn by the error, and by the distance of one outlier in a
    sample of ten; losses of two classes by the logit, for a sample of class 1.

    Args:
        names: Some of `LOSSES`; none means all.
        path: The PNG file to write.

    Raises:
        InputError: If a name is not one of `LOSSES`.
    """
    names = _checked("losses", names, LOSSES)
    regression = [name for name in names if name in REGRESSION_LOSSES]
    two_class = [name for name in names if name in TWO_CLASS_LOSSES]
    count = bool(regression) + bool(two_class)
    figure = Figure(figsize=(11.5, 3.4 * count), layout="constrained")
    grid = figure.subplots(count, 3, squeeze=False)
    if regression:
        _draw_regression(grid[0], regression)
    if two_class:
        _draw_two_class(grid[-1], two_class)
    for axes in grid.flat:
        if axes.lines:
            axes.grid(alpha=0.3)
    _save(figure, path)


def _draw_regression(row: Sequence[Axes], names: Sequence[str]) -> None:
    by_error, derivative, by_outlier = row
    error = np.linspace(-4, 4, 801)[:, np.newaxis]
    distance = np.linspace(0.5, _FARTHEST, 200)
    for name in names:
        loss, slope = _pair(name)
        zero = np.zeros_like(error)
        by_error.plot(error[:, 0], loss(zero, error), label=name)
        slopes = _broken_at_jumps(slope(zero, error)[:, 0])
        derivative.plot(error[:, 0], slopes, label=name)
        sample = np.array([[*_GOOD_ERRORS, far] for far in distance])
        by_outlier.plot(distance, loss(np.zeros_like(sample), sample), label=name)
    by_error.set(title="loss", xlabel="error", ylim=(-0.2, 8))
    derivative.set(title="derivative by the prediction", xlabel="error", ylim=(-5, 5))
    by_outlier.set(
        title="mean of ten, one moved away", xlabel="its error (the others: 0.5)"
    )
    by_error.legend()


def _draw_two_class(row: Sequence[Axes], names: Sequence[str]) -> None:
    by_logit, derivative, by_probability = row
    logit = np.linspace(-6, 6, 801)[:, np.newaxis]
    probability = activations.sigmoid(logit)
    one = np.ones_like(logit)
    for name in names:
        loss, slope = _pair(name)
        by_logit.plot(logit[:, 0], loss(one, probability), label=name)
        # the chain rule: the sigmoid's own derivative times the loss's
        chained = slope(one, probability) * activations.sigmoid_derivative(logit)
        derivative.plot(logit[:, 0], chained[:, 0], label=name)
        by_probability.plot(probability[:, 0], loss(one, probability), label=name)
    by_logit.set(title="loss of a sample of class 1", xlabel="logit")
    derivative.set(title="derivative by the logit", xlabel="logit")
    by_probability.set(title="loss of a sample of class 1", xlabel="probability")
    by_logit.legend()


def _pair(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return getattr(losses, name), getattr(losses, f"{name}_derivative")


def _checked(
    option: str, names: Sequence[str], choices: Sequence[str]
) -> Sequence[str]:
    for name in names:
        check_choice(option, name, choices)
    return names or choices


def _broken_at_jumps(y: Any) -> Any:
    """Puts NaN where a derivative jumps: matplotlib then draws no line across."""
    broken = np.array(y, np.float64)
    broken[1:][np.abs(np.diff(y)) > 0.1] = np.nan
    return broken


def _save(figure: Figure, path: Path) -> None:
    with replaced_file(path) as temporary:
        figure.savefig(temporary, dpi=120)

"""What the pictures of several claims have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .statistics import estimate


def draw_arms(axes: Axes, arms: Mapping[str, Any], label: str) -> None:
    """Draws one row an arm: its seeds as dots, its mean with the interval as a bar."""
    for row, values in enumerate(arms.values()):
        found = estimate(values)
        axes.plot(values, np.full(len(values), row), ".", color="0.7", markersize=4)
        reach = [[found.value - found.low], [found.high - found.value]]
        axes.errorbar(found.value, row, xerr=reach, fmt="o", capsize=3, markersize=4)
    axes.set_yticks(range(len(arms)), list(arms))
    if not axes.yaxis_inverted():  # axes that share it are turned once
        axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.locator_params(axis="x", nbins=4)  # numbers of five digits need the room
    axes.grid(axis="x", alpha=0.3)


def draw_band(axes: Axes, x: Any, curves: Any, label: str) -> None:
    """Draws the mean of curves, (seeds, points), with the range of the seeds."""
    curves = np.asarray(curves)
    (line,) = axes.plot(x, curves.mean(axis=0), label=label)
    axes.fill_between(
        x,
        curves.min(axis=0),
        curves.max(axis=0),
        alpha=0.2,
        color=line.get_color(),
        linewidth=0,
    )

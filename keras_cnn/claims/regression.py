"""A curve with noise and outliers, on which regression losses are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

SAMPLES = 512

# The noise is the unit: outliers and Huber's delta are counted in it.
NOISE = 1.0
_HEIGHT = 5.0

# Where fitted curves are compared with the truth.
POINTS = np.linspace(-1, 1, 200, dtype=np.float32)[:, np.newaxis]


def curve(x: Any) -> Any:
    """Returns the truth at x in [-1, 1]."""
    return _HEIGHT * np.sin(3 * x)


def samples(seed: int, share: float = 0.0, size: float = 0.0) -> tuple[Any, Any]:
    """Returns x and y, (SAMPLES, 1) float32: the curve with noise of deviation 1.

    Args:
        seed: Fixes points, noise and which samples are hit: arms of one seed differ in
            nothing but share and size.
        share: Of the samples that are moved, in [0, 1).
        size: How far up each of them is moved.
    """
    rng = np.random.default_rng([seed, 3])
    x = rng.uniform(-1, 1, (SAMPLES, 1))
    y = curve(x) + NOISE * rng.standard_normal(x.shape)
    hit = rng.permutation(SAMPLES)[: round(share * SAMPLES)]
    y[hit] += size
    return x.astype(np.float32), y.astype(np.float32)


def error_to_truth(answers: Any) -> float:
    """Returns the root mean square distance of answers at `POINTS` from the truth."""
    return float(np.sqrt(np.mean((answers - curve(POINTS)) ** 2)))

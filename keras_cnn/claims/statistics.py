"""Intervals from a few seeds, and what many comparisons at once ask for.

Seeds are paired: arms that share a seed share initial weights, images and their order,
so that a difference is taken seed by seed before it is averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

CONFIDENCE = 0.95

# Resamples of an interval, drawn the same each time: an interval is a function of its
# numbers alone.
_RESAMPLES = 20_000


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, and the interval that holds it with 95 % confidence."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Returns the three numbers, as `0.97 [0.96, 0.98]`."""
        return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"


def estimate(values: Any, confidence: float = CONFIDENCE) -> Estimate:
    """Returns the mean of one number a seed, with a bootstrap interval.

    The plain percentile interval is too narrow for five seeds: it takes the resampled
    means' spread, smaller than the true one by sqrt((n - 1) / n), and the normal's
    quantile instead of Student's. The expanded one makes up for both by taking wider
    percentiles, Phi(-sqrt(n / (n - 1)) t) with t of n - 1 degrees of freedom.

    Args:
        values: (seeds,), finite, at least two.
        confidence: In (0, 1). Defaults to `0.95`.

    Reference: [Hesterberg, 2015](https://doi.org/10.1080/00031305.2015.1089789),
    section 3.4

    Example:
        >>> str(estimate([1.0, 1.0, 1.0, 1.0, 1.0]))
        '1 [1, 1]'
    """
    values = _checked(values)
    count = len(values)
    draws = np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
    means = values[draws].mean(axis=1)
    student = stats.t.ppf((1 + confidence) / 2, count - 1)
    tail = stats.norm.cdf(-np.sqrt(count / (count - 1)) * student)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(values.mean()), float(low), float(high))


def difference(values: Any, base: Any, confidence: float = CONFIDENCE) -> Estimate:
    """Returns the mean of `values - base`, seed by seed."""
    return estimate(_checked(values) - _checked(base), confidence)


def ratio(values: Any, base: Any, confidence: float = CONFIDENCE) -> Estimate:
    """Returns the geometric mean of `values / base`, seed by seed, of positive numbers.

    Example:
        >>> str(ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]))
        '2 [2, 2]'
    """
    logs = np.log(_checked(values)) - np.log(_checked(base))
    found = estimate(logs, confidence)
    return Estimate(*np.exp([found.value, found.low, found.high]).tolist())


def holm(arms: Mapping[str, Any], base: Any) -> dict[str, float]:
    """Returns a p-value for each arm against `base`, corrected for their number.

    Each is a paired t-test of no difference; Holm's step-down procedure keeps the
    chance of any false alarm among all of them below the level that they are held to.

    Args:
        arms: (seeds,) by name.
        base: (seeds,), what all arms are compared with.

    Reference: [Holm, 1979](https://www.jstor.org/stable/4615733)

    Example:
        >>> base = [0.0, 0.1, 0.0, 0.1, 0.0]
        >>> found = holm({"same": [0.1, 0.0, 0.0, 0.1, 0.0], "better": [1.0] * 5}, base)
        >>> found["better"] < 0.001, found["same"]
        (True, 1.0)
    """
    raw = {name: _paired_p(values, base) for name, values in arms.items()}
    corrected, worst = {}, 0.0
    for place, name in enumerate(sorted(raw, key=lambda name: raw[name])):
        worst = max(worst, min(1.0, (len(raw) - place) * raw[name]))
        corrected[name] = worst
    return {name: corrected[name] for name in arms}


@dataclass(frozen=True)
class Comparison:
    """One of several arms against the base arm.

    Attributes:
        arm: Its name.
        base: The base arm's.
        effect: What was measured.
        found: The difference, arm less base.
        p: Of no difference, corrected for the number of arms.
    """

    arm: str
    base: str
    effect: str
    found: Estimate
    p: float


def comparisons(arms: Mapping[str, Any], base: str, effect: str) -> list[Comparison]:
    """Compares all arms with the one called `base`, corrected for their number."""
    others = {name: values for name, values in arms.items() if name != base}
    corrected = holm(others, arms[base])
    return [
        Comparison(name, base, effect, difference(values, arms[base]), corrected[name])
        for name, values in others.items()
    ]


def _paired_p(values: Any, base: Any) -> float:
    gaps = _checked(values) - _checked(base)
    if not np.ptp(gaps):  # without any spread the test divides by zero
        return float(gaps[0] == 0)
    return float(stats.ttest_rel(values, base).pvalue)


def _checked(values: Any) -> Array:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(
            "An estimate needs one finite number a seed, of at least two. "
            f"Received: {array!r}."
        )
    return array


def _short(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"

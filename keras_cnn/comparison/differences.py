"""Paired differences over seeds, and what may be said of them while it is being looked.

Pure NumPy and SciPy. Scores are (seeds, candidates), higher is better; candidates that
share a seed share images, their order and initial weights, so that whatever a seed
brings to all of them leaves the differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Array = npt.NDArray[np.float64]

LEVEL = 0.05

# Few seeds hardly show that one candidate spreads five times as much as the others. The
# common variance counts for no more degrees of freedom than keep the level even then.
_MOST_SHARED = 4.0


def spent(look: int, planned: int) -> float:
    """Returns the part of the level that a look after `look` seeds may use.

    Half of it is kept for the look after all the planned seeds, and the looks before
    share two fifths. What is left is for seeds beyond the plan, of which there may be
    any number: the parts never sum up to more than the whole, so that going on after a
    verdict breaks no promise.

    Args:
        look: The seeds that every candidate has, at least 2.
        planned: The seeds that the comparison was begun with, at least 2.

    Example:
        >>> [round(spent(n, 5), 3) for n in range(2, 8)]
        [0.133, 0.133, 0.133, 0.5, 0.05, 0.017]
        >>> round(sum(spent(n, 5) for n in range(2, 100_000)), 4)
        1.0
    """
    if look < planned:
        return 0.4 / (planned - 2)
    if look == planned:
        return 0.5 if planned > 2 else 0.9
    return 0.1 / ((look - planned) * (look - planned + 1))


@dataclass(frozen=True, eq=False)
class Differences:
    """All differences between candidates that were trained from the same seeds.

    Attributes:
        seeds: That each of them has.
        mean: (candidates, candidates): mean score of the row's less the column's.
        error: The same shape: standard errors of the means.
        freedom: The same shape: degrees of freedom of the standard errors.
        half: The same shape: half-widths of intervals that hold all true differences
            of a candidate from the others at once, at this and every other look.
    """

    seeds: int
    mean: Array
    error: Array
    freedom: Array
    half: Array


def differences(
    scores: Any,
    *,
    candidates: int | None = None,
    planned: int | None = None,
    level: float = LEVEL,
) -> Differences:
    """Returns the differences of candidates by the seeds that they share.

    A standard error from five seeds rests on four degrees of freedom, and one from two
    on a single one. So each pair's variance is moved towards the mean of all pairs', by
    as much as the pairs' variances agree beyond chance (Smyth's moderated t), and never
    as if that mean were worth more than four degrees of freedom.

    Args:
        scores: (seeds, candidates), finite, at least two of each.
        candidates: How many the race began with, against all of which the intervals of
            each hold. Defaults to `None`, for those in `scores`.
        planned: The seeds that were planned. Defaults to `None`, for those in `scores`.
        level: The chance that any interval of a candidate fails, at any look. Defaults
            to `0.05`.

    Reference: [Smyth, 2004](https://doi.org/10.2202/1544-6115.1027)
    """
    scores = np.asarray(scores, np.float64)
    seeds, count = scores.shape
    gaps = scores[:, :, np.newaxis] - scores[:, np.newaxis, :]
    variance, freedom = _moderated(gaps.var(axis=0, ddof=1), seeds - 1)
    error = np.sqrt(variance / seeds)
    tail = level * spent(seeds, planned or seeds)
    quantile = quantile_against_others(tail, candidates or count, freedom)
    return Differences(seeds, gaps.mean(axis=0), error, freedom, quantile * error)


def quantile_against_others(tail: float, candidates: int, freedom: Any) -> Any:
    """Returns Student's quantile for one candidate against each other, by Bonferroni.

    Example:
        >>> round(float(quantile_against_others(0.05, 2, 4.0)), 3)
        2.776
    """
    return stats.t.isf(tail / (2 * (candidates - 1)), freedom)


def _moderated(variance: Array, freedom: int) -> tuple[Array, Array]:
    """Returns variances moved towards their mean, and their degrees of freedom."""
    count = len(variance)
    pairs = variance[np.triu_indices(count, 1)]
    common = float(pairs.mean())
    extra = _agreement(pairs[pairs > 1e-6 * common], freedom) if common else 0.0
    # All pairs are of `count` candidates: they hold no more than this.
    extra = min(extra, float((count - 2) * freedom), _MOST_SHARED)
    moved = (extra * common + freedom * variance) / (extra + freedom)
    np.fill_diagonal(moved, 0.0)
    return moved, np.full_like(variance, extra + freedom)


def _agreement(variances: Array, freedom: int) -> float:
    """Returns how many degrees of freedom the common variance is worth for each pair.

    The logarithms of variances from `freedom` degrees spread by trigamma(freedom / 2)
    even where the true ones are equal; what they spread beyond tells how unequal these
    are.
    """
    if len(variances) < 2:
        return 0.0
    beyond = float(np.log(variances).var(ddof=1) - special.polygamma(1, freedom / 2))
    if beyond <= 0:
        return float("inf")
    return _inverse_trigamma(beyond) * 2


def _inverse_trigamma(value: float) -> float:
    def gap(logarithm: float) -> float:
        return float(special.polygamma(1, np.exp(logarithm)) - value)

    return float(np.exp(optimize.brentq(gap, -20, 20)))

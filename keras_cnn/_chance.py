"""Whether a classifier does better than one that ignores its images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def is_at_chance(accuracy: float, labels: npt.NDArray[np.integer[Any]]) -> bool:
    """Whether an accuracy is at most two standard errors above one class's share.

    Formula: accuracy <= p + 2 sqrt(p (1 - p) / n), p the share of the largest class.

    Args:
        accuracy: The share of images, in [0, 1], that are classified correctly.
        labels: (n,), the true classes.

    Example:
        >>> labels = np.repeat(np.arange(10), 100)
        >>> is_at_chance(0.11, labels), is_at_chance(0.5, labels)
        (True, False)
    """
    share = float(np.bincount(labels).max() / len(labels))
    return accuracy <= highest_by_chance(share, len(labels))


def highest_by_chance(share: float, samples: int) -> float:
    """Returns the highest accuracy that an answer without knowledge has, by luck.

    Args:
        share: The share of the commonest class, in [0, 1].
        samples: How many samples the accuracy is told on.

    Example:
        >>> highest_by_chance(0.5, 100)
        0.6
    """
    return share + 2 * math.sqrt(share * (1 - share) / samples)

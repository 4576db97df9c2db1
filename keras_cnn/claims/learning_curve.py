"""Trainings that are watched: accuracy on validation images every few steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from .images import Images
from .stateless_training import State, StatelessTraining

# Where a curve never gets to the goal its steps count as this many times the longest.
_NEVER = 2.0


@dataclass(frozen=True)
class LearningCurve:
    """One training, watched.

    Attributes:
        steps: (points,), after which step each accuracy was taken.
        accuracy: (points,), on the validation images.
        seconds: Of training alone, up to each point.
        state: The last one.
    """

    steps: Any
    accuracy: Any
    seconds: Any
    state: State

    def steps_to(self, goal: float) -> float:
        """Returns the steps to the first accuracy of at least `goal`.

        Between two points a straight line is assumed. What never arrives counts as
        twice the whole training: a lower bound, and so a cautious number.
        """
        return self._crossing(self.steps, goal)

    def seconds_to(self, goal: float) -> float:
        """Returns the seconds to the first accuracy of at least `goal`, so counted."""
        return self._crossing(self.seconds, goal)

    def _crossing(self, x: Any, goal: float) -> float:
        reached = np.flatnonzero(self.accuracy >= goal)
        if not reached.size:
            return float(_NEVER * x[-1])
        at = reached[0]
        if at == 0:
            return float(x[0])
        low, high = self.accuracy[at - 1], self.accuracy[at]
        return float(x[at - 1] + (goal - low) / (high - low) * (x[at] - x[at - 1]))


def train_watched(
    training: StatelessTraining,
    state: State,
    train: Images,
    validation: Images,
    order: Any,
    rate: float,
    every: int,
    goal: float = np.inf,
) -> LearningCurve:
    """Trains by `order`, and measures after each `every` steps.

    Args:
        training: The compiled training.
        state: Where to begin.
        train: What is trained on.
        validation: What is measured on.
        order: (steps, batch): which images each step sees.
        rate: Learning rate.
        every: Steps between measurements.
        goal: An accuracy at which to stop. Defaults to none.
    """
    steps, accuracy, seconds = [], [], []
    spent = 0.0
    for begin in range(0, len(order), every):
        clock = time.perf_counter()
        batch_rows = order[begin : begin + every]
        state = training.run(state, train.x, train.y, batch_rows, rate)
        spent += time.perf_counter() - clock
        steps.append(begin + len(batch_rows))
        seconds.append(spent)
        accuracy.append(training.accuracy(state, validation.x, validation.y))
        if accuracy[-1] >= goal:
            break
    return LearningCurve(np.array(steps), np.array(accuracy), np.array(seconds), state)

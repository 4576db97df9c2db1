"""The time that a diagnosis has: one clock for all of it, compilation included."""

from __future__ import annotations

import time


def now() -> float:
    """Returns the time in seconds; the one place where the doctor looks at it."""
    return time.perf_counter()


class Clock:
    """A budget of seconds that has begun to run."""

    def __init__(self, budget: float) -> None:
        """Begins now."""
        self.budget = budget
        self._begin = now()

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return now() - self._begin

    @property
    def left(self) -> float:
        """Seconds until the budget is used up; negative after that."""
        return self.budget - self.passed

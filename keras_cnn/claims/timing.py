"""Time as ratios: contenders take turns in one process, so that a busy moment hits all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def interleaved(contenders: Sequence[Callable[[], Any]], rounds: int) -> Any:
    """Returns the seconds of each contender in each round, (contenders, rounds).

    Each is called once before the clock runs. The order turns from round to round, so
    that none is always the first.
    """
    for contender in contenders:
        contender()
    seconds = np.zeros((len(contenders), rounds))
    for turn in range(rounds):
        for place in range(len(contenders)):
            which = (place + turn) % len(contenders)
            begin = time.perf_counter()
            contenders[which]()
            seconds[which, turn] = time.perf_counter() - begin
    return seconds

"""Which candidates are the best, as far as the seeds tell, and how many more would.

Pure NumPy and SciPy: a function of the table of scores alone, so that a race that was
cut off comes to the same verdicts when it goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from .._checks import InputError, check_not_negative
from .differences import (
    LEVEL,
    Array,
    Differences,
    differences,
    quantile_against_others,
    spent,
)

Verdict = Literal["best", "equivalent", "worse", "undecided", "failed"]

# A race ends where no difference has this chance to show by the last planned seed, if
# seeds and candidates have enough degrees of freedom to say so.
_FUTILE = 0.2
_KNOWN_WELL = 8

# More seeds than anybody trains.
_MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Standing:
    """How one candidate stands.

    Attributes:
        verdict: `"best"` for the highest mean of those that were not told to be worse;
            for the others how they compare with it.
        difference: (value, low, high): its mean score less the best's, with the
            interval that holds for all others and all looks; None where there is none.
        more_seeds: About how many more seeds would decide; None where nothing is open,
            or nothing would.
    """

    verdict: Verdict
    difference: tuple[float, float, float] | None = None
    more_seeds: int | None = None


@dataclass(frozen=True)
class Judgement:
    """What a table of scores says.

    Attributes:
        standings: For each candidate, in the table's order.
        running: The candidates that another seed is worth training, their positions;
            empty when the race is over.
        looks: The seeds that all candidates still in the race have.
        seen: The smallest difference from the best that the seeds could have shown;
            None before two seeds.
    """

    standings: tuple[Standing, ...]
    running: tuple[int, ...]
    looks: int
    seen: float | None = None

    @property
    def best(self) -> int | None:
        """The position of the best candidate; None where none has finished a seed."""
        found = [i for i, s in enumerate(self.standings) if s.verdict == "best"]
        return found[0] if found else None

    @property
    def indistinguishable(self) -> tuple[int, ...]:
        """The positions of the best and of all that cannot be told from it."""
        kept = ("best", "equivalent", "undecided")
        return tuple(i for i, s in enumerate(self.standings) if s.verdict in kept)


def judge(
    scores: Any,
    failed: Any = None,
    *,
    margin: float,
    planned: int | None = None,
    level: float = LEVEL,
    race: bool = True,
    missing: Any = None,
) -> Judgement:
    """Returns the verdicts of a table of scores, and who runs on.

    The scores may come from `compare`, from a tuner or from a file. After each seed
    that all candidates in the race have, those whose difference from another lies below
    0 with its whole interval are out. For scores that are normally distributed the
    truly best one is out with a chance of at most `level`, and so is a single winner
    among candidates that do not differ, however often was looked.

    Args:
        scores: (seeds, candidates), higher is better; NaN where it was not trained.
        failed: (candidates,): whether a training of the candidate failed. Defaults to
            `None`, for none.
        margin: The largest difference that does not matter, >= 0.
        planned: The seeds that the race was begun with. Defaults to `None`, for those
            in `scores`.
        level: Defaults to `0.05`.
        race: Whether those that are out train no further, and the race may end early.
            Their verdict stands either way. Defaults to `True`.
        missing: (candidates,): those that too little is known of, and that must not
            hide what is known of the others. Defaults to `None`, for none.

    Raises:
        InputError: If `scores` is not a table, or `margin` is negative.

    Example:
        >>> scores = [[0.95, 0.90, 0.10], [0.96, 0.93, 0.11], [0.95, 0.92, 0.09]]
        >>> found = judge(scores, margin=0.001)
        >>> [standing.verdict for standing in found.standings]
        ['best', 'undecided', 'worse']
        >>> found.indistinguishable
        (0, 1)

    Reference: [Gupta, 1965](https://doi.org/10.1080/00401706.1965.10490251), for the
    set that holds the best.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2 or not scores.size:
        raise InputError(
            "`scores` must be a table, (seeds, candidates). "
            f"Received: shape {scores.shape}."
        )
    check_not_negative("margin", margin)
    seeds, count = scores.shape
    planned = max(2, planned or seeds)
    failed = np.zeros(count, bool) if failed is None else np.asarray(failed, bool)
    standings: dict[int, Standing] = {
        int(i): Standing("failed") for i in np.flatnonzero(failed)
    }
    out_of_it = failed if missing is None else failed | np.asarray(missing, bool)
    running = active = np.flatnonzero(~out_of_it)
    known: tuple[Any, Differences] | None = None
    looks, over = 0, len(active) < 2
    for look in range(1, seeds + 1):
        table = scores[:look, active]
        if not len(active) or not np.isfinite(table).all():
            break
        looks = look
        if look == 1 or len(active) == 1:
            continue
        found = differences(table, candidates=count, planned=planned, level=level)
        best = int(np.argmax(table.mean(axis=0)))
        verdicts = [_verdict(found, i, best, margin) for i in range(len(active))]
        out = [i for i, verdict in enumerate(verdicts) if verdict == "worse"]
        for i in out:
            standings[int(active[i])] = Standing("worse", _interval(found, i, best))
        known = active.copy(), found
        over = _is_over(found, out, verdicts, margin, look, planned, count, level)
        active = np.delete(active, out)
        if race and over:
            break
    if len(active):
        finished = scores[:looks, active] if looks else scores[:1, active]
        means = np.nan_to_num(finished.mean(axis=0), nan=-np.inf)
        if looks or np.isfinite(means).any():
            best = int(np.argmax(means))
            for one in active:
                if int(one) not in standings:
                    standings[int(one)] = _standing(
                        known, one, active[best], margin, count, planned, level
                    )
    ended = race and (over or (len(active) < 2 and looks > 1))
    seen = None if known is None else _seen(known, active)
    return Judgement(
        tuple(standings.get(i, Standing("undecided")) for i in range(count)),
        () if ended else tuple(int(i) for i in (active if race else running)),
        looks,
        seen,
    )


def _verdict(found: Differences, one: int, best: int, margin: float) -> Verdict:
    if one == best:
        return "best"
    value, low, high = _interval(found, one, best)
    if -margin <= low and high <= margin:
        return "equivalent"
    worse = np.max(found.mean[:, one] - found.half[:, one])
    return "worse" if high < 0 or worse > 0 else "undecided"


def _interval(found: Differences, one: int, best: int) -> tuple[float, float, float]:
    value, half = float(found.mean[one, best]), float(found.half[one, best])
    return value, value - half, value + half


def _standing(
    known: tuple[Any, Differences] | None,
    one: Any,
    best: Any,
    margin: float,
    count: int,
    planned: int,
    level: float,
) -> Standing:
    if one == best:
        return Standing("best", (0.0, 0.0, 0.0))
    if known is None or one not in known[0] or best not in known[0]:
        return Standing("undecided")
    positions = {int(each): place for place, each in enumerate(known[0])}
    found, i, j = known[1], positions[int(one)], positions[int(best)]
    verdict = _verdict(found, i, j, margin)
    more = None
    if verdict == "undecided":
        more = _more_seeds(found, i, j, margin, count, planned, level)
    return Standing(verdict, _interval(found, i, j), more)


def _is_over(
    found: Differences,
    out: list[int],
    verdicts: list[Verdict],
    margin: float,
    look: int,
    planned: int,
    count: int,
    level: float,
) -> bool:
    """Whether no further seed is worth training."""
    left = [i for i in range(len(verdicts)) if i not in out]
    if "undecided" not in verdicts:
        return True
    if look >= planned or (len(verdicts) - 1) * (look - 1) < _KNOWN_WELL:
        return False
    return _is_futile(found, left, margin, look, planned, count, level)


def _is_futile(
    found: Differences,
    left: list[int],
    margin: float,
    look: int,
    planned: int,
    count: int,
    level: float,
) -> bool:
    """Whether the planned seeds will hardly show a difference that does not show yet.

    Observed differences are too large, the largest most of all: they are taken back by
    the share of their variance that chance explains (James and Stein). Ending a race
    early cannot make a false difference.
    """
    kept = np.ix_(left, left)
    pairs = np.triu_indices(len(left), 1)
    gaps = found.mean[kept][pairs]
    variance = found.error[kept][pairs] ** 2
    chance = variance.mean() / max(np.mean(gaps**2), 1e-300)
    true = max(0.0, 1 - chance)
    deviation = np.sqrt(variance * look)
    tail = level * spent(planned, planned)
    freedom = found.freedom[0, 1] + planned - look
    half = (
        quantile_against_others(tail, count, freedom) * deviation / math.sqrt(planned)
    )
    if np.any(half < margin):
        return False
    spread = np.sqrt(true * variance + deviation**2 / planned)
    power = stats.norm.sf((half - true * np.abs(gaps)) / np.maximum(spread, 1e-300))
    return bool(np.all(power < _FUTILE))


def _more_seeds(
    found: Differences,
    one: int,
    best: int,
    margin: float,
    count: int,
    planned: int,
    level: float,
) -> int | None:
    """Returns about how many more seeds would decide a pair; None where too many.

    As if its mean and spread stayed: either the interval leaves 0 out, or it fits into
    the margin on both sides.
    """
    gap = abs(float(found.mean[one, best]))
    freedom = float(found.freedom[one, best])
    looks = found.seeds
    deviation = float(found.error[one, best]) * math.sqrt(looks)
    wanted = max(gap, margin - gap)
    return seeds_to_see(wanted, deviation, looks, freedom, count, planned, level)


def seeds_to_see(
    difference: float,
    deviation: float,
    seeds: int,
    freedom: float,
    candidates: int,
    planned: int,
    level: float = LEVEL,
) -> int | None:
    """Returns how many seeds beyond `seeds` make a difference's interval that narrow.

    Args:
        difference: The half-width to be reached, > 0.
        deviation: Standard deviation of a pair's difference over seeds.
        seeds: Those already trained.
        freedom: Degrees of freedom now; each further seed brings another.
        candidates: In the race at its beginning.
        planned: The seeds that it was begun with.
        level: Defaults to `0.05`.
    """
    if difference <= 0:
        return None

    def tells(total: int) -> bool:
        # Planned anew: its last look has half of the level.
        tail = level * spent(total, max(planned, total))
        quantile = quantile_against_others(tail, candidates, freedom + total - seeds)
        return bool(quantile * deviation / math.sqrt(total) <= difference)

    # The more, the narrower: the first that tells lies between the last two looked at.
    low, high = seeds, seeds + 1
    while not tells(high):
        low, high = high, 2 * high
        if high > _MOST_SEEDS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tells(middle) else (middle, high)
    return high - seeds


def _seen(known: tuple[Any, Differences], active: Any) -> float | None:
    inside = [i for i, each in enumerate(known[0]) if each in active]
    if len(inside) < 2:
        return None
    half = known[1].half[np.ix_(inside, inside)]
    return float(np.max(half))


def mean_interval(values: Array, level: float = LEVEL) -> tuple[float, float] | None:
    """Returns Student's interval of a mean over seeds; None for fewer than two.

    Example:
        >>> mean_interval(np.array([1.0, 1.0]))
        (1.0, 1.0)
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return None
    error = values.std(ddof=1) / math.sqrt(len(values))
    half = float(stats.t.isf(level / 2, len(values) - 1) * error)
    return float(values.mean() - half), float(values.mean() + half)

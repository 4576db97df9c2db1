"""What is tried in which order, and when everything has been tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

from .findings import Attempt
from .rules.rule import Hit, Hypothesis, Suspicion
from .thresholds import FAILED, GAIN

Together = tuple[Suspicion, ...]


def stages(suspicions: Sequence[Suspicion]) -> Iterator[list[Together]]:
    """Yields what to try, the likeliest first, in stages.

    Mistakes that can be seen; rates; two mistakes, or one and a rate, which may hide
    each other; what else may be supposed; and at last a rate with more updates.
    """
    order = sorted(
        (one for one in suspicions if one.remedy),
        key=lambda one: one.sureness,
        reverse=True,
    )
    hits = [one for one in order if isinstance(one, Hit)]
    supposed = [one for one in order if isinstance(one, Hypothesis)]
    rates = [one for one in order if _is_rate(one)]
    visible = [one for one in hits if one not in rates]
    longer = [one for one in order if one.code == "too-few-updates"]
    yield [(one,) for one in hits]
    yield [(one,) for one in supposed if _is_rate(one)]
    yield _of_two([*combinations(visible, 2), *product(visible, rates)])
    yield [(one,) for one in supposed if not _is_rate(one)]
    yield _of_two([*product(rates, longer)])


def _is_rate(one: Suspicion) -> bool:
    return one.code.startswith("lr-")


def _of_two(pairs: list[tuple[Suspicion, Suspicion]]) -> list[Together]:
    return [
        (one, other)
        for one, other in pairs
        if one.finding().remedy != other.finding().remedy
    ]


def is_hopeless(together: Together, attempts: Iterable[Attempt], skill: float) -> bool:
    """Whether a rate goes further where a step that way has done harm already."""
    if len(together) > 1 or not isinstance(together[0], Hypothesis):
        return False
    code = together[0].code
    tried = [one for one in attempts if one.codes == (code,) and not one.error]
    return _is_rate(together[0]) and any(
        one.after < skill - GAIN.value for one in tried
    )


def all_tried(
    suspicions: Sequence[Suspicion], attempts: Sequence[Attempt], skill: float
) -> bool:
    """Whether every remedy was tried, to its end, that might show a failure.

    Where half of all skill was reached, only a mistake that can be seen is blamed.
    """
    done = {one.codes[0] for one in attempts if one.complete and len(one.codes) == 1}
    longer = {one.codes[0] for one in attempts}  # a longer training need not end
    needed = {
        one.code
        for one in suspicions
        if one.remedy and (isinstance(one, Hit) or skill < FAILED.value)
    }
    return needed <= done | (longer & {"too-few-updates"})

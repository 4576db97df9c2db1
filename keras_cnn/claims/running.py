"""Runs claims: settings checked first, then one experiment after another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .._checks import InputError, check_count, check_positive, did_you_mean
from .claim import MIN_SEEDS, Claim, Measurements, Progress, Verdict


@dataclass(frozen=True)
class Result:
    """A claim that was run, with what it was run with and what came of it."""

    claim: Claim
    settings: Mapping[str, Any]
    measured: Measurements
    verdict: Verdict
    seconds: float

    @property
    def extent(self) -> Literal["full", "quick", "changed"]:
        """Which run's settings it had, or whether a reader changed them."""
        if self.settings == _preset(self.claim, quick=False):
            return "full"
        quick = _preset(self.claim, quick=True)
        return "quick" if self.settings == quick else "changed"


def settings_of(
    claims: Iterable[Claim],
    *,
    quick: bool = False,
    seeds: int | None = None,
    changes: Mapping[str, str] | None = None,
) -> dict[int, dict[str, Any]]:
    """Returns the settings of each claim, by its number.

    Args:
        claims: Which are to be run.
        quick: Whether to begin from the quick run's values. Defaults to `False`.
        seeds: How many seeds, at least five. Defaults to None, for the claim's own.
        changes: Values as text by the setting's name; each is given to every claim
            that has it. Defaults to None.

    Raises:
        InputError: If none of the claims has such a setting, or a value breaks its
            rule.

    Example:
        >>> from keras_cnn.claims import CLAIMS
        >>> settings_of(CLAIMS[:1], quick=True, changes={"steps": "50"})[1]["steps"]
        50
    """
    claims = list(claims)
    if seeds is not None:
        check_count("seeds", seeds, min_value=MIN_SEEDS)
    known = {name for claim in claims for name in claim.settings}
    _check_names(changes or {}, known)
    found = {}
    for claim in claims:
        settings = _preset(claim, quick)
        if seeds is not None:
            settings["seeds"] = seeds
        for name, text in (changes or {}).items():
            if name in settings:
                settings[name] = _parsed(name, text, claim.settings[name])
        found[claim.id] = settings
    return found


def run(
    claim: Claim,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = lambda share: None,
) -> Result:
    """Runs one experiment and judges it.

    Args:
        claim: What to run.
        settings: Settings that differ from `claim.settings`; `claim.quick` gives a look
            within a minute. Defaults to None: the full run, minutes.
        progress: Called with the share that is done, from 0 to 1.

    Raises:
        InputError: If the claim has no such setting, or a value breaks its rule.

    Example:
        >>> from keras_cnn.claims import find_claim
        >>> result = run(find_claim("dense-layer"), {"seeds": 5})
        >>> result.verdict.ruling
        'holds'
    """
    settings = settings or {}
    _check_names(settings, claim.settings)
    for name, value in settings.items():
        _check_value(name, value, claim.settings[name])
    settings = {**claim.settings, **settings}
    begin = time.perf_counter()
    measured = claim.measure(settings, progress)
    seconds = time.perf_counter() - begin
    return Result(claim, settings, measured, claim.verdict(measured), seconds)


def _preset(claim: Claim, quick: bool) -> dict[str, Any]:
    return {**claim.settings, **(claim.quick if quick else {})}


def _check_names(names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(
                f"`set` must name a setting of the claim: {', '.join(sorted(known))}. "
                f"Received: set={name!r}.{did_you_mean(name, known)}"
            )


def _parsed(name: str, text: str, like: Any) -> Any:
    """Reads a value of the kind that the setting has."""
    try:
        value = type(like)(text)
    except ValueError:
        kind = "a whole number" if isinstance(like, int) else "a number"
        raise InputError(
            f"`{name}` must be {kind}. Received: {name}={text!r}."
        ) from None
    _check_value(name, value, like)
    return value


def _check_value(name: str, value: Any, like: Any) -> None:
    if isinstance(like, int):
        check_count(name, value, min_value=MIN_SEEDS if name == "seeds" else 1)
    elif isinstance(like, float):
        check_positive(name, value)

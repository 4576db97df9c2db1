"""From suspicions, a training and tried remedies to findings in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .findings import Attempt, Finding, Severity, Verdict
from .rules.rule import Hit, Suspicion, Symptom
from .thresholds import (
    AS_GOOD,
    CHANCE,
    EFFECT,
    FAILED,
    FAINT,
    GAIN,
    GOOD,
    HARMED,
    HELPED,
    LIKELY,
    LOOKS,
    RESTORED,
    SEEN_SHARE,
    STILL_RISING,
    SUPPOSED,
    UNTRIED,
)


@dataclass(frozen=True)
class Case:
    """What is known of a training when it is judged.

    Attributes:
        skill: What it reached.
        attainable: The best that a remedied copy or a reference learner reached.
        finite: Whether it stayed finite, and Keras raised nothing.
        raised: Whether Keras raised something.
        complete: Whether all planned updates were taken.
        share: The share of the planned updates that was taken.
        history: Skill at some updates: pairs of updates done and skill.
        scored: Whether skill is read from predictions, not from the loss alone.
        decided: Whether a reference learner can say that no more is attainable.
        tried: Whether every remedy that had to be tried was, for all its updates.
    """

    skill: float
    attainable: float
    finite: bool
    complete: bool
    share: float = 1.0
    history: tuple[tuple[int, float], ...] = ()
    scored: bool = True
    decided: bool = True
    tried: bool = True
    raised: bool = False

    @property
    def expected(self) -> float:
        """The skill to expect after all planned updates.

        Of a training that was cut short, what it had learned when it was stopped and
        what it would add if it went on as in its last half, and better.
        """
        if self.complete:
            return self.skill
        half = [skill for updates, skill in self.history if updates <= self._stop / 2]
        if not half or self.share < SEEN_SHARE.value:
            return 1.0
        doublings = float(np.log2(1 / self.share))
        rise = max(self.skill - half[-1], 0.0) * STILL_RISING.value
        return float(min(self.skill + rise * doublings, 1.0))

    @property
    def _stop(self) -> int:
        return self.history[-1][0] if self.history else 0

    @property
    def good(self) -> bool:
        """Whether there is nothing to look for."""
        return self.finite and self.scored and self.skill >= GOOD.value

    @property
    def reached(self) -> float:
        """The share of what is attainable that is to be expected."""
        return self.expected / self.attainable if self.attainable > 0 else 1.0

    @property
    def missing(self) -> float:
        """What is attainable and was not reached."""
        return max(self.attainable - self.skill, 1e-9)

    @property
    def harmed(self) -> bool:
        """Whether a visible mistake is to be blamed."""
        return not self.finite or self.chance or self.reached < HARMED.value

    @property
    def chance(self) -> bool:
        """Whether nothing was learned."""
        return self.scored and self.expected < CHANCE.value

    @property
    def failed(self) -> bool:
        """Whether something is to be blamed even if no mistake is visible."""
        if not self.finite:
            return True
        if self.chance:  # of what?
            return self.attainable >= CHANCE.value
        return self.reached < FAILED.value


def credits(attempts: Sequence[Attempt]) -> dict[str, float]:
    """Returns by code how much skill its remedy added: alone, or beside another.

    Of two remedies tried together each is credited with what the other alone lacks.
    """
    tried = [one for one in attempts if not one.error]
    alone: dict[str, float] = {}
    for one in tried:
        if len(one.codes) == 1:
            (code,) = one.codes
            alone[code] = max(one.after, alone.get(code, one.after))
    before = tried[0].before if tried else 0.0
    credit = {code: after - before for code, after in alone.items()}
    for one in tried:
        if len(one.codes) == 2:
            for mine, other in zip(one.codes, reversed(one.codes), strict=True):
                added = one.after - max(alone.get(other, before), before)
                credit[mine] = max(credit.get(mine, added), added)
    return credit


def judge(
    case: Case,
    suspicions: Sequence[Suspicion],
    attempts: Sequence[Attempt],
    symptoms: Sequence[Symptom],
) -> list[Finding]:
    """Returns the findings, the most likely cause first.

    Args:
        case: What is known.
        suspicions: What may be wrong.
        attempts: Remedies that were tried.
        symptoms: What the training showed.
    """
    best = {
        one.codes[0]: one
        for one in sorted(attempts, key=lambda attempt: attempt.after)
        if len(one.codes) == 1
    }
    credit = credits(attempts)

    def order(finding: Finding) -> tuple[bool, float, float]:
        # Of two that only help together, the one that helps more alone comes first.
        alone = best[finding.code].after if finding.code in best else 0.0
        return finding.counts, finding.confidence, alone

    findings: dict[str, Finding] = {}
    for one in suspicions:
        effect = credit[one.code] / case.missing if one.code in credit else None
        finding = replace(
            one.finding(),
            severity=_severity(one, effect, best.get(one.code), case),
            confidence=_confidence(one, effect),
            where=_places(one.code, suspicions),
        )
        known = findings.get(one.code)
        if known is None or order(finding) > order(known):
            findings[one.code] = finding
    ranked = sorted(findings.values(), key=order, reverse=True)
    if case.failed and not any(one.counts for one in ranked):
        ranked = _likeliest(ranked, credit)
    # What was merely tried and is not the cause is told with the attempts alone.
    visible = {one.code for one in suspicions if isinstance(one, Hit)}
    causes = [
        _with_trial(one, attempts)
        for one in ranked
        if one.counts or one.code in visible
    ]
    unexplained = case.failed and not any(one.counts for one in causes)
    shown = [one.finding() for one in symptoms]
    if not unexplained:
        shown = [replace(one, severity="note") for one in shown]
    return sorted([*causes, *shown], key=lambda one: not one.counts)


def verdict(case: Case, findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """Returns the verdict, and why nothing can be said where that is it."""
    if any(finding.counts for finding in findings):
        return "faulty", ""
    if case.good:
        return "healthy", ""
    if not case.complete:
        return "undecided", "too little of the planned training fitted the budget"
    if not case.scored:
        learned = case.skill >= CHANCE.value and case.tried
        said = "only the model's own loss could be looked at, and it hardly fell"
        return ("healthy", "") if learned else ("undecided", said)
    if case.skill >= HARMED.value:
        return "healthy", ""
    if not case.tried:
        return "undecided", "not every remedy could be tried within the budget"
    if case.skill < CHANCE.value:
        return "undecided", "nothing was learned, and no remedy that was tried helped"
    if case.skill >= FAILED.value or case.decided:
        return "healthy", ""
    return "undecided", (
        "little was learned, and no reference learner can tell whether more is "
        "attainable"
    )


def _places(code: str, suspicions: Sequence[Suspicion]) -> str:
    """Returns each place at which a fault is seen."""
    seen = [one for one in suspicions if one.code == code]
    hits = [one for one in seen if isinstance(one, Hit)]
    return ", ".join(dict.fromkeys(one.where for one in hits or seen))


def _likeliest(findings: list[Finding], credit: dict[str, float]) -> list[Finding]:
    """Promotes what helped at all, where nothing helped enough to be certain."""
    return [
        replace(one, severity="warning")
        if credit.get(one.code, 0) > CHANCE.value
        else one
        for one in findings
    ]


def _severity(
    one: Suspicion, effect: float | None, best: Attempt | None, case: Case
) -> Severity:
    severity = one.finding().severity
    if severity == "note" or (isinstance(one, Hit) and one.proven):
        return severity
    if case.raised and one.sureness < LIKELY.value:
        return "note"  # what only slows learning raises no error
    worst: Severity = "error" if case.chance or not case.finite else "warning"
    if not isinstance(one, Hit):
        restored = effect is not None and effect >= RESTORED.value
        return worst if case.failed and restored else "note"
    if one.irreparable:
        return "note" if case.good or not case.complete else worst
    plain = one.sureness >= LIKELY.value or case.harmed
    if plain and _cures(best, case):
        return worst
    useless = effect is not None and effect < HELPED.value and not case.failed
    return worst if case.harmed and not useless else "note"


def _cures(attempt: Attempt | None, case: Case) -> bool:
    """Whether a remedy halved what was wrong, by more than chance would."""
    if attempt is None or not attempt.restored:
        return False
    gained = attempt.after - case.expected
    return gained > GAIN.value and gained > (1 - case.expected) * RESTORED.value


def _confidence(one: Suspicion, effect: float | None) -> float:
    """Returns how likely a suspicion is the cause: by its remedy and by its looks."""
    looks = one.sureness
    if isinstance(one, Hit):
        if one.proven:
            return looks
    else:
        looks *= SUPPOSED.value
    if effect is None:
        weight = UNTRIED.value * looks
    else:
        weight = LOOKS.value * looks + EFFECT.value * min(max(effect, -0.5), 1.0)
    return round(min(max(weight, FAINT.value), 1.0), 2)


def _with_trial(finding: Finding, attempts: Sequence[Attempt]) -> Finding:
    """Returns a finding with what its remedy did, alone or beside another."""
    mine = [one for one in attempts if finding.code in one.codes]
    if not mine:
        return finding
    # What it did alone, unless it helps beside another only.
    best = max(mine, key=lambda one: one.after - AS_GOOD.value * (len(one.codes) > 1))
    tried = f"remedied copy: skill {best.before:.2f} -> {best.after:.2f}"
    if best.error:
        tried = f"the remedy was not tried: {best.error}"
    elif len(best.codes) > 1:
        (other,) = [code for code in best.codes if code != finding.code]
        tried = f"{tried}, with the remedy of {other} as well"
    evidence = f"{finding.evidence}; {tried}" if finding.evidence else tried
    change = best.changes[best.codes.index(finding.code)]
    return replace(finding, evidence=evidence, remedy=change)

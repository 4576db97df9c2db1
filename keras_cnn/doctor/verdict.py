"""From suspicions, a training and tried remedies to findings in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .findings import Attempt, Finding, Severity
from .rules.rule import Suspect
from .rules.thresholds import CHANCE, FAILED, GAIN, HARMED, HELPED, RESTORED

# Between the codes of two remedies that were tried together.
TOGETHER = " + "
# How much a suspicion's looks weigh beside what its remedy did, which is the better
# evidence where there is any; what was never visible looks less like a mistake. They
# order causes, and decide nothing else.
_LOOKS, _EFFECT = 0.55, 0.45
_UNTRIED = 0.6
_INVISIBLE = 0.7


@dataclass(frozen=True)
class Case:
    """What is known of a program when it is judged.

    Attributes:
        skill: What the short training reached.
        attainable: The best that a remedied copy or a reference learner reached.
        finite: Whether the training stayed finite.
        complete: Whether all planned updates were taken.
        learnable: What a reference learner reached on data not shown; None if untold.
    """

    skill: float
    attainable: float
    finite: bool
    complete: bool
    learnable: float | None

    @property
    def reached(self) -> float:
        """The share of what is attainable that was reached."""
        return self.skill / max(self.attainable, 1e-9)

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
        return self.complete and self.skill < CHANCE.value

    @property
    def failed(self) -> bool:
        """Whether something is to be blamed even if no mistake is visible."""
        return not self.finite or self.chance or self.reached < FAILED.value


def credits(attempts: Sequence[Attempt]) -> dict[str, float]:
    """Returns by code how much skill its remedy added: alone, or beside another.

    Of two remedies tried together each is credited with what the other alone lacks.
    """
    alone: dict[str, float] = {}
    for one in attempts:
        if TOGETHER not in one.code:
            alone[one.code] = max(one.after, alone.get(one.code, one.after))
    before = attempts[0].before if attempts else 0.0
    credit = {code: after - before for code, after in alone.items()}
    for one in attempts:
        codes = one.code.split(TOGETHER)
        for mine, other in zip(codes, reversed(codes), strict=True):
            if len(codes) == 2:
                added = one.after - max(alone.get(other, before), before)
                credit[mine] = max(credit.get(mine, added), added)
    return credit


def judge(
    case: Case,
    suspects: Sequence[Suspect],
    attempts: Sequence[Attempt],
    seen: Sequence[Suspect],
) -> list[Finding]:
    """Returns the findings, the most likely cause first.

    Args:
        case: What is known.
        suspects: Suspicions, each with a fault's code.
        attempts: Remedies that were tried.
        seen: Symptoms of the training.
    """
    best = {one.code: one for one in sorted(attempts, key=lambda one: one.after)}
    credit = credits(attempts)
    ranked: dict[str, tuple[float, Finding]] = {}
    for one in suspects:
        code = one.finding.code
        effect = credit[code] / case.missing if code in credit else None
        severity = _severity(one, effect, _cured(best.get(code)), case)
        weight = _weight(one, effect)
        finding = replace(
            one.finding,
            severity=severity,
            confidence=round(min(max(weight, 0.05), 1.0), 2),
            where=_places(code, suspects),
            evidence=_with_trial(one.finding.evidence, best.get(code)),
        )
        order = weight + (severity != "note") * 10
        if code not in ranked or order > ranked[code][0]:
            ranked[code] = (order, finding)
    findings = [one for _, one in sorted(ranked.values(), key=lambda one: -one[0])]
    if case.failed and not any(one.counts for one in findings):
        findings = _likeliest(findings, credit)
    # What was merely tried and is no cause is told with the attempts, not as a fault.
    visible = {one.finding.code for one in suspects if one.visible}
    findings = [one for one in findings if one.counts or one.code in visible]
    alone = case.failed and not any(one.counts for one in findings)
    findings += [
        replace(one.finding, severity=one.finding.severity if alone else "note")
        for one in seen
    ]
    return sorted(findings, key=lambda one: not one.counts)


def _places(code: str, suspects: Sequence[Suspect]) -> str:
    """Returns each place at which a fault is seen."""
    places = [one.finding.where for one in suspects if one.finding.code == code]
    return ", ".join(dict.fromkeys(places))


def _likeliest(findings: list[Finding], credit: dict[str, float]) -> list[Finding]:
    """Promotes what helped at all, where nothing helped enough to be certain."""
    return [
        replace(one, severity="warning")
        if credit.get(one.code, 0) > CHANCE.value
        else one
        for one in findings
    ]


def _cured(attempt: Attempt | None) -> bool:
    """Whether a remedy halved what was wrong, by more than chance would."""
    if attempt is None:
        return False
    return attempt.restored and attempt.after - attempt.before > GAIN.value


def _severity(one: Suspect, effect: float | None, cured: bool, case: Case) -> Severity:
    worst: Severity = "error" if case.chance or not case.finite else "warning"
    if one.certain:
        return one.finding.severity
    if one.finding.severity == "note":
        return "note"
    restored = effect is not None and effect >= RESTORED.value
    if one.visible:
        useless = effect is not None and effect < HELPED.value and not case.failed
        return worst if cured or (case.harmed and not useless) else "note"
    return worst if case.failed and restored else "note"


def _weight(one: Suspect, effect: float | None) -> float:
    """Returns how likely a suspicion is the cause: by its remedy and by its looks."""
    if one.certain:
        return one.finding.confidence
    looks = one.finding.confidence * (1.0 if one.visible else _INVISIBLE)
    if effect is None:
        return _UNTRIED * looks
    return _LOOKS * looks + _EFFECT * min(max(effect, -0.5), 1.0)


def _with_trial(evidence: str, attempt: Attempt | None) -> str:
    if attempt is None:
        return evidence
    tried = f"remedied copy: skill {attempt.before:.2f} -> {attempt.after:.2f}"
    return f"{evidence}; {tried}" if evidence else tried

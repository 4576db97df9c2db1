"""A suspicion: a finding before it is known whether it does harm in this run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..findings import Finding, Severity
from ..trials.trial import Setting
from .thresholds import Threshold

Apply = Callable[[Setting], Setting]


@dataclass(frozen=True)
class Suspect:
    """Something that may be wrong.

    Attributes:
        finding: What is said of it, with the confidence that it is a fault at all.
        visible: Whether it is a mistake to be seen in program or data, as opposed to
            something that may be tried when nothing else explains a failure.
        certain: Whether it forbids learning, however the run looks.
        apply: Its remedy; None where there is none to try.
    """

    finding: Finding
    visible: bool = True
    certain: bool = False
    apply: Apply | None = None


def suspect(
    code: str,
    where: str,
    evidence: str,
    effect: str,
    remedy: str,
    *,
    threshold: Threshold | str = "none: it follows from what the layers compute",
    severity: Severity = "warning",
    confidence: float = 0.8,
    visible: bool = True,
    certain: bool = False,
    apply: Apply | None = None,
) -> Suspect:
    """Returns a suspicion, its finding written from the parts."""
    finding = Finding(
        code,
        severity,
        confidence,
        where,
        evidence,
        str(threshold),
        effect,
        remedy,
    )
    return Suspect(finding, visible, certain, apply)

"""What a rule is: an entry of the table, and what it yields when it looks.

Three things are told apart. A `Hit` is a mistake that can be seen in a program or its
data. A `Hypothesis` is something worth trying when nothing else explains a failure. A
`Symptom` is what a training shows, whatever causes it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..findings import Finding, Severity
from ..thresholds import LIKELY, Threshold
from ..trials.config import Remedy

# What a rule's check is given: of the first four a `Program`; of `trained` and
# `samples` what is known after a training (`Learned`), without and with what a
# reference learner says; of `training` what it showed (`Observed`), and of `units` a
# `Snapshot`. The last two yield symptoms.
Group = Literal[
    "data",
    "outputs",
    "layers",
    "arguments",
    "trained",
    "samples",
    "training",
    "units",
]
# The groups that look before training.
STATIC: tuple[Group, ...] = ("data", "outputs", "layers", "arguments")
Check = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Rule:
    """An entry of the table of rules.

    Attributes:
        code: A stable name, such as `lr-too-high`.
        group: What it looks at.
        severity: Of what it finds, where that does harm.
        confidence: How sure it is before anything is tried.
        meaning: What is wrong, in one sentence.
        looks: How it shows while training.
        harms: Why it harms.
        change: What to change, as code.
        claim: The claim of the article whose experiment shows it, as
            `docs/claims.md` calls it; empty without.
        sources: Where to read on, as Markdown, one a line.
        thresholds: The numbers that it decides by.
    """

    code: str
    group: Group
    severity: Severity
    confidence: Threshold
    meaning: str
    looks: str
    harms: str
    change: str
    claim: str
    sources: str
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What a rule yields: where it found what; the rest is the rule's, unless said.

    Attributes:
        where: The layer or argument at fault.
        evidence: What was measured, in numbers.
        change: What to change, as code.
        threshold: What it was held against.
        severity: Other than the rule's.
        confidence: Other than the rule's.
        harms: Other than the rule's.
        rule: Filled in by the table.
    """

    where: str
    evidence: str
    change: str = ""
    threshold: Threshold | None = None
    severity: Severity | None = None
    confidence: Threshold | None = None
    harms: str = ""
    rule: Rule | None = None

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.of.code

    @property
    def of(self) -> Rule:
        """The rule that yielded it."""
        if self.rule is None:
            raise RuntimeError("A sign must come from a rule of the table.")
        return self.rule

    @property
    def sureness(self) -> float:
        """How sure the rule is, in [0, 1], before anything is tried."""
        return (self.confidence or self.of.confidence).value

    def finding(self) -> Finding:
        """Returns what is said of it."""
        return Finding(
            code=self.code,
            severity=self.severity or self.of.severity,
            confidence=self.sureness,
            where=self.where,
            evidence=self.evidence,
            threshold=str(self.threshold or "none; it follows from the definitions"),
            effect=self.harms or self.of.harms,
            remedy=self.change or self.of.change,
        )


@dataclass(frozen=True, kw_only=True)
class Hit(Sign):
    """A mistake that can be seen in a program, its data, or what became of them.

    Attributes:
        proven: Whether it is a fault whatever a training shows.
        irreparable: Whether no remedy can give back what is lost, so that none can
            tell how much better a training might be.
        remedy: What to try on a copy; None where nothing can be tried.
    """

    proven: bool = False
    irreparable: bool = False
    remedy: Remedy | None = None


@dataclass(frozen=True, kw_only=True)
class Hypothesis(Sign):
    """Something to try when no mistake that can be seen explains a failure.

    Attributes:
        remedy: What to try on a copy.
    """

    remedy: Remedy


@dataclass(frozen=True, kw_only=True)
class Symptom(Sign):
    """What a training shows, whatever causes it."""


Suspicion = Hit | Hypothesis

# Every rule by its code, and what looks for it: group, code and function. Both are in
# the order of the files that define them.
RULES: dict[str, Rule] = {}
_CHECKS: list[tuple[Group, str, Check]] = []

_SECTION = re.compile(r"^(Looks|Harms|Change|Claim|Sources):\s*", re.MULTILINE)


def rule(
    code: str,
    *,
    group: Group,
    severity: Severity = "warning",
    confidence: Threshold = LIKELY,
) -> Callable[[Check], Check]:
    """Enters a function into the table as a rule, with its docstring as what it says.

    The docstring begins with a sentence on what is wrong, and goes on with sections
    `Looks:`, `Harms:`, `Change:` (code) and perhaps `Claim:` and `Sources:`.

    Args:
        code: Its name.
        group: What it looks at.
        severity: Of what it finds. Defaults to `"warning"`.
        confidence: How sure it is before anything is tried. Defaults to `LIKELY`.
    """

    def enter(check: Check) -> Check:
        meaning, sections = _read(inspect.getdoc(check) or "")
        RULES[code] = Rule(
            code,
            group,
            severity,
            confidence,
            meaning,
            **sections,
            thresholds=tuple(_thresholds_of(inspect.unwrap(check))),
        )
        return also(code, group=group)(check)

    return enter


def also(code: str, *, group: Group) -> Callable[[Check], Check]:
    """Enters a function as one more way to look for what a rule is about.

    Args:
        code: The rule's.
        group: What this function looks at.
    """

    def enter(check: Check) -> Check:
        _CHECKS.append((group, code, check))
        return check

    return enter


def check_groups(groups: Collection[Group], *arguments: Any) -> Iterator[Any]:
    """Yields the signs that the rules of some groups see, in the table's order."""
    for group, code, check in _CHECKS:
        if group in groups:
            for sign in check(*arguments):
                yield replace(sign, rule=RULES[code])


def _read(text: str) -> tuple[str, dict[str, str]]:
    """Returns the opening sentence of a docstring, and its sections."""
    meaning, *parts = _SECTION.split(text)
    sections = dict.fromkeys(("looks", "harms", "change", "claim", "sources"), "")
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = inspect.cleandoc(body).strip()
        prose = name in ("Looks", "Harms")
        sections[name.lower()] = " ".join(lines.split()) if prose else lines
    return " ".join(meaning.split()), sections


def _thresholds_of(check: Any, seen: frozenset[str] = frozenset()) -> list[Threshold]:
    """Returns the thresholds that a function names, and those of its own helpers."""
    found: list[Threshold] = []
    for name in check.__code__.co_names:
        value = check.__globals__.get(name)
        if isinstance(value, Threshold):
            found.append(value)
        elif inspect.isfunction(value) and name.startswith("_") and name not in seen:
            found += _thresholds_of(inspect.unwrap(value), seen | {name})
    return list(dict.fromkeys(found))

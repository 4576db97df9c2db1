"""What the doctor says: findings, and the diagnosis that they make up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Severity = Literal["note", "warning", "error"]
Verdict = Literal["healthy", "faulty", "undecided"]

# Codes as they were spelled before, by what they are called now; for one release.
FORMER_CODES = {
    "unnormalized-input": "unnormalised-input",
    "unnormalized-target": "unnormalised-target",
}


@dataclass(frozen=True)
class Finding:
    """One fault or symptom, with what it rests on.

    Attributes:
        code: A stable name, such as `lr-too-high`.
        severity: `note` harms nothing here, `warning` slows or limits learning,
            `error` forbids it.
        confidence: How sure the doctor is, in [0, 1].
        where: The layer or argument at fault.
        evidence: What was measured, in numbers.
        threshold: What it was held against, and where that number comes from.
        effect: What it does to training, in one sentence.
        remedy: What to change, as code.
    """

    code: str
    severity: Severity
    confidence: float
    where: str
    evidence: str
    threshold: str
    effect: str
    remedy: str

    @property
    def counts(self) -> bool:
        """Whether the finding is more than a note."""
        return self.severity != "note"


@dataclass(frozen=True)
class Attempt:
    """A remedy, or two together, tried on a copy, and what came of it.

    Attributes:
        codes: The faults that it would remedy.
        changes: The changes, as code, one for each of them.
        before: Skill without it: 0 is a constant answer, 1 is perfect.
        after: Skill with it, after as many updates.
        restored: Whether it made up most of what was missing.
        complete: Whether it took as many updates as it was to take.
        error: Why it was not tried, or what Keras raised; empty where it was tried.
    """

    codes: tuple[str, ...]
    changes: tuple[str, ...]
    before: float
    after: float
    restored: bool
    complete: bool = True
    error: str = ""
    # What was applied; `repair` applies it again. Not kept in a pickle.
    _remedies: tuple[Callable[[Any], Any], ...] = field(
        default=(), repr=False, compare=False
    )

    def __getstate__(self) -> dict[str, Any]:
        """Returns all but the remedies, which are functions."""
        return self.__dict__ | {"_remedies": ()}


@dataclass(frozen=True)
class LayerHealth:
    """One layer on the probe batch at one moment of training.

    Attributes:
        layer: Its name.
        mean: Mean of its outputs.
        spread: Their standard deviation.
        zero: The share of outputs that are exactly zero, in [0, 1].
        dead: The share of units that are zero on the whole probe, in [0, 1].
        saturated: The share of outputs at the flat ends of a bounded activation.
        gradient: Norm of the gradient of its weights; None if it has none.
        gradient_zero: The share of that gradient that is exactly zero.
        update_ratio: Norm of the last update over the norm of the weights, if known.
    """

    layer: str
    mean: float
    spread: float
    zero: float
    dead: float
    saturated: float
    gradient: float | None = None
    gradient_zero: float | None = None
    update_ratio: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """All layers at one moment of training.

    Attributes:
        step: Updates done so far.
        loss: The loss on the probe batch.
        layers: One record a layer, in the order of the data's way through.
        gradient_ratio: The first gradient norm over the last.
        gradient: Norm of the gradient of all weights.
    """

    step: int
    loss: float
    layers: tuple[LayerHealth, ...]
    gradient_ratio: float | None
    gradient: float = 0.0


@dataclass(frozen=True)
class Histogram:
    """Counts of one layer's activations or gradients on the probe batch.

    Attributes:
        layer: Its name.
        what: Which of the two.
        edges: Of the bins, one more than there are counts.
        counts: Of the values in each bin.
    """

    layer: str
    what: Literal["activations", "gradients"]
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a training program.

    Attributes:
        verdict: "healthy", "faulty", or "undecided" where nothing can be said.
        reason: Why it is undecided, and what would tell; empty otherwise.
        findings: The most likely cause first.
        skill: What the short training reached: 0 is a constant answer, 1 is perfect.
            Where no output can be scored, the share by which the loss fell.
        attainable: The best skill that a remedied copy or a reference learner reached.
        updates: Updates that the short training took.
        planned: Updates that the user plans.
        losses: The training loss of each of them.
        snapshots: Health by layer over time.
        histograms: Activations and gradients at the end.
        attempts: Remedies that were tried, the most successful first.
        seconds: What the diagnosis took.
        trained: Whether the model had been trained before, so that what was diagnosed
            is how it goes on; `fresh=True` begins anew.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    skill: float
    attainable: float
    updates: int
    planned: int
    losses: tuple[float, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    seconds: float = 0.0
    trained: bool = False
    reason: str = ""

    @property
    def healthy(self) -> bool:
        """Whether the verdict is "healthy"."""
        return self.verdict == "healthy"

    def find(self, code: str) -> Finding | None:
        """Returns the finding with a code, or with what was its code before."""
        for finding in self.findings:
            if code in (finding.code, FORMER_CODES.get(finding.code)):
                return finding
        return None

    def _repr_html_(self) -> str:
        """Returns verdict and findings, as a notebook shows them."""
        from .._html import element, join, table

        rows = [
            (one.severity, one.code, one.where, one.evidence, one.remedy)
            for one in self.findings
        ]
        heads = ("severity", "code", "where", "evidence", "change")
        skill = f" Skill {self.skill:.2f} of an attainable {self.attainable:.2f}. "
        said = element("p", element("b", self.verdict), skill, self.reason)
        return join([said, table(heads, rows)] if rows else [said])

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON's types, without NaN or infinities."""
        content: dict[str, Any] = {"healthy": self.healthy} | _plain(self)
        for finding in content["findings"]:
            finding["explain"] = f"keras-cnn diagnose --explain {finding['code']}"
            if finding["code"] in FORMER_CODES:
                finding["former_code"] = FORMER_CODES[finding["code"]]
        return content


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        names = [one.name for one in fields(value) if not one.name.startswith("_")]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value - value != 0:  # NaN or infinite
        return None
    return value

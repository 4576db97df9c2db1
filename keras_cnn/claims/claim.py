"""A claim, what is measured about it, and how a verdict follows from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from .statistics import Comparison, Estimate

Outcome = Literal["yes", "no", "undecided"]
Ruling = Literal["holds", "holds with a correction", "does not hold", "undecided"]
Settings = Mapping[str, Any]
Progress = Callable[[float], None]

# The least number of seeds of which an interval is worth its name.
LEAST_SEEDS = 5


@dataclass(frozen=True)
class Measurements:
    """What an experiment measured; the verdict follows from it and nothing else.

    Attributes:
        arms: (seeds,) by name: one number for each seed, paired across arms.
        curves: Arrays for the picture, of any shape.
        data: Which data they were taken on.
        notes: What else a reader should see, such as what the doctor said.
    """

    arms: Mapping[str, npt.NDArray[np.float64]]
    curves: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    data: str = ""
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        """Returns an arm's numbers, one a seed."""
        return self.arms[name]

    def group(self, prefix: str) -> dict[str, npt.NDArray[np.float64]]:
        """Returns the arms named `prefix/...`, by what follows the slash."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): values
            for name, values in self.arms.items()
            if name.startswith(start)
        }

    @property
    def seeds(self) -> int:
        """How many seeds were run."""
        return len(next(iter(self.arms.values())))


def arms_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[np.float64]]:
    """Turns one row of named numbers a seed into one array of seeds a name.

    Example:
        >>> {name: one.tolist() for name, one in arms_of([{"a": 1}, {"a": 2}]).items()}
        {'a': [1.0, 2.0]}
    """
    return {name: np.array([row[name] for row in rows], float) for name in rows[0]}


@dataclass(frozen=True)
class Part:
    """One statement of a claim, and the effect that decides it.

    It is true if the whole interval lies within [`least`, `most`], false if all of it
    lies outside on one side, and undecided if it reaches across a bound.

    Attributes:
        statement: What is said, in one sentence.
        effect: What was measured, with its unit.
        found: The effect, with its interval.
        least: The smallest effect at which the statement is true.
        most: The largest one.
        correction: What is true instead, if the statement is not.
        refutes: Whether the claim falls with this statement; otherwise it only needs
            the correction.
    """

    statement: str
    effect: str
    found: Estimate
    least: float = -np.inf
    most: float = np.inf
    correction: str = ""
    refutes: bool = True

    @property
    def outcome(self) -> Outcome:
        """Whether the statement is true, by the interval."""
        if self.least <= self.found.low and self.found.high <= self.most:
            return "yes"
        if self.found.high < self.least or self.found.low > self.most:
            return "no"
        return "undecided"

    @property
    def rule(self) -> str:
        """The bound that the effect is held against, in words."""
        if np.isinf(self.most):
            return f"at least {self.least:g}"
        if np.isinf(self.least):
            return f"at most {self.most:g}"
        return f"from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Verdict:
    """What became of a claim, statement by statement; the first one is its effect."""

    parts: tuple[Part, ...]

    @property
    def ruling(self) -> Ruling:
        """The verdict.

        A claim falls with any statement that refutes it, and stands if all of them are
        true: as it is, or with a correction where another statement is not.
        """
        core = [part.outcome for part in self.parts if part.refutes]
        rest = [part.outcome for part in self.parts if not part.refutes]
        if "no" in core:
            return "does not hold"
        if "undecided" in core:
            return "undecided"
        if "no" in rest:
            return "holds with a correction"
        return "undecided" if "undecided" in rest else "holds"

    @property
    def correction(self) -> str:
        """What is true instead of the statements that are not."""
        wrong = [part.correction for part in self.parts if part.outcome == "no"]
        return " ".join(sentence for sentence in wrong if sentence)

    @property
    def headline(self) -> Part:
        """The statement whose effect stands for the claim."""
        return self.parts[0]


@dataclass(frozen=True)
class Claim:
    """One claim of the article as an experiment.

    Attributes:
        id: 1 to 16.
        title: A short name.
        section: Where in the article it stands.
        statement: The claim, in our words.
        refuted_by: What would refute it.
        method: What is done: data, network, what is measured.
        settings: What a reader may set, with the full run's values; `seeds` among them.
        quick: The values that differ in a quick run.
        measure: Runs the experiment; calls back with the share that is done.
        judge: Returns the statements with their effects, from measurements alone.
        draw: Draws the measurements on a figure.
        compare: Compares arms with a base arm, where many compete.
    """

    id: int
    title: str
    section: str
    statement: str
    refuted_by: str
    method: str
    settings: Settings
    quick: Settings
    measure: Callable[[Settings, Progress], Measurements]
    judge: Callable[[Measurements], tuple[Part, ...]]
    draw: Callable[[Measurements, Figure], None]
    compare: Callable[[Measurements], Sequence[Comparison]] = lambda _: ()

    @property
    def slug(self) -> str:
        """The title as it stands in file names, links and commands."""
        return self.title.lower().replace(" ", "-")

    def verdict(self, measurements: Measurements) -> Verdict:
        """Returns the verdict on some measurements, real or made up."""
        return Verdict(self.judge(measurements))

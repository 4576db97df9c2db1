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

# The smallest number of seeds at which an interval is worth its name.
MIN_SEEDS = 5


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
        """Returns the arms named `prefix/...`, by what follows the slash.

        Raises:
            KeyError: If there is none.
        """
        start = f"{prefix}/"
        arms = {
            name.removeprefix(start): values
            for name, values in self.arms.items()
            if name.startswith(start)
        }
        if not arms:
            raise KeyError(start)
        return arms

    @property
    def seeds(self) -> int:
        """How many seeds were run."""
        return len(next(iter(self.arms.values())))


def arms_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[np.float64]]:
    """Turns one row of named numbers a seed into one array of seeds a name.

    Example:
        >>> arms_of([{"a": 1}, {"a": 2}])["a"].tolist()
        [1.0, 2.0]
    """
    return {name: np.array([row[name] for row in rows], float) for name in rows[0]}


@dataclass(frozen=True)
class Statement:
    """One statement of a claim, and the effect that decides it.

    It is true if the whole interval lies within [`min_value`, `max_value`], false if
    all of it lies outside on one side, and undecided if it reaches across a bound.

    Attributes:
        text: What is said, in one sentence.
        effect: What was measured, with its unit.
        found: The effect, with its interval.
        min_value: The smallest effect at which the statement is true.
        max_value: The largest one.
        correction: What is true instead, if the statement is not.
        refutes: Whether the claim falls with this statement; otherwise it only needs
            the correction.
    """

    text: str
    effect: str
    found: Estimate
    min_value: float = -np.inf
    max_value: float = np.inf
    correction: str = ""
    refutes: bool = True

    @property
    def outcome(self) -> Outcome:
        """Whether the statement is true, by the interval."""
        if self.min_value <= self.found.low and self.found.high <= self.max_value:
            return "yes"
        if self.found.high < self.min_value or self.found.low > self.max_value:
            return "no"
        return "undecided"

    @property
    def rule(self) -> str:
        """The bound that the effect is held against, in words."""
        if np.isinf(self.max_value):
            return f"at least {self.min_value:g}"
        if np.isinf(self.min_value):
            return f"at most {self.max_value:g}"
        return f"from {self.min_value:g} to {self.max_value:g}"


@dataclass(frozen=True)
class Verdict:
    """What became of a claim, statement by statement; the first one is its effect."""

    statements: tuple[Statement, ...]

    @property
    def ruling(self) -> Ruling:
        """The verdict.

        A claim falls with any statement that refutes it, and stands if all of them are
        true: as it is, or with a correction where another statement is not.
        """
        core = [each.outcome for each in self.statements if each.refutes]
        rest = [each.outcome for each in self.statements if not each.refutes]
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
        wrong = [each.correction for each in self.statements if each.outcome == "no"]
        return " ".join(sentence for sentence in wrong if sentence)

    @property
    def headline(self) -> Statement:
        """The statement whose effect stands for the claim."""
        return self.statements[0]


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
    judge: Callable[[Measurements], tuple[Statement, ...]]
    draw: Callable[[Measurements, Figure], None]
    compare: Callable[[Measurements], Sequence[Comparison]] = lambda _: ()

    @property
    def slug(self) -> str:
        """The title as it stands in file names, links and commands."""
        return self.title.lower().replace(" ", "-")

    def verdict(self, measurements: Measurements) -> Verdict:
        """Returns the verdict on some measurements, real or made up."""
        return Verdict(self.judge(measurements))

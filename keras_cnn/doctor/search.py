"""One program under the clock: trained, its remedies tried, and judged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations, product

import keras
import numpy as np
import tensorflow as tf

from .findings import Attempt, Diagnosis, Histogram, Moment
from .program.inputs import Array
from .program.program import Program
from .rules.generalization import check_labels_unrelated, check_overfitting
from .rules.hypotheses import hypotheses
from .rules.rule import Suspect
from .rules.symptoms import symptoms
from .rules.thresholds import GOOD, HARMED
from .trials.baseline import reference_skill
from .trials.copies import copy_model
from .trials.probe import Probe
from .trials.score import skill_of_all
from .trials.trial import Bench, Outcome, Setting
from .verdict import TOGETHER, Case, judge

# Shares of the budget: of the first training, and of all until the last trial begins.
_FIRST = 0.4
_LAST = 0.85
# Of one remedy's trial at most, and of what is then left.
_TRIAL = 0.2
_TRIAL_OF_LEFT = 1 / 3
_PROBE = 64
_MOMENTS = 10

HeldOut = tuple[Sequence[Array], Sequence[Array]]


class Examination:
    """One program under the clock."""

    def __init__(
        self, program: Program, begin: float, budget: float, seed: int
    ) -> None:
        """Copies the model; the clock has run since `begin`, for `budget` seconds."""
        self.program = program
        self._begin = begin
        self._budget = budget
        self._bench = Bench(seed)
        self._seed = seed
        self.setting = first_setting(program)
        self.moments: list[Moment] = []
        self.histograms: tuple[Histogram, ...] = ()

    def verdict(self, suspects: list[Suspect], held_out: HeldOut | None) -> Diagnosis:
        """Trains, tries, and judges; `held_out` has inputs and targets for a check."""
        outcome = self._first()
        # Before other trials use up the copy that was trained.
        elsewhere = self._skill_on(*held_out) if held_out else None
        settled = outcome.skill >= GOOD.value and outcome.finite
        learnable = None
        attempts: list[Attempt] = []
        if not settled:
            learnable = reference_skill(self.program, self._seed)
            suspects = [*suspects, *hypotheses(self.program)]
            attempts = self._try(suspects, outcome, learnable)
        complete = outcome.updates >= self.setting.updates
        best = max([one.after for one in attempts] + [outcome.skill])
        # A learner that had all the time says little about a training cut short.
        attainable = max(best, learnable or 0.0) if complete else best
        case = Case(outcome.skill, attainable, outcome.finite, complete, learnable)
        suspects = [*suspects, *check_labels_unrelated(self.program, case)]
        seen = list(symptoms(self.program, outcome, self.moments))
        findings = judge(case, suspects, attempts, seen)
        if elsewhere is not None:
            lost = check_overfitting(outcome.skill, elsewhere)
            findings += [one.finding for one in lost]
        return Diagnosis(
            findings=tuple(sorted(findings, key=lambda one: not one.counts)),
            skill=outcome.skill,
            attainable=attainable,
            updates=outcome.updates,
            planned=self.setting.updates,
            losses=tuple(map(float, outcome.losses)),
            moments=tuple(self.moments),
            histograms=self.histograms,
            attempts=tuple(sorted(attempts, key=lambda one: -one.after)),
            seconds=time.perf_counter() - self._begin,
        )

    def _left(self) -> float:
        return self._begin + self._budget - time.perf_counter()

    def _first(self) -> Outcome:
        """Trains the program as it is, with a probe in its layers."""
        probes: list[Probe] = []

        def measure(model: keras.Model, step: int) -> None:
            if not probes:
                x, y = (
                    [one[:_PROBE] for one in part]
                    for part in (self.setting.x, self.setting.y)
                )
                packed = self.program.packed_inputs(x), self.program.packed_answers(y)
                probes.append(Probe(model, *packed))
            self.moments.append(probes[0](step))

        outcome = self._bench.run(
            self.setting,
            _FIRST * self._budget,
            each=measure if getattr(self.program.model, "inputs", None) else None,
            moments=_MOMENTS,
        )
        self.histograms = probes[0].histograms() if probes else ()
        return outcome

    def _skill_on(self, x: Sequence[Array], y: Sequence[Array]) -> float:
        """Returns the trained copy's skill on other samples."""
        return skill_of_all(
            self.program.heads,
            y,
            self._bench.answers(self.setting, x),
            self.setting.thresholds,
        )

    def _try(
        self, suspects: Sequence[Suspect], outcome: Outcome, learnable: float | None
    ) -> list[Attempt]:
        """Tries each remedy on a copy, then pairs, the likeliest first.

        Two mistakes may hide each other: then only both remedies together help.
        """
        order = sorted(
            (one for one in suspects if one.apply),
            key=lambda one: (one.visible, one.finding.confidence),
            reverse=True,
        )
        attempts: dict[str, Attempt] = {}
        for one in order:
            self._attempt((one,), outcome, attempts)
        best = max([one.after for one in attempts.values()], default=0.0)
        if best < HARMED.value * max(learnable or 0.0, GOOD.value):
            for pair in _pairs(order):
                self._attempt(pair, outcome, attempts)
        return list(attempts.values())

    def _attempt(
        self,
        suspects: tuple[Suspect, ...],
        outcome: Outcome,
        attempts: dict[str, Attempt],
    ) -> None:
        """Adds what the remedies of some suspicions do together, while time is left."""
        code = TOGETHER.join(one.finding.code for one in suspects)
        change = "\n".join(one.finding.remedy for one in suspects)
        key = f"{code}: {change}"
        late = self._left() < (1 - _LAST) * self._budget
        # The likeliest remedy is tried however slow the machine is: without a trial
        # nothing can be said.
        if key in attempts or (late and attempts):
            return
        known = [one.after for one in attempts.values() if one.change == change]
        after = known[0] if known else self._remedied(suspects)
        if after is not None:
            restored = after - outcome.skill > (1 - outcome.skill) / 2
            attempts[key] = Attempt(code, change, outcome.skill, after, restored)

    def _remedied(self, suspects: tuple[Suspect, ...]) -> float | None:
        try:
            setting = self.setting
            for one in suspects:
                setting = one.apply(setting) if one.apply else setting
            share = min(_TRIAL_OF_LEFT * self._left(), _TRIAL * self._budget)
            seconds = max(0.1, share)
            return self._bench.run(setting, seconds).skill
        # A remedy may not fit a program that is wrong in several ways.
        except (ValueError, TypeError, IndexError, tf.errors.InvalidArgumentError):
            return None


def first_setting(program: Program) -> Setting:
    """Returns the program as it is, on a copy of its model."""
    return Setting(
        model=copy_model(program.model),
        weights=[np.asarray(variable) for variable in program.model.weights],
        x=tuple(program.inputs.values()),
        y=tuple(head.y for head in program.heads),
        losses=tuple(head.given_loss for head in program.heads),
        thresholds=tuple(head.threshold for head in program.heads),
        learning_rate=program.learning_rate,
        batch_size=program.batch_size,
        updates=program.updates,
        program=program,
    )


def _pairs(suspects: Sequence[Suspect]) -> Iterator[tuple[Suspect, Suspect]]:
    """Yields what may hide each other: two visible mistakes, or one and a rate."""
    rates = [one for one in suspects if one.finding.code.startswith("lr-")]
    visible = [one for one in suspects if one.visible and one not in rates]
    longer = [one for one in suspects if one.finding.code == "too-few-updates"]
    pairs = [
        *combinations(visible, 2),
        *product(visible, rates),
        *product(rates, longer),
    ]
    for one, other in pairs:
        if one.finding.remedy != other.finding.remedy:
            yield one, other

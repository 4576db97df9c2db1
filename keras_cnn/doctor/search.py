"""One program under the clock: trained, its remedies tried, and judged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations, product

import keras
import numpy as np
import tensorflow as tf

from .findings import Attempt, Diagnosis, Histogram, Snapshot
from .program.inputs import Array
from .program.program import Program
from .rules import STATIC, check_groups
from .rules.rule import Hit, Suspicion, Symptom
from .rules.samples import Learned
from .rules.symptoms import Observed
from .thresholds import (
    FIRST_SHARE,
    GOOD,
    HARMED,
    LAST_SHARE,
    PROBED,
    SHORTEST_TRIAL,
    SNAPSHOTS,
    TRIAL_SHARE,
    TRIAL_SHARE_OF_LEFT,
)
from .trials.baseline import reference_skill
from .trials.copies import copy_model
from .trials.probe import Probe
from .trials.score import skill_of_all
from .trials.trial import Outcome, Remedy, TrialConfig, TrialRunner
from .verdict import Case, judge

HeldOut = tuple[Sequence[Array], Sequence[Array]]


class Search:
    """The search for what is wrong with one program."""

    def __init__(
        self, program: Program, begin: float, budget: float, seed: int
    ) -> None:
        """Copies the model; the clock has run since `begin`, for `budget` seconds."""
        self.program = program
        self._begin = begin
        self._budget = budget
        self._runner = TrialRunner(seed)
        self._seed = seed
        self.config = first_config(program)
        self.snapshots: list[Snapshot] = []
        self.histograms: tuple[Histogram, ...] = ()

    def diagnosis(self, held_out: HeldOut | None) -> Diagnosis:
        """Trains, tries, and judges; `held_out` has inputs and targets for a check."""
        program = self.program
        suspicions: list[Suspicion] = list(check_groups(STATIC, program))
        outcome = self._first()
        # Before other trials use up the copy that was trained.
        held_out_skill = self._skill_on(*held_out) if held_out else None
        learnable = None
        attempts: list[Attempt] = []
        if outcome.skill < GOOD.value or not outcome.finite:
            learnable = reference_skill(program, self._seed)
            attempts = self._try(suspicions, outcome, learnable)
        complete = outcome.updates >= self.config.updates
        best = max([one.after for one in attempts] + [outcome.skill])
        # A learner that had all the time says little about a training cut short.
        attainable = max(best, learnable or 0.0) if complete else best
        case = Case(outcome.skill, attainable, outcome.finite, complete)
        learned = Learned(
            program,
            outcome.skill,
            learnable,
            held_out[0] if held_out else None,
            held_out_skill,
        )
        suspicions += check_groups({"samples"}, learned)
        findings = judge(case, suspicions, attempts, list(self._symptoms(outcome)))
        return Diagnosis(
            findings=tuple(findings),
            skill=outcome.skill,
            attainable=attainable,
            updates=outcome.updates,
            planned=self.config.updates,
            losses=tuple(map(float, outcome.losses)),
            snapshots=tuple(self.snapshots),
            histograms=self.histograms,
            attempts=tuple(sorted(attempts, key=lambda attempt: -attempt.after)),
            seconds=time.perf_counter() - self._begin,
        )

    def _left(self) -> float:
        return self._begin + self._budget - time.perf_counter()

    def _symptoms(self, outcome: Outcome) -> Iterator[Symptom]:
        yield from check_groups({"training"}, Observed(self.program, outcome))
        if self.snapshots and outcome.finite:
            yield from check_groups({"units"}, self.snapshots[-1])

    def _first(self) -> Outcome:
        """Trains the program as it is, with a probe in its layers."""
        probes: list[Probe] = []
        few = int(PROBED.value)

        def look(model: keras.Model, step: int) -> None:
            if not probes:
                x = self.program.packed_inputs([one[:few] for one in self.config.x])
                y = self.program.packed_outputs([one[:few] for one in self.config.y])
                probes.append(Probe(model, x, y))
            self.snapshots.append(probes[0](step))

        outcome = self._runner.run(
            self.config,
            FIRST_SHARE.value * self._budget,
            look=look if getattr(self.program.model, "inputs", None) else None,
            looks=int(SNAPSHOTS.value),
        )
        self.histograms = probes[0].histograms() if probes else ()
        return outcome

    def _skill_on(self, x: Sequence[Array], y: Sequence[Array]) -> float:
        """Returns the trained copy's skill on other samples."""
        outputs = self._runner.outputs(self.config, x)
        return skill_of_all(self.program.heads, y, outputs, self.config.thresholds)

    def _try(
        self,
        suspicions: Sequence[Suspicion],
        outcome: Outcome,
        learnable: float | None,
    ) -> list[Attempt]:
        """Tries each remedy on a copy, then pairs, the likeliest first.

        Two mistakes may hide each other: then only both remedies together help.
        """
        order = sorted(
            (one for one in suspicions if one.remedy),
            key=lambda one: (isinstance(one, Hit), one.sureness),
            reverse=True,
        )
        attempts: dict[tuple[str, ...], Attempt] = {}
        for one in order:
            self._attempt((one,), outcome, attempts)
        best = max([one.after for one in attempts.values()], default=0.0)
        if best < HARMED.value * max(learnable or 0.0, GOOD.value):
            for pair in _pairs(order):
                self._attempt(pair, outcome, attempts)
        return list(attempts.values())

    def _attempt(
        self,
        suspicions: tuple[Suspicion, ...],
        outcome: Outcome,
        attempts: dict[tuple[str, ...], Attempt],
    ) -> None:
        """Adds what the remedies of some suspicions do together, while time is left."""
        codes = tuple(one.code for one in suspicions)
        changes = tuple(one.finding().remedy for one in suspicions)
        remedies = tuple(one.remedy for one in suspicions if one.remedy)
        late = self._left() < (1 - LAST_SHARE.value) * self._budget
        # The likeliest remedy is tried however slow the machine is: without a trial
        # nothing can be said.
        if codes + changes in attempts or (late and attempts):
            return
        known = [one.after for one in attempts.values() if one.changes == changes]
        after = known[0] if known else self._remedied(remedies)
        if after is not None:
            restored = after - outcome.skill > (1 - outcome.skill) / 2
            attempts[codes + changes] = Attempt(
                codes, changes, outcome.skill, after, restored, remedies
            )

    def _remedied(self, remedies: Sequence[Remedy]) -> float | None:
        try:
            config = self.config
            for remedy in remedies:
                config = remedy(config)
            share = min(
                TRIAL_SHARE_OF_LEFT.value * self._left(),
                TRIAL_SHARE.value * self._budget,
            )
            return self._runner.run(config, max(SHORTEST_TRIAL.value, share)).skill
        # A remedy may not fit a program that is wrong in several ways.
        except (ValueError, TypeError, IndexError, tf.errors.InvalidArgumentError):
            return None


def first_config(program: Program) -> TrialConfig:
    """Returns the program as it is, on a copy of its model."""
    return TrialConfig(
        program=program,
        model=copy_model(program.model),
        weights=[np.asarray(variable) for variable in program.model.weights],
        x=tuple(program.inputs.values()),
        y=tuple(head.y for head in program.heads),
        losses=tuple(head.given_loss for head in program.heads),
        thresholds=tuple(head.threshold for head in program.heads),
        learning_rate=program.learning_rate,
        batch_size=program.batch_size,
        updates=program.updates,
    )


def _pairs(suspicions: Sequence[Suspicion]) -> Iterator[tuple[Suspicion, Suspicion]]:
    """Yields what may hide each other: two visible mistakes, or one and a rate."""
    rates = [one for one in suspicions if one.code.startswith("lr-")]
    visible = [one for one in suspicions if isinstance(one, Hit) and one not in rates]
    longer = [one for one in suspicions if one.code == "too-few-updates"]
    pairs = [
        *combinations(visible, 2),
        *product(visible, rates),
        *product(rates, longer),
    ]
    for one, other in pairs:
        if one.finding().remedy != other.finding().remedy:
            yield one, other

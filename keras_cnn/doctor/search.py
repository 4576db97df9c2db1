"""One program under the clock: trained, its remedies tried, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import keras
import numpy as np

from .clock import Clock
from .findings import Attempt, Diagnosis, Histogram, Snapshot
from .program.program import Program
from .program.read import said_by
from .rules import STATIC, check_groups
from .rules.learned import HeldOut, Learned, lost_share
from .rules.rule import Suspicion, Symptom
from .rules.symptoms import Observed
from .stages import all_tried, is_hopeless, stages
from .thresholds import (
    FAILED,
    FIRST_LONGEST,
    FIRST_SHARE,
    GOOD,
    HARMED,
    LAST_SHARE,
    PROBED,
    SHORTEST_TRIAL,
    TOLD,
    TRIAL_SHARE,
    TRIAL_SHARE_OF_LEFT,
)
from .trials.baseline import Reference, reference_skill
from .trials.config import Remedy, first_config
from .trials.copies import CannotRebuild, put_back
from .trials.probe import Probe
from .trials.score import skill_of_all
from .trials.still import still_weights
from .trials.trial import Outcome, Trial, TrialRunner
from .verdict import Case, judge, verdict


class Search:
    """The search for what is wrong with one program."""

    def __init__(
        self,
        program: Program,
        clock: Clock,
        seed: int,
        make: Callable[[], keras.Model] | None = None,
    ) -> None:
        """Takes the program, the time, a seed, and a function that makes the model."""
        self.program = program
        self._clock = clock
        self._seed = seed
        self._runner = TrialRunner(clock, seed)
        self._compiling = 0.0
        self.config = first_config(program, make)
        self.snapshots: list[Snapshot] = []
        self.history: list[tuple[int, float]] = []
        self.histograms: tuple[Histogram, ...] = ()

    def diagnosis(self, held_out: HeldOut | None) -> Diagnosis:
        """Trains, tries, and judges; `held_out` are samples for a check."""
        itself = self.config.model is self.program.model
        with put_back(self.program.model) if itself else nullcontext():
            return self._diagnosis(held_out)

    def _diagnosis(self, held_out: HeldOut | None) -> Diagnosis:
        program = self.program
        suspicions: list[Suspicion] = list(check_groups(STATIC, program))
        outcome = self._first()
        learned = self._learned(outcome, held_out)
        suspicions += check_groups({"trained"}, learned)
        reference = Reference(None, False)
        attempts: list[Attempt] = []
        if not _is_good(program, outcome):
            reference = reference_skill(program, self._seed)
            if program.outputs is not None:
                attempts = self._try(suspicions, outcome, reference)
        shorter = [one for one in attempts if "too-few-updates" not in one.codes]
        remedied = max([one.after for one in shorter], default=0.0)
        learned = replace(
            learned,
            reference=reference,
            remedied=remedied,
            held_back_skill=self._held_back_skill(reference, outcome, remedied),
        )
        suspicions += check_groups({"samples"}, learned)
        case = self._case(outcome, reference, suspicions, attempts)
        symptoms = list(self._symptoms(outcome))
        findings = judge(case, suspicions, attempts, symptoms)
        said, reason = verdict(case, findings)
        if said == "undecided":
            # Nothing that was seen or tried decides: none of it counts.
            findings = [replace(one, severity="note") for one in findings]
            reason = f"{reason}: {self._advice(outcome)}"
        return Diagnosis(
            verdict=said,
            findings=tuple(findings),
            skill=outcome.skill,
            attainable=case.attainable,
            updates=outcome.updates,
            planned=self.config.updates,
            losses=tuple(map(float, outcome.losses)),
            snapshots=tuple(self.snapshots),
            histograms=self.histograms,
            attempts=tuple(sorted(attempts, key=lambda attempt: -attempt.after)),
            seconds=self._clock.passed,
            trained=program.trained,
            reason=reason,
        )

    def _first(self) -> Outcome:
        """Trains the program as it is, and looks at its layers and its skill."""
        if self.program.refusal:
            return Outcome(0.0, np.zeros(0), complete=True, error=self.program.refusal)
        begun = self._clock.passed
        probes: list[Probe] = []

        def look(trial: Trial, step: int) -> None:
            skill, _ = trial.skill(self.config, int(TOLD.value))
            if skill is not None:
                self.history.append((step, skill))
            self._probe(trial.model, step, probes)

        def goes_on(done: int, seconds: float) -> bool:
            if not self._compiling:
                self._compiling = self._clock.passed - begun
            passed, budget = self._clock.passed, self._clock.budget
            whole = passed + (self.config.updates - done) * seconds
            longest = FIRST_LONGEST.value * budget
            return passed < FIRST_SHARE.value * budget or max(whole, passed) < longest

        outcome = self._runner.run(self.config, goes_on, look)
        self._compiling = self._compiling or self._clock.passed - begun
        if probes and not outcome.error:
            self.histograms = probes[0].histograms()
        return outcome

    def _probe(self, model: keras.Model, step: int, probes: list[Probe]) -> None:
        """Takes a snapshot of the layers, if the model's loss can be computed apart."""
        few = int(PROBED.value)
        config, program = self.config, self.program
        if not config.y or (step and not probes):
            return
        try:
            if not probes:
                x = program.packed_inputs([one[:few] for one in config.x])
                y = program.packed_outputs([one[:few] for one in config.y])
                probes.append(Probe(model, x, y))
            self.snapshots.append(probes[0](step))
        except Exception:  # a loss of the model's own is computed in its own step
            probes.clear()
            self.snapshots.clear()

    def _learned(self, outcome: Outcome, held_out: HeldOut | None) -> Learned:
        """Reads from the copy what it learned, before other trials use it up."""
        known = Learned(self.program, outcome, self.snapshots, held_out=held_out)
        if outcome.error:
            return known
        config, runner = self.config, self._runner
        outputs: Sequence[np.ndarray] = ()
        skill = None
        if held_out is not None:
            outputs = runner.outputs(config, held_out.x)
            heads = self.program.heads
            skill = skill_of_all(heads, outputs, held_out.y, config.thresholds)
        return replace(
            known,
            moved=self.config.moved(),
            still=still_weights(self.config),
            lost=lost_share(self.program, outcome),
            held_out_skill=skill,
            held_out_outputs=outputs,
            batch_skill=self._batch_skill(),
        )

    def _batch_skill(self) -> float | None:
        """Returns the skill with the batch's own statistics; None without any."""
        flat = self.config.model._flatten_layers()
        if not any(isinstance(one, keras.layers.BatchNormalization) for one in flat):
            return None
        rows = slice(int(TOLD.value))
        outputs = self._runner.outputs(
            self.config, [one[rows] for one in self.config.x], training=True
        )
        targets = [one[rows] for one in self.config.y]
        return skill_of_all(self.program.heads, outputs, targets)

    def _held_back_skill(
        self, reference: Reference, outcome: Outcome, remedied: float
    ) -> float | None:
        """Returns what is learned of samples that are held back.

        It is asked where a copy learned what a reference learner does not find in the
        inputs: perhaps by heart.
        """
        clock = self._clock
        late = clock.passed > LAST_SHARE.value * clock.budget
        if reference.learned or max(outcome.skill, remedied) < FAILED.value or late:
            return None
        end = LAST_SHARE.value * clock.budget
        tried = self._runner.run(
            self.config.changed(holds_back=True),
            lambda done, seconds: clock.passed < end,
        )
        return tried.skill if self.config.changed(holds_back=True).held_back else None

    def _case(
        self,
        outcome: Outcome,
        reference: Reference,
        suspicions: Sequence[Suspicion],
        attempts: Sequence[Attempt],
    ) -> Case:
        best = max([one.after for one in attempts] + [outcome.skill])
        complete = outcome.complete
        # A learner that had all the time says little about a training cut short.
        known = reference.skill or 0.0 if complete else 0.0
        return Case(
            skill=outcome.skill,
            attainable=max(best, known),
            finite=outcome.finite and not outcome.error,
            raised=bool(outcome.error),
            complete=complete,
            share=outcome.updates / max(self.config.updates, 1),
            history=tuple(self.history),
            scored=_is_scored(self.program),
            decided=reference.decides,
            tried=all_tried(suspicions, attempts, outcome.skill),
        )

    def _advice(self, outcome: Outcome) -> str:
        """Returns what was done in the time, and how much of it would tell."""
        done, planned = outcome.updates, self.config.updates
        passed, budget = self._clock.passed, self._clock.budget
        if outcome.complete and passed < LAST_SHARE.value * budget:
            return "look at the notes and at what was tried"
        needed = budget * max(planned / max(done, 1), 2) / FIRST_LONGEST.value
        rounded = 10 ** max(math.floor(math.log10(needed)), 0)
        needed = math.ceil(needed / rounded) * rounded
        late = ""
        if self._compiling > FIRST_SHARE.value * budget:
            late = f", {self._compiling:.0f} s of it for building and compiling"
        return (
            f"{done:,} of {planned:,} updates in {passed:.0f} s{late}; "
            f"a budget of {needed:.0f} seconds would tell"
        )

    def _symptoms(self, outcome: Outcome) -> Iterator[Symptom]:
        yield from check_groups({"training"}, Observed(self.program, outcome))
        if self.snapshots and outcome.finite:
            yield from check_groups({"units"}, self.snapshots[-1])

    def _try(
        self, suspicions: Sequence[Suspicion], outcome: Outcome, reference: Reference
    ) -> list[Attempt]:
        """Tries remedies on copies, alone and in pairs, the likeliest first."""
        attempts: dict[tuple[str, ...], Attempt] = {}
        enough = HARMED.value * max(reference.skill or 0.0, GOOD.value)
        for stage in stages(suspicions):
            for together in stage:
                if not is_hopeless(together, attempts.values(), outcome.skill):
                    self._attempt(together, outcome, attempts)
            best = max([one.after for one in attempts.values()], default=0.0)
            # What explains a failure is enough: nothing less likely need be tried.
            if best > enough and outcome.skill < FAILED.value * best:
                break
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
        if codes + changes in attempts:
            return
        known = [one for one in attempts.values() if one.changes == changes]
        if known:
            attempts[codes + changes] = replace(known[0], codes=codes)
            return
        tried = self._remedied(remedies)
        if tried is None:
            return
        after = max(tried.skill, 0.0) if not tried.error else outcome.skill
        attempts[codes + changes] = Attempt(
            codes,
            changes,
            before=outcome.skill,
            after=after,
            restored=after - outcome.skill > (1 - outcome.skill) / 2,
            complete=tried.complete,
            error=tried.error,
            _remedies=remedies,
        )

    def _remedied(self, remedies: Sequence[Remedy]) -> Outcome | None:
        """Returns what a trial with remedies gives; None if no time is left for it."""
        clock = self._clock
        if clock.passed > LAST_SHARE.value * clock.budget:
            return None
        try:
            config = self.config
            for remedy in remedies:
                config = remedy(config)
        except CannotRebuild as reason:
            return Outcome(0.0, np.zeros(0), complete=True, error=str(reason))
        except Exception as error:  # it may not fit a program with several mistakes
            return Outcome(0.0, np.zeros(0), complete=True, error=said_by(error))
        share = min(
            TRIAL_SHARE_OF_LEFT.value * clock.left, TRIAL_SHARE.value * clock.budget
        )
        share = max(SHORTEST_TRIAL.value, share)
        if not self._runner.knows(config):
            # Its compilation takes about as long as the first, and must fit, too.
            if self._compiling > clock.left + clock.budget * (1 - LAST_SHARE.value):
                return None
            share += self._compiling
        end = clock.passed + share
        return self._runner.run(config, lambda done, seconds: clock.passed < end)


def _is_scored(program: Program) -> bool:
    return any(head.scored for head in program.heads)


def _is_good(program: Program, outcome: Outcome) -> bool:
    known = _is_scored(program) and outcome.finite and not outcome.error
    return known and outcome.skill >= GOOD.value

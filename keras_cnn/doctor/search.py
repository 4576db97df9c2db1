"""One program under the clock: trained, its remedies tried, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations, product

import keras
import numpy as np

from .clock import Clock
from .findings import Attempt, Diagnosis, Histogram, Snapshot
from .program.program import Program, said_by
from .rules import STATIC, check_groups
from .rules.learned import HeldOut, Learned
from .rules.rule import Hit, Hypothesis, Suspicion, Symptom
from .rules.symptoms import Observed
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
from .trials.copies import CannotRebuild, put_back, trial_model
from .trials.probe import Probe
from .trials.score import skill_of_all
from .trials.trial import Outcome, Remedy, Trial, TrialConfig, TrialRunner
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
        learned = replace(learned, reference=reference, remedied=remedied)
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
            moved=self._moved(),
            lost=_lost(self.program, outcome),
            held_out_skill=skill,
            held_out_outputs=outputs,
            batch_skill=self._batch_skill(),
        )

    def _moved(self) -> float:
        """Returns by what share of their norm the trained weights have moved."""
        model = self.config.model
        began = dict(
            zip((id(one) for one in model.weights), self.config.weights, strict=True)
        )
        pairs = [(np.asarray(one), began[id(one)]) for one in model.trainable_weights]
        moved = sum(float(((now - then) ** 2).sum()) for now, then in pairs)
        size = sum(float((then**2).sum()) for _, then in pairs)
        return math.sqrt(moved / max(size, 1e-12))

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
            complete=complete,
            share=outcome.updates / max(self.config.updates, 1),
            history=tuple(self.history),
            scored=_is_scored(self.program),
            decided=reference.decides,
            tried=_all_tried(suspicions, attempts, outcome.skill),
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
        """Tries each remedy on a copy, then pairs, the likeliest first.

        Two mistakes may hide each other: then only both remedies together help.
        """
        order = sorted(
            (one for one in suspicions if one.remedy),
            key=lambda one: (isinstance(one, Hit), one.sureness),
            reverse=True,
        )
        attempts: dict[tuple[str, ...], Attempt] = {}
        enough = HARMED.value * max(reference.skill or 0.0, GOOD.value)
        best = 0.0
        for one in order:
            # Where a mistake that can be seen explains all, nothing is supposed.
            if isinstance(one, Hypothesis) and best > enough:
                break
            self._attempt((one,), outcome, attempts)
            if isinstance(one, Hit):
                best = max([made.after for made in attempts.values()], default=0.0)
        best = max([made.after for made in attempts.values()], default=0.0)
        if best < enough:
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


def _lost(program: Program, outcome: Outcome) -> float | None:
    """Returns the share of samples of some classes whose loss is exactly 0."""
    shares = []
    for head in program.heads:
        if head.task != "multiclass" or head.output not in ("softmax", "linear"):
            continue
        if not outcome.finite or not outcome.outputs:
            continue
        rows = outcome.outputs[head.index].reshape(-1, head.units)
        powers = np.exp((rows - rows.max(1, keepdims=True)).astype("float32"))
        likeliest = powers.max(1) / powers.sum(1)
        if head.output == "softmax":
            likeliest = rows.max(1)
        shares.append(float((likeliest == 1).mean()))
    return max(shares, default=None)


def _all_tried(
    suspicions: Sequence[Suspicion], attempts: Sequence[Attempt], skill: float
) -> bool:
    """Whether every remedy was tried, to its end, that might show a failure.

    Where half of all skill was reached, only a mistake that can be seen is blamed.
    """
    done = {one.codes[0] for one in attempts if one.complete and len(one.codes) == 1}
    longer = {one.codes[0] for one in attempts}  # a longer training need not end
    needed = {
        one.code
        for one in suspicions
        if one.remedy and (isinstance(one, Hit) or skill < FAILED.value)
    }
    return needed <= done | (longer & {"too-few-updates"})


def first_config(
    program: Program, make: Callable[[], keras.Model] | None = None
) -> TrialConfig:
    """Returns what the first trial trains: the program as it is.

    Args:
        program: The program.
        make: A function that makes the model. Defaults to `None`.
    """
    model, rebuilds = program.model, False
    if program.outputs is not None:
        model, rebuilds = trial_model(program, make)
    flat = [] if program.outputs is None else keras.tree.flatten(program.outputs)
    by_output = {head.index: head for head in program.heads}
    y = tuple(
        program.targets.get(index, np.zeros((program.rows, 1), "float32"))
        for index in range(len(flat))
    )
    heads = [by_output.get(index) for index in range(len(flat))]
    return TrialConfig(
        program=program,
        model=model,
        rebuilds=rebuilds,
        weights=[np.array(variable) for variable in program.model.weights],
        x=tuple(program.inputs.values()),
        y=y if program.targets else (),
        sample_weight=program.sample_weight,
        losses=tuple(head.given_loss if head else None for head in heads),
        thresholds=tuple(None for _ in flat),
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
